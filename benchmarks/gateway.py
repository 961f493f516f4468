"""The gateway as an operator runs it: `portway serve` on a database that is durable."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portway.infrastructure.embedded_postgres import DatabaseUrls

_SERVES = re.compile(rb"Portway serves (http://\S+) ")
_START_SECONDS = 60.0
_STOP_SECONDS = 60.0


class GatewayFailed(Exception):
    """It did not start; the message has its words."""


@contextmanager
def gateway(urls: DatabaseUrls, log: Path, *, workers: int) -> Iterator[tuple[str, int]]:
    """Its URL and process id."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PORTWAY_")}
    environment = own | {
        "PORTWAY_DATABASE_URL": urls.app,
        "PORTWAY_SIGN_IN_DATABASE_URL": urls.sign_in,
        "PORTWAY_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "portway", "serve", "--port", "0", "--workers", str(workers)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            yield _url(process, log), process.pid
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if match := _SERVES.search(log.read_bytes()):
            return match[1].decode()
        time.sleep(0.05)
    raise GatewayFailed(log.read_text(encoding="utf-8", errors="replace")[-3000:])
