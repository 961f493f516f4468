"""Limits on how often something may be tried."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `attempts` in any `seconds`. `name` tells the limit's counts from those of others."""

    name: str
    attempts: int
    seconds: float


class AttemptLimiter(Protocol):
    """Counts attempts by key: an account, a network address."""

    async def attempt(self, limit: Limit, key: str) -> None:
        """Counts one. Raises RateLimited, and counts nothing, where that would be more than the limit."""
        ...

    async def forgive(self, limit: Limit, key: str) -> None:
        """Forgets those of this key, because one of them succeeded."""
        ...
