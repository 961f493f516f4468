"""The chores' rhythm, and that nothing stops them."""

import asyncio
from datetime import timedelta

import pytest

from portway.application.maintenance import Maintenance
from portway.domain.errors import Unavailable


class Chores:
    def __init__(self) -> None:
        self.done: list[str] = []
        self.failing: set[str] = set()
        self.hours = 0
        self.seconds = 0.0

    def _do(self, name: str) -> int:
        self.done.append(name)
        if name in self.failing:
            raise Unavailable
        return 1

    async def mark_unfinished_executions(self, age: timedelta) -> int:
        return self._do("mark recent" if age < timedelta(hours=1) else "mark all")

    async def delete_expired(self) -> int:
        return self._do("delete")

    async def roll_up_usage(self) -> int:
        """Takes half a second."""
        self._do("count")
        self.seconds += 0.5
        self.hours -= 1
        return int(self.hours > 0)

    async def create_log_partitions(self) -> None:
        self._do("create")

    async def drop_expired_log_partitions(self) -> int:
        return self._do("drop")


async def run(chores: Chores, rounds: int) -> list[float]:
    """The pauses that were made."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        chores.seconds += seconds
        if pauses.count(60.0) == rounds:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Maintenance(chores, sleep, lambda: chores.seconds).run()
    return pauses


async def test_every_minute_and_every_day() -> None:
    chores = Chores()
    assert await run(chores, 24 * 60) == [60.0] * (24 * 60)
    assert chores.done[:6] == ["create", "drop", "mark all", "mark recent", "delete", "count"]
    assert chores.done[6:] == ["mark recent", "delete", "count"] * (24 * 60 - 1)
    await run(again := Chores(), 24 * 60 + 1)
    assert again.done.count("create") == 2


@pytest.mark.parametrize("broken", ["mark recent", "delete", "count", "create", "drop", "mark all"])
async def test_a_failure_is_logged_and_holds_nothing_up(
    broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    chores = Chores()
    chores.failing = {broken}
    await run(chores, 11)
    assert chores.done.count("delete") == chores.done.count("mark recent") == 11
    # What is done daily is tried again after ten minutes.
    assert chores.done.count("drop") == (1 if broken in ("mark recent", "delete", "count") else 2)
    assert "failed: Unavailable" in caplog.text


async def test_hours_are_counted_until_there_are_none_but_leave_the_database_time_for_others() -> None:
    chores = Chores()
    chores.hours = 50
    assert await run(chores, 1) == [*[1.5] * 30, 60.0]
    assert chores.done.count("count") == 30
    assert await run(chores, 1) == [*[1.5] * 19, 60.0]
    assert chores.done.count("count") == 50
