"""Actions on PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg import sql

from portway.application.ports.catalog_records import ActionChanges, NewAction
from portway.domain.action import Action
from portway.domain.errors import Forbidden, NotFound
from portway.infrastructure.postgres.database import Connection
from portway.infrastructure.postgres.statements import change, containing, insertion, rows_of

_COLUMNS = sql.SQL("""
    a.id, a.integration_id, a.slug, a.name, a.http_method, a.endpoint_path, a.description, a.request_schema,
    a.transform_config, a.rate_limits, a.scopes, a.handler, a.timeout_ms, a.version, a.updated_at
""")

_LIST = sql.SQL("""
SELECT {columns} FROM public.actions AS a
WHERE a.integration_id = %(integration_id)s
    AND (%(pattern)s::text IS NULL OR concat_ws(' ', a.slug, a.name, a.description) ILIKE %(pattern)s)
    AND (%(after)s::text IS NULL OR a.slug > %(after)s)
ORDER BY a.slug LIMIT %(limit)s
""").format(columns=_COLUMNS)

_GET = sql.SQL(
    "SELECT {columns} FROM public.actions AS a WHERE a.integration_id = %s AND a.slug = %s"
).format(columns=_COLUMNS)
_DELETE = sql.SQL("DELETE FROM public.actions AS a WHERE a.id = %s RETURNING a.id")


class PostgresActionRepository:
    """The actions that row-level security lets the transaction's caller see and change."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list(
        self, integration_id: UUID, *, query: str | None, after: str | None, limit: int
    ) -> Sequence[Action]:
        rows = await rows_of(
            self._connection,
            _LIST,
            {
                "integration_id": integration_id,
                "pattern": containing(query),
                "after": after,
                "limit": limit,
            },
        )
        return [_action(row) for row in rows]

    async def get(self, integration_id: UUID, slug: str) -> Action:
        rows = await rows_of(self._connection, _GET, [integration_id, slug])
        if not rows:
            raise NotFound("The integration has no such action.")
        return _action(rows[0])

    async def create(self, integration_id: UUID, action: NewAction) -> Action:
        row = {"integration_id": integration_id} | asdict(action)
        statement, values = insertion("actions", row, _COLUMNS)
        return _action((await rows_of(self._connection, statement, values))[0])

    async def change(self, action_id: UUID, changes: ActionChanges) -> Action:
        statement, values = change("actions", action_id, changes, _COLUMNS)
        rows = await rows_of(self._connection, statement, values)
        if not rows:
            raise Forbidden("Only an owner or admin of the organization may change its actions.")
        return _action(rows[0])

    async def delete(self, action_id: UUID) -> None:
        if not await rows_of(self._connection, _DELETE, [action_id]):
            raise Forbidden("Only an owner or admin of the organization may delete its actions.")


def _action(row: dict[str, Any]) -> Action:
    return Action(**row | {"scopes": tuple(row["scopes"]), "rate_limits": tuple(row["rate_limits"])})
