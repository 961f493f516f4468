"""docs/how-to/connect-links.md: its commands, and a person who follows the links."""

import json
import urllib.request
from typing import Any

import pytest

from tests.docs.documents import codes
from tests.docs.reader import Reader

DOCUMENT = "docs/how-to/connect-links.md"
ADDRESS = "http://127.0.0.1:8000"


def _commands() -> list[str]:
    return [command.replace(ADDRESS, "$GATEWAY") for command in codes(DOCUMENT, "sh")]


def _answer(reader: Reader, command: str, **variables: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(reader.run(command, **variables))
    return answer


def _follow(url: str) -> str:
    """Presses the page's only button; httpbin wants no credential."""
    with urllib.request.urlopen(url, timeout=30) as page:
        assert "Connect HTTPBin" in (text := page.read().decode()) or "Reconnect HTTPBin" in text
    with urllib.request.urlopen(url, data=b"", timeout=30) as page:
        return str(page.read().decode())


@pytest.fixture(scope="module")
def link(first_call: Reader) -> dict[str, Any]:
    made = _answer(first_call, _commands()[0])
    assert made["status"] == "ready"
    return made


def test_a_person_connects_and_the_maker_knows(first_call: Reader, link: dict[str, Any]) -> None:
    _, show, list_connections, reconnect, end = _commands()
    assert "HTTPBin is connected" in _follow(link["url"])

    shown = _answer(first_call, f"LINK={link['id']}\n{show}")
    assert shown["status"] == "used"
    (connection,) = _answer(first_call, list_connections)["data"]
    assert connection["id"] == shown["connection_id"]

    again = _answer(first_call, f"CONNECTION={connection['id']}\n{reconnect}")
    assert (again["reconnect"], again["end_user_id"]) == (True, "customer-7")
    assert "HTTPBin is connected" in _follow(again["url"])

    other = _answer(first_call, f"CONNECTION={connection['id']}\n{reconnect}")
    first_call.run(f"LINK={other['id']}\n{end}")
    assert _answer(first_call, f"LINK={other['id']}\n{show}")["status"] == "revoked"
