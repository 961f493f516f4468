"""The client against real servers on loopback, and against sockets that speak something else than HTTP."""

import asyncio
import gzip
import socket
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_network
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portway.application.ports.http import HttpClient, OutgoingRequest, UpstreamResponse
from portway.domain.errors import (
    EgressBlocked,
    InvalidIntegrationConfig,
    PortwayError,
    UpstreamInvalidResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from portway.infrastructure.http.client import MAX_REDIRECTS, AiohttpClient
from portway.infrastructure.http.egress_guard import EgressGuard
from portway.infrastructure.http.exchange import USER_AGENT
from tests.integration.http_servers import LOOPBACK, Handler, answering, serving, talking

TRUST = ssl.create_default_context()
SECRET = "s3cr3t-t0ken"


class FixedResolver(AbstractResolver):
    """Answers each look-up with the next of its answers, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked.append(host)
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        self.answers.clear()


async def echo(request: web.Request) -> web.Response:
    body = await request.read()
    headers = "\n".join(f"{name.decode()}: {value.decode()}" for name, value in request.raw_headers)
    return web.Response(body=f"{request.method} {request.raw_path}\n{headers}\n\n".encode() + body)


def redirect(location: str, status: int = 302) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": location})

    return handler


@pytest.fixture
async def client() -> AsyncIterator[AiohttpClient]:
    client = AiohttpClient(EgressGuard(LOOPBACK), ssl_context=TRUST)
    yield client
    await client.close()


async def get(client: HttpClient, url: str, **headers: str) -> UpstreamResponse:
    return await client.send(OutgoingRequest("GET", url, headers), timeout_seconds=5)


async def failure(client: HttpClient, url: str) -> PortwayError:
    with pytest.raises(PortwayError) as caught:
        await client.send(OutgoingRequest("GET", f"{url}?key={SECRET}"), timeout_seconds=5)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__
    return caught.value


async def test_sends_the_request_as_it_is(client: AiohttpClient) -> None:
    async with serving(("POST", "/a/{rest}", echo)) as base:
        request = OutgoingRequest(
            "POST", f"{base}/a/b%2Fc?q=%20+x", {"Content-Type": "text/plain", "X-Name": "Zoë"}, b"hello"
        )
        text = (await client.send(request, timeout_seconds=5)).body.decode()
    assert text.startswith("POST /a/b%2Fc?q=%20+x\n")
    assert "Content-Type: text/plain\n" in text
    assert "X-Name: Zoë\n" in text
    assert f"User-Agent: {USER_AGENT}\n" in text
    assert text.endswith("\n\nhello")


async def test_a_user_agent_of_its_own_replaces_portways_and_no_content_type_is_guessed(
    client: AiohttpClient,
) -> None:
    async with serving(("POST", "/", echo)) as base:
        request = OutgoingRequest("POST", base, {"user-agent": "Mine/1"}, b"hello")
        text = (await client.send(request, timeout_seconds=5)).body.decode().lower()
    assert "user-agent: mine/1\n" in text
    assert "portway" not in text
    assert "content-type" not in text


async def test_a_large_body_arrives_whole(client: AiohttpClient) -> None:
    async def count(request: web.Request) -> web.Response:
        size = 0
        async for piece in request.content.iter_any():
            size += len(piece)
        return web.Response(text=f"{size} {request.headers['Content-Length']}")

    size = 5 * 1024 * 1024
    async with serving(("PUT", "/", count)) as base:
        answer = await client.send(OutgoingRequest("PUT", base, {}, bytes(size)), timeout_seconds=10)
    assert answer.body.decode() == f"{size} {size}"


async def test_connections_are_kept_and_cookies_are_not(client: AiohttpClient) -> None:
    peers: list[object] = []
    cookies: list[str | None] = []

    async def handler(request: web.Request) -> web.Response:
        peers.append(request.transport and request.transport.get_extra_info("peername"))
        cookies.append(request.headers.get("Cookie"))
        return web.Response(text="ok", headers={"Set-Cookie": "session=1; Path=/"})

    async with serving(("GET", "/", handler)) as base:
        for _ in range(3):
            await get(client, base)
    assert len(set(peers)) == 1
    assert cookies == [None] * 3


async def test_answers_of_any_status_are_answers_and_header_names_are_lower_case(
    client: AiohttpClient,
) -> None:
    raw = (
        b"HTTP/1.1 503 Nope\r\nContent-Length: 2\r\nX-Twice: a\r\nx-twice: b\r\nX-Latin: \xe9\r\n"
        b"X-UTF8: \xc3\xa9\r\n\r\nno"
    )
    async with talking(answering(raw)) as base:
        answer = await get(client, base)
    assert answer.status_code == 503
    assert answer.body == b"no"
    assert answer.headers == {"content-length": "2", "x-twice": "a, b", "x-latin": "é", "x-utf8": "é"}


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_decodes(client: AiohttpClient, encoding: str) -> None:
    packed = gzip.compress(b"x" * 1000) if encoding == "gzip" else zlib.compress(b"x" * 1000)

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=packed, headers={"Content-Encoding": encoding})

    async with serving(("GET", "/", handler)) as base:
        answer = await get(client, base)
    assert answer.body == b"x" * 1000
    assert "content-encoding" not in answer.headers
    assert "content-length" not in answer.headers


async def test_the_environments_proxies_are_ignored(
    client: AiohttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving(("GET", "/", echo)) as base:
        assert (await get(client, base)).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "0x7f.0.0.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::]",
        "169.254.169.254",
    ],
)
async def test_by_default_nothing_on_this_machine_is_reached(host: str) -> None:
    client = AiohttpClient(EgressGuard())
    served: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        served.append(request.path)
        return web.Response()

    try:
        async with serving(("GET", "/", handler)) as base:
            assert type(await failure(client, base.replace("127.0.0.1", host))) is EgressBlocked
    finally:
        await client.close()
    assert served == []


async def test_a_name_with_addresses_of_both_kinds_is_reached_at_the_allowed_one() -> None:
    resolver = FixedResolver(["::1", "10.0.0.1", "127.0.0.1"])
    client = AiohttpClient(EgressGuard(LOOPBACK), resolver=resolver)
    try:
        async with serving(("GET", "/", echo)) as base:
            assert (await get(client, base.replace("127.0.0.1", "mixed.example"))).status_code == 200
    finally:
        await client.close()
    assert resolver.asked == ["mixed.example"]


async def test_the_address_that_was_judged_is_the_one_that_is_connected_to() -> None:
    """DNS rebinding: allowed for the judge, forbidden for whoever looks the name up again."""
    resolver = FixedResolver(["127.0.0.2"], ["127.0.0.1"])
    client = AiohttpClient(EgressGuard([ip_network("127.0.0.2/32")]), resolver=resolver)
    inside: list[str] = []

    async def secret(request: web.Request) -> web.Response:
        inside.append(request.path)
        return web.Response(headers={"Connection": "close"})

    try:
        async with serving(("GET", "/", secret)) as private:
            url = private.replace("127.0.0.1", "rebind.example")
            # Nobody listens at that port of the allowed address; a second look-up would lead to the server.
            assert type(await failure(client, url)) is UpstreamUnreachable
            assert resolver.asked == ["rebind.example"]
            for port in (1, 2, 3):
                other_port = f"{url.rpartition(':')[0]}:{port}"
                assert type(await failure(client, other_port)) is EgressBlocked
    finally:
        await client.close()
    assert inside == []


async def test_every_new_connection_is_judged_again() -> None:
    resolver = FixedResolver(["127.0.0.1"], ["10.0.0.1"])
    client = AiohttpClient(EgressGuard(LOOPBACK), resolver=resolver)
    try:
        async with serving(("GET", "/", echo)) as one, serving(("GET", "/", echo)) as other:
            assert (await get(client, one.replace("127.0.0.1", "turn.example"))).status_code == 200
            blocked = await failure(client, other.replace("127.0.0.1", "turn.example"))
    finally:
        await client.close()
    assert type(blocked) is EgressBlocked
    assert "10.0.0.1" not in str(blocked)


async def test_redirects_within_the_origin_keep_all_headers(client: AiohttpClient) -> None:
    async with serving(("GET", "/from", redirect("/to")), ("GET", "/to", echo)) as base:
        text = (await get(client, f"{base}/from", Authorization=f"Bearer {SECRET}")).body.decode()
    assert text.startswith("GET /to\n")
    assert f"Authorization: Bearer {SECRET}" in text


@pytest.mark.parametrize("other_host", ["127.0.0.1", "127.0.0.2"])
async def test_redirects_to_another_origin_drop_all_credentials(
    client: AiohttpClient, other_host: str
) -> None:
    async with (
        serving(("GET", "/", echo), host=other_host) as other,
        serving(("GET", "/", redirect(other))) as base,
    ):
        request = OutgoingRequest(
            "GET",
            f"{base}/",
            {
                "Authorization": f"Bearer {SECRET}",
                "X-Api-Key": SECRET,
                "Cookie": SECRET,
                "Accept": "text/csv",
                "User-Agent": "Mine/1",
            },
            SECRET.encode(),
        )
        text = (await client.send(request, timeout_seconds=5)).body.decode()
    assert SECRET not in text
    assert "Accept: text/csv\n" in text
    assert "User-Agent: Mine/1\n" in text


async def test_credentials_do_not_come_back_with_a_redirect_to_the_first_origin(
    client: AiohttpClient,
) -> None:
    origins: list[str] = []

    async def back(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"{origins[0]}/end"})

    async with (
        serving(("GET", "/", back)) as other,
        serving(("GET", "/", redirect(other)), ("GET", "/end", echo)) as first,
    ):
        origins.append(first)
        text = (await get(client, f"{first}/", Authorization=SECRET)).body.decode()
    assert text.startswith("GET /end\n")
    assert SECRET not in text


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "//user:password@127.0.0.1/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "https:///",
    ],
)
async def test_redirects_pass_the_guard(client: AiohttpClient, location: str) -> None:
    async with serving(("GET", "/", redirect(location))) as base:
        assert type(await failure(client, base)) is EgressBlocked


@pytest.mark.parametrize("location", ["http://[::1", "http://a:b/", "http://a:99999/", "http://x\\@y/"])
async def test_redirects_to_what_is_no_url(client: AiohttpClient, location: str) -> None:
    async with serving(("GET", "/", redirect(location))) as base:
        assert type(await failure(client, base)) is UpstreamInvalidResponse


async def test_redirects_end(client: AiohttpClient) -> None:
    count = 0

    async def handler(_: web.Request) -> web.Response:
        nonlocal count
        count += 1
        return web.Response(status=307, headers={"Location": "/"})

    async with serving(("GET", "/", handler)) as base:
        assert type(await failure(client, f"{base}/")) is UpstreamInvalidResponse
    assert count == MAX_REDIRECTS + 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_redirects_of_other_methods_are_answers(
    client: AiohttpClient, method: str, status: int
) -> None:
    async with serving((method, "/", redirect("/elsewhere", status))) as base:
        answer = await client.send(OutgoingRequest(method, base), timeout_seconds=5)
    assert answer.status_code == status
    assert answer.headers["location"] == "/elsewhere"


async def test_redirects_are_answers_where_they_are_not_wanted(client: AiohttpClient) -> None:
    async with serving(("GET", "/", redirect("/elsewhere"))) as base:
        answer = await client.send(OutgoingRequest("GET", base), timeout_seconds=5, follow_redirects=False)
    assert answer.status_code == 302


@pytest.mark.parametrize("status", [300, 304, 302])
async def test_redirects_that_lead_nowhere_are_answers(client: AiohttpClient, status: int) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={} if status == 302 else {"Location": "/x"})

    async with serving(("GET", "/", handler)) as base:
        assert (await get(client, base)).status_code == status


async def test_a_decompression_bomb_is_not_unpacked(client: AiohttpClient) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(256)) + packer.flush()
    assert len(bomb) < 300 * 1024

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with serving(("GET", "/", handler)) as base:
        tracemalloc.start()
        try:
            with pytest.raises(UpstreamInvalidResponse):
                await client.send(
                    OutgoingRequest("GET", base), timeout_seconds=5, max_response_bytes=1024 * 1024
                )
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 8 * 1024 * 1024


@pytest.mark.parametrize("chunked", [False, True])
async def test_the_limit_of_an_answer(client: AiohttpClient, chunked: bool) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.Response(body=bytes(int(request.query["size"])))
        if chunked:
            answer.enable_chunked_encoding()
        return answer

    async with serving(("GET", "/", handler)) as base:
        for size, fits in ((0, True), (1000, True), (1001, False), (1_000_000, False)):
            request = OutgoingRequest("GET", f"{base}/?size={size}")
            if fits:
                answer = await client.send(request, timeout_seconds=5, max_response_bytes=1000)
                assert len(answer.body) == size
            else:
                with pytest.raises(UpstreamInvalidResponse):
                    await client.send(request, timeout_seconds=5, max_response_bytes=1000)


async def test_an_endless_answer_is_not_read_to_its_end(client: AiohttpClient) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()

    async with talking(endless) as base:
        with pytest.raises(UpstreamInvalidResponse):
            await client.send(OutgoingRequest("GET", base), timeout_seconds=5, max_response_bytes=1_000_000)


GARBAGE = {
    "nothing": b"",
    "not HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "half a header": b"HTTP/1.1 200 OK\r\nContent-",
    "bad status": b"HTTP/1.1 abc OK\r\n\r\n",
    "no colon": b"HTTP/1.1 200 OK\r\nbroken\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "too short": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    "chunks broken off": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
    "not gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    "not deflate": b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 3\r\n\r\nabc",
    "unknown coding": b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc",
    "long header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("raw", GARBAGE.values(), ids=GARBAGE.keys())
async def test_what_is_not_a_valid_answer(client: AiohttpClient, raw: bytes) -> None:
    async with talking(answering(raw)) as base:
        assert type(await failure(client, f"{base}/")) is UpstreamInvalidResponse


async def test_a_broken_connection_after_a_post_is_not_tried_again(client: AiohttpClient) -> None:
    calls = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        await reader.readuntil(b"\r\n\r\n")
        calls += 1

    async with talking(talk) as base:
        with pytest.raises(UpstreamInvalidResponse):
            await client.send(OutgoingRequest("POST", base, {}, b"x"), timeout_seconds=5)
    assert calls == 1


async def test_nobody_listens(client: AiohttpClient) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        error = await failure(client, f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert type(error) is UpstreamUnreachable
    assert "refused" in str(error)


@pytest.mark.parametrize("host", ["does-not-exist.invalid", "a" * 64 + ".invalid", "v1.x", "-", "a..b"])
async def test_names_that_do_not_resolve(client: AiohttpClient, host: str) -> None:
    assert type(await failure(client, f"http://{host}/")) is UpstreamUnreachable


async def test_a_host_without_addresses() -> None:
    client = AiohttpClient(EgressGuard(LOOPBACK), resolver=FixedResolver([]))
    try:
        assert type(await failure(client, "http://empty.example/")) is UpstreamUnreachable
    finally:
        await client.close()


@pytest.mark.parametrize("after", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"])
async def test_time_out(client: AiohttpClient, after: bytes) -> None:
    done = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(after)
        await done.wait()

    async with talking(talk) as base:
        request = OutgoingRequest("GET", f"{base}/?key={SECRET}")
        with pytest.raises(UpstreamTimeout) as caught:
            await client.send(request, timeout_seconds=0.2)
        done.set()
    assert SECRET not in str(caught.value)


async def test_the_time_limit_counts_all_redirects_together(client: AiohttpClient) -> None:
    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(0.15)
        return web.Response(status=302, headers={"Location": "/"})

    async with serving(("GET", "/", slow)) as base:
        with pytest.raises(UpstreamTimeout):
            await client.send(OutgoingRequest("GET", f"{base}/"), timeout_seconds=0.4)


async def test_a_caller_that_goes_away_is_not_told_of_a_time_out(client: AiohttpClient) -> None:
    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(1)
        return web.Response()

    async with serving(("GET", "/", slow)) as base:
        task = asyncio.create_task(get(client, base))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_what_cannot_be_sent_is_not_sent(client: AiohttpClient) -> None:
    served: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        served.append(request.path)
        return web.Response()

    async with serving(("GET", "/", handler)) as base:
        for request in (
            OutgoingRequest("GET", base, {"X": "a\r\nX-Injected: b"}),
            OutgoingRequest("GET", base, {"Content-Length": "3"}, b"GET / HTTP/1.1"),
            OutgoingRequest("GET", f"{base}/ HTTP/1.1\r\nX: y"),
        ):
            with pytest.raises(InvalidIntegrationConfig):
                await client.send(request, timeout_seconds=5)
    assert served == []


def certificate(tmp_path: Path, address: str, days: int = 1) -> tuple[ssl.SSLContext, str]:
    """A server's TLS context with a certificate signed by itself, and the certificate's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "certificate.pem"
    pem.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key_file = tmp_path / "key.pem"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, key_file)
    return context, str(pem)


async def test_tls(client: AiohttpClient, tmp_path: Path) -> None:
    context, pem = certificate(tmp_path, "127.0.0.1")
    trusting = AiohttpClient(EgressGuard(LOOPBACK), ssl_context=ssl.create_default_context(cafile=pem))
    try:
        async with serving(("GET", "/", echo), tls=context) as base:
            assert (await get(trusting, base)).status_code == 200
            untrusted = await failure(client, base)
            wrong_name = await failure(trusting, base.replace("127.0.0.1", "localhost"))
        async with serving(("GET", "/", echo)) as plain:
            no_tls = await failure(trusting, plain.replace("http:", "https:"))
    finally:
        await trusting.close()
    assert {type(untrusted), type(wrong_name), type(no_tls)} == {UpstreamUnreachable}
    assert "self-signed" in str(untrusted)
    assert "ostname mismatch" in str(wrong_name)


async def test_tls_with_an_expired_certificate(tmp_path: Path) -> None:
    context, pem = certificate(tmp_path, "127.0.0.1", days=-1)
    trusting = AiohttpClient(EgressGuard(LOOPBACK), ssl_context=ssl.create_default_context(cafile=pem))
    try:
        async with serving(("GET", "/", echo), tls=context) as base:
            assert "expired" in str(await failure(trusting, base))
    finally:
        await trusting.close()


async def test_a_client_that_was_never_used_closes() -> None:
    await AiohttpClient(EgressGuard()).close()
