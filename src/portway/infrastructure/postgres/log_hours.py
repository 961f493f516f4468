"""Where in time the executions are that somebody looks for, by the hours that are counted already.

Nothing in the log is indexed by how an execution ended, as that would make every execution dearer. What is counted by
the hour tells which hours have some, so that only those are read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from psycopg import sql

from portway.application.ports.log_queries import LogFilter, LogPosition
from portway.infrastructure.postgres.log_conditions import conditions, values_of
from portway.infrastructure.postgres.log_page import Query, Range
from portway.infrastructure.postgres.usage_query import counted_in, whose
from portway.infrastructure.postgres.usage_ranges import BEGINNING, END, HOUR, UsageState, hour_of

# Of one workspace, the index has the hours in this order: no more of them are read than are needed.
_HOURS = sql.SQL("""
SELECT l.hour, sum(l.executions)::bigint AS executions FROM {table} AS l
WHERE {whose} AND l.hour >= %(first)s AND l.hour < %(last)s
    AND l.hour <> ALL (%(unsettled)s::timestamptz[]) {conditions}
GROUP BY l.hour ORDER BY l.hour DESC LIMIT %(hours)s
""")


def is_selective(criteria: LogFilter) -> bool:
    """Whether it may fit so few executions that it is worth to look where they are."""
    return criteria.query is None and (
        criteria.is_of_outcome or criteria.integration is not None or criteria.action is not None
    )


def hours(criteria: LogFilter, end: datetime, limit: int, state: UsageState) -> Query:
    """The newest hours before `end` that have executions that fit, and how many each has; no more hours than a page of
    `limit` may need.
    """
    values = values_of(criteria) | {
        "first": hour_of(criteria.since or BEGINNING),
        "last": min(end, state.counted_until or BEGINNING),
        "unsettled": list(state.unsettled),
        # The first and the last may have none in the part of them that is asked for.
        "hours": limit + 2,
    }
    query = _HOURS.format(
        table=counted_in(criteria),
        whose=whose(criteria),
        conditions=conditions(replace(criteria, since=None, until=None)),
    )
    return query, values


def parts(found: Sequence[Mapping[str, Any]], end: datetime, limit: int, state: UsageState) -> list[Range]:
    """The ranges of the log to read for a page of `limit` that ends at `end`, of what `hours` found: none twice, also
    while counting begins anew, when unsettled hours may be among those that are not counted.
    """
    until = state.counted_until or BEGINNING
    unsettled = ((hour, hour + HOUR) for hour in state.unsettled if hour < until)
    return [(until, END), *unsettled, *_needed(found, end, limit)]


def end_of(criteria: LogFilter, after: LogPosition | None) -> datetime:
    """Nothing that is asked for is later."""
    end = after.executed_at + timedelta(microseconds=1) if after else END
    return min(end, criteria.until or END)


def _needed(
    found: Sequence[Mapping[str, Any]], end: datetime, limit: int
) -> Iterator[tuple[datetime, datetime]]:
    missing = limit
    for row in found:
        hour: datetime = row["hour"]
        yield hour, hour + HOUR
        # Of the hour at the end, only a part is asked for, which may have none.
        if hour + HOUR <= end:
            missing -= row["executions"]
        if missing <= 0:
            return
