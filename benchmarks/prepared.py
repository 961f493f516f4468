"""Databases that are made once for each size and state of the migrations, and kept."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.population import SIZES, populate
from portway.infrastructure.embedded_postgres import DatabaseUrls, EmbeddedPostgres
from portway.infrastructure.postgres.migrations import all_migrations, migrate

SHARED_BUFFERS = "1GB"
_MADE = "populated"


@dataclass(frozen=True, slots=True)
class Server:
    """PostgreSQL with a filled database. `pid` is that of the postmaster."""

    urls: DatabaseUrls
    pid: int
    newly_made: bool


@contextmanager
def prepared(root: Path, size: str) -> Iterator[Server]:
    """The database of this size, made first where it is not there yet."""
    folder = root / size
    state = hashlib.sha256("".join(one.checksum for one in all_migrations()).encode()).hexdigest()
    marker = folder / _MADE
    if folder.exists() and (not marker.exists() or marker.read_text() != state):
        shutil.rmtree(folder)
    server = EmbeddedPostgres(folder, settings={"shared_buffers": SHARED_BUFFERS})
    urls = server.start()
    try:
        newly_made = not marker.exists()
        if newly_made:
            migrate(urls.admin, master_key_file=folder / "master.key")
            populate(urls, SIZES[size], "http://127.0.0.1:1")
            marker.write_text(state)
        pid = int((folder / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
        yield Server(urls, pid, newly_made)
    finally:
        server.stop()
