"""Where parameters of an OpenAPI document go, and how they are written there."""

from typing import Any

import pytest

from portway.application.importing.imported import ImportedAction
from portway.infrastructure.importers.openapi import OpenApiImporter

Json = dict[str, Any]
STRING: Json = {"type": "string"}
STRINGS: Json = {"type": "array", "items": STRING}
OBJECT: Json = {"type": "object", "properties": {"a": STRING}}


def read(parameters: list[Json], path: str = "/pets", method: str = "get", **more: Any) -> ImportedAction:
    operation = {"parameters": parameters, "responses": {"200": {"description": "OK"}}, **more}
    integration = OpenApiImporter().read(
        {
            "openapi": "3.0.3",
            "info": {"title": "Pets", "version": "1"},
            "servers": [{"url": "https://api.example.com"}],
            "paths": {path: {method: operation}},
        }
    )
    assert integration.skipped == ()
    (action,) = integration.actions
    return action


def location(place: str, schema: Json, **written: Any) -> Any:
    path = "/pets/{p}" if place == "path" else "/pets"
    action = read([{"in": place, "name": "p", "required": True, "schema": schema, **written}], path)
    locations = action.transform_config.get("locations", {})
    assert isinstance(locations, dict)
    return locations.get("p")


@pytest.mark.parametrize(
    ("place", "schema", "written", "expected"),
    [
        ("query", STRING, {}, None),
        ("query", STRINGS, {}, None),
        ("query", STRINGS, {"explode": False}, {"in": "query", "style": "form", "explode": False}),
        ("query", STRINGS, {"style": "pipeDelimited"}, {"in": "query", "style": "pipeDelimited"}),
        ("query", STRINGS, {"style": "spaceDelimited"}, {"in": "query", "style": "spaceDelimited"}),
        ("query", OBJECT, {}, {"in": "query", "style": "form"}),
        ("query", OBJECT, {"style": "deepObject"}, {"in": "query", "style": "deepObject"}),
        ("query", STRING, {"allowReserved": True}, {"in": "query", "allow_reserved": True}),
        ("header", STRING, {}, "header"),
        ("header", STRINGS, {}, {"in": "header", "style": "simple"}),
        ("cookie", STRING, {}, "cookie"),
        ("cookie", STRINGS, {"explode": False}, {"in": "cookie", "style": "form", "explode": False}),
        ("path", STRING, {}, None),
        ("path", STRINGS, {"explode": True}, {"in": "path", "style": "simple", "explode": True}),
        ("path", STRINGS, {"style": "label"}, {"in": "path", "style": "label"}),
        ("path", STRING, {"style": "matrix"}, {"in": "path", "style": "matrix"}),
    ],
)
def test_styles(place: str, schema: Json, written: Json, expected: Any) -> None:
    assert location(place, schema, **written) == expected


def test_what_has_no_style_is_json_and_a_guess() -> None:
    nested = {"type": "array", "items": OBJECT}
    action = read([{"in": "query", "name": "a/b", "schema": nested}])
    assert action.transform_config["locations"] == {"a/b": {"in": "query", "style": "json"}}
    assert [pointer for pointer, _ in action.guesses] == ["/transform_config/locations/a~1b/style"]


def test_json_in_a_query_is_no_guess() -> None:
    content = {"application/json": {"schema": {"type": "array", "items": OBJECT}}}
    action = read([{"in": "query", "name": "filter", "content": content}])
    assert action.transform_config["locations"] == {"filter": {"in": "query", "style": "json"}}
    assert action.guesses == ()


def test_headers_that_are_not_the_callers() -> None:
    names = ("Authorization", "accept", "Content-Type", "Content-Length", "X-Trace")
    action = read([{"in": "header", "name": name, "schema": STRING} for name in names])
    assert action.transform_config == {"locations": {"X-Trace": "header"}}


def test_a_path_of_several_segments() -> None:
    parameter = {"in": "path", "name": "path", "required": True, "x-multi-segment": True, "schema": STRING}
    assert read([parameter], "/contents/{path}").endpoint_path == "/contents/{+path}"
    assert read([], "/proxy/{path+}").endpoint_path == "/proxy/{+path}"


@pytest.mark.parametrize(
    ("path", "endpoint_path"),
    [
        ("/#Action=List", "/"),
        ("/pets/{pet id}", "/pets/{pet_id}"),
        ("/Pets('{id}')", "/Pets('{id}')"),
        ("/a b", "/a%20b"),
    ],
)
def test_paths(path: str, endpoint_path: str) -> None:
    assert read([], path).endpoint_path == endpoint_path


def test_the_only_value_need_not_be_given() -> None:
    parameter = {"in": "query", "name": "Action", "required": True, "schema": {"enum": ["ListPets"]}}
    action = read([parameter])
    assert "required" not in action.request_schema
    assert action.transform_config == {
        "parameters": [{"op": "default", "parameter": "Action", "value": "ListPets"}]
    }


def test_the_same_name_in_several_places_is_told_apart() -> None:
    parameters = [
        {"in": place, "name": "id", "required": place == "path", "schema": STRING}
        for place in ("header", "query", "path")
    ]
    action = read(parameters, "/pets/{id}")
    assert action.transform_config["locations"] == {
        "query_id": {"in": "query", "name": "id"},
        "header_id": {"in": "header", "name": "id"},
    }


def test_an_operation_says_more_than_its_path() -> None:
    integration = OpenApiImporter().read(
        {
            "openapi": "3.0.3",
            "info": {"title": "Pets", "version": "1"},
            "servers": [{"url": "https://api.example.com"}],
            "paths": {
                "/pets": {
                    "parameters": [{"in": "query", "name": "limit", "schema": STRING}],
                    "get": {"parameters": [{"in": "query", "name": "limit", "schema": {"type": "integer"}}]},
                }
            },
        }
    )
    assert integration.actions[0].request_schema["properties"] == {"limit": {"type": "integer"}}


def test_words_and_examples_of_the_parameter_itself() -> None:
    parameter = {
        "in": "query",
        "name": "q",
        "description": "<p>What to <b>look</b> for, see <a href='/x'>there</a>.</p>",
        "deprecated": True,
        "examples": {"one": {"value": "cats"}},
        "schema": {"type": "string", "description": "A text."},
    }
    assert read([parameter]).request_schema["properties"] == {
        "q": {
            "type": "string",
            "description": "What to look for, see there .",
            "deprecated": True,
            "examples": ["cats"],
        }
    }


def test_tabs_between_items() -> None:
    swagger: Json = {
        "swagger": "2.0",
        "info": {"title": "Pets", "version": "1"},
        "host": "api.example.com",
        "paths": {
            "/pets": {
                "get": {
                    "parameters": [
                        {
                            "in": "query",
                            "name": "tags",
                            "type": "array",
                            "items": STRING,
                            "collectionFormat": "tsv",
                        }
                    ]
                }
            }
        },
    }
    action = OpenApiImporter().read(swagger).actions[0]
    assert action.transform_config["parameters"] == [{"op": "join", "parameter": "tags", "separator": "\t"}]
