"""Limits in memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.ports.limits import Limit
from portway.domain.errors import RateLimited
from portway.infrastructure.limits import MemoryAttemptLimiter

LIMIT = Limit("test", attempts=5, seconds=60)


class Seconds:
    """A clock of seconds."""

    def __init__(self) -> None:
        self.now = 1_000_020.0

    def __call__(self) -> float:
        return self.now


async def passes(limiter: MemoryAttemptLimiter, key: str = "k", limit: Limit = LIMIT) -> bool:
    try:
        await limiter.attempt(limit, key)
    except RateLimited:
        return False
    return True


async def seconds_to_wait(limiter: MemoryAttemptLimiter) -> float | None:
    """What it says when it lets nothing pass."""
    try:
        await limiter.attempt(LIMIT, "k")
    except RateLimited as refused:
        return refused.retry_after_seconds
    return None


async def test_lets_as_many_pass_as_it_says() -> None:
    limiter = MemoryAttemptLimiter(monotonic=Seconds())

    assert [await passes(limiter) for _ in range(7)] == [True] * 5 + [False] * 2
    assert await passes(limiter, "another key")
    assert await passes(limiter, limit=Limit("another limit", 5, 60))


@given(st.lists(st.floats(0, 20), min_size=1, max_size=60))
async def test_what_it_tells_to_wait_is_enough_and_not_far_too_much(pauses: list[float]) -> None:
    clock = Seconds()
    limiter = MemoryAttemptLimiter(monotonic=clock)
    for pause in pauses:
        clock.now += pause
        wait = await seconds_to_wait(limiter)
        if wait is not None:
            assert 0 < wait <= 2 * LIMIT.seconds
            clock.now += wait + 0.001
            assert await passes(limiter)


@given(st.lists(st.floats(0, 30), min_size=20, max_size=100))
async def test_no_stretch_of_time_sees_more_than_twice_as_many(pauses: list[float]) -> None:
    clock = Seconds()
    limiter = MemoryAttemptLimiter(monotonic=clock)
    passed: list[float] = []
    for pause in pauses:
        clock.now += pause
        if await passes(limiter):
            passed.append(clock.now)
    for start in passed:
        assert len([at for at in passed if start <= at < start + LIMIT.seconds]) <= 2 * LIMIT.attempts


async def test_refused_attempts_do_not_count() -> None:
    clock = Seconds()
    limiter = MemoryAttemptLimiter(monotonic=clock)
    for _ in range(100):
        await passes(limiter)
    clock.now += 2 * LIMIT.seconds

    assert [await passes(limiter) for _ in range(6)] == [True] * 5 + [False]


async def test_forgives() -> None:
    limiter = MemoryAttemptLimiter(monotonic=Seconds())
    for _ in range(5):
        await passes(limiter)

    await limiter.forgive(LIMIT, "k")
    await limiter.forgive(LIMIT, "never seen")

    assert await passes(limiter)


async def test_forgets_who_was_quiet_the_longest_when_full() -> None:
    limiter = MemoryAttemptLimiter(capacity=2, monotonic=Seconds())
    for key in ("a", "b", "a", "c"):
        await passes(limiter, key)
    counts = {key: [await passes(limiter, key) for _ in range(6)].count(True) for key in ("a",)}

    assert counts == {"a": 3}


@pytest.mark.parametrize("attempts", [1, 2])
async def test_holds_for_small_limits(attempts: int) -> None:
    clock = Seconds()
    limiter, limit = MemoryAttemptLimiter(monotonic=clock), Limit("small", attempts, 10)
    for _ in range(attempts):
        await limiter.attempt(limit, "k")
    with pytest.raises(RateLimited) as refused:
        await limiter.attempt(limit, "k")
    clock.now += refused.value.retry_after_seconds + 0.001
    await limiter.attempt(limit, "k")
