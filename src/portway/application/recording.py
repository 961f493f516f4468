"""What the audit log gets of an execution's end."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from portway.application.execution_result import ExecutionResult
from portway.application.idempotent_answer import dump_answer
from portway.application.per_version import PerVersion
from portway.application.ports.execution_ledger import Closing
from portway.domain.action import Action
from portway.domain.errors import PortwayError, UpstreamError
from portway.domain.execution import ExecutionStatus
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.record import Record
from portway.domain.rules.execution_logging import hides_nothing, json_text, logged_text
from portway.domain.rules.secret_literals import NO_LITERALS, Literals

_HIDING_NOTHING: PerVersion[bool] = PerVersion()


class Recording(Record, frozen=True):
    """An execution under way, as far as its audit row is concerned. `before` is what the row says of the parameters."""

    closing_key: str
    execution_id: UUID
    executed_at: datetime
    parameters: JsonObject
    before: "LoggedParameters"
    action: Action
    has_idempotency_key: bool


class LoggedParameters(Record, frozen=True):
    """Parameters as JSON text that the log may have. `was_cut`: they were too long."""

    text: str
    was_cut: bool


def closing_of(
    recording: Recording,
    *,
    result: ExecutionResult | None,
    failure: PortwayError | None,
    secrets: Iterable[str],
    attempts: int,
    may_have_acted: bool,
    duration_ms: float,
) -> Closing:
    """The completed row. Exactly one of `result` and `failure` is there."""
    literals = Literals(secrets)
    parameters = _parameters_after_the_call(recording, literals)
    answer = result.data if result else failure.body if isinstance(failure, UpstreamError) else None
    response_payload, response_cut = _logged(answer, literals)
    upstream_status = failure.status_code if isinstance(failure, UpstreamError) else None
    # The answer to the idempotency key for good: the service has spoken, or may have acted.
    is_final = result is not None or isinstance(failure, UpstreamError) or may_have_acted
    repeatable = (result or failure) if is_final else None
    has_key = recording.has_idempotency_key
    return Closing(
        closing_key=recording.closing_key,
        execution_id=recording.execution_id,
        executed_at=recording.executed_at,
        status=_status(result, attempted=attempts > 0),
        request_payload=parameters.text if parameters else None,
        response_payload=response_payload,
        payload_truncated=response_cut or (parameters is not None and parameters.was_cut),
        error_code=failure.code if failure else None,
        status_code=result.status_code if result else upstream_status,
        duration_ms=duration_ms,
        attempts=attempts,
        idempotent_answer=dump_answer(repeatable) if repeatable and has_key else None,
        frees_idempotency_key=has_key and repeatable is None,
    )


def parameters_before_the_call(parameters: JsonObject) -> LoggedParameters:
    """What the row says until the execution is over. Where the schema is not known yet, nor is what of a long text
    may be shown, so of one that must be cut it says the size alone.
    """
    text, was_cut = _logged(dict(parameters))
    if was_cut:
        text = json_text({**msgspec.json.decode(text), "truncated": ""})
    return LoggedParameters(text, was_cut)


def _parameters_after_the_call(recording: Recording, literals: Literals) -> LoggedParameters | None:
    """What the row is to say of them instead; None where it says it already."""
    before, action = recording.before, recording.action
    if not before.was_cut and _hides_nothing(action) and not literals.may_stand_in(before.text):
        return None
    return LoggedParameters(*_logged(dict(recording.parameters), literals, dict(action.request_schema)))


def _hides_nothing(action: Action) -> bool:
    """The rule, worked out once for each version of the row."""
    return _HIDING_NOTHING.get(
        (action.id.int, action.version), lambda: hides_nothing(dict(action.request_schema))
    )


def _logged(
    payload: JsonValue, literals: Literals = NO_LITERALS, schema: JsonValue = None
) -> tuple[str, bool]:
    """The payload as the log may have it, and whether it was cut."""
    try:
        return logged_text(payload, literals, schema=schema)
    except RecursionError:
        return json_text({"truncated": "", "reason": "It is nested too deeply."}), True


def _status(result: ExecutionResult | None, *, attempted: bool) -> ExecutionStatus:
    if result is not None:
        return ExecutionStatus.SUCCESS
    return ExecutionStatus.ERROR if attempted else ExecutionStatus.REFUSED
