"""Questions to the connections' list and the audit log, and what usage is made of."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portway.domain.connection import ConnectionStatus
from portway.domain.execution import ExecutionStatus


@dataclass(frozen=True, slots=True)
class ConnectionFilter:
    """Which connections to list; None means any. `integration` is a slug; `query` is looked for in the name.
    `account_id` is the service's own, `end_user_id` the owner's own.
    """

    workspace_id: UUID | None = None
    integration: str | None = None
    user_id: UUID | None = None
    status: ConnectionStatus | None = None
    query: str | None = None
    account_id: str | None = None
    end_user_id: str | None = None


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which executions; None and empty mean any.

    `since` is included, `until` is not. `integration` and `action` are a slug or an id; the slug of what was deleted
    finds nothing any more, its id does.
    """

    since: datetime | None = None
    until: datetime | None = None
    workspace_id: UUID | None = None
    connection_id: UUID | None = None
    user_id: UUID | None = None
    integration: str | None = None
    action: str | None = None
    statuses: tuple[ExecutionStatus, ...] = ()
    status_code: int | None = None
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Where a page of the log ended: the page after it is older."""

    executed_at: datetime
    id: UUID


class Bucket(StrEnum):
    """How long a step of the usage is. Days begin at midnight UTC."""

    HOUR = "hour"
    DAY = "day"


class UsageGroup(StrEnum):
    """What usage can be told apart by."""

    INTEGRATION = "integration"
    ACTION = "action"
    USER = "user"
    CONNECTION = "connection"
    WORKSPACE = "workspace"
    ERROR_CODE = "error_code"


@dataclass(frozen=True, slots=True)
class GroupKey:
    """Whose executions they are: an id (or error code), None for those without (an action that does not exist).

    `label` is its name where it still has one. `is_rest` marks all groups but the busiest, taken together.
    """

    id: str | None
    label: str | None = None
    is_rest: bool = False


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Executions of one bucket (from `start`) or of the whole time (None), of one group or of all (None).

    Percentiles are of the duration in milliseconds of those that were not refused; None where there are none.
    """

    start: datetime | None
    group: GroupKey | None
    executions: int
    started: int
    success: int
    error: int
    refused: int
    unknown: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class Usage:
    """Rows by bucket (oldest first), by group over the whole time (busiest first), and the one of everything."""

    buckets: tuple[UsageRow, ...]
    groups: tuple[UsageRow, ...]
    total: UsageRow
