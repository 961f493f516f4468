"""Somebody who types what the documents say into a shell."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.docs.documents import Block

_PATIENCE_SECONDS = 120.0
_END = "the script has ended"
# The gateway runs until our end of standard input is closed, or a line of the script has failed.
_BEFORE = "set -euo pipefail\ntrap 'kill $(jobs -p) && wait' EXIT\n"
_AFTER = f'\ndeclare -px >environment\necho "{_END}" >end\nread -r || true\n'


class ScriptFailed(Exception):
    """A line of a document does not work; the message is all that was printed."""


class Reader:
    """Runs shell and Python code in one shell, and keeps what it started until the block ends.

    `substitutions` is all that is changed in the code: the reader's own place, not the document's.
    """

    def __init__(
        self, directory: Path, substitutions: Mapping[str, str], variables: Mapping[str, str]
    ) -> None:
        self.directory = directory
        self.output = ""
        self._substitutions = substitutions
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PORTWAY_")},
            # As the activated .venv has it.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **variables,
        }
        self._shell: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the reader

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shell is not None and self._shell.stdin is not None:
            self._shell.stdin.close()
            self._shell.wait(60)
        self._log.close()

    def follow(self, blocks: Sequence[Block]) -> None:
        """Runs the blocks one after another. Raises ScriptFailed."""
        script = _BEFORE + "\n".join(_shell_code(block) for block in blocks) + _AFTER
        for written, meant in self._substitutions.items():
            assert written in script, f"the document does not say {written!r} any more"
            script = script.replace(written, meant)
        self._shell = subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.directory,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self._wait(self._shell)
        self.output = self._printed()

    def run(self, code: str, **variables: str) -> str:
        """Runs a piece of shell code that ends, with what the first script exported; its standard output."""
        done = subprocess.run(
            ["bash", "-c", f"set -euo pipefail\n. ./environment\n{code}"],
            cwd=self.directory,
            env=self._environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_SECONDS,
        )
        if done.returncode != 0:
            raise ScriptFailed(f"{code}\n{done.stdout}{done.stderr}")
        return done.stdout

    def _wait(self, shell: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not (self.directory / "end").exists():
            if shell.poll() is not None:
                raise ScriptFailed(self._printed())
            assert time.monotonic() < deadline, self._printed()
            time.sleep(0.05)

    def _printed(self) -> str:
        descriptor = self._log.fileno()
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode()


def _shell_code(block: Block) -> str:
    if block.language == "python":
        return f"python3 - <<'PYTHON'\n{block.code}PYTHON\n"
    assert block.language == "sh", block.language
    return block.code
