"""The use cases of executing and connecting, on fakes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from portway.application.account_discovery import AccountDiscovery
from portway.application.connection_config import ConnectionConfig
from portway.application.connection_service import ConnectionService
from portway.application.execute_action import ExecuteAction, ExecutionRequest
from portway.application.execution_result import ExecutionFailed, ExecutionResult
from portway.application.handlers.action_handler import ActionHandler
from portway.application.handlers.registry import HandlerRegistry
from portway.application.oauth_client_service import OAuthClientService
from portway.application.oauth_service import OAuthService
from portway.application.ports.execution_ledger import Grant
from portway.application.rate_guard import RateGuard
from portway.application.refresh_service import RefreshService
from portway.application.renewer import Renewer
from portway.application.revocation import Revocation
from portway.domain.action import Action
from portway.domain.connection import Connection
from portway.domain.credential import Credential
from portway.domain.errors import PortwayError
from portway.domain.integration import Integration
from portway.domain.principal import Principal
from portway.infrastructure.config_schema import JsonSchemaConfig
from portway.infrastructure.json_schema import JsonSchemaParameters
from portway.infrastructure.oauth.key_check import can_sign
from portway.infrastructure.rate_limits.memory import MemoryRateLimiter
from tests.fakes.credential_vault import InMemoryCredentialVault
from tests.fakes.definitions import ENVIRONMENT, ORIGIN, an_action, an_integration
from tests.fakes.execution_ledger import InMemoryExecutionLedger
from tests.fakes.http_client import ScriptedHttpClient
from tests.fakes.records import AuditRow, Person, StoredConnection
from tests.fakes.renewals import InMemoryRenewals
from tests.fakes.sockets import NoSockets
from tests.fakes.token_endpoint import ScriptedTokenEndpoint
from tests.fakes.unit_of_work import in_memory_unit_of_work
from tests.fakes.world import World
from tests.replacing import replace

PUBLIC_URL = "https://portway.example"
RETURN_ORIGIN = "https://app.example"
TOKENS = {"access_token": "old-access-token", "refresh_token": "old-refresh-token"}


class FakeGateway:
    """One world, one outside. `node` is one more process on the same database."""

    def __init__(
        self, handlers: Mapping[str, ActionHandler] | None = None, world: World | None = None
    ) -> None:
        self.world = world or World()
        self.clock = self.world.clock
        self.ledger = InMemoryExecutionLedger(self.world)
        self.vault = InMemoryCredentialVault(self.world)
        self.renewals = InMemoryRenewals(self.world)
        self.http = ScriptedHttpClient()
        self.token_endpoint = ScriptedTokenEndpoint(self.clock)
        self.environment = dict(ENVIRONMENT)
        self.unit_of_work = in_memory_unit_of_work(self.world)
        self.renewer = Renewer(
            self.renewals, self.token_endpoint, self.environment, sleep=self.clock.sleep, beat_seconds=0.02
        )
        self.refresh = self.new_refresh_service()
        config = ConnectionConfig(JsonSchemaConfig())
        discovery = AccountDiscovery(self.http, self.token_endpoint, config)
        self.oauth = OAuthService(
            unit_of_work=self.unit_of_work,
            vault=self.vault,
            token_endpoint=self.token_endpoint,
            config=config,
            discovery=discovery,
            environment=self.environment,
            public_url=PUBLIC_URL,
            return_origins=[RETURN_ORIGIN],
        )
        self.oauth_clients = OAuthClientService(
            unit_of_work=self.unit_of_work, vault=self.vault, environment=self.environment, can_sign=can_sign
        )
        self.rate_limiter = MemoryRateLimiter(monotonic=lambda: self.clock().timestamp())
        self.execute = self.new_executor(self.refresh, handlers)
        self.connections = ConnectionService(
            unit_of_work=self.unit_of_work,
            vault=self.vault,
            execute=self.execute,
            token_endpoint=self.token_endpoint,
            config=config,
            discovery=discovery,
            environment=self.environment,
            clock=self.clock,
            revocation=Revocation(self.token_endpoint, self.environment, sleep=self.clock.sleep),
        )

    def new_refresh_service(self, patience_seconds: float = 5.0) -> RefreshService:
        """That of another process, which shares the database and nothing else."""
        return RefreshService(
            self.renewals,
            self.renewer,
            self.clock,
            sleep=self.clock.sleep,
            patience_seconds=patience_seconds,
        )

    def new_executor(
        self, refresh: RefreshService, handlers: Mapping[str, ActionHandler] | None = None
    ) -> ExecuteAction:
        return ExecuteAction(
            ledger=self.ledger,
            refresh=refresh,
            oauth=self.oauth,
            http=self.http,
            schema=JsonSchemaParameters(),
            handlers=HandlerRegistry(handlers or {}),
            rate_guard=RateGuard(self.rate_limiter),
            sockets=NoSockets(),
            sleep=self.clock.sleep,
        )

    def connect(
        self,
        integration: Integration | None = None,
        *,
        owner: Person | None = None,
        secrets: Mapping[str, str] = TOKENS,
        expires_in: float | None = 3600,
        granted: tuple[str, ...] = (),
        origins: tuple[str, ...] = (ORIGIN, "https://auth.example:443"),
        **action: Any,
    ) -> "Connected":
        """Somebody with a connection to a service that has one action.

        `granted` are scopes, `expires_in` is in seconds.
        """
        integration = integration or an_integration()
        owner = owner or self.world.add_person()
        made = an_action(integration, **action)
        self.world.add(integration, made)
        connection_id = self.world.connect(owner, integration, secrets)
        row = self.world.connections[connection_id]
        row.connection = replace(
            row.connection,
            scopes=granted,
            origins=origins,
            expires_at=None if expires_in is None else self.clock() + timedelta(seconds=expires_in),
        )
        row.issued_at -= timedelta(hours=1)
        return Connected(self, owner, integration, made, connection_id)


@dataclass(frozen=True)
class Connected:
    """What a test does with its connection."""

    gateway: FakeGateway
    owner: Person
    integration: Integration
    action: Action
    id: UUID

    @property
    def principal(self) -> Principal:
        return self.owner.principal

    @property
    def stored(self) -> StoredConnection:
        row = self.gateway.world.stored(self.id)
        assert row is not None
        return row

    @property
    def connection(self) -> Connection:
        return self.gateway.world.connections[self.id].connection

    @property
    def grant(self) -> Grant:
        """What opening an execution gives now."""
        row = self.gateway.world.connections[self.id]
        integration = self.gateway.world.integrations[self.integration.id]
        return Grant("", integration, self.action, row.connection, row.credential())

    async def execute(
        self,
        parameters: Mapping[str, Any] | None = None,
        *,
        executor: ExecuteAction | None = None,
        **members: Any,
    ) -> ExecutionResult:
        request = ExecutionRequest(
            **{
                "workspace_id": self.owner.workspace_id,
                "connection_id": self.id,
                "action": self.action.slug,
                "parameters": parameters or {},
                **members,
            }
        )
        return await (executor or self.gateway.execute).execute(self.principal, request)

    async def failure(self, parameters: Mapping[str, Any] | None = None, **members: Any) -> PortwayError:
        """The error of an execution that fails, with its row."""
        return (await self.failed(parameters, **members)).error

    async def failed(self, parameters: Mapping[str, Any] | None = None, **members: Any) -> ExecutionFailed:
        with pytest.raises(ExecutionFailed) as raised:
            await self.execute(parameters, **members)
        assert raised.value.execution_id in self.gateway.world.executions
        return raised.value

    async def refresh(self, *, refused: bool = False) -> Credential:
        return await self.gateway.refresh.refresh(self.grant, self.owner.sealed_pass, refused=refused)

    @property
    def audit(self) -> AuditRow:
        """The last row."""
        return self.gateway.world.audit[-1]
