"""What the catalog's repositories take and give besides the entities."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from portway.domain.action import DEFAULT_TIMEOUT_MS
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class IntegrationFilter:
    """Which integrations to list; None means any.

    With `organization_id`: the global ones and that organization's. Without: also those of every other organization
    of the caller. Either way a global one does not show where a listed organization's own has its slug. `query` are
    words, or beginnings of words, of slug, name, description and category, or a part of the name; where nothing has
    these, names that are similar count.

    With `workspace_id`, the connections that are there are counted, and `connected` tells those that have any from the
    others. `own` are organizations' own. `with_environment`: whose OAuth client may be in the environment.
    """

    organization_id: UUID | None = None
    query: str | None = None
    category: str | None = None
    auth_type: AuthType | None = None
    workspace_id: UUID | None = None
    connected: bool | None = None
    own: bool | None = None
    with_environment: bool | None = None


@dataclass(frozen=True, slots=True)
class ActionFilter:
    """Which actions to find, of all integrations that an IntegrationFilter with this `organization_id` lists.

    `integration` is a slug. `query` are words, or beginnings of words, of the action's slug, name and description; some
    of them may be those of its integration. Where nothing has these, names that are similar count.
    """

    organization_id: UUID | None = None
    query: str | None = None
    integration: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class ListPosition:
    """Where a list goes on, and what it is sorted by: the best matches first, then by slug and id.

    Without a query, every rank is 0.
    """

    rank: int
    slug: str
    id: UUID


@dataclass(frozen=True, slots=True)
class ConnectionCounts:
    """How many connections a workspace has: in all, the reader's own, and those that need somebody to look at them."""

    total: int
    mine: int
    needs_attention: int


@dataclass(frozen=True, slots=True)
class IntegrationSummary:
    """An integration, how many actions it has, and how well it matches.

    `has_own_client`: an organization of the reader's has an OAuth client of its own there. `connections` are None where
    no workspace was asked for.
    """

    integration: Integration
    action_count: int
    rank: int = 0
    has_own_client: bool = False
    connections: ConnectionCounts | None = None

    @property
    def position(self) -> ListPosition:
        return ListPosition(self.rank, self.integration.slug, self.integration.id)


@dataclass(frozen=True, slots=True)
class IntegrationFacet:
    """How many integrations have these properties. `connected` is False where no workspace was asked for."""

    category: str
    auth_type: AuthType
    own: bool
    connected: bool
    count: int


@dataclass(frozen=True, slots=True)
class IntegrationName:
    """What an action is an action of. `organization_id` is None for a global integration."""

    id: UUID
    slug: str
    name: str
    category: str
    organization_id: UUID | None


@dataclass(frozen=True, slots=True)
class ActionSummary:
    """An action that was found, and how well it matches."""

    id: UUID
    slug: str
    name: str
    description: str
    http_method: str
    endpoint_path: str
    scopes: tuple[str, ...]
    integration: IntegrationName
    rank: int

    @property
    def position(self) -> ListPosition:
        return ListPosition(self.rank, self.slug, self.id)


@dataclass(frozen=True, slots=True)
class OAuthClientRecord:
    """An organization's own OAuth client as its admins see it; the secret is never read back."""

    organization_id: UUID
    name: str
    client_id: str
    has_secret: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NewIntegration:
    """An organization's own integration, to be made."""

    organization_id: UUID
    slug: str
    name: str
    base_url: str
    auth_type: AuthType
    auth_config: JsonObject = field(default_factory=dict)
    transform_config: JsonObject = field(default_factory=dict)
    rate_limits: Sequence[JsonValue] = ()
    description: str = ""
    category: str = ""
    documentation_url: str | None = None
    website: str | None = None


class IntegrationChanges(TypedDict, total=False):
    """What to change; what is absent stays as it is."""

    name: str
    base_url: str
    auth_type: AuthType
    auth_config: JsonObject
    transform_config: JsonObject
    rate_limits: Sequence[JsonValue]
    description: str
    category: str
    documentation_url: str | None
    website: str | None


@dataclass(frozen=True, slots=True)
class NewAction:
    """An action of an organization's own integration, to be made."""

    slug: str
    name: str
    http_method: str = "GET"
    endpoint_path: str = "/"
    description: str = ""
    request_schema: JsonObject = field(default_factory=dict)
    transform_config: JsonObject = field(default_factory=dict)
    rate_limits: Sequence[JsonValue] = ()
    scopes: tuple[str, ...] = ()
    handler: str | None = None
    timeout_ms: int = DEFAULT_TIMEOUT_MS


class ActionChanges(TypedDict, total=False):
    """What to change; what is absent stays as it is."""

    name: str
    http_method: str
    endpoint_path: str
    description: str
    request_schema: JsonObject
    transform_config: JsonObject
    rate_limits: Sequence[JsonValue]
    scopes: tuple[str, ...]
    handler: str | None
    timeout_ms: int
