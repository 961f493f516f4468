"""Hours and days, also where clocks are changed."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portway.application.ports.log_queries import Bucket
from portway.application.usage_steps import steps_between


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def days(since: str, until: str, zone: str) -> list[str]:
    steps = steps_between(at(since), at(until), Bucket.DAY, ZoneInfo(zone))
    assert all(step.tzinfo is UTC for step in steps)
    return [f"{step:%m-%d %H:%M}" for step in steps]


def test_hours_are_those_of_utc() -> None:
    steps = steps_between(
        at("2026-03-29T00:30Z"), at("2026-03-29T03:00Z"), Bucket.HOUR, ZoneInfo("Asia/Kolkata")
    )
    assert [f"{step:%H:%M}" for step in steps] == ["00:00", "01:00", "02:00"]
    assert (
        len(steps_between(at("2026-03-29T00:30Z"), at("2026-03-29T03:01Z"), Bucket.HOUR, ZoneInfo("UTC")))
        == 4
    )


def test_days_begin_at_midnight_of_the_zone() -> None:
    assert days("2026-03-28T12:00Z", "2026-03-31T00:00Z", "Europe/Berlin") == [
        *("03-27 23:00", "03-28 23:00", "03-29 22:00", "03-30 22:00"),
    ]
    assert days("2026-10-24T22:00Z", "2026-10-25T23:00Z", "Europe/Berlin") == ["10-24 22:00"]
    assert days("2026-06-01T00:00Z", "2026-06-02T00:00Z", "Asia/Kathmandu") == ["05-31 18:15", "06-01 18:15"]
    assert days("2026-06-01T00:00Z", "2026-06-02T00:00Z", "UTC") == ["06-01 00:00"]


@pytest.mark.parametrize("zone", ["America/Havana", "Asia/Beirut", "Africa/Cairo", "America/Santiago"])
def test_a_midnight_that_does_not_exist_or_comes_twice(zone: str) -> None:
    """Clocks are changed at midnight there: no day is lost, none is empty, and each moment has one."""
    since = at("2026-01-01T00:00Z")
    steps = steps_between(since, since + timedelta(days=365), Bucket.DAY, ZoneInfo(zone))
    lengths = {after - before for before, after in itertools.pairwise(steps)}
    assert lengths == {timedelta(hours=23), timedelta(hours=24), timedelta(hours=25)}
    assert steps[0] <= since < steps[1]
    assert len(steps) == 366
