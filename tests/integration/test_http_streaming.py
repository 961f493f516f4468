"""Large bodies, both ways, against real servers on loopback."""

import asyncio
import hashlib
import random
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from aiohttp import web

from portway.application.ports import http as http_port
from portway.application.ports.http import OutgoingRequest, StreamedResponse
from portway.domain.errors import PortwayError, Unavailable, UpstreamInvalidResponse, UpstreamTimeout
from portway.infrastructure.http import client as client_module
from portway.infrastructure.http.client import AiohttpClient
from portway.infrastructure.http.egress_guard import EgressGuard
from portway.infrastructure.http.exchange import Answer
from portway.infrastructure.http.response_reading import AiohttpResponse
from tests.integration.http_servers import LOOPBACK, serving, talking

MIB = 1024 * 1024
BLOCK = random.Random(0).randbytes(64 * 1024)


class Blocks:
    """A StreamedBody of so many blocks, which counts how often it is begun."""

    def __init__(self, number: int, *, missing: int = 0, error: Exception | None = None) -> None:
        self.number = number
        self.begun = 0
        self._missing = missing
        self._error = error

    @property
    def size(self) -> int:
        return self.number * len(BLOCK)

    @property
    def digest(self) -> str:
        return hashlib.sha256(BLOCK * self.number).hexdigest()

    async def chunks(self) -> AsyncIterator[bytes]:
        self.begun += 1
        for _ in range(self.number - self._missing):
            await asyncio.sleep(0)
            yield BLOCK
        if self._error is not None:
            raise self._error


@pytest.fixture
async def client() -> AsyncIterator[AiohttpClient]:
    client = AiohttpClient(EgressGuard(LOOPBACK))
    yield client
    await client.close()


@contextmanager
def memory_below(limit: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


async def digest(request: web.Request) -> web.StreamResponse:
    """Tells what came."""
    seen = hashlib.sha256()
    async for piece in request.content.iter_any():
        seen.update(piece)
    length = request.headers.get("Content-Length")
    return web.Response(text=f"{length} {request.headers.get('Transfer-Encoding')} {seen.hexdigest()}")


async def a_thousand_blocks(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    if "chunked" not in request.query:
        answer.content_length = 1000 * len(BLOCK)
    await answer.prepare(request)
    for _ in range(1000):
        await answer.write(BLOCK)
    return answer


async def opened(client: AiohttpClient, url: str) -> StreamedResponse:
    return await client.open(OutgoingRequest("GET", url), timeout_seconds=5)


async def received(response: StreamedResponse, into: bytearray) -> None:
    async for chunk in response.chunks():
        into += chunk


async def failure(response: StreamedResponse) -> tuple[bytes, PortwayError]:
    """What came before which error."""
    before = bytearray()
    with pytest.raises(PortwayError) as caught:
        await received(response, before)
    assert caught.value.__context__ is None, "aiohttp's error holds the whole URL"
    return bytes(before), caught.value


async def test_a_streamed_body_is_sent_with_its_length_and_not_held(client: AiohttpClient) -> None:
    body = Blocks(800)
    async with serving(("PUT", "/", digest)) as base:
        with memory_below(8 * MIB):
            answer = await client.send(OutgoingRequest("PUT", base, {}, body), timeout_seconds=10)
    assert answer.body.decode() == f"{body.size} None {body.digest}"


async def test_a_body_can_be_sent_again(client: AiohttpClient) -> None:
    body = Blocks(20)
    async with serving(("POST", "/", digest)) as base:
        request = OutgoingRequest("POST", base, {}, body)
        answers = [(await client.send(request, timeout_seconds=10)).body for _ in range(2)]
    assert [answer.decode() for answer in answers] == [f"{body.size} None {body.digest}"] * 2


async def test_a_body_begins_anew_where_an_idle_connection_was_broken(client: AiohttpClient) -> None:
    """The server closes the kept connection when its second request begins."""
    requests: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        requests.append(await reader.readexactly(body.size))
        assert f"Content-Length: {body.size}".encode() in head
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        await reader.readuntil(b"\r\n\r\n")

    body = Blocks(10)
    async with talking(talk) as base:
        for _ in range(2):
            answer = await client.send(OutgoingRequest("PUT", base, {}, body), timeout_seconds=5)
            assert answer.body == b"ok"
    assert requests == [BLOCK * 10] * 2
    assert body.begun == 3


async def test_what_a_body_raises_comes_out_as_it_is(client: AiohttpClient) -> None:
    async with serving(("POST", "/", digest)) as base:
        with pytest.raises(Unavailable, match="no disk"):
            await client.send(
                OutgoingRequest("POST", base, {}, Blocks(3, missing=1, error=Unavailable("no disk"))),
                timeout_seconds=5,
            )


@pytest.mark.parametrize("missing", [1, -1])
async def test_a_body_that_is_not_as_long_as_it_says_is_not_sent_as_a_whole_one(
    client: AiohttpClient, missing: int
) -> None:
    complete: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        await request.read()
        complete.append(request.path)
        return web.Response()

    async with serving(("POST", "/", handler)) as base:
        with pytest.raises(ValueError, match="as long as it says"):
            await client.send(
                OutgoingRequest("POST", base, {}, Blocks(3, missing=missing)), timeout_seconds=5
            )
    assert complete == [] or missing < 0  # what is too much is left out, and told too late


@pytest.mark.parametrize("whole", [False, True])
async def test_a_service_may_answer_before_it_has_read_the_body(client: AiohttpClient, whole: bool) -> None:
    """Then nobody reads the rest, so it is not sent, and the connection serves nothing else."""
    body = Blocks(1000)
    read = asyncio.get_running_loop().create_future()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\n\r\ntoo long")
        await asyncio.sleep(0.1)
        size = 0
        while piece := await reader.read(MIB):
            size += len(piece)
        read.set_result(size)

    async with talking(talk) as base:
        sent = BLOCK * body.number if whole else body
        answer = await client.send(OutgoingRequest("PUT", base, {}, sent), timeout_seconds=5)
        assert (answer.status_code, answer.body) == (413, b"too long")
        assert await asyncio.wait_for(read, 5) < body.size


async def test_a_healthy_upload_may_take_longer_than_the_time_out(
    client: AiohttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        async for _ in request.content.iter_chunked(len(BLOCK)):
            await asyncio.sleep(0.01)
        return web.Response(text="done")

    body = Blocks(40)
    async with serving(("POST", "/", slow)) as base:
        request = OutgoingRequest("POST", base, {}, body)
        assert (await client.send(request, timeout_seconds=0.1)).body == b"done"
        monkeypatch.setattr(http_port, "SLOWEST_UPLOAD_BYTES_PER_SECOND", 1_000_000_000)
        with pytest.raises(UpstreamTimeout):
            await client.send(request, timeout_seconds=0.1)


@pytest.mark.parametrize("query", ["", "?chunked"])
async def test_an_answer_comes_in_pieces(client: AiohttpClient, query: str) -> None:
    seen = hashlib.sha256()
    async with serving(("GET", "/", a_thousand_blocks)) as base:
        with memory_below(8 * MIB):
            response = await opened(client, f"{base}/{query}")
            async for chunk in response.chunks():
                seen.update(chunk)
                await asyncio.sleep(0)
    assert seen.hexdigest() == hashlib.sha256(BLOCK * 1000).hexdigest()
    assert response.headers.get("content-length") == (None if query else str(1000 * len(BLOCK)))


async def test_who_reads_slowly_slows_the_service_down(client: AiohttpClient) -> None:
    sent = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(1000):
            await answer.write(BLOCK)
            sent += len(BLOCK)
        return answer

    async with serving(("GET", "/", handler)) as base:
        response = await opened(client, base)
        await asyncio.sleep(0.3)
        assert sent < 32 * MIB  # what the sockets hold
        await response.close()


async def test_the_body_may_come_later_than_the_head_was_due(client: AiohttpClient) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await asyncio.sleep(0.3)
        await answer.write(b"late")
        return answer

    async with serving(("GET", "/", handler)) as base:
        response = await client.open(OutgoingRequest("GET", base), timeout_seconds=0.1)
        assert (await response.read(max_bytes=10)).body == b"late"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(answer: Answer) -> AiohttpResponse:
        return AiohttpResponse(answer, idle_seconds=0.2)

    monkeypatch.setattr(client_module, "AiohttpResponse", made)


@pytest.mark.usefixtures("impatient")
async def test_a_body_that_stops_coming_is_given_up(client: AiohttpClient) -> None:
    done = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        await done.wait()

    async with talking(talk) as base:
        before, error = await failure(await opened(client, f"{base}/?key=s3cr3t"))
        done.set()
    assert (before, type(error)) == (b"abc", UpstreamTimeout)
    assert "s3cr3t" not in str(error)


@pytest.mark.usefixtures("impatient")
async def test_a_body_that_keeps_coming_may_take_its_time(client: AiohttpClient) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(8):
            await asyncio.sleep(0.05)
            await answer.write(b"x")
        return answer

    async with serving(("GET", "/", handler)) as base:
        response = await opened(client, base)
        assert (await response.read(max_bytes=10)).body == b"x" * 8


@pytest.mark.parametrize(
    "head", [b"Content-Length: 10\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"]
)
async def test_a_body_that_breaks_off_is_not_a_whole_one(client: AiohttpClient, head: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + head)
        await writer.drain()

    async with talking(talk) as base:
        before, error = await failure(await opened(client, f"{base}/"))
    assert (before, type(error)) == (b"abc", UpstreamInvalidResponse)


@pytest.mark.parametrize("way", ["closed", "left"])
async def test_a_body_that_nobody_reads_to_its_end_ends_with_its_connection(
    client: AiohttpClient, way: str
) -> None:
    gone = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        try:
            while True:
                writer.write(BLOCK)
                await writer.drain()
        except ConnectionError:
            gone.set()

    async with talking(talk) as base:
        response = await opened(client, base)
        if way == "closed":
            await response.close()
            await response.close()
        else:
            chunks = response.chunks()
            await anext(chunks)
            await chunks.aclose()  # type: ignore[attr-defined]
        await asyncio.wait_for(gone.wait(), 5)


async def test_the_connection_serves_again_after_the_end(client: AiohttpClient) -> None:
    peers: set[object] = set()

    async def handler(request: web.Request) -> web.StreamResponse:
        peers.add(request.transport and request.transport.get_extra_info("peername"))
        return web.Response(body=BLOCK)

    async with serving(("GET", "/", handler)) as base:
        for _ in range(3):
            response = await opened(client, base)
            assert b"".join([chunk async for chunk in response.chunks()]) == BLOCK
            await response.close()
    assert len(peers) == 1


async def test_a_decompression_bomb_passes_through_piece_by_piece(client: AiohttpClient) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(MIB)) for _ in range(256)) + packer.flush()

    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    size = 0
    async with serving(("GET", "/", handler)) as base:
        with memory_below(8 * MIB):
            response = await opened(client, base)
            assert "content-length" not in response.headers
            async for chunk in response.chunks():
                size += len(chunk)
                await asyncio.sleep(0)
    assert size == 256 * MIB


async def test_only_what_can_be_decoded_is_asked_for(client: AiohttpClient) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(text=request.headers["Accept-Encoding"])

    async with serving(("GET", "/", handler)) as base:
        answer = await client.send(OutgoingRequest("GET", base), timeout_seconds=5)
    assert answer.body == b"gzip, deflate"
