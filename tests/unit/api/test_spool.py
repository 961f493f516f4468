"""Where uploads wait."""

import asyncio
import itertools
import os
import random
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portway.api.spool import MEMORY_BYTES, Spool, SpooledContent
from portway.domain.errors import Unavailable

NOISE = random.Random(0).randbytes(5 * MEMORY_BYTES)


@pytest.fixture
async def spool() -> AsyncIterator[Spool]:
    made = Spool()
    yield made
    made.close()


async def fill(spool: Spool, content: bytes, step: int = 100_000) -> None:
    for start in range(0, len(content), step):
        spool.append(memoryview(content)[start : start + step])
        await spool.spill()


async def whole(content: SpooledContent) -> bytes:
    return b"".join([chunk async for chunk in content.chunks()])


def open_files() -> set[str]:
    """Files without a name that this process holds."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = os.readlink(entry)  # noqa: PTH115  that of pathlib fails on what has no name
        except FileNotFoundError:
            continue
        if target.endswith("(deleted)"):
            found.add(target)
    return found


async def wait_until_gone(files: set[str]) -> None:
    for _ in range(100):
        if not files & open_files():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(files & open_files())


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """As if the disk were full then."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 1, MEMORY_BYTES, MEMORY_BYTES + 1, len(NOISE)])
async def test_what_went_in_comes_out_any_number_of_times(spool: Spool, size: int) -> None:
    await fill(spool, NOISE[:size])
    content = SpooledContent(spool, 0, spool.size)
    assert (content.size, await whole(content), await whole(content)) == (size, NOISE[:size], NOISE[:size])


async def test_parts_of_it_are_contents_of_their_own(spool: Spool) -> None:
    await fill(spool, NOISE)
    borders = [0, 1, 300_000, 4 * MEMORY_BYTES - 7, len(NOISE)]
    for start, end in itertools.pairwise(borders):
        assert await whole(SpooledContent(spool, start, end - start)) == NOISE[start:end]


async def test_a_little_is_never_on_the_disk(spool: Spool) -> None:
    before = open_files()
    await fill(spool, NOISE[:MEMORY_BYTES])
    assert not open_files() - before


async def test_the_file_has_no_name_and_is_gone_when_it_is_closed() -> None:
    before = open_files()
    spool = Spool()
    await fill(spool, NOISE)
    made = open_files() - before
    assert len(made) == 1
    spool.close()
    await wait_until_gone(made)
    with pytest.raises(ValueError, match="let go"):
        await whole(SpooledContent(spool, 0, 10))


async def test_who_is_cancelled_while_writing_leaves_nothing_behind() -> None:
    before = open_files()
    for delay in (0, 0.0001, 0.001, 0.01):
        spool = Spool()
        task = asyncio.create_task(fill(spool, NOISE, step=2 * MEMORY_BYTES))
        await asyncio.sleep(delay)
        task.cancel()
        spool.close()
        await asyncio.wait([task])
    await asyncio.sleep(0.1)
    await wait_until_gone(open_files() - before)


async def test_a_full_disk_is_told(spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    with no_file_above(2 * MEMORY_BYTES), pytest.raises(Unavailable, match="no room"):
        await fill(spool, NOISE)
    assert "cannot be kept in" in caplog.text
