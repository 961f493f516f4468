"""What a rate limiter promises, in memory and on Redis; real time passes."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from portway.application.ports.rate_limits import CountedLimit, RateLimiter
from portway.infrastructure.rate_limits import redis
from portway.infrastructure.rate_limits.choice import rate_limiter


@pytest.fixture(params=["memory", "redis"])
async def limiter(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RateLimiter]:
    # What is tested here is what Redis says, however busy the machine is.
    monkeypatch.setattr(redis, "TIMEOUT_SECONDS", 10.0)
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    found = rate_limiter(url)
    try:
        yield found
    finally:
        await found.close()


def a_limit(requests: int, per_seconds: int = 60) -> CountedLimit:
    """One that nobody has taken from."""
    return CountedLimit(f"limit:{uuid4()}", requests, per_seconds)


async def fits(limiter: RateLimiter, *limits: CountedLimit) -> bool:
    return all(standing.wait_seconds == 0 for standing in await limiter.take(limits))


async def test_lets_as_many_pass_as_it_says(limiter: RateLimiter) -> None:
    limit = a_limit(5)
    assert [await fits(limiter, limit) for _ in range(7)] == [True] * 5 + [False] * 2
    assert await fits(limiter, a_limit(5))


async def test_says_how_it_stands(limiter: RateLimiter) -> None:
    limit = a_limit(3)
    states = [(await limiter.take([limit]))[0].state for _ in range(4)]
    assert [(state.limit, state.remaining) for state in states] == [(3, 2), (3, 1), (3, 0), (3, 0)]
    resets = [state.reset_seconds for state in states]
    # One request weighs nothing once its window is over; three of them fade away in the next.
    assert 59 < resets[0] <= 60.1
    assert 99 < resets[2] <= 100.1


async def test_many_at_once_do_not_pass_by_each_other(limiter: RateLimiter) -> None:
    limit = a_limit(10)
    passed = await asyncio.gather(*(fits(limiter, limit) for _ in range(40)))
    assert passed.count(True) == 10


async def test_a_refusal_takes_nothing_from_any(limiter: RateLimiter) -> None:
    wide, narrow, widest = a_limit(10), a_limit(2), a_limit(100)
    taken = [await fits(limiter, wide, narrow, widest) for _ in range(5)]
    assert taken == [True, True, False, False, False]

    first, second, third = await limiter.take([wide, narrow, widest])
    assert (first.state.remaining, second.state.remaining, third.state.remaining) == (8, 0, 98)
    assert (first.wait_seconds, third.wait_seconds) == (0, 0)
    assert 0 < second.wait_seconds <= 60.1


async def test_forgets(limiter: RateLimiter) -> None:
    limit = a_limit(2)
    while await fits(limiter, limit):
        pass
    await limiter.forget(limit)
    await limiter.forget(a_limit(2))
    assert [await fits(limiter, limit) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("requests", [1, 2, 4])
async def test_the_wait_that_it_says_is_right(limiter: RateLimiter, requests: int) -> None:
    limit = a_limit(requests, per_seconds=1)
    for _ in range(3):
        while True:
            (standing,) = await limiter.take([limit])
            if standing.wait_seconds > 0:
                break
        told_at = time.monotonic()
        assert 0 < standing.wait_seconds <= 1.1
        await asyncio.sleep(standing.wait_seconds / 2)
        fitted = await fits(limiter, limit)
        # On a machine that is busy, that may have taken longer than half.
        early = time.monotonic() < told_at + standing.wait_seconds - 0.01
        assert not (early and fitted)
        await asyncio.sleep(standing.wait_seconds / 2 + 0.01)
        assert fitted or await fits(limiter, limit)


async def test_all_of_it_is_there_again_when_it_says(limiter: RateLimiter) -> None:
    limit = a_limit(4, per_seconds=1)
    await limiter.take([limit])
    await limiter.take([limit])
    (standing,) = await limiter.take([limit])
    await asyncio.sleep(standing.state.reset_seconds + 0.01)
    (standing,) = await limiter.take([limit])
    assert standing.state.remaining == 3


async def test_a_window_that_is_long_over_counts_no_more(limiter: RateLimiter) -> None:
    limit = a_limit(2, per_seconds=1)
    await fits(limiter, limit)
    await fits(limiter, limit)
    await asyncio.sleep(2.05)
    (standing,) = await limiter.take([limit])
    assert standing.state.remaining == 1
    assert standing.state.reset_seconds <= 1.1
