"""Built-in users: signing up, in and out, and the links that are mailed to them."""

import hashlib
import secrets
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
    PasswordVerifier,
    Session,
    SignUpOutcome,
    SignUpPolicy,
)
from portway.application.ports.mail import Mailer
from portway.application.ports.password_hasher import PasswordHasher
from portway.domain.errors import Conflict, Forbidden, NotFound, Unauthenticated
from portway.domain.organization import User
from portway.domain.principal import Principal
from portway.domain.rules.passwords import check_password, normalized_password

_SALT_BYTES = 16
_WRONG = "The address or the password is wrong."
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
        self, *, email: str, password: str, name: str | None, token: str | None, client: str
    ) -> SignedUp:
        """A new account. `token` is an invitation's, or the one-time set-up token for the first account.

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
        signed_in = await self._signed_in(await self._accounts.sign_in(email, proof))
        if not signed_in.user.email_verified:
            self._mail_link(email, EmailTokenPurpose.VERIFY_EMAIL)
        return SignedUp(signed_in.session, signed_in.user, made.organization_id, made.workspace_id)

    async def sign_in(self, *, email: str, password: str, client: str) -> SignedIn:
        """A session. Raises Unauthenticated, alike for an unknown address and a wrong password; RateLimited."""
        async with self._attempts.sign_in(client, email):
            known = await self._accounts.password_parameters(email, self._hasher.parameters)
            proof = await self._hasher.hash(normalized_password(password), known.salt, known.parameters)
            session = await self._accounts.sign_in(email, proof)
            if session is None:
                raise Unauthenticated(_WRONG)
        return await self._signed_in(session)

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

    async def _signed_in(self, session: Session | None) -> SignedIn:
        if session is None:
            raise Unauthenticated(_WRONG)
        principal = await self._accounts.authenticate(session.access_token, self._policy)
        if principal is None:
            raise Unauthenticated
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
        if self._mailer is not None and self._accounts.has_sign_in_path:
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
