"""Programs that tests need and Python's packages do not bring: those on PATH, else Debian's, which root may install."""

import fcntl
import os
import shutil
import socket
import subprocess
from pathlib import Path
from tempfile import gettempdir

import pytest


def program(name: str, package: str) -> str:
    """Its path. The test fails where there is none to be had."""
    found = shutil.which(name)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        # One of the processes that run tests installs it, the others wait.
        with (Path(gettempdir()) / "portway-tests-apt.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = shutil.which(name) or _installed(name, package)
    return found or pytest.fail(f"there is no {name} on PATH, which this test needs: install {package}")


def _installed(name: str, package: str) -> str | None:
    install = ["apt-get", "install", "--yes", "--no-install-recommends", package]
    for command in (install, ["apt-get", "update"], install):
        subprocess.run(
            command,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            check=False,
        )
        if found := shutil.which(name):
            return found
    return None


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
