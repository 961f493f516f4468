"""What a row says of its requests is checked without parameters."""

from typing import Any

import pytest

from portway.domain.errors import InvalidIntegrationConfig
from tests.unit.application.requests.building import broken, build, check, sent, wrong

LOCATION = "transform_config.locations.a"


@pytest.mark.parametrize(
    ("location", "says", "detail"),
    [
        ({"in": "query", "style": "simple"}, {}, f"{LOCATION}.style must be one of brackets, "),
        ({"in": "query", "style": "matrix"}, {}, f"{LOCATION}.style must be one of brackets, "),
        ({"in": "header", "style": "form"}, {}, f"{LOCATION}.style must be one of json, simple "),
        ({"in": "cookie", "style": "deepObject"}, {}, f"{LOCATION}.style must be one of form, json "),
        ({"in": "body", "style": "form"}, {}, f"{LOCATION}.style is for a form or multipart body."),
        ({"in": "body", "explode": True}, {}, f"{LOCATION}.style is for a form or multipart body."),
        ({"in": "body", "style": "label"}, {"body": {"encoding": "form"}}, f"{LOCATION}.style must be "),
        ({"in": "header", "allow_reserved": True}, {}, f"{LOCATION}.allow_reserved is for a query."),
        ({"in": "query", "content_type": "text/csv"}, {}, f"{LOCATION}.content_type is for a part "),
        ({"in": "body", "content_type": "text/csv"}, {}, f"{LOCATION}.content_type is for a part "),
        (
            {"in": "body", "content_type": "a/b\r\nX: y"},
            {"body": {"encoding": "multipart"}},
            f"{LOCATION}.content_type is not a media type.",
        ),
        (
            {"in": "body", "content_type": "ü/b"},
            {"body": {"encoding": "multipart_related", "file": "a"}},
            f"{LOCATION}.content_type is not a media type.",
        ),
        (
            {"in": "body", "content_type": "text/csv"},
            {"body": {"encoding": "multipart_related", "file": "b"}},
            f"{LOCATION}.content_type is for a part ",
        ),
        ("path", {}, f"{LOCATION} is 'path', but endpoint_path lacks it."),
        ("body", {"body": {"encoding": "none"}}, f"{LOCATION} is 'body', but transform_config.body is none."),
        ({"in": "header", "name": "a b"}, {}, "'a b' is not a header name."),
        ({"in": "header", "name": "Content-Length"}, {}, "'content-length' is set by Portway itself."),
        ({"in": "cookie", "name": "a;b"}, {}, f"{LOCATION}: 'a;b' is not a cookie name."),
    ],
)
def test_a_location_that_makes_no_sense(location: object, says: dict[str, Any], detail: str) -> None:
    assert detail in wrong("POST", "/x", locations={"a": location}, **says)
    config = {"locations": {"a": location}, **says}
    assert broken("POST", "/x", {}, transform_config=config).startswith("Action 'do-it': ")


@pytest.mark.parametrize(
    ("path", "location", "detail"),
    [
        ("/{a}", "query", f"{LOCATION} is 'query', but endpoint_path names it."),
        (
            "/{a}",
            {"in": "path", "style": "form"},
            f"{LOCATION}.style must be one of json, label, matrix, simple",
        ),
        ("/{+a}", {"in": "path", "style": "simple"}, f"{LOCATION}.style is for a `{{name}}` in the path"),
        ("/x?q={a}", {"in": "path", "explode": True}, f"{LOCATION}.style is for a `{{name}}` in the path"),
    ],
)
def test_a_place_in_the_path_that_makes_no_sense(path: str, location: object, detail: str) -> None:
    assert detail in wrong("GET", path, locations={"a": location})


@pytest.mark.parametrize(
    ("says", "detail"),
    [
        ({"headers": {"a b": "1"}}, "'a b' is not a header name."),
        ({"headers": {"Host": "1"}}, "'host' is set by Portway itself."),
        ({"headers": {"a": "1\r\nX: y"}}, "transform_config.headers.a has a control character."),
        ({"headers": {"a": "\ud800{b}"}}, "transform_config.headers.a has a control character."),
        ({"body": {"encoding": "json", "content_type": "json"}}, "transform_config.body.content_type is not"),
        ({"body": {"encoding": "raw", "file": "f", "content_type": "a/b\n"}}, "body.content_type is not"),
        ({"body": {"encoding": "xml", "root": "x", "content_type": "xml"}}, "body.content_type is not"),
        ({"body": {"encoding": "xml", "root": "a b"}}, "transform_config.body: 'a b' is no name of XML."),
        (
            {"body": {"encoding": "xml", "root": "a", "attributes": {"1": "x"}}},
            "transform_config.body: '1' is no name of XML.",
        ),
        (
            {"body": {"encoding": "xml", "root": "a", "attributes": {"b": "\x00"}}},
            "transform_config.body.attributes.b has a character that XML does not allow.",
        ),
        (
            {"body": {"encoding": "json", "parameter": "id"}},
            "transform_config.body.parameter names 'id', which goes into the path.",
        ),
        (
            {"body": {"encoding": "raw", "file": "f"}, "locations": {"f": "query"}},
            "transform_config.body.file names 'f', which goes into the query.",
        ),
        (
            {"body": {"encoding": "multipart", "files": ["g", "f"]}, "locations": {"f": "header"}},
            "transform_config.body.files names 'f', which goes into the header.",
        ),
        (
            {"body": {"encoding": "multipart_related", "file": "id"}},
            "transform_config.body.file names 'id', which goes into the path.",
        ),
    ],
)
def test_headers_and_bodies_that_make_no_sense(says: dict[str, Any], detail: str) -> None:
    assert detail in wrong("POST", "/{id}", **says)


def test_a_body_where_there_is_none() -> None:
    for method in ("GET", "DELETE"):
        detail = wrong(method, "/x", body={"encoding": "form"})
        assert f"transform_config.body: a {method} has no body, unless " in detail
        check(method, "/x", body={"encoding": "form"}, locations={"a": "body"})
        check(method, "/x", body={"encoding": "none"})
        check(method, "/x", inherited={"body": {"encoding": "raw", "file": "f"}})
    assert "http_method must be one of" in wrong("TRACE", "/x")


def test_a_row_that_makes_sense() -> None:
    check(
        "PUT",
        "/{id}/{+path}?v={v}",
        locations={
            "id": {"in": "path", "style": "simple"},
            "v": "path",
            "path": {"in": "path", "name": "p"},
            "f": {"in": "body", "content_type": 'text/csv; charset="utf-8"'},
            "g": {"in": "body", "style": "brackets"},
        },
        body={"encoding": "multipart", "files": ["f"]},
        headers={"X-Api-Version": "2", "x-region": "{region}"},
    )


# Headers


def test_headers_that_a_row_sets() -> None:
    says = {
        "headers": {"X-Version": "2", "Accept": "text/csv", "x-place": "{region}/{shop}!"},
        "locations": {"version": {"in": "header", "name": "x-version"}},
    }
    request = build("GET", "/x", {}, config={"region": "eu", "shop": "ü"}, transform_config=says)
    assert request.headers == {"accept": "text/csv", "x-version": "2", "x-place": "eu/ü!"}
    request = build("GET", "/x", {"version": 3}, config={"region": "eu", "shop": "1"}, transform_config=says)
    assert request.headers["x-version"] == "3"


@pytest.mark.parametrize("config", [{}, {"region": ""}, {"region": 5}, {"region": "a\r\nX: y"}])
def test_a_header_needs_a_value_of_the_connection(config: dict[str, Any]) -> None:
    says = {"headers": {"X-Region": "{region}"}}
    detail = broken("GET", "/x", {}, config=config, transform_config=says)
    assert detail.startswith(
        "Action 'do-it': transform_config.headers.x-region needs the connection's `region`, which "
    )


@pytest.mark.parametrize(
    ("says", "accept"),
    [
        ({}, "application/json"),
        ({"response": {"format": "json"}}, "application/json"),
        ({"response": {"format": "xml"}}, "application/xml, text/xml"),
        ({"response": {"format": "text"}}, "*/*"),
        ({"response": {"format": "binary"}}, "*/*"),
        ({"body": {"encoding": "xml", "root": "x"}}, "application/xml, text/xml"),
        (
            {"body": {"encoding": "xml", "root": "x"}, "response": {"format": "json"}},
            "application/json",
        ),
        (
            {"body": {"encoding": "graphql", "query": "{ x }"}},
            "application/graphql-response+json, application/json",
        ),
    ],
)
def test_what_is_accepted(says: dict[str, Any], accept: str) -> None:
    assert sent({}, **says).headers["accept"] == accept


# What an integration says


def test_what_an_integration_says_holds_for_its_actions() -> None:
    inherited = {
        "query": {"style": "brackets"},
        "headers": {"X-Version": "1", "X-Client": "portway"},
        "body": {"encoding": "form", "style": "brackets"},
    }
    request = build("POST", "/x", {"a": [1]}, inherited=inherited)
    assert request.body == b"a%5B%5D=1"
    own = {"headers": {"X-Version": "2"}, "body": {"encoding": "form", "style": "deepObject"}}
    request = build("POST", "/x", {"a": [1]}, inherited=inherited, transform_config=own)
    assert request.body == b"a%5B0%5D=1"
    assert (request.headers["x-version"], request.headers["x-client"]) == ("2", "portway")
    assert build("GET", "/x", {"a": [1]}, inherited=inherited).url.endswith("/x?a%5B%5D=1")
    other = {"body": {"encoding": "json"}}
    assert build("POST", "/x", {"a": [1]}, inherited=inherited, transform_config=other).body == b'{"a":[1]}'


def test_a_broken_integration_says_so() -> None:
    with pytest.raises(InvalidIntegrationConfig, match=r"^Integration 'acme': transform_config\.body"):
        check("POST", "/x", inherited={"body": {"encoding": "yaml"}})
