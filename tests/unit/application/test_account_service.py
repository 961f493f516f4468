"""Accounts on fakes: what the database is asked, and what people are told."""

import pytest

from portway.application.account_service import AccountService, SignedUp
from portway.application.attempts import AttemptGuard
from portway.application.background import Background
from portway.application.ports.accounts import SignUpPolicy
from portway.application.ports.mail import Mailer
from portway.application.ports.rate_limits import RateLimiter
from portway.domain.errors import (
    Conflict,
    Forbidden,
    MalformedRequest,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from portway.infrastructure.rate_limits.memory import MemoryRateLimiter
from tests.fakes.accounts import InMemoryAccountStore, InstantHasher
from tests.fakes.limits import NoLimits
from tests.fakes.mail import RecordingMailer

EMAIL = "ann@example.com"
PASSWORD = "correct horse battery"
HERE = "192.0.2.1"


class Arranged:
    """A service, and all that it stands on."""

    def __init__(
        self,
        *,
        policy: SignUpPolicy = SignUpPolicy.OPEN,
        public_url: str = "http://localhost:8000",
        mailer: Mailer | None = None,
        limiter: RateLimiter | None = None,
        has_sign_in_path: bool = True,
    ) -> None:
        self.store = InMemoryAccountStore(has_sign_in_path=has_sign_in_path)
        self.hasher = InstantHasher()
        self.background = Background()
        self.service = AccountService(
            accounts=self.store,
            hasher=self.hasher,
            attempts=AttemptGuard(limiter or NoLimits()),
            mailer=mailer,
            background=self.background,
            public_url=public_url,
            sign_up=policy,
        )

    async def sign_up(self, email: str = EMAIL, token: str | None = None) -> SignedUp:
        return await self.service.sign_up(
            email=email, password=PASSWORD, name="Ann", token=token, client=HERE
        )


class TestSignUp:
    async def test_signs_in(self) -> None:
        done = await Arranged().sign_up()

        assert done.user.email == EMAIL
        assert done.session.user_id == done.user.id

    @pytest.mark.parametrize(
        ("public_url", "needs_token"),
        [
            ("http://127.0.0.1:8000", False),
            ("http://127.9.9.9", False),
            ("http://[::1]:8000", False),
            ("http://localhost", False),
            ("http://10.0.0.1:8000", True),
            ("https://portway.example", True),
            ("http://localhost.example", True),
        ],
    )
    async def test_of_the_first_needs_the_set_up_token_unless_on_ones_own_machine(
        self, public_url: str, needs_token: bool
    ) -> None:
        arranged = Arranged(policy=SignUpPolicy.CLOSED, public_url=public_url)
        if needs_token:
            with pytest.raises(Forbidden, match=r"no new accounts"):
                await arranged.sign_up()
            await arranged.sign_up(token=arranged.store.make_set_up_token())
        else:
            await arranged.sign_up()

    @pytest.mark.parametrize(
        ("policy", "words"), [(SignUpPolicy.INVITE, "invitation"), (SignUpPolicy.CLOSED, "no new accounts")]
    )
    async def test_says_why_it_is_refused(self, policy: SignUpPolicy, words: str) -> None:
        arranged = Arranged(policy=policy)
        await arranged.sign_up()

        with pytest.raises(Forbidden, match=words):
            await arranged.sign_up("second@example.com")

    async def test_hashes_nothing_for_a_password_that_will_not_do(self) -> None:
        arranged = Arranged()

        with pytest.raises(MalformedRequest):
            await arranged.service.sign_up(email=EMAIL, password="short", name=None, token=None, client=HERE)
        assert arranged.hasher.hashed == 0

    async def test_of_an_address_that_is_taken(self) -> None:
        arranged = Arranged()
        await arranged.sign_up()

        with pytest.raises(Conflict):
            await arranged.sign_up()

    async def test_mails_a_link_to_an_address_that_nobody_verified(self) -> None:
        mailer = RecordingMailer()
        arranged = Arranged(mailer=mailer, public_url="http://localhost:1")
        await arranged.sign_up()
        token, _ = arranged.store.invite("bob@example.com", mailed=True)
        await arranged.sign_up("bob@example.com", token)
        await arranged.background.finish()

        (mail,) = mailer.sent
        assert mail.to == EMAIL
        assert "http://localhost:1/verify-email#token=" in mail.text


class TestSignIn:
    async def test_costs_the_same_whether_there_is_an_account_or_not(self) -> None:
        arranged = Arranged()
        await arranged.sign_up()
        for email in (EMAIL, "stranger@example.com"):
            before = arranged.hasher.hashed
            with pytest.raises(Unauthenticated) as caught:
                await arranged.service.sign_in(email=email, password="not the password", client=HERE)
            assert caught.value.detail == "The address or the password is wrong."
            assert arranged.hasher.hashed == before + 1

    async def test_is_limited_by_account_and_address(self) -> None:
        arranged = Arranged(limiter=MemoryRateLimiter())
        await arranged.sign_up()

        async def sign_in(password: str, client: str = HERE) -> None:
            await arranged.service.sign_in(email=EMAIL, password=password, client=client)

        for _ in range(10):
            with pytest.raises(Unauthenticated):
                await sign_in("not the password")
        hashed = arranged.hasher.hashed
        with pytest.raises(RateLimited):
            await sign_in(PASSWORD)
        assert arranged.hasher.hashed == hashed
        await sign_in(PASSWORD, "198.51.100.7")

    async def test_that_succeeds_forgives_what_failed_before(self) -> None:
        arranged = Arranged(limiter=MemoryRateLimiter())
        await arranged.sign_up()
        for _ in range(4):
            for _ in range(5):
                with pytest.raises(Unauthenticated):
                    await arranged.service.sign_in(email=EMAIL, password="not the password", client=HERE)
            await arranged.service.sign_in(email=EMAIL, password=PASSWORD, client=HERE)


class TestSignOut:
    async def test_by_a_spent_refresh_token_does_nothing(self) -> None:
        arranged = Arranged()
        done = await arranged.sign_up()
        renewed = await arranged.service.refresh(done.session.refresh_token)

        await arranged.service.sign_out_by_refresh_token(done.session.refresh_token)
        assert (await arranged.service.refresh(renewed.session.refresh_token)).user == done.user

    async def test_by_the_current_one_ends_the_session(self) -> None:
        arranged = Arranged()
        done = await arranged.sign_up()

        await arranged.service.sign_out_by_refresh_token(done.session.refresh_token)

        with pytest.raises(Unauthenticated):
            await arranged.service.refresh(done.session.refresh_token)


class TestLinks:
    async def test_are_mailed_to_accounts_only(self) -> None:
        mailer = RecordingMailer()
        arranged = Arranged(mailer=mailer)
        await arranged.sign_up()
        await arranged.background.finish()
        mailer.sent.clear()

        for email in (EMAIL, "stranger@example.com"):
            await arranged.service.request_password_reset(email=email, client=HERE)
        await arranged.background.finish()

        assert [mail.to for mail in mailer.sent] == [EMAIL]

    @pytest.mark.parametrize(("mailer", "path"), [(None, True), (RecordingMailer(), False)])
    async def test_are_not_made_where_nothing_can_be_mailed(
        self, mailer: RecordingMailer | None, path: bool
    ) -> None:
        arranged = Arranged(mailer=mailer, has_sign_in_path=path)
        await arranged.sign_up()
        await arranged.service.request_password_reset(email=EMAIL, client=HERE)
        await arranged.service.request_email_verification(email=EMAIL, client=HERE)
        await arranged.background.finish()

        assert mailer is None or mailer.sent == []

    async def test_are_limited_by_account(self) -> None:
        arranged = Arranged(limiter=MemoryRateLimiter(), mailer=RecordingMailer())

        for _ in range(5):
            await arranged.service.request_password_reset(email=EMAIL, client=HERE)
        with pytest.raises(RateLimited):
            await arranged.service.request_password_reset(email=EMAIL, client="198.51.100.7")
        await arranged.background.finish()

    async def test_that_are_spent_are_gone(self) -> None:
        arranged = Arranged()

        with pytest.raises(NotFound):
            await arranged.service.reset_password(token="made up", password=PASSWORD, client=HERE)
