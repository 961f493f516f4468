"""Executions whose token is due: each refreshes it at the authorization server before it calls the service."""

from dataclasses import replace
from typing import LiteralString

import psycopg
from psycopg.types.json import Jsonb

from benchmarks.population import TOKEN, Caller
from portway.infrastructure.embedded_postgres import DatabaseUrls

CONNECTIONS = 8_192
"""More than one run executes, for a token is due but once."""

_SLUG = "bench-oauth"
_INTEGRATION: LiteralString = """
WITH made AS (
    INSERT INTO integrations (name, slug, base_url, auth_type, auth_config)
    VALUES ('Bench OAuth', %(slug)s, %(base_url)s, 'oauth2', %(auth_config)s) RETURNING id
)
INSERT INTO actions (integration_id, name, slug, http_method, endpoint_path)
SELECT made.id, 'Get item', 'get-item', 'GET', '/items/{id}' FROM made
RETURNING integration_id
"""
_CLIENT: LiteralString = """
INSERT INTO oauth_clients (organization_id, integration_id, client_id)
SELECT w.organization_id, %(integration)s, 'bench' FROM workspaces AS w WHERE w.id = %(workspace)s
ON CONFLICT DO NOTHING
"""
_CONNECTION: LiteralString = """
SELECT app.create_connection(
    app.operator_pass(m.user_id), w.id, c.integration_id, 'Account ' || %(number)s, %(values)s, '{}', ARRAY[%(origin)s],
    now() + interval '1 hour', p_grant => '{"refresh_token": "bench-refresh-token"}', p_oauth_client_id => c.id
)
FROM workspaces AS w
JOIN workspace_members AS m ON m.workspace_id = w.id
JOIN oauth_clients AS c ON c.organization_id = w.organization_id AND c.integration_id = %(integration)s
WHERE w.id = %(workspace)s
LIMIT 1
"""


def with_due_tokens(urls: DatabaseUrls, people: list[Caller], base_url: str) -> list[Caller]:
    """Makes CONNECTIONS anew whose tokens are due now; the callers for them."""
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        _remove(connection)
        auth_config = {"authorization_url": f"{base_url}/authorize", "token_url": f"{base_url}/token"}
        made = connection.execute(
            _INTEGRATION, {"slug": _SLUG, "base_url": base_url, "auth_config": Jsonb(auth_config)}
        ).fetchone()
        integration = made[0] if made else None
        for person in people:
            connection.execute(_CLIENT, {"integration": integration, "workspace": person.workspace_id})
        callers: list[Caller] = []
        for number in range(CONNECTIONS):
            person = people[number % len(people)]
            values = {"integration": integration, "workspace": person.workspace_id, "number": number}
            row = connection.execute(
                _CONNECTION, values | {"values": Jsonb({"access_token": TOKEN}), "origin": base_url}
            ).fetchone()
            if row is None:
                raise RuntimeError(f"no connection in workspace {person.workspace_id}")
            callers.append(replace(person, connection_id=row[0]))
        connection.execute(
            "UPDATE connections SET issued_at = now() - interval '59 minutes', expires_at = now() + interval '1 minute'"
            " WHERE integration_id = %s",
            [integration],
        )
        connection.execute("VACUUM ANALYZE connections")
    return callers


def _remove(connection: psycopg.Connection) -> None:
    connection.execute(
        "DELETE FROM connections AS c USING integrations AS i WHERE i.id = c.integration_id AND i.slug = %s",
        [_SLUG],
    )
    connection.execute("DELETE FROM integrations WHERE slug = %s", [_SLUG])
