"""A connection: one user's authenticated instance of an integration."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from portway.domain.integration import AuthType
from portway.domain.json_value import JsonObject
from portway.domain.organization import Role
from portway.domain.record import Record


class ConnectionStatus(StrEnum):
    """Whether the connection can be used."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REAUTHORIZATION_REQUIRED = "reauthorization_required"
    ERROR = "error"
    DISABLED = "disabled"


class StatusReason(StrEnum):
    """What made a connection's status what it is."""

    GRANT_REFUSED = "grant_refused"
    INTEGRATION_MOVED = "integration_moved"
    DISABLED_BY_OWNER = "disabled_by_owner"
    DISABLED_BY_ADMIN = "disabled_by_admin"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105  no secret


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account at the service it is. `id` is the service's own and never changes; `name` is for people."""

    id: str
    name: str | None = None

    def __str__(self) -> str:
        return self.name or self.id


class Connection(Record, frozen=True):
    """A row of `connections`; never holds a secret.

    `origins` (scheme://host:port) are the only places that its credential may be sent to, recorded when it was
    connected. `scopes` are those granted. `config` holds values that URLs are templated with. `expires_at` is that of
    the access token, if it has one. `account_id` and `account_name` are those of the account at the service, where its
    integration says how to know them. `end_user_id` is the owner's own identifier of the person that it is kept for.
    """

    id: UUID
    user_id: UUID
    workspace_id: UUID
    organization_id: UUID
    integration_id: UUID
    name: str
    status: ConnectionStatus
    integration_slug: str = ""
    origins: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    config: JsonObject = msgspec.field(default_factory=dict)
    expires_at: datetime | None = None
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    account_id: str | None = None
    account_name: str | None = None
    end_user_id: str | None = None
    oauth_client_id: UUID | None = None

    @property
    def account(self) -> Account | None:
        """None where it is not known."""
        return Account(self.account_id, self.account_name) if self.account_id else None


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose connection it is. Name and address are None where the reader may not see them."""

    id: UUID
    email: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class ConnectionDetails:
    """A connection with what people are shown beside it.

    `role` is the reader's in its workspace; `administered`: they may change what is not theirs there. `status_since` is
    None as long as the status never changed.
    """

    connection: Connection
    integration_name: str
    auth_type: AuthType
    owner: Owner
    status_since: datetime | None
    status_reason: StatusReason | None
    role: Role | None
    administered: bool
