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
    """A person. `email` is None for an outside identity that brought no address; an outside identity has no password
    until its person chooses one.
    """

    id: UUID
    email: str | None
    name: str | None
    email_verified: bool
    created_at: datetime
    has_password: bool


@dataclass(frozen=True, slots=True)
class Organization:
    """A customer. `role` is the reader's own in it."""

    id: UUID
    name: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where connections and logs live. `role` is the reader's own, None for an admin who is no member of it.

    `organization_role` is the reader's own in its organization.
    """

    id: UUID
    organization_id: UUID
    name: str
    role: Role | None
    created_at: datetime
    organization_name: str
    organization_role: Role | None


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
    """An offer of membership, redeemed once by its token, of which only the hash is kept.

    `mailed`: its link went to the address alone. Who invited is None where they are gone, or not the reader's to see.
    """

    id: UUID
    organization_id: UUID
    workspace_id: UUID
    email: str
    role: Role
    expires_at: datetime
    created_at: datetime
    workspace_name: str | None = None
    mailed: bool = False
    invited_by: UUID | None = None
    invited_by_email: str | None = None
    invited_by_name: str | None = None
