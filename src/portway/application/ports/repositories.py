"""Collections of aggregates, as one caller may see and change them.

Every method raises NotFound for what the caller cannot see, Forbidden for what they see and may not do so,
Conflict and MalformedRequest for what contradicts the rest of the data, and Unavailable where the database does not
answer. Lists are sorted by id, which is by time of creation; `after` is the last id of the page before.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portway.application.ports.catalog_records import (
    ActionChanges,
    ActionFilter,
    ActionSummary,
    IntegrationChanges,
    IntegrationFacet,
    IntegrationFilter,
    IntegrationSummary,
    ListPosition,
    NewAction,
    NewIntegration,
    OAuthClientRecord,
)
from portway.application.ports.log_queries import (
    ConnectionFilter,
    LogCount,
    LogFilter,
    LogPosition,
    Usage,
    UsageQuestion,
)
from portway.application.ports.tenancy_records import CreatedApiKey, CreatedInvitation, OrganizationMember
from portway.domain.action import Action
from portway.domain.connection import Connection, ConnectionDetails
from portway.domain.execution import ExecutionLog
from portway.domain.integration import Integration
from portway.domain.organization import Invitation, Member, Organization, Role, Workspace
from portway.domain.principal import ApiKey
from portway.domain.rate_limit import RequestLimit


class OrganizationRepository(Protocol):
    """Organizations that the caller belongs to. Their members are shown to their owners and admins."""

    async def list(self, *, after: UUID | None, limit: int) -> Sequence[Organization]:
        """At most `limit` of them."""
        ...

    async def get(self, organization_id: UUID) -> Organization: ...

    async def create(self, name: str) -> tuple[UUID, UUID]:
        """A new one with a workspace, both owned by the caller; returns their ids."""
        ...

    async def rename(self, organization_id: UUID, name: str) -> None: ...

    async def delete(self, organization_id: UUID) -> None:
        """Deletes it with its workspaces and all that is in them. The audit log stays."""
        ...

    async def lock_members(self, organization_id: UUID) -> None:
        """Until the transaction ends, nobody else changes who belongs to it: for rules over all of its members."""
        ...

    async def members(
        self, organization_id: UUID, *, after: UUID | None, limit: int
    ) -> Sequence[OrganizationMember]:
        """At most `limit` of them, by user id. A plain member sees only themselves."""
        ...

    async def member(self, organization_id: UUID, user_id: UUID) -> OrganizationMember: ...

    async def owners(self, organization_id: UUID) -> Sequence[UUID]:
        """The users who own it, as far as the caller may see its members."""
        ...

    async def change_role(self, organization_id: UUID, user_id: UUID, role: Role) -> None: ...

    async def remove_member(self, organization_id: UUID, user_id: UUID) -> None:
        """Ends the membership, and with it those in the organization's workspaces."""
        ...


class WorkspaceRepository(Protocol):
    """Workspaces that the caller belongs to or administers, and who belongs to them."""

    async def list(
        self, *, organization_id: UUID | None, after: UUID | None, limit: int
    ) -> Sequence[Workspace]:
        """At most `limit` of them, of one organization or of all."""
        ...

    async def get(self, workspace_id: UUID) -> Workspace: ...

    async def create(self, organization_id: UUID, name: str) -> UUID:
        """A new one, owned by the caller."""
        ...

    async def rename(self, workspace_id: UUID, name: str) -> None: ...

    async def delete(self, workspace_id: UUID) -> None:
        """Deletes it and all that is in it. The audit log stays."""
        ...

    async def lock_members(self, workspace_id: UUID) -> None:
        """Until the transaction ends, nobody else changes who belongs to it: for rules over all of its members."""
        ...

    async def members(self, workspace_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Member]:
        """At most `limit` of them, by user id."""
        ...

    async def member(self, workspace_id: UUID, user_id: UUID) -> Member: ...

    async def owners(self, workspace_id: UUID) -> Sequence[UUID]:
        """The users who own it."""
        ...

    async def add_member(self, workspace_id: UUID, user_id: UUID, role: Role) -> None:
        """Takes in a member of the workspace's organization."""
        ...

    async def change_role(self, workspace_id: UUID, user_id: UUID, role: Role) -> None: ...

    async def remove_member(self, workspace_id: UUID, user_id: UUID) -> None: ...


class InvitationRepository(Protocol):
    """Open invitations to workspaces that the caller administers."""

    async def list(
        self, *, workspace_id: UUID | None, after: UUID | None, limit: int
    ) -> Sequence[Invitation]:
        """At most `limit` that are neither accepted nor expired, to one workspace or to all."""
        ...

    async def get(self, invitation_id: UUID) -> Invitation: ...

    async def create(self, workspace_id: UUID, email: str, role: Role, *, mailed: bool) -> CreatedInvitation:
        """A new one, good for seven days. `mailed`: its link goes to the address alone, and so proves it."""
        ...

    async def renew(self, invitation_id: UUID, *, mailed: bool) -> CreatedInvitation:
        """A new link for it, good for seven days; the one before does not work any more."""
        ...

    async def accept(self, token: str) -> UUID | None:
        """Joins the caller; returns the workspace, None for a link that is unknown, used or expired."""
        ...

    async def delete(self, invitation_id: UUID) -> None: ...


class ApiKeyRepository(Protocol):
    """The caller's own API keys."""

    async def list(self, *, after: UUID | None, limit: int, include_revoked: bool = True) -> Sequence[ApiKey]:
        """At most `limit` of them."""
        ...

    async def get(self, api_key_id: UUID) -> ApiKey: ...

    async def create(
        self,
        name: str,
        *,
        scopes: Sequence[str] | None,
        workspace_id: UUID | None,
        expires_at: datetime | None,
        rate_limits: Sequence[RequestLimit] = (),
    ) -> CreatedApiKey:
        """A new one. Without `scopes` it has all that the caller's role allows.

        One that another key makes has that one's `rate_limits` too, and lives no longer.
        """
        ...

    async def revoke(self, api_key_id: UUID) -> None:
        """Ends it for good; it stays in the list."""
        ...


class IntegrationRepository(Protocol):
    """Integrations that the caller may use: the global ones and those of their organizations."""

    async def list(
        self, criteria: IntegrationFilter, *, after: ListPosition | None, limit: int
    ) -> Sequence[IntegrationSummary]:
        """At most `limit` of them, the best matches first; `after` is where the last one of the page before was."""
        ...

    async def get(self, integration_id: UUID) -> Integration: ...

    async def resolve(
        self, slug: str, *, organization_id: UUID | None = None, workspace_id: UUID | None = None
    ) -> Integration:
        """What the slug means in an organization, or in a workspace's: its own integration, else the global one.

        Without either, an own integration of any of the caller's organizations counts; MalformedRequest where
        several have one.
        """
        ...

    async def facets(self, criteria: IntegrationFilter) -> Sequence[IntegrationFacet]:
        """How many there are of each kind, by the organization, query and workspace of the criteria alone."""
        ...

    async def summary(
        self, integration: Integration, *, organization_id: UUID | None, workspace_id: UUID | None
    ) -> IntegrationSummary:
        """One as `list` has it, with rank 0."""
        ...

    async def scopes(self, integration_id: UUID) -> Sequence[str]:
        """What any of its actions needs, sorted."""
        ...

    async def create(self, integration: NewIntegration) -> Integration: ...

    async def change(self, integration_id: UUID, changes: IntegrationChanges) -> Integration:
        """Changes at least one member of it."""
        ...

    async def delete(self, integration_id: UUID) -> None:
        """Deletes it with its actions. Conflict where a connection still uses it."""
        ...

    async def oauth_clients(self, integration_id: UUID) -> Sequence[OAuthClientRecord]:
        """The OAuth clients of those organizations that the caller administers, by organization and name."""
        ...

    async def clients_of(self, organization_id: UUID) -> Sequence[tuple[Integration, OAuthClientRecord]]:
        """All of the organization's OAuth clients, for its administrators, by integration and name."""
        ...

    async def delete_oauth_client(self, organization_id: UUID, integration_id: UUID, name: str) -> None: ...


class ActionRepository(Protocol):
    """Actions of integrations that the caller may use."""

    async def list(
        self, integration_id: UUID, *, query: str | None, after: str | None, limit: int
    ) -> Sequence[Action]:
        """At most `limit` of them, by slug, as is `after`; `query` is looked for in slug, name and description."""
        ...

    async def find(
        self, criteria: ActionFilter, *, after: ListPosition | None, limit: int
    ) -> Sequence[ActionSummary]:
        """At most `limit` actions of all integrations, the best matches first; those without a row are not among them.

        Of a query, not more than the best 1000 are found.
        """
        ...

    async def get(self, integration_id: UUID, slug: str) -> Action: ...

    async def create(self, integration_id: UUID, action: NewAction) -> Action: ...

    async def change(self, action_id: UUID, changes: ActionChanges) -> Action:
        """Changes at least one member of it."""
        ...

    async def delete(self, action_id: UUID) -> None: ...


class ConnectionRepository(Protocol):
    """Connections in the caller's workspaces. Their secrets, and with them creating and deleting, are the vault's."""

    async def list(
        self, criteria: ConnectionFilter, *, after: UUID | None, limit: int
    ) -> Sequence[ConnectionDetails]:
        """At most `limit` of them, newest first."""
        ...

    async def get(self, connection_id: UUID) -> Connection: ...

    async def describe(self, connection_id: UUID) -> ConnectionDetails:
        """One as `list` has it."""
        ...

    async def rename(self, connection_id: UUID, name: str) -> None:
        """Its owner's and the workspace's admins' right."""
        ...


class LogRepository(Protocol):
    """The audit log of the caller's workspaces, and the caller's own refusals that name no workspace of theirs."""

    async def list(
        self, criteria: LogFilter, *, after: LogPosition | None, limit: int, payloads: bool = True
    ) -> Sequence[ExecutionLog]:
        """At most `limit` executions, newest first; without `payloads`, those are None."""
        ...

    async def get(self, execution_id: UUID) -> ExecutionLog: ...

    async def several(
        self, positions: Sequence[LogPosition], *, payloads: bool = True
    ) -> Sequence[ExecutionLog]:
        """Those of these executions that there are, in any order."""
        ...

    async def count(self, criteria: LogFilter) -> LogCount:
        """How many there are; counts no longer than it takes to find some thousands."""
        ...

    async def usage(self, question: UsageQuestion) -> Usage:
        """Executions in the caller's workspaces, counted. Groups beyond the busiest are taken together."""
        ...
