"""The comparison with OpenAPI documents itself: that it finds what is wrong, in 3.x and in Swagger 2.0."""

from pathlib import Path
from typing import Any

import pytest

from portway.application.ports.http import OutgoingRequest
from tests.catalog import specifications
from tests.catalog.openapi_schemas import Json
from tests.catalog.specifications import Specification

ITEM = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "count": {"type": "integer"}, "parts": {"type": "array"}},
}
OPENAPI: Json = {
    "openapi": "3.1.0",
    "servers": [{"url": "http://{tenant}.example.com/v1"}],
    "security": [{"oauth": ["write"]}],
    "paths": {
        "/items/{id}": {
            "parameters": [
                {"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}},
                {"in": "query", "name": "fields", "explode": False, "schema": {"$ref": "#/components/schemas/Names"}},
                {"in": "query", "name": "key", "required": True, "schema": {"type": "string"}},
                {"in": "header", "name": "X-Version", "required": True, "schema": {"enum": ["1"]}},
                {"in": "header", "name": "Accept", "required": True, "schema": {"enum": ["text/html"]}},
            ],
            "get": {},
            "put": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Item"}},
                        "multipart/form-data": {"schema": {"$ref": "#/components/schemas/Item"}},
                        "image/*": {},
                    },
                }
            },
        },
        "/items/all": {"get": {"security": []}},
    },
    "components": {
        "schemas": {"Item": ITEM, "Names": {"type": "array", "items": {"enum": ["name", "count"]}}},
        "securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "key"}},
    },
}  # fmt: skip
SWAGGER: Json = {
    "swagger": "2.0",
    "host": "example.com",
    "basePath": "/v1/",
    "schemes": ["http", "https"],
    "consumes": ["application/json"],
    "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    "parameters": {"Fields": {"in": "query", "name": "fields", "type": "array", "items": {"enum": ["name"]}}},
    "definitions": {"Item": {**ITEM, "required": ["name"]}},
    "paths": {
        "/items/{id}": {
            "parameters": [
                {"in": "path", "name": "id", "required": True, "type": "integer"},
                {"$ref": "#/parameters/Fields"},
                {"in": "header", "name": "X-Key", "required": True, "type": "string"},
            ],
            "put": {
                "parameters": [
                    {"in": "body", "name": "item", "required": True, "schema": {"$ref": "#/definitions/Item"}}
                ]
            },
            "post": {
                "consumes": ["multipart/form-data"],
                "parameters": [
                    {"in": "formData", "name": "count", "type": "integer", "required": True},
                    {"in": "formData", "name": "file", "type": "file"},
                ],
            },
        }
    },
}
JSON = {"content-type": "application/json; charset=utf-8"}
FORM = {"content-type": "multipart/form-data; boundary=b"}
PARTS = (
    '--b\r\nContent-Disposition: form-data; name="count"\r\n\r\n{count}\r\n'
    '--b\r\nContent-Disposition: form-data; name="{name}"; filename="a.bin"\r\n\r\n\xff\r\n--b--\r\n'
)


def parts(count: str, name: str) -> bytes:
    return PARTS.replace("{count}", count).replace("{name}", name).encode("latin-1")


def faults(document: Json, request: OutgoingRequest) -> list[str]:
    body = request.body
    assert body is None or isinstance(body, bytes)
    return list(Specification(document).faults(request, body))


def modern(method: str, path: str, body: bytes | None = None, **headers: str) -> OutgoingRequest:
    made = {"x-version": "1", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return OutgoingRequest(method, f"https://acme.example.com/v1{path}", made, body)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (modern("GET", "/items/1?fields=name,count"), []),
        (modern("GET", "/items/all"), []),
        (
            modern("GET", "/items/one"),
            ['path `id`: "one" is not of type "integer"'],
        ),
        (modern("GET", "/items/1?fields=x"), ['query `fields`/0: "x" is not one of "name" or "count"']),
        (modern("GET", "/items/1?limit=3"), ["query: `limit` is unknown"]),
        (modern("GET", "/items/1", x_version="2"), ['header `x-version`: "2" is not one of "1"']),
        (OutgoingRequest("GET", "https://a.example.com/v1/items/1"), ["header: `x-version` is required"]),
        (modern("GET", "/items/1/x"), ["GET https://acme.example.com/v1/items/1/x is no operation"]),
        (modern("PATCH", "/items/1"), ["PATCH https://acme.example.com/v1/items/1 is no operation"]),
        (modern("GET", "/items/1", b'{"a":1}', **JSON), ["body: is not declared"]),
        (modern("PUT", "/items/1"), ["body: is required"]),
        (modern("PUT", "/items/1", b'{"name":"x","count":1}', **JSON), []),
        (modern("PUT", "/items/1", b'{"name":1}', **JSON), ['body/name: 1 is not of type "string"']),
        (
            modern("PUT", "/items/1", b'{"title":"x"}', **JSON),
            ['body: "name" is a required property', "body: `title` is unknown"],
        ),
        (
            modern("PUT", "/items/1", b"name=x", content_type="application/x-www-form-urlencoded"),
            [
                "body: application/x-www-form-urlencoded instead of application/json, multipart/form-data, image/*"
            ],
        ),
        (modern("PUT", "/items/1", b"\x89PNG", content_type="image/png"), []),
        (modern("PUT", "/items/1", parts("1", "name"), **FORM), []),
        (
            modern("PUT", "/items/1", parts("one", "file"), **FORM),
            [
                'body: "name" is a required property',
                'body/count: "one" is not of type "integer"',
                "body: `file` is unknown",
            ],
        ),
    ],
)
def test_openapi(request_: OutgoingRequest, expected: list[str]) -> None:
    assert sorted(faults(OPENAPI, request_)) == sorted(expected)


def old(method: str, path: str, body: bytes | None = None, **headers: str) -> OutgoingRequest:
    made = {name.replace("_", "-"): value for name, value in headers.items()}
    return OutgoingRequest(method, f"https://example.com/v1{path}", made, body)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (old("PUT", "/items/1?fields=name,name", b'{"name":"x"}', **JSON), []),
        (
            old("PUT", "/items/x?fields=name,y", b'{"count":"1"}', **JSON),
            [
                'path `id`: "x" is not of type "integer"',
                'query `fields`/1: "y" is not one of "name"',
                'body: "name" is a required property',
                'body/count: "1" is not of type "integer"',
            ],
        ),
        (old("POST", "/items/1", parts("1", "file"), **FORM), []),
        (old("POST", "/items/1", parts("x", "file"), **FORM), ['body/count: "x" is not of type "integer"']),
        (old("POST", "/items/1"), ["body: is required"]),
        (
            old("POST", "/items/1", b'{"count":1}', **JSON),
            ["body: application/json instead of multipart/form-data"],
        ),
        (old("GET", "/items/1"), ["GET https://example.com/v1/items/1 is no operation"]),
    ],
)
def test_swagger(request_: OutgoingRequest, expected: list[str]) -> None:
    assert sorted(faults(SWAGGER, request_)) == sorted(expected)


def test_the_scopes_are_the_operations_own_or_those_of_the_document() -> None:
    specification = Specification(OPENAPI)
    assert specification.scopes(modern("GET", "/items/1")) == {"write"}
    assert specification.scopes(modern("GET", "/items/all")) == set()
    assert specification.scopes(modern("GET", "/nothing")) == set()


@pytest.mark.parametrize(
    ("server", "url", "is_called"),
    [
        ("//example.com/v1", "https://example.com/v1/x", True),
        ("/v1", "https://any.example/v1/x", True),
        ("/v1", "https://any.example/v2/x", False),
        ("https://{a}.example.com/{version}", "https://b.example.com/v9/x", True),
        ("https://{a}.example.com", "https://b.example.org/x", False),
    ],
)
def test_a_server_may_say_less_than_a_url(server: str, url: str, is_called: bool) -> None:
    document: dict[str, Any] = {"servers": [{"url": server}], "paths": {"/x": {"get": {}}}}
    assert (faults(document, OutgoingRequest("GET", url)) == []) == is_called


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/b/k", []),
        ("https://a.example/b/k?acl=", []),
        ("https://a.example/b/k?tag=1", ["query: `tag` is unknown"]),
        ("https://a.example/b/c/d", ["GET https://a.example/b/c/d is no operation"]),
    ],
)
def test_of_operations_with_one_path_the_query_tells_which_is_meant(url: str, expected: list[str]) -> None:
    acl = {"parameters": [{"in": "query", "name": "acl", "required": True}]}
    paths = {"/b/{key}#acl": {"get": acl}, "/b/{key}": {"get": {}}}
    document: Json = {"servers": [{"url": "https://a.example"}], "paths": paths}
    assert faults(document, OutgoingRequest("GET", url)) == expected
    whole = Specification(document, several=("key",))
    assert list(whole.faults(OutgoingRequest("GET", "https://a.example/b/c/d"), None)) == []


def test_a_document_in_yaml_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specifications, "PACKAGES", tmp_path)
    (tmp_path / "api.yaml").write_text(
        "openapi: 3.0.0\ninfo: {version: 2024-01-01}\nservers: [{url: https://a.example}]\n"
        "paths: {/x: {get: {parameters: [{in: query, name: n, schema: {type: integer, maximum: 5}}]}}}\n"
    )
    found = Specification.read("api.yaml").faults(OutgoingRequest("GET", "https://a.example/x?n=6"), None)
    assert list(found) == ["query `n`: 6 is greater than the maximum of 5"]
