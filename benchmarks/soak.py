"""Load that goes on: what it leaves behind in the tables and in the gateway's memory (`--soak`)."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from benchmarks.cpu import resident_bytes
from benchmarks.measure import Bench, Cost, through_portway
from portway.infrastructure.embedded_postgres import DatabaseUrls

_PARTS = 6
_MANY_ROWS = 1000

# Partitions by their own names. A session of its own sees no statistics that it read before.
_TABLES: LiteralString = """
SELECT s.relname, s.n_tup_ins, s.n_tup_upd, s.n_tup_hot_upd, s.n_tup_del, s.n_live_tup, s.n_dead_tup,
    pg_total_relation_size(s.relid)
FROM pg_stat_user_tables AS s WHERE s.schemaname IN ('public', 'app', 'jobs')
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the statistics have it. Rows are counted since they were last reset, `bytes` with its indexes."""

    inserted: int
    updated: int
    updated_hot: int
    deleted: int
    live: int
    dead: int
    bytes: int


_NONE = Table(0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the time, and how things stood at its end."""

    executions: int
    errors: int
    per_second: float
    cpu_us_gateway: float
    cpu_us_database: float
    memory_mb_gateway: float
    tables: dict[str, Table]


def soak(bench: Bench, requests: Path, *, minutes: float) -> dict[str, Any]:
    """32 callers for so many minutes, in six parts; and what became of each table that was written to meanwhile."""
    before = _tables(bench.urls)
    parts = list(_parts(bench, requests, minutes * 60 / _PARTS))
    return {
        "minutes": minutes,
        "errors": sum(part.errors for part in parts),
        "parts": [
            {name: value for name, value in asdict(part).items() if name != "tables"} for part in parts
        ],
        "tables": dict(_written(before, parts)),
    }


def _parts(bench: Bench, requests: Path, seconds: float) -> Iterator[Part]:
    done = 0
    for _ in range(_PARTS):
        cost: Cost = through_portway(bench, requests, callers=32, seconds=seconds, offset=done)
        done += cost.run.requests
        yield Part(
            executions=cost.run.requests,
            errors=cost.run.errors,
            per_second=round(cost.run.per_second, 1),
            cpu_us_gateway=round(cost.gateway_us, 1),
            cpu_us_database=round(cost.database_us, 1),
            memory_mb_gateway=round(sum(map(resident_bytes, bench.gateway_pids)) / 2**20, 1),
            tables=_tables(bench.urls),
        )


def _written(before: dict[str, Table], parts: list[Part]) -> Iterator[tuple[str, dict[str, Any]]]:
    states = [before, *(part.tables for part in parts)]
    for name, last in states[-1].items():
        first = before.get(name, _NONE)
        updated = last.updated - first.updated
        changed = {
            "inserted": last.inserted - first.inserted,
            "updated": updated,
            "deleted": last.deleted - first.deleted,
        }
        if any(changed.values()):
            yield (
                name,
                changed
                | {
                    "hot": round((last.updated_hot - first.updated_hot) / updated, 4) if updated else None,
                    "live": last.live,
                    "dead": last.dead,
                    "mb": [round(of.bytes / 2**20, 1) for of in (first, last)],
                    "bytes_per_row": _bytes_per_row([state.get(name, _NONE) for state in states]),
                },
            )


def _bytes_per_row(states: list[Table]) -> list[int]:
    """By how much the table and its indexes grew in each part for a new row; none where new rows are not the reason."""
    rows = [after.inserted - before.inserted for before, after in pairwise(states)]
    if min(rows) < _MANY_ROWS:
        return []
    grown = [after.bytes - before.bytes for before, after in pairwise(states)]
    return [round(bytes_ / count) for bytes_, count in zip(grown, rows, strict=True)]


def _tables(urls: DatabaseUrls) -> dict[str, Table]:
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        return {name: Table(*values) for name, *values in connection.execute(_TABLES)}
