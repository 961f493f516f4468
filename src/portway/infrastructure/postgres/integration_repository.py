"""Integrations on PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg import sql

from portway.application.ports.catalog_records import (
    IntegrationChanges,
    IntegrationFilter,
    IntegrationSummary,
    ListPosition,
    NewIntegration,
    OAuthClientRecord,
)
from portway.domain.errors import Forbidden, MalformedRequest, NotFound
from portway.domain.integration import AuthType, Integration
from portway.infrastructure.postgres.catalog_search import OFFERED, place, words_of
from portway.infrastructure.postgres.database import Connection
from portway.infrastructure.postgres.statements import change, insertion, rows_of

_COLUMNS = sql.SQL("""
    i.id, i.slug, i.name, i.base_url, i.auth_type, i.auth_config, i.transform_config, i.rate_limits, i.organization_id,
    i.description, i.category, i.documentation_url, i.version, i.updated_at
""")

_LIST = sql.SQL("""
SELECT {columns}, (SELECT count(*) FROM public.actions AS a WHERE a.integration_id = i.id) AS action_count,
    coalesce(hit.rank, 0) AS rank
FROM public.integrations AS i
LEFT JOIN app.search_integrations(%(words)s::text[]) AS hit ON hit.id = i.id
WHERE {offered}
    AND (%(words)s::text[] IS NULL OR hit.id IS NOT NULL)
    AND (%(category)s::text IS NULL OR i.category = %(category)s)
    AND (%(auth_type)s::text IS NULL OR i.auth_type = %(auth_type)s)
    AND (
        %(after_rank)s::integer IS NULL
        OR (-coalesce(hit.rank, 0), i.slug, i.id) > (-%(after_rank)s, %(after_slug)s, %(after_id)s::uuid)
    )
ORDER BY coalesce(hit.rank, 0) DESC, i.slug, i.id LIMIT %(limit)s
""").format(columns=_COLUMNS, offered=OFFERED)

_GET = sql.SQL("SELECT {columns} FROM public.integrations AS i WHERE i.id = %s").format(columns=_COLUMNS)

# An organization's own before the global one; two rows are enough to see that several organizations have it.
_RESOLVE = sql.SQL("""
SELECT {columns} FROM public.integrations AS i
WHERE i.slug = %(slug)s AND (
    i.organization_id IS NULL OR %(organization_id)s::uuid IS NULL OR i.organization_id = %(organization_id)s
)
ORDER BY i.organization_id IS NULL, i.id LIMIT 2
""").format(columns=_COLUMNS)

_COUNT_ACTIONS = sql.SQL("SELECT count(*) AS n FROM public.actions WHERE integration_id = %s")
_DELETE = sql.SQL("DELETE FROM public.integrations AS i WHERE i.id = %s RETURNING i.id")
_ORGANIZATION = sql.SQL("SELECT organization_id FROM public.workspaces WHERE id = %s")
_OAUTH_CLIENTS = sql.SQL("""
SELECT o.organization_id, o.name, o.client_id, o.key_id IS NOT NULL AS has_secret, o.updated_at
FROM public.oauth_clients AS o
WHERE o.integration_id = %s AND o.replaced_at IS NULL ORDER BY o.organization_id, o.name
""")
_REMOVE_OAUTH_CLIENT = sql.SQL("SELECT app.remove_oauth_client(%s, %s, %s) AS removed")


class PostgresIntegrationRepository:
    """The integrations that row-level security lets the transaction's caller see and change."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list(
        self, criteria: IntegrationFilter, *, after: ListPosition | None, limit: int
    ) -> Sequence[IntegrationSummary]:
        rows = await rows_of(
            self._connection,
            _LIST,
            {
                "organization_id": criteria.organization_id,
                "category": criteria.category,
                "auth_type": criteria.auth_type,
                "words": words_of(criteria.query),
                "limit": limit,
                **place(after),
            },
        )
        return [IntegrationSummary(_integration(row), row["action_count"], row["rank"]) for row in rows]

    async def get(self, integration_id: UUID) -> Integration:
        return _integration(_first(await rows_of(self._connection, _GET, [integration_id])))

    async def resolve(
        self, slug: str, *, organization_id: UUID | None = None, workspace_id: UUID | None = None
    ) -> Integration:
        if workspace_id is not None:
            organization_id = await self._organization_of(workspace_id)
        rows = await rows_of(self._connection, _RESOLVE, {"slug": slug, "organization_id": organization_id})
        if organization_id is None and sum(row["organization_id"] is not None for row in rows) > 1:
            raise MalformedRequest(
                f"Several of your organizations have an integration {slug!r}; say which one with `organization_id`."
            )
        return _integration(_first(rows))

    async def count_actions(self, integration_id: UUID) -> int:
        rows = await rows_of(self._connection, _COUNT_ACTIONS, [integration_id])
        return int(rows[0]["n"])

    async def create(self, integration: NewIntegration) -> Integration:
        statement, values = insertion("integrations", asdict(integration), _COLUMNS)
        return _integration((await rows_of(self._connection, statement, values))[0])

    async def change(self, integration_id: UUID, changes: IntegrationChanges) -> Integration:
        statement, values = change("integrations", integration_id, changes, _COLUMNS)
        rows = await rows_of(self._connection, statement, values)
        if not rows:
            raise Forbidden("Only an owner or admin of the organization may change its integrations.")
        return _integration(rows[0])

    async def delete(self, integration_id: UUID) -> None:
        if not await rows_of(self._connection, _DELETE, [integration_id]):
            raise Forbidden("Only an owner or admin of the organization may delete its integrations.")

    async def oauth_clients(self, integration_id: UUID) -> Sequence[OAuthClientRecord]:
        return [
            OAuthClientRecord(**row)
            for row in await rows_of(self._connection, _OAUTH_CLIENTS, [integration_id])
        ]

    async def delete_oauth_client(self, organization_id: UUID, integration_id: UUID, name: str) -> None:
        (row,) = await rows_of(
            self._connection, _REMOVE_OAUTH_CLIENT, [organization_id, integration_id, name]
        )
        if not row["removed"]:
            raise NotFound(
                "Your organization has no OAuth client of its own of this name there, or you do not administer it."
            )

    async def _organization_of(self, workspace_id: UUID) -> UUID:
        rows = await rows_of(self._connection, _ORGANIZATION, [workspace_id])
        if not rows:
            raise NotFound("There is no such workspace.")
        found: UUID = rows[0]["organization_id"]
        return found


def _first(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    if not rows:
        raise NotFound("There is no such integration.")
    return rows[0]


def _integration(row: dict[str, Any]) -> Integration:
    members = {name: value for name, value in row.items() if name not in ("action_count", "rank")}
    return Integration(
        **members | {"auth_type": AuthType(row["auth_type"]), "rate_limits": tuple(row["rate_limits"])}
    )
