"""Every kind of ciphertext, stored as the servers store it."""

import json
from typing import Any

import psycopg
from psycopg import sql

from portway.infrastructure.postgres.ciphertexts import CiphertextColumn
from tests.integration.database.conftest import World
from tests.integration.database.executions import close_one, open_one
from tests.people import as_app

Connection = psycopg.Connection[tuple[Any, ...]]


def store_every_secret(world: World, app: Connection, superuser: Connection) -> None:
    """One of every kind at least; those that are not random contain the word `sesame`."""
    ann = world.ann
    as_app(
        world.urls,
        "SELECT app.create_connection(%s, %s, %s, 'c', %s, '{}', '{}', NULL)",
        ann.sealed_pass,
        ann.workspace_id,
        world.service,
        json.dumps(
            {"access_token": "sesame-access", "refresh_token": "sesame-refresh", "long": "sesame" * 9999}
        ),
    )
    as_app(
        world.urls,
        "SELECT app.set_oauth_client(%s, %s, %s, 'id', 'sesame-client-secret')",
        ann.sealed_pass,
        ann.organization_id,
        world.service,
    )
    as_app(
        world.urls,
        "SELECT app.begin_authorization(%s, %s, %s, NULL, 'x', '{}', '{}', NULL, %s, %s, %s)",
        ann.sealed_pass,
        ann.workspace_id,
        world.service,
        "sesame-state",
        "sesame-verifier",
        "sesame-browser",
    )
    as_app(
        world.urls,
        "SELECT app.create_webhook_endpoint(%s, %s, 'https://example.com/', NULL, ARRAY['connection.created'])",
        ann.sealed_pass,
        ann.organization_id,
    )
    opened = open_one(app, world.asked(key="k", payload={"q": "the-secret-token"}))
    close_one(app, opened, answer="sesame-answer")
    superuser.execute("SELECT keyring.set_jwt_issuer('https://issuer.example', NULL, 'sesame-jwt-secret')")


def stored(superuser: Connection, column: CiphertextColumn) -> list[tuple[bytes, int, str]]:
    """Ciphertext, key and plaintext of every row; fails where one does not decrypt."""
    statement = sql.SQL(
        "SELECT {column}, key_id, keyring.decrypt({column}, key_id, ({owner})::uuid, {kind}) FROM {table}"
        " WHERE key_id IS NOT NULL ORDER BY 3"
    ).format(
        column=sql.Identifier(column.column),
        table=sql.Identifier(*column.table.split(".")),
        owner=sql.SQL(column.owner),
        kind=sql.SQL(column.kind),
    )
    return [(value, key_id, text) for value, key_id, text in superuser.execute(statement).fetchall()]
