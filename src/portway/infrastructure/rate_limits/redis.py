"""Rate limits counted in a Redis that all processes and nodes share."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from limits.aio.storage import RedisStorage
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from portway.application.ports.rate_limits import CountedLimit, RateLimiter, Standing
from portway.infrastructure.rate_limits.windows import Window

TIMEOUT_SECONDS = 0.1
CONNECT_SECONDS = 5.0
PAUSE_SECONDS = 1.0
WARNING_SECONDS = 60.0
_MAX_CONNECTIONS = 32

T = TypeVar("T")

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


class _Connections:
    """Clients with one open connection each, as many as are used at once. They are opened one after the other, in the
    background: a far Redis takes several round trips for that.
    """

    def __init__(self, pool: ConnectionPool, failed: Callable[[Exception], None]) -> None:
        self._pool = pool
        self._failed = failed
        self._idle: asyncio.LifoQueue[Redis] = asyncio.LifoQueue()
        self._open = 0
        self._opening: asyncio.Task[None] | None = None
        self._opening_since = 0.0

    async def borrow(self) -> Redis | None:
        """An open one; None where there is none in time. Nobody waits for a connection that takes long to be made."""
        if not self._idle.empty():
            return self._idle.get_nowait()
        opening = self._open_another()
        if not self._open and opening is not None:
            patience = self._opening_since + TIMEOUT_SECONDS - time.monotonic()
            if patience > 0:
                await asyncio.wait({opening}, timeout=patience)
        if not self._open:
            return None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._idle.get()
        except TimeoutError:
            return None

    def give_back(self, client: Redis) -> None:
        """For the next one."""
        self._idle.put_nowait(client)

    async def discard(self, client: Redis) -> None:
        """Closes it: it may still owe an answer."""
        self._open -= 1
        await _closed(client)

    async def discard_idle(self) -> None:
        """Closes all that nobody uses: what one of them has lost, the others mostly have too."""
        while not self._idle.empty():
            await self.discard(self._idle.get_nowait())

    async def close(self) -> None:
        """Closes the connections."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        await self.discard_idle()
        await self._pool.aclose()

    def _open_another(self) -> asyncio.Task[None] | None:
        if self._opening is None and self._open < _MAX_CONNECTIONS:
            self._opening_since = time.monotonic()
            self._opening = asyncio.create_task(self._connect())
        return self._opening

    async def _connect(self) -> None:
        client = Redis(connection_pool=self._pool, single_connection_client=True)
        is_open = False
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await client.initialize()
                await client.script_load(_TAKE)
            is_open = True
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
        finally:
            self._opening = None
            if is_open:
                self._open += 1
                self._idle.put_nowait(client)
            else:
                await _closed(client)


async def _closed(client: Redis) -> None:
    if client.connection is not None:
        await client.connection.disconnect(nowait=True)
    await client.aclose()


class _SharedWindows(RedisStorage):
    """The storage of `limits`, which can also take from several limits at once. Raises RedisError and OSError."""

    def __init__(self, url: str) -> None:
        """Raises ValueError for a URL with options that the client does not know."""
        self.pool = ConnectionPool.from_url(
            url,
            socket_timeout=CONNECT_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            # A repetition would take twice.
            retry=Retry(NoBackoff(), 0),
        )
        try:
            self.pool.connection_class(**self.pool.connection_kwargs)
        except (TypeError, ValueError, RedisError):
            raise ValueError("the URL has an option that the client does not know") from None
        options: dict[str, Any] = {"connection_pool": self.pool}
        super().__init__(f"async+{url}", implementation="redispy", key_prefix="portway", **options)
        self._take = Redis(connection_pool=self.pool).register_script(_TAKE)

    async def take(self, client: Redis, limits: Sequence[CountedLimit]) -> tuple[bool, list[Window]]:
        """Whether it took, and how the limits' windows are now."""
        keys = [key for limit in limits for key in self._keys(limit)]
        arguments = [number for limit in limits for number in (limit.requests, limit.per_seconds * 1000)]
        fits, windows = await self._take(keys, arguments, client=client)
        return bool(fits), [
            Window(limit.requests, limit.per_seconds, before, now, left / 1000)
            for limit, (before, now, left) in zip(limits, windows, strict=True)
        ]

    async def forget(self, client: Redis, limit: CountedLimit) -> None:
        """Forgets what was taken from this one."""
        await client.delete(*self._keys(limit))

    def _keys(self, limit: CountedLimit) -> tuple[str, str]:
        return (
            self.bridge.prefixed_key(self._previous_window_key(limit.key)),
            self.bridge.prefixed_key(self._current_window_key(limit.key)),
        )


class RedisRateLimiter:
    """While Redis does not answer, counts in `local`: each process by itself, which lets more through.

    A call waits TIMEOUT_SECONDS at the most for its answer, and as long for a connection; those that take longer to be
    made, up to CONNECT_SECONDS, nobody waits for. After a failure, none asks it for PAUSE_SECONDS.
    """

    def __init__(
        self, url: str, local: RateLimiter, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises ValueError for a URL that is none."""
        self._windows = _SharedWindows(url)
        self._connections = _Connections(self._windows.pool, self._failed)
        self._local = local
        self._monotonic = monotonic
        self._paused_until = float("-inf")
        self._warned_at = float("-inf")

    async def take(self, limits: Sequence[CountedLimit]) -> Sequence[Standing]:
        """See the port."""
        answer = await self._ask(lambda client: self._windows.take(client, limits))
        if answer is None:
            return await self._local.take(limits)
        fits, windows = answer
        return [window.standing(refused=not fits and window.remaining < 1) for window in windows]

    async def forget(self, limit: CountedLimit) -> None:
        """See the port."""
        await self._local.forget(limit)
        await self._ask(lambda client: self._windows.forget(client, limit))

    async def close(self) -> None:
        """Closes the connections."""
        await self._connections.close()

    async def _ask(self, command: Callable[[Redis], Awaitable[T]]) -> T | None:
        """What Redis says; None where it says nothing in time."""
        if self._monotonic() < self._paused_until:
            return None
        client = await self._connections.borrow()
        if client is None:
            return None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await command(client)
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            await self._connections.discard(client)
            await self._connections.discard_idle()
            return None
        except BaseException:
            await self._connections.discard(client)
            raise
        self._connections.give_back(client)
        return answer

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
