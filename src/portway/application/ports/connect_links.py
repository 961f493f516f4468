"""Where connect links are kept. Lists and single links are those that the pass's user may see."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from portway.domain.connect_link import DEFAULT_LIFETIME, ConnectLink, LinkStatus
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject


@dataclass(frozen=True, slots=True)
class NewConnectLink:
    """A link to a new connection of `integration_id` in `workspace_id`; or, with `connection_id`, to that connection,
    whose workspace, integration and end user it then has.
    """

    workspace_id: UUID | None = None
    integration_id: UUID | None = None
    connection_id: UUID | None = None
    end_user_id: str | None = None
    name: str | None = None
    scopes: tuple[str, ...] | None = None
    config: JsonObject = field(default_factory=dict)
    oauth_client: str | None = None
    return_url: str | None = None
    lifetime: timedelta = DEFAULT_LIFETIME


@dataclass(frozen=True, slots=True)
class ConnectLinkFilter:
    """Which links to list; None means any. `integration` is a slug."""

    workspace_id: UUID | None = None
    end_user_id: str | None = None
    integration: str | None = None
    status: LinkStatus | None = None


@dataclass(frozen=True, slots=True)
class LinkedConnection:
    """The connection that a link mends, or has made."""

    id: UUID
    name: str
    account_name: str | None
    scopes: tuple[str, ...]
    config: JsonObject


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """What whoever holds a link's token may know. `sealed_pass` is good for this link's connection alone, for five
    minutes; it is empty unless `status` is READY.
    """

    id: UUID
    status: LinkStatus
    sealed_pass: str = field(repr=False)
    organization_name: str
    workspace_name: str
    workspace_id: UUID
    integration: Integration
    connection: LinkedConnection | None = None
    reconnect: bool = False
    name: str | None = None
    scopes: tuple[str, ...] | None = None
    config: JsonObject = field(default_factory=dict)
    oauth_client: str | None = None
    return_url: str | None = None


class ConnectLinks(Protocol):
    """Raise NotFound for what the caller cannot see, Forbidden for what they see and may not do so."""

    async def create(self, sealed_pass: str, link: NewConnectLink) -> tuple[UUID, str]:
        """A new link's id and token, which is known only now. Raises MalformedRequest for a lifetime out of bounds."""
        ...

    async def list(
        self, sealed_pass: str, criteria: ConnectLinkFilter, *, after: UUID | None, limit: int
    ) -> Sequence[ConnectLink]:
        """Newest first; `after` is the last id of the page before."""
        ...

    async def get(self, sealed_pass: str, link_id: UUID) -> ConnectLink: ...

    async def revoke(self, sealed_pass: str, link_id: UUID) -> None:
        """From now on it leads nowhere: its maker's and the workspace's admins' right."""
        ...

    async def open(self, token: str) -> OpenedLink | None:
        """None for a token that is no link's."""
        ...
