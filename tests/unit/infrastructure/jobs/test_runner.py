"""The job queue of a process that is about to stop."""

import asyncio
from typing import cast

import pytest

from portway.application.webhook_delivery import WebhookDelivery
from portway.infrastructure.jobs import runner


class PoolWithoutDatabase:
    """Waits for a database that does not come; it says so even while it is given up."""

    def __init__(self) -> None:
        self.opening = asyncio.Event()
        self.closed = False

    async def open(self, *, wait: bool) -> None:
        assert wait
        self.opening.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ConnectionRefusedError

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> PoolWithoutDatabase:
    made = PoolWithoutDatabase()
    monkeypatch.setattr(runner, "jobs_pool", lambda _url: made)
    return made


async def test_it_ends_though_the_database_is_away_while_it_is_stopped(pool: PoolWithoutDatabase) -> None:
    job_runner = runner.JobRunner("postgresql://nowhere", cast("WebhookDelivery", None))
    running = asyncio.create_task(job_runner.run())
    await pool.opening.wait()
    running.cancel()
    await asyncio.wait([running], timeout=1)
    assert running.done()
    assert pool.closed
