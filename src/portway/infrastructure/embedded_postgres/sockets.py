"""Where the server listens: a directory for its Unix socket, and a port on the loopback address."""

import hashlib
import os
import socket
import stat
import tempfile
from pathlib import Path

from portway.infrastructure.embedded_postgres.account import Account
from portway.infrastructure.embedded_postgres.files import write_durably

_LONGEST_SOCKET_PATH = 107  # bytes, of sockaddr_un less its final NUL (Linux; 103 on macOS)
_SOCKET_NAME = "/.s.PGSQL.65535.lock"


def socket_directory(account: Account, data_dir: Path) -> Path:
    """Return a directory of the account's own for the Unix socket.

    It lies in the data directory, unless that makes the path longer than the system allows (or libpq would
    take it for two hosts): then under /tmp, by a name of our own that nobody else has taken.
    """
    inside = data_dir / "run"
    if len(os.fsencode(inside)) + len(_SOCKET_NAME) <= _LONGEST_SOCKET_PATH - 4 and "," not in str(inside):
        inside.mkdir(mode=0o700, exist_ok=True)
        account.own(inside)
        return inside
    outside = Path("/tmp") / f"portway-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]}"  # noqa: S108
    try:
        outside.mkdir(mode=0o700)
        account.own(outside)
    except FileExistsError:
        found = outside.lstat()
        ours = (
            stat.S_ISDIR(found.st_mode)
            and found.st_uid == account.uid
            and stat.S_IMODE(found.st_mode) == 0o700
        )
        if not ours:
            outside = Path(tempfile.mkdtemp(prefix="portway-", dir="/tmp"))
            account.own(outside)
    return outside


def choose_port(file: Path) -> int:
    """Return the port of the last time where it is free, else another free one, and keep it in the file."""
    try:
        port = _free_port(int(file.read_text()))
    except (OSError, ValueError):
        port = _free_port(0)
    write_durably(file, str(port).encode(), mode=0o644)
    return port


def _free_port(port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As PostgreSQL does: connections of the last server that linger are no reason to move.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        chosen: int = probe.getsockname()[1]
        return chosen
