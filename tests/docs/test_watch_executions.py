"""docs/how-to/watch-executions.md: its commands, on the execution of the first call and those of other guides."""

import csv
import io
import json
from typing import Any

import pytest

from tests.docs.documents import codes
from tests.docs.reader import Reader

DOCUMENT = "docs/how-to/watch-executions.md"


@pytest.fixture(scope="module")
def commands() -> list[str]:
    return [command.replace("http://127.0.0.1:8000", "$GATEWAY") for command in codes(DOCUMENT, "sh")]


def _json(reader: Reader, command: str) -> Any:
    return json.loads(reader.run(command))


def test_executions_are_listed_counted_and_exported(first_call: Reader, commands: list[str]) -> None:
    listing, counting, _, usage, export = commands
    listed = _json(first_call, listing)["data"]
    assert {"success"} == {entry["status"] for entry in listed}
    count = _json(first_call, counting)
    assert count["exact"] is True
    assert count["count"] >= len(listed) >= 2
    counted = _json(first_call, usage)
    assert (counted["time_zone"], counted["previous"]["executions"]) == ("Europe/Berlin", 0)
    assert counted["total"]["executions"] == count["count"]
    assert "HTTPBin" in {group["group"]["name"] for group in counted["groups"]}
    first_call.run(export)
    rows = list(csv.DictReader(io.StringIO((first_call.directory / "executions.csv").read_text())))
    assert len(rows) == count["count"]
    assert any((row["action"], row["integration_name"]) == ("echo", "HTTPBin") for row in rows)


def test_the_stream_begins(first_call: Reader, commands: list[str]) -> None:
    assert first_call.run(commands[2]).startswith("retry: ")


def test_history_is_counted_anew(first_call: Reader) -> None:
    (statement,) = codes(DOCUMENT, "sql")
    first_call.run(f'psql "$(portway db url --admin)" -c "{statement.strip()}"')
