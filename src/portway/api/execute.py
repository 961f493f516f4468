"""`POST /api/v2/execute`: a raw ASGI application, for this is the hot path."""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from portway.api.identity import bearer_of
from portway.api.openapi import RawRoute
from portway.api.problems import (
    MEDIA_TYPE,
    Problem,
    http_problem,
    internal_error,
    log_fault,
    problem_of,
    problem_responses,
)
from portway.api.request_id import request_id_of
from portway.api.routing import parse_json
from portway.application.authenticator import Authenticator
from portway.application.execute_action import ExecuteAction, ExecutionRequest
from portway.application.execution_result import ExecutionFailed, ExecutionResult
from portway.domain.action import MAX_TIMEOUT_MS
from portway.domain.errors import Fault, MalformedRequest, PayloadTooLarge, PortwayError
from portway.domain.json_value import JsonValue

PATH = "/api/v2/execute"

_IDEMPOTENCY_KEY = re.compile(rb"[\x21-\x7e]{1,255}")
_JSON = b"application/json"
_BYTES = b"application/octet-stream"


class Paginate(msgspec.Struct, forbid_unknown_fields=True):
    """How far to follow an action's pages."""

    max_pages: int


class ExecuteInput(msgspec.Struct, forbid_unknown_fields=True):
    """The body."""

    workspace_id: UUID
    connection_id: UUID
    action: str
    parameters: dict[str, Any] = {}
    timeout_ms: int | None = None
    paginate: Paginate | None = None


class ExecuteEndpoint:
    """Bytes in, bytes out; every answer to an authenticated caller names its execution."""

    def __init__(self, authenticator: Authenticator, execute: ExecuteAction) -> None:
        self._authenticator = authenticator
        self._execute = execute

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, headers, body = await self._answer(scope, receive)
        except Exception as error:  # noqa: BLE001  the caller gets an answer, the log gets the reason
            log_fault(scope, error)
            status, headers, body = _problem(internal_error(request_id_of(scope)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        fields = {name: value for name, value in scope["headers"] if name in _READ}
        if scope["method"] != "POST":
            return _problem(http_problem(405, {"Allow": "POST"}))
        try:
            bearer = bearer_of(fields.get(b"authorization", b"").decode("latin-1"))
            principal = await self._authenticator.authenticate(bearer)
        except PortwayError as error:
            return _problem(problem_of(error))
        try:
            try:
                request = _read(fields, await _body(receive))
            except PortwayError as refusal:
                raise await self._execute.refuse(principal, refusal) from refusal
            return _result(await self._execute.execute(principal, request), fields.get(b"accept", b""))
        except ExecutionFailed as failure:
            return self._failure(failure, bearer, scope)
        except PortwayError as error:
            return _problem(problem_of(error))

    def _failure(
        self, failure: ExecutionFailed, bearer: str, scope: Scope
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        problem = problem_of(failure.error, execution_id=failure.execution_id)
        if problem.status == 500:
            problem = internal_error(request_id_of(scope))
            problem.body["execution_id"] = str(failure.execution_id)
        if problem.status == 401:
            # Its session or key was revoked since it was last looked up.
            self._authenticator.forget(bearer)
        return _problem(problem)


_READ = frozenset({b"authorization", b"content-type", b"idempotency-key", b"accept"})


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    try:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise MalformedRequest("The connection was closed before the whole request had come.")
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return parts[0] if len(parts) == 1 else b"".join(parts)
    except HTTPException as error:
        raise PayloadTooLarge from error


def _read(fields: dict[bytes, bytes], body: bytes) -> ExecutionRequest:
    media_type = fields.get(b"content-type", _JSON).partition(b";")[0].strip().lower()
    if media_type != _JSON and not media_type.endswith(b"+json"):
        raise MalformedRequest("Send the body as JSON, with `Content-Type: application/json`.")
    key = fields.get(b"idempotency-key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise MalformedRequest("Idempotency-Key must be 1 to 255 visible ASCII characters.")
    value = parse_json(body)
    try:
        read = msgspec.convert(value, ExecuteInput)
    except msgspec.ValidationError as error:
        raise _malformed(str(error)) from None
    if read.timeout_ms is not None and not 1 <= read.timeout_ms <= MAX_TIMEOUT_MS:
        raise MalformedRequest(faults=[Fault("/timeout_ms", f"must be from 1 to {MAX_TIMEOUT_MS}.")])
    if read.paginate is not None and not 1 <= read.paginate.max_pages <= 1000:
        raise MalformedRequest(faults=[Fault("/paginate/max_pages", "must be from 1 to 1000.")])
    return ExecutionRequest(
        workspace_id=read.workspace_id,
        connection_id=read.connection_id,
        action=read.action,
        parameters=read.parameters,
        timeout_ms=read.timeout_ms,
        idempotency_key=key.decode("ascii") if key else None,
        request_hash=hashlib.sha256(body).digest() if key else b"",
        max_pages=read.paginate.max_pages if read.paginate else None,
    )


def _malformed(message: str) -> MalformedRequest:
    """Msgspec says where as `$.a.b[0]`, at the end of its message."""
    what, _, where = message.partition(" - at `$")
    pointer = where.rstrip("`").replace("[...]", "/*").replace(".", "/").replace("[", "/").replace("]", "")
    return MalformedRequest(faults=[Fault(pointer, f"{what}.")])


def _result(result: ExecutionResult, accept: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    if accept.partition(b";")[0].strip().lower() == _BYTES:
        content_type, raw = _raw(result)
        headers = [
            (b"content-type", content_type),
            (b"x-execution-id", str(result.execution_id).encode()),
            (b"content-length", str(len(raw)).encode()),
        ]
        return 200, headers, raw
    body = msgspec.json.encode(
        {
            "execution_id": result.execution_id,
            "status": "success",
            "status_code": result.status_code,
            "data": result.data,
            "duration_ms": round(result.duration_ms, 1),
            "meta": {
                "attempts": result.attempts,
                "refreshed": result.refreshed,
                "pages": 1,
                "truncated": False,
                "rate_limit": {},
            },
        }
    )
    return 200, [(b"content-type", _JSON), (b"content-length", str(len(body)).encode())], body


def _raw(result: ExecutionResult) -> tuple[bytes, bytes]:
    """Content type and bytes: as they were received, or, for a repeated answer, made of what was kept of it."""
    if result.raw is not None:
        return _content_type(result.raw.headers), result.raw.body
    match result.data:
        case {"content_type": str(kind), "filename": _, "size": int(), "base64": str(encoded)}:
            return _content_type({"content-type": kind}), base64.b64decode(encoded)
        case str(text):
            return b"text/plain; charset=utf-8", text.encode()
        case None:
            return _BYTES, b""
    return _JSON, msgspec.json.encode(result.data)


def _content_type(headers: Mapping[str, str]) -> bytes:
    """The service's own, where it is one that HTTP can carry."""
    value = headers.get("content-type", "")
    return value.encode() if value.isascii() and value.isprintable() and value else _BYTES


def _problem(problem: Problem) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    body = problem.encoded()
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    headers += [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in problem.headers.items()
    ]
    return problem.status, headers, body


def execute_route(authenticator: Authenticator, execute: ExecuteAction) -> RawRoute:
    """The route, with its part of the OpenAPI document."""
    return RawRoute(ExecuteEndpoint(authenticator, execute), _PATH_ITEM, _SCHEMAS)


_UUID: dict[str, JsonValue] = {"type": "string", "format": "uuid"}
_SCHEMAS: dict[str, Any] = {
    "ExecuteInput": {
        "type": "object",
        "additionalProperties": False,
        "required": ["workspace_id", "connection_id", "action"],
        "properties": {
            "workspace_id": _UUID,
            "connection_id": _UUID,
            "action": {
                "type": "string",
                "description": "The action's slug within the connection's integration",
            },
            "parameters": {"type": "object", "description": "What the action's `request_schema` asks for"},
            "timeout_ms": {"type": ["integer", "null"], "minimum": 1, "maximum": MAX_TIMEOUT_MS},
            "paginate": {
                "type": ["object", "null"],
                "additionalProperties": False,
                "required": ["max_pages"],
                "properties": {"max_pages": {"type": "integer", "minimum": 1, "maximum": 1000}},
            },
        },
        "example": {
            "workspace_id": "0190f3e2-7c1a-7d7e-9a53-0f4c1b2d3e4f",
            "connection_id": "0190f3e2-8d2b-7e8f-8b64-1a5d2c3e4f50",
            "action": "send-email",
            "parameters": {"to": ["ada@example.com"], "subject": "Hello", "text": "It works."},
        },
    },
    "ExecuteOutput": {
        "type": "object",
        "required": ["execution_id", "status", "status_code", "data", "duration_ms", "meta"],
        "properties": {
            "execution_id": _UUID,
            "status": {"const": "success"},
            "status_code": {"type": "integer", "description": "The service's own status"},
            "data": {
                "description": "The service's body: JSON as it is, text as a string, a file as an object"
            },
            "duration_ms": {"type": "number"},
            "meta": {
                "type": "object",
                "properties": {
                    "attempts": {"type": "integer"},
                    "refreshed": {"type": "boolean"},
                    "pages": {"type": "integer"},
                    "truncated": {"type": "boolean"},
                    "rate_limit": {"type": "object"},
                },
            },
        },
    },
}
_PATH_ITEM: dict[str, Any] = {
    "post": {
        "operationId": "execute",
        "tags": ["Execute"],
        "summary": "Execute",
        "description": "Runs one action with one connection. With `Accept: application/octet-stream` the service's "
        "body comes as it is, and the execution's id in `X-Execution-Id`.",
        "security": [{"bearer": []}],
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "The same key with the same body within 24 hours repeats the first answer",
                "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ExecuteInput"}}},
        },
        "responses": {
            "200": {
                "description": "The action was executed",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/ExecuteOutput"}},
                    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
                },
            },
            **{
                str(status): response
                for status, response in problem_responses(
                    400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504
                ).items()
            },
        },
    }
}
