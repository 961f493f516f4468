"""Schemas of OpenAPI documents in JSON Schema 2020-12, as requests have them."""

from typing import Any

import pytest

from portway.infrastructure.importers.notes import Notes
from portway.infrastructure.importers.openapi_document import InexpressibleError, OpenApiDocument
from portway.infrastructure.importers.openapi_schemas import MAX_DEFINITIONS_BYTES, RequestSchemas

Json = dict[str, Any]


def schemas(components: Json | None = None, *, is_3_0: bool = True) -> RequestSchemas:
    contents: Json = {"components": {"schemas": components or {}}}
    return RequestSchemas(OpenApiDocument(contents, Notes(), is_3_0=is_3_0))


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    ("schema", "converted"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"type": "string", "nullable": True, "enum": ["a"]},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
        ({"type": "string", "example": "a"}, {"type": "string", "examples": ["a"]}),
        ({"type": "string", "format": "byte"}, {"type": "string", "contentEncoding": "base64"}),
        (
            {"oneOf": [{"type": "string"}, {"type": "integer"}], "discriminator": {"propertyName": "k"}},
            {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        ),
        ({"type": "string", "writeOnly": True, "xml": {"name": "x"}}, {"type": "string", "writeOnly": True}),
        # Slips of the pen that are understood, and such as are not.
        (
            {"type": "int", "minimum": "1", "maxLength": 2.0},
            {"type": "integer", "minimum": 1, "maxLength": 2},
        ),
        ({"type": "any", "minLength": -1, "required": True}, {}),
        ({"type": "string", "enum": [1, "b"]}, {"type": "string", "enum": ["1", "b"]}),
        ({"type": "string", "pattern": "/^a$/i"}, {"type": "string", "pattern": "^a$"}),
        ({"type": "string", "pattern": "(?=a)"}, {"type": "string"}),
        ({"items": [{"type": "string"}]}, {"prefixItems": [{"type": "string"}]}),
        (
            {"properties": {"a": {"type": "string", "required": True}}},
            {"properties": {"a": {"type": "string"}}, "required": ["a"]},
        ),
    ],
)
def test_words(schema: Json, converted: Json) -> None:
    assert schemas().convert(schema) == converted


def test_read_only_members_are_no_part_of_a_request() -> None:
    components = {"Id": {"type": "string", "readOnly": True}, "Base": {"properties": {"id": ref("Id")}}}
    found = schemas(components)
    assert found.convert({"properties": {"id": ref("Id"), "a": {}}, "required": ["id", "a"]}) == {
        "properties": {"a": {}},
        "required": ["a"],
    }
    inherited = found.convert({"allOf": [ref("Base")], "required": ["id"], "properties": {"b": {}}})
    assert "required" not in inherited


@pytest.mark.parametrize("is_3_0", [True, False])
def test_beside_a_reference(is_3_0: bool) -> None:
    converted = schemas({"A": {"type": "string"}}, is_3_0=is_3_0).convert(
        {**ref("A"), "description": "An A.", "maxLength": 3}
    )
    expected: Json = {"$ref": "#/$defs/A", "description": "An A."}
    assert converted == (expected if is_3_0 else {**expected, "maxLength": 3})


def test_a_nullable_reference() -> None:
    assert schemas({"A": {"type": "string"}}).convert({"allOf": [ref("A")], "nullable": True}) == {
        "anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]
    }


def test_only_what_is_needed_comes_along() -> None:
    components = {
        "A": {"properties": {"b": ref("B"), "a": ref("A")}},
        "B": {"type": "string"},
        "C": {"type": "string"},
    }
    found = schemas(components)
    definitions, is_cut = found.definitions([found.convert({"items": ref("A")})])
    assert definitions == {
        "A": {"properties": {"b": {"$ref": "#/$defs/B"}, "a": {"$ref": "#/$defs/A"}}},
        "B": {"type": "string"},
    }
    assert not is_cut


def test_names_that_are_the_same_but_for_their_place() -> None:
    contents: Json = {"definitions": {"A": {"type": "string"}}, "other": {"A": {"type": "integer"}}}
    found = RequestSchemas(OpenApiDocument(contents, Notes(), is_3_0=True))
    converted = found.convert({"prefixItems": [{"$ref": "#/definitions/A"}, {"$ref": "#/other/A"}]})
    definitions, _ = found.definitions([converted])
    assert definitions == {"A": {"type": "string"}, "A_2": {"type": "integer"}}


def test_what_leads_from_everything_to_everything_ends() -> None:
    words = "x" * 500
    components = {
        f"S{index}": {"type": "object", "description": words, "properties": {"next": ref(f"S{index + 1}")}}
        for index in range(1000)
    }
    found = schemas(components | {"S1000": {"type": "object"}})
    definitions, is_cut = found.definitions([found.convert(ref("S0"))])
    assert is_cut
    assert len(definitions) < MAX_DEFINITIONS_BYTES / 500
    last = list(definitions.values())[-1]
    assert last == {"type": "object", "description": words}


def test_references_that_lead_nowhere_are_open() -> None:
    notes = Notes()
    found = RequestSchemas(OpenApiDocument({}, notes, is_3_0=True))
    assert found.convert({"properties": {"a": ref("Missing")}}) == {"properties": {"a": {}}}
    assert "'#/components/schemas/Missing'" in notes.sentences()[0]


def test_references_in_a_circle_are_none() -> None:
    with pytest.raises(InexpressibleError, match="leads to itself"):
        schemas({"A": ref("B"), "B": ref("A")}).convert(ref("A"))


def test_another_document_is_found_wherever_it_is_meant() -> None:
    found = schemas({"A": {"properties": {"b": {"$ref": "other.yaml#/B"}}}})
    converted = found.convert(ref("A"))
    with pytest.raises(InexpressibleError, match="refers to another document"):
        found.definitions([converted])
