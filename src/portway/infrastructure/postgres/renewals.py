"""Renewals on the database's own functions. No secret passes through a table read."""

import json
from typing import Any, LiteralString
from uuid import UUID

from portway.application.ports.renewals import LeaseOutcome, RefreshLease, Release, Renewable
from portway.domain.credential import Credential, TokenSet
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.rows import credential_from, integration_from, oauth_client_from


class PostgresRenewals:
    """Each method is one function call in a statement of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lease_refresh(
        self,
        sealed_pass: str,
        connection_id: UUID,
        seen_version: int,
        lease_seconds: float,
        *,
        refused: bool = False,
    ) -> RefreshLease:
        """See the port."""
        row = await self._row(
            "SELECT outcome, refresh_pass, grant_members, client, credential, interrupted, retry_seconds"
            " FROM app.lease_refresh(%s, %s, %s, %s, %s)",
            sealed_pass, connection_id, seen_version, lease_seconds, refused,
        )  # fmt: skip
        outcome, refresh_pass, grant, client, credential, interrupted, retry_seconds = (
            row or ("gone",) + (None,) * 6
        )
        return RefreshLease(
            outcome=LeaseOutcome(outcome),
            refresh_pass=refresh_pass or "",
            grant=grant or {},
            client=oauth_client_from(client),
            credential=credential_from(credential) if credential else None,
            interrupted=bool(interrupted),
            retry_seconds=retry_seconds or 0.0,
        )

    async def lease_due(self, limit: int, lease_seconds: float) -> list[tuple[Renewable, RefreshLease]]:
        """See the port. Needs the worker path."""
        async with self._database.worker_connection() as connection:
            cursor = await connection.execute(
                "SELECT connection_id, integration, config, origins, scopes, refresh_pass, grant_members, client,"
                " interrupted FROM app.lease_due_renewals(%s, %s)",
                [limit, lease_seconds],
            )
            rows = await cursor.fetchall()
        return [
            (
                Renewable(
                    connection_id, integration_from(integration), config, tuple(origins), tuple(scopes)
                ),
                RefreshLease(
                    LeaseOutcome.LEASED,
                    refresh_pass,
                    grant,
                    oauth_client_from(client),
                    interrupted=interrupted,
                ),
            )
            for connection_id, integration, config, origins, scopes, refresh_pass, grant, client, interrupted in rows
        ]

    async def renew_lease(self, refresh_pass: str, lease_seconds: float) -> bool:
        """See the port."""
        is_held: bool = await self._value("SELECT app.renew_lease(%s, %s)", refresh_pass, lease_seconds)
        return is_held

    async def store_refresh(self, refresh_pass: str, tokens: TokenSet) -> Credential | None:
        """See the port."""
        stored = await self._value(
            "SELECT app.store_refresh(%s, %s, %s, %s, %s, %s::jsonb)",
            refresh_pass, tokens.access_token, tokens.refresh_token, tokens.expires_at,
            list(tokens.scopes) if tokens.scopes is not None else None, json.dumps(dict(tokens.members)),
        )  # fmt: skip
        return credential_from(stored) if stored else None

    async def release_refresh(self, refresh_pass: str, release: Release) -> None:
        """See the port."""
        await self._value("SELECT app.release_refresh(%s, %s)", refresh_pass, release)

    async def mark_reauthorization_required(
        self, sealed_pass: str, connection_id: UUID, seen_version: int
    ) -> None:
        """See the port."""
        await self._value(
            "SELECT app.mark_reauthorization_required(%s, %s, %s)", sealed_pass, connection_id, seen_version
        )

    async def _row(self, statement: LiteralString, *parameters: object) -> tuple[Any, ...] | None:
        async with self._database.connection() as connection:
            return await (await connection.execute(statement, parameters)).fetchone()

    async def _value(self, statement: LiteralString, *parameters: object) -> Any:
        row = await self._row(statement, *parameters)
        return row[0] if row else None
