"""Against a stand-in for Drive that takes uploads in its own time, loses answers, and remembers every byte."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from portway.application.ports.http import OutgoingRequest, StreamedBody, UpstreamResponse
from portway.application.requests.files import UploadedFile
from portway.catalog.google_drive.resumable_upload import CHUNK_BYTES
from portway.catalog.google_drive.upload_file import MULTIPART_UP_TO_BYTES, upload_file
from portway.domain.errors import UpstreamError, UpstreamInvalidResponse, UpstreamTimeout, UpstreamUnreachable
from tests.fakes.action_context import RecordingContext
from tests.fakes.http_client import json_answer
from tests.unit.catalog.contexts import shipped

SESSION = "https://www.googleapis.com/upload/drive/v3/files?uploadType=resumable&upload_id=xa298sd"
SIZE = 2 * CHUNK_BYTES + 1000
CONTENT = bytes(range(251)) * (SIZE // 251 + 1)
CONTENT = CONTENT[:SIZE]


@pytest.fixture(autouse=True)
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have waited."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return waited


@dataclass
class Disk:
    """A streamed content; `read` counts the bytes that were taken from it."""

    content: bytes
    read: int = 0

    @property
    def size(self) -> int:
        return len(self.content)

    async def chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.content), 100_000):
            piece = self.content[start : start + 100_000]
            self.read += len(piece)
            yield piece


@dataclass
class Drive:
    """`troubles` are what happens to the next chunks: a number of bytes that are taken before all is lost with the
    given failure, `None` for no trouble.
    """

    size: int = SIZE
    session: str = SESSION
    troubles: list[tuple[int, UpstreamResponse | Exception] | None] = field(default_factory=list)
    kept: bytearray = field(default_factory=bytearray)
    ranges: list[str] = field(default_factory=list)

    def __call__(self, request: OutgoingRequest) -> UpstreamResponse:
        if request.method == "POST":
            return UpstreamResponse(200, {"location": self.session}, b"")
        assert (request.method, request.url) == ("PUT", self.session)
        assert isinstance(request.body, bytes)
        self.ranges.append(request.headers["content-range"])
        match = re.fullmatch(rf"bytes (\*|(\d+)-(\d+))/{self.size}", request.headers["content-range"])
        assert match is not None
        if match.group(1) == "*":
            assert request.body == b""
            return self.answer()
        first, last = int(match.group(2)), int(match.group(3))
        assert last - first + 1 == len(request.body)
        assert last + 1 == self.size or len(request.body) % (256 * 1024) == 0
        assert first == len(self.kept), "bytes are skipped or sent twice"
        trouble = self.troubles.pop(0) if self.troubles else None
        self.kept += request.body if trouble is None else request.body[: trouble[0]]
        if trouble is None:
            return self.answer()
        if isinstance(trouble[1], Exception):
            raise trouble[1]
        return trouble[1]

    def answer(self) -> UpstreamResponse:
        if len(self.kept) == self.size:
            return json_answer({"id": "1AbC"})
        headers = {"range": f"bytes=0-{len(self.kept) - 1}"} if self.kept else {}
        return UpstreamResponse(308, headers, b"")


def uploaded(content: StreamedBody) -> dict[str, Any]:
    return {"file": UploadedFile("a.bin", "application/octet-stream", content), "fields": "id"}


def context_with(drive: Drive) -> RecordingContext:
    return shipped("google-drive", "upload-file", *[drive] * 100)


async def upload(drive: Drive, content: bytes = CONTENT) -> RecordingContext:
    context = context_with(drive)
    answer = await upload_file(context, uploaded(Disk(content)))
    assert answer.body == b'{"id": "1AbC"}'
    assert drive.kept == content
    return context


async def test_it_goes_in_chunks_to_the_address_that_drive_gives() -> None:
    drive = Drive()
    context = await upload(drive)
    initiation = context.requests[0]
    assert initiation.url == (
        "https://www.googleapis.com/upload/drive/v3/files?uploadType=resumable&fields=id"
    )
    assert initiation.headers["x-upload-content-length"] == str(SIZE)
    assert initiation.headers["x-upload-content-type"] == "application/octet-stream"
    assert initiation.body == b'{"name":"a.bin","mimeType":"application/octet-stream"}'
    assert drive.ranges == [
        f"bytes 0-{CHUNK_BYTES - 1}/{SIZE}",
        f"bytes {CHUNK_BYTES}-{2 * CHUNK_BYTES - 1}/{SIZE}",
        f"bytes {2 * CHUNK_BYTES}-{SIZE - 1}/{SIZE}",
    ]
    assert context.elsewhere == []


async def test_content_in_base64_goes_the_same_way() -> None:
    drive = Drive(size=MULTIPART_UP_TO_BYTES + 3)
    content = CONTENT[: drive.size]
    context = context_with(drive)
    await upload_file(context, {"name": "a", "content_base64": base64.b64encode(content).decode()})
    assert drive.kept == content


async def test_five_megabytes_go_at_once() -> None:
    context = shipped("google-drive", "upload-file")
    await upload_file(context, uploaded(Disk(CONTENT[:MULTIPART_UP_TO_BYTES])))
    assert len(context.requests) == 1
    assert "uploadType=multipart" in context.requests[0].url


async def test_no_credential_goes_to_another_origin() -> None:
    context = await upload(Drive(session="https://upload.example.com/session/1"))
    assert len(context.elsewhere) == 3


@pytest.mark.parametrize(
    "failure",
    [
        json_answer({}, 503),
        json_answer({}, 500),
        UpstreamInvalidResponse("broke off"),
        UpstreamUnreachable(),
    ],
    ids=["503", "500", "lost", "unreachable"],
)
@pytest.mark.parametrize("taken", [0, 1, 300_000, CHUNK_BYTES])
async def test_it_goes_on_where_it_stopped(
    taken: int, failure: UpstreamResponse | Exception, delays: list[float]
) -> None:
    drive = Drive(troubles=[None, (taken, failure)])
    await upload(drive)
    assert f"bytes */{SIZE}" in drive.ranges
    assert len(delays) == 1


async def test_the_end_may_have_arrived_although_the_answer_did_not() -> None:
    drive = Drive(troubles=[None, None, (1000, UpstreamInvalidResponse())])
    await upload(drive)
    assert drive.ranges[-1] == f"bytes */{SIZE}"


async def test_drive_may_take_less_than_it_was_sent() -> None:
    await upload(
        Drive(
            troubles=[(CHUNK_BYTES - 5, UpstreamResponse(308, {"range": f"bytes=0-{CHUNK_BYTES - 6}"}, b""))]
        )
    )


async def test_only_what_is_needed_is_read_again() -> None:
    drive = Drive(troubles=[None, (300_000, json_answer({}, 503))])
    disk = Disk(CONTENT)
    await upload_file(context_with(drive), uploaded(disk))
    assert drive.kept == CONTENT
    assert disk.read == SIZE


async def test_retry_after_is_obeyed(delays: list[float]) -> None:
    await upload(Drive(troubles=[(0, json_answer({}, 503, retry_after="7"))]))
    assert delays == [7]


@pytest.mark.parametrize(
    ("troubles", "error"),
    [
        ([(0, json_answer({"error": {}}, 403))], UpstreamError),
        ([(0, UpstreamTimeout())], UpstreamTimeout),
        ([(0, UpstreamResponse(308, {"range": "bytes=5-9"}, b""))], UpstreamInvalidResponse),
        ([(0, UpstreamResponse(308, {"range": f"bytes=0-{SIZE}"}, b""))], UpstreamInvalidResponse),
        ([(0, UpstreamResponse(308, {}, b""))] * 20, UpstreamInvalidResponse),
    ],
)
async def test_what_ends_it(troubles: list[Any], error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        await upload_file(context_with(Drive(troubles=troubles)), uploaded(Disk(CONTENT)))
    assert raised.value.failed_step == "send the content"  # type: ignore[attr-defined]
    assert raised.value.steps_done == ("begin the upload",)  # type: ignore[attr-defined]


async def test_a_service_that_stays_away_is_given_up(delays: list[float]) -> None:
    def gone(request: OutgoingRequest) -> UpstreamResponse:
        if request.method == "POST":
            return UpstreamResponse(200, {"location": SESSION}, b"")
        return json_answer({}, 503)

    context = shipped("google-drive", "upload-file", *[gone] * 20)
    with pytest.raises(UpstreamError) as raised:
        await upload_file(context, uploaded(Disk(CONTENT)))
    assert raised.value.status_code == 503
    assert len(delays) == 5


@pytest.mark.parametrize("location", ["", "/upload", "ftp://example.com/1"])
async def test_an_upload_without_an_address_is_an_error(location: str) -> None:
    begun = UpstreamResponse(200, {"location": location}, b"")
    with pytest.raises(UpstreamInvalidResponse):
        await upload_file(shipped("google-drive", "upload-file", begun), uploaded(Disk(CONTENT)))
