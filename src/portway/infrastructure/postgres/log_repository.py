"""The audit log on PostgreSQL: for reading only, as the functions alone write it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import errors, sql

from portway.application.ports.log_queries import (
    Bucket,
    LogFilter,
    LogPosition,
    Usage,
    UsageGroup,
)
from portway.domain.errors import NotFound, Unavailable
from portway.domain.execution import ExecutionLog, ExecutionStatus
from portway.infrastructure.postgres import usage_query
from portway.infrastructure.postgres.database import Connection
from portway.infrastructure.postgres.log_conditions import conditions, values_of
from portway.infrastructure.postgres.statements import rows_of

# A question that would read for longer than this is better asked again with a shorter time.
_STATEMENT_TIMEOUT = "20s"
_RETRY_SECONDS = 60.0

_SHOWN = sql.SQL("""
SELECT l.id, l.executed_at, l.status, l.user_id, l.organization_id, l.workspace_id, l.connection_id, l.action_id,
    i.slug AS integration, coalesce(a.slug, (
        SELECT b.slug FROM (VALUES ('http-request'), ('verify-connection')) AS b (slug)
        WHERE md5(l.integration_id::text || ' ' || b.slug)::uuid = l.action_id
    )) AS action, l.request_payload, l.response_payload, l.payload_truncated,
    l.status_code, l.error_code, l.duration_ms, l.attempts
FROM {rows} AS l
LEFT JOIN public.integrations AS i ON i.id = l.integration_id
LEFT JOIN public.actions AS a ON a.id = l.action_id
""")

# By the id's own time, so that one partition is read and not all.
_GET = _SHOWN.format(rows=sql.SQL("public.api_logs")) + sql.SQL(
    "WHERE l.executed_at = app.uuid_v7_time(%(id)s) AND l.id = %(id)s"
)

_ALL = sql.SQL("l.*")
_WITHOUT_PAYLOADS = sql.SQL("""
    l.id, l.executed_at, l.status, l.user_id, l.organization_id, l.workspace_id, l.connection_id, l.integration_id,
    l.action_id, NULL::jsonb AS request_payload, NULL::jsonb AS response_payload, l.payload_truncated, l.status_code,
    l.error_code, l.duration_ms, l.attempts
""")

_NEWEST = sql.SQL("ORDER BY l.executed_at DESC, l.id DESC")

# The first condition says nothing new, but is what partitions are chosen by.
_AFTER = sql.SQL(
    "AND l.executed_at <= %(after_time)s AND (l.executed_at, l.id) < (%(after_time)s, %(after_id)s::uuid)"
)

# One index scan for each workspace, none longer than the page.
_OF_WORKSPACES = sql.SQL("""
SELECT l.* FROM unnest((SELECT app.current_workspaces())::uuid[]) AS mine (id)
CROSS JOIN LATERAL (
    SELECT {columns} FROM public.api_logs AS l WHERE l.workspace_id = mine.id {conditions}
    {newest} LIMIT %(limit)s
) AS l
WHERE %(workspace_id)s::uuid IS NULL OR mine.id = %(workspace_id)s
""")

# The caller's own refusals that name no workspace of theirs.
_OF_NO_WORKSPACE = sql.SQL("""
SELECT l.* FROM (
    SELECT {columns} FROM public.api_logs AS l
    WHERE l.workspace_id IS NULL AND l.user_id = (SELECT app.current_user_id()) AND %(workspace_id)s::uuid IS NULL
        {conditions}
    {newest} LIMIT %(limit)s
) AS l
""")

_PAGE = sql.SQL(
    "(SELECT l.* FROM ({of_workspaces} UNION ALL {of_no_workspace}) AS l {newest} LIMIT %(limit)s)"
)


class PostgresLogRepository:
    """The executions that row-level security lets the transaction's caller see."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list(
        self, criteria: LogFilter, *, after: LogPosition | None, limit: int, payloads: bool = True
    ) -> Sequence[ExecutionLog]:
        values = values_of(criteria) | {"limit": limit}
        if after is not None:
            values |= {"after_time": after.executed_at, "after_id": after.id}
        query = _page(criteria, after, payloads=payloads)
        return [_log(row) for row in await self._within_limit(query, values)]

    async def get(self, execution_id: UUID) -> ExecutionLog:
        rows = await rows_of(self._connection, _GET, {"id": execution_id})
        if not rows:
            raise NotFound("There is no such execution in a workspace that you belong to.")
        return _log(rows[0])

    async def usage(self, criteria: LogFilter, *, bucket: Bucket, group: UsageGroup | None) -> Usage:
        query = usage_query.statement(criteria, bucket, group)
        return usage_query.usage_of(await self._within_limit(query, values_of(criteria)))

    async def _within_limit(self, query: sql.Composed, values: dict[str, object]) -> Sequence[dict[str, Any]]:
        await self._connection.execute(
            "SELECT set_config('statement_timeout', %s, true)", [_STATEMENT_TIMEOUT]
        )
        try:
            return await rows_of(self._connection, query, values)
        except errors.QueryCanceled as error:
            raise Unavailable(
                f"The answer would have taken longer than {_STATEMENT_TIMEOUT}; ask for a shorter time, or for less.",
                retry_after_seconds=_RETRY_SECONDS,
            ) from error


def _page(criteria: LogFilter, after: LogPosition | None, *, payloads: bool) -> sql.Composed:
    pieces = {
        "columns": _ALL if payloads else _WITHOUT_PAYLOADS,
        "conditions": conditions(criteria) + (_AFTER if after else sql.SQL("")),
        "newest": _NEWEST,
    }
    page = _PAGE.format(
        of_workspaces=_OF_WORKSPACES.format(**pieces),
        of_no_workspace=_OF_NO_WORKSPACE.format(**pieces),
        newest=_NEWEST,
    )
    return _SHOWN.format(rows=page) + _NEWEST


def _log(row: dict[str, Any]) -> ExecutionLog:
    return ExecutionLog(**row | {"status": ExecutionStatus(row["status"])})
