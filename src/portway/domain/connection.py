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
class Connection:
    """A row of `connections`; never holds a secret.

    `origins` (scheme://host:port) are the only places that its credential may be sent to, recorded when it was
    connected. `scopes` are those granted. `config` holds values that URLs are templated with. `expires_at` is that of
    the access token, if it has one.
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
