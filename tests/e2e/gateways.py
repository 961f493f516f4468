"""Real gateway processes, as an operator starts them."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from portway.infrastructure.embedded_postgres import DatabaseUrls

_SERVES = re.compile(rb"Portway serves (http://\S+) ")
# What Python prints of an exception that nobody caught, and Portway of one that failed a request.
_FAULT = re.compile(r"Traceback|request \S+ failed: ")
_START_SECONDS = 60.0
_STOP_SECONDS = 45.0


class GatewayFailed(Exception):
    """It did not start or end as it should; the message has the end of its log."""


class Gateway:
    """A `portway` command that serves, with its workers. Its log is everything that it printed."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self.url = ""
        self._log = tempfile.TemporaryFile(prefix="portway-e2e-")  # noqa: SIM115 - closed by stop()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "portway", *arguments],
            env=_environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def wait_until_ready(self) -> None:
        """Raises GatewayFailed where it ends before, or takes too long."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if match := _SERVES.search(self.log_bytes()):
                self.url = match[1].decode()
                return
            if self._process.poll() is not None:
                raise GatewayFailed(f"ended with status {self._process.returncode}:\n{self.log()}")
            time.sleep(0.02)
        raise GatewayFailed(f"not ready after {_START_SECONDS:.0f} s:\n{self.log()}")

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers that live now."""
        own = self._process.pid
        try:
            children = Path(f"/proc/{own}/task/{own}/children").read_text(encoding="ascii").split()
        except FileNotFoundError:
            return []
        return [int(pid) for pid in children if b"portway.cli.server.worker" in _command_line(int(pid))]

    def kill(self) -> None:
        """SIGKILL for all of it at once: supervisor and workers."""
        for pid in [self._process.pid, *self.workers]:
            _kill(pid)
        self._process.wait()

    def kill_worker(self) -> int:
        """SIGKILL for one worker; its process id."""
        victim = self.workers[0]
        _kill(victim)
        return victim

    def terminate(self) -> None:
        """SIGTERM, as a service manager sends it; does not wait."""
        self._process.terminate()

    def wait(self) -> int:
        """Its exit status, once it has ended by itself."""
        try:
            return self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise GatewayFailed(f"did not end on SIGTERM:\n{self.log()}") from None

    def stop(self) -> None:
        """SIGTERM, and wait. Raises GatewayFailed where it had a fault of its own at any time."""
        try:
            if self._process.poll() is None:
                self.terminate()
                self.wait()
            log = self.log(limit=10**9)
        finally:
            self._log.close()
        if fault := _FAULT.search(log):
            raise GatewayFailed(f"a fault of its own:\n{log[max(0, fault.start() - 500) :][:5000]}")

    def log_bytes(self) -> bytes:
        """All that it printed up to now."""
        descriptor = self._log.fileno()
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0)

    def log(self, limit: int = 5000) -> str:
        """The end of what it printed."""
        return self.log_bytes()[-limit:].decode(errors="replace")


@contextmanager
def serving(
    urls: DatabaseUrls, *, workers: int = 1, environment: Mapping[str, str] | None = None
) -> Iterator[Gateway]:
    """`portway serve` on a database, on any free port, allowed to call this machine."""
    with running(
        ("serve", "--port", "0", "--workers", str(workers)),
        {
            "PORTWAY_DATABASE_URL": urls.app,
            "PORTWAY_SIGN_IN_DATABASE_URL": urls.sign_in,
            "PORTWAY_WORKER_DATABASE_URL": urls.worker,
            "PORTWAY_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
            **(environment or {}),
        },
    ) as gateway:
        yield gateway


@contextmanager
def running(arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[Gateway]:
    """Any command that serves, until the block ends."""
    gateway = Gateway(arguments, environment)
    try:
        gateway.wait_until_ready()
        yield gateway
    finally:
        gateway.stop()


def portway(*arguments: str, environment: Mapping[str, str]) -> str:
    """Runs a command that ends; its standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "portway", *arguments],
        env=_environment(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode != 0:
        raise GatewayFailed(f"portway {arguments}: {done.stderr}")
    return done.stdout


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PORTWAY_", "OTEL_"))}
    return {**own, **given}


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
