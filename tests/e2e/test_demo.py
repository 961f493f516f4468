"""`make demo`: the tour succeeds on real processes, shows no secret, and leaves nothing behind."""

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from demo.__main__ import STEPS

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 60.0


@dataclass
class Demo:
    """A demonstration in its own temporary directory, its processes marked by a variable."""

    directory: Path
    process: subprocess.Popen[str]
    mark: str
    output: str = field(default="", repr=False)
    secrets: set[str] = field(default_factory=set, repr=False)

    def read_until(self, text: str) -> None:
        """Reads its output until a line has `text`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line
            if text in line:
                return
        raise AssertionError(f"it ended without saying {text!r}:\n{self.output}")

    def read_to_the_end(self) -> int:
        """Reads the rest of its output; its exit status."""
        assert self.process.stdout is not None
        self.output += self.process.stdout.read()
        return self.process.wait(STOP_SECONDS)

    def processes(self) -> list[tuple[int, str]]:
        """What runs on its behalf, whoever its parent is by now."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                command = (entry / "cmdline").read_bytes()
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if self.mark.encode() in environment or str(self.directory).encode() in command:
                found.append((int(entry.name), command.replace(b"\0", b" ").decode(errors="replace")))
        return found

    def learn_secrets(self) -> None:
        """From the environment of its processes: the OAuth clients' secrets, the database's passwords."""
        for number, _ in self.processes():
            try:
                environment = Path(f"/proc/{number}/environ").read_text(encoding="utf-8")
            except OSError:
                continue
            for name, _, value in (entry.partition("=") for entry in environment.split("\0")):
                if name.endswith("_CLIENT_SECRET"):
                    self.secrets.add(value)
                elif name.startswith("PORTWAY_") and (password := urlsplit(value).password):
                    self.secrets.add(password)

    def assert_nothing_is_left(self, patience: float = 0.0) -> None:
        """No process of it, and no file."""
        deadline = time.monotonic() + patience
        while (left := (self.processes(), list(self.directory.iterdir()))) != ([], []):
            assert time.monotonic() < deadline, left
            time.sleep(0.2)


Start = Callable[..., Demo]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts demonstrations; what they leave running is killed in the end."""
    begun: list[Demo] = []

    def begin(*arguments: str, **environment: str) -> Demo:
        # Not pytest's own temporary directory, which PostgreSQL's user could not pass.
        directory = Path(tempfile.mkdtemp(prefix="demo-test-"))
        directory.chmod(0o711)
        mark = secrets.token_hex(8)
        process = subprocess.Popen(
            [sys.executable, *(arguments or ("-m", "demo"))],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(directory), "DEMO_TEST": mark, "DEMO_PORT": "0", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        begun.append(Demo(directory, process, mark))
        return begun[-1]

    yield begin
    for demo in begun:
        demo.process.kill()
        demo.process.communicate()
        for number, _ in demo.processes():
            os.kill(number, signal.SIGKILL)
        shutil.rmtree(demo.directory, ignore_errors=True)


def test_the_tour_succeeds_shows_no_secret_and_leaves_nothing(start: Start) -> None:
    demo = start(DEMO_EXIT="1")
    demo.read_until("Sign up")
    demo.learn_secrets()
    assert demo.read_to_the_end() == 0, demo.output
    demo.assert_nothing_is_left()

    titles = [f"{number:2}  {title}" for number, (title, _) in enumerate(STEPS, start=2)]
    places = [demo.output.index(f"\n{title}\n") for title in titles]
    assert places == sorted(places)
    assert demo.output.count("    ✓ ") >= len(titles)
    assert demo.output.count("    audit  executed_at ") >= 8
    assert "✗" not in demo.output
    assert "\x1b" not in demo.output
    assert_shows_no_secret(demo)


def assert_shows_no_secret(demo: Demo, *allowed: str) -> None:
    assert len(demo.secrets) >= 3
    assert not [secret for secret in demo.secrets if secret in demo.output]
    # Tokens, keys and codes of whatever origin: long words of letters and digits mixed at random, and not cut.
    words = set(re.findall(r"[A-Za-z0-9_-]{24,}(?![A-Za-z0-9_…-])", demo.output))
    suspects = {word for word in words if re.search("[a-z]", word) and re.search("[A-Z]", word)}
    assert {word for word in suspects if re.search("[0-9]", word)} <= set(allowed)
    assert not re.search(r"xox[a-z]-|eyJ|://[^/\s]*:[^/\s]*@", demo.output)


def test_it_serves_until_it_is_told_to_stop(start: Start) -> None:
    demo = start()
    demo.read_until("goes on serving")
    demo.read_until("-d '{")
    key = re.findall(r"pw_\S{20,}", demo.output)[0].rstrip("'")
    url = re.findall(r"curl (\S+)", demo.output)[0]
    body = json.loads(re.findall(r"-d '(.*)'", demo.output)[0])

    request = urllib.request.Request(
        url,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as response:
        assert json.load(response)["data"]["message"]["text"] == body["parameters"]["text"]
    demo.learn_secrets()
    email, password = re.findall(r"sign in as (\S+) with the password (\S+)\)", demo.output)[0]
    sign_in = urllib.request.Request(
        f"{url.partition('/api/')[0]}/api/v2/auth/sign-in",
        data=json.dumps({"email": email, "password": password}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sign_in, timeout=30) as response:
        assert json.load(response)["user"]["email"] == email

    demo.process.send_signal(signal.SIGINT)
    assert demo.read_to_the_end() == 0, demo.output
    demo.assert_nothing_is_left()
    assert_shows_no_secret(demo, key, password)


def test_nothing_survives_its_sudden_death(start: Start) -> None:
    demo = start()
    demo.read_until("Sign up")
    assert len(demo.processes()) > 5
    demo.process.kill()
    demo.process.wait()
    demo.assert_nothing_is_left(patience=STOP_SECONDS)


FAILING = """
import sys
from demo import __main__ as demo
from demo.api import check
demo.STEPS = (("Break", lambda tour: check(False, f"it broke with {tour.password}")),)
sys.exit(demo.main())
"""


def test_a_step_that_fails_is_explained_and_everything_stopped(start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo = start("-c", FAILING, DEMO_PORT=str(port))
        assert demo.read_to_the_end() == 1, demo.output
    assert f"Port {port} is taken, so another one is used." in demo.output
    assert "✗ it broke with [hidden]\n" in demo.output
    assert re.search(r"The end of the gateway's log\n  \| PostgreSQL runs in ", demo.output)
    assert not re.search(r"token=\w", demo.output)
    demo.assert_nothing_is_left()


BROKEN = """
import sys
from demo import __main__ as demo, gateway
gateway.WORKERS = 0
sys.exit(demo.main())
"""


def test_a_gateway_that_does_not_start_is_explained(start: Start) -> None:
    demo = start("-c", BROKEN)
    assert demo.read_to_the_end() == 1
    assert "✗ `portway up` ended before it served; its log below says why\n" in demo.output
    # The program's own words, and nothing of the keeper's.
    assert re.search(r"The end of the gateway's log\n(  \| .*\n)*  \| portway: .*--workers", demo.output)
    assert "Fatal" not in demo.output
    demo.assert_nothing_is_left()
