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
    assert table[0].split() == ["SLUG", "NAME", "CATEGORY", "AUTH", "TYPE", "FACTS", "ACTIONS"]
    assert len(table) == len(listed) + 1
    slack = listed["slack"]
    stated = len(slack["checked_facts"]) + len(slack["unverified_facts"])
    row = next(line for line in table if line.startswith("slack "))
    assert f"{len(slack['checked_facts'])} of {stated}" in row


def test_a_category_alone(portway: Portway) -> None:
    listed = portway("catalog", "list", "--category", "email", "--json").json
    assert {entry["category"] for entry in listed} == {"email"}
    assert "gmail" in {entry["slug"] for entry in listed}
    stats = portway("catalog", "list", "--category", "email", "--stats", "--json").json
    assert stats["integrations"] == len(listed)
    assert list(stats["categories"]) == ["email"]
    assert "there are ai, " in portway("catalog", "list", "--category", "magic", status=1).complaint


def test_the_stats(portway: Portway) -> None:
    stats = portway("catalog", "list", "--stats", "--json").json
    listed = portway("catalog", "list", "--json").json
    actions = [slug for entry in listed for slug in entry["actions"]]
    assert stats["integrations"] == len(listed)
    assert stats["actions"] == len([slug for slug in actions if slug != "http-request"])
    assert stats["handlers"] >= 2
    assert stats["handler_share"] == round(stats["actions_with_handler"] / stats["actions"], 4)
    assert stats["curated"] == len([entry for entry in listed if entry["actions"]])
    assert stats["facts"]["checked"] == sum(len(entry["checked_facts"]) for entry in listed)
    assert stats["facts"]["unverified"] == sum(len(entry["unverified_facts"]) for entry in listed)
    for counted in ("integrations", "curated", "actions", "actions_with_handler"):
        assert stats[counted] == sum(each[counted] for each in stats["categories"].values()), counted
    assert str(stats["actions"]) in portway("catalog", "list", "--stats").output


def test_the_shipped_catalog_has_no_fault(portway: Portway) -> None:
    lines = portway("catalog", "validate").messages.splitlines()
    assert lines[-1].endswith("no fault.")
    assert any(
        line.startswith("gmail: ") and "with google:gmail.v1, 0 deviation(s)" in line for line in lines
    )
    assert f"{len([line for line in lines if ' action(s) with ' in line])} integration(s) name" in lines[-2]


def test_a_vendor_check_with_an_unknown_member_is_refused(portway: Portway, tmp_path: Path) -> None:
    folder = definition(tmp_path) / "weather"
    (folder / "vendor.yaml").write_text("document: google:tasks.v1\nserver: x\n")
    refused = portway("catalog", "validate", str(tmp_path), status=1).complaint
    assert "vendor.yaml" in refused
    assert "server" in refused


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
