"""Where uploads wait until they are sent on."""

import asyncio
import logging
import os
import tempfile
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import IO

from portway.domain.errors import Unavailable

MEMORY_BYTES = 1024 * 1024
"""How much of an upload is held in memory."""

_CHUNK_BYTES = 256 * 1024
_RETRY_AFTER_SECONDS = 60.0

_log = logging.getLogger(__name__)


class Spool:
    """Bytes that come in one after the other, and can be read any number of times until it is closed.

    The last of them are in memory; what is more goes into one file of the system's temporary directory, in threads. The
    file has no name, so it is gone with the process, however that ends. Raises Unavailable where the disk is full.
    """

    def __init__(self) -> None:
        self._tail = bytearray()
        self._on_disk = 0
        self._file: IO[bytes] | None = None
        self._uses_disk = False
        self._is_closed = False
        # A thread may still be at work when whoever waited for it was cancelled.
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        return self._on_disk + len(self._tail)

    def append(self, data: memoryview) -> None:
        self._tail += data

    async def spill(self) -> None:
        """Call it after some appending: moves what is in memory to the disk where it has become too much."""
        if len(self._tail) > MEMORY_BYTES:
            tail, self._tail = self._tail, bytearray()
            self._uses_disk = True
            await asyncio.to_thread(self._write, tail, self._on_disk)
            self._on_disk += len(tail)

    async def read(self, start: int, size: int) -> bytes:
        """At most `size` bytes from `start` on, at least one where there is one."""
        if start >= self._on_disk:
            start -= self._on_disk
            return bytes(memoryview(self._tail)[start : start + size])
        return await asyncio.to_thread(self._read, start, min(size, self._on_disk - start))

    def close(self) -> None:
        """Lets all go. To free a large file takes a while, so that is not waited for."""
        self._tail = bytearray()
        if self._uses_disk:
            asyncio.get_running_loop().run_in_executor(None, self._close_file)

    def _write(self, data: bytearray, start: int) -> None:
        with self._lock, memoryview(data) as left:
            if self._is_closed:
                return
            try:
                if self._file is None:
                    self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  closed by `close`
                done = 0
                while done < len(left):
                    done += os.pwrite(self._file.fileno(), left[done:], start + done)
            except OSError as error:
                _log.error("an upload cannot be kept in %s: %s", tempfile.gettempdir(), error.strerror)
                raise Unavailable("There is no room for this upload now.", _RETRY_AFTER_SECONDS) from None

    def _read(self, start: int, size: int) -> bytes:
        with self._lock:
            if self._is_closed or self._file is None:
                raise ValueError("the upload was let go")
            data = os.pread(self._file.fileno(), size, start)
        if not data:
            raise OSError("the file of an upload became shorter")
        return data

    def _close_file(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._file is not None:
                self._file.close()


@dataclass(frozen=True, slots=True)
class SpooledContent:
    """Part of a spool, as a `StreamedBody`."""

    spool: Spool
    start: int
    size: int

    async def chunks(self) -> AsyncIterator[bytes]:
        done = 0
        while done < self.size:
            chunk = await self.spool.read(self.start + done, min(_CHUNK_BYTES, self.size - done))
            done += len(chunk)
            yield chunk
