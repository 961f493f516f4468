"""Work beside the requests."""

import asyncio
import logging

import pytest

from portway.application.background import Background


async def test_waits_for_all_that_was_started() -> None:
    background, done = Background(), []

    async def first() -> None:
        await asyncio.sleep(0)
        background.start(second(), "second")

    async def second() -> None:
        await asyncio.sleep(0)
        done.append("second")

    background.start(first(), "first")
    await background.finish()

    assert done == ["second"]


async def test_logs_what_failed_by_its_kind(caplog: pytest.LogCaptureFixture) -> None:
    background = Background()

    async def failing() -> None:
        raise ValueError("a secret")

    background.start(failing(), "the mail")
    await background.finish()

    assert "the mail failed: ValueError" in caplog.text
    assert "a secret" not in caplog.text


async def test_drops_what_is_too_much(caplog: pytest.LogCaptureFixture) -> None:
    background, gate, done = Background(max_tasks=1), asyncio.Event(), []

    async def work(number: int) -> None:
        await gate.wait()
        done.append(number)

    with caplog.at_level(logging.WARNING):
        for number in range(3):
            background.start(work(number), f"work {number}")
    gate.set()
    await background.finish()

    assert done == [0]
    assert "work 2 is dropped" in caplog.text
