"""`portway catalog`."""

from pathlib import Path

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.cli.conftest import Portway
from tests.people import as_owner

INTEGRATION = """\
slug: weather
name: Weather
base_url: https://weather.example
auth_type: api_key
auth_config: {credential_placement: [{in: header, name: X-Key, value: "{api_key}"}]}
"""
ACTIONS = """\
- slug: forecast
  name: Forecast
  http_method: GET
  endpoint_path: /forecast
  request_schema:
    type: object
    additionalProperties: false
    properties: {city: {type: string}}
    examples: [{city: Oslo}]
- slug: http-request
  name: Any request
  http_method: GET
  endpoint_path: /
  request_schema: {type: object, examples: [{}]}
"""


def definition(directory: Path, actions: str = ACTIONS) -> Path:
    folder = directory / "weather"
    folder.mkdir(exist_ok=True)
    (folder / "integration.yaml").write_text(INTEGRATION)
    (folder / "actions.yaml").write_text(actions)
    return directory


def test_the_shipped_catalog_is_listed_without_a_database(portway: Portway) -> None:
    listed = {entry["slug"]: entry for entry in portway("catalog", "list", "--json").json}
    assert {"gmail", "slack"} <= listed.keys()
    assert "send-email" in listed["gmail"]["actions"]
    table = portway("catalog", "list").output.splitlines()
    assert table[0].split() == ["SLUG", "NAME", "AUTH", "TYPE", "ACTIONS"]
    assert len(table) == len(listed) + 1


def test_the_stats(portway: Portway) -> None:
    stats = portway("catalog", "list", "--stats", "--json").json
    listed = portway("catalog", "list", "--json").json
    actions = [slug for entry in listed for slug in entry["actions"]]
    assert stats["integrations"] == len(listed)
    assert stats["actions"] == len([slug for slug in actions if slug != "http-request"])
    assert stats["handlers"] >= 2
    assert str(stats["actions"]) in portway("catalog", "list", "--stats").output


def test_the_shipped_catalog_has_no_fault(portway: Portway) -> None:
    assert portway("catalog", "validate").messages.rstrip().endswith("no fault.")


def test_faults_are_told_with_their_place(portway: Portway, tmp_path: Path) -> None:
    broken = definition(tmp_path, ACTIONS.replace("{city: Oslo}", "{city: 7}"))
    refused = portway("catalog", "validate", str(broken), status=1)
    fault, summary = refused.messages.splitlines()
    assert fault.startswith("weather/forecast: ")
    assert summary == "portway: 1 fault(s) in 1 integration(s) with 1 action(s)"


def test_a_directory_without_definitions_is_refused(portway: Portway, tmp_path: Path) -> None:
    assert "no integration.yaml" in portway("catalog", "validate", str(tmp_path), status=1).complaint


def test_loading_definitions_of_ones_own(portway: Portway, database: DatabaseUrls, tmp_path: Path) -> None:
    told = portway("catalog", "load", str(definition(tmp_path))).messages
    assert "1 integration(s) with 1 action(s); added or changed 1 and 2" in told
    rows = (
        "SELECT i.slug, a.slug, i.shipped FROM integrations AS i JOIN actions AS a ON a.integration_id = i.id"
    )
    assert as_owner(database, rows + " WHERE i.slug = 'weather' ORDER BY 2") == [
        ("weather", "forecast", False),
        ("weather", "http-request", False),
    ]
    assert "added or changed 0 and 0" in portway("catalog", "load", str(tmp_path)).messages


def test_loading_the_shipped_ones(portway: Portway, database: DatabaseUrls) -> None:
    portway("catalog", "load")
    shipped = {entry["slug"] for entry in portway("catalog", "list", "--json").json}
    found = {slug for (slug,) in as_owner(database, "SELECT slug FROM integrations WHERE shipped")}
    assert shipped == found
