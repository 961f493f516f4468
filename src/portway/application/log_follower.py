"""Follows the audit log: what has started and what has ended since the last time that somebody looked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from portway.application.ports.clock import Clock, system_clock
from portway.application.ports.log_queries import LogFilter, LogPosition
from portway.application.ports.repositories import LogRepository
from portway.domain.execution import ExecutionLog, ExecutionStatus

MAX_CHANGES = 500
"""Executions told of at a time."""

LONGEST_ABSENCE = timedelta(hours=1)
"""Whoever comes back later begins anew."""

# A row gets its time before it is written, and rows that are written at the same time come in any order.
_OVERLAP = timedelta(seconds=2)
# Longer than any execution takes.
_LONGEST_EXECUTION = timedelta(minutes=15)
# Longer than it takes until a row that has its time is written: what is older has been seen.
_SETTLED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Changes:
    """Executions that started or ended, the oldest first. With `gap` there were more, which are left out."""

    executions: Sequence[ExecutionLog]
    gap: bool


class LogFollower:
    """Tells of an execution once when it starts and once when it has ended, or once where that was quick.

    `since` is the `position` of a follower before; executions after it come again. None begins with what happens from
    now on.
    """

    def __init__(
        self, criteria: LogFilter, *, payloads: bool, since: datetime | None, clock: Clock = system_clock
    ) -> None:
        self._criteria = criteria
        # How an execution ended is not known while it runs; it must be followed all the same.
        self._followed = replace(criteria, statuses=(), status_code=None, error_code=None)
        self._payloads = payloads
        self._clock = clock
        self._newest = since
        self._seen: dict[UUID, datetime] = {}
        self._running: dict[UUID, LogPosition] = {}

    @property
    def position(self) -> datetime:
        """Where another follower goes on: nothing before it is still running."""
        oldest = min((running.executed_at for running in self._running.values()), default=None)
        newest = self._newest or self._clock()
        return min(oldest, newest) if oldest else newest

    @property
    def waits(self) -> bool:
        """Whether an execution that was told of has not ended yet."""
        return bool(self._running)

    async def look(self, logs: LogRepository) -> Changes:
        """What has changed since the last time."""
        now = self._clock()
        if self._newest is None or now - self._newest > LONGEST_ABSENCE:
            was_away = self._newest is not None
            # What happened before is not told; what of it still runs will be.
            await self._new(logs, now - _LONGEST_EXECUTION)
            return Changes((), gap=was_away)
        ended = await self._ended(logs)
        new, gap = await self._new(logs, self._newest)
        # Where nothing happens, time passes all the same.
        self._newest = max(self._newest, now - _SETTLED)
        changed = sorted([*ended, *new], key=lambda one: (one.executed_at, one.id))
        return Changes([one for one in changed if _fits(self._criteria, one)], gap=gap)

    async def _ended(self, logs: LogRepository) -> Sequence[ExecutionLog]:
        if not self._running:
            return ()
        found = await logs.several(list(self._running.values()), payloads=self._payloads)
        still = {log.id for log in found if log.status is ExecutionStatus.STARTED}
        self._running = {id_: position for id_, position in self._running.items() if id_ in still}
        return [log for log in found if log.id not in still]

    async def _new(self, logs: LogRepository, since: datetime) -> tuple[Sequence[ExecutionLog], bool]:
        criteria = replace(self._followed, since=since - _OVERLAP)
        found = await logs.list(criteria, after=None, limit=MAX_CHANGES + 1, payloads=self._payloads)
        new = [log for log in found[:MAX_CHANGES] if log.id not in self._seen]
        self._newest = max([since, *(log.executed_at for log in new)])
        forgotten = self._remember(new, self._newest)
        return new, forgotten or len(found) > MAX_CHANGES

    def _remember(self, new: Iterable[ExecutionLog], newest: datetime) -> bool:
        """Whether more are running than are followed: the end of those that began first will not be told."""
        for log in new:
            self._seen[log.id] = log.executed_at
            if log.status is ExecutionStatus.STARTED:
                self._running[log.id] = LogPosition(log.executed_at, log.id)
        self._seen = {id_: at for id_, at in self._seen.items() if at >= newest - _OVERLAP}
        forgotten = len(self._running) > MAX_CHANGES
        while len(self._running) > MAX_CHANGES:
            del self._running[next(iter(self._running))]
        return forgotten


def _fits(criteria: LogFilter, log: ExecutionLog) -> bool:
    """Whether it ended as it was asked for; the rest of the filter is the database's."""
    return (
        (not criteria.statuses or log.status in criteria.statuses)
        and criteria.status_code in {None, log.status_code}
        and criteria.error_code in {None, log.error_code}
    )
