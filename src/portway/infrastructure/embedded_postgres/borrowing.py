"""Who still uses a server that short commands started among themselves."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Borrowers:
    """A shared lock for each command that uses the server; a mark that only such commands keep it alive."""

    def __init__(self, data_dir: Path) -> None:
        self._lock_file = data_dir / "portway.borrowers"
        self._mark = data_dir / "portway.borrowed"

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Count as one that uses the server; waits while the last one is stopping it."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextmanager
    def none_left(self) -> Iterator[bool]:
        """Tell whether nobody uses the server; while that is so, nobody can join."""
        try:
            with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
                yield True
        except BlockingIOError:
            yield False

    @property
    def keep_it_alive(self) -> bool:
        """Whether the server was started by one of these commands and has no owner since."""
        return self._mark.exists()

    def mark(self) -> None:
        """Note that the server about to start has no owner."""
        self._mark.touch()

    def clear(self) -> None:
        """Note that the server has an owner, or is stopped."""
        self._mark.unlink(missing_ok=True)

    @contextmanager
    def _locked(self, operation: int) -> Iterator[None]:
        descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, operation)
            if os.geteuid() == 0:
                directory = self._lock_file.parent.stat()
                os.fchown(descriptor, directory.st_uid, directory.st_gid)
            yield
        finally:
            os.close(descriptor)
