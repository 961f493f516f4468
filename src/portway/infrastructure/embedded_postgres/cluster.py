"""The data directory of the server: made once, as a whole or not at all; its configuration."""

import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from portway.infrastructure.embedded_postgres.account import Account
from portway.infrastructure.embedded_postgres.errors import PostgresFailed
from portway.infrastructure.embedded_postgres.files import sync_directory, write_durably

SETTINGS_FILE = "portway.conf"
_DRAFT_PREFIX = ".initdb-"

DEFAULT_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "wal_compression": "on",
    "fsync": "on",
    "jit": "off",  # compiling costs more than any of the gateway's short statements
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    # Statements' parameters are tokens and personal data.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

# Passwords everywhere, nobody is trusted; there is no line for replication.
_HBA = b"""\
# TYPE  DATABASE  USER  ADDRESS       METHOD
local   all       all                 scram-sha-256
host    all       all   127.0.0.1/32  scram-sha-256
"""


def cluster_version(pgdata: Path) -> int | None:
    """Return the major version that made the data directory; None where there is none."""
    try:
        return int((pgdata / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


def create_cluster(account: Account, pgdata: Path, superuser: str, password: str, *, sync: bool) -> None:
    """Make the data directory under another name and move it into place when it is complete.

    A process killed on the way leaves a draft, for `remove_drafts`. `sync=False` trades safety
    against power failure for speed. Raises PostgresFailed.
    """
    draft = pgdata.parent / f"{_DRAFT_PREFIX}{secrets.token_hex(8)}"
    draft.mkdir(mode=0o700)
    account.own(draft)
    _run_initdb(account, draft, superuser, password, sync=sync)
    data = draft / "data"
    write_durably(data / "pg_hba.conf", _HBA, mode=0o600)
    write_durably(data / "pg_ident.conf", b"# No system user stands for a role.\n", mode=0o600)
    configuration = (data / "postgresql.conf").read_text()
    extended = (
        f"{configuration}\ninclude = '{SETTINGS_FILE}'  # written at every start; ALTER SYSTEM overrides it\n"
    )
    write_durably(data / "postgresql.conf", extended.encode(), mode=0o600)
    data.rename(pgdata)
    sync_directory(pgdata.parent)
    remove_drafts(pgdata)


def remove_drafts(pgdata: Path) -> None:
    """Remove what killed calls of `create_cluster` left; an initdb that is still at it may leave a rest."""
    for leftover in pgdata.parent.glob(_DRAFT_PREFIX + "*"):
        shutil.rmtree(leftover, ignore_errors=True)


def write_settings(pgdata: Path, settings: Mapping[str, str]) -> None:
    """Write the server's settings into its data directory."""
    # Only GMT is built into PostgreSQL; every other zone comes from the system's files.
    zone = "UTC" if Path("/usr/share/zoneinfo/UTC").exists() else "GMT"
    values = {"timezone": zone, "log_timezone": zone, **DEFAULT_SETTINGS, **settings}
    lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in values.items()]
    write_durably(pgdata / SETTINGS_FILE, "".join(lines).encode(), mode=0o600)


def _run_initdb(account: Account, draft: Path, superuser: str, password: str, *, sync: bool) -> None:
    password_file = draft / "password"
    write_durably(password_file, password.encode(), mode=0o600)
    arguments = [
        f"--pgdata={draft / 'data'}",
        f"--username={superuser}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        *_locale(account.binaries.major),
        *([] if sync else ["--no-sync"]),
    ]
    done = subprocess.run(
        account.command(account.binaries.initdb, *arguments),
        cwd="/",
        env=account.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        **account.identity,
    )
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise PostgresFailed(f"initdb failed: {(done.stderr or done.stdout).strip()[-2000:]}")
    password_file.unlink()


def _locale(major: int) -> list[str]:
    """Return initdb's options for a UTF-8 locale that needs nothing of the system where that can be had."""
    if major >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C", "--lc-ctype=C.UTF-8"]
