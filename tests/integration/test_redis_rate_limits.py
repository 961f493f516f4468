"""Rate limits on Redis: shared by those who use it, and what happens when it is not there."""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from portway.application.ports.rate_limits import CountedLimit
from portway.infrastructure.rate_limits import redis
from portway.infrastructure.rate_limits.memory import MemoryRateLimiter
from portway.infrastructure.rate_limits.redis import (
    PAUSE_SECONDS,
    WARNING_SECONDS,
    RedisRateLimiter,
)
from tests.redis_servers import port_of, redis_server

LIMIT = CountedLimit("limit", requests=3, per_seconds=60)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, Redis is waited for."""
    monkeypatch.setattr(redis, "TIMEOUT_SECONDS", 10.0)


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def fits(limiter: RedisRateLimiter, limit: CountedLimit = LIMIT) -> bool:
    return (await limiter.take([limit]))[0].wait_seconds == 0


@pytest.mark.usefixtures("patient")
async def test_two_processes_share_a_limit(redis_url: str) -> None:
    one, other = (RedisRateLimiter(redis_url, MemoryRateLimiter()) for _ in range(2))
    try:
        taken = [await fits(limiter) for limiter in (one, other, one, other, one)]
        assert taken == [True, True, True, False, False]
        await other.forget(LIMIT)
        assert await fits(one)
    finally:
        await one.close()
        await other.close()


@pytest.mark.usefixtures("patient")
async def test_goes_on_by_itself_while_redis_is_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Seconds()
    with redis_server(tmp_path) as url:
        limiter = RedisRateLimiter(url, MemoryRateLimiter(monotonic=clock), monotonic=clock)
        assert [await fits(limiter) for _ in range(4)] == [True, True, True, False]
    with caplog.at_level(logging.WARNING):
        assert [await fits(limiter) for _ in range(4)] == [True, True, True, False]
        await limiter.forget(LIMIT)
        clock.now += WARNING_SECONDS - 1
        assert await fits(limiter)
        assert len(caplog.records) == 1
        clock.now += 2
        assert await fits(limiter)
        assert len(caplog.records) == 2
    assert "PORTWAY_REDIS_URL does not answer" in caplog.text

    with redis_server(tmp_path, port_of(url)):
        clock.now += PAUSE_SECONDS
        assert [await fits(limiter) for _ in range(4)] == [True, True, True, False]
        await limiter.close()


@asynccontextmanager
async def far_away(url: str, seconds: float) -> AsyncIterator[str]:
    """The same Redis, `seconds` away in each direction."""
    loop = asyncio.get_running_loop()
    pipes: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            loop.call_later(seconds, writer.write, piece)
        loop.call_later(seconds, writer.close)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port_of(url))
        pipes.update({asyncio.create_task(carry(reader, back)), asyncio.create_task(carry(there, writer))})

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.wait(pipes, timeout=5)


async def test_a_redis_far_away_is_used(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection takes longer to be made than an answer may take; an answer two thirds of that."""
    monkeypatch.setattr(redis, "TIMEOUT_SECONDS", 0.9)
    limit = CountedLimit("far away", requests=1000, per_seconds=60)
    near = RedisRateLimiter(redis_url, MemoryRateLimiter())
    async with far_away(redis_url, 0.3) as url:
        far = RedisRateLimiter(url, MemoryRateLimiter())
        await fits(far, CountedLimit("another", 1, 60))
        await asyncio.sleep(3)
        for _ in range(6):
            assert await fits(far, limit)
        await far.close()
    (standing,) = await near.take([limit])
    await near.close()
    assert standing.state.remaining == 1000 - 6 - 1


async def test_a_redis_that_hangs_costs_little_time_and_that_once() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        limiter = RedisRateLimiter(f"redis://127.0.0.1:{deaf.getsockname()[1]}", MemoryRateLimiter())
        started = time.monotonic()
        assert await fits(limiter)
        assert time.monotonic() - started < 2
        with pytest.raises(StopIteration):
            limiter.take([LIMIT]).send(None)  # it does not wait for anything
        await limiter.close()


@pytest.mark.usefixtures("patient")
async def test_a_call_that_is_cut_off_does_not_leave_its_answer_to_the_next(redis_url: str) -> None:
    limiter = RedisRateLimiter(redis_url, MemoryRateLimiter())
    limits = [CountedLimit(f"cut off {number}", 1000, 60) for number in range(50)]
    for number, limit in enumerate(limits):
        call = asyncio.create_task(limiter.take([limit]))
        for _ in range(number % 10):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
    (standing,) = await limiter.take([CountedLimit("cut off", 7, 60)])
    assert (standing.state.limit, standing.state.remaining) == (7, 6)
    await limiter.close()


@pytest.mark.parametrize("url", ["redis://127.0.0.1/?nonsense=1", "redis://127.0.0.1/?protocol=x"])
async def test_a_url_that_makes_no_sense_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="option"):
        RedisRateLimiter(url, MemoryRateLimiter())
