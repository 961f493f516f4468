"""An application behind a real HTTP server, and a client that speaks to it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import uvicorn
from multidict import CIMultiDictProxy
from starlette.types import ASGIApp


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: CIMultiDictProxy[str]
    content: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """The code of a problem document."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.json["status"] == self.status
        return str(self.json["code"])


@dataclass(frozen=True)
class ApiClient:
    """Sends requests to one server; `bearer` stands for whoever calls."""

    session: aiohttp.ClientSession
    base_url: str
    bearer: str | None = None

    def signed_in(self, bearer: str) -> "ApiClient":
        return ApiClient(self.session, self.base_url, bearer)

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        data: bytes | AsyncIterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """`body` is sent as JSON, `data` as it is."""
        sent = dict(headers or {})
        if self.bearer is not None:
            sent.setdefault("Authorization", f"Bearer {self.bearer}")
        if body is not None:
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        async with self.session.request(
            method, f"{self.base_url}{path}", data=data, headers=sent, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.request("GET", path, **options)

    async def post(self, path: str, body: object = None, **options: Any) -> Answer:
        return await self.request("POST", path, body, **options)

    async def patch(self, path: str, body: object = None, **options: Any) -> Answer:
        return await self.request("PATCH", path, body, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        return await self.request("DELETE", path, **options)


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """What was logged, tracebacks and all. Not uvicorn's line for each request: servers write none, since an address
    may hold a token; nor does `serving`, unless something configures the loggers of this process anew.
    """
    records = [record for record in caplog.records if record.name != "uvicorn.access"]
    return "\n".join(map(caplog.handler.format, records))


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """Serves the application on a port of its own; gives its base URL."""
    # With its protocol named, so that asyncio turns off Nagle's algorithm: else each small answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.01)
            assert not task.done(), "the server did not start"
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


@asynccontextmanager
async def api_client(app: ASGIApp) -> AsyncIterator[ApiClient]:
    """A client of the application, served for as long as the block lasts. It keeps no cookies by itself."""
    async with (
        serving(app) as base_url,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        yield ApiClient(session, base_url)
