"""Connections on PostgreSQL; their secrets are the vault's affair."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import sql

from portway.application.ports.log_queries import ConnectionFilter
from portway.domain.connection import (
    Connection,
    ConnectionDetails,
    ConnectionStatus,
    Owner,
    StatusReason,
)
from portway.domain.errors import Forbidden, NotFound
from portway.domain.integration import AuthType
from portway.domain.organization import Role
from portway.infrastructure.postgres import database
from portway.infrastructure.postgres.statements import containing, rows_of

_MEMBERS = Connection.__struct_fields__

# Nobody writes `expired`: it is what an access token becomes that nothing can refresh.
_COLUMNS = sql.SQL("""
    c.id, c.user_id, c.workspace_id, c.organization_id, c.integration_id, c.name, c.origins, c.scopes, c.config,
    c.expires_at, c.created_at, c.last_used_at, c.account_id, c.account_name, c.end_user_id, c.oauth_client_id,
    i.slug AS integration_slug,
    CASE WHEN c.status = 'active' AND c.expires_at < now() AND i.auth_type = 'oauth2' AND NOT EXISTS (
        SELECT FROM public.encrypted_credentials AS e WHERE e.connection_id = c.id AND e.for_renewal
    ) THEN 'expired' ELSE c.status END AS status
""")

_DETAILS = sql.SQL("""{columns}, i.name AS integration_name, i.auth_type, c.status_reason, c.status_since,
    u.email AS owner_email, u.name AS owner_name, m.role,
    c.workspace_id = ANY ((SELECT app.administered_workspaces())::uuid[]) AS administered
    FROM public.connections AS c JOIN public.integrations AS i ON i.id = c.integration_id
    LEFT JOIN public.users AS u ON u.id = c.user_id
    LEFT JOIN public.workspace_members AS m
        ON m.workspace_id = c.workspace_id AND m.user_id = (SELECT app.current_user_id())
""").format(columns=_COLUMNS)

# Workspace by workspace, so that each is read along its index and no further than the page needs.
_LIST = sql.SQL("""
SELECT found.* FROM unnest((SELECT app.current_workspaces())::uuid[]) AS mine (id)
CROSS JOIN LATERAL (
    SELECT shown.* FROM (
        SELECT {details}
        WHERE c.workspace_id = mine.id
            AND (%(user_id)s::uuid IS NULL OR c.user_id = %(user_id)s)
            AND (%(integration)s::text IS NULL OR i.slug = %(integration)s)
            AND (%(account_id)s::text IS NULL OR c.account_id = %(account_id)s)
            AND (%(end_user_id)s::text IS NULL OR c.end_user_id = %(end_user_id)s)
            AND (
                %(pattern)s::text IS NULL
                OR concat_ws(' ', c.name, c.account_name, c.end_user_id, i.name) ILIKE %(pattern)s
            )
            AND (%(after)s::uuid IS NULL OR c.id < %(after)s)
    ) AS shown
    WHERE %(statuses)s::text[] = '{{}}' OR shown.status = ANY (%(statuses)s)
    ORDER BY shown.id DESC LIMIT %(limit)s
) AS found
WHERE %(workspace_id)s::uuid IS NULL OR mine.id = %(workspace_id)s
ORDER BY found.id DESC LIMIT %(limit)s
""").format(details=_DETAILS)

_DESCRIBE = sql.SQL("SELECT {details} WHERE c.id = %s").format(details=_DETAILS)

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
    ) -> Sequence[ConnectionDetails]:
        rows = await rows_of(
            self._connection,
            _LIST,
            {
                "workspace_id": criteria.workspace_id,
                "integration": criteria.integration,
                "user_id": criteria.user_id,
                "statuses": [status.value for status in criteria.statuses],
                "account_id": criteria.account_id,
                "end_user_id": criteria.end_user_id,
                "pattern": containing(criteria.query),
                "after": after,
                "limit": limit,
            },
        )
        return [_details(row) for row in rows]

    async def get(self, connection_id: UUID) -> Connection:
        return _connection(await self._one(_GET, connection_id))

    async def describe(self, connection_id: UUID) -> ConnectionDetails:
        return _details(await self._one(_DESCRIBE, connection_id))

    async def rename(self, connection_id: UUID, name: str) -> None:
        await self.get(connection_id)
        if not await rows_of(self._connection, _RENAME, [name, connection_id]):
            raise Forbidden("Only its owner or an admin of the workspace may rename a connection.")

    async def _one(self, statement: sql.Composed, connection_id: UUID) -> dict[str, Any]:
        rows = await rows_of(self._connection, statement, [connection_id])
        if not rows:
            raise NotFound("There is no such connection in a workspace that you belong to.")
        return rows[0]


def _details(row: dict[str, Any]) -> ConnectionDetails:
    connection = _connection({name: row[name] for name in _MEMBERS})
    reason, since = row["status_reason"], row["status_since"]
    if connection.status is ConnectionStatus.EXPIRED:
        reason, since = StatusReason.TOKEN_EXPIRED, connection.expires_at
    return ConnectionDetails(
        connection,
        row["integration_name"],
        AuthType(row["auth_type"]),
        Owner(connection.user_id, row["owner_email"], row["owner_name"]),
        since,
        None if reason is None else StatusReason(reason),
        None if row["role"] is None else Role(row["role"]),
        row["administered"],
    )


def _connection(row: dict[str, Any]) -> Connection:
    return Connection(
        **row
        | {
            "status": ConnectionStatus(row["status"]),
            "origins": tuple(row["origins"]),
            "scopes": tuple(row["scopes"]),
        }
    )
