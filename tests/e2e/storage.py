"""A service that takes and gives large files, in a process of its own: `python -m tests.e2e.storage`."""

import asyncio
import hashlib
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import BodyPartReader, web

BLOCK = random.Random(0).randbytes(256 * 1024)
_ROOT = Path(__file__).parents[2]


def digest_of(blocks: int) -> str:
    """SHA-256 of a file of so many blocks."""
    seen = hashlib.sha256()
    for _ in range(blocks):
        seen.update(BLOCK)
    return seen.hexdigest()


@contextmanager
def storage() -> Iterator[str]:
    """Runs it; yields its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.storage"], cwd=_ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


async def _raw(request: web.Request) -> web.StreamResponse:
    """Tells what came."""
    seen, size = hashlib.sha256(), 0
    async for piece in request.content.iter_any():
        seen.update(piece)
        size += len(piece)
    return web.json_response(
        {"sha256": seen.hexdigest(), "size": size, "content_type": request.headers.get("Content-Type")}
    )


async def _form(request: web.Request) -> web.StreamResponse:
    """The same for each part of a form."""
    told = {}
    reader = await request.multipart()
    while isinstance(part := await reader.next(), BodyPartReader):
        seen, size = hashlib.sha256(), 0
        while chunk := await part.read_chunk(65536):
            seen.update(chunk)
            size += len(chunk)
        told[str(part.name)] = {"sha256": seen.hexdigest(), "size": size, "filename": part.filename}
    return web.json_response(told)


async def _file(request: web.Request) -> web.StreamResponse:
    """So many blocks; `promised` is the length that the head says, in blocks."""
    blocks = int(request.query["blocks"])
    promised = int(request.query.get("promised", blocks))
    answer = web.StreamResponse(
        headers={"Content-Type": "video/mp4", "Content-Disposition": 'attachment; filename="film.mp4"'}
    )
    if "chunked" not in request.query:
        answer.content_length = promised * len(BLOCK)
    await answer.prepare(request)
    for _ in range(blocks):
        await answer.write(BLOCK)
    if blocks < promised and request.transport is not None:
        request.transport.close()
    return answer


async def _serve() -> None:
    app = web.Application()
    app.router.add_put("/raw", _raw)
    app.router.add_post("/form", _form)
    app.router.add_get("/file", _file)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
