"""What can go wrong with the embedded PostgreSQL; each message is one line that tells a user what to do."""

from pathlib import Path


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be used; the message is meant for the user."""


class DataDirectoryInUse(EmbeddedPostgresError):
    """Another process owns the data directory; `pid` is None where it could not be told."""

    def __init__(self, data_dir: Path, pid: int | None) -> None:
        self.data_dir = data_dir
        self.pid = pid
        holder = f"process {pid}" if pid else "another process"
        super().__init__(
            f"the data directory {data_dir} is in use by {holder}: stop that one, or choose another directory"
        )


class PostgresNotFound(EmbeddedPostgresError):
    """There are no PostgreSQL binaries that fit."""


class CannotDropPrivileges(EmbeddedPostgresError):
    """Started as root, and there is no way here to run PostgreSQL as somebody else."""


class PostgresFailed(EmbeddedPostgresError):
    """A PostgreSQL program ended with an error; the message carries the end of what it printed."""
