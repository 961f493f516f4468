"""The outside world, by heart."""

import asyncio
import json
from collections import deque
from collections.abc import Callable

from portway.application.ports.http import DEFAULT_MAX_RESPONSE_BYTES, OutgoingRequest, UpstreamResponse

Answer = UpstreamResponse | BaseException | Callable[[OutgoingRequest], UpstreamResponse]


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
        self.sent.append(request)
        self.timeouts.append(timeout_seconds)
        self.arrived.set()
        await asyncio.sleep(0)
        await self.gate.wait()
        answer = self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, UpstreamResponse) else answer(request)
