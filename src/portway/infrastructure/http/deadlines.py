"""Time limits of many tasks on one timer."""

import asyncio
import math
from types import TracebackType

# A loop counts in milliseconds, and may call a little early.
_EARLY_SECONDS = 0.001


class Deadlines:
    """Ends what takes too long, as `asyncio.timeout` does, without a timer of the loop for each. To be made where the
    event loop runs.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._limits: set[_Limit] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._next = math.inf

    def within(self, seconds: float) -> "_Limit":
        """For `with`: what is in the block is cancelled after so many seconds, and the block raises TimeoutError."""
        return _Limit(self, self._loop.time() + seconds)

    def close(self) -> None:
        """Lets the timer go. Whoever is waiting has no limit any more."""
        if self._timer is not None:
            self._timer.cancel()

    def add(self, limit: "_Limit") -> None:
        self._limits.add(limit)
        if limit.when < self._next:
            self._wait_until(limit.when)

    def discard(self, limit: "_Limit") -> None:
        self._limits.discard(limit)

    def _wait_until(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = when
        self._timer = self._loop.call_at(when, self._expire)

    def _expire(self) -> None:
        """Nearly always, whoever the timer was meant for is done, and it goes on to who is next."""
        self._timer, self._next = None, math.inf
        now = self._loop.time() + _EARLY_SECONDS
        for limit in [limit for limit in self._limits if limit.when <= now]:
            self._limits.discard(limit)
            limit.expire()
        if self._limits:
            self._wait_until(min(limit.when for limit in self._limits))


class _Limit:
    """Of one block, in one task."""

    __slots__ = ("_cancelling", "_deadlines", "_is_over", "_task", "when")

    _task: "asyncio.Task[object]"
    _cancelling: int

    def __init__(self, deadlines: Deadlines, when: float) -> None:
        self.when = when
        self._deadlines = deadlines
        self._is_over = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("there is no task to end")
        self._task = task
        self._cancelling = task.cancelling()
        self._deadlines.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._deadlines.discard(self)
        # Where somebody else cancels the task as well, that is what it ends by.
        if self._is_over and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        self._is_over = True
        self._task.cancel()
