"""What every account store does, in memory and on PostgreSQL."""

import hashlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

import pytest

from portway.application.ports.accounts import (
    AccountStore,
    EmailTokenPurpose,
    PasswordVerifier,
    Session,
    SignUpOutcome,
    SignUpPolicy,
    SignUpResult,
)
from portway.domain.errors import Unauthenticated
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.accounts import PostgresAccountStore
from portway.infrastructure.postgres.database import Database
from tests.fakes.accounts import InMemoryAccountStore
from tests.people import as_app, new_person

_count = itertools.count(1)


class Invite(Protocol):
    """Invites to a workspace; gives the token and the workspace."""

    async def __call__(self, email: str, *, mailed: bool = False) -> tuple[str, UUID]: ...


@dataclass(frozen=True)
class Arranged:
    """A store with somebody in it, and a way to invite."""

    store: AccountStore
    invite: Invite


@pytest.fixture(params=["memory", "postgres"])
async def arranged(request: pytest.FixtureRequest) -> AsyncIterator[Arranged]:
    if request.param == "memory":
        fake = InMemoryAccountStore()

        async def invite(email: str, *, mailed: bool = False) -> tuple[str, UUID]:
            return fake.invite(email, mailed=mailed)

        await sign_up(fake)
        yield Arranged(fake, invite)
        return
    urls: DatabaseUrls = request.getfixturevalue("database_urls")
    host = new_person(urls)

    async def invite_really(email: str, *, mailed: bool = False) -> tuple[str, UUID]:
        statement = "SELECT token FROM app.create_invitation(%s, %s, %s, 'member', %s)"
        row = as_app(urls, statement, host.sealed_pass, host.workspace_id, email, mailed)[0]
        return row[0], host.workspace_id

    database = Database(urls.app, sign_in_url=urls.sign_in, max_size=2)
    await database.open()
    yield Arranged(PostgresAccountStore(database), invite_really)
    await database.close()


def address() -> str:
    return f"Somebody{next(_count)}@Example.com"


def verifier(proof: bytes = b"proof") -> PasswordVerifier:
    return PasswordVerifier(b"0123456789abcdef", "slow$1", hashlib.sha256(proof).digest())


async def sign_up(
    store: AccountStore,
    email: str | None = None,
    token: str | None = None,
    policy: SignUpPolicy = SignUpPolicy.OPEN,
) -> SignUpResult:
    return await store.sign_up(
        email=email or address(),
        name="Some Body",
        password=verifier(),
        token=token,
        policy=policy,
        first_needs_token=False,
    )


async def session_of(store: AccountStore, email: str, proof: bytes = b"proof") -> Session:
    session = await store.sign_in(email, proof)
    assert session is not None
    return session


async def pass_of(store: AccountStore, bearer: str) -> str:
    principal = await store.authenticate(bearer, SignUpPolicy.CLOSED)
    assert principal is not None
    return principal.sealed_pass


@dataclass(frozen=True)
class Claims:
    """Of an outside issuer's token."""

    subject: str
    email: str | None = None
    email_verified: bool = False
    issuer: str = "https://issuer.example"
    name: str | None = None
    expires_at: datetime = datetime.now(UTC) + timedelta(hours=1)


class TestSignUp:
    async def test_makes_somebody_who_can_sign_in(self, arranged: Arranged) -> None:
        email = address()

        made = await sign_up(arranged.store, email)

        assert made.outcome is SignUpOutcome.CREATED
        assert made.organization_id is not None
        assert made.workspace_id is not None
        session = await session_of(arranged.store, email.lower())
        assert session.user_id == made.user_id
        user = await arranged.store.user(await pass_of(arranged.store, session.access_token))
        assert (user.email, user.name, user.email_verified) == (email.lower(), "Some Body", False)

    async def test_refuses_an_address_that_is_taken(self, arranged: Arranged) -> None:
        email = address()
        await sign_up(arranged.store, email)

        again = await sign_up(arranged.store, email.upper())

        assert again == SignUpResult(SignUpOutcome.EMAIL_TAKEN)

    @pytest.mark.parametrize("policy", [SignUpPolicy.INVITE, SignUpPolicy.CLOSED])
    async def test_follows_the_policy(self, arranged: Arranged, policy: SignUpPolicy) -> None:
        assert await sign_up(arranged.store, policy=policy) == SignUpResult(SignUpOutcome.REFUSED)

    async def test_takes_whom_an_invitation_is_for_once(self, arranged: Arranged) -> None:
        email = address()
        token, workspace_id = await arranged.invite(email)

        other = await sign_up(arranged.store, address(), token, SignUpPolicy.INVITE)
        closed = await sign_up(arranged.store, email, token, SignUpPolicy.CLOSED)
        made = await sign_up(arranged.store, email, token, SignUpPolicy.INVITE)
        again = await sign_up(arranged.store, address(), token)

        assert [other.outcome, closed.outcome, again.outcome] == [SignUpOutcome.REFUSED] * 3
        assert (made.outcome, made.workspace_id) == (SignUpOutcome.CREATED, workspace_id)

    @pytest.mark.parametrize("mailed", [True, False])
    async def test_only_a_mailed_invitation_verifies_the_address(
        self, arranged: Arranged, mailed: bool
    ) -> None:
        email = address()
        token, _ = await arranged.invite(email, mailed=mailed)
        await sign_up(arranged.store, email, token)

        session = await session_of(arranged.store, email)

        user = await arranged.store.user(await pass_of(arranged.store, session.access_token))
        assert user.email_verified is mailed

    async def test_refuses_a_token_that_is_none(self, arranged: Arranged) -> None:
        assert (await sign_up(arranged.store, token="made up")).outcome is SignUpOutcome.REFUSED


class TestSignIn:
    async def test_needs_the_right_proof(self, arranged: Arranged) -> None:
        email = address()
        await sign_up(arranged.store, email)

        assert await arranged.store.sign_in(email, b"another") is None
        assert await arranged.store.sign_in(address(), b"proof") is None

    async def test_tells_parameters_for_everybody(self, arranged: Arranged) -> None:
        email, stranger = address(), address()
        await sign_up(arranged.store, email)

        known = await arranged.store.password_parameters(email.upper(), "default$1")
        unknown = await arranged.store.password_parameters(stranger, "default$1")

        assert (known.salt, known.parameters) == (verifier().salt, "slow$1")
        assert (len(unknown.salt), unknown.parameters) == (16, "default$1")
        assert unknown == await arranged.store.password_parameters(stranger, "default$1")

    async def test_ends_with_signing_out(self, arranged: Arranged) -> None:
        email = address()
        await sign_up(arranged.store, email)
        session = await session_of(arranged.store, email)
        other = await session_of(arranged.store, email)
        sealed_pass = await pass_of(arranged.store, session.access_token)

        await arranged.store.sign_out(sealed_pass)

        assert await arranged.store.authenticate(session.access_token, SignUpPolicy.CLOSED) is None
        assert await arranged.store.refresh(session.refresh_token) is None
        with pytest.raises(Unauthenticated):
            await arranged.store.user(sealed_pass)
        assert await arranged.store.authenticate(other.access_token, SignUpPolicy.CLOSED) is not None


class TestRefresh:
    async def test_gives_the_next_token_of_the_same_session(self, arranged: Arranged) -> None:
        email = address()
        await sign_up(arranged.store, email)
        first = await session_of(arranged.store, email)

        second = await arranged.store.refresh(first.refresh_token)

        assert second is not None
        assert second.refresh_token != first.refresh_token
        assert (second.user_id, second.refresh_expires_at) == (first.user_id, first.refresh_expires_at)
        assert await arranged.store.refresh(first.refresh_token) is None
        assert await arranged.store.refresh(second.refresh_token) is not None
        assert await arranged.store.refresh("made up") is None


class TestNames:
    async def test_can_be_changed(self, arranged: Arranged) -> None:
        email = address()
        await sign_up(arranged.store, email)
        sealed_pass = await pass_of(arranged.store, (await session_of(arranged.store, email)).access_token)

        await arranged.store.rename_user(sealed_pass, "Other")
        renamed = (await arranged.store.user(sealed_pass)).name
        await arranged.store.rename_user(sealed_pass, None)

        assert (renamed, (await arranged.store.user(sealed_pass)).name) == ("Other", None)


class TestLinks:
    async def test_verify_the_address_once(self, arranged: Arranged) -> None:
        email = address()
        await sign_up(arranged.store, email)
        token = await arranged.store.create_email_token(email, EmailTokenPurpose.VERIFY_EMAIL)
        assert token is not None

        assert not await arranged.store.reset_password(token, verifier())
        assert await arranged.store.verify_email(token)
        assert not await arranged.store.verify_email(token)
        session = await session_of(arranged.store, email)
        user = await arranged.store.user(await pass_of(arranged.store, session.access_token))
        assert user.email_verified

    async def test_set_a_new_password_once_and_end_all_sessions(self, arranged: Arranged) -> None:
        email = address()
        await sign_up(arranged.store, email)
        before = await session_of(arranged.store, email)
        token = await arranged.store.create_email_token(email.upper(), EmailTokenPurpose.RESET_PASSWORD)
        assert token is not None

        assert not await arranged.store.verify_email(token)
        assert await arranged.store.reset_password(token, verifier(b"new proof"))
        assert not await arranged.store.reset_password(token, verifier(b"newer proof"))
        assert await arranged.store.sign_in(email, b"proof") is None
        assert await arranged.store.sign_in(email, b"new proof") is not None
        assert await arranged.store.refresh(before.refresh_token) is None

    async def test_there_are_none_for_a_stranger(self, arranged: Arranged) -> None:
        for purpose in EmailTokenPurpose:
            assert await arranged.store.create_email_token(address(), purpose) is None
        assert not await arranged.store.verify_email("made up")


class TestOutsideSessions:
    async def register(
        self, arranged: Arranged, claims: Claims, policy: SignUpPolicy = SignUpPolicy.INVITE
    ) -> UUID | None:
        """Whom a new token with these claims belongs to."""
        bearer = f"outside.{uuid4()}.token"
        token_hash = hashlib.sha256(bearer.encode()).digest()
        registered = await arranged.store.register_outside_session(claims, token_hash, policy)
        principal = await arranged.store.authenticate(bearer, policy)
        assert (principal is not None) is registered
        return principal.user_id if principal else None

    async def test_belong_to_issuer_and_subject(self, arranged: Arranged) -> None:
        subject = str(uuid4())

        first = await self.register(arranged, Claims(subject))
        again = await self.register(arranged, Claims(subject), SignUpPolicy.CLOSED)
        elsewhere = await self.register(arranged, Claims(subject, issuer="https://other.example"))

        assert first is not None
        assert first == again
        assert elsewhere not in (None, first)

    async def test_of_strangers_need_an_open_door(self, arranged: Arranged) -> None:
        assert await self.register(arranged, Claims(str(uuid4())), SignUpPolicy.CLOSED) is None

    async def test_link_by_an_address_that_both_sides_verified(self, arranged: Arranged) -> None:
        verified, unverified = address(), address()
        ids = {}
        for email in (verified, unverified):
            ids[email] = (await sign_up(arranged.store, email)).user_id
        token = await arranged.store.create_email_token(verified, EmailTokenPurpose.VERIFY_EMAIL)
        assert token is not None
        await arranged.store.verify_email(token)

        linked = await self.register(arranged, Claims(str(uuid4()), verified, email_verified=True))
        claimed = await self.register(arranged, Claims(str(uuid4()), verified, email_verified=False))
        squatted = await self.register(arranged, Claims(str(uuid4()), unverified, email_verified=True))

        assert linked == ids[verified]
        assert claimed not in ids.values()
        assert squatted not in ids.values()


class TestSignInOutside:
    async def start(
        self, arranged: Arranged, claims: Claims, policy: SignUpPolicy = SignUpPolicy.OPEN
    ) -> Session | None:
        return await arranged.store.start_outside_session(claims, policy)

    async def test_gives_a_session_like_any_other(self, arranged: Arranged) -> None:
        subject = str(uuid4())

        first = await self.start(arranged, Claims(subject, name="Some Body"))
        again = await self.start(arranged, Claims(subject), SignUpPolicy.CLOSED)
        elsewhere = await self.start(arranged, Claims(subject, issuer="https://other.example"))

        assert first is not None
        assert again is not None
        assert elsewhere is not None
        assert first.user_id == again.user_id != elsewhere.user_id
        renewed = await arranged.store.refresh(first.refresh_token)
        assert renewed is not None
        user = await arranged.store.user(await pass_of(arranged.store, renewed.access_token))
        assert (user.id, user.name, user.has_password) == (first.user_id, "Some Body", False)

    async def test_is_the_same_person_as_by_a_token(self, arranged: Arranged) -> None:
        claims = Claims(str(uuid4()))
        session = await self.start(arranged, claims)
        assert session is not None

        token_hash = hashlib.sha256(b"outside.of.it").digest()
        await arranged.store.register_outside_session(claims, token_hash, SignUpPolicy.CLOSED)
        principal = await arranged.store.authenticate("outside.of.it", SignUpPolicy.CLOSED)

        assert principal is not None
        assert principal.user_id == session.user_id

    @pytest.mark.parametrize("policy", [SignUpPolicy.INVITE, SignUpPolicy.CLOSED])
    async def test_of_strangers_needs_an_open_door(self, arranged: Arranged, policy: SignUpPolicy) -> None:
        email = address()

        assert await self.start(arranged, Claims(str(uuid4()), email, email_verified=True), policy) is None
        assert (await sign_up(arranged.store, email)).outcome is SignUpOutcome.CREATED

    async def test_takes_whom_an_invitation_is_for_once(self, arranged: Arranged) -> None:
        email = address()
        await arranged.invite(email)

        unproved = await self.start(arranged, Claims(str(uuid4()), email), SignUpPolicy.INVITE)
        closed = await self.start(
            arranged, Claims(str(uuid4()), email, email_verified=True), SignUpPolicy.CLOSED
        )
        invited = await self.start(
            arranged, Claims(str(uuid4()), email.upper(), email_verified=True), SignUpPolicy.INVITE
        )
        other = await self.start(
            arranged, Claims(str(uuid4()), address(), email_verified=True), SignUpPolicy.INVITE
        )

        assert (unproved, closed, other) == (None, None, None)
        assert invited is not None
        user = await arranged.store.user(await pass_of(arranged.store, invited.access_token))
        assert (user.email, user.email_verified) == (email.lower(), True)

    async def test_links_by_an_address_that_both_sides_verified(self, arranged: Arranged) -> None:
        verified, unverified = address(), address()
        ids = {}
        for email in (verified, unverified):
            ids[email] = (await sign_up(arranged.store, email)).user_id
        token = await arranged.store.create_email_token(verified, EmailTokenPurpose.VERIFY_EMAIL)
        assert token is not None
        await arranged.store.verify_email(token)

        linked = await self.start(
            arranged, Claims(str(uuid4()), verified, email_verified=True), SignUpPolicy.CLOSED
        )
        claimed = await self.start(arranged, Claims(str(uuid4()), verified))
        squatted = await self.start(arranged, Claims(str(uuid4()), unverified, email_verified=True))

        assert linked is not None
        assert claimed is not None
        assert squatted is not None
        assert linked.user_id == ids[verified]
        assert claimed.user_id not in ids.values()
        assert squatted.user_id not in ids.values()


class TestOwnSessions:
    async def test_are_listed_and_ended_by_their_owner_alone(self, arranged: Arranged) -> None:
        email, other = address(), address()
        await sign_up(arranged.store, email)
        await sign_up(arranged.store, other)
        here, there = await session_of(arranged.store, email), await session_of(arranged.store, email)
        mine = await pass_of(arranged.store, here.access_token)
        theirs = await pass_of(arranged.store, (await session_of(arranged.store, other)).access_token)
        await arranged.store.describe_session(mine, "Firefox" * 100)
        await arranged.store.describe_session(mine, "somebody else's")

        found = {session.is_current: session for session in await arranged.store.sessions(mine)}

        assert set(found) == {True, False}
        assert found[True].user_agent == ("Firefox" * 100)[:400]
        assert found[False].user_agent is None
        assert found[True].created_at <= found[True].last_used_at < found[True].expires_at
        assert not await arranged.store.end_session(theirs, found[False].id)
        assert await arranged.store.end_session(mine, found[False].id)
        assert not await arranged.store.end_session(mine, found[False].id)
        assert await arranged.store.refresh(there.refresh_token) is None
        assert [session.is_current for session in await arranged.store.sessions(mine)] == [True]
        assert await arranged.store.sessions("made up") == []
        assert not await arranged.store.end_session("made up", found[True].id)


class TestPassword:
    async def test_is_known_to_be_there(self, arranged: Arranged) -> None:
        email = address()
        await sign_up(arranged.store, email)
        session = await session_of(arranged.store, email)

        user = await arranged.store.user(await pass_of(arranged.store, session.access_token))

        assert user.has_password

    async def test_is_changed_by_who_knows_it_and_ends_other_sessions(self, arranged: Arranged) -> None:
        email = address()
        await sign_up(arranged.store, email)
        here, there = await session_of(arranged.store, email), await session_of(arranged.store, email)
        mine = await pass_of(arranged.store, here.access_token)

        assert not await arranged.store.change_password(mine, b"guessed", verifier(b"new proof"))
        assert not await arranged.store.change_password("made up", b"proof", verifier(b"new proof"))
        assert await arranged.store.sign_in(email, b"new proof") is None
        assert await arranged.store.change_password(mine, b"proof", verifier(b"new proof"))

        assert await arranged.store.sign_in(email, b"proof") is None
        assert await arranged.store.sign_in(email, b"new proof") is not None
        assert await arranged.store.refresh(there.refresh_token) is None
        assert await arranged.store.refresh(here.refresh_token) is not None

    async def test_is_changed_and_mailed_links_to_choose_another_are_over(self, arranged: Arranged) -> None:
        store, email = arranged.store, address()
        await sign_up(store, email)
        first, second = [
            await store.create_email_token(email, EmailTokenPurpose.RESET_PASSWORD) for _ in range(2)
        ]
        assert first
        assert second
        assert await store.reset_password(first, verifier(b"proof"))
        assert not await store.reset_password(second, verifier(b"stolen proof"))

        token = await store.create_email_token(email, EmailTokenPurpose.RESET_PASSWORD)
        assert token
        mine = await pass_of(store, (await session_of(store, email)).access_token)
        assert await store.change_password(mine, b"proof", verifier(b"new proof"))
        assert not await store.reset_password(token, verifier(b"stolen proof"))

    async def test_there_are_users(self, arranged: Arranged) -> None:
        assert await arranged.store.has_users()


async def test_nobody_comes_in_with_nonsense(arranged: Arranged) -> None:
    for bearer in ("", "pw_", "a.b.c", "x" * 10_000, "pw_" + "x" * 43, "..", "%"):
        assert await arranged.store.authenticate(bearer, SignUpPolicy.OPEN) is None
