"""What an OpenID provider may say of itself, and what of its answers proves who somebody is."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.application.ports.identity_provider import SignInAttempt
from portway.domain.credential import OAuthClient
from portway.domain.errors import Unauthenticated, Unavailable, UpstreamUnreachable
from portway.infrastructure.oauth.fetched import RENEWAL_PAUSE_SECONDS, RETRY_PAUSE_SECONDS
from portway.infrastructure.oauth.openid_provider import MAX_AGE_SECONDS, OpenIdProvider
from tests.fakes.http_client import json_answer

ISSUER = "https://issuer.example/auth/v1"
REDIRECT = "https://portway.example/callback"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
STRANGER = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
ATTEMPT = SignInAttempt("the-state", "the-nonce", "the-verifier", "/w")
EXPIRES = int(NOW.timestamp()) + 60
CLAIMS: dict[str, Any] = {
    "iss": ISSUER, "aud": "the-client", "sub": "s1", "exp": EXPIRES, "nonce": "the-nonce",
    "email": "ann@example.com", "email_verified": True, "name": "Ann",
}  # fmt: skip


@dataclass
class Issuer:
    """An HTTP client that reaches one provider."""

    metadata: dict[str, Any] = field(
        default_factory=lambda: {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize?tenant=a",
            "token_endpoint": f"{ISSUER}/token",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "jwks_uri": f"{ISSUER}/jwks",
        }
    )
    claims: dict[str, Any] = field(default_factory=dict)
    key: ECKey = field(default_factory=lambda: KEY)
    tokens: dict[str, Any] | None = None
    userinfo: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, UpstreamResponse | Exception] = field(default_factory=dict)
    sent: list[OutgoingRequest] = field(default_factory=list)
    seconds: float = 1000.0

    async def send(
        self,
        request: OutgoingRequest,
        *,
        timeout_seconds: float,
        max_response_bytes: int = 0,
        follow_redirects: bool = True,
    ) -> UpstreamResponse:
        self.sent.append(request)
        what = request.url.removeprefix(f"{ISSUER}/")
        answer = self.answers.get(what)
        if isinstance(answer, Exception):
            raise answer
        assert what.endswith("jwks") or not follow_redirects
        return answer or json_answer(
            {
                ".well-known/openid-configuration": self.metadata,
                "token": self.tokens or {"id_token": self.id_token(), "access_token": "the-access-token"},
                "userinfo": self.userinfo,
                "jwks": {"keys": [KEY.as_dict(private=False)]},
            }[what]
        )

    def id_token(self) -> str:
        claims = {name: value for name, value in (CLAIMS | self.claims).items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": "one"}, claims, self.key)

    def provider(self, secret: str | None = "the secret:") -> OpenIdProvider:
        return OpenIdProvider(
            self,
            issuer=ISSUER,
            client=OAuthClient("the-client", secret),
            name="Ours",
            clock=lambda: NOW,
            monotonic=lambda: self.seconds,
        )


async def test_sends_the_browser_where_the_provider_says() -> None:
    url = await Issuer().provider().authorization_url(ATTEMPT, REDIRECT)

    assert url.startswith(f"{ISSUER}/authorize?tenant=a&")
    query = dict(parse_qsl(urlsplit(url).query))
    assert query["client_id"] == "the-client"
    assert query["redirect_uri"] == REDIRECT
    assert (query["state"], query["nonce"]) == ("the-state", "the-nonce")
    # As RFC 7636, section 4.2 computes it.
    assert query["code_challenge"] == "sP6XQ2T7IHwj7eBkdcI9xyC8WxEik0RMQk0tVGDKZPI"
    assert "the-verifier" not in url


async def test_learns_who_signed_in() -> None:
    issuer = Issuer()

    claims = await issuer.provider().redeem("the-code", ATTEMPT, REDIRECT)

    assert (claims.issuer, claims.subject) == (ISSUER, "s1")
    assert (claims.email, claims.email_verified, claims.name) == ("ann@example.com", True, "Ann")
    form = dict(parse_qsl(issuer.sent[1].body.decode()))  # type: ignore[union-attr]
    assert form == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": REDIRECT,
        "code_verifier": "the-verifier",
    }
    assert issuer.sent[1].headers["authorization"] == "Basic dGhlLWNsaWVudDp0aGUrc2VjcmV0JTNB"
    assert not any(request.url.endswith("userinfo") for request in issuer.sent)


@pytest.mark.parametrize(
    ("secret", "methods", "members", "has_header"),
    [
        ("x", ["client_secret_post"], {"client_id", "client_secret"}, False),
        ("x", ["client_secret_post", "client_secret_basic"], set(), True),
        ("x", ["private_key_jwt"], set(), True),
        ("x", "nonsense", set(), True),
        (None, ["client_secret_basic", "none"], {"client_id"}, False),
    ],
)
async def test_shows_the_client_as_the_provider_takes_it(
    secret: str | None, methods: Any, members: set[str], has_header: bool
) -> None:
    issuer = Issuer()
    issuer.metadata["token_endpoint_auth_methods_supported"] = methods

    await issuer.provider(secret).redeem("the-code", ATTEMPT, REDIRECT)

    form = dict(parse_qsl(issuer.sent[1].body.decode()))  # type: ignore[union-attr]
    assert set(form) - {"grant_type", "code", "redirect_uri", "code_verifier"} == members
    assert ("authorization" in issuer.sent[1].headers) is has_header


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["the-client"]},
        {"aud": ["the-client", "another"], "azp": "the-client"},
        {"azp": "the-client"},
    ],
)
async def test_takes_a_token_that_is_for_us(claims: dict[str, Any]) -> None:
    assert (await Issuer(claims=claims).provider().redeem("c", ATTEMPT, REDIRECT)).subject == "s1"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"iss": f"{ISSUER}/"},
        {"iss": None},
        {"sub": None},
        {"sub": 7},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": None},
        {"aud": {"the-client": 1}},
        {"aud": ["the-client", "another"]},
        {"azp": "another"},
        {"aud": ["the-client", "another"], "azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": ["the-nonce"]},
        {"exp": EXPIRES - 120},
        {"exp": None},
    ],
)
async def test_takes_no_token_that_is_not(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        await Issuer(claims=claims).provider().redeem("c", ATTEMPT, REDIRECT)


async def test_takes_no_token_of_another_key() -> None:
    with pytest.raises(Unauthenticated):
        await Issuer(key=STRANGER).provider().redeem("c", ATTEMPT, REDIRECT)


@pytest.mark.parametrize("tokens", [{"access_token": "a"}, {"id_token": 7}, {"id_token": "a.b.c"}])
async def test_takes_no_answer_without_one(tokens: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        await Issuer(tokens=tokens).provider().redeem("c", ATTEMPT, REDIRECT)


@pytest.mark.parametrize(
    "answer",
    [
        json_answer({"error": "invalid_grant", "error_description": "the secret: is wrong"}, 400),
        UpstreamResponse(401, {}, b"no"),
        UpstreamResponse(302, {"location": "https://evil.example"}, b""),
        UpstreamResponse(400, {}, b"[" * 100_000),
    ],
)
async def test_says_nothing_secret_of_a_refusal(answer: UpstreamResponse) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await Issuer(answers={"token": answer}).provider().redeem("the-code", ATTEMPT, REDIRECT)

    for secret in ("the-code", "the-verifier", "the secret:"):
        assert secret not in refused.value.detail


class TestUserinfo:
    """For providers that name the address nowhere else."""

    WITHOUT = {"email": None, "email_verified": None, "name": None}  # noqa: RUF012 - never changed

    async def claims_of(self, **userinfo: Any) -> Any:
        issuer = Issuer(claims=self.WITHOUT, userinfo=userinfo)
        found = await issuer.provider().redeem("c", ATTEMPT, REDIRECT)
        assert issuer.sent[-1].headers["authorization"] == "Bearer the-access-token"
        return found

    async def test_names_the_address(self) -> None:
        found = await self.claims_of(sub="s1", email="ann@example.com", email_verified=True, name="Ann")

        assert (found.email, found.email_verified, found.name) == ("ann@example.com", True, "Ann")
        assert (found.issuer, found.subject) == (ISSUER, "s1")

    @pytest.mark.parametrize("sub", ["s2", None, 1])
    async def test_of_somebody_else_counts_for_nothing(self, sub: object) -> None:
        found = await self.claims_of(sub=sub, email="eve@example.com", email_verified=True)

        assert (found.subject, found.email, found.email_verified) == ("s1", None, False)

    async def test_verifies_no_address_by_itself(self) -> None:
        assert (await self.claims_of(sub="s1", email="ann@example.com")).email_verified is False

    async def test_cannot_name_another_issuer(self) -> None:
        found = await self.claims_of(sub="s1", iss="https://other.example", exp=1, email="ann@example.com")

        assert found.issuer == ISSUER
        assert found.expires_at == datetime.fromtimestamp(EXPIRES, UTC)

    async def test_verifies_the_address_that_the_id_token_has(self) -> None:
        issuer = Issuer(
            claims={"email_verified": None},
            userinfo={"sub": "s1", "email": "ann@example.com", "email_verified": True},
        )
        found = await issuer.provider().redeem("c", ATTEMPT, REDIRECT)
        assert (found.email, found.email_verified) == ("ann@example.com", True)
        issuer.userinfo["email"] = "eve@example.com"
        found = await issuer.provider().redeem("c", ATTEMPT, REDIRECT)
        assert (found.email, found.email_verified) == ("ann@example.com", False)

    async def test_is_not_needed(self) -> None:
        issuer = Issuer(claims=self.WITHOUT, answers={"userinfo": json_answer({}, 403)})

        assert (await issuer.provider().redeem("c", ATTEMPT, REDIRECT)).email is None


class TestDescription:
    @pytest.mark.parametrize(
        "changes",
        [
            {"issuer": "https://other.example"},
            {"issuer": f"{ISSUER}/"},
            {"issuer": None},
            {"authorization_endpoint": "http://issuer.example/authorize"},
            {"authorization_endpoint": "javascript:alert(1)"},
            {"authorization_endpoint": "https://issuer.example/\r\nSet-Cookie: a=b"},
            {"authorization_endpoint": None},
            {"token_endpoint": "http://127.0.0.1.example/token"},
            {"token_endpoint": ["https://issuer.example/token"]},
            {"userinfo_endpoint": "http://issuer.example"},
            {"jwks_uri": "ftp://issuer.example"},
        ],
    )
    async def test_that_cannot_be_trusted_is_none(self, changes: dict[str, Any]) -> None:
        issuer = Issuer()
        issuer.metadata |= changes

        with pytest.raises(Unavailable):
            await issuer.provider().authorization_url(ATTEMPT, REDIRECT)

    @pytest.mark.parametrize(
        "answer",
        [
            UpstreamResponse(404, {}, b"{}"),
            UpstreamResponse(503, {}, b""),
            UpstreamResponse(200, {}, b"no JSON"),
            UpstreamResponse(200, {}, json.dumps([ISSUER]).encode()),
            UpstreamUnreachable("no route"),
        ],
    )
    async def test_may_not_be_had(self, answer: UpstreamResponse | Exception) -> None:
        issuer = Issuer(answers={".well-known/openid-configuration": answer})

        with pytest.raises(Unavailable):
            await issuer.provider().authorization_url(ATTEMPT, REDIRECT)

    async def test_is_not_asked_for_at_every_attempt_while_there_is_none(self) -> None:
        issuer = Issuer(answers={".well-known/openid-configuration": UpstreamUnreachable("no route")})
        provider = issuer.provider()
        for _ in range(20):
            with pytest.raises(Unavailable):
                await provider.authorization_url(ATTEMPT, REDIRECT)
        assert len(issuer.sent) == 1
        issuer.answers.clear()
        issuer.seconds += RETRY_PAUSE_SECONDS
        await provider.authorization_url(ATTEMPT, REDIRECT)
        await asyncio.gather(*(provider.authorization_url(ATTEMPT, REDIRECT) for _ in range(5)))
        assert len(issuer.sent) == 2

    async def test_is_kept_for_a_while_and_longer_while_there_is_no_other(self) -> None:
        issuer = Issuer()
        provider = issuer.provider()
        for _ in range(2):
            await provider.authorization_url(ATTEMPT, REDIRECT)
        assert len(issuer.sent) == 1

        issuer.seconds += MAX_AGE_SECONDS
        issuer.answers[".well-known/openid-configuration"] = UpstreamUnreachable("no route")
        await provider.authorization_url(ATTEMPT, REDIRECT)
        assert len(issuer.sent) == 2

        issuer.answers.clear()
        issuer.seconds += RENEWAL_PAUSE_SECONDS
        issuer.metadata["authorization_endpoint"] = f"{ISSUER}/new"
        assert (await provider.authorization_url(ATTEMPT, REDIRECT)).startswith(f"{ISSUER}/new?")
