"""Where the database keeps what its keyring encrypted."""

from collections import Counter
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql


@dataclass(frozen=True)
class CiphertextColumn:
    """A column of ciphertexts; `key_id` beside it says which key opens each.

    `row` are the columns that name a row. `owner` and `kind` are the SQL expressions of what a ciphertext is bound to,
    as it is given to `keyring.encrypt`.
    """

    table: LiteralString
    column: LiteralString
    row: tuple[LiteralString, ...]
    owner: LiteralString
    kind: LiteralString


COLUMNS = (
    CiphertextColumn(
        "public.encrypted_credentials",
        "encrypted_value",
        ("connection_id", "credential_type"),
        owner="connection_id",
        kind="credential_type",
    ),
    CiphertextColumn(
        "public.oauth_clients",
        "encrypted_client_secret",
        ("id",),
        owner="integration_id",
        kind="'client_secret ' || organization_id",
    ),
    CiphertextColumn(
        "public.oauth_authorizations",
        "encrypted_code_verifier",
        ("id",),
        owner="id",
        kind="'code_verifier'",
    ),
    CiphertextColumn(
        "public.idempotency_keys",
        "encrypted_answer",
        ("execution_id",),
        owner="execution_id",
        kind="'idempotent_answer'",
    ),
    CiphertextColumn(
        "public.webhook_secrets",
        "encrypted_value",
        ("id",),
        owner="endpoint_id",
        kind="'webhook_secret'",
    ),
    CiphertextColumn(
        "keyring.jwt_issuers",
        "secret_ciphertext",
        ("issuer",),
        owner="'00000000-0000-0000-0000-000000000000'",
        kind="'jwt_issuer'",
    ),
)


def ciphertexts_by_key(connection: psycopg.Connection[tuple[object, ...]]) -> Counter[int]:
    """How many ciphertexts are under each key, by its id. Takes the owner's connection."""
    numbers: Counter[int] = Counter()
    for column in COLUMNS:
        statement = sql.SQL(
            "SELECT key_id, count(*) FROM {} WHERE key_id IS NOT NULL GROUP BY key_id"
        ).format(sql.Identifier(*column.table.split(".")))
        for key_id, number in connection.execute(statement).fetchall():
            numbers[int(str(key_id))] += int(str(number))
    return numbers
