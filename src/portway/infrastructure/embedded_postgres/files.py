"""Files that are there as a whole or not at all, however the process ends."""

import os
from pathlib import Path


def write_durably(path: Path, content: bytes, *, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Replace the file atomically and sync it to disk.

    `owner` is a user and a group id; without it the file belongs to whom its directory belongs to (which
    differs from this process's user only for root), so that a directory's owner can always go on alone.
    """
    directory = path.parent.stat()
    uid, gid = owner or (directory.st_uid, directory.st_gid)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fchmod(descriptor, mode)
        if os.geteuid() == 0:
            os.fchown(descriptor, uid, gid)
        os.fsync(descriptor)
    draft.replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in the directory survive a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
