"""The world on PostgreSQL: arranged by the database's own functions, and by its superuser."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from portway.domain.action import Action
from portway.domain.connection import ConnectionStatus
from portway.domain.execution import ExecutionStatus
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject
from portway.domain.organization import Role
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.connect_links import PostgresConnectLinks
from portway.infrastructure.postgres.connection_repository import PostgresConnectionRepository
from portway.infrastructure.postgres.credential_vault import PostgresCredentialVault
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.execution_ledger import PostgresExecutionLedger
from portway.infrastructure.postgres.integration_repository import PostgresIntegrationRepository
from portway.infrastructure.postgres.renewals import PostgresRenewals
from tests.contract.worlds import ALL_SCOPES, Reading
from tests.fakes.records import AuditRow, Person, StoredConnection
from tests.fakes.world import PASS_LIFETIME

_AUDIT_COLUMNS: LiteralString = """
    id, executed_at, status, user_id, organization_id, workspace_id, connection_id, integration_id, action_id,
    request_payload, response_payload, payload_truncated, status_code, error_code, duration_ms, attempts
"""


class PostgresWorld:
    """The real adapters. What they cannot do, the superuser's connection does."""

    def __init__(self, database: Database, owner: psycopg.Connection[Any]) -> None:
        self.ledger = PostgresExecutionLedger(database)
        self.vault = PostgresCredentialVault(database)
        self.renewals = PostgresRenewals(database)
        self.links = PostgresConnectLinks(database)
        self._database = database
        self._owner = owner

    @classmethod
    @asynccontextmanager
    async def on(cls, urls: DatabaseUrls) -> AsyncIterator["PostgresWorld"]:
        database = Database(urls.app, worker_url=urls.worker, max_size=4)
        await database.open()
        try:
            with psycopg.connect(urls.superuser, autocommit=True, row_factory=dict_row) as owner:
                yield cls(database, owner)
        finally:
            await database.close()

    def now(self) -> datetime:
        return datetime.now(UTC)

    @asynccontextmanager
    async def reading(self, sealed_pass: str) -> AsyncIterator[Reading]:
        async with self._database.transaction(sealed_pass) as connection:
            yield Reading(PostgresIntegrationRepository(connection), PostgresConnectionRepository(connection))

    async def person(self) -> Person:
        (made,) = self._run(
            "SELECT * FROM app.create_person(gen_random_uuid() || '@example.com', 'someone', true)"
        )
        sealed_pass = self._seal(made["user_id"], ALL_SCOPES, None, PASS_LIFETIME)
        return Person(made["user_id"], made["organization_id"], made["workspace_id"], sealed_pass)

    async def join(self, person: Person, host: Person, role: Role) -> None:
        self._run(
            "INSERT INTO organization_members VALUES (%s, %s, 'member') ON CONFLICT DO NOTHING",
            host.organization_id, person.user_id,
        )  # fmt: skip
        self._run(
            "INSERT INTO workspace_members AS m VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role",
            host.workspace_id, host.organization_id, person.user_id, role,
        )  # fmt: skip

    async def seal(
        self,
        person: Person,
        scopes: Sequence[str] = ALL_SCOPES,
        workspace_id: UUID | None = None,
        lifetime: timedelta = PASS_LIFETIME,
    ) -> str:
        return self._seal(person.user_id, scopes, workspace_id, lifetime)

    async def add(self, integration: Integration, *actions: Action) -> None:
        self._insert("integrations", integration)
        for action in actions:
            self._insert("actions", action)

    async def move(
        self, integration: Integration, *, base_url: str | None = None, auth_config: JsonObject | None = None
    ) -> None:
        self._run(
            "UPDATE integrations SET base_url = coalesce(%s, base_url), auth_config = coalesce(%s::jsonb, auth_config)"
            " WHERE id = %s",
            base_url, None if auth_config is None else json.dumps(auth_config), integration.id,
        )  # fmt: skip

    async def set_scopes(self, connection_id: UUID, *scopes: str) -> None:
        self._run("UPDATE connections SET scopes = %s WHERE id = %s", list(scopes), connection_id)

    async def spoil(self, connection_id: UUID) -> None:
        self._run(
            "UPDATE encrypted_credentials SET encrypted_value = set_byte(encrypted_value, 20,"
            " get_byte(encrypted_value, 20) # 255) WHERE connection_id = %s",
            connection_id,
        )

    async def stored(self, connection_id: UUID) -> StoredConnection | None:
        rows = self._run("SELECT * FROM connections WHERE id = %s", connection_id)
        if not rows:
            return None
        secrets = self._run(
            "SELECT credential_type, for_renewal,"
            " keyring.decrypt(encrypted_value, key_id, connection_id, credential_type) AS secret"
            " FROM encrypted_credentials WHERE connection_id = %s",
            connection_id,
        )
        row = rows[0] | {
            "status": ConnectionStatus(rows[0]["status"]),
            "origins": tuple(rows[0]["origins"]),
            "scopes": tuple(rows[0]["scopes"]),
            "version": rows[0]["credential_version"],
            "secrets": {found["credential_type"]: found["secret"] for found in secrets},
            "renewing": frozenset(found["credential_type"] for found in secrets if found["for_renewal"]),
        }
        return StoredConnection(**{column.name: row[column.name] for column in fields(StoredConnection)})

    async def audit(self, execution_id: UUID) -> AuditRow | None:
        rows = self._run("SELECT " + _AUDIT_COLUMNS + " FROM api_logs WHERE id = %s", execution_id)
        return _audit_row(rows[0]) if rows else None

    async def audit_of(self, person: Person) -> list[AuditRow]:
        rows = self._run(
            "SELECT " + _AUDIT_COLUMNS + " FROM api_logs WHERE user_id = %s ORDER BY executed_at",
            person.user_id,
        )
        return [_audit_row(row) for row in rows]

    async def deadline(self, execution_id: UUID) -> datetime:
        (row,) = self._run("SELECT deadline FROM api_logs WHERE id = %s", execution_id)
        found: datetime = row["deadline"]
        return found

    async def pass_deadline(self, execution_id: UUID) -> None:
        self._run("UPDATE api_logs SET deadline = now() - interval '1 second' WHERE id = %s", execution_id)
        self._run(
            "UPDATE idempotency_keys SET deadline = now() - interval '1 second' WHERE execution_id = %s",
            execution_id,
        )
        self._run("SELECT app.mark_unfinished_executions()")

    async def expire_idempotency_key(self, person: Person, key: str) -> None:
        self._run(
            "UPDATE idempotency_keys SET expires_at = now() - interval '1 second' WHERE user_id = %s AND key = %s",
            person.user_id, key,
        )  # fmt: skip

    async def expire_authorization(self, state: str) -> None:
        self._run(
            "UPDATE oauth_authorizations SET expires_at = now() - interval '1 second'"
            " WHERE state_hash = sha256(convert_to(%s, 'UTF8'))",
            state,
        )

    async def expire_lease(self, connection_id: UUID) -> None:
        self._run(
            "UPDATE refresh_leases SET expires_at = now() - interval '1 second' WHERE connection_id = %s",
            connection_id,
        )

    async def end_pause(self, connection_id: UUID) -> None:
        self._run("UPDATE connections SET renewal_not_before = NULL WHERE id = %s", connection_id)

    async def let_pass(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def issue(self, connection_id: UUID, since_now: timedelta) -> None:
        self._run("UPDATE connections SET issued_at = now() + %s WHERE id = %s", since_now, connection_id)

    def _run(self, statement: LiteralString, *values: object) -> list[dict[str, Any]]:
        cursor = self._owner.execute(statement, values)
        return cursor.fetchall() if cursor.description else []

    def _seal(
        self, user_id: UUID, scopes: Sequence[str], workspace_id: UUID | None, lifetime: timedelta
    ) -> str:
        (row,) = self._run(
            "SELECT app.seal_user_pass(%s, %s, 'operator', %s, %s, clock_timestamp() + %s) AS sealed_pass",
            user_id, user_id, workspace_id, list(scopes), lifetime,
        )  # fmt: skip
        sealed_pass: str = row["sealed_pass"]
        return sealed_pass

    def _insert(self, table: LiteralString, entity: Integration | Action) -> None:
        members = {
            column.name: getattr(entity, column.name)
            for column in fields(entity)
            if column.name not in ("version", "updated_at")
        }
        row = json.dumps(members, default=str)
        names = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, members))
        self._owner.execute(
            psycopg.sql.SQL(
                "INSERT INTO {} ({}) SELECT {} FROM jsonb_populate_record(NULL::{}, %s::jsonb)"
            ).format(psycopg.sql.Identifier(table), names, names, psycopg.sql.Identifier(table)),
            [row],
        )


def _audit_row(row: dict[str, Any]) -> AuditRow:
    return AuditRow(**row | {"status": ExecutionStatus(row["status"])})
