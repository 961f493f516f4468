"""A name for each request, in the answer and in the log."""

import re
import secrets
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-Id"

_NAME = HEADER.lower().encode()
_KEY = "portway.request_id"
# What may safely stand in a log line and a header.
_SANE = re.compile(rb"[A-Za-z0-9._:+/=@-]{1,128}")

current_request_id: ContextVar[str | None] = ContextVar("portway_request_id", default=None)
"""The id of the request that this task works for; for log records."""


class RequestIdMiddleware:
    """Gives each answer an X-Request-Id: the caller's own where it is sane, else a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == _NAME), b"")
        request_id = given if _SANE.fullmatch(given) else secrets.token_hex(16).encode()
        scope[_KEY] = request_id.decode()
        token = current_request_id.set(scope[_KEY])

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (_NAME, request_id)]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            current_request_id.reset(token)


def request_id_of(scope: MutableMapping[str, Any]) -> str:
    """The id that the middleware gave the request."""
    return str(scope.get(_KEY, "-"))
