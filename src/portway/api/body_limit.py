"""A request larger than the limit is refused before it fills the memory."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 25 * 1024 * 1024


class BodyLimitMiddleware:
    """Reads nothing of a body that says it is too large; stops reading one that turns out to be.

    In both cases `receive` raises Starlette's HTTPException 413, which the application turns into a problem: it knows
    who is asking, and what is to be written down about that.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        is_too_large = length.isdigit() and int(length) > self._max_bytes
        left = self._max_bytes

        async def limited() -> Message:
            nonlocal left
            if is_too_large:
                raise HTTPException(413)
            message = await receive()
            if message["type"] == "http.request":
                left -= len(message.get("body", b""))
                if left < 0:
                    raise HTTPException(413)
            return message

        await self._app(scope, limited, send)
