"""Two worlds in which the same things can be arranged: in memory, and on PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from portway.application.ports.connect_links import ConnectLinks
from portway.application.ports.credential_vault import CredentialVault
from portway.application.ports.execution_ledger import ExecutionLedger
from portway.application.ports.renewals import Renewals
from portway.domain.action import Action
from portway.domain.connection import Connection
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject
from portway.domain.organization import Role
from portway.domain.principal import Scope
from tests.fakes.connect_links import InMemoryConnectLinks
from tests.fakes.credential_vault import InMemoryCredentialVault
from tests.fakes.execution_ledger import InMemoryExecutionLedger
from tests.fakes.records import AuditRow, Person, StoredConnection
from tests.fakes.renewals import InMemoryRenewals
from tests.fakes.unit_of_work import in_memory_unit_of_work
from tests.fakes.world import PASS_LIFETIME, World
from tests.replacing import replace

ALL_SCOPES = tuple(Scope)


class ReadsIntegrations(Protocol):
    """The part of the IntegrationRepository that executing and connecting need."""

    async def get(self, integration_id: UUID) -> Integration: ...
    async def resolve(
        self, slug: str, *, organization_id: UUID | None = None, workspace_id: UUID | None = None
    ) -> Integration: ...


class ReadsConnections(Protocol):
    """The part of the ConnectionRepository that executing and connecting need."""

    async def get(self, connection_id: UUID) -> Connection: ...


@dataclass(frozen=True)
class Reading:
    """What one caller sees in one transaction."""

    integrations: ReadsIntegrations
    connections: ReadsConnections


class ContractWorld(Protocol):
    """The adapters under test, and what may be arranged behind their back."""

    @property
    def ledger(self) -> ExecutionLedger: ...
    @property
    def vault(self) -> CredentialVault: ...
    @property
    def renewals(self) -> Renewals: ...
    @property
    def links(self) -> ConnectLinks: ...

    def now(self) -> datetime: ...
    def reading(self, sealed_pass: str) -> AbstractAsyncContextManager[Reading]: ...
    async def person(self) -> Person: ...
    async def join(self, person: Person, host: Person, role: Role) -> None:
        """Into the host's workspace, with that role; a plain member of its organization."""
        ...

    async def seal(
        self,
        person: Person,
        scopes: Sequence[str] = ALL_SCOPES,
        workspace_id: UUID | None = None,
        lifetime: timedelta = PASS_LIFETIME,
    ) -> str: ...
    async def add(self, integration: Integration, *actions: Action) -> None: ...
    async def move(
        self, integration: Integration, *, base_url: str | None = None, auth_config: JsonObject | None = None
    ) -> None:
        """An edit by whoever administers it."""
        ...

    async def set_scopes(self, connection_id: UUID, *scopes: str) -> None: ...
    async def spoil(self, connection_id: UUID) -> None:
        """Its secrets decrypt no more."""
        ...

    async def stored(self, connection_id: UUID) -> StoredConnection | None: ...
    async def audit(self, execution_id: UUID) -> AuditRow | None: ...
    async def audit_of(self, person: Person) -> list[AuditRow]: ...
    async def deadline(self, execution_id: UUID) -> datetime: ...
    async def pass_deadline(self, execution_id: UUID) -> None:
        """Its time is over, as after a crash, and somebody looks for such executions."""
        ...

    async def expire_idempotency_key(self, person: Person, key: str) -> None: ...
    async def expire_authorization(self, state: str) -> None: ...
    async def expire_lease(self, connection_id: UUID) -> None: ...
    async def end_pause(self, connection_id: UUID) -> None:
        """That which a failed renewal began."""
        ...

    async def let_pass(self, seconds: float) -> None:
        """Time."""
        ...

    async def issue(self, connection_id: UUID, since_now: timedelta) -> None:
        """As if its token had been issued then."""
        ...


class MemoryWorld:
    """The fakes' own."""

    def __init__(self) -> None:
        self.world = World()
        self.ledger = InMemoryExecutionLedger(self.world)
        self.vault = InMemoryCredentialVault(self.world)
        self.renewals = InMemoryRenewals(self.world)
        self.links = InMemoryConnectLinks(self.world)

    def now(self) -> datetime:
        return self.world.clock()

    @asynccontextmanager
    async def reading(self, sealed_pass: str) -> AsyncIterator[Reading]:
        async with in_memory_unit_of_work(self.world)(sealed_pass) as work:
            yield Reading(work.integrations, work.connections)

    async def person(self) -> Person:
        return self.world.add_person()

    async def join(self, person: Person, host: Person, role: Role) -> None:
        self.world.join(person, host, role)

    async def seal(
        self,
        person: Person,
        scopes: Sequence[str] = ALL_SCOPES,
        workspace_id: UUID | None = None,
        lifetime: timedelta = PASS_LIFETIME,
    ) -> str:
        return self.world.seal(person.user_id, scopes, workspace_id, lifetime)

    async def add(self, integration: Integration, *actions: Action) -> None:
        self.world.add(integration, *actions)

    async def move(
        self, integration: Integration, *, base_url: str | None = None, auth_config: JsonObject | None = None
    ) -> None:
        self.world.move_integration(integration.id, base_url=base_url, auth_config=auth_config)

    async def set_scopes(self, connection_id: UUID, *scopes: str) -> None:
        row = self.world.connections[connection_id]
        row.connection = replace(row.connection, scopes=scopes)

    async def spoil(self, connection_id: UUID) -> None:
        self.world.connections[connection_id].spoiled = True

    async def stored(self, connection_id: UUID) -> StoredConnection | None:
        return self.world.stored(connection_id)

    async def audit(self, execution_id: UUID) -> AuditRow | None:
        found = self.world.executions.get(execution_id)
        return found.row if found else None

    async def audit_of(self, person: Person) -> list[AuditRow]:
        return [row for row in self.world.audit if row.user_id == person.user_id]

    async def deadline(self, execution_id: UUID) -> datetime:
        return self.world.executions[execution_id].deadline

    async def pass_deadline(self, execution_id: UUID) -> None:
        past = self.world.clock() - timedelta(seconds=1)
        self.world.executions[execution_id].deadline = past
        for held in self.world.idempotency_keys.values():
            if held.execution_id == execution_id:
                held.deadline = past
        self.world.mark_unfinished()

    async def expire_idempotency_key(self, person: Person, key: str) -> None:
        past = self.world.clock() - timedelta(seconds=1)
        self.world.idempotency_keys[person.user_id, key].expires_at = past

    async def expire_authorization(self, state: str) -> None:
        self.vault.expire_authorization(state)

    async def expire_lease(self, connection_id: UUID) -> None:
        self.world.leases[connection_id].expires_at = self.world.clock() - timedelta(seconds=1)

    async def end_pause(self, connection_id: UUID) -> None:
        self.world.connections[connection_id].renewal_not_before = None

    async def issue(self, connection_id: UUID, since_now: timedelta) -> None:
        self.world.connections[connection_id].issued_at = self.world.clock() + since_now

    async def let_pass(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
