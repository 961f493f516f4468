"""A page of the log as SQL: one index scan for each place that its rows may be in, none longer than the page.

Places are the caller's workspaces, each in the ranges of time that may have what is looked for, or the connections of
an end user; and the caller's own refusals that name no workspace of theirs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg import sql

from portway.application.ports.log_queries import LogFilter, LogPosition
from portway.infrastructure.postgres.log_conditions import conditions, values_of

Range = tuple[datetime, datetime]
Query = tuple[sql.Composed, dict[str, object]]

NEWEST = sql.SQL("ORDER BY l.executed_at DESC, l.id DESC")

# The first condition says nothing new, but is what partitions are chosen by.
_AFTER: LiteralString = (
    " AND l.executed_at <= %(after_time)s AND (l.executed_at, l.id) < (%(after_time)s, %(after_id)s::uuid)"
)

_OF_WORKSPACES = sql.SQL("""
SELECT l.* FROM unnest((SELECT app.current_workspaces())::uuid[]) AS mine (id)
{parts}
CROSS JOIN LATERAL (
    SELECT {columns} FROM public.api_logs AS l WHERE l.workspace_id = mine.id {within} {conditions}
    {newest} LIMIT %(limit)s
) AS l
WHERE %(workspace_id)s::uuid IS NULL OR mine.id = %(workspace_id)s
""")

# Of a connection there may be few among a workspace's many: the workspace is no reason to read its index.
_OF_CONNECTION = sql.SQL("""
SELECT l.* FROM (VALUES (true)) AS one
{parts}
CROSS JOIN LATERAL (
    SELECT {columns} FROM public.api_logs AS l
    WHERE coalesce(l.workspace_id = %(workspace_id)s, %(workspace_id)s::uuid IS NULL) {within} {conditions}
    {newest} LIMIT %(limit)s
) AS l
""")

_PARTS: LiteralString = (
    "CROSS JOIN unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS part (start, until)"
)
_WITHIN: LiteralString = "AND l.executed_at >= part.start AND l.executed_at < part.until"

_OF_NO_WORKSPACE = sql.SQL("""
SELECT l.* FROM (
    SELECT {columns} FROM public.api_logs AS l
    WHERE l.workspace_id IS NULL AND l.user_id = (SELECT app.current_user_id()) AND %(workspace_id)s::uuid IS NULL
        {conditions}
    {newest} LIMIT %(limit)s
) AS l
""")

# An end user has few connections; who has written only a letter gets some.
_OF_END_USER = sql.SQL("""
SELECT l.* FROM (
    SELECT c.id, c.workspace_id FROM public.connections AS c
    WHERE c.workspace_id = ANY ((SELECT app.current_workspaces())::uuid[]) AND c.end_user_id ^@ %(query)s
        AND (%(workspace_id)s::uuid IS NULL OR c.workspace_id = %(workspace_id)s)
    ORDER BY c.end_user_id, c.id LIMIT 100
) AS theirs
CROSS JOIN LATERAL (
    SELECT {columns} FROM public.api_logs AS l
    WHERE l.connection_id = theirs.id AND l.workspace_id = theirs.workspace_id {conditions}
    {newest} LIMIT %(limit)s
) AS l
""")

_NEWEST_OF_ALL = sql.SQL("(SELECT l.* FROM ({places}) AS l {newest} LIMIT %(limit)s)")

_ID_DIGITS = 32
_HEXADECIMAL = frozenset("0123456789abcdef")
_OF_ID: LiteralString = """
    AND l.executed_at BETWEEN %(first_time)s AND %(last_time)s AND l.id BETWEEN %(first_id)s AND %(last_id)s
"""
_NOT_OF_ID: LiteralString = " AND l.id NOT BETWEEN %(first_id)s AND %(last_id)s"
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MILLISECOND = 10**14  # in the year 5138


@dataclass(frozen=True, slots=True)
class _Ids:
    """All ids that begin with some digits, and so with some time (RFC 9562, section 5.7)."""

    first: UUID
    last: UUID

    @property
    def values(self) -> dict[str, object]:
        """What the conditions name: the ids, and when executions with such an id were begun."""
        return {
            "first_id": self.first,
            "last_id": self.last,
            "first_time": _time_of(self.first),
            "last_time": _time_of(self.last),
        }


def page(
    criteria: LogFilter,
    after: LogPosition | None,
    limit: int,
    columns: sql.Composable,
    parts: Sequence[Range] | None = None,
) -> Query:
    """The rows as `(SELECT ...)`, and the statement's values. Outside of the `parts` there is nothing that fits."""
    values = values_of(criteria) | {"limit": limit, "query": criteria.query}
    if after is not None:
        values |= {"after_time": after.executed_at, "after_id": after.id}
    if parts is not None:
        values |= {"starts": [start for start, _ in parts], "ends": [end for _, end in parts]}
    pieces = {
        "columns": columns,
        "newest": NEWEST,
        "parts": sql.SQL(_PARTS if parts is not None else ""),
        "within": sql.SQL(_WITHIN if parts is not None else ""),
    }
    ids = _ids(criteria.query)
    if ids is not None:
        values |= ids.values
    where = conditions(criteria) + sql.SQL(_AFTER if after else "")
    places = [
        place.format(conditions=where + sql.SQL(extra), **pieces) for place, extra in _places(criteria, ids)
    ]
    return _NEWEST_OF_ALL.format(places=sql.SQL(" UNION ALL ").join(places), newest=NEWEST), values


def _places(criteria: LogFilter, ids: _Ids | None) -> Iterable[tuple[sql.SQL, LiteralString]]:
    """Where to look, and for what besides the conditions."""
    if criteria.query is None and criteria.connection_id is not None:
        # Whatever names a connection names its workspace.
        return ((_OF_CONNECTION, ""),)
    if criteria.query is None:
        return (_OF_WORKSPACES, ""), (_OF_NO_WORKSPACE, "")
    if ids is None:
        return ((_OF_END_USER, ""),)
    return (_OF_WORKSPACES, _OF_ID), (_OF_NO_WORKSPACE, _OF_ID), (_OF_END_USER, _NOT_OF_ID)


def _ids(query: str | None) -> _Ids | None:
    digits = (query or "").replace("-", "").lower()
    if not digits or len(digits) > _ID_DIGITS or not _HEXADECIMAL.issuperset(digits):
        return None
    return _Ids(UUID(digits.ljust(_ID_DIGITS, "0")), UUID(digits.ljust(_ID_DIGITS, "f")))


def _time_of(execution_id: UUID) -> datetime:
    # The number may say a time beyond the end of the calendar.
    return _BEGINNING + timedelta(milliseconds=min(execution_id.int >> 80, _LAST_MILLISECOND))
