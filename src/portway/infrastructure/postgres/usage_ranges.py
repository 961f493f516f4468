"""Which part of a time is read from the hours that are counted, and which from the log itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)
BEGINNING, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""Nothing was executed before, nor is after."""


@dataclass(frozen=True, slots=True)
class UsageState:
    """Until when hours are counted (None: none are), and which of those are not settled yet."""

    counted_until: datetime | None
    unsettled: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranges:
    """Counted hours from `first` to before `last`, without the `left_out`; the log in the `live` ranges.

    Together they are the time that was asked for, and no moment is in both.
    """

    first: datetime
    last: datetime
    left_out: tuple[datetime, ...]
    live: tuple[tuple[datetime, datetime], ...]


def ranges(
    state: UsageState, since: datetime | None, until: datetime | None, borders: Iterable[datetime] = ()
) -> Ranges:
    """The hours that lie wholly within the time, are settled, and have none of the `borders` within them, are taken
    as they are counted.
    """
    since, until = since or BEGINNING, until or END
    first = hour_of(since + HOUR - timedelta(microseconds=1))
    last = min(state.counted_until or BEGINNING, hour_of(until))
    if first >= last:
        return Ranges(BEGINNING, BEGINNING, (), ((since, until),))
    split = {hour_of(border) for border in borders if border != hour_of(border)}
    left_out = sorted(hour for hour in split | set(state.unsettled) if first <= hour < last)
    live = [(since, first), *((hour, hour + HOUR) for hour in left_out), (last, until)]
    return Ranges(first, last, tuple(left_out), tuple((start, end) for start, end in live if start < end))


def hour_of(moment: datetime) -> datetime:
    """The beginning of its hour."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
