"""A request larger than the limit is refused before it fills the memory."""

from collections.abc import Awaitable, Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 25 * 1024 * 1024


class BodyLimitMiddleware:
    """Reads nothing of a body that says it is too large; stops reading one that turns out to be.

    In both cases `receive` raises Starlette's HTTPException 413, which the application turns into a problem: it knows
    who is asking, and what is to be written down about that. `max_upload_bytes` is the limit for `multipart/form-data`,
    by path.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_bytes: int = MAX_BODY_BYTES,
        max_upload_bytes: Mapping[str, int] | None = None,
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._max_upload_bytes = max_upload_bytes or {}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # No coroutine of its own: each takes part in every wait of an execution.
        if scope["type"] != "http":
            return self._app(scope, receive, send)
        length = _header(scope, b"content-length")
        max_bytes = self._limit(scope)
        is_too_large = length.isdigit() and int(length) > max_bytes
        left = max_bytes

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

        return self._app(scope, limited, send)

    def _limit(self, scope: Scope) -> int:
        limit = self._max_upload_bytes.get(scope["path"])
        if limit is None:
            return self._max_bytes
        media_type = _header(scope, b"content-type").partition(b";")[0].strip().lower()
        return limit if media_type == b"multipart/form-data" else self._max_bytes


def _header(scope: Scope, name: bytes) -> bytes:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""
