"""A connect link: with it a person without an account connects a service for whoever made it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from portway.domain.json_value import JsonObject

DEFAULT_LIFETIME = timedelta(hours=1)
SHORTEST_LIFETIME = timedelta(minutes=1)
LONGEST_LIFETIME = timedelta(days=7)


class LinkStatus(StrEnum):
    """Whether the link still leads anywhere."""

    READY = "ready"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class ConnectLink:
    """A row of `connect_links`, whose token is known to nobody but its holder.

    `user_id` made it and will own the connection. `connection_id` is the connection to authorize again (`reconnect`),
    else the one that was made. `end_user_id` is the maker's own name for the person. `config` holds values of the
    connection's config that the person does not choose. The maker's address and name are None where the reader may not
    see them.
    """

    id: UUID
    user_id: UUID
    workspace_id: UUID
    organization_id: UUID
    integration_id: UUID
    integration_slug: str
    end_user_id: str | None
    created_at: datetime
    expires_at: datetime
    reconnect: bool = False
    connection_id: UUID | None = None
    name: str | None = None
    scopes: tuple[str, ...] | None = None
    config: JsonObject = field(default_factory=dict)
    oauth_client: str | None = None
    return_url: str | None = None
    opened_at: datetime | None = None
    used_at: datetime | None = None
    revoked_at: datetime | None = None
    integration_name: str = ""
    user_email: str | None = None
    user_name: str | None = None

    def status_at(self, now: datetime) -> LinkStatus:
        """By its own times. (One whose maker may no longer connect services leads nowhere either.)"""
        if self.used_at is not None:
            return LinkStatus.USED
        if self.revoked_at is not None:
            return LinkStatus.REVOKED
        return LinkStatus.READY if now < self.expires_at else LinkStatus.EXPIRED
