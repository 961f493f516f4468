"""Each encoding of a body."""

import base64
import json
from typing import Any

import pytest

from portway.application.requests.files import JoinedBody, UploadedFile
from portway.domain.errors import Fault, InvalidIntegrationConfig, InvalidParameters
from tests.unit.application.requests.building import Held, body_of, build, pointers, refused, sent

CONTENT = bytes(range(256))
ENCODED = base64.b64encode(CONTENT).decode()
SCHEMA: dict[str, Any] = {"properties": {"a": {}, "b": {}}}


def faults(parameters: dict[str, Any], **says: Any) -> list[tuple[str, str]]:
    return [
        (fault.pointer, fault.message) for fault in refused("POST", "/x", parameters, transform_config=says)
    ]


async def whole(body: object) -> bytes:
    assert isinstance(body, JoinedBody)
    content = b"".join([chunk async for chunk in body.chunks()])
    assert len(content) == body.size
    return content


# JSON


def test_json_of_all_or_of_one() -> None:
    assert body_of({"a": "ü", "b": None}) == '{"a":"ü","b":null}'.encode()
    only = {"encoding": "json", "parameter": "a", "content_type": "application/merge-patch+json"}
    for value, written in (([1, 2], b"[1,2]"), (None, b"null"), ("x", b'"x"')):
        request = sent({"a": value}, body=only)
        assert (request.headers["content-type"], request.body) == (
            "application/merge-patch+json",
            written,
        )
    assert faults({"a": [], "b": 1}, body=only) == [
        ("/parameters/b", "has no place in the request, whose body is 'a' alone.")
    ]
    absent = build("POST", "/x", {}, transform_config={"body": only}, request_schema=SCHEMA)
    assert (absent.body, "content-type" in absent.headers) == (None, False)


@pytest.mark.parametrize("body", [{}, {"body": {"encoding": "json", "parameter": "a"}}])
@pytest.mark.parametrize(
    "value", [float("nan"), [float("-inf")], "\ud800", {"\ud800": 1}, [{"x": ["\udfff"]}]]
)
def test_what_json_cannot_say(value: object, body: dict[str, Any]) -> None:
    assert pointers({"a": value}, **body) == ["/parameters/a"]


def test_each_parameter_that_cannot_be_encoded_is_told() -> None:
    bad = {"a": float("nan"), "b": 1, "c": "\ud800"}
    graphql = {"encoding": "graphql", "query": "{ x }"}
    for body in ({"encoding": "json"}, graphql, {"encoding": "xml", "root": "x"}):
        assert pointers(bad, body=body) == ["/parameters/a", "/parameters/c"]
    assert pointers({**bad, "f": ENCODED}, body={"encoding": "multipart_related", "file": "f"}) == [
        "/parameters/a",
        "/parameters/c",
    ]


# Forms


def test_forms() -> None:
    request = sent({"a": "x y&z=ü", "b": [1, 2], "c": None, "d": True}, body={"encoding": "form"})
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.body == b"a=x+y%26z%3D%C3%BC&b=1&b=2&d=true"
    nested = {"items": [{"price": "p_1", "n": 2}], "card": {"exp": {"year": 2030}}}
    assert body_of(nested, body={"encoding": "form", "style": "brackets"}) == (
        b"items%5B%5D%5Bprice%5D=p_1&items%5B%5D%5Bn%5D=2&card%5Bexp%5D%5Byear%5D=2030"
    )
    assert body_of(nested, body={"encoding": "form", "style": "deepObject"}) == (
        b"items%5B0%5D%5Bprice%5D=p_1&items%5B0%5D%5Bn%5D=2&card%5Bexp%5D%5Byear%5D=2030"
    )


def test_a_form_without_members_is_no_body() -> None:
    request = build(
        "POST", "/x", {"a": None}, transform_config={"body": {"encoding": "form"}}, request_schema=SCHEMA
    )
    assert (request.body, "content-type" in request.headers) == (None, False)


def test_what_a_form_cannot_hold() -> None:
    form = {"encoding": "form"}
    assert pointers({"a": {"b": 1}, "b": "\ud800", "c": [[1]], "d": 1}, body=form) == [
        "/parameters/a",
        "/parameters/b",
        "/parameters/c",
    ]


# Raw bytes


@pytest.mark.parametrize(
    ("value", "kind", "content"),
    [
        (ENCODED, "application/x-ndjson", CONTENT),
        ({"text": "ü"}, "application/x-ndjson", "ü".encode()),
        ({"filename": "a.png", "base64": ENCODED}, "application/x-ndjson", CONTENT),
        ({"content_type": "image/png", "base64": ENCODED}, "image/png", CONTENT),
        (
            {"content_type": "image/png", "filename": None, "size": 256, "base64": ENCODED},
            "image/png",
            CONTENT,
        ),
        ("", "application/x-ndjson", b""),
    ],
)
def test_raw_bytes(value: object, kind: str, content: bytes) -> None:
    request = sent(
        {"f": value}, body={"encoding": "raw", "file": "f", "content_type": "application/x-ndjson"}
    )
    assert (request.headers["content-type"], request.body) == (kind, content)


def test_raw_bytes_are_all_there_is() -> None:
    body = {"encoding": "raw", "file": "f"}
    assert sent({"f": ENCODED}, body=body).headers["content-type"] == "application/octet-stream"
    assert faults({"f": ENCODED, "a": 1}, body=body) == [
        ("/parameters/a", "has no place in the request, whose body is 'f' alone.")
    ]
    for parameters in ({}, {"f": None}):
        assert faults(parameters, body=body) == [("/parameters/f", "is required, it is the file to send.")]
    assert pointers({"f": {"text": 5}}, body=body) == ["/parameters/f/text"]


# XML and GraphQL


def test_xml() -> None:
    request = sent(
        {
            "@id": 5,
            "title": "a < b & c",
            "tag": ["x", {"@lang": "en", "#text": "y"}],
            "none": None,
            "empty": {},
            "size": {"w": 1.5, "h": True},
        },
        body={
            "encoding": "xml",
            "root": "s:item",
            "attributes": {"xmlns:s": "urn:s"},
            "content_type": "text/xml",
        },
    )
    assert request.headers["content-type"] == "text/xml"
    assert request.headers["accept"] == "application/xml, text/xml"
    assert request.body == (
        b'<?xml version="1.0" encoding="utf-8"?>\n'
        b'<s:item xmlns:s="urn:s" id="5"><title>a &lt; b &amp; c</title><tag>x</tag><tag lang="en">y</tag>'
        b"<empty></empty><size><w>1.5</w><h>true</h></size></s:item>"
    )
    assert body_of({}, body={"encoding": "xml", "root": "ping"}).endswith(b"<ping></ping>")


@pytest.mark.parametrize(
    "parameters",
    [
        {"a b": 1},
        {"a": {"<": 1}},
        {"a": {"@x y": 1}},
        {"": 1},
        {"a": {"": 1}},
        {"a": "\x00"},
        {"a": {"@b": "\x0b"}},
        {"a": "\ufffe"},
        {"a": "\ud800"},
        {"a": {"@b": {"c": 1}}},
        {"#comment": "x"},
        {"a": [[1]]},
        {"a:b:c": 1},
        {"@xmlns": "urn:mine"},
        {"?xml": 1},
        {"a": {"#text": ["x"]}},
    ],
)
def test_what_xml_does_not_have(parameters: dict[str, Any]) -> None:
    body = {"encoding": "xml", "root": "x", "attributes": {"xmlns": "urn:x"}}
    assert pointers({"good": 1, **parameters}, body=body) == [f"/parameters/{next(iter(parameters))}"]


def test_xml_has_an_end() -> None:
    deep: Any = 1
    for _ in range(60):
        deep = {"a": deep}
    assert faults({"a": deep}, body={"encoding": "xml", "root": "x"}) == [
        ("/parameters/a", "is nested too deeply.")
    ]


def test_graphql() -> None:
    body = {"encoding": "graphql", "query": "query A($id: ID) { a(id: $id) }"}
    request = sent({"id": "1", "none": None}, body=body)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept"] == "application/graphql-response+json, application/json"
    assert isinstance(request.body, bytes)
    assert json.loads(request.body) == {"query": body["query"], "variables": {"id": "1", "none": None}}
    assert json.loads(body_of({}, body={**body, "operation_name": "A"})) == {
        "query": body["query"],
        "variables": {},
        "operationName": "A",
    }


# No body


def test_no_body() -> None:
    request = build(
        "POST", "/x", {"a": 1}, transform_config={"body": {"encoding": "none"}}, request_schema=SCHEMA
    )
    assert (request.url, request.body) == ("https://api.example/v1/x?a=1", None)
    assert "content-type" not in request.headers


def test_a_body_is_expected_where_the_schema_has_parameters_for_it() -> None:
    def body(*operations: dict[str, Any], **says: Any) -> object:
        says["parameters"] = list(operations)
        return build("POST", "/x/{id}", {"id": 1}, request_schema=schema, transform_config=says).body

    schema: dict[str, Any] = {"properties": {"key": {}}}
    move = {"op": "move", "parameter": "key", "to": "/body/key"}
    rename = {"op": "rename", "parameter": "key", "to": "id"}
    assert body() == body(move) == b"{}"
    assert body(rename) is None
    assert body({"op": "remove", "parameter": "key"}) is None
    assert body({"op": "nest", "to": "id"}) is None
    assert body(move, locations={"body": "query"}) is None
    assert body(locations={"key": "header"}) is None
    schema = {"properties": []}
    assert body() is None


# What is set by the row


def test_what_the_row_itself_sets_is_the_rows_fault() -> None:
    def detail(value: object, **says: Any) -> str:
        operation = {"op": "constant", "parameter": "a", "value": value}
        with pytest.raises(InvalidIntegrationConfig) as error:
            sent({"a": value}, parameters=[operation], **says)
        return error.value.detail

    assert detail(["x"], locations={"a": "header"}) == (
        "Action 'do-it': The parameter 'a', which the row itself sets, must be a text, a number or a boolean here."
    )
    assert "'a', which the row itself sets" in detail({}, body={"encoding": "form"})


def test_parameters_do_not_take_each_others_names() -> None:
    locations = {"a": {"in": "body", "name": "b"}}
    assert faults({"a": 1, "b": 2}, locations=locations) == [
        ("/parameters/b", "would be sent under the same name as another parameter.")
    ]
    assert body_of({"a": 1}, locations=locations) == b'{"b":1}'


# Uploads


async def test_an_uploaded_file_is_streamed() -> None:
    file = UploadedFile("film.mp4", "video/mp4", Held(CONTENT))
    raw = sent({"f": file}, body={"encoding": "raw", "file": "f"})
    assert (raw.headers["content-type"], raw.body) == ("video/mp4", file.content)
    related = sent({"a": 1, "f": file}, body={"encoding": "multipart_related", "file": "f"})
    assert b"Content-Type: video/mp4\r\n\r\n" + CONTENT in await whole(related.body)
    form = sent({"a": 1, "f": [file, ENCODED]}, body={"encoding": "multipart", "files": ["f"]})
    content = await whole(form.body)
    assert content.count(CONTENT) == 2
    assert b'name="f"; filename="film.mp4"\r\nContent-Type: video/mp4\r\n\r\n' in content


def test_an_uploaded_file_has_its_place() -> None:
    file = UploadedFile("film.mp4", "video/mp4", Held(CONTENT))
    for body in (
        {"encoding": "json"},
        {"encoding": "json", "parameter": "f"},
        {"encoding": "form"},
        {"encoding": "form", "style": "deepObject"},
        {"encoding": "multipart"},
        {"encoding": "xml", "root": "x"},
        {"encoding": "graphql", "query": "{ x }"},
    ):
        with pytest.raises(InvalidParameters) as error:
            sent({"f": file}, body=body)
        assert [fault.pointer for fault in error.value.faults] == ["/parameters/f"]


def test_faults_are_told_all_at_once() -> None:
    assert refused(
        "POST",
        "/{id}",
        {"head": "a\nb", "find": {}, "bad": "\ud800", "cook": [[]]},
        transform_config={"locations": {"head": "header", "find": "query", "cook": "cookie"}},
    ) == [
        Fault(
            "/parameters/head",
            "must not contain line breaks or other control characters, it is sent as a header.",
        ),
        Fault("/parameters/find", "must be a text, a number, a boolean or a list of them here."),
        Fault("/parameters/cook", "must be a text, a number or a boolean here."),
        Fault("/parameters/id", "is required in the path."),
        Fault("/parameters/bad", "is not valid Unicode."),
    ]
