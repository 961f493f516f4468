"""Interleaved runs: the service alone, proxies in front of it, Portway in front of it."""

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from benchmarks.cpu import cpu_seconds, resident_bytes
from benchmarks.load import Run, load
from portway.infrastructure.embedded_postgres import DatabaseUrls

_WARM_UP_SECONDS = 3.0


class ComparisonFailed(Exception):
    """What Portway is compared with did not answer as it should."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """What Portway is compared with: the service's URL there, and its root process id."""

    url: str
    pid: int


@dataclass(frozen=True, slots=True)
class Bench:
    """What stands while it is measured: URLs, and root process ids whose CPU is counted."""

    upstream_url: str
    execute_url: str
    gateway_pids: tuple[int, ...]
    database_pid: int
    urls: DatabaseUrls


@dataclass(frozen=True, slots=True)
class Cost:
    """A run through Portway: microseconds of CPU per execution, by process."""

    run: Run
    gateway_us: float
    database_us: float


def through_portway(bench: Bench, requests: Path, *, callers: int, seconds: float, offset: int = 0) -> Cost:
    """One run of executions."""
    gateway, database = _cpu_of_gateway(bench), cpu_seconds(bench.database_pid)
    run = load(bench.execute_url, callers=callers, seconds=seconds, requests=requests, offset=offset)
    gateway, database = _cpu_of_gateway(bench) - gateway, cpu_seconds(bench.database_pid) - database
    each = 1e6 / max(run.requests, 1)
    return Cost(run, gateway * each, database * each)


def _through(proxy: Proxy, *, seconds: float) -> tuple[Run, float]:
    """A run of 32 callers, and microseconds of the proxy's CPU for each answer."""
    cpu = cpu_seconds(proxy.pid)
    run = _to_compare_with(load(proxy.url, callers=32, seconds=seconds))
    return run, (cpu_seconds(proxy.pid) - cpu) * 1e6 / run.requests


def _to_compare_with(run: Run) -> Run:
    if run.errors or not run.requests:
        raise ComparisonFailed(f"of {run.requests} requests without Portway in between, {run.errors} failed")
    return run


def _cpu_of_gateway(bench: Bench) -> float:
    return sum(map(cpu_seconds, bench.gateway_pids))


def main_figures(
    bench: Bench, proxies: Mapping[str, Proxy], requests: Path, *, rounds: int, seconds: float
) -> dict[str, float | int | bool]:
    """The figures that the promise is about: medians over the rounds, at 32 callers and at one; and what an execution
    costs of the gateway's CPU against the proxies, by their names.

    Raises ComparisonFailed where the service or a proxy does.
    """
    through_portway(bench, requests, callers=32, seconds=_WARM_UP_SECONDS)
    began, syncs = datetime.now(UTC), _syncs(bench.urls)
    direct: list[Run] = []
    proxied: dict[str, list[tuple[Run, float]]] = {name: [] for name in proxies}
    costs: list[Cost] = []
    alone: list[tuple[Run, Cost]] = []
    for number in range(rounds):
        direct.append(_to_compare_with(load(bench.upstream_url, callers=32, seconds=seconds / 2)))
        for name, proxy in proxies.items():
            proxied[name].append(_through(proxy, seconds=seconds / 2))
        costs.append(through_portway(bench, requests, callers=32, seconds=seconds, offset=7 * number))
        alone.append(
            (
                _to_compare_with(load(bench.upstream_url, callers=1, seconds=seconds / 4)),
                through_portway(bench, requests, callers=1, seconds=seconds / 2, offset=7 * number),
            )
        )
    executions = sum(cost.run.requests for cost in (*costs, *(cost for _, cost in alone)))
    errors = sum(cost.run.errors for cost in (*costs, *(cost for _, cost in alone)))
    gateway_us = statistics.median(cost.gateway_us for cost in costs)
    database_us = statistics.median(cost.database_us for cost in costs)
    return {
        "executions_per_second": round(statistics.median(cost.run.per_second for cost in costs), 1),
        "cpu_ms_per_execution": round((gateway_us + database_us) / 1000, 4),
        "cpu_us_gateway": round(gateway_us, 1),
        "cpu_us_database": round(database_us, 1),
        "p50_ms": round(statistics.median(cost.run.p50_ms for cost in costs), 3),
        "p99_ms": round(statistics.median(cost.run.p99_ms for cost in costs), 3),
        "added_ms_single_caller": round(
            statistics.median(cost.run.p50_ms - direct_run.p50_ms for direct_run, cost in alone), 3
        ),
        "single_caller_per_second": round(statistics.median(cost.run.per_second for _, cost in alone), 1),
        "upstream_per_second": round(statistics.median(run.per_second for run in direct), 1),
        **_comparison(gateway_us, proxied),
        "errors": errors,
        "executions": executions,
        "memory_mb_gateway": round(sum(map(resident_bytes, bench.gateway_pids)) / 2**20, 1),
        "durable_audit": _syncs(bench.urls) > syncs and _is_durable(bench.urls, began, executions - errors),
    }


def _comparison(gateway_us: float, proxied: Mapping[str, list[tuple[Run, float]]]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, runs in proxied.items():
        cpu_us = statistics.median(us for _, us in runs)
        figures[f"{name}_proxy_per_second"] = round(statistics.median(run.per_second for run, _ in runs), 1)
        figures[f"cpu_us_{name}_proxy"] = round(cpu_us, 2)
        figures[f"ratio_to_{name}_proxy"] = round(gateway_us / cpu_us, 2)
    return figures


def payload_figures(
    bench: Bench, files: Mapping[str, Path], *, seconds: float
) -> dict[str, dict[str, float]]:
    """CPU and throughput for each kind of payload, with 8 callers."""
    figures: dict[str, dict[str, float]] = {}
    for name, requests in files.items():
        cost = through_portway(bench, requests, callers=8, seconds=seconds)
        figures[name] = {
            "per_second": round(cost.run.per_second, 1),
            "cpu_us_gateway": round(cost.gateway_us, 1),
            "cpu_us_database": round(cost.database_us, 1),
            "errors": cost.run.errors,
        }
    return figures


def due_token_figures(bench: Bench, requests: Path, connections: int) -> dict[str, float]:
    """Executions that refresh their token first, at 32 callers. A run uses each of the connections at most once."""
    cost = through_portway(bench, requests, callers=32, seconds=1)
    if cost.run.requests > connections:
        raise RuntimeError(f"{cost.run.requests} executions on {connections} connections: some were not due")
    return {
        "per_second": round(cost.run.per_second, 1),
        "cpu_us_gateway": round(cost.gateway_us, 1),
        "cpu_us_database": round(cost.database_us, 1),
        "p50_ms": round(cost.run.p50_ms, 3),
        "p99_ms": round(cost.run.p99_ms, 3),
        "errors": cost.run.errors,
    }


def _syncs(urls: DatabaseUrls) -> int:
    """How often the database's write-ahead log was synchronized."""
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        row = connection.execute(
            "SELECT wal_sync FROM pg_stat_wal"
            if connection.info.server_version < 180000
            else "SELECT sum(fsyncs)::bigint FROM pg_stat_io WHERE object = 'wal'"
        ).fetchone()
    return int(row[0]) if row else 0


def _is_durable(urls: DatabaseUrls, began: datetime, answered: int) -> bool:
    """Whether everything reaches the disk before its caller is answered: each of so many answers has its complete row,
    and no row is unfinished.
    """
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        settings = connection.execute(
            "SELECT current_setting('fsync'), current_setting('synchronous_commit'),"
            " current_setting('full_page_writes')"
        ).fetchone()
        role = connection.execute(
            "SELECT count(*) FROM pg_db_role_setting AS s, unnest(s.setconfig) AS c"
            " WHERE c LIKE 'synchronous_commit=%'"
        ).fetchone()
        unfinished = _unfinished(connection, began)
        finished = connection.execute(
            "SELECT count(*) FROM api_logs WHERE status = 'success' AND executed_at >= %s", [began]
        ).fetchone()
    return (
        settings == ("on", "on", "on")
        and role == (0,)
        and unfinished == 0
        and finished is not None
        and finished[0] >= answered
    )


def _unfinished(connection: psycopg.Connection, began: datetime) -> int:
    """Rows without an end, once there was time: wrk goes away with one request of each connection under way."""
    left = 0
    for _ in range(20):
        row = connection.execute(
            "SELECT count(*) FROM api_logs WHERE status = 'started' AND executed_at >= %s", [began]
        ).fetchone()
        left = row[0] if row else 0
        if not left:
            break
        time.sleep(0.1)
    return left
