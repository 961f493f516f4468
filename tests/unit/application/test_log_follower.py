"""Following the log: what has happened since, and no gap that was none."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from portway.application.log_follower import LONGEST_ABSENCE, MAX_CHANGES, LogFollower
from portway.application.ports.log_queries import LogFilter
from portway.application.ports.repositories import LogRepository
from portway.domain.execution import ExecutionLog, ExecutionStatus

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Log:
    """A log and a clock."""

    def __init__(self) -> None:
        self.now = NOW
        self.rows: dict[UUID, ExecutionLog] = {}

    def add(self, status: ExecutionStatus = ExecutionStatus.SUCCESS) -> UUID:
        members: dict[str, Any] = dict.fromkeys(ExecutionLog.__dataclass_fields__)
        row = ExecutionLog(**members | {"id": uuid4(), "executed_at": self.now, "status": status})
        self.rows[row.id] = row
        return row.id

    async def list(self, criteria: LogFilter, *, limit: int, **_: object) -> Sequence[ExecutionLog]:
        assert criteria.since is not None
        found = [row for row in self.rows.values() if row.executed_at >= criteria.since]
        return sorted(found, key=lambda row: row.executed_at, reverse=True)[:limit]

    async def several(self, positions: Sequence[Any], **_: object) -> Sequence[ExecutionLog]:
        return [self.rows[position.id] for position in positions]

    def follower(self, since: datetime | None = None) -> LogFollower:
        return LogFollower(LogFilter(), payloads=False, since=since, clock=lambda: self.now)

    async def look(self, follower: LogFollower) -> tuple[Sequence[UUID], bool]:
        changes = await follower.look(cast("LogRepository", self))
        return [log.id for log in changes.executions], changes.gap


async def test_a_quiet_time_is_no_gap() -> None:
    log = Log()
    follower = log.follower()
    for _ in range(200):
        assert await log.look(follower) == ([], False)
        log.now += MINUTE
    made = log.add()
    assert await log.look(follower) == ([made], False)
    assert await log.look(follower) == ([], False)


async def test_whoever_comes_back_after_a_quiet_time_has_missed_nothing() -> None:
    log = Log()
    follower = log.follower()
    for _ in range(90):
        await log.look(follower)
        log.now += MINUTE
    made = log.add()
    assert await log.look(log.follower(since=follower.position)) == ([made], False)


async def test_whoever_comes_back_too_late_is_told_of_a_gap_once() -> None:
    log = Log()
    log.add()
    back = log.follower(since=log.now - LONGEST_ABSENCE - MINUTE)
    assert await log.look(back) == ([], True)
    assert await log.look(back) == ([], False)


async def test_more_running_than_are_followed_is_a_gap() -> None:
    log = Log()
    follower = log.follower()
    await log.look(follower)
    gaps: list[bool] = []
    for _ in range(2):
        for _ in range(MAX_CHANGES * 3 // 4):
            log.add(ExecutionStatus.STARTED)
        told, gap = await log.look(follower)
        assert len(told) == MAX_CHANGES * 3 // 4
        gaps.append(gap)
        log.now += timedelta(seconds=5)
    assert gaps == [False, True]
    assert follower.waits
