"""Limits in memory, whose clock can be told the time."""

from hypothesis import given
from hypothesis import strategies as st

from portway.application.ports.rate_limits import CountedLimit, Standing
from portway.infrastructure.rate_limits.memory import MemoryRateLimiter

LIMIT = CountedLimit("k", requests=5, per_seconds=60)


class Seconds:
    """A clock of seconds."""

    def __init__(self) -> None:
        self.now = 1_000_020.0

    def __call__(self) -> float:
        return self.now


async def take(limiter: MemoryRateLimiter, limit: CountedLimit = LIMIT) -> Standing:
    (standing,) = await limiter.take([limit])
    return standing


@given(st.lists(st.floats(0, 20), min_size=1, max_size=60), st.integers(1, 6))
async def test_what_it_tells_to_wait_is_enough_and_not_too_much(pauses: list[float], requests: int) -> None:
    clock = Seconds()
    limiter, limit = MemoryRateLimiter(monotonic=clock), CountedLimit("k", requests, 60)
    for pause in pauses:
        clock.now += pause
        wait = (await take(limiter, limit)).wait_seconds
        if wait > 0:
            assert wait <= limit.per_seconds + 0.01
            clock.now += wait * 0.9
            assert (await take(limiter, limit)).wait_seconds > 0
            clock.now += wait * 0.1 + 0.001
            assert (await take(limiter, limit)).wait_seconds == 0


@given(st.lists(st.floats(0, 20), min_size=1, max_size=60), st.integers(1, 6))
async def test_all_are_back_when_it_says(pauses: list[float], requests: int) -> None:
    clock = Seconds()
    limiter, limit = MemoryRateLimiter(monotonic=clock), CountedLimit("k", requests, 60)
    state = (await take(limiter, limit)).state
    for pause in pauses:
        clock.now += pause
        state = (await take(limiter, limit)).state
    assert 0 < state.reset_seconds <= 2 * limit.per_seconds
    clock.now += state.reset_seconds
    assert (await take(limiter, limit)).state.remaining == limit.requests - 1


@given(st.lists(st.floats(0, 30), min_size=20, max_size=100))
async def test_no_stretch_of_time_sees_many_more(pauses: list[float]) -> None:
    """Two counts are an approximation: what bunches up at the end of a window weighs too little in the next."""
    clock = Seconds()
    limiter = MemoryRateLimiter(monotonic=clock)
    passed: list[float] = []
    for pause in pauses:
        clock.now += pause
        if (await take(limiter)).wait_seconds == 0:
            passed.append(clock.now)
    for start in passed:
        within = [at for at in passed if start <= at < start + LIMIT.per_seconds]
        assert len(within) < 2 * LIMIT.requests


async def test_forgets_who_was_quiet_the_longest_when_full() -> None:
    limiter = MemoryRateLimiter(capacity=2, monotonic=Seconds())
    for key in ("a", "b", "a", "c"):
        await take(limiter, CountedLimit(key, 5, 60))

    assert (await take(limiter, CountedLimit("a", 5, 60))).state.remaining == 2
    assert (await take(limiter, CountedLimit("b", 5, 60))).state.remaining == 4
