"""What the database's part of an execution costs: opening and closing by the size of the batch (`--database`)."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.population import Caller
from portway.application.ports.execution_ledger import Closing, Opened, Opening
from portway.domain.execution import ExecutionStatus
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.execution_ledger import PostgresExecutionLedger

SIZES = (1, 4, 8, 16, 32, 64)


def database_figures(urls: DatabaseUrls, people: Sequence[Caller], *, seconds: float) -> dict[str, Any]:
    """Microseconds of CPU of the server's processes that serve the statements, and of waiting, by batch size."""
    return asyncio.run(_figures(urls, people, seconds))


async def _figures(urls: DatabaseUrls, people: Sequence[Caller], seconds: float) -> dict[str, Any]:
    openings = _openings(urls, people)
    database = Database(urls.app)
    await database.open()
    try:
        ledger = PostgresExecutionLedger(database)
        figures: dict[str, dict[str, float]] = {"open": {}, "close": {}}
        for size in SIZES:
            batches: list[list[Opened]] = []

            async def opening(size: int = size, batches: list[list[Opened]] = batches) -> None:
                batches.append(await asyncio.gather(*map(ledger.open, openings[:size])))

            async def closing(batches: list[list[Opened]] = batches) -> None:
                await asyncio.gather(*(ledger.close(_closing(one)) for one in batches.pop()))

            await opening()
            await closing()
            for name, run, times in (("open", opening, None), ("close", closing, batches)):
                cpu, wall = await _measured(urls, run, seconds / (2 * len(SIZES)), times)
                figures[name][f"{size}_cpu_us"] = round(cpu / size, 1)
                figures[name][f"{size}_ms"] = round(wall, 3)
    finally:
        await database.close()
    return {name: values | _line(values) for name, values in figures.items()}


async def _measured(
    urls: DatabaseUrls, run: Callable[[], Awaitable[None]], seconds: float, left: list[Any] | None
) -> tuple[float, float]:
    """Of one batch, the CPU in microseconds and the wait in milliseconds: medians, which a busy machine moves least."""
    pids = _serving(urls)
    cpu: list[float] = []
    wall: list[float] = []
    until = time.monotonic() + seconds
    while left if left is not None else time.monotonic() < until:
        before, started = _cpu_us(pids), time.monotonic()
        await run()
        wall.append(1e3 * (time.monotonic() - started))
        cpu.append(_cpu_us(pids) - before)
    return statistics.median(cpu), statistics.median(wall)


def _line(values: dict[str, float]) -> dict[str, float]:
    """What a batch costs besides its elements, by the smallest and the largest."""
    few, many = SIZES[0], SIZES[-1]
    whole = values[f"{few}_cpu_us"] * few, values[f"{many}_cpu_us"] * many
    each = (whole[1] - whole[0]) / (many - few)
    return {"cpu_us_per_batch": round(whole[0] - each * few, 1), "cpu_us_per_element": round(each, 1)}


def _openings(urls: DatabaseUrls, people: Sequence[Caller]) -> list[Opening]:
    with psycopg.connect(urls.app, autocommit=True) as connection:
        passes = [
            row[0]
            for person in people
            for row in connection.execute(
                "SELECT sealed_pass FROM app.authenticate(%s, 'closed')", [person.api_key]
            )
        ]
    return [
        Opening(sealed_pass, person.workspace_id, person.connection_id, "get-item", '{"id": 17}', None)
        for sealed_pass, person in zip(passes, people, strict=True)
    ]


def _closing(opened: Opened) -> Closing:
    if opened.grant is None:
        raise RuntimeError(f"not granted: {opened.refusal}")
    return Closing(
        opened.grant.closing_key,
        opened.execution_id,
        opened.executed_at,
        ExecutionStatus.SUCCESS,
        request_payload=None,
        response_payload='{"id": "17", "object": "item", "name": "Analytical engine"}',
        payload_truncated=False,
        error_code=None,
        status_code=200,
        duration_ms=12.5,
        attempts=1,
    )


def _serving(urls: DatabaseUrls) -> list[int]:
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'portway'"
        ).fetchall()
    return [row[0] for row in rows]


def _cpu_us(pids: Sequence[int]) -> float:
    """From schedstat, which counts nanoseconds: a batch is shorter than a tick of /proc/PID/stat."""
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split(maxsplit=1)[0]) for pid in pids) / 1e3
