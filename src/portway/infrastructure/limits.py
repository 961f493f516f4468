"""Limits counted in the memory of this process."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from portway.application.ports.limits import Limit
from portway.domain.errors import RateLimited

CAPACITY = 50_000


@dataclass(slots=True)
class _Count:
    """Attempts in the window that runs, and in the one before it."""

    window: int
    current: int = 0
    previous: int = 0


class MemoryAttemptLimiter:
    """Sliding windows approximated by two counts: the previous window weighs as much as it still overlaps.

    Memory is bounded: beyond `capacity` keys, the one that was quiet the longest is forgotten. `monotonic` gives
    seconds.
    """

    def __init__(self, *, capacity: int = CAPACITY, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._monotonic = monotonic
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()

    async def attempt(self, limit: Limit, key: str) -> None:
        """See the port."""
        now = self._monotonic()
        window, into = divmod(now, limit.seconds)
        count = self._count(limit, key, int(window))
        weight = 1 - into / limit.seconds
        if count.current + count.previous * weight + 1 > limit.attempts:
            raise RateLimited(_wait(count, limit, into), "Too many attempts; wait before you try again.")
        count.current += 1

    async def forgive(self, limit: Limit, key: str) -> None:
        """See the port."""
        self._counts.pop((limit.name, key), None)

    def _count(self, limit: Limit, key: str, window: int) -> _Count:
        count = self._counts.setdefault((limit.name, key), _Count(window))
        self._counts.move_to_end((limit.name, key))
        if len(self._counts) > self._capacity:
            self._counts.popitem(last=False)
        if count.window != window:
            count.previous = count.current if count.window == window - 1 else 0
            count.current = 0
            count.window = window
        return count


def _wait(count: _Count, limit: Limit, into: float) -> float:
    """Seconds until one more fits."""
    room = limit.attempts - 1 - count.current
    if room >= 0 and count.previous > 0:
        return limit.seconds * (1 - room / count.previous) - into
    # Only the next window has room: this one's attempts, then weighing less and less, must fall to the limit.
    share = (limit.attempts - 1) / max(count.current, 1)
    return limit.seconds - into + limit.seconds * max(0.0, 1 - share)
