"""A log filter as SQL: only the conditions that it has, so that each can use its index."""

from typing import LiteralString
from uuid import UUID

from psycopg import sql

from portway.application.ports.log_queries import LogFilter

_BY_ID_OR_SLUG: dict[str, tuple[LiteralString, LiteralString]] = {
    "integration": (
        " AND l.integration_id = %(integration)s::uuid",
        " AND l.integration_id IN (SELECT n.id FROM public.integrations AS n WHERE n.slug = %(integration)s)",
    ),
    "action": (
        " AND l.action_id = %(action)s::uuid",
        # A built-in action's id is made of these two.
        """ AND (
            l.action_id IN (SELECT n.id FROM public.actions AS n WHERE n.slug = %(action)s)
            OR l.action_id = md5(l.integration_id::text || ' ' || %(action)s)::uuid
        )""",
    ),
}


_SIMPLE: dict[str, LiteralString] = {
    "since": " AND l.executed_at >= %(since)s",
    "until": " AND l.executed_at < %(until)s",
    "connection_id": " AND l.connection_id = %(connection_id)s",
    "user_id": " AND l.user_id = %(user_id)s",
    "status_code": " AND l.status_code = %(status_code)s",
    "error_code": " AND l.error_code = %(error_code)s",
}


def conditions(criteria: LogFilter) -> sql.SQL:
    """` AND ...` for each, on `l`, a row of api_logs. The workspace and `query` are left to others."""
    where: LiteralString = ""
    for member, condition in _SIMPLE.items():
        if getattr(criteria, member) is not None:
            where += condition
    if criteria.statuses:
        where += " AND l.status = ANY (%(statuses)s)"
    for member, (by_id, by_slug) in _BY_ID_OR_SLUG.items():
        wanted: str | None = getattr(criteria, member)
        if wanted is not None:
            where += by_id if _is_uuid(wanted) else by_slug
    return sql.SQL(where)


def values_of(criteria: LogFilter) -> dict[str, object]:
    """The values that the conditions name."""
    return {
        "since": criteria.since,
        "until": criteria.until,
        "workspace_id": criteria.workspace_id,
        "connection_id": criteria.connection_id,
        "user_id": criteria.user_id,
        "statuses": [status.value for status in criteria.statuses],
        "status_code": criteria.status_code,
        "error_code": criteria.error_code,
        "integration": criteria.integration,
        "action": criteria.action,
    }


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
