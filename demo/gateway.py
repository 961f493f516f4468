"""`portway up` as a process of the demonstration's own, with a fresh data directory."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

from demo.api import StepFailedError

WORKERS = 2
"""Two, because most of what the tour shows is easy with one."""

_START_SECONDS = 120.0
_STOP_SECONDS = 90.0
_SECRETS_IN_LOG = re.compile(r"(?<=token=)[^\s&]+|(?<=:)[^\s:@/]+(?=@)")
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Gateway:
    """Runs while the context is open, and also ends when this process dies, however it does.

    `environment` is added to this process's own, of which nothing that begins with PORTWAY_ is passed on: a database
    of yours is none of the demonstration's business.
    """

    def __init__(self, port: int, environment: Mapping[str, str]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        own = {name: value for name, value in os.environ.items() if not name.startswith("PORTWAY_")}
        self._environment = {
            **own,
            **environment,
            "PORTWAY_PUBLIC_URL": self.url,
            # The stand-ins are on this machine, where outgoing calls are not allowed to go by default.
            "PORTWAY_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
        }
        self._directory: Path | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def data_dir(self) -> Path:
        """Where the database and its keys lie."""
        assert self._directory is not None
        return self._directory / "data"

    def start(self) -> None:
        """Start it, without waiting for it."""
        self._log = tempfile.TemporaryFile(prefix="portway-demo-")  # noqa: SIM115 - closed by stop()
        self._directory = Path(tempfile.mkdtemp(prefix="portway-demo-"))
        # Where we are root, PostgreSQL runs as another user, who must be able to pass; files inside are private.
        self._directory.chmod(0o711)
        command = [
            *(sys.executable, "-m", "portway", "up", "--port", str(self.port)),
            *("--workers", str(WORKERS), "--data-dir", str(self.data_dir)),
        ]
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "demo.keeper", str(self._directory), *command],
            cwd=Path(__file__).parent.parent,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            # A Ctrl-C in the terminal is for us, who stop everything in order.
            start_new_session=True,
        )

    def wait_until_ready(self) -> None:
        """Raises StepFailedError where it does not get ready in time."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if not self.running:
                raise StepFailedError("`portway up` ended before it served; its log below says why")
            try:
                with _opener.open(f"{self.url}/readyz", timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        raise StepFailedError(f"`portway up` was not ready within {_START_SECONDS:.0f} seconds")

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._keeper is not None and self._keeper.poll() is None

    def admin_url(self) -> str:
        """The database's URL for its owner, as `portway db url --admin` prints it."""
        printed = subprocess.run(
            [sys.executable, "-m", "portway", "db", "url", "--admin", "--data-dir", str(self.data_dir)],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if printed.returncode != 0:
            raise StepFailedError(f"`portway db url --admin` failed: {printed.stderr.strip()}")
        return printed.stdout.strip()

    def stop(self) -> None:
        """Stop it and remove its data; does nothing where it does not run."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            assert keeper.stdin is not None
            keeper.stdin.close()
            keeper.wait(_STOP_SECONDS)
        if self._log is not None:
            self._log.close()
            self._log = None

    def log(self, limit: int = 6000) -> str:
        """The last `limit` bytes that it printed, without what would open something."""
        if self._log is None:
            return ""
        # The processes write through the same open file: a plain read would move the place where they write.
        descriptor = self._log.fileno()
        start = max(0, os.fstat(descriptor).st_size - limit)
        return _SECRETS_IN_LOG.sub("…", os.pread(descriptor, limit, start).decode(errors="replace"))


def preferred_port() -> int:
    """DEMO_PORT, or 8000. Raises StepFailedError where it is no port."""
    given = os.environ.get("DEMO_PORT") or "8000"
    if not given.isascii() or not given.isdigit() or int(given) > 65535:
        raise StepFailedError(f"DEMO_PORT must be a port number, not {given!r}")
    return int(given)


def choose_port() -> int:
    """The preferred port, or any that is free where it is taken. Raises StepFailedError."""
    for port in (preferred_port(), 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            return chosen
    raise StepFailedError("there is no free port on 127.0.0.1")
