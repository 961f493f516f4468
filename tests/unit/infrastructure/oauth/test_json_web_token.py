"""Signatures by the published vectors: RFC 7515, appendix A, and RFC 8037, appendix A."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc import jws, jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from portway.infrastructure.oauth.json_web_token import UnusableKeyError, sign, sign_jwt
from tests.unit.infrastructure.oauth.published_keys import (
    A1_KEY,
    A1_TOKEN,
    A2_KEY,
    A2_TOKEN,
    A3_KEY,
    A3_TOKEN,
    CLAIMS,
    ED25519_KEY,
    ED25519_TOKEN,
    PAYLOAD,
    RFC_7523_HEADER,
)

RSA = RSAKey.import_key(A2_KEY)
EC = ECKey.import_key(A3_KEY)
PEM = RSA.as_pem(private=True).decode()


@pytest.mark.parametrize(
    ("header", "payload", "key", "token"),
    [
        ({"alg": "RS256"}, PAYLOAD, A2_KEY, A2_TOKEN),
        ({"alg": "EdDSA"}, b"Example of Ed25519 signing", ED25519_KEY, ED25519_TOKEN),
    ],
    ids=["RFC 7515 A.2", "RFC 8037 A.4"],
)
def test_the_published_signatures(
    header: dict[str, Any], payload: bytes, key: dict[str, Any], token: str
) -> None:
    assert sign(header, payload, json.dumps(key)) == token


def test_an_ecdsa_signature_is_another_one_each_time_and_verifies_as_the_published_one_does() -> None:
    """RFC 7515, A.3."""
    first, second = (sign({"alg": "ES256"}, PAYLOAD, json.dumps(A3_KEY)) for _ in range(2))
    assert first != second
    for token in (first, second, A3_TOKEN):
        assert token.rpartition(".")[0] == A3_TOKEN.rpartition(".")[0]
        assert jws.deserialize_compact(token, EC, algorithms=["ES256"]).payload == PAYLOAD


def test_hmac_takes_the_secret_as_it_is() -> None:
    """RFC 7515, A.1, has line breaks in its header, which no other writer makes: what it signs is compared."""
    key = OctKey.import_key(A1_KEY)
    assert jws.deserialize_compact(A1_TOKEN, key).payload == PAYLOAD
    text = "a secret that is not base64 ä"
    signed = jws.deserialize_compact(sign({"alg": "HS256"}, PAYLOAD, text), OctKey.import_key(text.encode()))
    assert signed.payload == PAYLOAD


def test_the_header_of_rfc_7523() -> None:
    """Section 4: `{"alg":"ES256","kid":"16"}`."""
    token = sign({"alg": "ES256", "kid": "16"}, b"{}", json.dumps(A3_KEY))
    assert token.startswith(f"{RFC_7523_HEADER}.")


ALGORITHMS: dict[str, Key] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), RSA),
    "ES256": EC,
    "ES384": ECKey.generate_key("P-384"),
    "ES512": ECKey.generate_key("P-521"),
    "EdDSA": OKPKey.import_key(ED25519_KEY),
    **dict.fromkeys(("HS256", "HS384", "HS512"), OctKey.import_key(A1_KEY)),
}


@pytest.mark.parametrize(
    "algorithm", [name for name in ALGORITHMS if name not in ("EdDSA", "HS256", "HS384", "HS512")]
)
def test_every_algorithm_with_a_pem(algorithm: str) -> None:
    key = ALGORITHMS[algorithm]
    assert isinstance(key, RSAKey | ECKey)
    token = sign_jwt(CLAIMS, key.as_pem(private=True).decode(), algorithm, {})
    read = jwt.decode(token, key, algorithms=[algorithm])
    assert read.header == {"typ": "JWT", "alg": algorithm}
    assert read.claims == CLAIMS


def _native(form: PrivateFormat, encryption: Any = None) -> str:
    return RSA.private_key.private_bytes(Encoding.PEM, form, encryption or NoEncryption()).decode()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        PEM,
        _native(PrivateFormat.TraditionalOpenSSL),
        PEM.replace("\n", "\\n"),
        PEM.replace("\n", ""),
        PEM.replace("\n", " "),
        PEM.replace("\n", "\r\n"),
        f"  Bag Attributes\n{PEM}\n\n",
        json.dumps(A2_KEY),
        f"\n {json.dumps(A2_KEY, indent=2)}",
    ],
    ids=["PKCS 8", "PKCS 1", "escaped", "one line", "spaces", "CRLF", "with words", "JWK", "indented JWK"],
)
def test_keys_as_people_paste_them(text: str) -> None:
    assert sign({"alg": "RS256"}, PAYLOAD, text) == A2_TOKEN


def test_small_keys_that_services_once_gave_out() -> None:
    with pytest.warns(match="2048"):
        key = RSAKey.generate_key(1024)
    assert sign({"alg": "RS256"}, PAYLOAD, key.as_pem(private=True).decode())
    assert sign({"alg": "HS256"}, PAYLOAD, "short")


def test_what_a_jwk_says_of_itself_is_in_the_header() -> None:
    key = json.dumps({**A2_KEY, "kid": "k1", "x5t#S256": "thumb", "use": "sig"})
    assert _header(sign_jwt({}, key, "RS256", {})) == {
        "typ": "JWT", "alg": "RS256", "kid": "k1", "x5t#S256": "thumb",
    }  # fmt: skip
    own = sign_jwt({}, key, "RS256", {"kid": "k2", "typ": "at+jwt", "alg": "none"})
    assert _header(own) == {"typ": "at+jwt", "alg": "RS256", "kid": "k2", "x5t#S256": "thumb"}


@pytest.mark.parametrize(
    ("text", "algorithm"),
    [
        ("", "RS256"),
        ("", "HS256"),
        ("private words", "RS256"),
        ("{}", "RS256"),
        ('{"kty": "RSA"}', "RS256"),
        ("{", "RS256"),
        ("[" * 5000, "RS256"),
        ("{" * 5000, "RS256"),
        (PEM, "ES256"),
        (json.dumps(A3_KEY), "RS256"),
        (json.dumps(A3_KEY), "ES384"),
        (json.dumps(A2_KEY), "EdDSA"),
        (json.dumps({**A2_KEY, "use": "enc"}), "RS256"),
        (json.dumps({**A2_KEY, "alg": "PS256"}), "RS256"),
        (RSA.as_pem(private=False).decode(), "RS256"),
        (json.dumps(RSA.as_dict(private=False)), "RS256"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "RS256"),
        ("-----BEGIN PRIVATE KEY-----\nä\n-----END PRIVATE KEY-----", "RS256"),
        (_native(PrivateFormat.PKCS8, BestAvailableEncryption(b"password")), "RS256"),
        ("\ud800", "RS256"),
        ("\ud800", "HS256"),
    ],
)
def test_what_is_no_key(text: str, algorithm: str) -> None:
    with pytest.raises(UnusableKeyError) as unusable:
        sign({"alg": algorithm}, PAYLOAD, text)
    assert "private" not in str(unusable.value)
    assert algorithm in str(unusable.value)


def _header(token: str) -> Any:
    part = token.partition(".")[0]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
