"""A real Redis on loopback."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.debian import free_port, program

_PATIENCE_SECONDS = 10


@contextmanager
def redis_server(directory: Path, port: int | None = None) -> Iterator[str]:
    """Keeps nothing on disk; yields its URL. The same port again is the same server, come back empty."""
    port = port or free_port()
    arguments = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(directory)]
    with (directory / f"redis-{port}.log").open("ab") as log:
        process = subprocess.Popen(
            [program("redis-server", "redis-server"), *arguments], stdout=log, stderr=log
        )
        try:
            _wait_for(process, port, Path(log.name))
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(_PATIENCE_SECONDS)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


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
