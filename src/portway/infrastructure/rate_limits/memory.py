"""Rate limits counted in the memory of this process."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portway.application.ports.rate_limits import CountedLimit, Standing
from portway.infrastructure.rate_limits.windows import Window

CAPACITY = 100_000


@dataclass(slots=True)
class _Count:
    """Requests in the window that runs, since `start`, and in the one before it."""

    start: float
    current: int = 0
    previous: int = 0


class MemoryRateLimiter:
    """A window begins with the first request in it.

    Memory is bounded: beyond `capacity` limits, the one that was quiet the longest is forgotten. `monotonic` gives
    seconds.
    """

    def __init__(self, *, capacity: int = CAPACITY, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._monotonic = monotonic
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    async def take(self, limits: Sequence[CountedLimit]) -> Sequence[Standing]:
        """See the port. Nothing is awaited, so that nobody comes between looking and taking."""
        now = self._monotonic()
        counts = [self._count(limit, now) for limit in limits]
        windows = [_window(limit, count, now) for limit, count in zip(limits, counts, strict=True)]
        if any(window.remaining < 1 for window in windows):
            return [window.standing(refused=window.remaining < 1) for window in windows]
        for count in counts:
            count.current += 1
        return [
            _window(limit, count, now).standing(refused=False)
            for limit, count in zip(limits, counts, strict=True)
        ]

    async def forget(self, limit: CountedLimit) -> None:
        """See the port."""
        self._counts.pop(limit.key, None)

    async def close(self) -> None:
        """There is nothing to close."""

    def _count(self, limit: CountedLimit, now: float) -> _Count:
        count = self._counts.setdefault(limit.key, _Count(now))
        self._counts.move_to_end(limit.key)
        if len(self._counts) > self._capacity:
            self._counts.popitem(last=False)
        age = now - count.start
        if age >= 2 * limit.per_seconds or not (count.current or count.previous):
            count.start, count.previous, count.current = now, 0, 0
        elif age >= limit.per_seconds:
            count.start += limit.per_seconds
            count.previous, count.current = count.current, 0
        return count


def _window(limit: CountedLimit, count: _Count, now: float) -> Window:
    left = limit.per_seconds - (now - count.start)
    return Window(limit.requests, limit.per_seconds, count.previous, count.current, left)
