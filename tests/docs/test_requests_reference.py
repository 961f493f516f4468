"""docs/reference/requests.md: every example is true, and no place, style, encoding or member lacks one."""

import json
import re
from dataclasses import dataclass, replace
from typing import Any, get_args

import pytest

from portway.application.language import transform_config
from portway.application.language.transform_config import Location, QueryDefaults
from portway.application.ports.http import OutgoingRequest
from portway.application.requests.parameter_styles import (
    COOKIE_STYLES,
    HEADER_STYLES,
    PATH_STYLES,
    QUERY_STYLES,
)
from portway.application.requests.request_builder import build_request, check_request_building
from portway.domain.errors import InvalidIntegrationConfig, InvalidParameters
from tests.docs.documents import ROOT, blocks
from tests.unit.application.rows import an_action, an_integration

DOCUMENT = "docs/reference/requests.md"
TEXT = (ROOT / DOCUMENT).read_text(encoding="utf-8")
ORIGIN = "https://api.example.com"
BODIES = {kind.__struct_config__.tag: kind for kind in get_args(transform_config.Body)}
STYLES = {
    "path": PATH_STYLES,
    "query": QUERY_STYLES,
    "header": HEADER_STYLES,
    "cookie": COOKIE_STYLES,
    "body": QUERY_STYLES,
}


@dataclass(frozen=True)
class Example:
    """A row with parameters, and what comes of it: a request as text, or what is wrong."""

    row: dict[str, Any]
    outcome: str | dict[str, Any]

    @property
    def says(self) -> dict[str, Any]:
        document: dict[str, Any] = self.row.get("transform_config", {})
        return document

    def locations(self) -> list[dict[str, Any]]:
        """Those of the row, each as an object."""
        said = self.says.get("locations", {}).values()
        return [{"in": location} if isinstance(location, str) else location for location in said]


def _examples() -> list[Example]:
    found = blocks(DOCUMENT)
    rows, outcomes = found[::2], found[1::2]
    assert len(rows) == len(outcomes)
    return [
        Example(
            json.loads(row.code), outcome.code if outcome.language == "http" else json.loads(outcome.code)
        )
        for row, outcome in zip(rows, outcomes, strict=True)
    ]


EXAMPLES = _examples()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: json.dumps(example.row)[:60])
def test_the_example_is_true(example: Example) -> None:
    assert _outcome(example.row) == example.outcome


def test_every_place_is_described_and_has_an_example() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| ", _section("Places").partition("\n| member")[0], re.M)) == set(
        STYLES
    )
    assert {location["in"] for example in EXAMPLES for location in example.locations()} == set(STYLES)


def test_every_style_is_described_and_has_an_example_in_each_place() -> None:
    described = re.findall(r"^\| `(\w+)` \| ([a-z, ]+) \|", _section("Styles"), re.M)
    places = {
        style: set(where.split(", ")) if where != "everywhere" else set(STYLES) for style, where in described
    }
    assert places == {
        style: {place for place, styles in STYLES.items() if style in styles}
        for style in get_args(transform_config.Style)
    }
    used = {
        (location["in"], location["style"])
        for example in EXAMPLES
        for location in example.locations()
        if "style" in location
    }
    used |= {("query", example.says.get("query", {}).get("style")) for example in EXAMPLES}
    used |= {("body", example.says.get("body", {}).get("style")) for example in EXAMPLES}
    missing = {(place, style) for place, styles in STYLES.items() for style in styles} - used
    assert not missing


@pytest.mark.parametrize("encoding", BODIES)
def test_every_encoding_is_described_and_has_an_example(encoding: str) -> None:
    members = _members(BODIES[encoding])
    section = _section("Bodies")
    assert f"| [`{encoding}`](#" in section
    described = section.partition(f"\n### `{encoding}`\n")[2].partition("\n### ")[0]
    assert _listed(described) == members
    used = {
        name
        for example in EXAMPLES
        if (body := example.says.get("body", {})).get("encoding") == encoding
        and isinstance(example.outcome, str)
        for name in body
    }
    assert used >= members - {"explode"}
    assert "encoding" in used


def test_every_member_is_described_and_has_an_example() -> None:
    assert _listed(_section("Places").partition("\n| member")[2]) == _members(Location)
    used = {name for example in EXAMPLES for location in example.locations() for name in location}
    assert used == _members(Location)
    queries = [
        example.row.get(row, {}).get("query", {})
        for example in EXAMPLES
        for row in ("integration", "transform_config")
    ]
    assert {name for query in queries for name in query} == _members(QueryDefaults)
    used = {name for example in EXAMPLES for name in example.says}
    assert used == {"locations", "query", "headers", "body"}


def test_the_links_from_the_table_of_members_lead_somewhere() -> None:
    rows = (ROOT / "docs/reference/integration-rows.md").read_text(encoding="utf-8")
    for anchor in set(re.findall(r"\(requests\.md#([\w-]+)\)", rows)):
        assert re.search(rf"^## {anchor}$", TEXT, re.M | re.I)


def _outcome(row: dict[str, Any]) -> str | dict[str, Any]:
    method, _, path = row["action"].partition(" ")
    integration = replace(an_integration(f"{ORIGIN}/v1"), transform_config=row.get("integration", {}))
    action = replace(
        an_action(method, path, transform_config=row.get("transform_config", {})), slug="example"
    )
    try:
        check_request_building(integration, action)
        return _written(build_request(integration, action, row["parameters"], row.get("config", {})))
    except InvalidParameters as error:
        return {"faults": [{"pointer": fault.pointer, "message": fault.message} for fault in error.faults]}
    except InvalidIntegrationConfig as error:
        return {"code": error.code, "detail": error.detail}


def _written(request: OutgoingRequest) -> str:
    """The request as the document writes it: lines end as in text, and a boundary is a short one."""
    head = [f"{request.method} {request.url.removeprefix(ORIGIN)} HTTP/1.1"]
    head += (f"{name}: {value}" for name, value in sorted(request.headers.items()))
    body = request.body or b""
    assert isinstance(body, bytes)
    text = "\n".join(head) + (f"\n\n{body.decode()}" if body else "")
    return re.sub(r"portway-[0-9a-f]{32}", "portway-0", text).replace("\r\n", "\n").rstrip("\n") + "\n"


def _section(name: str) -> str:
    return TEXT.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def _listed(text: str) -> set[str]:
    """The members in the first column of a table of members."""
    rows = re.findall(r"^\| (`[^|]+`) \|[^|]*\|[^|]*\|$", text, re.M)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def _members(kind: Any) -> set[str]:
    return set(kind.__struct_encode_fields__)
