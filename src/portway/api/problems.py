"""Errors as RFC 9457 problem documents."""

import logging
import math
import re
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from portway.api.openapi import methods_at
from portway.api.rate_limit_headers import rate_limit_headers
from portway.api.request_id import request_id_of
from portway.domain import errors
from portway.domain.errors import Fault, PortwayError

MEDIA_TYPE = "application/problem+json"

_STATUS: dict[type[PortwayError], int] = {
    errors.MalformedRequest: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.AccountMismatch: 409,
    errors.ReauthorizationRequired: 409,
    errors.InsufficientScope: 409,
    errors.IdempotencyConflict: 409,
    errors.IdempotencyInFlight: 409,
    errors.IdempotencyOutcomeUnknown: 409,
    errors.PayloadTooLarge: 413,
    errors.InvalidParameters: 422,
    errors.InvalidIntegrationConfig: 422,
    errors.InvalidImportDocument: 422,
    errors.RateLimited: 429,
    errors.UpstreamFailure: 502,
    errors.UpstreamTimeout: 504,
    errors.ClientDisconnected: 500,  # nobody is there any more to see it, so it is in the log alone
    errors.Unavailable: 503,
}

_TITLES = {
    "malformed_request": "Malformed request",
    "unauthenticated": "Not authenticated",
    "not_found": "Not found",
    "invalid_integration_config": "Broken integration",
    "internal_error": "Internal error",
}


def _known_problems() -> dict[str, tuple[int, str]]:
    kinds = [(kind, status) for kind, status in _STATUS.items() if kind.code != PortwayError.code]
    kinds += [
        (kind, _STATUS[errors.UpstreamFailure])
        for kind in errors.UpstreamFailure.__subclasses__()
        if kind not in _STATUS
    ]
    return {kind.code: (status, (kind.__doc__ or "").strip()) for kind, status in kinds}


KNOWN_PROBLEMS = _known_problems()
"""Status and meaning of each code, for the reference page."""

# Errors of the framework itself that have a code of ours.
_HTTP_ERRORS: dict[int, type[PortwayError]] = {
    400: errors.MalformedRequest,
    404: errors.NotFound,
    413: errors.PayloadTooLarge,
}

_WITH_FAULTS = (errors.MalformedRequest, errors.InvalidParameters, errors.InvalidIntegrationConfig)

# Which mean that it may be tried again: RFC 6585, section 4, and RFC 9110, section 15.6.4.
_SAYS_WHEN = frozenset({429, 503})
_RETRY_AFTER = re.compile(r"\d{1,9}|[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document, ready to be sent: its status, its members and the header fields that go with it."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The body as JSON."""
        return msgspec.json.encode(self.body)

    def response(self) -> Response:
        """The problem as an answer."""
        return Response(self.encoded(), self.status, self.headers, MEDIA_TYPE)


def status_of(error: PortwayError) -> int:
    """The HTTP status of an error; 500 for one that should not have come this far."""
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


def problem_of(error: PortwayError, *, execution_id: UUID | None = None) -> Problem:
    """The document for an error, with what its kind carries."""
    status = status_of(error)
    body = _document(status, error.code, error.detail)
    headers: dict[str, str] = {}
    if execution_id is not None:
        body["execution_id"] = str(execution_id)
    if isinstance(error, _WITH_FAULTS) and error.faults:
        body["errors"] = [{"pointer": fault.pointer, "message": fault.message} for fault in error.faults]
    if isinstance(error, errors.ReauthorizationRequired | errors.InsufficientScope) and error.authorize_url:
        body["authorize_url"] = error.authorize_url
    if error.failed_step is not None:
        body["steps"] = {"done": list(error.steps_done), "failed": error.failed_step}
    if isinstance(error, errors.UpstreamError):
        body["upstream"] = {
            "status_code": error.status_code,
            "body": error.body,
            "headers": dict(error.headers),
        }
        retry_after = _field(error.headers, "retry-after")
        # What a service sends there may be anything; only what RFC 9110, section 10.2.3 allows is sent on.
        if error.status_code in _SAYS_WHEN and retry_after and _RETRY_AFTER.fullmatch(retry_after):
            headers["Retry-After"] = retry_after
    if (seconds := getattr(error, "retry_after_seconds", None)) is not None:
        headers["Retry-After"] = str(max(1, math.ceil(seconds)))
    if isinstance(error, errors.RateLimited):
        headers |= rate_limit_headers(error.state)
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return Problem(status, body, headers)


def http_problem(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """The document for an error of HTTP itself, such as a method that an address does not have."""
    known = _HTTP_ERRORS.get(status)
    if known is not None:
        detail = "There is nothing at this address." if status == 404 else None
        problem = problem_of(known(detail))
    else:
        phrase = HTTPStatus(status).phrase
        problem = Problem(status, _document(status, phrase.lower().replace(" ", "_"), f"{phrase}."))
    return Problem(problem.status, problem.body, dict(headers or {}) | problem.headers)


def internal_error(request_id: str) -> Problem:
    """The document for a fault of our own, which tells nothing but how to find it in the log."""
    detail = f"Something went wrong inside Portway. The log has it under the request id {request_id}."
    return Problem(500, _document(500, "internal_error", detail))


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: these statuses are answered with a problem document."""
    schema = {"$ref": "#/components/schemas/ProblemOutput"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Makes the framework answer errors with problem documents."""
    app.add_exception_handler(PortwayError, _on_portway_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_unexpected)


def faults_of(found: Sequence[Any]) -> list[Fault]:
    """Pydantic's findings as faults."""
    return [Fault(_pointer(entry["loc"]), str(entry["msg"])) for entry in found]


def problem_at_last(scope: Scope, error: Exception, *, started: bool) -> Problem:
    """The document for what an application let fall, perhaps after its answer had `started`; the log has the rest."""
    if started or not isinstance(error, PortwayError) or status_of(error) == 500:
        log_fault(scope, error)
        return internal_error(request_id_of(scope))
    return problem_of(error)


async def _on_portway_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, PortwayError) or status_of(error) == 500:
        raise error
    bearer = getattr(request.state, "bearer", None)
    if isinstance(error, errors.Unauthenticated) and bearer is not None:
        # The pass that was remembered is not good any more; the bearer may still be.
        request.app.state.services.authenticator.forget(bearer)
    return problem_of(error).response()


async def _on_invalid_request(_request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    return problem_of(errors.MalformedRequest(faults=faults_of(found))).response()


async def _on_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return http_problem(500).response()
    headers = dict(error.headers or {})
    if error.status_code == 405 and (methods := methods_at(request.app.openapi(), request.url.path)):
        headers["Allow"] = ", ".join(methods)
    return http_problem(error.status_code, headers).response()


async def _on_unexpected(request: Request, _error: Exception) -> Response:
    # The framework raises it again for the frame, which logs it.
    return internal_error(request_id_of(request.scope)).response()


def log_fault(scope: Scope, error: Exception) -> None:
    """Kind and place, but not the messages, which may quote what a caller sent."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    _log.error("request %s failed: %s\n%s", request_id_of(scope), type(error).__qualname__, frames)
    _log.debug("its message: %s", error)


def _document(status: int, code: str, detail: str) -> dict[str, Any]:
    return {
        "type": f"/docs#problem-{code}",
        "title": _TITLES.get(code, code.replace("_", " ").capitalize()),
        "status": status,
        "code": code,
        "detail": detail,
    }


def _pointer(location: Sequence[str | int]) -> str:
    place = list(location)
    if place and place[0] == "body":
        place = place[1:]
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)


def _field(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for key, value in headers.items() if key.lower() == name), None)
