"""An execution and what its audit row says."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portway.domain.json_value import JsonValue


class ExecutionStatus(StrEnum):
    """Where an execution stands. `unknown`: found unfinished after a crash, past its deadline."""

    STARTED = "started"
    SUCCESS = "success"
    ERROR = "error"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ExecutionLog:
    """A row of `api_logs` with the names that its ids stand for, where they still exist and the caller may see them.

    `integration` and `action` are slugs. Payloads are redacted.
    """

    id: UUID
    executed_at: datetime
    status: ExecutionStatus
    user_id: UUID | None
    organization_id: UUID | None
    workspace_id: UUID | None
    connection_id: UUID | None
    action_id: UUID | None
    integration: str | None
    action: str | None
    request_payload: JsonValue
    response_payload: JsonValue
    payload_truncated: bool
    status_code: int | None
    error_code: str | None
    duration_ms: float | None
    attempts: int
    integration_id: UUID | None
    integration_name: str | None
    action_name: str | None
    connection_name: str | None
    end_user_id: str | None
    user_name: str | None
    user_email: str | None
