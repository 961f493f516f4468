"""Tenancy: organizations own workspaces; people belong to both with a role."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a member may do, strongest first."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class User:
    """A person. `email` is None for an outside identity that brought no address."""

    id: UUID
    email: str | None
    name: str | None
    email_verified: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Organization:
    """A customer. `role` is the reader's own in it."""

    id: UUID
    name: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where connections and logs live. `role` is the reader's own, None for an admin who is no member of it."""

    id: UUID
    organization_id: UUID
    name: str
    role: Role | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A user's membership in a workspace."""

    workspace_id: UUID
    user_id: UUID
    email: str | None
    name: str | None
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """An offer of membership, redeemed once by its token, of which only the hash is kept."""

    id: UUID
    organization_id: UUID
    workspace_id: UUID | None
    email: str
    role: Role
    expires_at: datetime
    created_at: datetime
