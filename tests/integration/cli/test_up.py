"""The life of `portway up` and `portway serve`: real processes, as a terminal or a service manager runs them."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls, EmbeddedPostgres
from tests.integration.cli.conftest import Portway

# A busy machine takes its time to import everything in each process.
_PATIENCE_SECONDS = 120.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return found


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PORTWAY_")} | more


class Program:
    """A `portway` process, whose messages are read as they come."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "portway", *arguments],
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.messages: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.messages.extend(iter(self.process.stderr.readline, ""))

    def said(self, words: str) -> str:
        """Waits for a message with these words in it."""
        found = until(
            lambda: (
                [line for line in list(self.messages) if words in line] or self.process.poll() is not None
            ),
            f"{words!r} in {self.messages}",
        )
        assert isinstance(found, list), self.messages
        return str(found[0]).strip()

    def workers(self) -> list[int]:
        """Process ids of the servers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children if b"portway.cli.server.worker" in command_line(int(pid))]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends a signal and returns the exit status."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        status = self.process.wait(_PATIENCE_SECONDS)
        self._reader.join()
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.process.stdout.close()
        self.process.stderr.close()
        return status


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    except (FileNotFoundError, ProcessLookupError):
        return b""


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    started: list[Program] = []
    yield started
    for program in started:
        if program.process.poll() is None:
            program.process.terminate()
        program.ended()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="pw-up-"))
    yield path / "data"
    EmbeddedPostgres(path / "data").stop()
    shutil.rmtree(path)


def run_alone(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "portway", *arguments],
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_SECONDS,
    )


def status_of(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


class SlowService(ThreadingHTTPServer):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _SlowAnswer)
        self.called = threading.Event()
        self.may_answer = threading.Event()


class _SlowAnswer(BaseHTTPRequestHandler):
    server: SlowService

    def do_GET(self) -> None:
        self.server.called.set()
        self.server.may_answer.wait(_PATIENCE_SECONDS)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"slow": true}')

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@pytest.fixture
def service() -> Iterator[SlowService]:
    with SlowService() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.may_answer.set()
        server.shutdown()
        thread.join()


def connect_service(portway: Portway, service: SlowService, directory: Path) -> Callable[[str], Any]:
    """Somebody with a key and a connection to the service, made by commands beside the server.

    Returns what executes the service's action at a gateway's URL.
    """
    at = ("--data-dir", str(directory))
    with psycopg.connect(portway("db", "url", "--admin", *at).output.strip()) as connection:
        connection.execute(
            "INSERT INTO integrations (name, slug, base_url, auth_type) VALUES ('Slow', 'slow', %s, 'none')",
            [f"http://127.0.0.1:{service.server_address[1]}"],
        )
        connection.execute(
            "INSERT INTO actions (integration_id, name, slug, http_method, endpoint_path)"
            " SELECT id, 'Wait', 'wait', 'GET', '/wait' FROM integrations WHERE slug = 'slow'"
        )
    ann = portway("users", "create", "ann@example.com", *at).json
    user = ("--user", "ann@example.com")
    key = portway("keys", "create", *user, *at).json["api_key"]
    made = portway("connections", "create", *user, "--integration", "slow", "--name", "S", *at).json
    body = {**made, "workspace_id": ann["workspace_id"], "action": "wait", "parameters": {}}

    def execute(url: str) -> Any:
        request = urllib.request.Request(
            f"{url}/api/v2/execute",
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as response:
            return json.load(response)

    return execute


def test_from_the_first_start_to_a_stop_that_cuts_nothing_off(
    portway: Portway, data_dir: Path, programs: list[Program], service: SlowService
) -> None:
    port = free_port()
    options = ("up", "--data-dir", str(data_dir), "--port", str(port), "--workers", "2")
    up = Program(*options, PORTWAY_ALLOW_PRIVATE_NETWORKS="127.0.0.0/8", PORTWAY_JWT_SECRET="s" * 40)
    programs.append(up)
    url = f"http://127.0.0.1:{port}"
    assert up.said(f"{url}/set-up#token=").startswith(f"{url}/set-up#token=")
    assert f"Portway serves {url}" in "".join(up.messages)
    assert status_of(port, "/readyz") == 200

    # No server process knows what only the owner may.
    workers = up.workers()
    assert len(workers) == 2
    for worker in workers:
        told = Path(f"/proc/{worker}/environ").read_bytes()
        assert b"portway_app:" in told
        assert b"portway_owner" not in told
        assert b"PORTWAY_JWT_SECRET" not in told

    # The directory and the port are taken.
    second = run_alone("up", "--data-dir", str(data_dir), "--port", str(free_port()))
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr.startswith(f"portway: the data directory {data_dir} is in use by process")
    assert second.stderr.count("\n") == 1
    elsewhere = run_alone("up", "--data-dir", f"{data_dir}-other", "--port", str(port))
    assert elsewhere.returncode == 1
    assert elsewhere.stderr == (
        f"portway: port {port} of 127.0.0.1 is in use: stop that program, or choose another port with --port\n"
    )
    assert not Path(f"{data_dir}-other").exists()

    # A worker that dies is replaced.
    os.kill(workers[0], signal.SIGKILL)
    up.said("starting another")
    until(lambda: len(up.workers()) == 2, "two workers")

    # What is in flight when it is told to stop comes to its end.
    execute = connect_service(portway, service, data_dir)
    with ThreadPoolExecutor() as pool:
        running = pool.submit(execute, url)
        assert service.called.wait(_PATIENCE_SECONDS)
        up.process.terminate()
        up.said("what is in flight is finished first")
        until(lambda: status_of(port, "/healthz") == 0, "no new requests")
        service.may_answer.set()
        assert running.result()["data"] == {"slow": True}
    assert up.ended() == 0
    assert EmbeddedPostgres(data_dir).running() is None

    # The audit row is complete; the database is started once more to read it.
    row = portway("logs", "--json", "--data-dir", str(data_dir)).json
    assert (row["status"], row["integration"], row["action"]) == ("success", "slow", "wait")


def test_what_a_killed_one_leaves_is_taken_over(
    portway: Portway, data_dir: Path, programs: list[Program]
) -> None:
    port = free_port()
    options = ("up", "--data-dir", str(data_dir), "--port", str(port), "--workers", "1")
    first = Program(*options)
    programs.append(first)
    first.said("set-up#token=")
    [orphan] = first.workers()
    made = portway("users", "create", "ann@example.com", "--data-dir", str(data_dir)).json
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    before = EmbeddedPostgres(data_dir).running()
    assert before is not None

    second = Program(*options)
    programs.append(second)
    second.said("Portway serves")
    until(lambda: not command_line(orphan), "the first one's server ends by itself")
    assert status_of(port, "/readyz") == 200
    assert EmbeddedPostgres(data_dir).running() == before
    with psycopg.connect(before.admin) as connection:
        assert connection.execute("SELECT id::text FROM users").fetchall() == [(made["user_id"],)]

    # PostgreSQL is kept running as well.
    postmaster = int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    second.said("PostgreSQL has ended")
    until(lambda: status_of(port, "/readyz") == 200, f"ready again: {second.messages}")

    assert second.end(signal.SIGINT) == 0
    # There is a user, so nobody is offered the first account.
    assert "set-up" not in "".join(second.messages)
    assert not [
        pid for pid in Path("/proc").glob("[0-9]*") if str(data_dir).encode() in command_line(int(pid.name))
    ]


def test_a_stop_before_it_serves_leaves_nothing(data_dir: Path, programs: list[Program]) -> None:
    up = Program("up", "--data-dir", str(data_dir), "--port", str(free_port()))
    programs.append(up)
    up.said("PostgreSQL runs in")
    assert up.end() == 0
    assert EmbeddedPostgres(data_dir).running() is None


def test_serving_an_existing_database(programs: list[Program], database_urls: DatabaseUrls) -> None:
    port = free_port()
    serve = Program("serve", "--port", str(port), PORTWAY_DATABASE_URL=database_urls.app)
    programs.append(serve)
    serve.said("Portway serves")
    assert status_of(port, "/readyz") == 200
    assert serve.end(signal.SIGINT) == 0


def test_up_with_a_database_of_ones_own_migrates_it(
    programs: list[Program], empty_database_urls: DatabaseUrls
) -> None:
    urls = empty_database_urls
    app = {"PORTWAY_DATABASE_URL": urls.app}
    refused = run_alone("up", "--port", str(free_port()), **app)
    assert refused.returncode == 1
    assert refused.stderr.startswith("portway: the database lacks ")
    refused = run_alone("up", "--port", str(free_port()), PORTWAY_ADMIN_DATABASE_URL=urls.admin)
    assert "PORTWAY_ADMIN_DATABASE_URL is set without PORTWAY_DATABASE_URL" in refused.stderr
    port = free_port()
    up = Program("up", "--port", str(port), **app, PORTWAY_ADMIN_DATABASE_URL=urls.admin)
    programs.append(up)
    up.said("set-up#token=")
    assert status_of(port, "/readyz") == 200
    assert up.end() == 0
    # It is not ours, so it goes on.
    with psycopg.connect(urls.app) as connection:
        assert connection.execute("SELECT count(*) > 3 FROM app.migrations").fetchone() == (True,)
