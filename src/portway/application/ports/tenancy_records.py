"""What the tenancy's repositories take and give besides the entities."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from portway.domain.organization import Invitation, Role
from portway.domain.principal import ApiKey


@dataclass(frozen=True, slots=True)
class OrganizationMember:
    """A user's membership in an organization; `role` is never VIEWER."""

    organization_id: UUID
    user_id: UUID
    email: str | None
    name: str | None
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CreatedInvitation:
    """An invitation and the secret of its link, which is known only now."""

    invitation: Invitation
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CreatedApiKey:
    """An API key and the key itself, which is known only now."""

    api_key: ApiKey
    secret: str = field(repr=False)
