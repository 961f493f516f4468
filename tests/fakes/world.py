"""Everything that a database would hold, in memory, and the rules that it would keep."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from portway.application.ports.credential_vault import Established
from portway.domain.action import Action
from portway.domain.connection import Connection, ConnectionStatus
from portway.domain.credential import Credential, OAuthClient, TokenSet
from portway.domain.errors import AccountMismatch, Forbidden, NotFound, Unauthenticated
from portway.domain.execution import ExecutionStatus
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject
from portway.domain.organization import Role
from portway.domain.principal import Scope
from portway.domain.rules.tenancy import at_least
from tests.fakes.records import AuditRow, Person, StoredConnection
from tests.fakes.time import SettableClock
from tests.replacing import replace

PASS_LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a user's pass says."""

    user_id: UUID
    scopes: frozenset[str]
    workspace_id: UUID | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LinkClaims(Claims):
    """What the pass of a connect link says: to connect this integration, or to mend this connection."""

    integration_id: UUID
    end_user_id: str | None
    connection_id: UUID | None


@dataclass(slots=True)
class ClientRow:
    """An organization's OAuth client. One that `is_replaced` is left for its connections."""

    id: UUID
    organization_id: UUID
    integration_id: UUID
    name: str
    client: OAuthClient
    is_replaced: bool = False


@dataclass(slots=True)
class ConnectionRow:
    """A connection with its secrets; those in `renewing` are no part of calls, and `spoiled` ones do not decrypt."""

    connection: Connection
    secrets: dict[str, str]
    version: int
    issued_at: datetime
    disabled_by: UUID | None = None
    enabled_status: ConnectionStatus = ConnectionStatus.ACTIVE
    spoiled: bool = False
    renewing: frozenset[str] = frozenset({"refresh_token"})
    renewed_at: datetime | None = None
    renewal_failures: int = 0
    renewal_not_before: datetime | None = None
    renewal_forced_version: int | None = None

    @property
    def authenticating(self) -> dict[str, str]:
        return {name: value for name, value in self.secrets.items() if name not in self.renewing}

    def credential(self) -> Credential:
        return Credential(self.authenticating, self.version, self.issued_at, self.connection.expires_at)

    def renew(self, values: Mapping[str, str], expires_at: datetime | None, now: datetime) -> None:
        """New secret members; those that are not named stay."""
        self.secrets.update(values)
        self.spoiled = False
        self.version += 1
        self.issued_at = now
        self.renewal_failures, self.renewal_not_before = 0, None
        self.connection = replace(self.connection, expires_at=expires_at)

    def establish(self, established: Established, now: datetime, *, keep_refresh_token: bool = False) -> None:
        """Another credential, and all that came with it."""
        known, new = self.connection.account, established.account
        if known and new and known.id != new.id:
            raise AccountMismatch(f"This connection is for the account {known}, and this is {new}.")
        same_client = self.connection.oauth_client_id == established.oauth_client_id
        kept = "refresh_token" if keep_refresh_token and same_client else None
        self.secrets = {name: value for name, value in self.secrets.items() if name == kept}
        self.renewing = frozenset({"refresh_token", *established.grant})
        self.renew({**established.values, **established.grant}, established.expires_at, now)
        account = established.account or self.connection.account
        self.connection = replace(
            self.connection,
            origins=established.origins,
            scopes=established.scopes,
            config=established.config,
            oauth_client_id=established.oauth_client_id,
            account_id=account.id if account else None,
            account_name=account.name if account else None,
        )
        self.set_status(ConnectionStatus.ACTIVE)

    def set_status(self, status: ConnectionStatus) -> None:
        """That of a disabled connection shows when it is enabled again."""
        self.enabled_status = status
        if self.connection.status is not ConnectionStatus.DISABLED:
            self.connection = replace(self.connection, status=status)

    def set_disabled(self, by: UUID | None) -> None:
        """By this person, or not any more."""
        status = self.enabled_status if by is None else ConnectionStatus.DISABLED
        self.connection = replace(self.connection, status=status)
        self.disabled_by = by


@dataclass(slots=True)
class ExecutionRow:
    row: AuditRow
    deadline: datetime
    closing_key: str | None


@dataclass(slots=True)
class IdempotencyRow:
    request_hash: bytes
    execution_id: UUID
    executed_at: datetime
    deadline: datetime
    expires_at: datetime
    answer: bytes | None = None


@dataclass(slots=True)
class LeaseRow:
    holder: str
    version: int
    expires_at: datetime


@dataclass(slots=True)
class World:
    """The rows, and what may be arranged about them."""

    clock: SettableClock = field(default_factory=SettableClock)
    workspaces: dict[UUID, UUID] = field(default_factory=dict)
    organization_roles: dict[tuple[UUID, UUID], Role] = field(default_factory=dict)
    workspace_roles: dict[tuple[UUID, UUID], Role] = field(default_factory=dict)
    passes: dict[str, Claims] = field(default_factory=dict)
    integrations: dict[UUID, Integration] = field(default_factory=dict)
    actions: dict[UUID, Action] = field(default_factory=dict)
    link_passes: dict[str, LinkClaims] = field(default_factory=dict)
    oauth_clients: dict[UUID, ClientRow] = field(default_factory=dict)
    connections: dict[UUID, ConnectionRow] = field(default_factory=dict)
    leases: dict[UUID, LeaseRow] = field(default_factory=dict)
    executions: dict[UUID, ExecutionRow] = field(default_factory=dict)
    idempotency_keys: dict[tuple[UUID, str], IdempotencyRow] = field(default_factory=dict)
    _serial: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def unique(self, name: str) -> str:
        """A text that no one else has."""
        return f"{name}-{next(self._serial)}"

    # People

    def add_person(self) -> Person:
        user_id, organization_id, workspace_id = uuid4(), uuid4(), uuid4()
        self.workspaces[workspace_id] = organization_id
        self.organization_roles[organization_id, user_id] = Role.OWNER
        self.workspace_roles[workspace_id, user_id] = Role.OWNER
        return Person(user_id, organization_id, workspace_id, self.seal(user_id))

    def join(self, person: Person, host: Person, role: Role) -> None:
        """Makes them a member of the host's workspace, and a plain one of its organization."""
        self.organization_roles.setdefault((host.organization_id, person.user_id), Role.MEMBER)
        self.workspace_roles[host.workspace_id, person.user_id] = role

    def seal(
        self,
        user_id: UUID,
        scopes: Sequence[str] = tuple(Scope),
        workspace_id: UUID | None = None,
        lifetime: timedelta = PASS_LIFETIME,
    ) -> str:
        sealed = self.unique("pass")
        self.passes[sealed] = Claims(user_id, frozenset(scopes), workspace_id, self.clock() + lifetime)
        return sealed

    # What the rules ask

    def claims(self, sealed_pass: str) -> Claims | None:
        """Those of a pass that is still good."""
        claims = self.passes.get(sealed_pass)
        return claims if claims is not None and claims.expires_at > self.clock() else None

    def connecting_claims(self, sealed_pass: str, workspace_id: UUID, integration_id: UUID) -> Claims | None:
        """Those of a user's pass, or of a connect link's to just that."""
        link = self.link_passes.get(sealed_pass)
        if link is None or link.expires_at <= self.clock():
            return self.claims(sealed_pass)
        return link if (link.workspace_id, link.integration_id) == (workspace_id, integration_id) else None

    def renewing_claims(self, sealed_pass: str, connection_id: UUID) -> Claims:
        """Those of a pass that is still good, or that opened an execution on this connection which goes on."""
        claims, now = self.passes.get(sealed_pass), self.clock()
        is_open = claims is not None and any(
            (execution.row.user_id, execution.row.connection_id) == (claims.user_id, connection_id)
            and execution.row.status is ExecutionStatus.STARTED
            and execution.deadline > now
            and execution.row.executed_at < claims.expires_at
            for execution in self.executions.values()
        )
        if claims is None or (claims.expires_at <= now and not is_open):
            raise Unauthenticated
        return claims

    def role_in(self, claims: Claims | None, workspace_id: UUID | None) -> Role | None:
        if claims is None or workspace_id is None or claims.workspace_id not in (None, workspace_id):
            return None
        return self.workspace_roles.get((workspace_id, claims.user_id))

    def administers(self, claims: Claims, workspace_id: UUID) -> bool:
        organization_role = self.organization_roles.get((self.workspaces[workspace_id], claims.user_id))
        return claims.workspace_id in (None, workspace_id) and (
            at_least(self.workspace_roles.get((workspace_id, claims.user_id)), Role.ADMIN)
            or at_least(organization_role, Role.ADMIN)
        )

    def administers_organization(self, claims: Claims, organization_id: UUID) -> bool:
        is_within = claims.workspace_id is None or self.workspaces.get(claims.workspace_id) == organization_id
        return is_within and at_least(
            self.organization_roles.get((organization_id, claims.user_id)), Role.ADMIN
        )

    def seen_connection(self, claims: Claims | None, connection_id: UUID) -> ConnectionRow:
        row = self.connections.get(connection_id)
        if row is None or self.role_in(claims, row.connection.workspace_id) is None:
            raise NotFound
        return row

    def own_connection(self, claims: Claims | None, connection_id: UUID) -> ConnectionRow:
        row = self.seen_connection(claims, connection_id)
        if claims is None or row.connection.user_id != claims.user_id:
            raise Forbidden
        return row

    def usable_connection(self, claims: Claims | None, connection_id: UUID) -> ConnectionRow:
        row = self.own_connection(claims, connection_id)
        if claims is None or not claims.scopes & {Scope.EXECUTE, Scope.CONNECTIONS_WRITE}:
            raise Forbidden
        if self.role_in(claims, row.connection.workspace_id) is Role.VIEWER:
            raise Forbidden
        return row

    def visible_integration(self, integration_id: UUID, organization_id: UUID) -> Integration:
        found = self.integrations.get(integration_id)
        if found is None or found.organization_id not in (None, organization_id):
            raise NotFound
        return found

    # OAuth clients

    def set_client(
        self, organization_id: UUID, integration_id: UUID, client: OAuthClient, name: str = "default"
    ) -> UUID:
        """The organization's own of this name; another one that was there stays for its connections."""
        named = [
            row
            for row in self.oauth_clients.values()
            if (row.organization_id, row.integration_id, row.name) == (organization_id, integration_id, name)
        ]
        same = [row for row in named if row.client.client_id == client.client_id]
        for row in named:
            row.is_replaced = True
        row = same[0] if same else ClientRow(uuid4(), organization_id, integration_id, name, client)
        row.client, row.is_replaced = client, False
        self.oauth_clients[row.id] = row
        return row.id

    def named_client(self, organization_id: UUID, integration_id: UUID, name: str) -> ClientRow | None:
        wanted = (organization_id, integration_id, name, False)
        for row in self.oauth_clients.values():
            if (row.organization_id, row.integration_id, row.name, row.is_replaced) == wanted:
                return row
        return None

    def use_client(self, connection_id: UUID, client: OAuthClient) -> None:
        """As if the connection had been made with its organization's own client, this one."""
        row = self.connections[connection_id]
        made = self.set_client(row.connection.organization_id, row.connection.integration_id, client)
        row.connection = replace(row.connection, oauth_client_id=made)

    def organization_client(self, connection: Connection) -> OAuthClient | None:
        """That which the connection was made with."""
        row = self.oauth_clients.get(connection.oauth_client_id) if connection.oauth_client_id else None
        return row.client if row else None

    # The catalog

    def add(self, integration: Integration, *actions: Action) -> None:
        self.integrations[integration.id] = integration
        self.actions.update({action.id: action for action in actions})

    def move_integration(
        self, integration_id: UUID, *, base_url: str | None = None, auth_config: JsonObject | None = None
    ) -> None:
        """What an admin's edit does; one of an organization's own integrations needs its owners again."""
        old = self.integrations[integration_id]
        new = replace(
            old,
            base_url=old.base_url if base_url is None else base_url,
            auth_config=old.auth_config if auth_config is None else auth_config,
            version=old.version + 1,
        )
        self.integrations[integration_id] = new
        if old.organization_id is not None and _places(old) != _places(new):
            for row in self.connections.values():
                if row.connection.integration_id == integration_id:
                    row.set_status(ConnectionStatus.REAUTHORIZATION_REQUIRED)

    # Connections

    def connect(self, owner: Person, integration: Integration, secrets: Mapping[str, str]) -> UUID:
        """A connection of the owner's, in their own workspace."""
        connection = self.new_connection(owner.user_id, owner.workspace_id, integration.id, "My account")
        self.connections[connection.id] = ConnectionRow(connection, dict(secrets), 1, self.clock())
        return connection.id

    def new_connection(
        self,
        user_id: UUID,
        workspace_id: UUID,
        integration_id: UUID,
        name: str,
        end_user_id: str | None = None,
    ) -> Connection:
        return Connection(
            id=uuid4(),
            user_id=user_id,
            workspace_id=workspace_id,
            organization_id=self.workspaces[workspace_id],
            integration_id=integration_id,
            name=name,
            status=ConnectionStatus.ACTIVE,
            integration_slug=self.integrations[integration_id].slug,
            created_at=self.clock(),
            end_user_id=end_user_id,
        )

    # What tests look at

    def stored(self, connection_id: UUID) -> StoredConnection | None:
        row = self.connections.get(connection_id)
        if row is None:
            return None
        found = row.connection
        return StoredConnection(
            found.user_id, found.workspace_id, found.organization_id, found.integration_id, found.name,
            found.status, found.origins, found.scopes, dict(found.config), row.version, row.issued_at,
            found.expires_at, found.last_used_at, dict(row.secrets), frozenset(row.renewing & row.secrets.keys()),
            found.account_id, found.account_name, found.end_user_id, found.oauth_client_id,
        )  # fmt: skip

    def mark_unfinished(self) -> None:
        for execution in self.executions.values():
            if execution.row.status is ExecutionStatus.STARTED and execution.deadline < self.clock():
                execution.row = replace(execution.row, status=ExecutionStatus.UNKNOWN)

    @property
    def audit(self) -> list[AuditRow]:
        """All rows, oldest first."""
        return [execution.row for execution in self.executions.values()]


def _places(integration: Integration) -> tuple[object, ...]:
    urls = (
        integration.auth_config.get(name) for name in ("token_url", "refresh_url", "revocation_url", "login")
    )
    return (integration.base_url, integration.auth_type, *urls)


def members_of(tokens: TokenSet) -> dict[str, str]:
    """Without a new refresh token, the old one stays."""
    members = {**tokens.members, "access_token": tokens.access_token, "refresh_token": tokens.refresh_token}
    return {name: value for name, value in members.items() if value is not None}
