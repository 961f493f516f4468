"""The audit log and usage on the wire: what can be asked, and what is answered."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from portway.api.pagination import DEFAULT_LIMIT, MAX_LIMIT
from portway.api.wire import Output, Time
from portway.application.ports.log_queries import Bucket, LogFilter, UsageGroup
from portway.domain.execution import ExecutionStatus

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def _check_time(value: datetime) -> datetime:
    # Nearer to the ends of the calendar, arithmetic with time zones fails.
    if not _EARLIEST <= value <= _LATEST:
        raise PydanticCustomError("time_out_of_range", "Must be between the years 1970 and 9000.")
    return value


_Time = Annotated[Time, AfterValidator(_check_time)]
_Slug = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class LogConditions(BaseModel):
    """Which executions. A misspelt condition is refused: without it, the answer would be of more than was meant."""

    model_config = ConfigDict(extra="forbid")

    since: _Time | None = Field(None, alias="from", description="Not before this time (RFC 3339)")
    until: _Time | None = Field(None, alias="to", description="Before this time")
    workspace_id: UUID | None = None
    integration: _Slug | None = Field(None, description="Slug or id")
    action: _Slug | None = Field(None, description="Slug or id")
    connection_id: UUID | None = None
    user_id: UUID | None = None
    status: tuple[ExecutionStatus, ...] = Field((), max_length=5, description="One or several")
    status_code: int | None = Field(None, ge=100, le=599, description="The service's own")
    error_code: _Slug | None = Field(None, description="The `code` of the problem that was answered")

    def criteria(self) -> LogFilter:
        """As the repository takes them."""
        return LogFilter(
            since=self.since,
            until=self.until,
            workspace_id=self.workspace_id,
            connection_id=self.connection_id,
            user_id=self.user_id,
            integration=self.integration,
            action=self.action,
            statuses=self.status,
            status_code=self.status_code,
            error_code=self.error_code,
        )


class LogQuery(LogConditions):
    """A page of the log."""

    payloads: bool = Field(default=True, description="Whether to show requests and responses")
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many entries at most")
    cursor: str | None = Field(
        None, max_length=500, description="The `next_cursor` of the page before; opaque"
    )


class UsageQuery(LogConditions):
    """Usage in steps. By default of the last 24 hours, or 30 days."""

    bucket: Bucket = Bucket.DAY
    group_by: UsageGroup | None = None


class LogOutput(Output):
    """An execution. Payloads are redacted, and cut where `payload_truncated` says so.

    `integration` and `action` are the slugs, null where they no longer exist. `status_code` is the service's own;
    `error_code` that of the problem that was answered.
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
    request_payload: Any
    response_payload: Any
    payload_truncated: bool
    status_code: int | None
    error_code: str | None
    duration_ms: float | None
    attempts: int


class GroupOutput(Output):
    """Whose executions. `is_rest`: all but the twenty busiest, together."""

    id: str | None
    label: str | None
    is_rest: bool


class UsageRowOutput(Output):
    """Executions of a step, from `start`, or of the whole time. Percentiles in milliseconds, refused ones left out."""

    start: datetime | None
    group: GroupOutput | None
    executions: int
    started: int
    success: int
    error: int
    refused: int
    unknown: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class UsageOutput(Output):
    """Usage from `since` to `until`. Steps without an execution are left out.

    `data` has a row for each step, or each step and group; `groups` one for each group over the whole time. It is all
    there at once: `next_cursor` is always null.
    """

    bucket: Bucket
    since: datetime = Field(serialization_alias="from")
    until: datetime = Field(serialization_alias="to")
    data: list[UsageRowOutput]
    groups: list[UsageRowOutput]
    total: UsageRowOutput
    next_cursor: None = None
