"""Connections on PostgreSQL; their secrets are the vault's affair."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import sql

from portway.application.ports.log_queries import ConnectionFilter
from portway.domain.connection import Connection, ConnectionStatus
from portway.domain.errors import Forbidden, NotFound
from portway.infrastructure.postgres import database
from portway.infrastructure.postgres.statements import containing, rows_of

# Nobody writes `expired`: it is what an access token becomes that nothing can refresh.
_COLUMNS = sql.SQL("""
    c.id, c.user_id, c.workspace_id, c.organization_id, c.integration_id, c.name, c.origins, c.scopes, c.config,
    c.expires_at, c.created_at, c.last_used_at, c.account_id, c.account_name, c.end_user_id, c.oauth_client_id,
    i.slug AS integration_slug,
    CASE WHEN c.status = 'active' AND c.expires_at < now() AND i.auth_type = 'oauth2' AND NOT EXISTS (
        SELECT FROM public.encrypted_credentials AS e WHERE e.connection_id = c.id AND e.for_renewal
    ) THEN 'expired' ELSE c.status END AS status
""")

# Workspace by workspace, so that each is read along its index and no further than the page needs.
_LIST = sql.SQL("""
SELECT found.* FROM unnest((SELECT app.current_workspaces())::uuid[]) AS mine (id)
CROSS JOIN LATERAL (
    SELECT shown.* FROM (
        SELECT {columns}
        FROM public.connections AS c JOIN public.integrations AS i ON i.id = c.integration_id
        WHERE c.workspace_id = mine.id
            AND (%(user_id)s::uuid IS NULL OR c.user_id = %(user_id)s)
            AND (%(integration)s::text IS NULL OR i.slug = %(integration)s)
            AND (%(account_id)s::text IS NULL OR c.account_id = %(account_id)s)
            AND (%(end_user_id)s::text IS NULL OR c.end_user_id = %(end_user_id)s)
            AND (%(pattern)s::text IS NULL OR c.name ILIKE %(pattern)s)
            AND (%(after)s::uuid IS NULL OR c.id < %(after)s)
    ) AS shown
    WHERE %(status)s::text IS NULL OR shown.status = %(status)s
    ORDER BY shown.id DESC LIMIT %(limit)s
) AS found
WHERE %(workspace_id)s::uuid IS NULL OR mine.id = %(workspace_id)s
ORDER BY found.id DESC LIMIT %(limit)s
""").format(columns=_COLUMNS)

_GET = sql.SQL("""
SELECT {columns}
FROM public.connections AS c JOIN public.integrations AS i ON i.id = c.integration_id
WHERE c.id = %s
""").format(columns=_COLUMNS)

_RENAME = sql.SQL("UPDATE public.connections SET name = %s WHERE id = %s RETURNING id")


class PostgresConnectionRepository:
    """The connections that row-level security lets the transaction's caller see and rename."""

    def __init__(self, connection: database.Connection) -> None:
        self._connection = connection

    async def list(
        self, criteria: ConnectionFilter, *, after: UUID | None, limit: int
    ) -> Sequence[Connection]:
        rows = await rows_of(
            self._connection,
            _LIST,
            {
                "workspace_id": criteria.workspace_id,
                "integration": criteria.integration,
                "user_id": criteria.user_id,
                "status": criteria.status,
                "account_id": criteria.account_id,
                "end_user_id": criteria.end_user_id,
                "pattern": containing(criteria.query),
                "after": after,
                "limit": limit,
            },
        )
        return [_connection(row) for row in rows]

    async def get(self, connection_id: UUID) -> Connection:
        rows = await rows_of(self._connection, _GET, [connection_id])
        if not rows:
            raise NotFound("There is no such connection in a workspace that you belong to.")
        return _connection(rows[0])

    async def rename(self, connection_id: UUID, name: str) -> None:
        await self.get(connection_id)
        if not await rows_of(self._connection, _RENAME, [name, connection_id]):
            raise Forbidden("Only its owner or an admin of the workspace may rename a connection.")


def _connection(row: dict[str, Any]) -> Connection:
    return Connection(
        **row
        | {
            "status": ConnectionStatus(row["status"]),
            "origins": tuple(row["origins"]),
            "scopes": tuple(row["scopes"]),
        }
    )
