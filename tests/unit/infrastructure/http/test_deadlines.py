"""Each block ends in its own time, on either event loop."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from portway.infrastructure.http.deadlines import Deadlines

Run = Callable[[Awaitable[None]], None]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs something on a loop of one kind, in less than five seconds."""

    async def in_time(what: Awaitable[None]) -> None:
        async with asyncio.timeout(5):
            await what

    def on_loop(what: Awaitable[None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(in_time(what))

    return on_loop


def about(seconds: float) -> object:
    """What takes so long, or up to a third of a second longer: the machine may have other work."""
    return pytest.approx(seconds + 0.16, abs=0.17)


async def sleeping(deadlines: Deadlines, limit: float, seconds: float) -> float:
    """How long it took until it was done, or was ended."""
    began = asyncio.get_running_loop().time()
    try:
        with deadlines.within(limit):
            await asyncio.sleep(seconds)
    except TimeoutError:
        pass
    return asyncio.get_running_loop().time() - began


def test_it_ends_what_takes_too_long_and_nothing_else(run: Run) -> None:
    async def several() -> None:
        deadlines = Deadlines()
        # Later ones first: the timer has to be set anew for who comes last.
        took = await asyncio.gather(
            *(sleeping(deadlines, limit, 5) for limit in (0.9, 0.5, 0.1, -1)), sleeping(deadlines, 9, 0.05)
        )
        assert took == [about(0.9), about(0.5), about(0.1), about(0), about(0.05)]

    run(several())


def test_it_works_again_after_all_were_done(run: Run) -> None:
    async def twice() -> None:
        deadlines = Deadlines()
        for _ in range(2):
            assert await sleeping(deadlines, 0.1, 0) == about(0)
            await asyncio.sleep(0.15)  # the timer comes, and finds nobody
            assert await sleeping(deadlines, 0.1, 5) == about(0.1)

    run(twice())


def test_who_is_cancelled_by_others_is_cancelled(run: Run) -> None:
    async def cancelled() -> None:
        deadlines = Deadlines()
        task = asyncio.create_task(sleeping(deadlines, 5, 5))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancelled())


def test_at_the_same_time_by_others_and_by_time(run: Run) -> None:
    async def both() -> None:
        deadlines = Deadlines()
        task = asyncio.create_task(sleeping(deadlines, 0.05, 5))
        asyncio.get_running_loop().call_later(0.05, task.cancel)
        await asyncio.wait({task})
        # Whichever came first: the task was told to stop, and does not go on.
        assert task.cancelled() or task.result() == about(0.05)
        if not task.cancelled():
            assert task.cancelling() <= 1

    run(both())


def test_one_within_another(run: Run) -> None:
    async def nested() -> None:
        deadlines = Deadlines()
        with pytest.raises(TimeoutError), deadlines.within(0.05):
            assert await sleeping(deadlines, 5, 5)
        with deadlines.within(5):
            assert await sleeping(deadlines, 0.05, 5) < 1
            await asyncio.sleep(0)  # which goes on
        async with asyncio.timeout(5):
            assert await sleeping(deadlines, 0.05, 5) < 1
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    run(nested())


def test_what_fails_by_itself_fails_so(run: Run) -> None:
    async def failing() -> None:
        with pytest.raises(KeyError), Deadlines().within(5):
            raise KeyError

    run(failing())


def test_one_timer_serves_all(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def many() -> None:
        deadlines = Deadlines()
        made: list[object] = []
        monkeypatch.setattr(deadlines, "_wait_until", _counted(deadlines._wait_until, made))
        for _ in range(100):
            await sleeping(deadlines, 5, 0)
        assert len(made) == 1

    run(many())


def _counted(original: Callable[[float], None], made: list[object]) -> Callable[[float], None]:
    def counted(when: float) -> None:
        made.append(when)
        original(when)

    return counted
