"""The credential vault on the database's own functions. No secret passes through a table read."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from portway.application.ports.credential_vault import (
    NewAuthorization,
    PendingAuthorization,
    Revocable,
)
from portway.domain.credential import OAuthClient, TokenSet
from portway.domain.json_value import JsonObject
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.rows import integration_from, oauth_client_from


class PostgresCredentialVault:
    """Each method is one function call, or two, in a statement of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create_connection(
        self,
        sealed_pass: str,
        *,
        workspace_id: UUID,
        integration_id: UUID,
        name: str,
        values: Mapping[str, str],
        config: JsonObject,
        origins: Sequence[str],
        expires_at: datetime | None,
    ) -> UUID:
        """See the port."""
        made: UUID = await self._value(
            "SELECT app.create_connection(%s, %s, %s, %s, %s::jsonb, %s::jsonb, %s, %s)",
            sealed_pass, workspace_id, integration_id, name, json.dumps(values), json.dumps(config), list(origins),
            expires_at,
        )  # fmt: skip
        return made

    async def replace_secret(
        self,
        sealed_pass: str,
        connection_id: UUID,
        values: Mapping[str, str],
        origins: Sequence[str],
        expires_at: datetime | None,
    ) -> None:
        """See the port."""
        await self._value(
            "SELECT app.replace_secret(%s, %s, %s::jsonb, %s, %s)",
            sealed_pass, connection_id, json.dumps(values), list(origins), expires_at,
        )  # fmt: skip

    async def set_disabled(self, sealed_pass: str, connection_id: UUID, *, disabled: bool) -> None:
        """See the port."""
        await self._value(
            "SELECT app.set_connection_disabled(%s, %s, %s)", sealed_pass, connection_id, disabled
        )

    async def delete_connection(self, sealed_pass: str, connection_id: UUID) -> Revocable:
        """See the port."""
        left = await self._value("SELECT app.delete_connection(%s, %s)", sealed_pass, connection_id)
        return Revocable(tuple(left["tokens"]), oauth_client_from(left["client"]))

    async def oauth_client_id(self, sealed_pass: str, workspace_id: UUID, integration_id: UUID) -> str | None:
        """See the port."""
        client_id: str | None = await self._value(
            "SELECT app.oauth_client_id(%s, %s, %s)", sealed_pass, workspace_id, integration_id
        )
        return client_id

    async def set_oauth_client(
        self, sealed_pass: str, organization_id: UUID, integration_id: UUID, client: OAuthClient
    ) -> None:
        """See the port."""
        await self._value(
            "SELECT app.set_oauth_client(%s, %s, %s, %s, %s)",
            sealed_pass, organization_id, integration_id, client.client_id, client.client_secret,
        )  # fmt: skip

    async def begin_authorization(self, sealed_pass: str, authorization: NewAuthorization) -> datetime:
        """See the port."""
        expires_at: datetime = await self._value(
            "SELECT app.begin_authorization(%s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s)",
            sealed_pass, authorization.workspace_id, authorization.integration_id, authorization.connection_id,
            authorization.name, list(authorization.scopes), json.dumps(authorization.config),
            authorization.return_url, authorization.state, authorization.code_verifier,
            authorization.browser_secret,
        )  # fmt: skip
        return expires_at

    async def take_authorization(self, state: str, browser_secret: str | None) -> PendingAuthorization | None:
        """See the port."""
        row = await self._row(
            "SELECT t.authorization_pass, app.authorization_integration(t.authorization_pass), t.client,"
            " t.code_verifier, t.scopes, t.config, t.return_url, t.expired"
            " FROM app.take_authorization(%s, %s) AS t",
            state, browser_secret,
        )  # fmt: skip
        if row is None:
            return None
        authorization_pass, integration, client, code_verifier, scopes, config, return_url, expired = row
        return PendingAuthorization(
            authorization_pass=authorization_pass or "",
            integration=integration_from(integration) if integration else None,
            client=oauth_client_from(client),
            code_verifier=code_verifier or "",
            scopes=tuple(scopes),
            config=config,
            return_url=return_url,
            expired=expired,
        )

    async def complete_authorization(
        self, authorization_pass: str, tokens: TokenSet, origins: Sequence[str], scopes: Sequence[str]
    ) -> UUID:
        """See the port."""
        connection_id: UUID = await self._value(
            "SELECT app.complete_authorization(%s, %s, %s, %s, %s, %s)",
            authorization_pass, tokens.access_token, tokens.refresh_token, tokens.expires_at, list(origins),
            list(scopes),
        )  # fmt: skip
        return connection_id

    async def _row(self, statement: LiteralString, *parameters: object) -> tuple[Any, ...] | None:
        async with self._database.connection() as connection:
            return await (await connection.execute(statement, parameters)).fetchone()

    async def _value(self, statement: LiteralString, *parameters: object) -> Any:
        row = await self._row(statement, *parameters)
        return row[0] if row else None
