"""Questions to the connections' list and the audit log, and what usage is made of."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portway.domain.connection import ConnectionStatus
from portway.domain.execution import ExecutionStatus


@dataclass(frozen=True, slots=True)
class ConnectionFilter:
    """Which connections to list; None and empty mean any. `integration` is a slug; `query` is looked for in the names
    of the connection, its account and its integration. `account_id` is the service's own, `end_user_id` the owner's.
    """

    workspace_id: UUID | None = None
    integration: str | None = None
    user_id: UUID | None = None
    statuses: tuple[ConnectionStatus, ...] = ()
    query: str | None = None
    account_id: str | None = None
    end_user_id: str | None = None


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which executions; None and empty mean any.

    `since` is included, `until` is not. `integration` and `action` are a slug or an id; the slug of what was deleted
    finds nothing any more, its id does. `query` is how the execution's id begins, or the
    `end_user_id` of its connection, or how that begins.
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
    query: str | None = None

    @property
    def is_of_outcome(self) -> bool:
        """Whether it asks for how executions ended, which is not known before they do."""
        return bool(self.statuses) or self.status_code is not None or self.error_code is not None


@dataclass(frozen=True, slots=True)
class LogCount:
    """How many executions there are; at least so many where it is not `exact`."""

    count: int
    exact: bool


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Where a page of the log ended: the page after it is older."""

    executed_at: datetime
    id: UUID


MAX_GROUPS = 20
"""More lines than these tell nobody anything."""


class Bucket(StrEnum):
    """How long a step of the usage is. Hours are those of UTC; days begin at midnight of a time zone."""

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
    STATUS = "status"
    STATUS_CODE = "status_code"


@dataclass(frozen=True, slots=True)
class GroupKey:
    """Whose executions they are: an id (or status or code), None for those without (an action that does not exist).

    `label` tells it apart, `name` is what people call it, both where it still exists; `integration` is the slug of the
    integration that it belongs to. `is_rest` marks all groups but the busiest, taken together.
    """

    id: str | None
    label: str | None = None
    is_rest: bool = False
    name: str | None = None
    integration: str | None = None


@dataclass(frozen=True, slots=True)
class UsageQuestion:
    """What usage to count, in steps that begin at `steps`, the first of them not after `since`.

    Of the groups, the `top` busiest are told apart. With an empty `steps`, only the whole is counted.
    """

    criteria: LogFilter
    since: datetime
    until: datetime
    steps: tuple[datetime, ...]
    group: UsageGroup | None = None
    top: int = MAX_GROUPS


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

    @property
    def success_rate(self) -> float | None:
        """The share of those that ended and were not refused; None where there are none."""
        ended = self.success + self.error + self.unknown
        return self.success / ended if ended else None


@dataclass(frozen=True, slots=True)
class Usage:
    """Rows by bucket (oldest first), by group over the whole time (busiest first), and the one of everything."""

    buckets: tuple[UsageRow, ...]
    groups: tuple[UsageRow, ...]
    total: UsageRow
