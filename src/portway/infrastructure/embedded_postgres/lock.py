"""The lock that makes one process the owner of a data directory."""

import fcntl
import os
import time
from pathlib import Path

from portway.infrastructure.embedded_postgres.errors import DataDirectoryInUse

_POLL_SECONDS = 0.02


class DirectoryLock:
    """An exclusive `flock`: the kernel lets it go when its holder dies, however that happens.

    The file tells who holds it: the process id, and `passing` where that process will let go in a moment.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self, *, passing: bool, patience: float) -> None:
        """Take the lock, waiting up to `patience` seconds for a holder that is only passing.

        Raises DataDirectoryInUse.
        """
        deadline = time.monotonic() + patience
        while not self.try_acquire(passing=passing):
            pid, holder_passes = self._holder()
            if not holder_passes or time.monotonic() > deadline:
                raise DataDirectoryInUse(self._path.parent, pid)
            time.sleep(_POLL_SECONDS)

    def try_acquire(self, *, passing: bool) -> bool:
        """Take the lock if nobody holds it, and tell whether that worked."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        directory = self._path.parent.stat()
        if os.geteuid() == 0:
            os.fchown(descriptor, directory.st_uid, directory.st_gid)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}{' passing' if passing else ''}\n".encode(), 0)
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Let go; nothing happens where the lock is not held."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def _holder(self) -> tuple[int | None, bool]:
        words = self._path.read_text().split()
        if not words:
            # Its holder has just taken it, or is just letting go: that passes.
            return None, True
        return int(words[0]), "passing" in words
