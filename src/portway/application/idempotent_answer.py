"""The first answer to an Idempotency-Key, as it is kept (encrypted) for repeats."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from portway.application.execution_result import ExecutionFailed, ExecutionResult
from portway.domain.errors import (
    EgressBlocked,
    PortwayError,
    UpstreamError,
    UpstreamFailure,
    UpstreamInvalidResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from portway.domain.json_value import JsonValue

_FAILURES: Mapping[str, type[PortwayError]] = {
    error.code: error
    for error in (EgressBlocked, UpstreamInvalidResponse, UpstreamTimeout, UpstreamUnreachable)
}


def dump_answer(answer: ExecutionResult | UpstreamFailure) -> bytes:
    """As JSON."""
    kept: dict[str, JsonValue]
    if isinstance(answer, ExecutionResult):
        kept = {
            "status_code": answer.status_code,
            "data": answer.data,
            "duration_ms": answer.duration_ms,
            "attempts": answer.attempts,
            "refreshed": answer.refreshed,
        }
    else:
        kept = {"error": answer.code, "detail": answer.detail}
        if isinstance(answer, UpstreamError):
            kept |= {"status_code": answer.status_code, "body": answer.body, "headers": dict(answer.headers)}
    return json.dumps(kept, ensure_ascii=False).encode()


def load_answer(execution_id: UUID, answer: bytes) -> ExecutionResult:
    """The result once more. Raises ExecutionFailed where the first answer was a failure."""
    kept: dict[str, Any] = json.loads(answer)
    if "error" not in kept:
        return ExecutionResult(execution_id=execution_id, **kept)
    if kept["error"] == UpstreamError.code:
        error: PortwayError = UpstreamError(
            kept["status_code"], kept["body"], kept["headers"], kept["detail"]
        )
    else:
        error = _FAILURES[kept["error"]](kept["detail"])
    raise ExecutionFailed(execution_id, error)
