"""A name for each request, in the answer and in the log."""

import os
import re
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

NAME = b"x-request-id"
"""The header field, of requests and answers."""

_KEY = "portway.request_id"
# What may safely stand in a log line and a header.
_SANE = re.compile(rb"[A-Za-z0-9._:+/=@-]{1,128}")

current_request_id: ContextVar[str | None] = ContextVar("portway_request_id", default=None)
"""The id of the request that this task works for; for log records."""


def give_request_id(scope: MutableMapping[str, Any]) -> bytes:
    """Names the request: by the caller's own X-Request-Id where that is sane, else anew."""
    given = b""
    for name, value in scope["headers"]:
        if name == NAME:
            given = value
            break
    request_id = given if _SANE.fullmatch(given) else os.urandom(16).hex().encode()
    scope[_KEY] = request_id.decode()
    return request_id


def request_id_of(scope: MutableMapping[str, Any]) -> str:
    """The id that the request was given."""
    return str(scope.get(_KEY, "-"))
