import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.domain.errors import Fault, InvalidIntegrationConfig
from portway.domain.json_value import JsonValue
from portway.infrastructure.json_schema import MAX_FAULTS, JsonSchemaParameters
from tests.unit.application.rows import an_action
from tests.unit.domain.json_values import OBJECTS, VALUES

SCHEMA = JsonSchemaParameters()


def faults(schema: dict[str, Any], parameters: dict[str, Any]) -> list[Fault]:
    return SCHEMA.faults(an_action(request_schema=schema), parameters)


def broken(schema: dict[str, Any]) -> str:
    with pytest.raises(InvalidIntegrationConfig) as error:
        faults(schema, {})
    return error.value.detail


@given(parameters=OBJECTS)
def test_an_empty_schema_accepts_any_object(parameters: dict[str, JsonValue]) -> None:
    assert faults({}, parameters) == []


def test_there_is_one_fault_for_each_error() -> None:
    schema = {
        "type": "object",
        "properties": {
            "to": {"type": "array", "items": {"type": "string", "format": "email"}, "maxItems": 1},
            "a/b~c": {"type": "integer"},
            "nested": {
                "required": ["x", "y"],
                "additionalProperties": False,
                "properties": {"x": {}, "y": {}},
            },
        },
        "required": ["subject"],
        "additionalProperties": False,
    }
    parameters = {"to": ["a@b.example", "nobody"], "a/b~c": "1", "nested": {"z": 1}, "extra": 1, "more": 2}
    assert sorted(faults(schema, parameters), key=lambda fault: fault.pointer) == [
        Fault("/parameters/a~1b~0c", 'value is not of type "integer".'),
        Fault("/parameters/extra", "is not a parameter of this action."),
        Fault("/parameters/more", "is not a parameter of this action."),
        Fault("/parameters/nested/x", "is required."),
        Fault("/parameters/nested/y", "is required."),
        Fault("/parameters/nested/z", "is not a parameter of this action."),
        Fault("/parameters/subject", "is required."),
        Fault("/parameters/to", "value has more than 1 item."),
        Fault("/parameters/to/1", 'value is not a "email".'),
    ]


@pytest.mark.parametrize(
    ("format_name", "good", "bad"),
    [
        ("email", "ada@example.com", "ada"),
        ("date-time", "2026-01-06T09:30:00Z", "2026-01-06 9:30"),
        ("date", "2026-02-28", "2026-02-30"),
        ("uri", "https://example.com/x", "example com"),
        ("uuid", "0190a000-0000-7000-8000-000000000001", "0190a000"),
        ("ipv4", "127.0.0.1", "127.0.0.256"),
    ],
)
def test_formats_are_checked(format_name: str, good: str, bad: str) -> None:
    schema = {"properties": {"a": {"type": "string", "format": format_name}}}
    assert faults(schema, {"a": good}) == []
    assert [fault.pointer for fault in faults(schema, {"a": bad})] == ["/parameters/a"]


KEYWORDS = st.sampled_from(
    [
        {"type": "integer"}, {"enum": ["x"]}, {"const": 1}, {"maxLength": 2}, {"pattern": "^x$"}, {"format": "email"},
        {"maximum": -1, "type": "number"}, {"multipleOf": 7, "type": "number"}, {"not": {}}, {"oneOf": [False, False]},
        {"anyOf": [{"type": "null"}, {"const": "x"}]}, {"maxItems": 0}, {"uniqueItems": True, "type": "array"},
        {"contains": {"const": "x"}, "type": "array"}, {"maxProperties": 0}, {"items": False},
        {"if": {}, "then": False},
    ]
)  # fmt: skip


@given(
    secret=st.from_regex(r"[A-Z0-9]{12}", fullmatch=True),
    rest=VALUES,
    keyword=KEYWORDS,
    shape=st.sampled_from(["{}", "[{}]", "[{}, {}]", '{{"a": {}}}']),
)
def test_no_message_holds_a_value(secret: str, rest: JsonValue, keyword: dict[str, Any], shape: str) -> None:
    for written in (json.dumps(secret), json.dumps(f"hunter2 {secret}"), json.dumps(int(secret, 36))):
        value = json.loads(shape.format(*[written] * 2))
        schema = {"properties": {"pw": {"writeOnly": True, **keyword}}}
        for fault in faults(schema, {"pw": value, "rest": rest}):
            assert secret not in fault.message
            assert str(int(secret, 36)) not in fault.message


@pytest.mark.parametrize(
    ("schema", "where"),
    [
        ({"type": "strin"}, "request_schema/type"),
        ({"properties": {"x": {"pattern": "("}}}, "request_schema/properties/x/pattern"),
        ({"properties": {"x": {"pattern": "(?=a)b"}}}, "look-around"),
        ({"properties": {"x": {"pattern": "(a)\\1"}}}, "back-references"),
        ({"properties": []}, "request_schema/properties"),
        ({"$ref": "#/nope"}, "/nope"),
        ({"$schema": "https://example.com/unknown"}, "unknown"),
        ({"title": "\ud800"}, "surrogates"),
    ],
)
def test_a_broken_schema_says_where(schema: dict[str, Any], where: str) -> None:
    assert where in broken(schema)
    assert broken(schema).startswith("Action 'do-it': request_schema")


@pytest.mark.parametrize(
    "reference",
    ["http://127.0.0.1:9/x", "https://example.com/schema.json", "file:///etc/passwd", "./other.json"],
)
def test_a_reference_to_elsewhere_is_never_followed(reference: str) -> None:
    assert "not a valid JSON Schema" in broken({"properties": {"a": {"$ref": reference}}})


def test_a_pattern_takes_linear_time() -> None:
    started = time.perf_counter()
    assert len(faults({"properties": {"a": {"pattern": "^(a+)+$"}}}, {"a": "a" * 100_000 + "!"})) == 1
    assert time.perf_counter() - started < 5


def test_a_schema_may_be_of_an_older_draft() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"n": {"type": "integer"}},
        "properties": {"a": {"$ref": "#/definitions/n"}},
    }
    assert faults(schema, {"a": 1}) == []
    assert len(faults(schema, {"a": "1"})) == 1


def test_recursion_ends() -> None:
    schema = {"properties": {"child": {"$ref": "#"}}, "required": ["name"]}
    assert faults(schema, {"name": "a", "child": {"name": "b"}}) == []
    assert faults(schema, {"name": "a", "child": {}}) == [Fault("/parameters/child/name", "is required.")]
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"name": "a", "child": deep}
    assert len(faults(schema, deep)) == 1
    assert faults({"minProperties": 3}, deep) == [Fault("/parameters", "is nested too deeply.")]


def test_a_member_that_may_not_be_there() -> None:
    assert faults({"properties": {"a": False}}, {"a": 1}) == [Fault("/parameters/a", "is not allowed.")]


def test_text_that_is_no_unicode_is_a_fault() -> None:
    assert faults({"properties": {"a": {"pattern": "^a"}}}, {"a": "\ud800"}) == [
        Fault("/parameters", "holds text that is not valid Unicode.")
    ]


def test_there_are_not_more_faults_than_anybody_reads() -> None:
    assert (
        len(faults({"properties": {"a": {"items": {"type": "string"}}}}, {"a": list(range(5000))}))
        == MAX_FAULTS
    )
    many = {str(number): 1 for number in range(5000)}
    assert len(faults({"properties": {"a": {}}, "additionalProperties": False}, many)) == MAX_FAULTS


def test_a_schema_is_compiled_once_for_each_version() -> None:
    schema = JsonSchemaParameters(max_compiled=2)
    action = an_action(request_schema={"required": ["a"]})
    assert len(schema.faults(action, {})) == 1
    stale = replace(action, request_schema={})
    assert len(schema.faults(stale, {})) == 1
    assert schema.faults(replace(stale, version=2), {}) == []
    for _ in range(3):
        schema.faults(an_action(), {})
    assert schema.faults(stale, {}) == []


def doubling(levels: int, leaf: dict[str, Any]) -> dict[str, Any]:
    """Applies `leaf` to the same value two to the power of `levels` times."""
    steps = {str(n): {"anyOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(levels)}
    return {"$ref": "#/$defs/0", "$defs": {**steps, str(levels): leaf}}


BRANCH: Any = {"type": "object", "properties": {"x": {"$ref": "#"}}, "required": ["never"]}


@pytest.mark.parametrize(
    ("schema", "depth"),
    [
        (doubling(40, {"type": "string"}), 0),
        ({"anyOf": [BRANCH, dict(BRANCH)]}, 40),
        ({"anyOf": [BRANCH, {"additionalProperties": {"$ref": "#"}, "required": ["never"]}]}, 40),
        ({"$dynamicAnchor": "a", "oneOf": [{"properties": {"x": {"$dynamicRef": "#a"}}}] * 2}, 40),
        ({"$id": "https://a.example/b", "oneOf": [{"properties": {"x": {"$ref": "b"}}}] * 2}, 40),
        (
            {
                "anyOf": [
                    {"properties": {"x": {"$ref": "#/%61nyOf/1"}}},
                    {"allOf": [{"$ref": "#/anyOf/0"}] * 2},
                ]
            },
            40,
        ),
    ],
)
def test_a_schema_that_branches_without_end_is_refused_at_once(schema: dict[str, Any], depth: int) -> None:
    parameters: dict[str, Any] = {}
    for _ in range(depth):
        parameters = {"x": parameters}
    started = time.perf_counter()
    with pytest.raises(InvalidIntegrationConfig, match="branches too much"):
        faults(schema, parameters)
    assert time.perf_counter() - started < 3


def test_alternatives_that_take_too_long_to_explain_are_named_as_a_whole() -> None:
    (fault,) = faults(doubling(16, {"type": "string"}), {})
    assert fault == Fault("/parameters", "match none of the alternatives that the schema allows.")
    assert faults(doubling(16, {"type": "object"}), {}) == []


def test_a_recursive_schema_takes_values_as_deep_as_they_come() -> None:
    schema: dict[str, Any] = {
        "properties": {"children": {"type": "array", "items": {"$ref": "#"}}, "text": {"type": "string"}},
    }
    parameters: dict[str, Any] = {"text": "leaf"}
    for _ in range(30):
        parameters = {"children": [parameters, {"text": "other"}]}
    assert faults(schema, parameters) == []
    parameters["children"][1]["text"] = 5
    (fault,) = faults(schema, parameters)
    assert fault.pointer == "/parameters/children/1/text"
