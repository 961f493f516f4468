"""Integrations on PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any
from uuid import UUID

from psycopg import sql

from portway.application.ports.catalog_records import (
    ConnectionCounts,
    IntegrationChanges,
    IntegrationFacet,
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

_MEMBERS = tuple(member.name for member in fields(Integration))
_COLUMNS = sql.SQL("""
    i.id, i.slug, i.name, i.base_url, i.auth_type, i.auth_config, i.transform_config, i.rate_limits, i.organization_id,
    i.description, i.category, i.documentation_url, i.website, i.version, i.updated_at
""")

# The workspace's connections are read once, whatever the number of integrations.
_FOUND = sql.SQL("""
FROM public.integrations AS i
LEFT JOIN app.search_integrations(%(words)s::text[]) AS hit ON hit.id = i.id
LEFT JOIN (
    SELECT c.integration_id, count(*) AS total,
        count(*) FILTER (WHERE c.user_id = (SELECT app.current_user_id())) AS mine,
        count(*) FILTER (WHERE c.status IN ('reauthorization_required', 'error')) AS needs_attention
    FROM public.connections AS c WHERE c.workspace_id = %(workspace_id)s::uuid GROUP BY c.integration_id
) AS used ON used.integration_id = i.id
WHERE {offered} AND (%(words)s::text[] IS NULL OR hit.id IS NOT NULL)
""").format(offered=OFFERED)

_OWN_CLIENT = sql.SQL("""i.id = ANY (ARRAY(
        SELECT o.integration_id FROM app.own_oauth_clients() AS o
        WHERE %(organization_id)s::uuid IS NULL OR o.organization_id = %(organization_id)s
    )) AS has_own_client""")

_LIST = sql.SQL("""
SELECT {columns}, (SELECT count(*) FROM public.actions AS a WHERE a.integration_id = i.id) AS action_count,
    coalesce(hit.rank, 0) AS rank, {own_client}, coalesce(used.total, 0) AS total, coalesce(used.mine, 0) AS mine,
    coalesce(used.needs_attention, 0) AS needs_attention
{found}
    AND (%(category)s::text IS NULL OR i.category = %(category)s)
    AND (%(auth_type)s::text IS NULL OR i.auth_type = %(auth_type)s)
    AND (%(with_environment)s::boolean IS NULL OR (i.auth_config ? 'clientIdEnv') = %(with_environment)s)
    AND (%(own)s::boolean IS NULL OR (i.organization_id IS NOT NULL) = %(own)s)
    AND (%(connected)s::boolean IS NULL OR (used.total IS NOT NULL) = %(connected)s)
    AND (
        %(after_rank)s::integer IS NULL
        OR (-coalesce(hit.rank, 0), i.slug, i.id) > (-%(after_rank)s, %(after_slug)s, %(after_id)s::uuid)
    )
ORDER BY coalesce(hit.rank, 0) DESC, i.slug, i.id LIMIT %(limit)s
""").format(columns=_COLUMNS, found=_FOUND, own_client=_OWN_CLIENT)

_FACETS = sql.SQL("""
SELECT i.category, i.auth_type, i.organization_id IS NOT NULL AS own, used.total IS NOT NULL AS connected,
    count(*) AS count
{found}
GROUP BY 1, 2, 3, 4
""").format(found=_FOUND)

# Of one integration, as `_LIST` has it.
_USE = sql.SQL("""
SELECT (SELECT count(*) FROM public.actions AS a WHERE a.integration_id = i.id) AS action_count, {own_client},
    coalesce(used.total, 0) AS total, coalesce(used.mine, 0) AS mine,
    coalesce(used.needs_attention, 0) AS needs_attention
FROM public.integrations AS i LEFT JOIN LATERAL (
    SELECT count(*) AS total, count(*) FILTER (WHERE c.user_id = (SELECT app.current_user_id())) AS mine,
        count(*) FILTER (WHERE c.status IN ('reauthorization_required', 'error')) AS needs_attention
    FROM public.connections AS c WHERE c.workspace_id = %(workspace_id)s::uuid AND c.integration_id = i.id
) AS used ON true
WHERE i.id = %(id)s
""").format(own_client=_OWN_CLIENT)

_SCOPES = sql.SQL("""
SELECT DISTINCT unnest(a.scopes) AS scope FROM public.actions AS a WHERE a.integration_id = %s ORDER BY scope
""")

_GET = sql.SQL("SELECT {columns} FROM public.integrations AS i WHERE i.id = %s").format(columns=_COLUMNS)

# An organization's own before the global one; two rows are enough to see that several organizations have it.
_RESOLVE = sql.SQL("""
SELECT {columns} FROM public.integrations AS i
WHERE i.slug = %(slug)s AND (
    i.organization_id IS NULL OR %(organization_id)s::uuid IS NULL OR i.organization_id = %(organization_id)s
)
ORDER BY i.organization_id IS NULL, i.id LIMIT 2
""").format(columns=_COLUMNS)

_DELETE = sql.SQL("DELETE FROM public.integrations AS i WHERE i.id = %s RETURNING i.id")
_ORGANIZATION = sql.SQL("SELECT organization_id FROM public.workspaces WHERE id = %s")
_OAUTH_CLIENTS = sql.SQL("""
SELECT o.organization_id, o.name, o.client_id, o.key_id IS NOT NULL AS has_secret, o.updated_at
FROM public.oauth_clients AS o
WHERE o.integration_id = %s AND o.replaced_at IS NULL ORDER BY o.organization_id, o.name
""")
_CLIENTS_OF = sql.SQL("""
SELECT {columns}, o.name AS client_name, o.client_id, o.key_id IS NOT NULL AS has_secret,
    o.updated_at AS client_updated_at
FROM public.oauth_clients AS o JOIN public.integrations AS i ON i.id = o.integration_id
WHERE o.organization_id = %s AND o.replaced_at IS NULL ORDER BY i.slug, o.name
""").format(columns=_COLUMNS)
_REMOVE_OAUTH_CLIENT = sql.SQL("SELECT app.remove_oauth_client(%s, %s, %s) AS removed")


class PostgresIntegrationRepository:
    """The integrations that row-level security lets the transaction's caller see and change."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list(
        self, criteria: IntegrationFilter, *, after: ListPosition | None, limit: int
    ) -> Sequence[IntegrationSummary]:
        values = {"limit": limit, **_values(criteria), **place(after)}
        rows = await rows_of(self._connection, _LIST, values)
        return [_summary(row, _integration(row), criteria.workspace_id) for row in rows]

    async def facets(self, criteria: IntegrationFilter) -> Sequence[IntegrationFacet]:
        rows = await rows_of(self._connection, _FACETS, _values(criteria))
        return [IntegrationFacet(**row | {"auth_type": AuthType(row["auth_type"])}) for row in rows]

    async def summary(
        self, integration: Integration, *, organization_id: UUID | None, workspace_id: UUID | None
    ) -> IntegrationSummary:
        values = {
            "id": integration.id,
            "organization_id": organization_id or integration.organization_id,
            "workspace_id": workspace_id,
        }
        return _summary(_first(await rows_of(self._connection, _USE, values)), integration, workspace_id)

    async def scopes(self, integration_id: UUID) -> Sequence[str]:
        return [row["scope"] for row in await rows_of(self._connection, _SCOPES, [integration_id])]

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
        rows = await rows_of(self._connection, _OAUTH_CLIENTS, [integration_id])
        return [OAuthClientRecord(**row) for row in rows]

    async def clients_of(self, organization_id: UUID) -> Sequence[tuple[Integration, OAuthClientRecord]]:
        rows = await rows_of(self._connection, _CLIENTS_OF, [organization_id])
        return [
            (
                _integration(row),
                OAuthClientRecord(
                    organization_id,
                    *(row[name] for name in ("client_name", "client_id", "has_secret", "client_updated_at")),
                ),
            )
            for row in rows
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


def _values(criteria: IntegrationFilter) -> dict[str, object]:
    values = asdict(criteria)
    return values | {"words": words_of(values.pop("query"))}


def _summary(row: dict[str, Any], integration: Integration, workspace_id: UUID | None) -> IntegrationSummary:
    counts = ConnectionCounts(row["total"], row["mine"], row["needs_attention"])
    return IntegrationSummary(
        integration,
        row["action_count"],
        row.get("rank", 0),
        row["has_own_client"],
        None if workspace_id is None else counts,
    )


def _first(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    if not rows:
        raise NotFound("There is no such integration.")
    return rows[0]


def _integration(row: dict[str, Any]) -> Integration:
    members = {name: row[name] for name in _MEMBERS}
    return Integration(
        **members | {"auth_type": AuthType(row["auth_type"]), "rate_limits": tuple(row["rate_limits"])}
    )
