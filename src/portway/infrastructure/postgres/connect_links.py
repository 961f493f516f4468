"""Connect links on PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from portway.application.ports.connect_links import (
    ConnectLinkFilter,
    LinkedConnection,
    NewConnectLink,
    OpenedLink,
)
from portway.domain.connect_link import ConnectLink, LinkStatus
from portway.domain.errors import Forbidden, NotFound
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.rows import integration_from
from portway.infrastructure.postgres.statements import rows_of

_SHOWN = """
SELECT l.id, l.user_id, l.workspace_id, l.organization_id, l.integration_id, i.slug AS integration_slug,
    l.end_user_id, l.created_at, l.expires_at, l.reconnect, l.connection_id, l.name, l.scopes, l.config,
    l.oauth_client, l.return_url, l.opened_at, l.used_at, l.revoked_at, i.name AS integration_name,
    u.email AS user_email, u.name AS user_name
FROM public.connect_links AS l JOIN public.integrations AS i ON i.id = l.integration_id
LEFT JOIN public.users AS u ON u.id = l.user_id
"""
_LIST = sql.SQL(
    _SHOWN
    + """
WHERE (%(workspace_id)s::uuid IS NULL OR l.workspace_id = %(workspace_id)s)
    AND (%(end_user_id)s::text IS NULL OR l.end_user_id = %(end_user_id)s)
    AND (%(integration)s::text IS NULL OR i.slug = %(integration)s)
    AND (
        %(status)s::text IS NULL OR %(status)s = CASE
            WHEN l.used_at IS NOT NULL THEN 'used' WHEN l.revoked_at IS NOT NULL THEN 'revoked'
            WHEN l.expires_at > now() THEN 'ready' ELSE 'expired'
        END
    )
    AND (%(after)s::uuid IS NULL OR l.id < %(after)s)
ORDER BY l.id DESC LIMIT %(limit)s
"""
)
_GET = sql.SQL(_SHOWN + "WHERE l.id = %s")
_REVOKE = sql.SQL(
    "UPDATE public.connect_links SET revoked_at = coalesce(revoked_at, now()) WHERE id = %s RETURNING id"
)
_CREATE = sql.SQL("SELECT * FROM app.create_connect_link(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)")
_OPEN = sql.SQL("SELECT * FROM app.open_connect_link(%s)")


class PostgresConnectLinks:
    """Links as row-level security shows them; a token opens one without a caller."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, sealed_pass: str, link: NewConnectLink) -> tuple[UUID, str]:
        """See the port."""
        values = [
            sealed_pass, link.workspace_id, link.integration_id, link.connection_id, link.end_user_id, link.name,
            list(link.scopes) if link.scopes is not None else None, Jsonb(link.config), link.oauth_client,
            link.return_url, link.lifetime,
        ]  # fmt: skip
        async with self._database.connection() as connection:
            row = (await rows_of(connection, _CREATE, values))[0]
        return row["id"], row["token"]

    async def list(
        self, sealed_pass: str, criteria: ConnectLinkFilter, *, after: UUID | None, limit: int
    ) -> Sequence[ConnectLink]:
        """See the port."""
        values = {**asdict(criteria), "after": after, "limit": limit}
        async with self._database.transaction(sealed_pass) as connection:
            return [_link(row) for row in await rows_of(connection, _LIST, values)]

    async def get(self, sealed_pass: str, link_id: UUID) -> ConnectLink:
        """See the port."""
        async with self._database.transaction(sealed_pass) as connection:
            rows = await rows_of(connection, _GET, [link_id])
        if not rows:
            raise NotFound("There is no such connect link in a workspace that you belong to.")
        return _link(rows[0])

    async def revoke(self, sealed_pass: str, link_id: UUID) -> None:
        """See the port."""
        await self.get(sealed_pass, link_id)
        async with self._database.transaction(sealed_pass) as connection:
            if not await rows_of(connection, _REVOKE, [link_id]):
                raise Forbidden("Only its maker or an admin of the workspace may revoke a connect link.")

    async def open(self, token: str) -> OpenedLink | None:
        """See the port."""
        async with self._database.connection() as connection:
            rows = await rows_of(connection, _OPEN, [token])
        return _opened(rows[0]) if rows else None


def _link(row: dict[str, Any]) -> ConnectLink:
    return ConnectLink(**row | {"scopes": _tuple(row["scopes"])})


def _opened(row: dict[str, Any]) -> OpenedLink:
    connected = None
    if row["connection_id"] is not None:
        connected = LinkedConnection(
            id=row["connection_id"],
            name=row["connection_name"],
            account_name=row["account_name"],
            scopes=tuple(row["connection_scopes"]),
            config=row["connection_config"],
        )
    same = (
        "organization_name",
        "workspace_name",
        "workspace_id",
        "reconnect",
        "name",
        "config",
        "oauth_client",
    )
    return OpenedLink(
        id=row["id"],
        status=LinkStatus(row["state"]),
        sealed_pass=row["link_pass"] or "",
        integration=integration_from(row["integration"]),
        connection=connected,
        scopes=_tuple(row["scopes"]),
        return_url=row["return_url"],
        **{name: row[name] for name in same},
    )


def _tuple(values: Sequence[str] | None) -> tuple[str, ...] | None:
    return tuple(values) if values is not None else None
