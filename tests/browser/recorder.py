"""A proxy before the gateway that keeps everything which a browser was sent: bodies, streams, downloads, redirects.

A browser's own tools forget a body when the page moves on and never end one that is a stream.
"""

import asyncio
import json
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from aiohttp import web

_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "transfer-encoding",
    "upgrade",
    "proxy-connection",
    "te",
    "trailer",
}


@dataclass
class Exchange:
    """A request and its answer. `target` is path and query as they were sent."""

    method: str
    target: str
    request_body: bytes = field(repr=False)
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list, repr=False)
    raw: bytearray = field(default_factory=bytearray, repr=False)

    def header(self, name: str) -> str:
        """The first of that name, or nothing."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    def all_headers(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def body(self) -> bytes:
        """Decompressed, as far as it came."""
        if self.header("content-encoding") != "gzip":
            return bytes(self.raw)
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(bytes(self.raw))

    @property
    def request_json(self) -> Any:
        """What was sent as JSON; None where it was none."""
        return _json(self.request_body)

    @property
    def json(self) -> Any:
        """What came back as JSON; None where it was none."""
        return _json(self.body)


class Recorder:
    """Listens on a port of its own, in a thread of its own, and passes on to `target`, which may be set later."""

    def __init__(self) -> None:
        self.url = ""
        self.target = ""
        self._exchanges: list[Exchange] = []
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def mark(self) -> int:
        """Where the record ends now."""
        return len(self._exchanges)

    def since(self, mark: int = 0) -> list[Exchange]:
        """What was said from there on."""
        return self._exchanges[mark:]

    def find(self, method: str, path: str, mark: int = 0) -> Iterator[Exchange]:
        """Exchanges of one route, oldest first."""
        return (one for one in self.since(mark) if (one.method, one.path) == (method, path))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        ) as self._session:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self._started.set()
            await self._stop.wait()
            await runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        exchange = Exchange(request.method, request.rel_url.raw_path_qs, body)
        self._exchanges.append(exchange)
        headers = [(k, v) for k, v in request.headers.items() if k.lower() not in _HOP_BY_HOP]
        # One encoding that is undone here without another package.
        headers = [(k, "gzip" if k.lower() == "accept-encoding" else v) for k, v in headers]
        try:
            async with self._session.request(
                request.method,
                self.target + exchange.target,
                data=body or None,
                headers=headers,
                allow_redirects=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            ) as answer:
                return await _copy(request, answer, exchange)
        except aiohttp.ClientError:
            return web.Response(status=502)


async def _copy(
    request: web.Request, answer: aiohttp.ClientResponse, exchange: Exchange
) -> web.StreamResponse:
    exchange.status = answer.status
    exchange.headers = list(answer.headers.items())
    response = web.StreamResponse(status=answer.status, reason=answer.reason)
    for name, value in exchange.headers:
        if name.lower() not in _HOP_BY_HOP:
            response.headers.add(name, value)
    await response.prepare(request)
    async for chunk in answer.content.iter_any():
        exchange.raw += chunk
        await response.write(chunk)
    await response.write_eof()
    return response


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
