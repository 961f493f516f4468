"""Organizations and their members on PostgreSQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import sql

from portway.application.ports.tenancy_records import OrganizationMember
from portway.domain.errors import Forbidden, NotFound
from portway.domain.organization import Organization, Role
from portway.infrastructure.postgres.database import Connection
from portway.infrastructure.postgres.statements import rows_of

_SHOWN = """
SELECT o.id, o.name, m.role, o.created_at
FROM public.organizations AS o
JOIN public.organization_members AS m
    ON m.organization_id = o.id AND m.user_id = (SELECT app.current_user_id())
"""
_LIST = sql.SQL(_SHOWN + "WHERE %(after)s::uuid IS NULL OR o.id > %(after)s ORDER BY o.id LIMIT %(limit)s")
_GET = sql.SQL(_SHOWN + "WHERE o.id = %s")
_CREATE = sql.SQL("SELECT * FROM app.create_organization(current_setting('portway.pass'), %s)")
_RENAME = sql.SQL("UPDATE public.organizations SET name = %s WHERE id = %s RETURNING id")
_DELETE = sql.SQL("DELETE FROM public.organizations WHERE id = %s RETURNING id")
_LOCK = sql.SQL("SELECT pg_advisory_xact_lock(hashtextextended('organization members ' || %s::text, 0))")

_MEMBER = """
SELECT m.organization_id, m.user_id, u.email, u.name, m.role, m.created_at
FROM public.organization_members AS m LEFT JOIN public.users AS u ON u.id = m.user_id
WHERE m.organization_id = %(organization_id)s
"""
_MEMBERS = sql.SQL(
    _MEMBER + "AND (%(after)s::uuid IS NULL OR m.user_id > %(after)s) ORDER BY m.user_id LIMIT %(limit)s"
)
_ONE_MEMBER = sql.SQL(_MEMBER + "AND m.user_id = %(user_id)s")
_OWNERS = sql.SQL(
    "SELECT user_id FROM public.organization_members WHERE organization_id = %s AND role = 'owner'"
)
_CHANGE_ROLE = sql.SQL("""
UPDATE public.organization_members SET role = %s WHERE organization_id = %s AND user_id = %s RETURNING user_id
""")
_REMOVE_MEMBER = sql.SQL("""
DELETE FROM public.organization_members WHERE organization_id = %s AND user_id = %s RETURNING user_id
""")


class PostgresOrganizationRepository:
    """The organizations that row-level security lets the transaction's caller see and change."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list(self, *, after: UUID | None, limit: int) -> Sequence[Organization]:
        rows = await rows_of(self._connection, _LIST, {"after": after, "limit": limit})
        return [_organization(row) for row in rows]

    async def get(self, organization_id: UUID) -> Organization:
        rows = await rows_of(self._connection, _GET, [organization_id])
        if not rows:
            raise NotFound("You belong to no such organization.")
        return _organization(rows[0])

    async def create(self, name: str) -> tuple[UUID, UUID]:
        row = (await rows_of(self._connection, _CREATE, [name]))[0]
        return row["organization_id"], row["workspace_id"]

    async def rename(self, organization_id: UUID, name: str) -> None:
        await self.get(organization_id)
        if not await rows_of(self._connection, _RENAME, [name, organization_id]):
            raise Forbidden("Only an owner or admin of the organization may rename it.")

    async def delete(self, organization_id: UUID) -> None:
        await self.get(organization_id)
        if not await rows_of(self._connection, _DELETE, [organization_id]):
            raise Forbidden("Only an owner of the organization may delete it.")

    async def lock_members(self, organization_id: UUID) -> None:
        await rows_of(self._connection, _LOCK, [organization_id])

    async def members(
        self, organization_id: UUID, *, after: UUID | None, limit: int
    ) -> Sequence[OrganizationMember]:
        await self.get(organization_id)
        values = {"organization_id": organization_id, "after": after, "limit": limit}
        return [_member(row) for row in await rows_of(self._connection, _MEMBERS, values)]

    async def member(self, organization_id: UUID, user_id: UUID) -> OrganizationMember:
        values = {"organization_id": organization_id, "user_id": user_id}
        rows = await rows_of(self._connection, _ONE_MEMBER, values)
        if not rows:
            raise NotFound("There is no such member in an organization that you belong to.")
        return _member(rows[0])

    async def owners(self, organization_id: UUID) -> Sequence[UUID]:
        return [row["user_id"] for row in await rows_of(self._connection, _OWNERS, [organization_id])]

    async def change_role(self, organization_id: UUID, user_id: UUID, role: Role) -> None:
        await self.member(organization_id, user_id)
        if not await rows_of(self._connection, _CHANGE_ROLE, [role.value, organization_id, user_id]):
            raise Forbidden("Only an owner of the organization may change roles in it.")

    async def remove_member(self, organization_id: UUID, user_id: UUID) -> None:
        await self.member(organization_id, user_id)
        if not await rows_of(self._connection, _REMOVE_MEMBER, [organization_id, user_id]):
            raise Forbidden("Only an owner, or for those who are none an admin, may remove a member.")


def _organization(row: dict[str, Any]) -> Organization:
    return Organization(**row | {"role": Role(row["role"])})


def _member(row: dict[str, Any]) -> OrganizationMember:
    return OrganizationMember(**row | {"role": Role(row["role"])})
