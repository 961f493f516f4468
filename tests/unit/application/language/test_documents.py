from dataclasses import replace
from typing import Any
from uuid import uuid4

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.language.documents import (
    action_config,
    read_action_config,
    read_integration_config,
    read_rate_limits,
)
from portway.application.language.schemas import NAMES, json_schema
from portway.application.language.transform_config import (
    CursorPages,
    FormBody,
    JsonBody,
    Location,
    RateLimit,
    TransformConfig,
)
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.operation import Default, WrapArray
from tests.fakes.definitions import an_action, an_integration
from tests.unit.domain.json_values import VALUES

INTEGRATION = an_integration()

FULL: dict[str, Any] = {
    "parameters": [
        {"op": "wrap_array", "parameter": "values"},
        {"op": "default", "parameter": "raw", "value": {"a": [None]}},
    ],
    "locations": {
        "raw": "query",
        "ids": {"in": "query", "name": "id", "style": "pipeDelimited", "explode": False},
    },
    "headers": {"X-Version": "2"},
    "body": {"encoding": "form", "style": "brackets"},
    "response": {"error": "ok == `false`", "max_bytes": 1000},
    "pagination": {"type": "cursor", "items": "data", "cursor": "next", "parameter": "cursor"},
    "retry": {"max_attempts": 5, "statuses": [429], "idempotency_header": "Idempotency-Key"},
}


def test_a_document_is_read_into_its_types() -> None:
    config = read_action_config(an_integration(), an_action(INTEGRATION, transform_config=FULL))
    assert config.parameters == (WrapArray("values"), Default("raw", {"a": [None]}))
    assert config.locations == {
        "raw": "query",
        "ids": Location("query", name="id", style="pipeDelimited", explode=False),
    }
    assert config.body == FormBody(style="brackets")
    assert config.pagination == CursorPages(items="data", cursor="next", parameter="cursor")
    assert config.retry.max_attempts == 5
    assert config.response.max_bytes == 1000


def test_an_empty_document_has_its_defaults() -> None:
    assert (
        read_action_config(an_integration(), an_action(INTEGRATION, transform_config={})) == TransformConfig()
    )
    assert isinstance(TransformConfig().body, JsonBody)


def test_an_action_inherits_member_by_member() -> None:
    integration = an_integration(
        transform_config={
            "headers": {"X-Version": "1", "X-Client": "portway"},
            "response": {"error": "ok == `false`", "message": "error"},
            "body": {"encoding": "form", "style": "brackets"},
            "retry": {"max_attempts": 7},
        }
    )
    action = an_action(
        INTEGRATION,
        transform_config={
            "headers": {"X-Version": "2"},
            "response": {"data": "channel"},
            "body": {"explode": False, "encoding": "form"},
        },
    )
    config = read_action_config(integration, action)
    assert config.headers == {"X-Version": "2", "X-Client": "portway"}
    assert (config.response.error, config.response.message, config.response.data) == (
        "ok == `false`", "error", "channel",
    )  # fmt: skip
    assert config.body == FormBody(style="brackets", explode=False)
    assert config.retry.max_attempts == 7


def test_a_body_of_another_encoding_inherits_nothing() -> None:
    integration = an_integration(transform_config={"body": {"encoding": "form", "style": "brackets"}})
    action = an_action(INTEGRATION, transform_config={"body": {"encoding": "json"}})
    assert read_action_config(integration, action).body == JsonBody()


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"parametres": []}, "transform_config: Object contains unknown field `parametres`."),
        ({"success": {}}, "transform_config: Object contains unknown field `success`."),
        ({"parameters": [{"op": "x"}]}, "transform_config.parameters[0].op: Invalid value 'x'."),
        ({"parameters": {}}, "transform_config.parameters: Expected `array`, got `object`."),
        ({"body": {"encoding": "yaml"}}, "transform_config.body.encoding: Invalid value 'yaml'."),
        ({"retry": {"max_attempts": 0}}, "transform_config.retry.max_attempts: Expected `int` >= 1."),
        ({"locations": {"a": "qwery"}}, "transform_config.locations.a: Invalid enum value 'qwery'."),
        ({"response": {"data": ""}}, "transform_config.response.data: Expected `str` of length >= 1."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(document: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidIntegrationConfig) as raised:
        read_action_config(an_integration(), an_action(INTEGRATION, slug="send", transform_config=document))
    assert f"Action 'send': {said}" in raised.value.detail


def test_what_is_wrong_with_an_integration_is_said_of_it() -> None:
    integration = an_integration(slug="acme", transform_config={"parameters": []})
    for read in (
        lambda: read_integration_config(integration),
        lambda: read_action_config(integration, an_action(INTEGRATION)),
    ):
        with pytest.raises(
            InvalidIntegrationConfig, match=r"Integration 'acme': transform_config: .*`parameters`"
        ):
            read()


def test_a_changed_row_is_read_anew() -> None:
    integration, action = replace(an_integration(), id=uuid4()), replace(an_action(INTEGRATION), id=uuid4())
    first = action_config(integration, replace(action, transform_config={"headers": {"a": "1"}}))
    again = action_config(integration, replace(action, transform_config={"headers": {"a": "2"}}))
    changed = action_config(integration, replace(action, version=2, transform_config={"headers": {"a": "2"}}))
    assert first is again
    assert changed.headers == {"a": "2"}


def test_rate_limits_are_read() -> None:
    action = an_action(INTEGRATION, rate_limits=[{"requests": 3, "per_seconds": 60, "per": "organization"}])
    assert read_rate_limits(action) == (RateLimit(requests=3, per_seconds=60, per="organization"),)
    assert read_rate_limits(an_action(INTEGRATION)) == ()
    with pytest.raises(InvalidIntegrationConfig, match=r"rate_limits\[0\].requests"):
        read_rate_limits(an_action(INTEGRATION, rate_limits=[{"requests": 0, "per_seconds": 1}]))


@given(st.dictionaries(st.sampled_from([*FULL, "query", "x"]), VALUES))
def test_any_document_is_read_or_refused_and_its_schema_agrees(document: dict[str, Any]) -> None:
    try:
        read_action_config(an_integration(), an_action(INTEGRATION, transform_config=document))
    except InvalidIntegrationConfig:
        return
    assert jsonschema_rs.validator_for(json_schema("transform-config")).is_valid(document)


def test_every_schema_is_one() -> None:
    for name in NAMES:
        jsonschema_rs.validator_for(json_schema(name))
    validator = jsonschema_rs.validator_for(json_schema("transform-config"))
    assert validator.is_valid(FULL)
    assert not validator.is_valid({**FULL, "extra": 1})
    assert not validator.is_valid({**FULL, "body": {"encoding": "yaml"}})
