"""The first answer to an Idempotency-Key, as it is kept (encrypted) for repeats."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from portway.application.execution_result import ExecutionFailed, ExecutionResult
from portway.domain.errors import (
    EgressBlocked,
    Fault,
    InvalidIntegrationConfig,
    InvalidParameters,
    NotFound,
    PortwayError,
    ReauthorizationRequired,
    Unavailable,
    UpstreamError,
    UpstreamInvalidResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)

_FAILURES: Mapping[str, type[PortwayError]] = {
    error.code: error
    for error in (
        EgressBlocked, UpstreamInvalidResponse, UpstreamTimeout, UpstreamUnreachable,
        InvalidIntegrationConfig, NotFound, ReauthorizationRequired, Unavailable,
    )
}  # fmt: skip


def dump_answer(answer: ExecutionResult | PortwayError) -> bytes:
    """As JSON."""
    if isinstance(answer, ExecutionResult):
        kept: dict[str, object] = {
            "status_code": answer.status_code,
            "data": answer.data,
            "duration_ms": answer.duration_ms,
            "attempts": answer.attempts,
            "refreshed": answer.refreshed,
            "pages": answer.pages,
            "truncated": answer.truncated,
            "next_parameters": answer.next_parameters,
        }
    else:
        kept = {"error": answer.code, "detail": answer.detail}
        if answer.failed_step is not None:
            kept |= {"failed_step": answer.failed_step, "steps_done": answer.steps_done}
        if isinstance(answer, UpstreamError):
            kept |= {"status_code": answer.status_code, "body": answer.body, "headers": dict(answer.headers)}
        if isinstance(answer, InvalidParameters):
            kept["faults"] = [(fault.pointer, fault.message) for fault in answer.faults]
    return msgspec.json.encode(kept)


def load_answer(execution_id: UUID, answer: bytes) -> ExecutionResult:
    """The result once more. Raises ExecutionFailed where the first answer was a failure."""
    kept: dict[str, Any] = msgspec.json.decode(answer)
    if "error" in kept:
        failure = _failure(kept)
        if "failed_step" in kept:
            failure.failed_step, failure.steps_done = kept["failed_step"], tuple(kept["steps_done"])
        raise ExecutionFailed(execution_id, failure)
    return ExecutionResult(execution_id=execution_id, **kept)


def _failure(kept: dict[str, Any]) -> PortwayError:
    if kept["error"] == UpstreamError.code:
        return UpstreamError(kept["status_code"], kept["body"], kept["headers"], kept["detail"])
    if kept["error"] == InvalidParameters.code:
        return InvalidParameters([Fault(*fault) for fault in kept["faults"]], kept["detail"])
    return _FAILURES.get(kept["error"], PortwayError)(kept["detail"])
