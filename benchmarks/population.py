"""A database of many tenants, made by SQL: tenants with connections, and a log of earlier executions."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString
from uuid import UUID

import psycopg

from portway.infrastructure.embedded_postgres import DatabaseUrls

TOKEN = "bench-token-of-an-account-at-the-service"
_CALLERS = 1_024
_BATCH = 500_000


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is in the database."""

    tenants: int
    connections: int
    log_rows: int


SIZES = {
    "small": Size(100, 1_000, 50_000),
    "medium": Size(1_000, 100_000, 1_000_000),
    "large": Size(1_000, 100_000, 10_000_000),
    "huge": Size(10_000, 1_000_000, 10_000_000),
    "vast": Size(10_000, 1_000_000, 100_000_000),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a key, a session's token, and a connection."""

    api_key: str
    jwt: str
    workspace_id: UUID
    connection_id: UUID


_TENANTS: LiteralString = """
WITH numbers AS (SELECT i FROM generate_series(1, %(tenants)s::int) AS i),
made_users AS (
    INSERT INTO users (id, email, name, email_verified_at)
    SELECT md5('user ' || i)::uuid, 'bench' || i || '@example.com', 'Bench ' || i, now() FROM numbers
), made_organizations AS (
    INSERT INTO organizations (id, name) SELECT md5('organization ' || i)::uuid, 'Bench ' || i FROM numbers
), made_workspaces AS (
    INSERT INTO workspaces (id, organization_id, name)
    SELECT md5('workspace ' || i)::uuid, md5('organization ' || i)::uuid, 'Bench ' || i FROM numbers
), made_members AS (
    INSERT INTO organization_members
    SELECT md5('organization ' || i)::uuid, md5('user ' || i)::uuid, 'owner' FROM numbers
)
INSERT INTO workspace_members
SELECT md5('workspace ' || i)::uuid, md5('organization ' || i)::uuid, md5('user ' || i)::uuid, 'owner' FROM numbers
"""

_CATALOG: LiteralString = """
WITH made AS (
    INSERT INTO integrations (name, slug, base_url, auth_type)
    VALUES ('Bench', 'bench', %(base_url)s, 'bearer') RETURNING id
)
INSERT INTO actions (integration_id, name, slug, http_method, endpoint_path, request_schema, transform_config)
SELECT made.id, action.name, action.slug, action.method, action.path, action.schema::jsonb, action.transform::jsonb
FROM made CROSS JOIN (VALUES
    ('Get item', 'get-item', 'GET', '/items/{id}', '{
        "type": "object", "required": ["id"], "additionalProperties": false,
        "properties": {
            "id": {"type": "integer", "minimum": 1}, "fields": {"type": "array", "items": {"type": "string"}}
        }
    }', '{}'),
    ('Create item', 'create-item', 'POST', '/items/', '{
        "type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "data": {"type": "string"}}
    }', '{}'),
    ('Get payload', 'get-payload', 'GET', '/payload/{size}', '{
        "type": "object", "required": ["size"], "properties": {"size": {"type": "integer"}}
    }', '{}'),
    ('Echo', 'echo', 'POST', '/echo', '{}', '{}')
) AS action (name, slug, method, path, schema, transform)
"""

_CONNECTIONS: LiteralString = """
WITH made AS (
    INSERT INTO connections (
        id, user_id, integration_id, organization_id, workspace_id, name, origins, credential_version, issued_at
    )
    SELECT md5('connection ' || i)::uuid, md5('user ' || t)::uuid, g.id, md5('organization ' || t)::uuid,
        md5('workspace ' || t)::uuid, 'Account ' || i, ARRAY[%(origin)s], 1, now()
    FROM (SELECT i, i %% %(tenants)s + 1 AS t FROM generate_series(%(first)s::int, %(last)s::int) AS i) AS n
    CROSS JOIN (SELECT id FROM integrations WHERE slug = 'bench') AS g
    RETURNING id, workspace_id
)
INSERT INTO encrypted_credentials (connection_id, workspace_id, credential_type, encrypted_value, key_id)
SELECT made.id, made.workspace_id, 'token', sealed.ciphertext, sealed.key_id
FROM made CROSS JOIN LATERAL keyring.encrypt(%(token)s, made.id, 'token') AS sealed
"""

# Over the year that ends now.
_LOGS: LiteralString = """
INSERT INTO api_logs (
    id, executed_at, status, user_id, organization_id, workspace_id, connection_id, integration_id, action_id,
    request_payload, response_payload, status_code, duration_ms, attempts, deadline
)
SELECT gen_random_uuid(), past.executed_at, 'success', md5('user ' || t)::uuid, md5('organization ' || t)::uuid,
    md5('workspace ' || t)::uuid, md5('connection ' || (i %% %(connections)s + 1))::uuid, a.integration_id, a.id,
    '{"id": 17}', '{"id": "17", "object": "item"}', 200, 12.5, 1, past.executed_at
FROM (
    SELECT i, (i %% %(connections)s + 1) %% %(tenants)s + 1 AS t,
        now() - make_interval(secs => 31104000.0 * (%(log_rows)s - i) / %(log_rows)s) AS executed_at
    FROM generate_series(%(first)s::int, %(last)s::int) AS i
) AS past
CROSS JOIN (
    SELECT a.id, a.integration_id FROM actions AS a JOIN integrations AS g ON g.id = a.integration_id
    WHERE g.slug = 'bench' AND a.slug = 'get-item'
) AS a
"""


def populate(urls: DatabaseUrls, size: Size, base_url: str) -> None:
    """Fills a migrated database. Takes about ten seconds and 0.7 GB for a million rows of the log."""
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("SELECT app.create_log_partition((now() - make_interval(months => m))::date)"
                           " FROM generate_series(0, 12) AS m")  # fmt: skip
        connection.execute(_TENANTS, {"tenants": size.tenants})
        connection.execute(_CATALOG, {"base_url": base_url})
        for first, last in _batches(size.connections):
            values = {"first": first, "last": last, "tenants": size.tenants, "token": TOKEN}
            connection.execute(_CONNECTIONS, values | {"origin": base_url})
        with _without_indexes(connection), ThreadPoolExecutor(os.cpu_count()) as threads:
            for made in [threads.submit(_add_logs, urls, size, *batch) for batch in _batches(size.log_rows)]:
                made.result()
        # Gateways that had been running meanwhile would have counted it hour by hour.
        connection.execute("UPDATE usage_progress SET counted_until = date_trunc('hour', now())")
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _add_logs(urls: DatabaseUrls, size: Size, first: int, last: int) -> None:
    values = {"first": first, "last": last, "tenants": size.tenants, "log_rows": size.log_rows}
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute(_LOGS, values | {"connections": size.connections})


@contextmanager
def _without_indexes(connection: psycopg.Connection) -> Iterator[None]:
    """Makes the log's indexes anew in the end, which is far less work than to keep them up to date."""
    indexes = connection.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), c.conname, pg_get_constraintdef(c.oid)"
        " FROM pg_index AS i LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid AND c.contype = 'p'"
        " WHERE i.indrelid = 'public.api_logs'::regclass"
    ).fetchall()
    for index, _, constraint, _ in indexes:
        drop = f"ALTER TABLE api_logs DROP CONSTRAINT {constraint}" if constraint else f"DROP INDEX {index}"
        connection.execute(drop.encode())
    yield
    connection.execute("SET maintenance_work_mem = '1GB'")
    for _, definition, constraint, primary_key in indexes:
        make = f"ALTER TABLE api_logs ADD CONSTRAINT {constraint} {primary_key}" if constraint else definition
        connection.execute(make.replace(" ON ONLY ", " ON ").encode())


def move_service(urls: DatabaseUrls, base_url: str, callers: list[Caller]) -> None:
    """Points the integration and the callers' connections at this run's service."""
    with psycopg.connect(urls.superuser) as connection:
        connection.execute("UPDATE integrations SET base_url = %s WHERE slug = 'bench'", [base_url])
        connection.execute(
            "UPDATE connections SET origins = ARRAY[%s] WHERE id = ANY (%s)",
            [base_url, [caller.connection_id for caller in callers]],
        )


def callers(urls: DatabaseUrls, size: Size) -> list[Caller]:
    """As many as there may be at once, each of another tenant where there are enough."""
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        return [_caller(connection, size, number) for number in range(1, min(_CALLERS, size.connections) + 1)]


def _caller(connection: psycopg.Connection, size: Size, number: int) -> Caller:
    tenant = number % size.tenants + 1
    row = connection.execute(
        "SELECT made.api_key, md5('workspace ' || %(tenant)s)::uuid, md5('connection ' || %(number)s)::uuid"
        " FROM app.create_api_key(app.operator_pass(md5('user ' || %(tenant)s)::uuid), 'bench', NULL, NULL, NULL)"
        " AS made",
        {"tenant": tenant, "number": number},
    ).fetchone()
    session = connection.execute(
        "SELECT access_token FROM app.create_session(md5('user ' || %s)::uuid)", [tenant]
    ).fetchone()
    if row is None or session is None:
        raise RuntimeError(f"no key or session for tenant {tenant}")
    api_key, workspace_id, connection_id = row
    return Caller(api_key, session[0], workspace_id, connection_id)


def write_requests(
    file: Path, callers: list[Caller], action: str, parameters: dict[str, object], *, jwt: bool = False
) -> Path:
    """The requests of all callers in turn, as `wrk.lua` reads them."""
    with file.open("w", encoding="utf-8") as lines:
        for caller in callers:
            body = {
                "workspace_id": str(caller.workspace_id),
                "connection_id": str(caller.connection_id),
                "action": action,
                "parameters": parameters,
            }
            lines.write(f"{caller.jwt if jwt else caller.api_key}\t{json.dumps(body)}\n")
    return file


def _batches(count: int) -> Iterator[tuple[int, int]]:
    for first in range(1, count + 1, _BATCH):
        yield first, min(first + _BATCH - 1, count)
