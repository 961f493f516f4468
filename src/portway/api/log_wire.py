"""The audit log and usage on the wire: what can be asked, and what is answered."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from portway.api.pagination import DEFAULT_LIMIT, MAX_LIMIT
from portway.api.wire import Output, Time
from portway.application.ports.log_queries import MAX_GROUPS, Bucket, LogFilter, UsageGroup
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


class LogSearch(LogConditions):
    """Which executions, also by what somebody has of one."""

    q: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="How the execution's id begins, or its connection's `end_user_id`",
    )

    def criteria(self) -> LogFilter:
        """As the repository takes them."""
        return replace(super().criteria(), query=self.q)


class LogQuery(LogSearch):
    """A page of the log."""

    payloads: bool = Field(default=True, description="Whether to show requests and responses")
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many entries at most")
    cursor: str | None = Field(
        None, max_length=500, description="The `next_cursor` of the page before; opaque"
    )


class StreamQuery(LogSearch):
    """Which executions to tell of as they start and end."""

    payloads: bool = Field(default=False, description="Whether to show requests and responses")


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, KeyError) as error:
        raise PydanticCustomError("time_zone", "There is no such time zone in the IANA's list.") from error


class UsageQuery(LogConditions):
    """Usage in steps. By default of the last 24 hours, or 30 days."""

    bucket: Bucket = Bucket.DAY
    group_by: UsageGroup | None = None
    time_zone: Annotated[ZoneInfo, BeforeValidator(_zone)] = Field(
        ZoneInfo("UTC"), description="In which days begin at midnight: a name from the IANA's list"
    )
    top: int = Field(MAX_GROUPS, ge=1, le=MAX_GROUPS, description="How many groups to tell apart")
    previous: bool = Field(
        default=False, description="Whether to count the time of the same length before, too"
    )


class LogOutput(Output):
    """An execution. Payloads are redacted, and cut where `payload_truncated` says so.

    `integration` and `action` are the slugs. Slugs and names are null where the thing no longer exists, or where you
    may not see it. `status_code` is the service's own; `error_code` that of the problem that was answered.
    `end_user_id` is the connection's.
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
    integration_id: UUID | None
    integration_name: str | None
    action_name: str | None
    connection_name: str | None
    end_user_id: str | None
    user_name: str | None
    user_email: str | None


class LogCountOutput(Output):
    """How many executions fit the conditions. Where `exact` is false, there are at least so many."""

    count: int
    exact: bool


class GroupOutput(Output):
    """Whose executions. `is_rest`: all but the busiest, together.

    `label` is the slug of an integration, `integration/action`, a status or code, else a name; `name` is what people
    call it. `integration` is the slug of the integration that it belongs to.
    """

    id: str | None
    label: str | None
    name: str | None
    integration: str | None
    is_rest: bool


class UsageRowOutput(Output):
    """Executions of a step, from `start`, or of the whole time.

    `success_rate` is the share of those that came to an end and were not refused, from 0 to 1. Percentiles are of the
    durations of the same in milliseconds, at most 4.5 % off.
    """

    start: datetime | None
    group: GroupOutput | None
    executions: int
    started: int
    success: int
    error: int
    refused: int
    unknown: int
    success_rate: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class UsageOutput(Output):
    """Usage from `since` to `until`. Steps without an execution are left out of `data`.

    `steps` are the beginnings of all steps, the first maybe before `from`. `data` has a row for each step, or each step
    and group; `groups` one for each group over the whole time, the busiest first. `previous` is the total of the time
    before, where it was asked for. It is all there at once: `next_cursor` is always null.
    """

    bucket: Bucket
    time_zone: str
    since: datetime = Field(serialization_alias="from")
    until: datetime = Field(serialization_alias="to")
    steps: list[datetime]
    data: list[UsageRowOutput]
    groups: list[UsageRowOutput]
    total: UsageRowOutput
    previous: UsageRowOutput | None
    next_cursor: None = None
