"""Where rate limits are counted."""

from typing import Protocol

from portway.application.ports.rate_limits import RateLimiter
from portway.infrastructure.rate_limits.memory import MemoryRateLimiter


class OpenRateLimiter(RateLimiter, Protocol):
    """A rate limiter that is closed in the end."""

    async def close(self) -> None:
        """Closes its connections, if it has any."""
        ...


def rate_limiter(redis_url: str | None) -> OpenRateLimiter:
    """One on this Redis, or else in memory. Raises ValueError for a URL that is none."""
    local = MemoryRateLimiter()
    if redis_url is None:
        return local
    # Its driver takes a while to load, and few have a Redis.
    from portway.infrastructure.rate_limits.redis import RedisRateLimiter  # noqa: PLC0415

    return RedisRateLimiter(redis_url, local)
