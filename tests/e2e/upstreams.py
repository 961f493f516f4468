"""External services for tests: they record what reaches them, and answer as they are told."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

MAX_BODY = 64 * 1024 * 1024


@dataclass(frozen=True)
class Received:
    """A request as it came, the path and `query_string` still encoded. Header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    query_string: str = ""


Answer = Callable[[Received], Awaitable[web.StreamResponse]]
"""Runs in the upstream's own thread and loop."""


async def echo(received: Received) -> web.StreamResponse:
    """Tells everything that came, credential and all."""
    return web.json_response(
        {
            "method": received.method,
            "path": received.path,
            "query": received.query,
            "headers": received.headers,
            "body": received.body.decode(errors="replace"),
        }
    )


def respond(**answer: Any) -> Answer:
    """An answer that is always the same: what `web.Response` takes."""

    async def always(_: Received) -> web.StreamResponse:
        return web.Response(**answer)

    return always


def in_turn(*answers: Answer) -> Answer:
    """One answer after the other; the last one again and again."""
    left = list(answers)

    async def next_one(received: Received) -> web.StreamResponse:
        return await (left.pop(0) if len(left) > 1 else left[0])(received)

    return next_one


class Upstream:
    """An HTTP server on loopback, in a thread of its own, so that a test that blocks does not stop it.

    Paths without an answer of their own are echoed.
    """

    def __init__(self) -> None:
        self.url = ""
        self._answers: dict[str, Answer] = {}
        self._received: list[Received] = []
        self._arrival = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upstream", daemon=True)
        self._stop = asyncio.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def on(self, path: str, answer: Answer) -> str:
        """Answers this path so from now on; returns its URL."""
        self._answers[path] = answer
        return self.url + path

    def received(self, path: str | None = None) -> list[Received]:
        """What has come, of one path or of all."""
        return [one for one in list(self._received) if path in (None, one.path)]

    def wait_for(self, path: str, number: int = 1, seconds: float = 20) -> None:
        """Blocks until so many requests have come there."""
        with self._arrival:
            assert self._arrival.wait_for(lambda: len(self.received(path)) >= number, seconds), path

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._started.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        received = Received(
            method=request.method,
            path=request.rel_url.raw_path,
            query=dict(request.query),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
            query_string=request.rel_url.raw_query_string,
        )
        with self._arrival:
            self._received.append(received)
            self._arrival.notify_all()
        return await self._answers.get(received.path, echo)(received)


@contextmanager
def speaking(reply: bytes) -> Iterator[str]:
    """A server that sends these bytes, whatever it is asked, and hangs up; yields its URL."""
    loop = asyncio.new_event_loop()
    started = threading.Event()
    stop = asyncio.Event()
    addresses: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        addresses.append(server.sockets[0].getsockname()[1])
        started.set()
        await stop.wait()
        server.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield f"http://127.0.0.1:{addresses[0]}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
