"""What a handler gets, by heart."""

import socket
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from portway.application.handlers.row_requests import RowRequests
from portway.application.ports.http import OutgoingRequest, StreamedBody, UpstreamResponse
from portway.application.requests.url_template import integration_base
from portway.domain.action import Action
from portway.domain.errors import EgressBlocked, UpstreamInvalidResponse
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject
from portway.domain.rules.access_control import origin_of

ANSWER = UpstreamResponse(200, {"content-type": "application/json"}, b'{"id":"1"}')

ScriptedAnswer = UpstreamResponse | Exception | Callable[[OutgoingRequest], UpstreamResponse]


@dataclass
class RecordingContext(RowRequests):
    """An `ActionContext` that gives one answer after the other, then ANSWER for ever; remembers what was sent.

    `elsewhere` are those of `requests` that were sent without a credential.
    """

    integration: Integration
    action: Action
    config: JsonObject = field(default_factory=dict)
    answers: deque[ScriptedAnswer] = field(default_factory=deque)
    requests: list[OutgoingRequest] = field(default_factory=list)
    elsewhere: list[OutgoingRequest] = field(default_factory=list)
    credential: Mapping[str, str] = field(default_factory=dict)

    def script(self, *answers: ScriptedAnswer) -> "RecordingContext":
        self.answers.extend(answers)
        return self

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        own = origin_of(integration_base(self.integration, self.config))
        assert origin_of(request.url) == own, f"a credential for {own} would go to {request.url}"
        return self._answer(request)

    async def open(self, request: OutgoingRequest) -> "ComingResponse":
        return ComingResponse(await self.send(request))

    async def send_elsewhere(self, request: OutgoingRequest) -> UpstreamResponse:
        self.elsewhere.append(request)
        return self._answer(request)

    async def connect(self, host: str, port: int) -> socket.socket:
        raise EgressBlocked(f"{host}:{port}: there is no network here")

    def _answer(self, request: OutgoingRequest) -> UpstreamResponse:
        self.requests.append(request)
        answer = self.answers.popleft() if self.answers else ANSWER
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, UpstreamResponse) else answer(request)


class ComingResponse:
    """A `StreamedResponse` of an answer that is there already."""

    def __init__(self, response: UpstreamResponse) -> None:
        self._response = response
        self.closed = False

    @property
    def status_code(self) -> int:
        return self._response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    async def chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._response.body), 1000):
            yield self._response.body[start : start + 1000]

    async def read(self, *, max_bytes: int, deadline: float | None = None) -> UpstreamResponse:
        if len(self._response.body) > max_bytes:
            raise UpstreamInvalidResponse
        return self._response

    async def close(self) -> None:
        self.closed = True


async def content_of(body: bytes | StreamedBody | None) -> bytes | None:
    """A request's body, whole."""
    if body is None or isinstance(body, bytes):
        return body
    content = b"".join([chunk async for chunk in body.chunks()])
    assert len(content) == body.size, "the size is not that of the content"
    return content
