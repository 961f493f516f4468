"""docs/how-to/an-awkward-api.md: its rows, written by psql while the gateway runs, against a wiki of our own."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.docs.documents import ROOT, codes
from tests.docs.reader import Reader, ScriptFailed
from tests.docs.test_add_an_integration import PSQL
from tests.docs.wiki import ACCESS_TOKEN, CSRF_TOKEN, MEMBERS, PATH, wiki
from tests.e2e.upstreams import Received, Upstream

DOCUMENT = "docs/how-to/an-awkward-api.md"
WIKI = "https://test.wikipedia.org"


@pytest.fixture(scope="module")
def connection_id(first_call: Reader, service: Upstream) -> str:
    """The rows are there, and somebody is connected."""
    service.on(PATH, wiki)
    sql = "\n".join(codes(DOCUMENT, "sql"))
    assert f"'{WIKI}/w'" in sql
    first_call.run(PSQL % sql.replace(WIKI, service.url))
    (first_call.directory / "wiki-token.txt").write_text(ACCESS_TOKEN + "\n")
    made = first_call.run(_line("connections create"))
    return str(json.loads(made)["connection_id"])


def test_nothing_but_rows_is_added() -> None:
    sql = "\n".join(codes(DOCUMENT, "sql"))
    assert {statement.split()[0] for statement in sql.split(";") if statement.strip()} == {"INSERT"}
    assert "handler" not in sql


def test_a_wrong_token_is_recognized_under_200(first_call: Reader, connection_id: str) -> None:
    (first_call.directory / "wrong.txt").write_text("wrong\n")
    command = _line("connections create").replace("@wiki-token.txt", "@wrong.txt").replace("Wiki ", "Wrong ")
    with pytest.raises(ScriptFailed, match="authorization headers in your request are not valid"):
        first_call.run(command)


def test_a_page_of_a_list(first_call: Reader, connection_id: str, service: Upstream) -> None:
    answer = _execute(first_call, connection_id, _line("list-category --"))

    assert answer["data"] == MEMBERS[:2]
    assert _last(service).query["cmtitle"] == "Category:Physics"
    assert _last(service).query["cmtype"] == "page|subcat"
    assert "category" not in _last(service).query


def test_all_pages_of_it(first_call: Reader, connection_id: str, service: Upstream) -> None:
    before = len(service.received(PATH))
    (curl,) = [code for code in codes(DOCUMENT, "sh") if code.startswith("curl")]

    answer = _execute(first_call, connection_id, curl)

    assert answer["data"] == MEMBERS
    assert {name: answer["meta"][name] for name in ("pages", "truncated")} == {"pages": 3, "truncated": False}
    assert '"pages": 3, "truncated": false' in _text()
    asked = [one.query.get("cmcontinue") for one in service.received(PATH)[before:]]
    assert asked == [None, "page|2", "page|4"]


def test_fewer_pages_than_there_are(first_call: Reader, connection_id: str) -> None:
    (curl,) = [code for code in codes(DOCUMENT, "sh") if code.startswith("curl")]

    answer = _execute(first_call, connection_id, curl.replace('\\"max_pages\\": 10', '\\"max_pages\\": 2'))

    assert answer["data"] == MEMBERS[:4]
    assert answer["meta"]["truncated"] is True


def test_a_change_in_the_bytes_that_the_document_shows(
    first_call: Reader, connection_id: str, service: Upstream
) -> None:
    token = _execute(first_call, connection_id, _line("get-token"))["data"]
    assert token == CSRF_TOKEN

    answer = _execute(first_call, connection_id, _edit(token))

    assert answer["data"] == {"result": "Success", "pageid": 7, "title": "Sandbox", "newrevid": 42}
    request_line, _, body = codes(DOCUMENT, "http")[0].partition("\n")
    shown = body.strip().split("\n\n")[1].replace("token=TOKEN", "token=d41d8cd98f00b204%2B%5C")
    received = _last(service)
    assert received.body.decode() == shown
    method, url = request_line.split(" ")
    assert (received.method, received.path) == (method, urlsplit(url).path)
    assert received.query == dict(parse_qsl(urlsplit(url).query))


def test_the_wikis_own_words_where_it_says_no(first_call: Reader, connection_id: str) -> None:
    command = _edit("worn-out").replace("portway execute", "! portway execute") + " 2>&1"
    said = first_call.run(_named(command, connection_id))
    shown = json.loads(codes(DOCUMENT, "json")[0])
    assert shown["detail"] in said

    rows = [json.loads(line) for line in first_call.run("portway logs --json").splitlines()]
    (row,) = [row for row in rows if row["error_code"] == "upstream_error" and "badtoken" in json.dumps(row)]
    assert (row["status"], row["status_code"]) == ("error", shown["upstream"]["status_code"])
    assert row["response_payload"] == shown["upstream"]["body"]
    assert row["request_payload"]["csrf_token"] == "[redacted]"


def test_a_check_box_is_not_unchecked_by_false(first_call: Reader, connection_id: str) -> None:
    with pytest.raises(ScriptFailed, match="/parameters/minor"):
        _execute(first_call, connection_id, _edit("x").replace('"minor": true', '"minor": false'))


def _execute(reader: Reader, connection_id: str, command: str) -> dict[str, Any]:
    answer = json.loads(reader.run(_named(command, connection_id)))
    assert answer["status"] == "success"
    return dict(answer)


def _named(command: str, connection_id: str) -> str:
    assert "CONNECTION_ID" in command
    return f'export PORTWAY_URL="$GATEWAY"\n{command.replace("CONNECTION_ID", connection_id)}'


def _line(words: str) -> str:
    """The one-line command that has these words in it."""
    (found,) = [line for code in codes(DOCUMENT, "sh") for line in code.splitlines() if words in line]
    return found


def _edit(token: str) -> str:
    (code,) = [code for code in codes(DOCUMENT, "sh") if "edit-page" in code]
    return code.partition("\n")[2].strip().replace('"TOKEN"', json.dumps(token))


def _last(service: Upstream) -> Received:
    return service.received(PATH)[-1]


def _text() -> str:
    return (ROOT / DOCUMENT).read_text(encoding="utf-8")
