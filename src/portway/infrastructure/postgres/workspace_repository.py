"""Workspaces and their members on PostgreSQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import errors, sql

from portway.domain.errors import Conflict, Forbidden, NotFound
from portway.domain.organization import Member, Role, Workspace
from portway.infrastructure.postgres.database import Connection
from portway.infrastructure.postgres.statements import rows_of

_SHOWN = """
SELECT w.id, w.organization_id, w.name, m.role, w.created_at, o.name AS organization_name,
    above.role AS organization_role
FROM public.workspaces AS w
JOIN public.organizations AS o ON o.id = w.organization_id
LEFT JOIN public.workspace_members AS m
    ON m.workspace_id = w.id AND m.user_id = (SELECT app.current_user_id())
LEFT JOIN public.organization_members AS above
    ON above.organization_id = w.organization_id AND above.user_id = (SELECT app.current_user_id())
"""
_LIST = sql.SQL(
    _SHOWN
    + """
WHERE (%(organization_id)s::uuid IS NULL OR w.organization_id = %(organization_id)s)
    AND (%(after)s::uuid IS NULL OR w.id > %(after)s)
ORDER BY w.id LIMIT %(limit)s
"""
)
_GET = sql.SQL(_SHOWN + "WHERE w.id = %s")
_CREATE = sql.SQL("SELECT app.create_workspace(current_setting('portway.pass'), %s, %s) AS id")
_RENAME = sql.SQL("UPDATE public.workspaces SET name = %s WHERE id = %s RETURNING id")
_DELETE = sql.SQL("DELETE FROM public.workspaces WHERE id = %s RETURNING id")
_LOCK = sql.SQL("SELECT pg_advisory_xact_lock(hashtextextended('workspace members ' || %s::text, 0))")

_MEMBER = """
SELECT m.workspace_id, m.user_id, u.email, u.name, m.role, m.created_at
FROM public.workspace_members AS m LEFT JOIN public.users AS u ON u.id = m.user_id
WHERE m.workspace_id = %(workspace_id)s
"""
_MEMBERS = sql.SQL(
    _MEMBER + "AND (%(after)s::uuid IS NULL OR m.user_id > %(after)s) ORDER BY m.user_id LIMIT %(limit)s"
)
_ONE_MEMBER = sql.SQL(_MEMBER + "AND m.user_id = %(user_id)s")
_OWNERS = sql.SQL("SELECT user_id FROM public.workspace_members WHERE workspace_id = %s AND role = 'owner'")
_ADD_MEMBER = sql.SQL("""
INSERT INTO public.workspace_members (workspace_id, organization_id, user_id, role) VALUES (%s, %s, %s, %s)
""")
_CHANGE_ROLE = sql.SQL("""
UPDATE public.workspace_members SET role = %s WHERE workspace_id = %s AND user_id = %s RETURNING user_id
""")
_REMOVE_MEMBER = sql.SQL("""
DELETE FROM public.workspace_members WHERE workspace_id = %s AND user_id = %s RETURNING user_id
""")


class PostgresWorkspaceRepository:
    """The workspaces that row-level security lets the transaction's caller see and change."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list(
        self, *, organization_id: UUID | None, after: UUID | None, limit: int
    ) -> Sequence[Workspace]:
        values = {"organization_id": organization_id, "after": after, "limit": limit}
        return [_workspace(row) for row in await rows_of(self._connection, _LIST, values)]

    async def get(self, workspace_id: UUID) -> Workspace:
        rows = await rows_of(self._connection, _GET, [workspace_id])
        if not rows:
            raise NotFound("You belong to no such workspace.")
        return _workspace(rows[0])

    async def create(self, organization_id: UUID, name: str) -> UUID:
        made: UUID = (await rows_of(self._connection, _CREATE, [organization_id, name]))[0]["id"]
        return made

    async def rename(self, workspace_id: UUID, name: str) -> None:
        await self.get(workspace_id)
        if not await rows_of(self._connection, _RENAME, [name, workspace_id]):
            raise Forbidden("Only an owner or admin of the workspace may rename it.")

    async def delete(self, workspace_id: UUID) -> None:
        await self.get(workspace_id)
        if not await rows_of(self._connection, _DELETE, [workspace_id]):
            raise Forbidden("Only an owner of the workspace or of its organization may delete it.")

    async def lock_members(self, workspace_id: UUID) -> None:
        await rows_of(self._connection, _LOCK, [workspace_id])

    async def members(self, workspace_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Member]:
        await self.get(workspace_id)
        values = {"workspace_id": workspace_id, "after": after, "limit": limit}
        return [_member(row) for row in await rows_of(self._connection, _MEMBERS, values)]

    async def member(self, workspace_id: UUID, user_id: UUID) -> Member:
        values = {"workspace_id": workspace_id, "user_id": user_id}
        rows = await rows_of(self._connection, _ONE_MEMBER, values)
        if not rows:
            raise NotFound("There is no such member in a workspace that you belong to.")
        return _member(rows[0])

    async def owners(self, workspace_id: UUID) -> Sequence[UUID]:
        return [row["user_id"] for row in await rows_of(self._connection, _OWNERS, [workspace_id])]

    async def add_member(self, workspace_id: UUID, user_id: UUID, role: Role) -> None:
        workspace = await self.get(workspace_id)
        values = [workspace_id, workspace.organization_id, user_id, role.value]
        try:
            await self._connection.execute(_ADD_MEMBER, values)
        except errors.ForeignKeyViolation as error:
            raise NotFound(
                "This user does not belong to the workspace's organization; invite them."
            ) from error
        except errors.UniqueViolation as error:
            raise Conflict("This user is a member already.") from error
        except errors.InsufficientPrivilege as error:
            raise Forbidden("Your role does not let you add this member.") from error

    async def change_role(self, workspace_id: UUID, user_id: UUID, role: Role) -> None:
        await self.member(workspace_id, user_id)
        try:
            changed = await rows_of(self._connection, _CHANGE_ROLE, [role.value, workspace_id, user_id])
        except errors.InsufficientPrivilege as error:
            raise Forbidden("Only an owner may make someone an owner.") from error
        if not changed:
            raise Forbidden("Your role does not let you change this member's.")

    async def remove_member(self, workspace_id: UUID, user_id: UUID) -> None:
        await self.member(workspace_id, user_id)
        if not await rows_of(self._connection, _REMOVE_MEMBER, [workspace_id, user_id]):
            raise Forbidden("Your role does not let you remove this member.")


def _workspace(row: dict[str, Any]) -> Workspace:
    roles = {name: row[name] and Role(row[name]) for name in ("role", "organization_role")}
    return Workspace(**row | roles)


def _member(row: dict[str, Any]) -> Member:
    return Member(**row | {"role": Role(row["role"])})
