"""Accounts in memory, and a password hash that takes no time."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

from portway.application.ports.accounts import (
    EmailTokenPurpose,
    OpenSession,
    PasswordParameters,
    PasswordVerifier,
    Session,
    SignUpOutcome,
    SignUpPolicy,
    SignUpResult,
)
from portway.application.ports.outside_tokens import OutsideClaims
from portway.domain.errors import Unauthenticated
from portway.domain.organization import User
from portway.domain.principal import Principal, Scope
from tests.fakes.time import SettableClock

_LIFETIME = timedelta(days=30)


class InstantHasher:
    """A `PasswordHasher`. `hashed` counts how often it was asked."""

    def __init__(self, parameters: str = "instant$v=1") -> None:
        self._parameters = parameters
        self.hashed = 0

    @property
    def parameters(self) -> str:
        return self._parameters

    async def hash(self, password: str, salt: bytes, parameters: str) -> bytes:
        self.hashed += 1
        return hashlib.sha256(b"\0".join((password.encode(), salt, parameters.encode()))).digest()


@dataclass
class _Session:
    user_id: UUID
    refresh_token: str
    expires_at: datetime
    id: UUID = field(default_factory=uuid4)
    previous: str | None = None
    rotated_at: datetime | None = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    user_agent: str | None = None
    revoked: bool = False


@dataclass
class _Invitation:
    email: str
    organization_id: UUID
    workspace_id: UUID
    mailed: bool


class InMemoryAccountStore:
    """An `AccountStore`. Bearers are access tokens of its sessions, and outside tokens that were registered."""

    def __init__(self, clock: SettableClock | None = None, *, has_sign_in_path: bool = True) -> None:
        self._clock = clock or SettableClock(datetime.now(UTC))
        self._has_sign_in_path = has_sign_in_path
        self._users: dict[UUID, User] = {}
        self._passwords: dict[UUID, PasswordVerifier] = {}
        self._sessions: dict[str, _Session] = {}
        self._outside: dict[bytes, _Session] = {}
        self._identities: dict[tuple[str, str], UUID] = {}
        self._invitations: dict[str, _Invitation] = {}
        self._links: dict[str, tuple[EmailTokenPurpose, UUID]] = {}
        self._set_up_tokens: set[str] = set()
        self._numbers = count(1)
        self.authentications = 0

    @property
    def has_sign_in_path(self) -> bool:
        return self._has_sign_in_path

    def invite(self, email: str, *, mailed: bool = False) -> tuple[str, UUID]:
        """An invitation's token, and the workspace that it is to."""
        token, workspace_id = secrets.token_urlsafe(), uuid4()
        self._invitations[token] = _Invitation(email.lower(), uuid4(), workspace_id, mailed)
        return token, workspace_id

    def make_set_up_token(self) -> str:
        token = secrets.token_urlsafe()
        self._set_up_tokens.add(token)
        return token

    async def authenticate(self, bearer: str, sign_up: SignUpPolicy) -> Principal | None:
        self.authentications += 1
        session = self._outside.get(hashlib.sha256(bearer.encode()).digest())
        if session is None and bearer.startswith("access "):
            session = next((one for one in self._sessions.values() if bearer.split()[1] == str(one.id)), None)
        if session is None or not self._is_good(session):
            return None
        return Principal(
            user_id=session.user_id,
            credential_id=session.id,
            scopes=frozenset(Scope),
            workspace_id=None,
            sealed_pass=f"pass {session.id}",
            expires_at=min(self._clock() + timedelta(minutes=5), session.expires_at),
        )

    async def register_outside_session(
        self, claims: OutsideClaims, token_hash: bytes, sign_up: SignUpPolicy
    ) -> bool:
        person = self._outside_person(claims, stranger_may_enter=sign_up is not SignUpPolicy.CLOSED)
        if person is None:
            return False
        self._outside.setdefault(token_hash, _Session(person, "", claims.expires_at))
        return True

    async def start_outside_session(self, claims: OutsideClaims, sign_up: SignUpPolicy) -> Session | None:
        invited = next(
            (
                token
                for token, invitation in self._invitations.items()
                if claims.email_verified and invitation.email == (claims.email or "").lower()
            ),
            None,
        )
        may_enter = sign_up is SignUpPolicy.OPEN or (sign_up is SignUpPolicy.INVITE and invited is not None)
        is_new = (claims.issuer, claims.subject) not in self._identities
        person = self._outside_person(claims, stranger_may_enter=may_enter)
        if person is None:
            return None
        if is_new and invited is not None:
            del self._invitations[invited]
        return self._new_session(person)

    async def create_email_token(self, email: str, purpose: EmailTokenPurpose) -> str | None:
        user = self._user_of(email)
        if user is None:
            return None
        token = secrets.token_urlsafe()
        self._links[token] = (purpose, user.id)
        return token

    async def password_parameters(self, email: str, default: str) -> PasswordParameters:
        user = self._user_of(email)
        known = self._passwords.get(user.id) if user else None
        if known is None:
            return PasswordParameters(hashlib.sha256(email.lower().encode()).digest()[:16], default)
        return PasswordParameters(known.salt, known.parameters)

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
        invitation = self._invitations.get(token or "")
        if not self._users:
            allowed = token in self._set_up_tokens or not first_needs_token
            self._set_up_tokens.discard(token or "")
        elif invitation is not None:
            allowed = policy is not SignUpPolicy.CLOSED and invitation.email == email.lower()
        else:
            allowed = policy is SignUpPolicy.OPEN and token is None
        if not allowed:
            return SignUpResult(SignUpOutcome.REFUSED)
        if self._user_of(email) is not None:
            return SignUpResult(SignUpOutcome.EMAIL_TAKEN)
        user = self._new_user(email, name, verified=invitation is not None and invitation.mailed)
        self._passwords[user.id] = password
        if invitation is None:
            return SignUpResult(SignUpOutcome.CREATED, user.id, uuid4(), uuid4())
        del self._invitations[token or ""]
        return SignUpResult(
            SignUpOutcome.CREATED, user.id, invitation.organization_id, invitation.workspace_id
        )

    async def sign_in(self, email: str, proof: bytes) -> Session | None:
        user = self._user_of(email)
        known = self._passwords.get(user.id) if user else None
        if user is None or known is None or known.verifier != hashlib.sha256(proof).digest():
            return None
        return self._new_session(user.id)

    async def refresh(self, refresh_token: str) -> Session | None:
        for session in filter(self._is_good, self._sessions.values()):
            if session.refresh_token == refresh_token:
                session.previous, session.refresh_token = refresh_token, secrets.token_urlsafe()
                session.rotated_at = self._clock()
                return self._shown(session)
            if session.previous == refresh_token and session.rotated_at is not None:
                session.revoked = self._clock() - session.rotated_at > timedelta(seconds=10)
        return None

    async def sign_out(self, sealed_pass: str) -> None:
        session = self._of_pass(sealed_pass)
        if session is not None:
            session.revoked = True

    async def has_users(self) -> bool:
        return bool(self._users)

    async def describe_session(self, sealed_pass: str, user_agent: str) -> None:
        session = self._of_pass(sealed_pass)
        if session is not None and session.user_agent is None:
            session.user_agent = user_agent[:400]

    async def sessions(self, sealed_pass: str) -> Sequence[OpenSession]:
        own = self._of_pass(sealed_pass)
        return [
            OpenSession(
                session.id,
                session.created_at,
                session.rotated_at or session.created_at,
                session.expires_at,
                session.user_agent,
                session is own,
            )
            for session in self._sessions.values()
            if own is not None and session.user_id == own.user_id and self._is_good(session)
        ]

    async def end_session(self, sealed_pass: str, session_id: UUID) -> bool:
        own, session = self._of_pass(sealed_pass), self._sessions.get(str(session_id))
        if own is None or session is None or session.user_id != own.user_id or session.revoked:
            return False
        session.revoked = True
        return True

    async def change_password(self, sealed_pass: str, proof: bytes, password: PasswordVerifier) -> bool:
        own = self._of_pass(sealed_pass)
        known = self._passwords.get(own.user_id) if own else None
        if own is None or known is None or known.verifier != hashlib.sha256(proof).digest():
            return False
        self._passwords[own.user_id] = password
        self._forget_resets(own.user_id)
        for session in [*self._sessions.values(), *self._outside.values()]:
            session.revoked = session.revoked or (session.user_id == own.user_id and session is not own)
        return True

    async def user(self, sealed_pass: str) -> User:
        session = self._of_pass(sealed_pass)
        if session is None or not self._is_good(session):
            raise Unauthenticated
        user = self._users[session.user_id]
        return replace(user, has_password=user.id in self._passwords)

    async def rename_user(self, sealed_pass: str, name: str | None) -> None:
        user = await self.user(sealed_pass)
        self._users[user.id] = replace(user, name=name)

    async def verify_email(self, token: str) -> bool:
        return self._redeem(token, EmailTokenPurpose.VERIFY_EMAIL) is not None

    async def reset_password(self, token: str, password: PasswordVerifier) -> bool:
        user = self._redeem(token, EmailTokenPurpose.RESET_PASSWORD)
        if user is None:
            return False
        self._passwords[user.id] = password
        self._forget_resets(user.id)
        for session in [*self._sessions.values(), *self._outside.values()]:
            session.revoked = session.revoked or session.user_id == user.id
        return True

    def _forget_resets(self, user_id: UUID) -> None:
        reset = (EmailTokenPurpose.RESET_PASSWORD, user_id)
        self._links = {token: link for token, link in self._links.items() if link != reset}

    def _redeem(self, token: str, purpose: EmailTokenPurpose) -> User | None:
        """Either proves the address: the link was mailed there."""
        if self._links.get(token, (None, None))[0] is not purpose:
            return None
        user = self._users[self._links.pop(token)[1]]
        self._users[user.id] = replace(user, email_verified=True)
        return user

    def _outside_person(self, claims: OutsideClaims, *, stranger_may_enter: bool) -> UUID | None:
        identity = (claims.issuer, claims.subject)
        if identity not in self._identities:
            linked = self._user_of(claims.email) if claims.email and claims.email_verified else None
            if linked is not None and linked.email_verified:
                self._identities[identity] = linked.id
            elif not stranger_may_enter:
                return None
            else:
                email = None if claims.email and self._user_of(claims.email) else claims.email
                made = self._new_user(email, claims.name, verified=claims.email_verified)
                self._identities[identity] = made.id
        return self._identities[identity]

    def _new_session(self, user_id: UUID) -> Session:
        session = _Session(user_id, secrets.token_urlsafe(), self._clock() + _LIFETIME)
        self._sessions[str(session.id)] = session
        return self._shown(session)

    def _new_user(self, email: str | None, name: str | None, *, verified: bool) -> User:
        user = User(
            uuid4(), email.lower() if email else None, name, verified, self._clock(), has_password=False
        )
        self._users[user.id] = user
        return user

    def _user_of(self, email: str) -> User | None:
        return next((user for user in self._users.values() if user.email == email.lower()), None)

    def _of_pass(self, sealed_pass: str) -> _Session | None:
        sessions = [*self._sessions.values(), *self._outside.values()]
        return next((session for session in sessions if sealed_pass == f"pass {session.id}"), None)

    def _is_good(self, session: _Session) -> bool:
        return not session.revoked and session.expires_at > self._clock()

    def _shown(self, session: _Session) -> Session:
        return Session(
            user_id=session.user_id,
            access_token=f"access {session.id} {next(self._numbers)}",
            refresh_token=session.refresh_token,
            access_expires_at=self._clock() + timedelta(minutes=15),
            refresh_expires_at=session.expires_at,
        )
