"""What use cases read in a transaction, in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast
from uuid import UUID

from portway.application.ports.catalog_records import OAuthClientRecord
from portway.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from portway.domain.connection import Connection
from portway.domain.errors import MalformedRequest, NotFound, Unauthenticated
from portway.domain.integration import Integration
from portway.domain.principal import Scope
from tests.fakes.world import Claims, World


class InMemoryIntegrations:
    """The reading half of the IntegrationRepository."""

    def __init__(self, world: World, claims: Claims) -> None:
        self._world = world
        self._claims = claims

    async def get(self, integration_id: UUID) -> Integration:
        found = self._world.integrations.get(integration_id)
        if found is None or not self._sees(found):
            raise NotFound
        return found

    async def resolve(
        self, slug: str, *, organization_id: UUID | None = None, workspace_id: UUID | None = None
    ) -> Integration:
        if workspace_id is not None:
            if not self._sees_workspace(workspace_id):
                raise NotFound
            organization_id = self._world.workspaces[workspace_id]
        candidates = [
            found
            for found in self._world.integrations.values()
            if found.slug == slug
            and self._sees(found)
            and (organization_id is None or found.organization_id in (None, organization_id))
        ]
        own = [found for found in candidates if found.organization_id is not None]
        if len(own) > 1:
            raise MalformedRequest("Several of your organizations have it.")
        if not candidates:
            raise NotFound
        return (own or candidates)[0]

    async def oauth_clients(self, integration_id: UUID) -> list[OAuthClientRecord]:
        return [
            OAuthClientRecord(
                row.organization_id,
                row.name,
                row.client.client_id,
                row.client.client_secret is not None,
                self._world.clock(),
            )
            for row in self._world.oauth_clients.values()
            if row.integration_id == integration_id
            and not row.is_replaced
            and self._world.administers_organization(self._claims, row.organization_id)
        ]

    def _sees(self, integration: Integration) -> bool:
        organization_id = integration.organization_id
        return (
            organization_id is None
            or (organization_id, self._claims.user_id) in self._world.organization_roles
        )

    def _sees_workspace(self, workspace_id: UUID) -> bool:
        return workspace_id in self._world.workspaces and (
            self._world.role_in(self._claims, workspace_id) is not None
            or self._world.administers(self._claims, workspace_id)
        )


class InMemoryConnections:
    """The reading part of the ConnectionRepository."""

    def __init__(self, world: World, claims: Claims) -> None:
        self._world = world
        self._claims = claims

    async def get(self, connection_id: UUID) -> Connection:
        if Scope.CONNECTIONS_READ not in self._claims.scopes:
            raise NotFound
        return self._world.seen_connection(self._claims, connection_id).connection


class InMemoryUnitOfWork:
    """As much of a UnitOfWork as the use cases of connections and executions need."""

    def __init__(self, world: World, claims: Claims) -> None:
        self.integrations = InMemoryIntegrations(world, claims)
        self.connections = InMemoryConnections(world, claims)


def in_memory_unit_of_work(world: World) -> UnitOfWorkFactory:
    """Nothing is changed through it, so there is nothing to roll back."""

    @asynccontextmanager
    async def begin(sealed_pass: str) -> AsyncIterator[UnitOfWork]:
        claims = world.claims(sealed_pass)
        if claims is None:
            raise Unauthenticated
        yield cast("UnitOfWork", InMemoryUnitOfWork(world, claims))

    return begin
