"""People's accounts: passwords, sessions, and the way from a bearer to a principal."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from portway.application.ports.outside_tokens import OutsideClaims
from portway.domain.organization import User
from portway.domain.principal import Principal


class SignUpPolicy(StrEnum):
    """Who may make an account; the first one is always possible."""

    OPEN = "open"
    INVITE = "invite"
    CLOSED = "closed"


class EmailTokenPurpose(StrEnum):
    """What the holder of a mailed link may do with it, once."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the name of a purpose


@dataclass(frozen=True, slots=True)
class PasswordParameters:
    """What a password is hashed with: the salt, and the algorithm's parameters in PHC notation."""

    salt: bytes = field(repr=False)
    parameters: str


@dataclass(frozen=True, slots=True)
class PasswordVerifier:
    """What is stored of a password. `verifier` is the SHA-256 of its hash, so that it signs nobody in by itself."""

    salt: bytes = field(repr=False)
    parameters: str
    verifier: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """What a signed-in user holds. The refresh token works once; each refresh gives the next one."""

    user_id: UUID
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its owner sees it. `last_used_at` is when it was last refreshed; `user_agent` what it was begun
    with, as that calls itself; `is_current` that the reader came by it.
    """

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str | None
    is_current: bool


class SignUpOutcome(StrEnum):
    """What asking for an account came to."""

    CREATED = "created"
    EMAIL_TAKEN = "email_taken"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class SignUpResult:
    """The ids are None unless the outcome is CREATED."""

    outcome: SignUpOutcome
    user_id: UUID | None = None
    organization_id: UUID | None = None
    workspace_id: UUID | None = None


class AccountStore(Protocol):
    """All calls raise Unavailable where the database does not answer. Addresses are compared in lower case."""

    async def authenticate(self, bearer: str, sign_up: SignUpPolicy) -> Principal | None:
        """The principal behind an API key, an access token, or an outside token that is signed with the shared secret
        or was registered. None for anything else.
        """
        ...

    @property
    def has_sign_in_path(self) -> bool:
        """Whether the two calls below, which need a database role of their own, can be made."""
        ...

    async def register_outside_session(
        self, claims: OutsideClaims, token_hash: bytes, sign_up: SignUpPolicy
    ) -> bool:
        """Makes a verified outside token known by its SHA-256, with a new user where the policy lets one in.

        Only where `has_sign_in_path`.
        """
        ...

    async def start_outside_session(self, claims: OutsideClaims, sign_up: SignUpPolicy) -> Session | None:
        """A session for who proved to an outside issuer who they are, known by issuer and subject, or by an address
        that both sides have verified. A stranger becomes a user where the policy is OPEN; where it is INVITE, for a
        verified address with an open invitation. None for anybody else. Only where `has_sign_in_path`.
        """
        ...

    async def create_email_token(self, email: str, purpose: EmailTokenPurpose) -> str | None:
        """The secret of a link to mail; None for an address without an account. Only where `has_sign_in_path`."""
        ...

    async def password_parameters(self, email: str, default: str) -> PasswordParameters:
        """What the user's password was hashed with; for an unknown address, a salt that is always the same."""
        ...

    async def sign_up(
        self,
        *,
        email: str,
        name: str | None,
        password: PasswordVerifier,
        token: str | None,
        policy: SignUpPolicy,
        first_needs_token: bool,
    ) -> SignUpResult:
        """An account with an organization and a workspace of its own, or in the one that `token` invites to."""
        ...

    async def sign_in(self, email: str, proof: bytes) -> Session | None:
        """A session for whoever knows the password, of which `proof` is the hash."""
        ...

    async def refresh(self, refresh_token: str) -> Session | None:
        """Rotates the refresh token; None for one that is unknown, spent or expired."""
        ...

    async def sign_out(self, sealed_pass: str) -> None:
        """Ends the session behind the pass."""
        ...

    async def has_users(self) -> bool:
        """Whether there is an account; the next one is the first otherwise."""
        ...

    async def describe_session(self, sealed_pass: str, user_agent: str) -> None:
        """Notes what the session behind the pass was begun with; only the first time counts."""
        ...

    async def sessions(self, sealed_pass: str) -> Sequence[OpenSession]:
        """The open sessions of the pass's user, last used first, without those of outside issuers' tokens. None for a
        pass without the scope `admin`, or limited to a workspace.
        """
        ...

    async def end_session(self, sealed_pass: str, session_id: UUID) -> bool:
        """Ends a session of the pass's user; False for one that is not theirs, or ended, and for a pass as above."""
        ...

    async def change_password(self, sealed_pass: str, proof: bytes, password: PasswordVerifier) -> bool:
        """A new password for the user whose session is behind the pass, and the end of their other sessions. False
        where `proof` is not the hash of the one before.
        """
        ...

    async def user(self, sealed_pass: str) -> User:
        """The pass's own user. Raises Unauthenticated once the session or key behind it was revoked."""
        ...

    async def rename_user(self, sealed_pass: str, name: str | None) -> None:
        """Changes what the pass's user is called; does nothing without the scope `admin`."""
        ...

    async def verify_email(self, token: str) -> bool:
        """Redeems a link for its address; False for one that is unknown, used or expired."""
        ...

    async def reset_password(self, token: str, password: PasswordVerifier) -> bool:
        """Redeems a link for a new password and ends all of the user's sessions; False as above."""
        ...
