"""Drive's large files over real HTTP: chunks on the wire, one lost on the way, and how much is held in memory."""

import re
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import pytest
from aiohttp import web

from portway.application.ports.http import OutgoingRequest, StreamedResponse, UpstreamResponse
from portway.application.requests.files import UploadedFile
from portway.catalog.google_drive.download_file import download_file
from portway.catalog.google_drive.resumable_upload import CHUNK_BYTES
from portway.catalog.google_drive.upload_file import upload_file
from portway.infrastructure.http.client import AiohttpClient
from portway.infrastructure.http.egress_guard import EgressGuard
from tests.fakes.action_context import RecordingContext
from tests.integration.http_servers import LOOPBACK, serving
from tests.unit.catalog.contexts import shipped

SIZE = 5 * CHUNK_BYTES + 12_345
PIECE = bytes(range(256)) * 256


class Generated:
    """A content of SIZE bytes that nobody holds."""

    size = SIZE

    async def chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, SIZE, len(PIECE)):
            yield PIECE[: min(len(PIECE), SIZE - start)]


async def digest(chunks: AsyncIterator[bytes]) -> str:
    hashed = sha256()
    async for chunk in chunks:
        hashed.update(chunk)
    return hashed.hexdigest()


@dataclass
class Drive:
    """Keeps a hash of what arrives. Half of the second chunk arrives before the server gives up."""

    address: str = ""
    received: int = 0
    hashed: Any = field(default_factory=sha256)
    requests: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    async def begin(self, request: web.Request) -> web.Response:
        assert request.query["uploadType"] == "resumable"
        assert request.headers["X-Upload-Content-Length"] == str(SIZE)
        session = f"{self.address}/upload/drive/v3/files?uploadType=resumable&upload_id=1"
        return web.Response(headers={"Location": session})

    async def take(self, request: web.Request) -> web.Response:
        content_range = request.headers["Content-Range"]
        self.requests.append(
            (content_range, request.headers.get("Content-Length"), request.headers.get("Transfer-Encoding"))
        )
        if (match := re.fullmatch(rf"bytes (\d+)-\d+/{SIZE}", content_range)) is None:
            assert content_range == f"bytes */{SIZE}"
            return self.answer()
        assert int(match.group(1)) == self.received
        gives_up = len(self.requests) == 2
        async for chunk in request.content.iter_chunked(65_536):
            self.hashed.update(chunk)
            self.received += len(chunk)
            if gives_up and self.received > CHUNK_BYTES * 3 // 2:
                return web.Response(status=503)
        return self.answer()

    def answer(self) -> web.Response:
        if self.received == SIZE:
            return web.json_response({"id": "1AbC"})
        return web.Response(status=308, headers={"Range": f"bytes=0-{self.received - 1}"})


async def metadata_or_content(request: web.Request) -> web.StreamResponse:
    if request.query.get("alt") != "media":
        return web.json_response({"mimeType": "application/zip"})
    response = web.StreamResponse(headers={"Content-Type": "application/zip"})
    await response.prepare(request)
    async for chunk in Generated().chunks():
        await response.write(chunk)
    return response


class CallingContext(RecordingContext):
    """Sends for real."""

    client: AiohttpClient

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        return await self.client.send(request, timeout_seconds=30)

    async def open(self, request: OutgoingRequest) -> StreamedResponse:  # type: ignore[override]
        return await self.client.open(request, timeout_seconds=30)


@asynccontextmanager
async def calling(action: str, address: str) -> AsyncIterator[CallingContext]:
    there = shipped("google-drive", action)
    context = CallingContext(replace(there.integration, base_url=address), there.action)
    context.client = AiohttpClient(EgressGuard(LOOPBACK))
    try:
        yield context
    finally:
        await context.client.close()


@pytest.fixture
def memory() -> Iterator[None]:
    shipped("google-drive", "upload-file")  # reads the catalog, which is kept
    tracemalloc.start()
    yield None
    tracemalloc.stop()


async def test_an_upload_is_resumed_and_not_held(memory: None) -> None:
    drive = Drive()
    path = "/upload/drive/v3/files"
    async with (
        serving(("POST", path, drive.begin), ("PUT", path, drive.take)) as drive.address,
        calling("upload-file", drive.address) as context,
    ):
        file = UploadedFile("a.zip", "application/zip", Generated())
        answer = await upload_file(context, {"file": file})
    assert answer.body == b'{"id": "1AbC"}'
    assert drive.hashed.hexdigest() == await digest(Generated().chunks())
    assert drive.requests[0] == (f"bytes 0-{CHUNK_BYTES - 1}/{SIZE}", str(CHUNK_BYTES), None)
    assert drive.requests[2] == (f"bytes */{SIZE}", "0", None)
    assert tracemalloc.get_traced_memory()[1] < 3.5 * CHUNK_BYTES


async def test_a_download_is_not_held(memory: None) -> None:
    async with (
        serving(("GET", "/drive/v3/files/1AbC", metadata_or_content)) as address,
        calling("download-file", address) as context,
    ):
        response = await download_file(context, {"file_id": "1AbC"})
        assert await digest(response.chunks()) == await digest(Generated().chunks())
        await response.close()
    assert tracemalloc.get_traced_memory()[1] < CHUNK_BYTES
