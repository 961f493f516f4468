"""Actions on PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg import sql

from portway.application.ports.catalog_records import (
    ActionChanges,
    ActionFilter,
    ActionSummary,
    IntegrationName,
    ListPosition,
    NewAction,
)
from portway.domain.action import Action
from portway.domain.errors import Forbidden, NotFound
from portway.infrastructure.postgres.catalog_search import OFFERED, place, words_of
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

_FIND = """
SELECT a.id, a.slug, a.name, a.description, a.http_method, a.endpoint_path, a.scopes, {rank} AS rank,
    i.id AS integration_id, i.slug AS integration_slug, i.name AS integration_name, i.category, i.organization_id
FROM {source} JOIN public.integrations AS i ON i.id = a.integration_id
WHERE {offered}
    AND (%(integration)s::text IS NULL OR i.slug = %(integration)s)
    AND (%(category)s::text IS NULL OR i.category = %(category)s)
    AND (%(after_rank)s::integer IS NULL OR {after})
ORDER BY {order} LIMIT %(limit)s
"""
_FIND_ALL = sql.SQL(_FIND).format(
    offered=OFFERED,
    rank=sql.SQL("0"),
    source=sql.SQL("public.actions AS a"),
    after=sql.SQL("(a.slug, a.id) > (%(after_slug)s, %(after_id)s::uuid)"),
    order=sql.SQL("a.slug, a.id"),
)
_SEARCH = sql.SQL(_FIND).format(
    offered=OFFERED,
    rank=sql.SQL("hit.rank"),
    source=sql.SQL(
        "app.search_actions(%(words)s, %(integration)s, %(category)s) AS hit JOIN public.actions AS a ON a.id = hit.id"
    ),
    after=sql.SQL("(-hit.rank, a.slug, a.id) > (-%(after_rank)s, %(after_slug)s, %(after_id)s::uuid)"),
    order=sql.SQL("hit.rank DESC, a.slug, a.id"),
)

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

    async def find(
        self, criteria: ActionFilter, *, after: ListPosition | None, limit: int
    ) -> Sequence[ActionSummary]:
        words = words_of(criteria.query)
        values = {
            "organization_id": criteria.organization_id,
            "integration": criteria.integration,
            "category": criteria.category,
            "words": words,
            "limit": limit,
            **place(after),
        }
        statement = _FIND_ALL if words is None else _SEARCH
        return [_summary(row) for row in await rows_of(self._connection, statement, values)]

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


def _summary(row: dict[str, Any]) -> ActionSummary:
    integration = IntegrationName(
        id=row["integration_id"],
        slug=row["integration_slug"],
        name=row["integration_name"],
        category=row["category"],
        organization_id=row["organization_id"],
    )
    own = ("id", "slug", "name", "description", "http_method", "endpoint_path", "rank")
    return ActionSummary(
        **{name: row[name] for name in own}, scopes=tuple(row["scopes"]), integration=integration
    )
