"""Runs `portway up` for the demonstration, and sees to it that nothing of it stays behind.

`python -m demo.keeper DIRECTORY COMMAND...` runs the command until it ends, or until our standard input does: then
whoever started us is gone, even if by SIGKILL. Either way the command is stopped, then PostgreSQL where the command
left it running, and the directory (with the data in `DIRECTORY/data`) is removed.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

# Between one SIGTERM and the next: the first lets calls in flight finish, the second cuts them off.
_PATIENCE_SECONDS = 5.0
_LAST_SECONDS = 60.0


def main() -> int:
    """Runs the command and returns its exit status."""
    directory, command = Path(sys.argv[1]), sys.argv[2:]
    # A service manager sends these to every process it finds; whoever started us decides. No SIG_IGN, which the
    # command would inherit.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        threading.Thread(target=_stop_in_time, args=[child], daemon=True).start()
        return child.wait()
    finally:
        _stop_postgres(directory / "data")
        shutil.rmtree(directory, ignore_errors=True)


def _stop_in_time(child: subprocess.Popen[bytes]) -> None:
    # Not through sys.stdin, whose lock this thread would still hold when the interpreter ends.
    while os.read(0, 1):
        pass
    for patience in (_PATIENCE_SECONDS, _LAST_SECONDS):
        child.terminate()
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        return
    child.kill()


def _stop_postgres(data_dir: Path) -> None:
    if not (data_dir / "postgres" / "postmaster.pid").exists():
        return
    # Hardly ever needed, and half a second that the start would have to wait for.
    from portway.infrastructure.embedded_postgres import EmbeddedPostgres  # noqa: PLC0415

    server = EmbeddedPostgres(data_dir)
    if server.running():
        server.start()
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
