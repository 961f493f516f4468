"""What all routers have in common."""

from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from portway.api.problems import problem_responses
from portway.domain.errors import Fault, MalformedRequest
from portway.domain.json_value import JsonValue

PREFIX = "/api/v2"
MAX_DEPTH = 100


def new_router(prefix: str, tag: str) -> APIRouter:
    """A router for one resource. Its bodies are checked before a handler or the database sees them."""
    return APIRouter(
        prefix=PREFIX + prefix,
        tags=[tag],
        route_class=CheckedRoute,
        responses=problem_responses(400, 401, 500, 503),
    )


class CheckedRoute(APIRoute):
    """Takes JSON only, and of it only what every later part can hold: valid Unicode without U+0000."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            _check_address(request)
            if self.body_field is not None:
                request = CheckedRequest(request.scope, request.receive)
                await request.json()
            return await handle(request)

        return checked


class CheckedRequest(Request):
    """A request whose JSON is parsed strictly (RFC 8259: no NaN, no lone surrogates, bounded depth)."""

    async def json(self) -> Any:
        """The body; None where there is none. Raises MalformedRequest."""
        if not hasattr(self, "_json"):
            self._json = self._parsed(await self.body())
        return self._json

    def _parsed(self, body: bytes) -> JsonValue:
        if not body:
            return None
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise MalformedRequest("Send the body as JSON, with `Content-Type: application/json`.")
        return parse_json(body)


def parse_json(body: bytes) -> JsonValue:
    """The value of a JSON text. Raises MalformedRequest for what is none, is too deep, or holds U+0000."""
    try:
        value: JsonValue = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest(f"{error}.") from error
    # To walk through all of it is slow; these two counts tell when there is nothing to find.
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH or b"\\u0000" in body:
        _check_contents(value)
    return value


def _check_address(request: Request) -> None:
    if "\0" in request.url.path or b"%00" in request.scope["query_string"]:
        raise MalformedRequest("The character U+0000 is not allowed in the address.")


def _check_contents(value: JsonValue) -> None:
    todo: list[tuple[JsonValue, str, int]] = [(value, "", 0)]
    while todo:
        entry, pointer, depth = todo.pop()
        if depth > MAX_DEPTH:
            raise MalformedRequest("The JSON is nested too deep.")
        if isinstance(entry, str) and "\0" in entry:
            # PostgreSQL's text cannot hold it.
            raise MalformedRequest(faults=[Fault(pointer, "The character U+0000 is not allowed.")])
        if isinstance(entry, list):
            todo += ((part, f"{pointer}/{index}", depth + 1) for index, part in enumerate(entry))
        elif isinstance(entry, dict):
            for key, part in entry.items():
                todo += ((key, pointer, depth), (part, f"{pointer}/{_escaped(key)}", depth + 1))


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
