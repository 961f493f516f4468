import asyncio
import hmac
import json
import warnings
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.domain.errors import EgressBlocked, Unauthenticated, Unavailable, UpstreamTimeout
from portway.infrastructure.oauth.fetched import (
    MAX_STALE_SECONDS,
    RENEWAL_PAUSE_SECONDS,
    RETRY_PAUSE_SECONDS,
)
from portway.infrastructure.oauth.jwks import LEEWAY_SECONDS, JwksVerifier, VerifiedClaims
from portway.infrastructure.oauth.published_keys import MAX_AGE_SECONDS

URL = "https://issuer.example/jwks.json"
ISSUER = "https://issuer.example/"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
CLAIMS: dict[str, Any] = {"iss": ISSUER, "aud": "portway", "sub": "user-1", "exp": int(NOW.timestamp()) + 60}


class Issuer:
    """An HTTP client that reaches one issuer's key set, and a clock for both."""

    def __init__(self, *keys: Key | dict[str, Any]) -> None:
        self.keys: tuple[Key | dict[str, Any], ...] = keys
        self.answer: UpstreamResponse | Exception | None = None
        self.fetches = 0
        self.seconds = 1000.0

    async def send(
        self,
        request: OutgoingRequest,
        *,
        timeout_seconds: float,
        max_response_bytes: int = 0,
        follow_redirects: bool = True,
    ) -> UpstreamResponse:
        assert (request.method, request.url) == ("GET", URL)
        self.fetches += 1
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        published = [key if isinstance(key, dict) else key.as_dict(private=False) for key in self.keys]
        return self.answer or UpstreamResponse(200, {}, json.dumps({"keys": published}).encode())

    def verifier(self, issuer: str | None = ISSUER, audience: str | None = "portway") -> JwksVerifier:
        return JwksVerifier(
            self, URL, issuer=issuer, audience=audience, clock=lambda: NOW, monotonic=lambda: self.seconds
        )


def signed(key: Key, algorithm: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
    merged = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.encode(
            {"alg": algorithm, "kid": key.kid, **(header or {})}, merged, key, registry=registry
        )


def segment(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256"), (ED, "EdDSA"), (ED, "Ed25519")]
)
async def test_verifies(key: Key, algorithm: str) -> None:
    verifier = Issuer(RSA, EC, ED).verifier()
    token = signed(key, algorithm, email="a@example.com", email_verified=True, name="Zoë")
    assert await verifier.verify(token) == VerifiedClaims(
        ISSUER,
        "user-1",
        "a@example.com",
        email_verified=True,
        name="Zoë",
        expires_at=NOW + timedelta(seconds=60),
    )


@pytest.mark.parametrize(
    ("claims", "email", "verified", "name"),
    [
        ({}, None, False, None),
        ({"email": 5, "email_verified": "yes", "name": []}, None, False, None),
        ({"email": "", "email_verified": 1, "name": ""}, None, False, None),
        ({"email": "a@b.example", "email_verified": "true"}, "a@b.example", True, None),
        ({"email": "a@b.example", "email_verified": False}, "a@b.example", False, None),
    ],
)
async def test_claims_about_the_person(
    claims: dict[str, Any],
    email: str | None,
    verified: bool,
    name: str | None,
) -> None:
    found = await Issuer(EC).verifier().verify(signed(EC, "ES256", **claims))
    assert (found.email, found.email_verified, found.name) == (email, verified, name)


REFUSED_CLAIMS: dict[str, dict[str, Any]] = {
    "expired": {"exp": int(NOW.timestamp()) - LEEWAY_SECONDS - 1},
    "no expiry": {"exp": None},
    "expiry in words": {"exp": "tomorrow"},
    "expiry out of range": {"exp": 10**400},
    "expiry beyond dates": {"exp": 10**18},
    "not yet": {"nbf": int(NOW.timestamp()) + LEEWAY_SECONDS + 1},
    "not before in words": {"nbf": "now"},
    "another issuer": {"iss": "https://evil.example/"},
    "almost the issuer": {"iss": ISSUER.rstrip("/")},
    "a list of issuers": {"iss": [ISSUER]},
    "no issuer": {"iss": None},
    "another audience": {"aud": "other"},
    "other audiences": {"aud": ["other", "another"]},
    "no audience": {"aud": None},
    "no subject": {"sub": None},
    "empty subject": {"sub": ""},
    "a number as subject": {"sub": 5},
}


@pytest.mark.parametrize("claims", REFUSED_CLAIMS.values(), ids=REFUSED_CLAIMS.keys())
async def test_refuses_claims(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        await Issuer(EC).verifier().verify(signed(EC, "ES256", **claims))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(NOW.timestamp()) - LEEWAY_SECONDS + 1},
        {"nbf": int(NOW.timestamp()) + LEEWAY_SECONDS - 1},
        {"aud": ["other", "portway"]},
    ],
)
async def test_accepts_claims(claims: dict[str, Any]) -> None:
    await Issuer(EC).verifier().verify(signed(EC, "ES256", **claims))


async def test_what_is_not_configured_may_be_anything() -> None:
    verifier = Issuer(EC).verifier(issuer=None, audience=None)
    assert (await verifier.verify(signed(EC, "ES256", iss="any", aud="any"))).issuer == "any"
    assert (await verifier.verify(signed(EC, "ES256", aud=None))).issuer == ISSUER
    with pytest.raises(Unauthenticated):
        await verifier.verify(signed(EC, "ES256", iss=None))


async def test_refuses_other_algorithms() -> None:
    signing_input = f"{segment({'alg': 'HS256', 'kid': 'rsa'})}.{segment(CLAIMS)}"
    code = hmac.digest(RSA.as_pem(private=False), signing_input.encode(), "sha256")
    by_public_key = f"{signing_input}.{urlsafe_b64encode(code).rstrip(b'=').decode()}"
    header, claims = segment({"alg": "none", "kid": "rsa"}), segment(CLAIMS)
    for token in (
        by_public_key,
        f"{header}.{claims}.",
        f"{segment({'alg': 'NONE', 'kid': 'rsa'})}.{claims}.",
        f"{segment({'alg': ['RS256'], 'kid': 'rsa'})}.{claims}.AAAA",
        signed(RSA, "RS512"),
        signed(EC, "ES256", {"kid": "rsa"}),
        signed(RSA, "RS256", {"kid": "ec"}),
        signed(RSAKey.generate_key(2048, {"kid": "rsa"}), "RS256"),
        f"{header}.{claims}",
    ):
        with pytest.raises(Unauthenticated):
            await Issuer(RSA, EC).verifier().verify(token)


async def test_critical_members_of_the_header_that_nobody_knows_are_refused() -> None:
    headers: list[dict[str, Any]] = [
        {"crit": ["new"], "new": 1},
        {"crit": ["new"]},
        {"crit": ["b64"], "b64": False},
        {"crit": "new"},
    ]
    for header in headers:
        signing_input = f"{segment({'alg': 'Ed25519', 'kid': 'ed', **header})}.{segment(CLAIMS)}"
        private_key = ED.private_key
        assert isinstance(private_key, Ed25519PrivateKey)
        signature = urlsafe_b64encode(private_key.sign(signing_input.encode())).rstrip(b"=").decode()
        with pytest.raises(Unauthenticated):
            await Issuer(ED).verifier().verify(f"{signing_input}.{signature}")


async def test_members_of_the_header_that_nobody_knows_are_ignored() -> None:
    await Issuer(RSA).verifier().verify(signed(RSA, "RS256", {"cat": "x" * 600, "nonce": "y"}))


async def test_a_key_named_inside_of_the_token_is_not_used() -> None:
    attacker = ECKey.generate_key("P-256", {"kid": "mine"})
    header = {"jwk": attacker.as_dict(private=False), "jku": "https://evil.example/jwks.json"}
    for kid in ("mine", "ec"):
        with pytest.raises(Unauthenticated):
            await Issuer(EC).verifier().verify(signed(attacker, "ES256", {**header, "kid": kid}))


async def test_without_a_key_id_the_only_key_is_meant() -> None:
    anonymous = jwt.encode({"alg": "ES256"}, dict(CLAIMS), EC, algorithms=["ES256"])
    await Issuer(EC).verifier().verify(anonymous)
    with pytest.raises(Unauthenticated):
        await Issuer(EC, ED).verifier().verify(anonymous)


@given(
    st.text()
    | st.text(alphabet="abcA09-_.=", max_size=60)
    | st.lists(
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(segment),
        min_size=2,
        max_size=6,
    ).map(".".join)
)
async def test_nonsense_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        await Issuer(EC).verifier().verify(token)


async def test_deep_and_long_nonsense_is_refused() -> None:
    deep = urlsafe_b64encode(b"[" * 5000).rstrip(b"=").decode()
    for token in (f"{deep}.{deep}.AAAA", "a" * 1_000_000, "é" * 100, "\ud800.a.b"):
        with pytest.raises(Unauthenticated):
            await Issuer(EC).verifier().verify(token)


async def test_keys_are_fetched_once_and_again_when_they_are_old() -> None:
    issuer = Issuer(EC)
    verifier = issuer.verifier()
    await asyncio.gather(*(verifier.verify(signed(EC, "ES256")) for _ in range(5)))
    issuer.seconds += MAX_AGE_SECONDS - 1
    await verifier.verify(signed(EC, "ES256"))
    assert issuer.fetches == 1
    issuer.seconds += 1
    await verifier.verify(signed(EC, "ES256"))
    assert issuer.fetches == 2


async def test_an_unknown_key_is_looked_for_but_not_too_often() -> None:
    issuer = Issuer(EC)
    verifier = issuer.verifier()
    await verifier.verify(signed(EC, "ES256"))
    issuer.keys = (EC, ED)
    with pytest.raises(Unauthenticated):
        await verifier.verify(signed(ED, "EdDSA"))
    assert issuer.fetches == 1
    issuer.seconds += RENEWAL_PAUSE_SECONDS
    await asyncio.gather(*(verifier.verify(signed(ED, "EdDSA")) for _ in range(5)))
    assert issuer.fetches == 2
    unknown = ECKey.generate_key("P-256", {"kid": "unknown"})
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await verifier.verify(signed(unknown, "ES256"))
    assert issuer.fetches == 2


async def test_a_withdrawn_key_is_forgotten() -> None:
    issuer = Issuer(EC)
    verifier = issuer.verifier()
    await verifier.verify(signed(EC, "ES256"))
    issuer.keys = (ED,)
    issuer.seconds += MAX_AGE_SECONDS
    with pytest.raises(Unauthenticated):
        await verifier.verify(signed(EC, "ES256"))


async def test_keys_serve_on_for_a_while_when_the_issuer_is_down() -> None:
    issuer = Issuer(EC)
    verifier = issuer.verifier()
    await verifier.verify(signed(EC, "ES256"))
    issuer.answer = UpstreamTimeout()
    issuer.seconds += MAX_AGE_SECONDS
    for _ in range(3):
        await verifier.verify(signed(EC, "ES256"))
    assert issuer.fetches == 2
    issuer.seconds += MAX_STALE_SECONDS
    with pytest.raises(Unavailable):
        await verifier.verify(signed(EC, "ES256"))


@pytest.mark.parametrize(
    "answer",
    [
        UpstreamTimeout(),
        EgressBlocked(),
        UpstreamResponse(500, {}, b"{}"),
        UpstreamResponse(200, {}, b"<html>"),
        UpstreamResponse(200, {}, b"[" * 100_000),
        UpstreamResponse(200, {}, b"[]"),
        UpstreamResponse(200, {}, b'{"keys": {}}'),
        UpstreamResponse(200, {}, b'{"keys": []}'),
        UpstreamResponse(200, {}, b'{"keys": [5, {}, {"kty": []}, {"kty": "oct", "k": "AAAA"}]}'),
    ],
)
async def test_no_keys(answer: UpstreamResponse | Exception) -> None:
    issuer = Issuer(EC)
    issuer.answer = answer
    verifier = issuer.verifier()
    for _ in range(3):
        with pytest.raises(Unavailable):
            await verifier.verify(signed(EC, "ES256"))
    assert issuer.fetches == 1
    issuer.answer = None
    issuer.seconds += RETRY_PAUSE_SECONDS
    await verifier.verify(signed(EC, "ES256"))


async def test_keys_that_cannot_be_read_or_are_for_something_else_are_left_out() -> None:
    encryption = ECKey.generate_key("P-256", {"kid": "enc", "use": "enc"})
    issuer = Issuer(
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA", "kid": "broken"},
        {"kty": "RSA", "kid": "empty"},
        {"kty": "AKP", "kid": "from the future"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        encryption,
        EC,
    )
    verifier = issuer.verifier()
    await verifier.verify(signed(EC, "ES256"))
    signing = ECKey.import_key({**encryption.as_dict(private=True), "use": "sig"})
    with pytest.raises(Unauthenticated):
        await verifier.verify(signed(signing, "ES256"))


async def test_a_caller_that_goes_away_does_not_keep_the_keys_from_others() -> None:
    issuer = Issuer(EC)
    verifier = issuer.verifier()
    first = asyncio.create_task(verifier.verify(signed(EC, "ES256")))
    await asyncio.sleep(0)
    first.cancel()
    await verifier.verify(signed(EC, "ES256"))
