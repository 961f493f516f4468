"""What becomes of an answer that a browser brings back from an outside issuer."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from portway.application.account_service import AccountService
from portway.application.attempts import SIGN_IN_OUTSIDE_ADDRESS, AttemptGuard
from portway.application.background import Background
from portway.application.outside_sign_in import OutsideSignIn, Refusal, SignInRefused, is_own_path
from portway.application.ports.accounts import SignUpPolicy
from portway.application.ports.identity_provider import SignInAttempt
from portway.domain.errors import MalformedRequest, NotFound, PortwayError, Unauthenticated, Unavailable
from portway.infrastructure.rate_limits.memory import MemoryRateLimiter
from tests.fakes.accounts import InMemoryAccountStore, InstantHasher

HERE = "192.0.2.1"


@dataclass
class Claims:
    issuer: str = "https://issuer.example"
    subject: str = "s1"
    email: str | None = None
    email_verified: bool = False
    name: str | None = None
    expires_at: datetime = datetime.now(UTC) + timedelta(hours=1)


@dataclass
class Provider:
    """An `IdentityProvider`. `refusal` is what it raises."""

    id: str = "oidc"
    name: str = "Ours"
    issuer: str = "https://issuer.example"
    refusal: PortwayError | None = None
    redirect_uris: set[str] = field(default_factory=set)
    redeemed: int = 0

    async def authorization_url(self, attempt: SignInAttempt, redirect_uri: str) -> str:
        self.redirect_uris.add(redirect_uri)
        if self.refusal is not None:
            raise self.refusal
        return f"{self.issuer}/authorize?state={attempt.state}"

    async def redeem(self, code: str, attempt: SignInAttempt, redirect_uri: str) -> Claims:
        self.redeemed += 1
        self.redirect_uris.add(redirect_uri)
        if self.refusal is not None:
            raise self.refusal
        return Claims()


@dataclass
class Arranged:
    provider: Provider = field(default_factory=Provider)
    policy: SignUpPolicy = SignUpPolicy.OPEN

    def __post_init__(self) -> None:
        attempts = AttemptGuard(MemoryRateLimiter())
        accounts = AccountService(
            accounts=InMemoryAccountStore(),
            hasher=InstantHasher(),
            attempts=attempts,
            mailer=None,
            background=Background(),
            public_url="https://portway.example",
            sign_up=self.policy,
        )
        self.service = OutsideSignIn(
            [self.provider], accounts, attempts, public_url="https://portway.example"
        )

    async def complete(self, attempt: SignInAttempt, **answer: str) -> Refusal | None:
        """None for a session, else why there is none."""
        query = {"state": attempt.state, "code": "c"} | answer
        try:
            await self.service.complete("oidc", attempt, query, client=HERE, user_agent=None)
        except SignInRefused as refused:
            return refused.refusal
        return None


async def test_each_attempt_is_another() -> None:
    arranged = Arranged()

    attempts = [(await arranged.service.begin("oidc", "/w"))[1] for _ in range(2)]

    secrets = [
        secret for attempt in attempts for secret in (attempt.state, attempt.nonce, attempt.code_verifier)
    ]
    assert len(set(secrets)) == 6
    assert all(43 <= len(secret) <= 128 for secret in secrets)  # RFC 7636, section 4.1
    assert not any(secret in repr(attempts) for secret in secrets)
    assert await arranged.complete(attempts[0]) is None
    assert arranged.provider.redirect_uris == {"https://portway.example/api/v2/auth/providers/oidc/callback"}


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (Unauthenticated("a reason"), Refusal.FAILED),
        (Unavailable("a reason"), Refusal.UNAVAILABLE),
    ],
)
async def test_what_the_provider_refuses_is_told(refusal: PortwayError, expected: Refusal) -> None:
    arranged = Arranged()
    _, attempt = await arranged.service.begin("oidc", "/w")
    arranged.provider.refusal = refusal

    assert await arranged.complete(attempt) is expected


async def test_strangers_are_told_that_they_are() -> None:
    arranged = Arranged(policy=SignUpPolicy.INVITE)
    _, attempt = await arranged.service.begin("oidc", "/w")

    assert await arranged.complete(attempt) is Refusal.NOT_INVITED


async def test_the_provider_is_not_asked_without_end() -> None:
    arranged = Arranged()
    _, attempt = await arranged.service.begin("oidc", "/w")

    outcomes = [await arranged.complete(attempt) for _ in range(SIGN_IN_OUTSIDE_ADDRESS.attempts + 1)]

    assert outcomes[-2:] == [None, Refusal.UNAVAILABLE]
    assert arranged.provider.redeemed == SIGN_IN_OUTSIDE_ADDRESS.attempts


async def test_an_attempt_that_leads_elsewhere_is_none() -> None:
    """The browser keeps it, and so can alter it."""
    arranged = Arranged()

    assert await arranged.complete(SignInAttempt("s", "n", "v", "//evil.example")) is Refusal.EXPIRED
    assert arranged.provider.redeemed == 0


async def test_refuses_other_providers_and_paths() -> None:
    arranged = Arranged()

    with pytest.raises(NotFound):
        await arranged.service.begin("other", "/w")
    with pytest.raises(MalformedRequest):
        await arranged.service.begin("oidc", "https://evil.example")


@pytest.mark.parametrize(
    ("path", "is_own"),
    [
        ("/", True),
        ("/w/1/logs?status=error&from=2026-01-01T00:00:00Z#top", True),
        ("/w//x", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("/w\\x", False),
        ("/\t/evil.example", False),
        ("/w x", False),
        ("/w\n", False),
        ("", False),
        ("w", False),
        ("https://evil.example", False),
        ("javascript:alert(1)", False),
        ("/" + "a" * 2001, False),
    ],
)
def test_paths_of_our_own(path: str, is_own: bool) -> None:
    assert is_own_path(path) is is_own
