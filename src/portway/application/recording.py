"""What the audit log gets of an execution's end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portway.application.execution_result import ExecutionResult
from portway.application.idempotent_answer import dump_answer
from portway.application.ports.execution_ledger import Closing
from portway.domain.errors import PortwayError, UpstreamError
from portway.domain.execution import ExecutionStatus
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.rules.execution_logging import loggable


@dataclass(frozen=True, slots=True)
class Recording:
    """An execution under way, as far as its audit row is concerned."""

    sealed_pass: str
    execution_id: UUID
    executed_at: datetime
    parameters: JsonObject
    request_schema: JsonObject
    has_idempotency_key: bool


def closing_of(
    recording: Recording,
    *,
    result: ExecutionResult | None,
    failure: PortwayError | None,
    secrets: Sequence[str],
    attempts: int,
    may_have_acted: bool,
    duration_ms: float,
) -> Closing:
    """The completed row. Exactly one of `result` and `failure` is there."""
    request_payload, request_cut = logged(
        dict(recording.parameters), schema=dict(recording.request_schema), secrets=secrets
    )
    answer = result.data if result else failure.body if isinstance(failure, UpstreamError) else None
    response_payload, response_cut = logged(answer, secrets=secrets)
    upstream_status = failure.status_code if isinstance(failure, UpstreamError) else None
    # The answer to the idempotency key for good: the service has spoken, or may have acted.
    is_final = result is not None or isinstance(failure, UpstreamError) or may_have_acted
    repeatable = (result or failure) if is_final else None
    has_key = recording.has_idempotency_key
    return Closing(
        sealed_pass=recording.sealed_pass,
        execution_id=recording.execution_id,
        executed_at=recording.executed_at,
        status=_status(result, attempted=attempts > 0),
        request_payload=request_payload,
        response_payload=response_payload,
        payload_truncated=request_cut or response_cut,
        error_code=failure.code if failure else None,
        status_code=result.status_code if result else upstream_status,
        duration_ms=duration_ms,
        attempts=attempts,
        idempotent_answer=dump_answer(repeatable) if repeatable and has_key else None,
        frees_idempotency_key=has_key and repeatable is None,
    )


def payload_before_the_call(parameters: JsonObject) -> JsonValue:
    """What the row says until the execution is over. Where the schema is not known yet, nor is what of a long text
    may be shown, so of one that must be cut it says the size alone.
    """
    payload, was_cut = logged(dict(parameters))
    return {**payload, "truncated": ""} if was_cut and isinstance(payload, dict) else payload


def logged(
    payload: JsonValue, *, schema: JsonValue = None, secrets: Iterable[str] = ()
) -> tuple[JsonValue, bool]:
    """The payload as the log may have it, and whether it was cut."""
    try:
        return loggable(payload, schema=schema, secrets=secrets)
    except RecursionError:
        return {"truncated": "", "reason": "It is nested too deeply."}, True


def _status(result: ExecutionResult | None, *, attempted: bool) -> ExecutionStatus:
    if result is not None:
        return ExecutionStatus.SUCCESS
    return ExecutionStatus.ERROR if attempted else ExecutionStatus.REFUSED
