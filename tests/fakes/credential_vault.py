"""The credential vault in memory."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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
from portway.domain.errors import Forbidden, NotFound
from portway.domain.organization import Role
from portway.domain.principal import Scope
from portway.domain.rules.tenancy import at_least
from tests.fakes.world import Claims, ClientRow, ConnectionRow, LinkClaims, World

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
        self, sealed_pass: str, place: NewConnection, established: Established
    ) -> UUID:
        await self._called("create_connection")
        claims = self._check_may_connect(sealed_pass, place.workspace_id, place.integration_id)
        self._check_link(claims, None)
        self._world.visible_integration(place.integration_id, self._world.workspaces[place.workspace_id])
        if isinstance(claims, LinkClaims):
            place = replace(place, end_user_id=claims.end_user_id)
        row = self._found_or_new(claims.user_id, place, established.account)
        row.establish(established, self._world.clock())
        return row.connection.id

    async def replace_secret(self, sealed_pass: str, connection_id: UUID, established: Established) -> None:
        await self._called("replace_secret")
        found = self._world.connections.get(connection_id)
        if found is None:
            raise NotFound
        place = (found.connection.workspace_id, found.connection.integration_id)
        row = self._world.own_connection(self._world.connecting_claims(sealed_pass, *place), connection_id)
        self._check_link(self._check_may_connect(sealed_pass, *place), connection_id)
        self._world.leases.pop(connection_id, None)
        row.establish(established, self._world.clock())

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
        types = () if row.spoiled else ("refresh_token", "access_token")
        client = self._world.organization_client(row.connection)
        if "client_id" in row.secrets:
            client = OAuthClient(row.secrets["client_id"], row.secrets.get("client_secret"))
        return Revocable(
            {name: row.secrets[name] for name in types if name in row.secrets},
            None if row.spoiled else client,
            self._world.integrations[row.connection.integration_id],
            row.connection.origins,
            row.connection.config,
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
        await self._called("oauth_client")
        self._check_may_connect(sealed_pass, workspace_id, integration_id)
        row = self._world.connections.get(connection_id) if connection_id else None
        client_id = row.connection.oauth_client_id if row else None
        before = self._world.oauth_clients.get(client_id) if client_id else None
        wanted = name or (before.name if before else "default")
        return _shown(self._world.named_client(self._world.workspaces[workspace_id], integration_id, wanted))

    async def set_oauth_client(
        self,
        sealed_pass: str,
        organization_id: UUID,
        integration_id: UUID,
        client: OAuthClient,
        *,
        name: str = "default",
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
        self._world.set_client(organization_id, integration_id, client, name)

    async def begin_authorization(self, sealed_pass: str, authorization: NewAuthorization) -> datetime:
        await self._called("begin_authorization")
        wanted = authorization
        claims = self._check_may_connect(sealed_pass, wanted.workspace_id, wanted.integration_id)
        self._check_link(claims, wanted.connection_id)
        organization_id = self._world.workspaces[wanted.workspace_id]
        self._world.visible_integration(wanted.integration_id, organization_id)
        if isinstance(claims, LinkClaims):
            wanted = replace(wanted, end_user_id=claims.end_user_id)
        if wanted.oauth_client_id is not None:
            client = self._world.oauth_clients.get(wanted.oauth_client_id)
            if client is None or client.organization_id != organization_id:
                raise NotFound
        if wanted.connection_id is not None:
            mine = self._world.own_connection(claims, wanted.connection_id).connection
            if mine.integration_id != wanted.integration_id:
                raise NotFound
        expires_at = self._world.clock() + AUTHORIZATION_LIFETIME
        self._authorizations[wanted.state] = _Authorization(claims.user_id, wanted, expires_at)
        return expires_at

    async def take_authorization(self, state: str, browser_secret: str | None) -> PendingAuthorization | None:
        await self._called("take_authorization")
        found = self._authorizations.get(state)
        if found is None or found.is_taken or found.wanted.browser_secret not in (None, browser_secret):
            return None
        found.is_taken = True
        wanted = found.wanted
        pending = PendingAuthorization(
            authorization_pass="",
            integration=None,
            client=None,
            code_verifier="",
            scopes=wanted.scopes,
            config=wanted.config,
            return_url=wanted.return_url,
            expired=True,
            opener_origin=wanted.opener_origin,
        )
        if found.expires_at < self._world.clock():
            return pending
        authorization_pass = self._world.unique("authorization-pass")
        self._authorization_passes[authorization_pass] = found
        return replace(
            pending,
            authorization_pass=authorization_pass,
            integration=self._world.integrations[wanted.integration_id],
            client=_shown(
                self._world.oauth_clients.get(wanted.oauth_client_id) if wanted.oauth_client_id else None
            ),
            code_verifier=wanted.code_verifier,
            expired=False,
        )

    async def complete_authorization(
        self, authorization_pass: str, established: Established, default_name: str
    ) -> UUID:
        await self._called("complete_authorization")
        found = self._authorization_passes.pop(authorization_pass, None)
        if found is None:
            raise NotFound
        wanted = found.wanted
        role = self._world.workspace_roles.get((wanted.workspace_id, found.user_id))
        if not at_least(role, Role.MEMBER):
            raise Forbidden
        place = NewConnection(
            wanted.workspace_id, wanted.integration_id, wanted.name, default_name, wanted.end_user_id
        )
        if wanted.connection_id is not None:
            row = self._world.connections[wanted.connection_id]
        else:
            row = self._found_or_new(found.user_id, place, established.account)
        self._world.leases.pop(row.connection.id, None)
        row.establish(
            replace(established, oauth_client_id=wanted.oauth_client_id),
            self._world.clock(),
            keep_refresh_token="refresh_token" not in established.grant,
        )
        return row.connection.id

    def expire_authorization(self, state: str) -> None:
        """Its ten minutes are over."""
        self._authorizations[state].expires_at = self._world.clock() - timedelta(seconds=1)

    async def _called(self, method: str) -> None:
        self.calls.append(method)
        await asyncio.sleep(0)
        if self.failures.get(method):
            raise self.failures[method].pop(0)

    def _found_or_new(self, user_id: UUID, place: NewConnection, account: Account | None) -> ConnectionRow:
        mine = [row for row in self._world.connections.values() if row.connection.user_id == user_id]
        for row in mine:
            found = row.connection
            there = (found.workspace_id, found.integration_id, found.end_user_id, found.account_id)
            if account and there == (
                place.workspace_id, place.integration_id, place.end_user_id, account.id
            ):  # fmt: skip
                return row
        names = {row.connection.name for row in mine if row.connection.workspace_id == place.workspace_id}
        name, number = place.name or place.default_name, 1
        while not place.name and name in names:
            number += 1
            name = f"{place.default_name} ({number})"
        connection = self._world.new_connection(
            user_id, place.workspace_id, place.integration_id, name, place.end_user_id
        )
        row = ConnectionRow(connection, {}, version=0, issued_at=self._world.clock())
        self._world.connections[connection.id] = row
        return row

    def _check_may_connect(self, sealed_pass: str, workspace_id: UUID, integration_id: UUID) -> Claims:
        claims = self._world.connecting_claims(sealed_pass, workspace_id, integration_id)
        role = self._world.role_in(claims, workspace_id)
        if claims is None or role is None:
            raise NotFound
        if Scope.CONNECTIONS_WRITE not in claims.scopes or role is Role.VIEWER:
            raise Forbidden
        return claims

    def _check_link(self, claims: Claims, connection_id: UUID | None) -> None:
        if isinstance(claims, LinkClaims) and claims.connection_id != connection_id:
            raise Forbidden

    def _check_may_manage(self, claims: Claims | None, row: ConnectionRow, *, is_permitted: bool) -> None:
        if claims is None or Scope.CONNECTIONS_WRITE not in claims.scopes:
            raise Forbidden
        if not is_permitted and not self._world.administers(claims, row.connection.workspace_id):
            raise Forbidden


def _shown(row: ClientRow | None) -> OrganizationClient | None:
    return OrganizationClient(row.id, row.client) if row else None
