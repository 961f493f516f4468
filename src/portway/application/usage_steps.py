"""The steps that usage is counted in."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from portway.application.ports.log_queries import Bucket

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def steps_between(since: datetime, until: datetime, bucket: Bucket, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The beginnings of all steps that have a part in the time from `since` to before `until`, in UTC.

    Hours are those of UTC. Days begin at midnight in the zone, and are longer or shorter where its clocks are changed.
    """
    if bucket is Bucket.HOUR:
        first = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return tuple(first + number * _HOUR for number in range(-((first - until) // _HOUR)))
    midnight = since.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    starts: list[datetime] = []
    # As the clock on the wall goes: a day after midnight is midnight.
    while (start := midnight.astimezone(UTC)) < until:
        starts.append(start)
        midnight += _DAY
    return tuple(starts)
