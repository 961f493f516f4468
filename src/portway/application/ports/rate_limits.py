"""Counting how often something is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from portway.domain.rate_limit import RateState

__all__ = ["CountedLimit", "RateLimiter", "RateState", "Standing"]


@dataclass(frozen=True, slots=True)
class CountedLimit:
    """At most `requests` in any `per_seconds` seconds. `key` says whose they are, and of which limit."""

    key: str
    requests: int
    per_seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A limit after it was asked. `wait_seconds` is 0 where one more fitted, else how long until one does."""

    state: RateState
    wait_seconds: float = 0.0


class RateLimiter(Protocol):
    """Counts in sliding windows. Never fails: what it counts with is its own affair."""

    async def take(self, limits: Sequence[CountedLimit]) -> Sequence[Standing]:
        """Takes one request from each limit, or from none of them where one has none left. Their keys differ."""
        ...

    async def forget(self, limit: CountedLimit) -> None:
        """Forgets what was taken from this one."""
        ...
