"""The audit log on PostgreSQL: for reading only, as the functions alone write it."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import errors, sql

from portway.application.ports.log_queries import LogCount, LogFilter, LogPosition, Usage, UsageQuestion
from portway.domain.errors import NotFound, Unavailable
from portway.domain.execution import ExecutionLog, ExecutionStatus
from portway.infrastructure.postgres import log_hours, usage_query
from portway.infrastructure.postgres.database import Connection
from portway.infrastructure.postgres.log_conditions import conditions
from portway.infrastructure.postgres.log_page import NEWEST, Range, page
from portway.infrastructure.postgres.statements import rows_of
from portway.infrastructure.postgres.usage_ranges import UsageState

# A question that would read for longer than this is better asked again with a shorter time.
_STATEMENT_TIMEOUT = "20s"
_RETRY_SECONDS = 60.0
# So that the groups of a month fit.
_WORK_MEM = "32MB"

_SHOWN = sql.SQL("""
SELECT l.id, l.executed_at, l.status, l.user_id, l.organization_id, l.workspace_id, l.connection_id, l.action_id,
    i.slug AS integration, coalesce(a.slug, (
        SELECT b.slug FROM (VALUES ('http-request'), ('verify-connection')) AS b (slug)
        WHERE md5(l.integration_id::text || ' ' || b.slug)::uuid = l.action_id
    )) AS action, l.request_payload, l.response_payload, l.payload_truncated,
    l.status_code, l.error_code, l.duration_ms, l.attempts,
    l.integration_id, i.name AS integration_name, a.name AS action_name, c.name AS connection_name, c.end_user_id,
    u.name AS user_name, u.email AS user_email
FROM {rows} AS l
LEFT JOIN public.integrations AS i ON i.id = l.integration_id
LEFT JOIN public.actions AS a ON a.id = l.action_id
LEFT JOIN public.connections AS c ON c.id = l.connection_id
LEFT JOIN public.users AS u ON u.id = l.user_id
""")

# By the id's own time, so that one partition is read and not all.
_GET = _SHOWN.format(rows=sql.SQL("public.api_logs")) + sql.SQL(
    "WHERE l.executed_at = app.uuid_v7_time(%(id)s) AND l.id = %(id)s"
)

_WITH_PAYLOADS, _WITHOUT_PAYLOADS = (
    sql.SQL("""
        l.id, l.executed_at, l.status, l.user_id, l.organization_id, l.workspace_id, l.connection_id, l.integration_id,
        l.action_id, {payloads}, l.payload_truncated, l.status_code, l.error_code, l.duration_ms, l.attempts
    """).format(payloads=sql.SQL(payloads))
    for payloads in (
        "l.request_payload, l.response_payload",
        "NULL::jsonb AS request_payload, NULL::jsonb AS response_payload",
    )
)

_AT = sql.SQL("""(
    SELECT l.* FROM unnest(%(times)s::timestamptz[], %(ids)s::uuid[]) AS wanted (executed_at, id)
    CROSS JOIN LATERAL (
        SELECT {columns} FROM public.api_logs AS l WHERE l.executed_at = wanted.executed_at AND l.id = wanted.id
    ) AS l
)""")

_COUNTED_AT_MOST = 10_000

_USAGE_STATE = sql.SQL("SELECT counted_until, unsettled FROM app.usage_state()")

# Refusals in no workspace of the caller's are not usage, but in the log.
_COUNT_NOWHERE = sql.SQL("""
SELECT count(*) FROM public.api_logs AS l
WHERE l.workspace_id IS NULL AND l.user_id = (SELECT app.current_user_id()) AND %(workspace_id)s::uuid IS NULL
    {conditions}
""")

_COUNT = sql.SQL("SELECT count(*) AS count FROM {rows} AS l")
_KEY = sql.SQL("l.id, l.executed_at")


class PostgresLogRepository:
    """The executions that row-level security lets the transaction's caller see."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list(
        self, criteria: LogFilter, *, after: LogPosition | None, limit: int, payloads: bool = True
    ) -> Sequence[ExecutionLog]:
        parts = await self._parts(criteria, after, limit)
        rows, values = page(criteria, after, limit, _WITH_PAYLOADS if payloads else _WITHOUT_PAYLOADS, parts)
        query = _SHOWN.format(rows=rows) + NEWEST
        return [_log(row) for row in await self._within_limit(query, values, in_order=True)]

    async def _parts(
        self, criteria: LogFilter, after: LogPosition | None, limit: int
    ) -> Sequence[Range] | None:
        if not log_hours.is_selective(criteria):
            return None
        state = await self._usage_state()
        if state.counted_until is None:
            return None
        end = log_hours.end_of(criteria, after)
        found = await self._within_limit(*log_hours.hours(criteria, end, limit, state), in_order=True)
        return log_hours.parts(found, end, limit, state)

    async def get(self, execution_id: UUID) -> ExecutionLog:
        rows = await rows_of(self._connection, _GET, {"id": execution_id})
        if not rows:
            raise NotFound("There is no such execution in a workspace that you belong to.")
        return _log(rows[0])

    async def several(
        self, positions: Sequence[LogPosition], *, payloads: bool = True
    ) -> Sequence[ExecutionLog]:
        rows = _AT.format(columns=_WITH_PAYLOADS if payloads else _WITHOUT_PAYLOADS)
        values = {
            "times": [position.executed_at for position in positions],
            "ids": [position.id for position in positions],
        }
        return [_log(row) for row in await self._within_limit(_SHOWN.format(rows=rows), values)]

    async def count(self, criteria: LogFilter) -> LogCount:
        if criteria.query is None:
            query, values = usage_query.counting(criteria, await self._usage_state())
            nowhere = _COUNT_NOWHERE.format(conditions=conditions(criteria))
            counts = await self._within_limit(sql.SQL("{} UNION ALL {}").format(query, nowhere), values)
            return LogCount(sum(row["count"] for row in counts), exact=True)
        rows, values = page(criteria, None, _COUNTED_AT_MOST + 1, _KEY)
        (row,) = await self._within_limit(_COUNT.format(rows=rows), values, in_order=True)
        return LogCount(min(row["count"], _COUNTED_AT_MOST), exact=row["count"] <= _COUNTED_AT_MOST)

    async def usage(self, question: UsageQuestion) -> Usage:
        query, values = usage_query.statement(question, await self._usage_state())
        rows = await self._within_limit(query, values)
        # There may be thousands of rows: beside the loop, so that nobody's execution waits for their percentiles.
        return await asyncio.to_thread(usage_query.usage_of, rows)

    async def _usage_state(self) -> UsageState:
        (row,) = await rows_of(self._connection, _USAGE_STATE, {})
        return UsageState(row["counted_until"], tuple(row["unsettled"]))

    async def _within_limit(
        self, query: sql.Composed, values: dict[str, object], *, in_order: bool = False
    ) -> Sequence[dict[str, Any]]:
        """With `in_order`, rows are read in an index's order, as many as are wanted: the planner, who cannot know how
        many rows a workspace has, would rather read and sort them all.
        """
        await self._connection.execute(
            "SELECT set_config('statement_timeout', %s, true), set_config('work_mem', %s, true),"
            " set_config('enable_sort', %s, true), set_config('enable_bitmapscan', %s, true)",
            [_STATEMENT_TIMEOUT, _WORK_MEM, *[("off" if in_order else "on")] * 2],
        )
        try:
            return await rows_of(self._connection, query, values)
        except errors.QueryCanceled as error:
            raise Unavailable(
                f"The answer would have taken longer than {_STATEMENT_TIMEOUT}; ask for a shorter time, or for less.",
                retry_after_seconds=_RETRY_SECONDS,
            ) from error


def _log(row: dict[str, Any]) -> ExecutionLog:
    return ExecutionLog(**row | {"status": ExecutionStatus(row["status"])})
