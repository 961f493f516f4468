"""What connecting asks for as JSON Schemas: for every shipped integration, and by the kinds of fields."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import jsonschema_rs
import pytest

from portway.application.connect_schema import (
    config_schema,
    connects_by,
    credential_schema,
    fault_of,
    offered_scopes,
)
from portway.catalog.definitions import IntegrationDefinition, load_definitions
from portway.domain.integration import AuthType
from tests.fakes.definitions import an_integration

DEFINITIONS = {definition.slug: definition for definition in load_definitions()}


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)
def test_every_shipped_integration_has_a_form(definition: IntegrationDefinition) -> None:
    integration = definition.integration(uuid4())
    assert fault_of(integration) is None
    assert connects_by(integration) in ("redirect", "credentials", "nothing")
    for schema in (credential_schema(integration), config_schema(integration)):
        if schema is not None:
            jsonschema_rs.meta.validate(schema)
            assert set(schema["required"]) <= set(schema["properties"])
            assert all(member.get("title") for member in schema["properties"].values())


def members(auth_type: AuthType, **auth_config: Any) -> dict[str, Any]:
    integration = replace(an_integration(auth_type), auth_config=auth_config)
    found: dict[str, Any] = credential_schema(integration)["properties"]
    return found


def test_a_key_with_lines_and_a_number() -> None:
    signing = members(AuthType.JWT_BEARER)
    assert signing["private_key"]["contentMediaType"] == "application/x-pem-file"
    assert "contentMediaType" not in signing["private_key_id"]
    assert "writeOnly" not in signing["client_email"]
    brought = members(AuthType.OAUTH2)
    assert brought["expires_in"]["type"] == "integer"
    assert brought["refresh_token"]["writeOnly"]
    assert "minLength" not in brought["refresh_token"]


def test_what_an_answer_tells_is_not_asked() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "required": ["region", "site"],
        "properties": {
            "api": {"type": "string"},
            "region": {"enum": ["eu", "us"]},
            "site": {"type": "string", "title": "Site"},
        },
    }
    integration = replace(
        an_integration(AuthType.BEARER),
        auth_config={"config_schema": schema, "capture": {"api": "token.api"}},
    )
    asked = config_schema(integration)
    assert asked is not None
    assert list(asked["properties"]) == ["region", "site"]
    assert asked["properties"]["region"] == {"title": "Region", "enum": ["eu", "us"]}


def test_scopes_of_actions_come_after_those_that_are_asked_for() -> None:
    config: dict[str, Any] = {"scopes": ["b", "a"], "scope_descriptions": {"a": "All.", "d": "Delete."}}
    integration = replace(an_integration(AuthType.OAUTH2), auth_config=config)
    scopes = offered_scopes(integration, ["a", "c"])
    assert [(scope.name, scope.description, scope.asked_for) for scope in scopes] == [
        ("b", None, True), ("a", "All.", True), ("c", None, False), ("d", "Delete.", False),
    ]  # fmt: skip


def test_without_anything_to_enter() -> None:
    assert connects_by(an_integration(AuthType.NONE)) == "nothing"
    custom = replace(an_integration(AuthType.CUSTOM), auth_config={})
    assert connects_by(custom) is None
    assert "credential_fields" in (fault_of(custom) or "")
