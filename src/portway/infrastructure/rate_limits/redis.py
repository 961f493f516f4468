"""Rate limits counted in a Redis that all processes and nodes share."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from limits.aio.storage import RedisStorage
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from portway.application.ports.rate_limits import CountedLimit, RateLimiter, Standing
from portway.infrastructure.rate_limits.windows import Window

TIMEOUT_SECONDS = 0.1
PAUSE_SECONDS = 1.0
WARNING_SECONDS = 60.0
_MAX_CONNECTIONS = 32

_log = logging.getLogger(__name__)

# `limits` takes from one limit at a time; this takes from all of them or from none, in one round trip, on the keys of
# its script `acquire_sliding_window.lua`, which it keeps in the same way. KEYS are the previous and the current window
# of each limit, ARGV its requests and its milliseconds. A window's key lives for twice its time: the second half as the
# previous one. Answers whether it took; then of each limit the previous count, the current one and the milliseconds
# that the current window still runs.
_TAKE = """
local windows, fits = {}, 1
for i = 1, #KEYS / 2 do
    local previous, current = KEYS[2 * i - 1], KEYS[2 * i]
    local requests, length = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local ttl = redis.call('pttl', current)
    if ttl > 0 and ttl <= length then
        redis.call('rename', current, previous)
        redis.call('set', current, 0, 'PX', ttl + length)
        ttl = ttl + length
    end
    local before = tonumber(redis.call('get', previous)) or 0
    local now = tonumber(redis.call('get', current)) or 0
    local left = ttl - length
    if ttl <= 0 or before + now == 0 then
        redis.call('set', current, 0, 'PX', 2 * length)
        left = length
    end
    if math.floor(before * left / length) + now + 1 > requests then
        fits = 0
    end
    windows[i] = {before, now, left}
end
if fits == 1 then
    for i = 1, #windows do
        windows[i][2] = redis.call('incr', KEYS[2 * i])
    end
end
return {fits, windows}
"""


class _SharedWindows(RedisStorage):
    """The storage of `limits`, which can also take from several limits at once. Raises RedisError and OSError."""

    def __init__(self, url: str) -> None:
        """Raises ValueError for a URL with options that the client does not know."""
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_MAX_CONNECTIONS,
            timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            # A repetition would take twice.
            retry=Retry(NoBackoff(), 0),
        )
        try:
            self._pool.connection_class(**self._pool.connection_kwargs)
        except (TypeError, ValueError, RedisError):
            raise ValueError("the URL has an option that the client does not know") from None
        options: dict[str, Any] = {"connection_pool": self._pool}
        super().__init__(f"async+{url}", implementation="redispy", key_prefix="portway", **options)
        self._take = Redis(connection_pool=self._pool).register_script(_TAKE)

    async def take(self, limits: Sequence[CountedLimit]) -> tuple[bool, list[Window]]:
        """Whether it took, and how the limits' windows are now."""
        keys = [key for limit in limits for key in self._keys(limit)]
        arguments = [number for limit in limits for number in (limit.requests, limit.per_seconds * 1000)]
        fits, windows = await self._take(keys, arguments)
        return bool(fits), [
            Window(limit.requests, limit.per_seconds, before, now, left / 1000)
            for limit, (before, now, left) in zip(limits, windows, strict=True)
        ]

    async def close(self) -> None:
        """Closes the connections."""
        await self._pool.aclose()

    def _keys(self, limit: CountedLimit) -> tuple[str, str]:
        return (
            self.bridge.prefixed_key(self._previous_window_key(limit.key)),
            self.bridge.prefixed_key(self._current_window_key(limit.key)),
        )


class RedisRateLimiter:
    """While Redis does not answer, counts in `local`: each process by itself, which lets more through.

    A call waits for it TIMEOUT_SECONDS at the most; after a failure, none asks it for PAUSE_SECONDS.
    """

    def __init__(
        self, url: str, local: RateLimiter, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises ValueError for a URL that is none."""
        self._windows = _SharedWindows(url)
        self._local = local
        self._monotonic = monotonic
        self._paused_until = float("-inf")
        self._warned_at = float("-inf")

    async def take(self, limits: Sequence[CountedLimit]) -> Sequence[Standing]:
        """See the port."""
        if self._monotonic() >= self._paused_until:
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    fits, windows = await self._windows.take(limits)
            except (RedisError, OSError, TimeoutError) as error:
                self._failed(error)
            else:
                return [window.standing(refused=not fits and window.remaining < 1) for window in windows]
        return await self._local.take(limits)

    async def forget(self, limit: CountedLimit) -> None:
        """See the port."""
        await self._local.forget(limit)
        if self._monotonic() >= self._paused_until:
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    await self._windows.clear_sliding_window(limit.key, limit.per_seconds)
            except (RedisError, OSError, TimeoutError) as error:
                self._failed(error)

    async def close(self) -> None:
        """Closes the connections."""
        await self._windows.close()

    def _failed(self, error: Exception) -> None:
        now = self._monotonic()
        self._paused_until = now + PAUSE_SECONDS
        if now >= self._warned_at + WARNING_SECONDS:
            self._warned_at = now
            # The driver's own words may name the URL, but never its password.
            _log.warning(
                "PORTWAY_REDIS_URL does not answer (%s); each process counts rate limits by itself meanwhile",
                type(error).__name__,
            )
