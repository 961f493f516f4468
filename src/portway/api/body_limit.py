"""A request larger than the limit is refused before it fills the memory."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portway.api.problems import problem_of
from portway.domain.errors import PayloadTooLarge

MAX_BODY_BYTES = 25 * 1024 * 1024


class BodyLimitMiddleware:
    """Answers 413 to a body that says it is too large; stops reading one that turns out to be.

    In the second case `receive` raises Starlette's HTTPException 413, which the application turns into a problem.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if length.isdigit() and int(length) > self._max_bytes:
            await problem_of(PayloadTooLarge()).response()(scope, receive, send)
            return
        left = self._max_bytes

        async def limited() -> Message:
            nonlocal left
            message = await receive()
            if message["type"] == "http.request":
                left -= len(message.get("body", b""))
                if left < 0:
                    raise HTTPException(413)
            return message

        await self._app(scope, limited, send)
