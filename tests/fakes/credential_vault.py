"""The credential vault in memory."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from portway.application.ports.credential_vault import (
    NewAuthorization,
    PendingAuthorization,
    Revocable,
)
from portway.domain.connection import ConnectionStatus
from portway.domain.credential import OAuthClient, TokenSet
from portway.domain.errors import Forbidden, NotFound
from portway.domain.json_value import JsonObject
from portway.domain.organization import Role
from portway.domain.principal import Scope
from portway.domain.rules.tenancy import at_least
from tests.fakes.world import Claims, ConnectionRow, World, members_of

AUTHORIZATION_LIFETIME = timedelta(minutes=10)


@dataclass(slots=True)
class _Authorization:
    user_id: UUID
    wanted: NewAuthorization
    expires_at: datetime
    is_taken: bool = False


class InMemoryCredentialVault:
    """Keeps its rows in a world. `failures` are raised by the next calls of the method of that name, one each."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._authorizations: dict[str, _Authorization] = {}
        self._authorization_passes: dict[str, _Authorization] = {}
        self.failures: dict[str, list[Exception]] = {}
        self.calls: list[str] = []

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
        await self._called("create_connection")
        claims = self._check_may_connect(sealed_pass, workspace_id)
        self._world.visible_integration(integration_id, self._world.workspaces[workspace_id])
        connection = self._world.new_connection(claims.user_id, workspace_id, integration_id, name)
        self._world.connections[connection.id] = ConnectionRow(
            replace(connection, origins=tuple(origins), config=config, expires_at=expires_at),
            dict(values),
            version=1,
            issued_at=self._world.clock(),
        )
        return connection.id

    async def replace_secret(
        self,
        sealed_pass: str,
        connection_id: UUID,
        values: Mapping[str, str],
        origins: Sequence[str],
        expires_at: datetime | None,
    ) -> None:
        await self._called("replace_secret")
        row = self._world.own_connection(self._world.claims(sealed_pass), connection_id)
        self._check_may_connect(sealed_pass, row.connection.workspace_id)
        row.secrets.clear()
        row.renew(values, expires_at, self._world.clock())
        row.connection = replace(row.connection, origins=tuple(origins))
        row.set_status(ConnectionStatus.ACTIVE)

    async def set_disabled(self, sealed_pass: str, connection_id: UUID, *, disabled: bool) -> None:
        await self._called("set_disabled")
        claims = self._world.claims(sealed_pass)
        row = self._world.seen_connection(claims, connection_id)
        is_own = claims is not None and row.connection.user_id == claims.user_id
        may_resume = disabled or claims is None or row.disabled_by in (None, claims.user_id)
        self._check_may_manage(claims, row, is_permitted=is_own and may_resume)
        row.set_disabled(claims.user_id if disabled and claims else None)

    async def delete_connection(self, sealed_pass: str, connection_id: UUID) -> Revocable:
        await self._called("delete_connection")
        claims = self._world.claims(sealed_pass)
        row = self._world.seen_connection(claims, connection_id)
        is_own = claims is not None and row.connection.user_id == claims.user_id
        self._check_may_manage(claims, row, is_permitted=is_own)
        del self._world.connections[connection_id]
        if row.spoiled:
            return Revocable((), None)
        tokens = (row.secrets.get("refresh_token"), row.secrets.get("access_token"))
        return Revocable(
            tuple(token for token in tokens if token is not None),
            self._world.organization_client(row.connection),
        )

    async def oauth_client_id(self, sealed_pass: str, workspace_id: UUID, integration_id: UUID) -> str | None:
        await self._called("oauth_client_id")
        self._check_may_connect(sealed_pass, workspace_id)
        own = self._world.oauth_clients.get((self._world.workspaces[workspace_id], integration_id))
        return own.client_id if own else None

    async def set_oauth_client(
        self, sealed_pass: str, organization_id: UUID, integration_id: UUID, client: OAuthClient
    ) -> None:
        await self._called("set_oauth_client")
        claims = self._world.claims(sealed_pass)
        if (
            claims is None
            or Scope.CATALOG_WRITE not in claims.scopes
            or not self._world.administers_organization(claims, organization_id)
        ):
            raise Forbidden
        self._world.visible_integration(integration_id, organization_id)
        self._world.oauth_clients[organization_id, integration_id] = client

    async def begin_authorization(self, sealed_pass: str, authorization: NewAuthorization) -> datetime:
        await self._called("begin_authorization")
        claims = self._check_may_connect(sealed_pass, authorization.workspace_id)
        organization_id = self._world.workspaces[authorization.workspace_id]
        self._world.visible_integration(authorization.integration_id, organization_id)
        if authorization.connection_id is not None:
            mine = self._world.own_connection(claims, authorization.connection_id).connection
            if mine.integration_id != authorization.integration_id:
                raise NotFound
        expires_at = self._world.clock() + AUTHORIZATION_LIFETIME
        self._authorizations[authorization.state] = _Authorization(claims.user_id, authorization, expires_at)
        return expires_at

    async def take_authorization(self, state: str, browser_secret: str | None) -> PendingAuthorization | None:
        await self._called("take_authorization")
        found = self._authorizations.get(state)
        if found is None or found.is_taken or found.wanted.browser_secret not in (None, browser_secret):
            return None
        found.is_taken = True
        wanted = found.wanted
        if found.expires_at < self._world.clock():
            return PendingAuthorization(
                "", None, None, "", wanted.scopes, wanted.config, wanted.return_url, expired=True
            )
        authorization_pass = self._world.unique("authorization-pass")
        self._authorization_passes[authorization_pass] = found
        organization_id = self._world.workspaces[wanted.workspace_id]
        return PendingAuthorization(
            authorization_pass,
            self._world.integrations[wanted.integration_id],
            self._world.oauth_clients.get((organization_id, wanted.integration_id)),
            wanted.code_verifier,
            wanted.scopes,
            wanted.config,
            wanted.return_url,
            expired=False,
        )

    async def complete_authorization(
        self, authorization_pass: str, tokens: TokenSet, origins: Sequence[str], scopes: Sequence[str]
    ) -> UUID:
        await self._called("complete_authorization")
        found = self._authorization_passes.pop(authorization_pass, None)
        if found is None:
            raise NotFound
        wanted = found.wanted
        role = self._world.workspace_roles.get((wanted.workspace_id, found.user_id))
        if not at_least(role, Role.MEMBER):
            raise Forbidden
        row = self._world.connections[wanted.connection_id] if wanted.connection_id else None
        if row is None:
            row = ConnectionRow(
                self._world.new_connection(
                    found.user_id, wanted.workspace_id, wanted.integration_id, wanted.name
                ),
                {},
                version=0,
                issued_at=self._world.clock(),
            )
            self._world.connections[row.connection.id] = row
        self._world.leases.pop(row.connection.id, None)
        row.renew(members_of(tokens), tokens.expires_at, self._world.clock())
        row.connection = replace(
            row.connection, origins=tuple(origins), scopes=tuple(scopes), config=wanted.config
        )
        row.set_status(ConnectionStatus.ACTIVE)
        return row.connection.id

    def expire_authorization(self, state: str) -> None:
        """Its ten minutes are over."""
        self._authorizations[state].expires_at = self._world.clock() - timedelta(seconds=1)

    async def _called(self, method: str) -> None:
        self.calls.append(method)
        await asyncio.sleep(0)
        if self.failures.get(method):
            raise self.failures[method].pop(0)

    def _check_may_connect(self, sealed_pass: str, workspace_id: UUID) -> Claims:
        claims = self._world.claims(sealed_pass)
        role = self._world.role_in(claims, workspace_id)
        if claims is None or role is None:
            raise NotFound
        if Scope.CONNECTIONS_WRITE not in claims.scopes or role is Role.VIEWER:
            raise Forbidden
        return claims

    def _check_may_manage(self, claims: Claims | None, row: ConnectionRow, *, is_permitted: bool) -> None:
        if claims is None or Scope.CONNECTIONS_WRITE not in claims.scopes:
            raise Forbidden
        if not is_permitted and not self._world.administers(claims, row.connection.workspace_id):
            raise Forbidden
