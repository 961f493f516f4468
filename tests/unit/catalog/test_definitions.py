import re
from pathlib import Path
from uuid import UUID

import pytest

from portway.catalog.definitions import load_definitions
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType

INTEGRATION = """
slug: acme
name: Acme
base_url: https://api.acme.example
auth_type: api_key
auth_config: {note: 2026-01-06}
"""
ACTION = """
- slug: get-thing
  name: Get thing
  http_method: GET
  endpoint_path: /things/{id}
  scopes: [read]
  request_schema: {properties: {id: {type: string}}, examples: [{id: a}, 5]}
"""


def write(folder: Path, integration: str = INTEGRATION, actions: str | None = ACTION) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "integration.yaml").write_text(integration)
    if actions is not None:
        (folder / "actions.yaml").write_text(actions)
    return folder


def refused(directory: Path) -> str:
    with pytest.raises(InvalidIntegrationConfig) as error:
        load_definitions(directory)
    return error.value.detail


def test_a_folder_of_folders_is_read(tmp_path: Path) -> None:
    write(tmp_path / "b")
    write(tmp_path / "a", INTEGRATION.replace("slug: acme", "slug: zeta"), None)
    (tmp_path / "c").mkdir()
    first, second = load_definitions(tmp_path)
    assert (first.slug, second.slug, second.actions) == ("acme", "zeta", ())
    assert first.auth_type is AuthType.API_KEY
    assert first.auth_config == {"note": "2026-01-06"}
    assert [action.slug for action in first.actions] == ["get-thing"]
    assert first.actions[0].examples == [{"id": "a"}]


def test_one_folder_is_read_alone(tmp_path: Path) -> None:
    assert [definition.slug for definition in load_definitions(write(tmp_path / "acme"))] == ["acme"]


def test_a_definition_makes_entities(tmp_path: Path) -> None:
    [definition] = load_definitions(write(tmp_path))
    integration = definition.integration(UUID(int=1))
    assert (integration.id, integration.slug, integration.organization_id) == (UUID(int=1), "acme", None)
    action = definition.actions[0].action(UUID(int=2), UUID(int=1))
    assert (action.integration_id, action.slug, action.scopes, action.handler) == (
        UUID(int=1),
        "get-thing",
        ("read",),
        None,
    )
    assert action.timeout_ms == 30_000


@pytest.mark.parametrize(
    ("integration", "where"),
    [
        (INTEGRATION + "colour: red", "colour"),
        (INTEGRATION + "name: Again", "the member 'name' is there twice"),
        (INTEGRATION.replace("name: Acme", "name: 5"), r"\$\.name"),
        (INTEGRATION.replace("name: Acme\n", ""), "name"),
        (INTEGRATION.replace("slug: acme", "slug: Acme Inc"), r"\$\.slug"),
        (INTEGRATION.replace("api_key", "magic"), r"\$\.auth_type"),
        (INTEGRATION.replace("{note: 2026-01-06}", "[]"), r"\$\.auth_config"),
        (INTEGRATION.replace("{note: 2026-01-06}", "{a: .nan}"), "integration.yaml"),
        (INTEGRATION.replace("{note: 2026-01-06}", "&a {a: *a}"), "integration.yaml"),
        (INTEGRATION.replace("{note: 2026-01-06}", "!!python/object:os.system {}"), "integration.yaml"),
        ("slug: [", "integration.yaml"),
        ("", "integration.yaml"),
        ("- a", "integration.yaml"),
    ],
)
def test_a_broken_integration_names_file_and_member(tmp_path: Path, integration: str, where: str) -> None:
    detail = refused(write(tmp_path, integration))
    assert detail.startswith(f"{tmp_path}/integration.yaml: ")
    assert re.search(where, detail)


@pytest.mark.parametrize(
    ("actions", "where"),
    [
        (ACTION + ACTION, "'get-thing' is there twice"),
        (ACTION.replace("GET", "[GET]"), r"\$\[0\]\.http_method.*\(get-thing\)"),
        (ACTION + "  retries: 5\n", r"retries.*\(get-thing\)"),
        (ACTION + "  timeout_ms: 0\n", "timeout_ms"),
        (ACTION + "  timeout_ms: 300001\n", "timeout_ms"),
        (ACTION.replace("[read]", "read"), "scopes"),
        (ACTION + "- 5\n", r"\$\[1\]"),
        ("slug: x", "actions.yaml"),
    ],
)
def test_a_broken_action_names_file_and_member(tmp_path: Path, actions: str, where: str) -> None:
    detail = refused(write(tmp_path, actions=actions))
    assert detail.startswith(f"{tmp_path}/actions.yaml: ")
    assert re.search(where, detail)


def test_a_slug_is_there_once(tmp_path: Path) -> None:
    write(tmp_path / "a")
    write(tmp_path / "b")
    assert "'acme' is there twice" in refused(tmp_path)


@pytest.mark.parametrize("name", ["", "missing"])
def test_an_empty_folder_is_no_catalog(tmp_path: Path, name: str) -> None:
    assert "integration.yaml" in refused(tmp_path / name)
