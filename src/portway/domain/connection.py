"""A connection: one user's authenticated instance of an integration."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portway.domain.json_value import JsonObject


class ConnectionStatus(StrEnum):
    """Whether the connection can be used."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REAUTHORIZATION_REQUIRED = "reauthorization_required"
    ERROR = "error"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account at the service it is. `id` is the service's own and never changes; `name` is for people."""

    id: str
    name: str | None = None

    def __str__(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Connection:
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
    config: JsonObject = field(default_factory=dict)
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
