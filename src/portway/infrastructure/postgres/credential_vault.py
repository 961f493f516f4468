"""The credential vault on the database's own functions. No secret passes through a table read."""

import json
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from portway.application.ports.credential_vault import (
    Established,
    NewAuthorization,
    NewConnection,
    OrganizationClient,
    PendingAuthorization,
    Revocable,
)
from portway.domain.connection import Account
from portway.domain.credential import OAuthClient
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.rows import Row, integration_from, oauth_client_from


class PostgresCredentialVault:
    """Each method is one function call, or two, in a statement of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create_connection(
        self, sealed_pass: str, place: NewConnection, established: Established
    ) -> UUID:
        """See the port."""
        account_id, account_name = _account_columns(established.account)
        made: UUID = await self._value(
            "SELECT app.create_connection(%s, %s, %s, %s, %s::jsonb, %s::jsonb, %s, %s, %s::jsonb, %s, %s, %s, %s, %s,"
            " %s)",
            sealed_pass, place.workspace_id, place.integration_id, place.name, json.dumps(established.values),
            json.dumps(established.config), list(established.origins), established.expires_at,
            json.dumps(established.grant), list(established.scopes), established.oauth_client_id, account_id,
            account_name, place.end_user_id, place.default_name,
        )  # fmt: skip
        return made

    async def replace_secret(self, sealed_pass: str, connection_id: UUID, established: Established) -> None:
        """See the port."""
        await self._value(
            "SELECT app.replace_secret(%s, %s, %s::jsonb, %s, %s, %s::jsonb, %s, %s::jsonb, %s, %s, %s)",
            sealed_pass, connection_id, json.dumps(established.values), list(established.origins),
            established.expires_at, json.dumps(established.grant), list(established.scopes),
            json.dumps(established.config), established.oauth_client_id, *_account_columns(established.account),
        )  # fmt: skip

    async def set_disabled(self, sealed_pass: str, connection_id: UUID, *, disabled: bool) -> None:
        """See the port."""
        await self._value(
            "SELECT app.set_connection_disabled(%s, %s, %s)", sealed_pass, connection_id, disabled
        )

    async def delete_connection(self, sealed_pass: str, connection_id: UUID) -> Revocable:
        """See the port."""
        left = await self._value("SELECT app.delete_connection(%s, %s)", sealed_pass, connection_id)
        types = ("refresh_token", "access_token")
        return Revocable(
            tokens={name: left["tokens"][name] for name in types if name in left["tokens"]},
            client=oauth_client_from(left["client"]),
            integration=integration_from(left["integration"]),
            origins=tuple(left["origins"]),
            config=left["config"],
        )

    async def oauth_client(
        self,
        sealed_pass: str,
        workspace_id: UUID,
        integration_id: UUID,
        *,
        name: str | None = None,
        connection_id: UUID | None = None,
    ) -> OrganizationClient | None:
        """See the port."""
        found = await self._value(
            "SELECT app.oauth_client(%s, %s, %s, %s, %s)",
            sealed_pass, workspace_id, integration_id, name, connection_id,
        )  # fmt: skip
        return _organization_client(found)

    async def set_oauth_client(
        self,
        sealed_pass: str,
        organization_id: UUID,
        integration_id: UUID,
        client: OAuthClient,
        *,
        name: str = "default",
    ) -> None:
        """See the port."""
        await self._value(
            "SELECT app.set_oauth_client(%s, %s, %s, %s, %s, %s)",
            sealed_pass, organization_id, integration_id, client.client_id, client.client_secret, name,
        )  # fmt: skip

    async def begin_authorization(self, sealed_pass: str, authorization: NewAuthorization) -> datetime:
        """See the port."""
        expires_at: datetime = await self._value(
            "SELECT app.begin_authorization(%s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s, %s, %s, %s)",
            sealed_pass, authorization.workspace_id, authorization.integration_id, authorization.connection_id,
            authorization.name, list(authorization.scopes), json.dumps(authorization.config),
            authorization.return_url, authorization.state, authorization.code_verifier,
            authorization.browser_secret, authorization.oauth_client_id, authorization.end_user_id,
            authorization.opener_origin,
        )  # fmt: skip
        return expires_at

    async def take_authorization(self, state: str, browser_secret: str | None) -> PendingAuthorization | None:
        """See the port."""
        row = await self._value(
            "SELECT to_jsonb(t)"
            " || jsonb_build_object('integration', app.authorization_integration(t.authorization_pass))"
            " FROM app.take_authorization(%s, %s) AS t",
            state, browser_secret,
        )  # fmt: skip
        return _pending(row) if row else None

    async def complete_authorization(
        self, authorization_pass: str, established: Established, default_name: str
    ) -> UUID:
        """See the port."""
        connection_id: UUID = await self._value(
            "SELECT app.complete_authorization(%s, %s::jsonb, %s::jsonb, %s, %s, %s, %s::jsonb, %s, %s, %s)",
            authorization_pass, json.dumps(established.values), json.dumps(established.grant),
            established.expires_at, list(established.origins), list(established.scopes),
            json.dumps(established.config), *_account_columns(established.account), default_name,
        )  # fmt: skip
        return connection_id

    async def _value(self, statement: LiteralString, *parameters: object) -> Any:
        async with self._database.connection() as connection:
            row = await (await connection.execute(statement, parameters)).fetchone()
        return row[0] if row else None


def _account_columns(account: Account | None) -> tuple[str | None, str | None]:
    return (account.id, account.name) if account else (None, None)


def _organization_client(row: Row | None) -> OrganizationClient | None:
    client = oauth_client_from(row)
    return OrganizationClient(UUID(row["id"]), client) if row and client else None


def _pending(row: Row) -> PendingAuthorization:
    return PendingAuthorization(
        authorization_pass=row["authorization_pass"] or "",
        integration=integration_from(row["integration"]) if row["integration"] else None,
        client=_organization_client(row["client"]),
        code_verifier=row["code_verifier"] or "",
        scopes=tuple(row["scopes"]),
        config=row["config"],
        return_url=row["return_url"],
        expired=row["expired"],
        opener_origin=row["opener_origin"],
    )
