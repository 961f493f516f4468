"""What two counts say about a sliding window.

The approximation is that of the library `limits` (its strategy "sliding window counter"): the window that runs
counts in full, the one before it by the share that it still overlaps, rounded down. Two numbers a limit, however
large it is; a log of every request would need as many as the limit allows.
"""

from dataclasses import dataclass
from math import floor

from portway.application.ports.rate_limits import Standing
from portway.domain.rate_limit import RateState

_TICK = 0.001
"""Redis counts in milliseconds: at the very end of a wait, its clock may show the one before."""


@dataclass(frozen=True, slots=True)
class Window:
    """Requests in the window that runs and in the one before it, and the seconds that the former still runs."""

    limit: int
    per_seconds: int
    previous: int
    current: int
    left_seconds: float

    @property
    def remaining(self) -> int:
        """How many more fit now."""
        return max(0, self.limit - floor(self.previous * self.left_seconds / self.per_seconds) - self.current)

    def standing(self, *, refused: bool) -> Standing:
        """How the limit stands; where it has refused a request, with the wait."""
        state = RateState(self.limit, self.remaining, self._seconds_until(self.limit))
        return Standing(state, self._seconds_until(1) if refused else 0.0)

    def _seconds_until(self, wanted: int) -> float:
        """Until so many fit, if none comes meanwhile: the counts must weigh less than what is left beside `wanted`."""
        if self.remaining >= wanted:
            return 0.0
        room = self.limit - wanted - self.current + 1
        if room > 0 and self.previous > 0:
            return max(0.0, self.left_seconds - self.per_seconds * room / self.previous) + _TICK
        # Only when this window has become the previous one.
        share = 1 - (self.limit - wanted + 1) / max(self.current, 1)
        return self.left_seconds + self.per_seconds * max(0.0, share) + _TICK
