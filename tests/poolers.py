"""A real PgBouncer in transaction mode."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.debian import free_port, program

_PATIENCE_SECONDS = 10
_ROLES = ("app", "sign_in", "worker")


@contextmanager
def pooled(urls: DatabaseUrls, *, server_connections: int) -> Iterator[DatabaseUrls]:
    """The same database with the gateway's roles behind a pooler, of so many connections for each of them."""
    with tempfile.TemporaryDirectory(prefix="portway-pooler-") as name:
        folder, port = Path(name), free_port()
        configuration = folder / "pgbouncer.ini"
        configuration.write_text(
            _databases(urls)
            + f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = any\npool_mode = transaction\ndefault_pool_size = {server_connections}\n"
        )
        command = [program("pgbouncer", "pgbouncer"), str(configuration)]
        if os.geteuid() == 0:
            # It refuses root.
            shutil.chown(folder, pwd.getpwnam("nobody").pw_uid)
            command[1:1] = ["--user", "nobody"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                _wait_for(process, port, folder / "log")
                addresses = {role: f"postgresql://anybody@127.0.0.1:{port}/{role}" for role in _ROLES}
                yield replace(urls, **addresses)  # type: ignore[arg-type]  # all of them texts
            finally:
                process.terminate()
                process.wait(_PATIENCE_SECONDS)


def _databases(urls: DatabaseUrls) -> str:
    lines = ["[databases]"]
    for role in _ROLES:
        real = conninfo_to_dict(getattr(urls, role))
        lines.append(
            f"{role} = host=127.0.0.1 port={urls.port} dbname={real['dbname']} user={real['user']}"
            f" password={real['password']}"
        )
    return "\n".join(lines) + "\n"


def _wait_for(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"PgBouncer does not answer: {log.read_text()}")
