"""Header fields that keep browsers from doing what nobody meant."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# An answer of the API is data: nothing in it is to be run, shown in a frame, or kept.
_DEFAULTS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
_TWO_YEARS = b"max-age=63072000"


class ResponseHeadersMiddleware:
    """Sends these fields with every answer that does not set them itself."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._fields = list(
            (_DEFAULTS | ({b"strict-transport-security": _TWO_YEARS} if https else {})).items()
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                present = {name for name, _ in own}
                message["headers"] = own + [entry for entry in self._fields if entry[0] not in present]
            await send(message)

        await self._app(scope, receive, send_with_fields)
