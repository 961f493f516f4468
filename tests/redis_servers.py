"""A real Redis on loopback: the one on PATH, else Debian's package `redis-server`, which root may install."""

import fcntl
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import pytest

_PATIENCE_SECONDS = 10


@contextmanager
def redis_server(directory: Path, port: int | None = None) -> Iterator[str]:
    """Keeps nothing on disk; yields its URL. The same port again is the same server, come back empty."""
    port = port or _free_port()
    arguments = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(directory)]
    with (directory / f"redis-{port}.log").open("ab") as log:
        process = subprocess.Popen([_program(), *arguments], stdout=log, stderr=log)
        try:
            _wait_for(process, port, Path(log.name))
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(_PATIENCE_SECONDS)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def _program() -> str:
    found = shutil.which("redis-server")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        # One of the processes that run tests installs it, the others wait.
        with (Path(gettempdir()) / "portway-tests-redis.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = shutil.which("redis-server") or _installed()
    return found or pytest.fail("there is no redis-server on PATH, which this test needs: install Redis")


def _installed() -> str | None:
    install = ["apt-get", "install", "--yes", "--no-install-recommends", "redis-server"]
    for command in (install, ["apt-get", "update"], install):
        subprocess.run(
            command,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            check=False,
        )
        if found := shutil.which("redis-server"):
            return found
    return None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait_for(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                connection.sendall(b"PING\r\n")
                if connection.recv(7) == b"+PONG\r\n":
                    return
        except OSError:
            time.sleep(0.02)
    pytest.fail(f"redis-server does not answer: {log.read_text()}")
