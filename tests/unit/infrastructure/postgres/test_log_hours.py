"""Which ranges of the log a page is read from."""

from datetime import UTC, datetime, timedelta

from portway.infrastructure.postgres.log_hours import parts
from portway.infrastructure.postgres.usage_ranges import BEGINNING, END, HOUR, UsageState

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def found(*hours: datetime) -> list[dict[str, object]]:
    return [{"hour": hour, "executions": 5} for hour in hours]


def test_what_is_not_counted_and_what_is_not_settled_and_as_many_hours_as_the_page_needs() -> None:
    state = UsageState(NOON, (NOON - 2 * HOUR,))
    three = [NOON - n * HOUR for n in (1, 3, 4)]
    assert parts(found(*three), END, 10, state) == [
        (NOON, END),
        (NOON - 2 * HOUR, NOON - HOUR),
        (three[0], NOON),
        (three[1], NOON - 2 * HOUR),
    ]


def test_the_hour_in_which_the_page_begins_may_have_none() -> None:
    (first, second) = NOON - HOUR, NOON - 3 * HOUR
    ranges = parts(found(first, second), NOON - timedelta(minutes=30), 5, UsageState(NOON))
    assert ranges == [(NOON, END), (first, NOON), (second, NOON - 2 * HOUR)]


def test_no_range_comes_twice_while_counting_begins_anew() -> None:
    anew = NOON - timedelta(days=30)
    assert parts([], END, 10, UsageState(anew, (NOON - 2 * HOUR,))) == [(anew, END)]
    assert parts([], END, 10, UsageState(None, (NOON - 2 * HOUR,))) == [(BEGINNING, END)]
