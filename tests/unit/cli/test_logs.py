"""How `portway logs --follow` goes on."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from portway.application.ports.log_queries import LogFilter
from portway.cli import logs
from portway.cli.log_sources import LogEntry
from portway.domain.execution import ExecutionStatus

NOW = datetime.now(UTC)


class Log:
    """A log that a test writes."""

    def __init__(self) -> None:
        self.entries: dict[str, LogEntry] = {}
        self.on_sleep: list[Callable[[], None]] = []

    def sleep(self, _: float) -> None:
        """Stands in for the wait between two questions."""
        while self.on_sleep:
            self.on_sleep.pop()()

    def write(self, name: str, status: str, seconds: float = 0.0) -> None:
        self.entries[name] = LogEntry(name, NOW + timedelta(seconds=seconds), status, {})

    def newest(self, criteria: LogFilter, limit: int | None) -> list[LogEntry]:
        found = [
            entry
            for entry in self.entries.values()
            if (criteria.since is None or entry.executed_at >= criteria.since)
            and (not criteria.statuses or entry.status in criteria.statuses)
        ]
        found.sort(key=lambda entry: entry.executed_at, reverse=True)
        return found[:limit]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log = Log()
    monkeypatch.setattr("portway.cli.logs.time.sleep", log.sleep)
    return log


def follow(log: Log, limit: int = 50, *statuses: ExecutionStatus) -> Iterator[str]:
    """The names of entries as they are shown."""
    return (entry.id for entry in logs._follow(log, LogFilter(statuses=statuses), limit))


def test_what_ends_is_shown_once_in_order(log: Log) -> None:
    log.write("old", "success", -3)
    shown = follow(log)
    assert next(shown) == "old"
    log.write("b", "error", 2)
    log.write("a", "success", 1)
    assert [next(shown), next(shown)] == ["a", "b"]
    log.write("c", "refused", 3)
    assert next(shown) == "c"


def test_what_runs_is_shown_when_it_has_ended(log: Log) -> None:
    log.write("slow", "started", -100)
    log.write("old", "success", -3)
    shown = follow(log)
    assert next(shown) == "old"
    log.write("quick", "success", 1)
    assert next(shown) == "quick"
    log.write("slow", "success", -100)
    assert next(shown) == "slow"


def test_what_the_limit_left_out_does_not_come_later(log: Log) -> None:
    log.write("left out", "success", -2)
    log.write("newest", "success", -1)
    shown = follow(log, 1)
    assert next(shown) == "newest"
    log.write("next", "success", 1)
    assert next(shown) == "next"


def test_a_running_one_may_come_to_what_the_filter_asks_for(log: Log) -> None:
    log.write("slow", "started", -100)
    log.write("first", "error", -99)
    log.write("fine", "success", -1)
    shown = follow(log, 50, ExecutionStatus.ERROR)
    assert next(shown) == "first"
    log.write("bad", "error", 1)
    assert next(shown) == "bad"
    log.write("slow", "error", -100)
    assert next(shown) == "slow"


@pytest.mark.parametrize("clock", [timedelta(hours=-1), timedelta(hours=1)])
def test_an_empty_log_whose_clock_differs(log: Log, clock: timedelta) -> None:
    log.on_sleep.append(lambda: log.write("first", "success", clock.total_seconds()))
    assert next(follow(log)) == "first"
