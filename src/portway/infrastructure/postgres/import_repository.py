"""Imported rows on PostgreSQL: one statement for all actions that are added, and one for all that are changed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from portway.application.ports.imports import (
    ACTION_MEMBERS,
    INTEGRATION_MEMBERS,
    ChangedRow,
    ImportMark,
    Members,
    NewRow,
    StoredAction,
    StoredIntegration,
)
from portway.domain.errors import Forbidden
from portway.domain.integration import AuthType
from portway.infrastructure.postgres.database import Connection
from portway.infrastructure.postgres.statements import rows_of

_LOCK = sql.SQL(
    "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'portway import', %s::text, %s::text), 0))"
)

_FIND = sql.SQL("""
SELECT id, name, base_url, auth_type, auth_config, transform_config, description, documentation_url, imported
FROM public.integrations
WHERE slug = %s AND organization_id IS NOT DISTINCT FROM %s AND NOT shipped
""")

_ACTIONS = sql.SQL("""
SELECT id, slug, name, http_method, endpoint_path, description, request_schema, transform_config, scopes, imported
FROM public.actions WHERE integration_id = %s
""")

_EXECUTED_RECENTLY = sql.SQL("SELECT executed AS id FROM app.executed_recently(%s) AS executed")

# The owner's policies show every execution, and the function is for callers with a pass.
_EXECUTED_RECENTLY_BY_ANYBODY = sql.SQL("""
SELECT a.id FROM public.actions AS a
WHERE a.id = ANY (%s) AND EXISTS (
    SELECT FROM public.connections AS c JOIN public.api_logs AS l ON l.connection_id = c.id
    WHERE c.integration_id = a.integration_id AND l.executed_at > now() - interval '30 days' AND l.action_id = a.id
)
""")

_ADD_INTEGRATION = sql.SQL("""
INSERT INTO public.integrations (
    organization_id, slug, name, base_url, auth_type, auth_config, transform_config, description, documentation_url,
    imported
)
SELECT %s, n.slug, n.name, n.base_url, n.auth_type, n.auth_config, n.transform_config, n.description,
    n.documentation_url, n.imported
FROM jsonb_to_record(%s) AS n (
    slug text, name text, base_url text, auth_type text, auth_config jsonb, transform_config jsonb, description text,
    documentation_url text, imported jsonb
)
RETURNING id
""")

_CHANGE_INTEGRATION = sql.SQL("""
UPDATE public.integrations AS i SET
    name = n.name, base_url = n.base_url, auth_type = n.auth_type, auth_config = n.auth_config,
    transform_config = n.transform_config, description = n.description, documentation_url = n.documentation_url,
    imported = n.imported
FROM jsonb_to_record(%s) AS n (
    id uuid, name text, base_url text, auth_type text, auth_config jsonb, transform_config jsonb, description text,
    documentation_url text, imported jsonb
)
WHERE i.id = n.id
""")

_ADD_ACTIONS = sql.SQL("""
INSERT INTO public.actions (
    integration_id, slug, name, http_method, endpoint_path, description, request_schema, transform_config, scopes,
    imported
)
SELECT %s, n.slug, n.name, n.http_method, n.endpoint_path, n.description, n.request_schema, n.transform_config,
    n.scopes, n.imported
FROM jsonb_to_recordset(%s) AS n (
    slug text, name text, http_method text, endpoint_path text, description text, request_schema jsonb,
    transform_config jsonb, scopes text[], imported jsonb
)
""")

_CHANGE_ACTIONS = sql.SQL("""
UPDATE public.actions AS a SET
    name = n.name, http_method = n.http_method, endpoint_path = n.endpoint_path, description = n.description,
    request_schema = n.request_schema, transform_config = n.transform_config, scopes = n.scopes, imported = n.imported
FROM jsonb_to_recordset(%s) AS n (
    id uuid, name text, http_method text, endpoint_path text, description text, request_schema jsonb,
    transform_config jsonb, scopes text[], imported jsonb
)
WHERE a.id = n.id
""")

_REMOVE_ACTIONS = sql.SQL("DELETE FROM public.actions WHERE id = ANY (%s)")


class PostgresImportRepository:
    """Implements `ImportRepository` on a transaction: a caller's, or with `as_owner` one of the role portway_owner."""

    def __init__(self, connection: Connection, *, as_owner: bool = False) -> None:
        self._connection = connection
        self._as_owner = as_owner

    async def find(self, slug: str, organization_id: UUID | None) -> StoredIntegration | None:
        await self._connection.execute(_LOCK, [organization_id, slug])
        rows = await rows_of(self._connection, _FIND, [slug, organization_id])
        if not rows:
            return None
        members = _members(rows[0], INTEGRATION_MEMBERS) | {"auth_type": AuthType(rows[0]["auth_type"])}
        return StoredIntegration(rows[0]["id"], members, _mark(rows[0]["imported"], "source"))

    async def actions(self, integration_id: UUID) -> Sequence[StoredAction]:
        rows = await rows_of(self._connection, _ACTIONS, [integration_id])
        return [
            StoredAction(
                row["id"], row["slug"], _members(row, ACTION_MEMBERS), _mark(row["imported"], "operation")
            )
            for row in rows
        ]

    async def executed_recently(self, action_ids: Collection[UUID]) -> Collection[UUID]:
        query = _EXECUTED_RECENTLY_BY_ANYBODY if self._as_owner else _EXECUTED_RECENTLY
        rows = await rows_of(self._connection, query, [list(action_ids)])
        return {row["id"] for row in rows}

    async def add_integration(self, row: NewRow, organization_id: UUID | None) -> UUID:
        document = {"slug": row.slug, **row.members, "imported": _marked("source", row.mark)}
        rows = await rows_of(self._connection, _ADD_INTEGRATION, [organization_id, Jsonb(document)])
        found: UUID = rows[0]["id"]
        return found

    async def change_integration(self, row: ChangedRow) -> None:
        await self._change(_CHANGE_INTEGRATION, _changed("source", row), 1)

    async def add_actions(self, integration_id: UUID, rows: Sequence[NewRow]) -> None:
        if rows:
            documents = [
                {"slug": row.slug, **row.members, "imported": _marked("operation", row.mark)} for row in rows
            ]
            await self._connection.execute(_ADD_ACTIONS, [integration_id, Jsonb(documents)])

    async def change_actions(self, rows: Sequence[ChangedRow]) -> None:
        if rows:
            await self._change(_CHANGE_ACTIONS, [_changed("operation", row) for row in rows], len(rows))

    async def remove_actions(self, action_ids: Collection[UUID]) -> None:
        if action_ids:
            await self._connection.execute(_REMOVE_ACTIONS, [list(action_ids)])

    async def _change(self, statement: sql.SQL, document: object, expected: int) -> None:
        """Row-level security hides rows rather than refuse to change them."""
        cursor = await self._connection.execute(statement, [Jsonb(document)])
        if cursor.rowcount != expected:
            raise Forbidden("Only an owner or admin of the organization may change its integrations.")


def _members(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _mark(document: Mapping[str, Any] | None, origin: str) -> ImportMark | None:
    """None for what is none, however it came there: the row counts as a person's own."""
    if document is None or not isinstance(document.get(origin), str):
        return None
    digests = document.get("digests")
    return ImportMark(document[origin], dict(digests) if isinstance(digests, dict) else {})


def _marked(origin: str, mark: ImportMark) -> dict[str, Any]:
    return {origin: mark.origin, "digests": dict(mark.digests)}


def _changed(origin: str, row: ChangedRow) -> dict[str, Any]:
    members: Members = row.members
    return {"id": str(row.id), **members, "imported": _marked(origin, row.mark)}
