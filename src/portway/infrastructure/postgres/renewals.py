"""Renewals on the database's own functions. No secret passes through a table read."""

from typing import Any, LiteralString
from uuid import UUID

from portway.application.ports.renewals import LeaseOutcome, RefreshLease
from portway.domain.credential import Credential, TokenSet
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.rows import credential_from, oauth_client_from


class PostgresRenewals:
    """Each method is one function call in a statement of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lease_refresh(
        self, sealed_pass: str, connection_id: UUID, seen_version: int, lease_seconds: float
    ) -> RefreshLease:
        """See the port."""
        row = await self._row(
            "SELECT outcome, refresh_pass, refresh_token, client, credential, interrupted"
            " FROM app.lease_refresh(%s, %s, %s, %s)",
            sealed_pass, connection_id, seen_version, lease_seconds,
        )  # fmt: skip
        outcome, refresh_pass, refresh_token, client, credential, interrupted = row or ("gone",) + (None,) * 5
        return RefreshLease(
            outcome=LeaseOutcome(outcome),
            refresh_pass=refresh_pass or "",
            refresh_token=refresh_token or "",
            client=oauth_client_from(client),
            credential=credential_from(credential) if credential else None,
            interrupted=bool(interrupted),
        )

    async def store_refresh(self, refresh_pass: str, tokens: TokenSet) -> Credential | None:
        """See the port."""
        stored = await self._value(
            "SELECT app.store_refresh(%s, %s, %s, %s, %s)",
            refresh_pass, tokens.access_token, tokens.refresh_token, tokens.expires_at,
            list(tokens.scopes) if tokens.scopes is not None else None,
        )  # fmt: skip
        return credential_from(stored) if stored else None

    async def release_refresh(self, refresh_pass: str, *, reauthorization_required: bool) -> None:
        """See the port."""
        await self._value("SELECT app.release_refresh(%s, %s)", refresh_pass, reauthorization_required)

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
