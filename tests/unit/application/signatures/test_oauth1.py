"""By the examples of RFC 5849, and by a second reading of its section 3.4 that shares nothing with the first."""

import base64
import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, unquote_plus, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth1 import Client

from portway.application.ports.http import OutgoingRequest, StreamedBody
from portway.application.signatures import oauth1
from portway.application.signatures.oauth1 import OAuth1Credentials, SignatureMethod, sign_oauth1
from portway.domain.errors import InvalidIntegrationConfig

FORM = {"content-type": "application/x-www-form-urlencoded"}
PRINTER = ("dpf43f3p2l4k3l03", "kd94hf93k423kf44")
HOLDER = OAuth1Credentials("key", "secret&1", "tok en", "hidden")


def signed(request: OutgoingRequest, credentials: OAuth1Credentials = HOLDER, **more: Any) -> OutgoingRequest:
    return sign_oauth1(request, credentials, **{"nonce": lambda: "n0nce", "timestamp": lambda: 1.9e9} | more)


def parameters_of(request: OutgoingRequest) -> dict[str, str]:
    """What the Authorization header says, decoded."""
    scheme, _, fields = request.headers["authorization"].partition(" ")
    assert scheme == "OAuth"
    return {name: unquote_plus(value) for name, value in re.findall(r'(\w+)="([^"]*)"', fields)}


def base_string(request: OutgoingRequest) -> str:
    """RFC 5849, section 3.4.1, of what is sent."""
    url = urlsplit(request.url)
    texts = [url.query]
    if request.headers.get("content-type", "").startswith(FORM["content-type"]) and isinstance(
        request.body, bytes
    ):
        texts.append(request.body.decode())
    pairs = [pair.partition("=") for text in texts for pair in text.split("&") if pair]
    every = [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]
    every += [(n, v) for n, v in parameters_of(request).items() if n not in {"realm", "oauth_signature"}]
    encoded = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in every)
    host = url.netloc.lower().removesuffix(":443" if url.scheme == "https" else ":80")
    normalized = "&".join(f"{name}={value}" for name, value in encoded)
    parts = (request.method, f"{url.scheme}://{host}{url.path or '/'}", normalized)
    return "&".join(quote(part, safe="") for part in parts)


def hmac_sha1(request: OutgoingRequest, credentials: OAuth1Credentials = HOLDER) -> str:
    key = "&".join(quote(part, safe="") for part in (credentials.consumer_secret, credentials.token_secret))
    return base64.b64encode(hmac.digest(key.encode(), base_string(request).encode(), "sha1")).decode()


@pytest.fixture
def without_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """The RFC's examples leave the optional `oauth_version` out."""
    with_version: Any = Client.get_oauth_params

    def get_oauth_params(self: Client, request: Any) -> list[tuple[str, str]]:
        return [pair for pair in with_version(self, request) if pair[0] != "oauth_version"]

    monkeypatch.setattr(oauth1._Client, "get_oauth_params", get_oauth_params)


@pytest.mark.usefixtures("without_version")
@pytest.mark.parametrize(
    ("request_", "token", "expected"),
    [
        (
            OutgoingRequest("POST", "https://photos.example.net/initiate"),
            (),
            {
                "oauth_timestamp": "137131200",
                "oauth_nonce": "wIjqoS",
                "oauth_callback": "http://printer.example.com/ready",
                "oauth_signature": "74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
            },
        ),
        (
            OutgoingRequest("POST", "https://photos.example.net/token"),
            ("hh5s93j4hdidpola", "hdhd0244k9j7ao03"),
            {
                "oauth_token": "hh5s93j4hdidpola",
                "oauth_timestamp": "137131201",
                "oauth_nonce": "walatlh",
                "oauth_verifier": "hfdp7dh39dks9884",
                "oauth_signature": "gKgrFCywp7rO0OXSjdot/IHF7IU=",
            },
        ),
        (
            OutgoingRequest("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original"),
            ("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"),
            {
                "oauth_token": "nnch734d00sl2jdk",
                "oauth_timestamp": "137131202",
                "oauth_nonce": "chapoH",
                "oauth_signature": "MdpQcU8iPSUjWoN/UDMsK2sui9I=",
            },
        ),
    ],
)
def test_the_example_of_section_1_2(
    request_: OutgoingRequest, token: tuple[str, ...], expected: dict[str, str]
) -> None:
    sent = signed(
        request_,
        OAuth1Credentials(*PRINTER, *token),
        realm="Photos",
        protocol_parameters=expected,
        nonce=lambda: expected["oauth_nonce"],
        timestamp=lambda: int(expected["oauth_timestamp"]) + 0.9,
    )
    constant = {"realm": "Photos", "oauth_consumer_key": PRINTER[0], "oauth_signature_method": "HMAC-SHA1"}
    assert parameters_of(sent) == constant | expected


@pytest.mark.usefixtures("without_version")
def test_the_base_string_of_section_3_4_1(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []

    def sign(text: str, _client: Client) -> str:
        texts.append(text)
        return "bYT5CMsGcbgUdFHObYMEfcx6bsw="

    monkeypatch.setitem(oauth1._Client.SIGNATURE_METHODS, "HMAC-SHA1", sign)
    request = OutgoingRequest(
        "POST", "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", FORM, b"c2&a3=2+q"
    )
    credentials = OAuth1Credentials("9djdj82h48djs9d2", "", "kkk9d7dh3k39sjv7")
    sent = signed(request, credentials, nonce=lambda: "7d8f3e4a", timestamp=lambda: 137131201)
    expected = (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
        "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1"
        "%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )
    assert texts == [expected]
    assert base_string(sent) == expected


TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
PAIRS = st.lists(st.tuples(TEXTS.filter(lambda name: not name.startswith("oauth_")), TEXTS), max_size=4)
RAW = "!$'()*,;:@/?[]"


def written(pairs: list[tuple[str, str]], safe: str) -> str:
    return "&".join(f"{quote(name, safe=safe)}={quote(value, safe=safe)}" for name, value in pairs)


@st.composite
def requests(draw: st.DrawFn) -> OutgoingRequest:
    """As rows and callers may make them: encoded much or little, with whatever may stand in a query."""
    hosts = ["api.example", "API.example:443", "api.example:8443", "127.0.0.1:80", "[::1]:8080"]
    paths = TEXTS.map(lambda text: "/" + quote(text, safe="!$'()*+,:@=&").rstrip(";")) | st.just("")
    safe = draw(st.sampled_from(["", RAW]))
    query, form = written(draw(PAIRS), safe), written(draw(PAIRS), safe)
    url = f"https://{draw(st.sampled_from(hosts))}{draw(paths)}?{query}&flag&&empty=&a=1&a=+1"
    return OutgoingRequest(draw(st.sampled_from(["GET", "POST", "DELETE"])), url, FORM, form.encode())


@given(request=requests())
def test_what_is_signed_is_what_is_sent(request: OutgoingRequest) -> None:
    sent = signed(request)
    assert (sent.method, sent.url, sent.body) == (request.method, request.url, request.body)
    assert parameters_of(sent)["oauth_signature"] == hmac_sha1(sent)


def test_a_form_is_signed_and_any_other_body_is_not() -> None:
    def signature(headers: dict[str, str], body: bytes) -> str:
        sent = signed(OutgoingRequest("POST", "https://api.example/x", headers, body))
        assert "oauth_body_hash" not in sent.headers["authorization"]
        return parameters_of(sent)["oauth_signature"]

    charset = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert signature(FORM, b"a=1") != signature(FORM, b"a=2")
    assert signature(FORM, b"a=1") == signature(charset, b"a=1")
    json = {"content-type": "application/json"}
    assert signature(json, b'{"a": 1}') == signature(json, b"[]") == signature({}, b"")


def test_hmac_sha256_and_plaintext() -> None:
    request = OutgoingRequest("GET", "https://api.example/x?a=1")
    sent = signed(request, signature_method="HMAC-SHA256")
    digest = hmac.digest(b"secret%261&hidden", base_string(sent).encode(), hashlib.sha256)
    assert parameters_of(sent)["oauth_signature"] == base64.b64encode(digest).decode()
    # RFC 5849, section 2.1
    client = OAuth1Credentials("jd83jd92dhsh93js", "ja893SD9")
    assert (
        parameters_of(signed(request, client, signature_method="PLAINTEXT"))["oauth_signature"] == "ja893SD9&"
    )


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, kind: PrivateFormat = PrivateFormat.PKCS8
) -> str:
    return key.private_bytes(Encoding.PEM, kind, NoEncryption()).decode()


@pytest.mark.parametrize("kind", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_rsa_sha1(kind: PrivateFormat) -> None:
    key = rsa.generate_private_key(65537, 2048)
    request = OutgoingRequest("POST", "https://api.example/x?a=1", FORM, b"b=2")
    for _ in range(2):  # with a key that is new, and one that is known to be sound
        sent = signed(request, OAuth1Credentials("key", pem(key, kind), "token"), signature_method="RSA-SHA1")
        signature = base64.b64decode(parameters_of(sent)["oauth_signature"])
        key.public_key().verify(signature, base_string(sent).encode(), PKCS1v15(), SHA1())


def test_of_keys_that_were_validated_a_bounded_number_of_digests_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(oauth1, "_MAX_KEPT", 1)
    oauth1._sound_keys.clear()
    for _ in range(2):
        key = OAuth1Credentials("key", pem(rsa.generate_private_key(65537, 2048)))
        signed(OutgoingRequest("GET", "https://a.example/"), key, signature_method="RSA-SHA1")
        assert list(oauth1._sound_keys) == [hashlib.sha256(key.consumer_secret.encode()).digest()]


class Streamed:
    size = 3

    async def chunks(self) -> AsyncIterator[bytes]:
        yield b"a=1"


STREAMED: StreamedBody = Streamed()


@pytest.mark.parametrize(
    ("request_", "credentials", "more", "what"),
    [
        (OutgoingRequest("POST", "https://a.example/", FORM, STREAMED), HOLDER, {}, "streamed"),
        (OutgoingRequest("GET", "https://a.example/?a=%ff"), HOLDER, {}, "UTF-8"),
        (OutgoingRequest("POST", "https://a.example/", FORM, b"a=\xe9"), HOLDER, {}, "UTF-8"),
        (OutgoingRequest("GET", "https://a.example/"), HOLDER, {"realm": 'a", x="b'}, "realm"),
        (OutgoingRequest("GET", "https://a.example/"), HOLDER, {"realm": "a\r\nb"}, "realm"),
        *(
            (
                OutgoingRequest("GET", "https://a.example/"),
                OAuth1Credentials("key", secret),
                {"signature_method": "RSA-SHA1"},
                "`consumer_secret`",
            )
            for secret in ("", "no key", pem(ec.generate_private_key(ec.SECP256R1())))
        ),
    ],
)
def test_what_cannot_be_signed(
    request_: OutgoingRequest, credentials: OAuth1Credentials, more: dict[str, Any], what: str
) -> None:
    with pytest.raises(InvalidIntegrationConfig, match=re.escape(what)):
        signed(request_, credentials, **more)


def test_a_streamed_file_is_sent_as_it_is() -> None:
    request = OutgoingRequest("PUT", "https://a.example/", {"content-type": "image/png"}, STREAMED)
    assert signed(request).body is STREAMED


def test_by_default_each_attempt_has_its_own_nonce_and_the_time() -> None:
    request = OutgoingRequest("GET", "https://a.example/")
    first, second = (parameters_of(sign_oauth1(request, HOLDER)) for _ in range(2))
    assert first["oauth_nonce"] != second["oauth_nonce"]
    assert first["oauth_signature"] != second["oauth_signature"]


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"])
def test_no_secret_is_in_a_log_or_a_representation(
    caplog: pytest.LogCaptureFixture, method: SignatureMethod
) -> None:
    with caplog.at_level("DEBUG"):
        signed(OutgoingRequest("GET", "https://a.example/?password=mine"), signature_method=method)
    assert caplog.text == ""
    assert "hidden" not in repr(HOLDER)
    assert "secret&1" not in repr(HOLDER)
