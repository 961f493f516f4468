"""Invitations on PostgreSQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import sql

from portway.application.ports.tenancy_records import CreatedInvitation
from portway.domain.errors import Forbidden, NotFound
from portway.domain.organization import Invitation, Role
from portway.infrastructure.postgres.database import Connection
from portway.infrastructure.postgres.statements import rows_of

_SHOWN = """
SELECT i.id, i.organization_id, i.workspace_id, i.email, i.role, i.expires_at, i.created_at, i.mailed, i.invited_by,
    w.name AS workspace_name, u.email AS invited_by_email, u.name AS invited_by_name
FROM public.invitations AS i
LEFT JOIN public.workspaces AS w ON w.id = i.workspace_id
LEFT JOIN public.users AS u ON u.id = i.invited_by
WHERE i.accepted_at IS NULL AND i.expires_at > now()
"""
_LIST = sql.SQL(
    _SHOWN
    + """
    AND (%(workspace_id)s::uuid IS NULL OR i.workspace_id = %(workspace_id)s)
    AND (%(after)s::uuid IS NULL OR i.id > %(after)s)
ORDER BY i.id LIMIT %(limit)s
"""
)
_GET = sql.SQL(_SHOWN + "AND i.id = %s")
_CREATE = sql.SQL("SELECT * FROM app.create_invitation(current_setting('portway.pass'), %s, %s, %s, %s)")
_RENEW = sql.SQL("SELECT app.renew_invitation(current_setting('portway.pass'), %s, %s) AS token")
_ACCEPT = sql.SQL("SELECT app.accept_invitation(current_setting('portway.pass'), %s) AS workspace_id")
_DELETE = sql.SQL("DELETE FROM public.invitations WHERE id = %s RETURNING id")


class PostgresInvitationRepository:
    """The invitations that row-level security lets the transaction's caller see."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list(
        self, *, workspace_id: UUID | None, after: UUID | None, limit: int
    ) -> Sequence[Invitation]:
        values = {"workspace_id": workspace_id, "after": after, "limit": limit}
        return [_invitation(row) for row in await rows_of(self._connection, _LIST, values)]

    async def get(self, invitation_id: UUID) -> Invitation:
        rows = await rows_of(self._connection, _GET, [invitation_id])
        if not rows:
            raise NotFound("There is no such open invitation to a workspace that you administer.")
        return _invitation(rows[0])

    async def create(self, workspace_id: UUID, email: str, role: Role, *, mailed: bool) -> CreatedInvitation:
        values = [workspace_id, email, role.value, mailed]
        row = (await rows_of(self._connection, _CREATE, values))[0]
        return CreatedInvitation(await self.get(row["id"]), row["token"])

    async def renew(self, invitation_id: UUID, *, mailed: bool) -> CreatedInvitation:
        token = (await rows_of(self._connection, _RENEW, [invitation_id, mailed]))[0]["token"]
        return CreatedInvitation(await self.get(invitation_id), token)

    async def accept(self, token: str) -> UUID | None:
        joined: UUID | None = (await rows_of(self._connection, _ACCEPT, [token]))[0]["workspace_id"]
        return joined

    async def delete(self, invitation_id: UUID) -> None:
        await self.get(invitation_id)
        if not await rows_of(self._connection, _DELETE, [invitation_id]):
            raise Forbidden("Only an owner or admin of the workspace may withdraw an invitation.")


def _invitation(row: dict[str, Any]) -> Invitation:
    return Invitation(**row | {"role": Role(row["role"])})
