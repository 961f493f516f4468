"""A connection's config against its integration's schema."""

from typing import Any

import pytest

from portway.application.connection_config import ConnectionConfig
from portway.domain.errors import InvalidIntegrationConfig, MalformedRequest
from portway.infrastructure.config_schema import JsonSchemaConfig
from tests.fakes.definitions import an_integration

CONFIG = ConnectionConfig(JsonSchemaConfig())
SCHEMA = {
    "properties": {
        "shop": {"type": "string", "pattern": "[a-z]+"},
        "region": {"type": "string", "enum": ["eu", "us"], "default": "eu"},
        "told": {"type": "string"},
    },
    "required": ["shop", "told"],
}


def given(config: dict[str, Any], schema: dict[str, Any] | None = SCHEMA, **auth: Any) -> Any:
    members = {"capture": {"told": "token.x"}, **auth}
    if schema is not None:
        members["config_schema"] = schema
    return CONFIG.given(an_integration(auth_config=members), config)


def test_defaults_are_filled_in_and_what_is_told_later_is_not_asked_for() -> None:
    assert given({"shop": "acme"}) == {"shop": "acme", "region": "eu"}
    assert given({"shop": "acme", "region": "us", "told": "x"}) == {
        "shop": "acme",
        "region": "us",
        "told": "x",
    }


def test_without_a_schema_anything_goes() -> None:
    assert given({"a": [1]}, schema=None) == {"a": [1]}


@pytest.mark.parametrize(
    ("config", "pointers"),
    [
        ({}, ["/config/shop"]),
        ({"shop": 7}, ["/config/shop"]),
        ({"shop": "acme.evil.example/"}, ["/config/shop"]),
        ({"shop": "acme\n"}, ["/config/shop"]),
        ({"shop": "acme", "region": "mars"}, ["/config/region"]),
        ({"shop": "acme", "reigon": "us"}, ["/config/reigon"]),
        ({"shop": "acme", "told": 1}, ["/config/told"]),
        ({"shop": "acme", "a/b": 1}, ["/config/a~1b"]),
    ],
)
def test_faults_are_pointed_at(config: dict[str, Any], pointers: list[str]) -> None:
    with pytest.raises(MalformedRequest) as raised:
        given(config)
    assert [fault.pointer for fault in raised.value.faults] == pointers
    assert "evil" not in str([fault.message for fault in raised.value.faults])


def test_a_schema_that_speaks_of_other_names_decides_itself() -> None:
    open_schema = {**SCHEMA, "additionalProperties": {"type": "integer"}}
    assert given({"shop": "acme", "more": 1}, open_schema)["more"] == 1
    with pytest.raises(MalformedRequest):
        given({"shop": "acme", "more": "x"}, open_schema)


def test_a_broken_schema_is_its_authors_fault() -> None:
    for schema in (
        {"properties": {"a": {"pattern": "("}}},
        {"type": "nothing"},
        {"$ref": "https://x.example/"},
    ):
        with pytest.raises(InvalidIntegrationConfig, match="config_schema"):
            given({}, schema)


def test_what_was_captured_is_complete_in_the_end() -> None:
    integration = an_integration(auth_config={"config_schema": SCHEMA, "capture": {"told": "token.x"}})
    CONFIG.captured(integration, {"shop": "acme"})
    for config, said in (({"shop": "acme"}, "/config/told"), ({"shop": "A", "told": "x"}, "/config/shop")):
        with pytest.raises(InvalidIntegrationConfig, match=said):
            CONFIG.captured(integration, config, complete=True)
