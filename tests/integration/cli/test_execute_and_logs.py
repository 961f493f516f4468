"""`portway execute` and `portway logs`: over HTTP against a stand-in for the gateway, and from the database."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.cli.conftest import Portway
from tests.people import new_log, new_person

CONNECTION = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
WORKSPACE = "3f2504e0-4f89-11d3-9a0c-0305e82c3302"


class Gateway(ThreadingHTTPServer):
    """Answers what a test tells it to, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, tuple[int, object]] = {}
        self.requests: list[tuple[str, dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: object) -> None:
        self.server.requests.append((self.path, dict(self.headers), body))
        status, answer = self.server.answers[urlsplit(self.path).path]
        content = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"{self.server.url}/elsewhere")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@pytest.fixture
def gateway(plain_environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    with Gateway() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        monkeypatch.setenv("PORTWAY_URL", f"{server.url}/")
        monkeypatch.setenv("PORTWAY_API_KEY", "pw_secret")
        # Whoever sits behind a proxy reaches this machine without it.
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        yield server
        server.shutdown()
        thread.join()


ANSWER = {
    "execution_id": "e",
    "status": "success",
    "status_code": 200,
    "data": {"ok": True},
    "duration_ms": 1.5,
}


def test_the_workspace_is_looked_up(portway: Portway, gateway: Gateway) -> None:
    gateway.answers = {
        f"/api/v2/connections/{CONNECTION}": (200, {"id": CONNECTION, "workspace_id": WORKSPACE}),
        "/api/v2/execute": (200, ANSWER),
    }
    given = ("--parameters", '{"to": "ann@example.com"}', "--idempotency-key", "once")
    assert portway("execute", CONNECTION, "send-email", *given).json == ANSWER
    path, headers, body = gateway.requests[-1]
    assert path == "/api/v2/execute"
    assert headers["Authorization"] == "Bearer pw_secret"
    assert headers["Idempotency-Key"] == "once"
    assert body == {
        "workspace_id": WORKSPACE,
        "connection_id": CONNECTION,
        "action": "send-email",
        "parameters": {"to": "ann@example.com"},
    }


def test_parameters_from_a_file(portway: Portway, gateway: Gateway, tmp_path: Path) -> None:
    gateway.answers = {"/api/v2/execute": (200, ANSWER)}
    file = tmp_path / "parameters.json"
    file.write_text('{"subject": "Grüße"}', encoding="utf-8")
    portway("execute", CONNECTION, "send-email", "--parameters", f"@{file}", "--workspace", WORKSPACE)
    assert [body["parameters"] for _, _, body in gateway.requests] == [{"subject": "Grüße"}]


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ("{", "--parameters: not JSON: "),
        ("[1]", "--parameters: must be a JSON object"),
        ("@/no/such/file", "--parameters: cannot read /no/such/file"),
    ],
)
def test_parameters_that_cannot_be(
    portway: Portway, gateway: Gateway, parameters: str, complaint: str
) -> None:
    refused = portway("execute", CONNECTION, "x", "--parameters", parameters, status=1)
    assert refused.complaint.startswith(complaint)
    assert gateway.requests == []


@pytest.mark.parametrize(
    ("status", "answer", "complaint"),
    [
        (
            422,
            {
                "code": "invalid_parameters",
                "detail": "Refused.",
                "execution_id": "e1",
                "errors": [{"pointer": "/parameters/to/0", "message": "is no address"}],
            },
            "invalid_parameters: Refused.; /parameters/to/0: is no address; execution e1",
        ),
        (
            502,
            {
                "code": "upstream_error",
                "detail": "The service answered 400.",
                "upstream": {"status_code": 400, "body": {"error": "x" * 600}, "headers": {}},
            },
            'upstream_error: The service answered 400.; the service said {"error": "' + "x" * 489 + "...",
        ),
        (404, "<html>not\nfound</html>", "the gateway answered with status 404"),
        (302, "", "the gateway answered with status 302"),
        (200, "[]", "that is no Portway: its answer is not a JSON object"),
    ],
)
def test_a_refusal_in_one_line(
    portway: Portway, gateway: Gateway, status: int, answer: object, complaint: str
) -> None:
    gateway.answers = {"/api/v2/execute": (status, answer)}
    refused = portway("execute", CONNECTION, "send-email", "--workspace", WORKSPACE, status=1)
    assert refused.complaint == complaint
    assert refused.output == ""
    assert len(gateway.requests) == 1, "it was redirected with the key"


def test_what_execute_needs(portway: Portway, monkeypatch: pytest.MonkeyPatch) -> None:
    assert portway("execute", CONNECTION, "x", status=1).complaint.startswith("set PORTWAY_API_KEY")
    monkeypatch.setenv("PORTWAY_API_KEY", "pw_secret")
    monkeypatch.setenv("PORTWAY_URL", "http://127.0.0.1:1")
    refused = portway("execute", CONNECTION, "x", status=1)
    assert refused.complaint.startswith("http://127.0.0.1:1 does not answer: ")
    assert "Invalid value for 'CONNECTION_ID'" in portway("execute", "mine", "x", status=2).complaint


def entry(number: int, **members: object) -> dict[str, object]:
    return {
        "id": f"e{number}",
        "executed_at": f"2026-01-01T00:00:{number:02}Z",
        "status": "success",
        "integration": "slack",
        "action": "send-message",
        "status_code": 200,
        "duration_ms": 12.34,
        "error_code": None,
    } | members


def test_logs_over_http_oldest_first(portway: Portway, gateway: Gateway) -> None:
    failed = entry(1, status="error", error_code="upstream_error", status_code=502)
    gateway.answers = {"/api/v2/logs": (200, {"data": [entry(2), failed], "next_cursor": "more"})}
    lines = portway(
        "logs", "--limit", "2", "--action", "send-message", "--status", "error", "--status", "success"
    ).output.splitlines()
    assert [line.split() for line in lines] == [
        ["2026-01-01T00:00:01Z", "error", "slack/send-message", "502", "12.3", "ms", "e1", "upstream_error"],
        ["2026-01-01T00:00:02Z", "success", "slack/send-message", "200", "12.3", "ms", "e2"],
    ]
    [(path, headers, _)] = gateway.requests
    assert headers["Authorization"] == "Bearer pw_secret"
    assert parse_qs(urlsplit(path).query) == {
        "limit": ["2"],
        "action": ["send-message"],
        "status": ["error", "success"],
        "payloads": ["false"],
    }


def test_logs_over_http_read_as_many_pages_as_asked_for(portway: Portway, gateway: Gateway) -> None:
    gateway.answers = {"/api/v2/logs": (200, {"data": [entry(1)] * 200, "next_cursor": "more"})}
    lines = portway("logs", "--json", "--limit", "450").output.splitlines()
    assert [json.loads(line) for line in lines] == [entry(1)] * 450
    assert len(gateway.requests) == 3
    assert "cursor=more" in gateway.requests[1][0]


def test_logs_from_the_database_show_everybodys(portway: Portway, database: DatabaseUrls) -> None:
    one, other = new_person(database), new_person(database)
    now = datetime.now(UTC)
    first = new_log(database, one, now - timedelta(seconds=2))
    second = new_log(
        database,
        other,
        now - timedelta(seconds=1),
        status="refused",
        error_code="not_found",
        status_code=None,
    )
    shown = [json.loads(line) for line in portway("logs", "--json").output.splitlines()]
    assert [row["id"] for row in shown] == [str(first), str(second)]
    assert shown[1]["error_code"] == "not_found"
    assert shown[1]["workspace_id"] == str(other.workspace_id)
    assert shown[1]["request_payload"] == {"q": 1}
    refused = portway("logs", "--status", "refused").output.split()
    assert refused[1:] == ["refused", "-", "-", "10.0", "ms", str(second), "not_found"]
    assert portway("logs", "--limit", "1", "--json").json["id"] == str(second)
    assert portway("logs", "--action", "send-email").output == ""
