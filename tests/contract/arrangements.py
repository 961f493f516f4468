"""What contract tests begin with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portway.application.ports.credential_vault import Established, NewConnection
from portway.application.ports.execution_ledger import Closing, Grant, Opened, Opening
from portway.application.ports.renewals import LeaseOutcome, RefreshLease
from portway.domain.action import Action
from portway.domain.credential import OAuthClient, TokenSet
from portway.domain.execution import ExecutionStatus
from portway.domain.integration import Integration
from portway.domain.rules.execution_logging import json_text
from tests.contract.worlds import ContractWorld
from tests.fakes.definitions import ORIGIN, an_action, an_integration
from tests.fakes.records import AuditRow, Person, StoredConnection

TOKENS = {"access_token": "first-access-token", "refresh_token": "first-refresh-token"}


@dataclass(frozen=True)
class Setting:
    """Somebody with a connection to a service that has one action."""

    world: ContractWorld
    owner: Person
    integration: Integration
    action: Action
    connection_id: UUID

    def opening(self, **members: Any) -> Opening:
        """The owner's, unless told otherwise."""
        return Opening(
            **_with_payloads_as_text(
                {
                    "sealed_pass": self.owner.sealed_pass,
                    "workspace_id": self.owner.workspace_id,
                    "connection_id": self.connection_id,
                    "action": self.action.slug,
                    "request_payload": {"q": "hello"},
                    "timeout_ms": None,
                    **members,
                }
            )
        )

    async def open(self, **members: Any) -> Opened:
        return await self.world.ledger.open(self.opening(**members))

    def closing(self, opened: Opened, **members: Any) -> Closing:
        """With success, unless told otherwise."""
        return Closing(
            **_with_payloads_as_text(
                {
                    "closing_key": opened.grant.closing_key if opened.grant else str(UUID(int=0)),
                    "execution_id": opened.execution_id,
                    "executed_at": opened.executed_at,
                    "status": ExecutionStatus.SUCCESS,
                    "request_payload": {"q": "hello"},
                    "response_payload": {"ok": True},
                    "payload_truncated": False,
                    "error_code": None,
                    "status_code": 200,
                    "duration_ms": 12.5,
                    "attempts": 1,
                    **members,
                }
            )
        )

    async def close(self, opened: Opened, **members: Any) -> None:
        await self.world.ledger.close(self.closing(opened, **members))

    async def audit(self, opened: Opened) -> AuditRow:
        row = await self.world.audit(opened.execution_id)
        assert row is not None
        return row

    async def stored(self) -> StoredConnection:
        row = await self.world.stored(self.connection_id)
        assert row is not None
        return row

    async def use_client(self, client: OAuthClient, name: str = "default") -> UUID:
        """Connects anew with the organization's own client, this one; returns its id."""
        vault, owner, integration_id = self.world.vault, self.owner, self.integration.id
        await vault.set_oauth_client(
            owner.sealed_pass, owner.organization_id, integration_id, client, name=name
        )
        own = await vault.oauth_client(owner.sealed_pass, owner.workspace_id, integration_id, name=name)
        assert own is not None
        assert own.client == client
        await vault.replace_secret(owner.sealed_pass, self.connection_id, an_outcome(oauth_client_id=own.id))
        return own.id

    async def lease(
        self, seen_version: int = 1, seconds: float = 60, *, refused: bool = False
    ) -> RefreshLease:
        return await self.world.renewals.lease_refresh(
            self.owner.sealed_pass, self.connection_id, seen_version, seconds, refused=refused
        )

    async def leased(self, seen_version: int = 1) -> RefreshLease:
        lease = await self.lease(seen_version)
        assert lease.outcome is LeaseOutcome.LEASED
        return lease


async def a_setting(
    world: ContractWorld,
    *,
    owner: Person | None = None,
    integration: Integration | None = None,
    secrets: Mapping[str, str] = TOKENS,
    expires_at: datetime | None = None,
    established: Mapping[str, Any] | None = None,
    **action: Any,
) -> Setting:
    """`established` are further members of what is kept."""
    owner = owner or await world.person()
    integration = integration or an_integration()
    made = an_action(integration, **action)
    await world.add(integration, made)
    connection_id = await world.vault.create_connection(
        owner.sealed_pass,
        a_place(owner, integration),
        an_outcome(secrets, expires_at=expires_at, **(established or {})),
    )
    return Setting(world, owner, integration, made, connection_id)


def a_place(owner: Person, integration: Integration, **members: Any) -> NewConnection:
    """A connection of the owner's called My account, in their own workspace."""
    return NewConnection(
        **{
            "workspace_id": owner.workspace_id,
            "integration_id": integration.id,
            "name": "My account",
            "default_name": integration.name,
            **members,
        }
    )


def an_outcome(secrets: Mapping[str, str] = TOKENS, **members: Any) -> Established:
    """With these secrets, of which a refresh token renews."""
    return Established(
        **{
            "values": {name: value for name, value in secrets.items() if name != "refresh_token"},
            "grant": {name: value for name, value in secrets.items() if name == "refresh_token"},
            "origins": (ORIGIN,),
            "config": {"subdomain": "acme"},
            **members,
        }
    )


def granted(opened: Opened) -> Grant:
    assert opened.grant is not None, opened.refusal
    assert opened.refusal is None
    assert opened.replay is None
    return opened.grant


def new_tokens(world: ContractWorld, name: str = "second", **members: Any) -> TokenSet:
    return TokenSet(
        **{
            "access_token": f"{name}-access-token",
            "refresh_token": f"{name}-refresh-token",
            "expires_at": world.now() + timedelta(hours=1),
            **members,
        }
    )


def _with_payloads_as_text(members: dict[str, Any]) -> dict[str, Any]:
    return {
        name: json_text(value) if name.endswith("_payload") and value is not None else value
        for name, value in members.items()
    }
