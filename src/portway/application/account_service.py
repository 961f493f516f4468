"""Built-in users: signing up, in and out, and the links that are mailed to them."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID

from portway.application import mails
from portway.application.attempts import AttemptGuard
from portway.application.background import Background
from portway.application.ports.accounts import (
    AccountStore,
    EmailTokenPurpose,
    OpenSession,
    PasswordVerifier,
    Session,
    SignUpOutcome,
    SignUpPolicy,
)
from portway.application.ports.mail import Mailer
from portway.application.ports.outside_tokens import OutsideClaims
from portway.application.ports.password_hasher import PasswordHasher
from portway.domain.errors import Conflict, Forbidden, NotFound, Unauthenticated
from portway.domain.organization import User
from portway.domain.principal import Principal
from portway.domain.rules.passwords import check_password, normalized_password

_SALT_BYTES = 16
_WRONG = "The address or the password is wrong."
_NO_PASSWORD = "You have no password here: you sign in by another service."  # noqa: S105 - a sentence
_SPENT = "This link was used already, or it has expired; ask for a new one."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session and whose it is."""

    session: Session
    user: User


@dataclass(frozen=True, slots=True)
class SignedUp:
    """A new account, signed in, and where it belongs."""

    session: Session
    user: User
    organization_id: UUID
    workspace_id: UUID


class AccountService:
    """`client` is always the network address that the request came from; limits count by it."""

    def __init__(
        self,
        *,
        accounts: AccountStore,
        hasher: PasswordHasher,
        attempts: AttemptGuard,
        mailer: Mailer | None,
        background: Background,
        public_url: str,
        sign_up: SignUpPolicy,
        set_up_link_required: bool | None = None,
    ) -> None:
        self._accounts = accounts
        self._hasher = hasher
        self._attempts = attempts
        self._mailer = mailer
        self._background = background
        self._public_url = public_url
        self._policy = sign_up
        # On a machine of one's own, whoever reaches the gateway first is the operator, unless we are told otherwise.
        self._first_needs_token = (
            not _is_loopback(public_url) if set_up_link_required is None else set_up_link_required
        )

    async def sign_up(
        self,
        *,
        email: str,
        password: str,
        name: str | None,
        token: str | None,
        client: str,
        user_agent: str | None = None,
    ) -> SignedUp:
        """A new account. `token` is an invitation's, or the one-time set-up token for the first account. `user_agent`
        is what the session is begun with, as that calls itself.

        Raises MalformedRequest for a password that will not do, Forbidden where the policy lets nobody in, Conflict
        for an address that has an account, RateLimited.
        """
        await self._attempts.sign_up(client)
        verifier, proof = await self._new_verifier(email, password)
        made = await self._accounts.sign_up(
            email=email,
            name=name,
            password=verifier,
            token=token,
            policy=self._policy,
            first_needs_token=self._first_needs_token,
        )
        if made.outcome is SignUpOutcome.EMAIL_TAKEN:
            raise Conflict("There is an account with this address already; sign in.")
        if made.organization_id is None or made.workspace_id is None:
            raise Forbidden(self._refusal(token))
        signed_in = await self._begun(await self._accounts.sign_in(email, proof), user_agent)
        if not signed_in.user.email_verified:
            self._mail_link(email, EmailTokenPurpose.VERIFY_EMAIL)
        return SignedUp(signed_in.session, signed_in.user, made.organization_id, made.workspace_id)

    async def sign_in(
        self, *, email: str, password: str, client: str, user_agent: str | None = None
    ) -> SignedIn:
        """A session. Raises Unauthenticated, alike for an unknown address and a wrong password; RateLimited."""
        async with self._attempts.sign_in(client, email):
            known = await self._accounts.password_parameters(email, self._hasher.parameters)
            proof = await self._hasher.hash(normalized_password(password), known.salt, known.parameters)
            session = await self._accounts.sign_in(email, proof)
            if session is None:
                raise Unauthenticated(_WRONG)
        return await self._begun(session, user_agent)

    async def sign_in_outside(self, claims: OutsideClaims, *, user_agent: str | None = None) -> SignedIn:
        """A session for who proved to an outside issuer who they are. Raises Forbidden for a stranger whom the policy
        lets not in, and for who was disabled.
        """
        session = await self._accounts.start_outside_session(claims, self._policy)
        if session is None:
            raise Forbidden(self._refusal(None))
        return await self._begun(session, user_agent)

    async def refresh(self, refresh_token: str) -> SignedIn:
        """The next pair of tokens. Raises Unauthenticated."""
        session = await self._accounts.refresh(refresh_token)
        if session is None:
            raise Unauthenticated(
                "This refresh token is unknown, expired, or was used already; sign in again."
            )
        return await self._signed_in(session)

    async def sign_out(self, principal: Principal) -> None:
        """Ends the session that the principal came by; an API key goes on working."""
        await self._accounts.sign_out(principal.sealed_pass)

    async def sign_out_by_refresh_token(self, refresh_token: str) -> None:
        """The same for who holds only that; does nothing for one that is not good any more."""
        session = await self._accounts.refresh(refresh_token)
        if session is not None:
            principal = await self._accounts.authenticate(session.access_token, self._policy)
            if principal is not None:
                await self._accounts.sign_out(principal.sealed_pass)

    @property
    def sign_up_policy(self) -> SignUpPolicy:
        """Who may make an account; the first one is always possible."""
        return self._policy

    @property
    def first_needs_link(self) -> bool:
        """Whether the first account needs the one-time link that is shown at the start."""
        return self._first_needs_token

    @property
    def sends_mail(self) -> bool:
        """Whether links to confirm an address or to reset a password can be mailed."""
        return self._mailer is not None and self._accounts.has_sign_in_path

    async def is_set_up(self) -> bool:
        """Whether there is an account."""
        return await self._accounts.has_users()

    async def sessions(self, principal: Principal) -> Sequence[OpenSession]:
        """The user's own open sessions, last used first."""
        return await self._accounts.sessions(principal.sealed_pass)

    async def end_session(self, principal: Principal, session_id: UUID) -> None:
        """Ends one of the user's own sessions. Raises NotFound for one that is not theirs, or ended already."""
        if not await self._accounts.end_session(principal.sealed_pass, session_id):
            raise NotFound("You have no such session.")

    async def change_password(
        self, principal: Principal, *, current_password: str, new_password: str
    ) -> None:
        """A new password for who is signed in; ends their other sessions.

        Raises Forbidden for a wrong current password, and for a user without one; MalformedRequest for a new one that
        will not do; RateLimited.
        """
        email = (await self._accounts.user(principal.sealed_pass)).email
        if email is None:
            raise Forbidden(_NO_PASSWORD)
        check_password(normalized_password(new_password), email)
        async with self._attempts.password_change(principal.user_id):
            known = await self._accounts.password_parameters(email, self._hasher.parameters)
            proof = await self._hasher.hash(
                normalized_password(current_password), known.salt, known.parameters
            )
            verifier, _ = await self._new_verifier(email, new_password)
            if not await self._accounts.change_password(principal.sealed_pass, proof, verifier):
                raise Forbidden("The current password is wrong, or you are not signed in with a session.")

    async def user(self, principal: Principal) -> User:
        """The principal's own user."""
        return await self._accounts.user(principal.sealed_pass)

    async def rename(self, principal: Principal, name: str | None) -> User:
        """Changes what the user is called."""
        await self._accounts.rename_user(principal.sealed_pass, name)
        return await self._accounts.user(principal.sealed_pass)

    async def request_email_verification(self, *, email: str, client: str) -> None:
        """Mails a link, where there is such an account and a mail server. Nobody learns which. Raises RateLimited."""
        await self._attempts.mail(client, email)
        self._mail_link(email, EmailTokenPurpose.VERIFY_EMAIL)

    async def verify_email(self, *, token: str, client: str) -> None:
        """Redeems the link. Raises NotFound for one that is not good any more; RateLimited."""
        await self._attempts.redeem(client)
        if not await self._accounts.verify_email(token):
            raise NotFound(_SPENT)

    async def request_password_reset(self, *, email: str, client: str) -> None:
        """Mails a link, where there is such an account and a mail server. Nobody learns which. Raises RateLimited."""
        await self._attempts.mail(client, email)
        self._mail_link(email, EmailTokenPurpose.RESET_PASSWORD)

    async def reset_password(self, *, token: str, password: str, client: str) -> None:
        """Redeems the link for a new password and ends all sessions.

        Raises MalformedRequest for a password that will not do, NotFound and RateLimited as above.
        """
        await self._attempts.redeem(client)
        verifier, _ = await self._new_verifier(None, password)
        if not await self._accounts.reset_password(token, verifier):
            raise NotFound(_SPENT)

    async def _new_verifier(self, email: str | None, password: str) -> tuple[PasswordVerifier, bytes]:
        normalized = normalized_password(password)
        check_password(normalized, email)
        salt, parameters = secrets.token_bytes(_SALT_BYTES), self._hasher.parameters
        proof = await self._hasher.hash(normalized, salt, parameters)
        return PasswordVerifier(salt, parameters, hashlib.sha256(proof).digest()), proof

    async def _begun(self, session: Session | None, user_agent: str | None) -> SignedIn:
        if session is None:
            raise Unauthenticated(_WRONG)
        return await self._signed_in(session, user_agent)

    async def _signed_in(self, session: Session, user_agent: str | None = None) -> SignedIn:
        principal = await self._accounts.authenticate(session.access_token, self._policy)
        if principal is None:
            raise Unauthenticated
        if user_agent:
            await self._accounts.describe_session(principal.sealed_pass, user_agent)
        return SignedIn(session, await self._accounts.user(principal.sealed_pass))

    def _refusal(self, token: str | None) -> str:
        if token is not None:
            return "This invitation is for another address, was used already, or has expired."
        if self._policy is SignUpPolicy.CLOSED:
            return "This gateway takes no new accounts."
        return (
            "An account needs an invitation; the first one, the set-up link that Portway shows at its start."
        )

    def _mail_link(self, email: str, purpose: EmailTokenPurpose) -> None:
        # In the background also for an unknown address, so that the time of the answer does not tell it.
        if self._mailer is not None and self.sends_mail:
            self._background.start(self._send_link(self._mailer, email, purpose), f"mail to {purpose.value}")

    async def _send_link(self, mailer: Mailer, email: str, purpose: EmailTokenPurpose) -> None:
        token = await self._accounts.create_email_token(email, purpose)
        if token is None:
            return
        if purpose is EmailTokenPurpose.VERIFY_EMAIL:
            mail = mails.verification(email, mails.link(self._public_url, mails.VERIFY_EMAIL_PATH, token))
        else:
            mail = mails.password_reset(email, mails.link(self._public_url, mails.RESET_PASSWORD_PATH, token))
        await mailer.send(mail)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
