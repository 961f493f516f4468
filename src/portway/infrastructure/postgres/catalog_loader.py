"""Brings the catalog's definitions into the database, as its owner; what is the same already is not written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg
from psycopg.types.json import Jsonb

from portway.domain.integration import AuthType
from portway.infrastructure.postgres.errors import translated

_LOCK = 0x706F727477617932  # "portway2": one node loads, the others wait and find nothing left to do


class ActionDefinition(Protocol):
    """An action as a definition has it: without the ids that the database gives."""

    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def http_method(self) -> str: ...
    @property
    def endpoint_path(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def request_schema(self) -> Mapping[str, Any]: ...
    @property
    def transform_config(self) -> Mapping[str, Any]: ...
    @property
    def rate_limits(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def scopes(self) -> Sequence[str]: ...
    @property
    def handler(self) -> str | None: ...
    @property
    def timeout_ms(self) -> int: ...


class IntegrationDefinition(Protocol):
    """An integration as a definition has it, with its actions."""

    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def auth_type(self) -> AuthType: ...
    @property
    def auth_config(self) -> Mapping[str, Any]: ...
    @property
    def transform_config(self) -> Mapping[str, Any]: ...
    @property
    def rate_limits(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def description(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def documentation_url(self) -> str | None: ...
    @property
    def website(self) -> str | None: ...
    @property
    def actions(self) -> Sequence[ActionDefinition]: ...


@dataclass(frozen=True, slots=True)
class CatalogChanges:
    """What loading came to, in rows. `integrations` and `actions` were added or changed."""

    integrations: int
    actions: int
    removed_actions: int


def load_catalog(
    admin_url: str, definitions: Sequence[IntegrationDefinition], *, shipped: bool = True
) -> CatalogChanges:
    """Upserts the definitions as global integrations; any number of nodes may do so at once.

    `shipped`: they are Portway's own. Then only rows that came this way are touched, actions that have gone from a
    definition go, and one whose slug somebody took for a global integration of their own is kept as `<slug>-shipped`.
    Otherwise they are such integrations of the operator's own, and nothing is removed. Integrations that no definition
    names are left alone, since connections may use them.

    Raises Unavailable, MalformedRequest for what the tables refuse.
    """
    with translated(), psycopg.connect(admin_url) as connection:
        connection.execute("SET LOCAL ROLE portway_owner")
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        document = Jsonb([_integration(definition) for definition in definitions])
        # Parsed once; every statement below reads it.
        connection.execute(_READ, [document])
        if shipped:
            connection.execute(_GIVE_SLUGS_BACK)
            connection.execute(_STEP_ASIDE)
        values = {"shipped": shipped}
        return CatalogChanges(
            integrations=connection.execute(_UPSERT_INTEGRATIONS, values).rowcount,
            actions=connection.execute(_UPSERT_ACTIONS, values).rowcount,
            removed_actions=connection.execute(_REMOVE_ACTIONS).rowcount if shipped else 0,
        )


_READ = """
CREATE TEMPORARY TABLE definitions ON COMMIT DROP AS
SELECT d.slug AS own_slug, d.* FROM jsonb_to_recordset(%s) AS d (
    slug text, name text, base_url text, auth_type text, auth_config jsonb, transform_config jsonb, rate_limits jsonb,
    description text, category text, documentation_url text, website text, actions jsonb
)
"""

# Somebody's own integration of that slug has gone.
_GIVE_SLUGS_BACK = """
UPDATE public.integrations AS i SET slug = d.own_slug
FROM definitions AS d
WHERE i.organization_id IS NULL AND i.shipped AND i.slug = left(d.own_slug, 90) || '-shipped' AND NOT EXISTS (
    SELECT FROM public.integrations AS o WHERE o.organization_id IS NULL AND o.slug = d.own_slug
)
"""

# As the trigger does for a row that is there already.
_STEP_ASIDE = """
UPDATE definitions AS d SET slug = left(d.own_slug, 90) || '-shipped'
FROM public.integrations AS o
WHERE o.organization_id IS NULL AND NOT o.shipped AND o.slug = d.own_slug
"""

# What is the same already is not even tried: its row would be locked, and its generated columns computed.
_UPSERT_INTEGRATIONS = """
INSERT INTO public.integrations AS i (
    slug, name, base_url, auth_type, auth_config, transform_config, rate_limits, description, category,
    documentation_url, website, shipped
)
SELECT d.slug, d.name, d.base_url, d.auth_type, d.auth_config, d.transform_config, d.rate_limits, d.description,
    d.category, d.documentation_url, d.website, %(shipped)s
FROM definitions AS d
LEFT JOIN public.integrations AS o
    ON o.organization_id IS NULL AND o.slug = d.slug AND o.shipped = %(shipped)s
WHERE o.id IS NULL OR (
    o.name, o.base_url, o.auth_type, o.auth_config, o.transform_config, o.rate_limits, o.description, o.category,
    o.documentation_url, o.website
) IS DISTINCT FROM (
    d.name, d.base_url, d.auth_type, d.auth_config, d.transform_config, d.rate_limits, d.description, d.category,
    d.documentation_url, d.website
)
ON CONFLICT (organization_id, slug) DO UPDATE SET
    name = excluded.name, base_url = excluded.base_url, auth_type = excluded.auth_type,
    auth_config = excluded.auth_config, transform_config = excluded.transform_config,
    rate_limits = excluded.rate_limits, description = excluded.description, category = excluded.category,
    documentation_url = excluded.documentation_url, website = excluded.website
WHERE i.shipped = excluded.shipped
"""

_UPSERT_ACTIONS = """
INSERT INTO public.actions AS a (
    integration_id, slug, name, http_method, endpoint_path, description, request_schema, transform_config,
    rate_limits, scopes, handler, timeout_ms, shipped
)
SELECT i.id, n.slug, n.name, n.http_method, n.endpoint_path, n.description, n.request_schema, n.transform_config,
    n.rate_limits, n.scopes, n.handler, n.timeout_ms, %(shipped)s
FROM definitions AS d
JOIN public.integrations AS i ON i.organization_id IS NULL AND i.shipped = %(shipped)s AND i.slug = d.slug
CROSS JOIN LATERAL jsonb_to_recordset(d.actions) AS n (
    slug text, name text, http_method text, endpoint_path text, description text, request_schema jsonb,
    transform_config jsonb, rate_limits jsonb, scopes text[], handler text, timeout_ms integer
)
LEFT JOIN public.actions AS o ON o.integration_id = i.id AND o.slug = n.slug AND o.shipped = %(shipped)s
WHERE o.id IS NULL OR (
    o.name, o.http_method, o.endpoint_path, o.description, o.request_schema, o.transform_config, o.rate_limits,
    o.scopes, o.handler, o.timeout_ms
) IS DISTINCT FROM (
    n.name, n.http_method, n.endpoint_path, n.description, n.request_schema, n.transform_config, n.rate_limits,
    n.scopes, n.handler, n.timeout_ms
)
ON CONFLICT (integration_id, slug) DO UPDATE SET
    name = excluded.name, http_method = excluded.http_method, endpoint_path = excluded.endpoint_path,
    description = excluded.description, request_schema = excluded.request_schema,
    transform_config = excluded.transform_config, rate_limits = excluded.rate_limits, scopes = excluded.scopes,
    handler = excluded.handler, timeout_ms = excluded.timeout_ms
WHERE a.shipped = excluded.shipped
"""

_REMOVE_ACTIONS = """
DELETE FROM public.actions AS a
USING definitions AS d, public.integrations AS i
WHERE i.organization_id IS NULL AND i.shipped AND i.slug = d.slug AND a.integration_id = i.id AND a.shipped
    AND NOT EXISTS (SELECT FROM jsonb_array_elements(d.actions) AS n WHERE n ->> 'slug' = a.slug)
"""


def _integration(definition: IntegrationDefinition) -> dict[str, Any]:
    return {
        "slug": definition.slug,
        "name": definition.name,
        "base_url": definition.base_url,
        "auth_type": definition.auth_type.value,
        "auth_config": definition.auth_config,
        "transform_config": definition.transform_config,
        "rate_limits": list(definition.rate_limits),
        "description": definition.description,
        "category": definition.category,
        "documentation_url": definition.documentation_url,
        "website": definition.website,
        "actions": [_action(action) for action in definition.actions],
    }


def _action(definition: ActionDefinition) -> dict[str, Any]:
    return {
        "slug": definition.slug,
        "name": definition.name,
        "http_method": definition.http_method,
        "endpoint_path": definition.endpoint_path,
        "description": definition.description,
        "request_schema": definition.request_schema,
        "transform_config": definition.transform_config,
        "rate_limits": list(definition.rate_limits),
        "scopes": list(definition.scopes),
        "handler": definition.handler,
        "timeout_ms": definition.timeout_ms,
    }
