"""Signed requests over real HTTP: what arrives is what was signed, byte for byte, and a server accepts it."""

import asyncio
import base64
import hashlib
import re
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint
from oauthlib.oauth1.rfc5849 import signature

from portway.application.ports.http import OutgoingRequest
from portway.application.signatures.aws_sigv4 import (
    AwsCredentials,
    canonical_path,
    canonical_request,
    sign_aws_sigv4,
)
from portway.application.signatures.oauth1 import OAuth1Credentials, SignatureMethod, sign_oauth1
from portway.infrastructure.http.client import AiohttpClient
from portway.infrastructure.http.egress_guard import EgressGuard
from tests.integration.http_servers import LOOPBACK, serving, talking
from tests.replacing import replace

FORM = {"content-type": "application/x-www-form-urlencoded"}
RSA_KEY = rsa.generate_private_key(65537, 2048)
CONSUMER, SECRET, TOKEN, TOKEN_SECRET = "c" * 20, "consumer&secret", "t" * 20, "token/secret"
AWS = AwsCredentials("AKIDEXAMPLE", "secret", "session")


@pytest.fixture
async def client() -> AsyncIterator[AiohttpClient]:
    client = AiohttpClient(EgressGuard(LOOPBACK), ssl_context=ssl.create_default_context())
    yield client
    await client.close()


class Accounts(RequestValidator):
    """What a server knows: one consumer with one token. A nonce is good once."""

    enforce_ssl = False
    dummy_client = "d" * 20

    def __init__(self) -> None:
        super().__init__()
        self.used: set[str] = set()

    def validate_timestamp_and_nonce(self, client_key: str, timestamp: str, nonce: str, *_: Any) -> bool:
        is_new = nonce not in self.used
        self.used.add(nonce)
        return is_new

    def check_nonce(self, nonce: str) -> bool:
        return bool(nonce)

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == CONSUMER

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return SECRET

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return TOKEN_SECRET


class Endpoint(SignatureOnlyEndpoint):
    """The library's server; RSA without the library that it wants for that."""

    def _check_signature(self, request: Any, is_token_request: bool = False) -> bool:
        if request.signature_method != "RSA-SHA1":
            return bool(super()._check_signature(request, is_token_request))  # type: ignore[misc]
        text = signature.signature_base_string(
            request.http_method,
            signature.base_string_uri(request.uri),
            signature.normalize_parameters(request.params),
        )
        try:
            RSA_KEY.public_key().verify(
                base64.b64decode(request.signature), text.encode(), PKCS1v15(), SHA1()
            )
        except InvalidSignature:
            return False
        return True


def oauth1_server() -> Any:
    endpoint: Any = Endpoint(Accounts())

    async def check(request: web.Request) -> web.Response:
        url = f"http://{request.headers['Host']}{request.raw_path}"
        body = (await request.read()).decode()
        is_good, _ = endpoint.validate_request(url, request.method, body, dict(request.headers))
        return web.Response(status=200 if is_good else 401)

    return check


def oauth1_signed(request: OutgoingRequest, method: SignatureMethod) -> OutgoingRequest:
    secret = SECRET
    if method == "RSA-SHA1":
        secret = RSA_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    credentials = OAuth1Credentials(CONSUMER, secret, TOKEN, TOKEN_SECRET)
    return sign_oauth1(request, credentials, signature_method=method, realm="Photos")


async def status(client: AiohttpClient, request: OutgoingRequest) -> int:
    return (await client.send(request, timeout_seconds=5)).status_code


REQUESTS = {
    "plain": ("GET", "/photos", {}, None),
    "root": ("GET", "", {}, None),
    "query": ("GET", "/p%20h/%C3%A9%2Fx?file=vacation.jpg&size=&size=a%20b&size=%2B&c%40=%25&flag", {}, None),
    "form": ("POST", "/photos?a=1", FORM, b"a=2&b=%C3%A9+x&c="),
    "json": ("POST", "/photos?a=1", {"content-type": "application/json"}, b'{"a": "b&c=d"}'),
    "no type": ("PUT", "/photos", {}, b"a=b"),
    "delete": ("DELETE", "/photos/1?a=~-._", {}, None),
}


@pytest.mark.parametrize("kind", REQUESTS)
@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"])
async def test_a_server_of_oauth_1_accepts_what_is_signed(
    client: AiohttpClient, kind: str, method: SignatureMethod
) -> None:
    verb, target, headers, body = REQUESTS[kind]
    async with serving(("*", "/{any:.*}", oauth1_server())) as base:
        request = oauth1_signed(OutgoingRequest(verb, f"{base}{target}", headers, body), method)
        assert await status(client, request) == 200
        # The same once more: the nonce is used up.
        assert await status(client, request) == 401


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1"])
async def test_and_nothing_else(client: AiohttpClient, method: SignatureMethod) -> None:
    async with serving(("*", "/{any:.*}", oauth1_server())) as base:
        url = f"{base}/photos?a=1"
        tampers: tuple[Callable[[OutgoingRequest], OutgoingRequest], ...] = (
            lambda request: replace(request, url=f"{base}/photos?a=2"),
            lambda request: replace(request, url=f"{base}/photo?a=1"),
            lambda request: replace(request, url=f"{url}&b="),
            lambda request: replace(request, method="PUT"),
            lambda request: replace(request, body=b"b=3"),
            lambda request: replace(
                request,
                headers={
                    **request.headers,
                    "authorization": request.headers["authorization"].replace("t" * 20, "u" * 20),
                },
            ),
        )
        for tamper in tampers:
            good = oauth1_signed(OutgoingRequest("POST", url, FORM, b"b=2"), method)
            assert await status(client, tamper(good)) == 401
        stranger = OAuth1Credentials("s" * 20, "consumer&secret", TOKEN, TOKEN_SECRET)
        assert await status(client, sign_oauth1(OutgoingRequest("GET", url), stranger)) == 401


async def aws_server(request: web.Request) -> web.Response:
    """Checks a signature as the service has to: from what arrives, as it arrives."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/(.+), SignedHeaders=(.+), Signature=([0-9a-f]{64})",
        request.headers.get("Authorization", ""),
    )
    if found is None:
        return web.Response(status=400)
    scope, names, _ = found.groups()
    path, _, query = request.raw_path.partition("?")
    received = {name: request.headers[name] for name in names.split(";")}
    is_s3 = scope.split("/")[2] == "s3"
    payload_hash = hashlib.sha256(await request.read()).hexdigest()
    _, canonical = canonical_request(
        request.method, path if is_s3 else canonical_path(path), query, received, payload_hash
    )
    text = f"{path}\n{query}\n{received['host']}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return web.Response(text=text)


PIECES = st.text(st.characters(codec="utf-8", exclude_characters="/"), max_size=6)
TARGETS = st.builds(
    lambda path, query, safe: (
        "".join(f"/{quote(part, safe=safe)}" for part in path).replace("/.", "/_")
        + "?"
        + "&".join(f"{quote(name, safe='')}={quote(value, safe=safe)}" for name, value in query)
    ),
    st.lists(PIECES, max_size=3),
    st.lists(st.tuples(PIECES, PIECES), max_size=3),
    st.sampled_from(["", "!$'()*,;:@"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(target=TARGETS, service=st.sampled_from(["s3", "execute-api"]))
async def test_aws_sees_the_path_query_and_host_that_were_signed(
    client: AiohttpClient, target: str, service: str
) -> None:
    async with serving(("*", r"/{any:[\s\S]*}", aws_server)) as base:
        request = OutgoingRequest(
            "POST", f"{base}{target}", {"content-type": "a/b", "x-amz-meta-a": " Zoë  x "}, b"body"
        )
        signed = sign_aws_sigv4(request, AWS, service=service, region="eu-west-1", now=datetime.now(UTC))
        seen = (await client.send(signed, timeout_seconds=5)).body.decode().split("\n")
    path, _, query = signed.url.removeprefix(base).partition("?")
    assert seen[:3] == [path, query, base.removeprefix("http://")]
    _, canonical = canonical_request(
        "POST",
        path if service == "s3" else canonical_path(path),
        query,
        {**signed.headers, "host": base.removeprefix("http://")},
        hashlib.sha256(b"body").hexdigest(),
    )
    assert seen[3] == hashlib.sha256(canonical.encode()).hexdigest()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=st.lists(st.sampled_from([*"abz09-._~:/?[]@!$&'()*+,;=", "%41", "%2F", "%2f", "%c3%A9", "%25"])))
async def test_the_url_is_sent_byte_for_byte(client: AiohttpClient, parts: list[str]) -> None:
    target = "".join(parts)
    seen: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.set_result(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()

    async with talking(talk) as base:
        request = OutgoingRequest("GET", f"{base}/{target}", {"x-value": "a  b, Zoë=;\t"})
        assert await status(client, request) == 204
    line, _, rest = (await seen).partition(b"\r\n")
    # An empty query loses its `?`, and means the same to every signature.
    sent = target.removesuffix("?") if target.find("?") == len(target) - 1 else target
    assert line == f"GET /{sent} HTTP/1.1".encode()
    assert f"\r\nx-value: {request.headers['x-value']}\r\n".encode() in b"\r\n" + rest
    assert f"Host: {base.removeprefix('http://')}\r\n".encode() in rest
