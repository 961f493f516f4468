"""`portway logs`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from portway.application.ports.log_queries import LogFilter
from portway.cli.database import database_in_use
from portway.cli.gateway import configured_gateway
from portway.cli.log_sources import DatabaseLogs, GatewayLogs, LogEntry, LogSource
from portway.cli.options import DataDir, settings_with
from portway.cli.output import print_json
from portway.domain.action import MAX_TIMEOUT_MS
from portway.domain.execution import ExecutionStatus

_POLL_SECONDS = 1.0
_STARTED = ExecutionStatus.STARTED
# After that a row that nobody closed is `unknown`.
_LONGEST = timedelta(milliseconds=MAX_TIMEOUT_MS) + timedelta(minutes=5)
# A row may become visible this much later than the time that it carries.
_LATE = timedelta(seconds=5)


def logs(
    *,
    follow: bool = typer.Option(False, "--follow", "-f", help="Go on with new executions as they end."),
    as_json: bool = typer.Option(
        False, "--json", help="One JSON object on each line, with requests and responses."
    ),
    action: str | None = typer.Option(None, metavar="SLUG", help="Only of this action.", show_default=False),
    status: list[ExecutionStatus] | None = typer.Option(None, help="Only with this status; may be repeated."),
    limit: int = typer.Option(50, min=1, help="How many, the newest."),
    data_dir: DataDir = None,
) -> None:
    """Show the audit log, oldest first.

    With PORTWAY_URL and PORTWAY_API_KEY it is what the key's user may see, over HTTP; without them that of everybody,
    from the database.
    """
    criteria = LogFilter(action=action, statuses=tuple(status or ()))
    with _source(data_dir, payloads=as_json) as source:
        entries = _follow(source, criteria, limit) if follow else reversed(source.newest(criteria, limit))
        for entry in entries:
            _show(entry, as_json=as_json)


@contextmanager
def _source(data_dir: Path | None, *, payloads: bool) -> Iterator[LogSource]:
    gateway = configured_gateway()
    if gateway is not None:
        yield GatewayLogs(gateway, payloads=payloads)
        return
    with database_in_use(settings_with(data_dir)) as database:
        yield DatabaseLogs(database, payloads=payloads)


def _follow(source: LogSource, criteria: LogFilter, limit: int) -> Iterator[LogEntry]:
    """The newest executions, then those that end from now on, without an end.

    One that is running is shown when it has ended. The filter's statuses are applied here, as running ones must be
    found whatever is asked for. Times are only ever the log's own: this machine's clock may differ.
    """
    last = source.newest(replace(criteria, statuses=()), 1)
    seen = [entry for entry in source.newest(criteria, limit) if entry.status != _STARTED]
    yield from reversed(seen)
    position = last[0].executed_at if last else None
    # What is older was left out because of the limit.
    oldest = min((entry.executed_at for entry in seen), default=position)
    since = position - _LONGEST if position else None
    running = _running(source.newest(replace(criteria, since=since, statuses=(_STARTED,)), None))
    shown = {entry.id for entry in seen}
    while True:
        time.sleep(_POLL_SECONDS)
        since = min([position - _LATE, *running.values()]) if position else None
        found = source.newest(replace(criteria, since=since, statuses=()), None)
        ended = [entry for entry in found if entry.status != _STARTED]
        for entry in reversed(ended):
            is_new = oldest is None or entry.executed_at >= oldest or entry.id in running
            is_wanted = not criteria.statuses or entry.status in criteria.statuses
            if is_new and is_wanted and entry.id not in shown:
                yield entry
        # What is older than the next question's beginning is not found again, and need not be remembered.
        shown = {entry.id for entry in ended}
        running = _running(found)
        position = found[0].executed_at if found else position


def _running(entries: list[LogEntry]) -> dict[str, datetime]:
    return {entry.id: entry.executed_at for entry in entries if entry.status == _STARTED}


def _show(entry: LogEntry, *, as_json: bool) -> None:
    if as_json:
        print_json(entry.shown)
        return
    shown = entry.shown
    called = "/".join(str(shown[name]) for name in ("integration", "action") if shown.get(name)) or "-"
    duration = shown.get("duration_ms")
    columns = (
        entry.executed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        f"{entry.status:<8}",
        f"{called:<32}",
        f"{shown.get('status_code') or '-'!s:<4}",
        f"{duration:>9.1f} ms" if isinstance(duration, int | float) else f"{'-':>12}",
        entry.id,
        str(shown.get("error_code") or ""),
    )
    print("  ".join(columns).rstrip(), flush=True)
