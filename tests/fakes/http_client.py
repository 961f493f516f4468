"""The outside world, by heart."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping

from portway.application.ports.http import DEFAULT_MAX_RESPONSE_BYTES, OutgoingRequest, UpstreamResponse
from portway.domain.errors import PortwayError, UpstreamInvalidResponse


class ComingAnswer:
    """A `StreamedResponse` in these pieces; `breaks_off` comes in place of its end."""

    def __init__(
        self, answer: UpstreamResponse, *pieces: bytes, breaks_off: PortwayError | None = None
    ) -> None:
        self._answer = answer
        self._pieces = pieces or tuple(filter(None, [answer.body]))
        self._breaks_off = breaks_off
        self.closed = False

    @property
    def status_code(self) -> int:
        return self._answer.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return self._answer.headers

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            await asyncio.sleep(0)
            yield piece
        if self._breaks_off is not None:
            raise self._breaks_off

    async def read(self, *, max_bytes: int, deadline: float | None = None) -> UpstreamResponse:
        body = b"".join([piece async for piece in self.chunks()])
        if len(body) > max_bytes:
            raise UpstreamInvalidResponse
        return UpstreamResponse(self.status_code, self.headers, body)

    async def close(self) -> None:
        self.closed = True


Answer = UpstreamResponse | ComingAnswer | BaseException | Callable[[OutgoingRequest], UpstreamResponse]


def json_answer(body: object, status_code: int = 200, **headers: str) -> UpstreamResponse:
    """Header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return UpstreamResponse(
        status_code, {"content-type": "application/json", **named}, json.dumps(body).encode()
    )


UNAUTHORIZED = json_answer({"error": "invalid_token"}, 401)


class ScriptedHttpClient:
    """Gives one answer after the other, then the last one for ever; remembers what was sent.

    While `gate` is closed, calls hang; `arrived` says that one does.
    """

    def __init__(self, *answers: Answer) -> None:
        self.answers = deque(answers or [json_answer({"ok": True})])
        self.sent: list[OutgoingRequest] = []
        self.timeouts: list[float] = []
        self.arrived = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    def script(self, *answers: Answer) -> None:
        self.answers = deque(answers)

    @property
    def bearers(self) -> list[str]:
        """The access tokens that were sent, in order."""
        return [request.headers.get("authorization", "").removeprefix("Bearer ") for request in self.sent]

    async def send(
        self,
        request: OutgoingRequest,
        *,
        timeout_seconds: float,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        follow_redirects: bool = True,
    ) -> UpstreamResponse:
        response = await self.open(
            request, timeout_seconds=timeout_seconds, follow_redirects=follow_redirects
        )
        return await response.read(max_bytes=max_response_bytes)

    async def open(
        self, request: OutgoingRequest, *, timeout_seconds: float, follow_redirects: bool = True
    ) -> ComingAnswer:
        self.sent.append(request)
        self.timeouts.append(timeout_seconds)
        self.arrived.set()
        await asyncio.sleep(0)
        await self.gate.wait()
        answer = self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, ComingAnswer):
            return answer
        return ComingAnswer(answer if isinstance(answer, UpstreamResponse) else answer(request))
