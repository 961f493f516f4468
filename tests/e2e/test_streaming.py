"""Files of 200 MB, both ways, through a gateway that must not hold them."""

import asyncio
import hashlib
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import aiohttp
import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.callers import Answer
from tests.e2e.gateways import Gateway, serving
from tests.e2e.storage import BLOCK, digest_of, storage
from tests.e2e.upstreams import Upstream
from tests.e2e.worlds import Member, World

MB = 1_000_000
BLOCKS = 800
SIZE = BLOCKS * len(BLOCK)
assert SIZE > 200 * MB
MAX_UPLOAD = 300 * MB
MAX_GROWTH = 50 * MB
DIGEST = digest_of(BLOCKS)
_log = logging.getLogger(__name__)

BYTES = {"Accept": "application/octet-stream"}
EXECUTE = "/api/v2/execute"


@dataclass(frozen=True)
class Place:
    """A gateway of one worker, and a person with a connection to a storage service."""

    world: World
    ada: Member
    connection: UUID
    temporary: Path

    @property
    def worker(self) -> int:
        (worker,) = self.world.gateway.workers
        return worker

    def asked(self, action: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return {
            "workspace_id": str(self.ada.workspace_id),
            "connection_id": str(self.connection),
            "action": action,
            "parameters": dict(parameters or {}),
        }

    async def upload(
        self, action: str, blocks: int = BLOCKS, headers: Mapping[str, str] | None = None
    ) -> Answer:
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("request", json.dumps(self.asked(action)), content_type="application/json")
        form.add_field("content", sent(blocks), filename="film.mp4", content_type="video/mp4")
        payload = form()
        return await self.ada.caller.send(
            "POST", EXECUTE, data=payload, headers={**payload.headers, **(headers or {})}
        )

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.ada.caller.bearer}"}

    def download(self, **parameters: Any) -> Any:
        return self.world.session.post(
            self.world.gateway.url + EXECUTE,
            json=self.asked("download", parameters),
            headers={**self.headers, **BYTES},
        )

    def last_log(self) -> dict[str, Any]:
        return self.world.logs(connection_id=self.connection)[-1]


async def sent(blocks: int) -> AsyncIterator[bytes]:
    for _ in range(blocks):
        yield BLOCK


@pytest.fixture(scope="module")
def gateway(shared_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    temporary = tmp_path_factory.mktemp("uploads")
    environment = {"TMPDIR": str(temporary), "PORTWAY_MAX_UPLOAD_BYTES": str(MAX_UPLOAD)}
    with serving(shared_database, environment=environment) as running:
        yield running


@pytest.fixture(scope="module")
def place(
    shared_database: DatabaseUrls, gateway: Gateway, upstream: Upstream, http: aiohttp.ClientSession
) -> Iterator[Place]:
    world = World(shared_database, gateway, upstream, http)
    ada = world.person("ada")
    with storage() as url:
        service = world.integration(base_url=url)
        config: dict[str, Any] = {"body": {"encoding": "raw", "file": "content"}}
        world.action(service, "upload", "/raw", "PUT", transform_config=config)
        config = {"body": {"encoding": "multipart", "files": ["content"]}}
        world.action(service, "upload-form", "/form", "POST", transform_config=config)
        world.action(service, "download", "/file", "GET")
        yield Place(world, ada, world.connect(ada, service), Path(temporary_of(gateway)))


def temporary_of(gateway: Gateway) -> str:
    environment = Path(f"/proc/{gateway.workers[0]}/environ").read_bytes().split(b"\0")
    return next(entry for entry in environment if entry.startswith(b"TMPDIR=")).partition(b"=")[2].decode()


def memory(worker: int, what: str) -> int:
    """VmRSS or VmHWM, its peak, in bytes."""
    status = Path(f"/proc/{worker}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(f"{what}:"))


@contextmanager
def little_memory(worker: int, what: str) -> Iterator[None]:
    """The worker's memory must not have grown by what passes through it."""
    Path(f"/proc/{worker}/clear_refs").write_text("5", encoding="ascii")  # the peak counts from now on
    before, began = memory(worker, "VmRSS"), time.perf_counter()
    yield
    growth, seconds = memory(worker, "VmHWM") - before, time.perf_counter() - began
    _log.info("%s: %.0f MB/s, %.1f MB more memory", what, SIZE / MB / seconds, growth / MB)
    assert growth < MAX_GROWTH


def spooled(place: Place) -> list[str]:
    """The worker's temporary files, which have no name."""
    found = []
    for entry in Path(f"/proc/{place.worker}/fd").iterdir():
        try:
            target = os.readlink(entry)  # noqa: PTH115  that of pathlib fails on what has no name
        except FileNotFoundError:
            continue
        if target.startswith(str(place.temporary)):
            found.append(target)
    return found


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def check_nothing_left(place: Place) -> None:
    await until(lambda: spooled(place) == [])
    assert [path for path in place.temporary.iterdir() if path.is_file()] == []


@pytest.fixture(autouse=True, scope="module")
async def _warm(place: Place) -> None:
    """What is imported and allocated once is not what is measured."""
    await place.upload("upload", 8)
    async with place.download(blocks=8) as response:
        await response.read()


@pytest.mark.parametrize("action", ["upload", "upload-form"])
async def test_a_large_upload(place: Place, action: str) -> None:
    with little_memory(place.worker, action):
        answer = await place.upload(action)
    assert answer.status == 200, answer.text
    told = answer.json["data"] if action == "upload" else answer.json["data"]["content"]
    assert (told["sha256"], told["size"]) == (DIGEST, SIZE)
    log = place.world.log(answer)
    assert log["status"] == "success"
    assert log["request_payload"] == {
        "content": {"filename": "film.mp4", "content_type": "video/mp4", "size": SIZE}
    }
    await check_nothing_left(place)


@pytest.mark.parametrize("way", [{}, {"chunked": "yes"}])
async def test_a_large_download(place: Place, way: dict[str, str]) -> None:
    seen = hashlib.sha256()
    with little_memory(place.worker, f"download {way}"):
        async with place.download(blocks=BLOCKS, **way) as response:
            assert response.status == 200
            async for chunk in response.content.iter_any():
                seen.update(chunk)
    assert seen.hexdigest() == DIGEST
    assert response.headers.get("Content-Length") == (None if way else str(SIZE))
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["Content-Disposition"] == 'attachment; filename="film.mp4"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    (log,) = place.world.logs(id=UUID(response.headers["X-Execution-Id"]))
    assert log["status"] == "success"
    assert log["response_payload"] == {"content_type": "video/mp4", "filename": "film.mp4", "size": SIZE}


async def test_a_client_that_leaves_while_it_uploads(place: Place) -> None:
    before = len(place.world.logs(user_id=place.ada.user_id))
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("request", json.dumps(place.asked("upload")), content_type="application/json")
    form.add_field("content", sent_until_cancelled(), filename="f")
    payload = form()
    task = asyncio.create_task(
        place.ada.caller.send("POST", EXECUTE, data=payload, headers=dict(payload.headers))
    )
    await until(lambda: spooled(place) != [])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: len(place.world.logs(user_id=place.ada.user_id)) == before + 1)
    log = place.world.logs(user_id=place.ada.user_id)[-1]
    assert (log["status"], log["error_code"]) == ("refused", "malformed_request")
    await check_nothing_left(place)


async def sent_until_cancelled() -> AsyncIterator[bytes]:
    for _ in range(40):
        yield BLOCK
    await asyncio.Event().wait()


async def test_a_client_that_leaves_while_it_downloads(place: Place) -> None:
    async with place.download(blocks=BLOCKS * 100) as response:
        await response.content.readexactly(10 * MB)
        execution_id = UUID(response.headers["X-Execution-Id"])
        response.close()

    def row() -> dict[str, Any]:
        return place.world.logs(id=execution_id)[0]

    await until(lambda: row()["status"] != "started")
    assert (row()["status"], row()["error_code"]) == ("error", "client_disconnected")
    assert row()["duration_ms"] is not None


@pytest.mark.parametrize("way", [{"promised": BLOCKS}])
async def test_a_service_that_breaks_off(place: Place, way: dict[str, Any]) -> None:
    async with place.download(blocks=100, **way) as response:
        assert response.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
    (log,) = place.world.logs(id=UUID(response.headers["X-Execution-Id"]))
    assert (log["status"], log["error_code"]) == ("error", "upstream_invalid_response")


async def test_an_upload_over_the_limit(place: Place) -> None:
    answer = await place.upload("upload", MAX_UPLOAD // len(BLOCK) + 1)
    assert answer.outcome == (413, "payload_too_large")
    assert place.world.log(answer)["error_code"] == "payload_too_large"
    await check_nothing_left(place)


async def test_an_idempotency_key_covers_the_file(place: Place) -> None:
    key = {"Idempotency-Key": "the-same"}
    first, again = [await place.upload("upload", 20, key) for _ in range(2)]
    assert first.json["execution_id"] == again.json["execution_id"]
    assert (await place.upload("upload", 21, key)).outcome == (409, "idempotency_conflict")


async def test_bytes_of_a_repeated_answer(place: Place) -> None:
    """What is kept for a key is not streamed; it comes as bytes all the same."""
    headers = {**place.headers, **BYTES, "Idempotency-Key": "a-file"}
    bodies = []
    for _ in range(2):
        async with place.world.session.post(
            place.world.gateway.url + EXECUTE, json=place.asked("download", {"blocks": 2}), headers=headers
        ) as response:
            bodies.append(await response.read())
    assert bodies == [BLOCK * 2] * 2


async def test_a_file_that_the_schema_does_not_know_is_refused(place: Place) -> None:
    form = aiohttp.FormData()
    form.add_field("request", json.dumps(place.asked("download")), content_type="application/json")
    form.add_field("/blocks/0", b"x", filename="f")
    payload = form()
    answer = await place.ada.caller.send(
        "POST", EXECUTE, data=cast("Any", payload), headers=dict(payload.headers)
    )
    assert answer.outcome == (400, "malformed_request")
    assert place.world.log(answer)["status"] == "refused"
