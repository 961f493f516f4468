"""The server process: found by the file it keeps in its data directory, started, and stopped."""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from portway.infrastructure.embedded_postgres.account import Account
from portway.infrastructure.embedded_postgres.errors import PostgresFailed
from portway.infrastructure.embedded_postgres.files import write_durably

_POLL_SECONDS = 0.01
_LOG_LIMIT_BYTES = 16 * 1024 * 1024
_PROC = Path("/proc/self/cmdline").exists()
_FAST, _IMMEDIATE = signal.SIGINT, signal.SIGQUIT


@dataclass(frozen=True)
class Postmaster:
    """A server that lives, as its `postmaster.pid` describes it."""

    pid: int
    port: int
    socket_directory: Path
    status: str
    """`starting`, `ready` or `stopping`."""

    @property
    def reachable(self) -> bool:
        """Whether its socket is still there: cleaners of temporary directories take them away."""
        return (self.socket_directory / f".s.PGSQL.{self.port}").is_socket()


def find_postmaster(pgdata: Path) -> Postmaster | None:
    """Return the server that runs on this directory; None where its file is absent, stale or half written."""
    try:
        lines = (pgdata / "postmaster.pid").read_text().splitlines()
        pid, port, sockets, status = int(lines[0]), int(lines[3]), Path(lines[4]), lines[7].strip()
    except (FileNotFoundError, IndexError, ValueError):
        return None
    return Postmaster(pid, port, sockets, status) if _serves(pid, pgdata) else None


def spawn(
    account: Account, pgdata: Path, socket_directory: Path, port: int, log: Path
) -> "subprocess.Popen[bytes]":
    """Start a server as our child, in a session of its own, where no Ctrl-C meant for us reaches it."""
    _disown_stale_pid_file(account, pgdata)
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_name(log.name + ".1"))
    directory = '"' + str(socket_directory).replace('"', '""') + '"'
    _remove_stale_socket_locks(socket_directory, pgdata)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        if os.geteuid() == 0:
            home = log.parent.stat()
            os.fchown(descriptor, home.st_uid, home.st_gid)
        return subprocess.Popen(
            account.command(account.binaries.postgres, "-D", str(pgdata), "-p", str(port), "-k", directory),
            cwd="/",
            env=account.environment,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
            **account.identity,
        )
    finally:
        os.close(descriptor)


def wait_until_ready(
    pgdata: Path, child: "subprocess.Popen[bytes] | None", timeout: float
) -> Postmaster | None:
    """Wait for the server, our child or one that runs; None when it ended instead. Raises PostgresFailed."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        found = find_postmaster(pgdata)
        if found and found.status == "ready" and (child is None or child.pid == found.pid):
            return found
        if child is None and found is None:
            return None
        if child is not None and child.poll() is not None:
            return None
        time.sleep(_POLL_SECONDS)
    raise PostgresFailed(f"PostgreSQL was not ready after {timeout:.0f} s; it may still be recovering")


def disown(child: "subprocess.Popen[bytes]") -> None:
    """Let the child go on without us; `subprocess` would warn of one that is dropped alive."""
    child.returncode = 0


def stop(pgdata: Path, child: "subprocess.Popen[bytes] | None", timeout: float) -> None:
    """Stop the server: sessions end, data are written; after `timeout` seconds, at once and unwritten."""
    found = find_postmaster(pgdata)
    pid = found.pid if found else child.pid if child and child.poll() is None else None
    if pid is None:
        return
    for request, patience in ((_FAST, timeout), (_IMMEDIATE, 10.0), (signal.SIGKILL, 10.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, request)
        if _ended(pid, child, patience):
            return
    raise PostgresFailed(f"PostgreSQL (process {pid}) does not stop")


def _ended(pid: int, child: "subprocess.Popen[bytes] | None", patience: float) -> bool:
    if child is not None and child.pid == pid:
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        return True
    deadline = time.monotonic() + patience
    while _alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    if not _PROC:
        return True
    try:
        # A dead process whose parent has not asked for its status yet still has a number.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _serves(pid: int, pgdata: Path) -> bool:
    """Tell whether the process is a server on this data directory: process numbers are used again."""
    if not _alive(pid):
        return False
    if _PROC:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except FileNotFoundError:
            return False
        return os.fsencode(pgdata) in words
    shown = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return str(pgdata) in shown.stdout


def _disown_stale_pid_file(account: Account, pgdata: Path) -> None:
    """Let PostgreSQL see that a leftover `postmaster.pid` is stale although its number is in use again.

    PostgreSQL takes any living process of that number for a server, save its own parent. So the number
    becomes ours, and the rest of the file stays: by it PostgreSQL tells whether processes of a killed server
    still use its memory.
    """
    path = pgdata / "postmaster.pid"
    try:
        number, _, rest = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return
    if number.strip().isdigit() and _alive(int(number)) and not _serves(int(number), pgdata):
        content = str(os.getpid()).encode() + b"\n" + rest
        write_durably(path, content, mode=0o600, owner=(account.uid, account.gid))


def _remove_stale_socket_locks(socket_directory: Path, pgdata: Path) -> None:
    """Remove a killed server's lock on its socket where the process number is in use again."""
    for lock in socket_directory.glob(".s.PGSQL.*.lock"):
        number = lock.read_text().partition("\n")[0]
        if number.strip().isdigit() and _alive(int(number)) and not _serves(int(number), pgdata):
            lock.unlink()
