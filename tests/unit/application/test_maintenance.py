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

    def _do(self, name: str) -> int:
        self.done.append(name)
        if name in self.failing:
            raise Unavailable
        return 1

    async def mark_unfinished_executions(self, age: timedelta) -> int:
        return self._do("mark recent" if age < timedelta(hours=1) else "mark all")

    async def delete_expired(self) -> int:
        return self._do("delete")

    async def create_log_partitions(self) -> None:
        self._do("create")

    async def drop_expired_log_partitions(self) -> int:
        return self._do("drop")


async def run(chores: Chores, rounds: int) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == rounds:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Maintenance(chores, sleep).run()
    assert set(pauses) == {60.0}


async def test_every_minute_and_every_day() -> None:
    chores = Chores()
    await run(chores, 24 * 60)
    assert chores.done[:5] == ["mark recent", "delete", "create", "drop", "mark all"]
    assert chores.done[5:] == ["mark recent", "delete"] * (24 * 60 - 1)
    await run(again := Chores(), 24 * 60 + 1)
    assert again.done.count("create") == 2


@pytest.mark.parametrize("broken", ["mark recent", "delete", "create", "drop", "mark all"])
async def test_a_failure_is_logged_and_holds_nothing_up(
    broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    chores = Chores()
    chores.failing = {broken}
    await run(chores, 11)
    assert chores.done.count("delete") == chores.done.count("mark recent") == 11
    # What is done daily is tried again after ten minutes.
    assert chores.done.count("drop") == (1 if broken in ("mark recent", "delete") else 2)
    assert "failed: Unavailable" in caplog.text
