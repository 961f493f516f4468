"""The chores that every server does in the background."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from portway.application.ports.housekeeping import Housekeeping

_log = logging.getLogger(__name__)

_PAUSE_SECONDS = 60.0
_ROUNDS_A_DAY = 24 * 60
_ROUNDS_UNTIL_RETRY = 10
# After an upgrade or an import, there may be a year of hours to count: the rest is for the next round, and for three
# quarters of the time the database is the executions'.
_COUNTING_SECONDS = 60.0
_REST = 3.0

# Beyond the longest deadline of an execution. The first round and the daily one look further back, for what was cut
# off while no server ran.
_RECENT = timedelta(minutes=15)
_LONG_AGO = timedelta(days=7)

Sleep = Callable[[float], Awaitable[None]]
Clock = Callable[[], float]


class Maintenance:
    """Every minute: marks executions that were cut off, deletes what has expired, counts the hours that are over. At
    the start and daily: makes the audit log's partitions ahead of time and drops the expired ones.
    """

    def __init__(
        self, housekeeping: Housekeeping, sleep: Sleep = asyncio.sleep, clock: Clock = time.monotonic
    ) -> None:
        self._housekeeping = housekeeping
        self._sleep = sleep
        self._clock = clock
        self._rounds_until_daily = 0

    async def run(self) -> None:
        """Works until it is cancelled. A chore that fails is logged and tried again."""
        while True:
            # First, so that what an outage cut off is marked before its hours are counted.
            if self._rounds_until_daily <= 0:
                done = await self._every_day()
                self._rounds_until_daily = _ROUNDS_A_DAY if done else _ROUNDS_UNTIL_RETRY
            await self._every_minute()
            self._rounds_until_daily -= 1
            await self._sleep(_PAUSE_SECONDS)

    async def _every_minute(self) -> None:
        await self._attempt(self._mark_unfinished(_RECENT), "marking executions that were cut off")
        await self._attempt(self._housekeeping.delete_expired(), "deleting what has expired")
        await self._attempt(self._roll_up_usage(), "counting usage")

    async def _every_day(self) -> bool:
        outcomes = [
            await self._attempt(self._housekeeping.create_log_partitions(), "making log partitions"),
            await self._attempt(self._drop_expired(), "dropping log partitions past their retention"),
            await self._attempt(self._mark_unfinished(_LONG_AGO), "marking executions that were cut off"),
        ]
        return all(outcomes)

    async def _mark_unfinished(self, age: timedelta) -> None:
        if marked := await self._housekeeping.mark_unfinished_executions(age):
            _log.warning("%s executions were cut off; their outcome is unknown", marked)

    async def _roll_up_usage(self) -> None:
        until = (began := self._clock()) + _COUNTING_SECONDS
        while began < until and await self._housekeeping.roll_up_usage():
            await self._sleep(_REST * (self._clock() - began))
            began = self._clock()

    async def _drop_expired(self) -> None:
        if dropped := await self._housekeeping.drop_expired_log_partitions():
            _log.info("%s months of the audit log are past their retention and dropped", dropped)

    @staticmethod
    async def _attempt(chore: Awaitable[object], name: str) -> bool:
        try:
            await chore
        except Exception as error:  # noqa: BLE001 - whatever it is, the chores must go on
            _log.warning("%s failed: %s: %s", name, type(error).__name__, error)
            return False
        return True
