import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portway.application.ports.http import OutgoingRequest
from portway.domain.errors import Fault, InvalidIntegrationConfig, InvalidParameters
from portway.domain.json_value import JsonValue
from portway.domain.rules.access_control import origin_of
from tests.unit.application.requests.building import CHARACTERS, NASTY, broken, build, refused
from tests.unit.domain.json_values import OBJECTS, SCALARS, VALUES

# Where parameters go


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "get"])
def test_without_a_body_parameters_go_into_the_query(method: str) -> None:
    request = build(method, "/users/{id}", {"id": 7, "full": True, "tags": ["a", "b c"], "none": None})
    assert request == OutgoingRequest(
        method.upper(),
        "https://api.example/v1/users/7?full=true&tags=a&tags=b%20c",
        {"accept": "application/json"},
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_with_a_body_parameters_go_into_json(method: str) -> None:
    request = build(method, "/users/{id}", {"id": "a", "name": "Zoë", "none": None, "tags": [1, {"x": 0.5}]})
    assert request.url == "https://api.example/v1/users/a"
    assert request.headers == {"accept": "application/json", "content-type": "application/json"}
    assert request.body == '{"name":"Zoë","none":null,"tags":[1,{"x":0.5}]}'.encode()


def test_the_row_says_otherwise() -> None:
    request = build(
        "POST",
        "/x",
        {"a": 1, "if-match": ' "tag" ', "Accept": "text/plain", "b": 2},
        transform_config={"locations": {"a": "query", "if-match": "header", "Accept": "header", "b": "body"}},
    )
    assert request.url == "https://api.example/v1/x?a=1"
    assert request.headers == {
        "accept": "text/plain",
        "if-match": '"tag"',
        "content-type": "application/json",
    }
    assert request.body == b'{"b":2}'
    assert build("GET", "/x", {"a": 1}, transform_config={"locations": {"a": "body"}}).body == b'{"a":1}'


def test_a_query_that_the_row_fixes_stays_and_stays_alone() -> None:
    assert build("GET", "/x?alt=json&q={term}", {"term": "a&b=c", "page": 2}).url == (
        "https://api.example/v1/x?alt=json&q=a%26b%3Dc&page=2"
    )
    assert refused("GET", "/x?alt=json&q={term}", {"term": "a", "alt": "xml", "q": "b"}) == [
        Fault("/parameters/alt", "is set by the action itself."),
        Fault("/parameters/q", "is set by the action itself."),
    ]


def test_an_empty_body_is_sent_only_where_a_body_is_known() -> None:
    schema: dict[str, Any] = {"properties": {"id": {}, "note": {}}}
    assert build("POST", "/x/{id}", {"id": 1}).body is None
    assert "content-type" not in build("POST", "/x/{id}", {"id": 1}).headers
    assert build("POST", "/x/{id}", {"id": 1}, request_schema=schema).body == b"{}"
    assert build("POST", "/x/{id}/{note}", {"id": 1, "note": 2}, request_schema=schema).body is None
    in_query = {"locations": {"note": "query"}}
    assert build("POST", "/x/{id}", {"id": 1}, request_schema=schema, transform_config=in_query).body is None
    assert build("DELETE", "/x/{id}", {"id": 1}, request_schema=schema).body is None


@pytest.mark.parametrize(
    ("base_url", "endpoint_path", "url"),
    [
        ("https://api.example", "", "https://api.example/"),
        ("https://api.example/", "", "https://api.example/"),
        ("https://api.example/v1/", "", "https://api.example/v1"),
        ("https://api.example/v1/", "/", "https://api.example/v1/"),
        ("https://api.example/v1", "users/me", "https://api.example/v1/users/me"),
        ("https://api.example:8443", "/users:batch?x=1", "https://api.example:8443/users:batch?x=1"),
        ("http://[::1]:8080/v1", "/ü", "http://[::1]:8080/v1/%C3%BC"),
        ("https://api.example", "?x=1", "https://api.example/?x=1"),
    ],
)
def test_paths_are_joined(base_url: str, endpoint_path: str, url: str) -> None:
    assert build("GET", endpoint_path, {}, base_url=base_url).url == url


# Nothing leaves its place


@given(value=CHARACTERS | NASTY)
def test_a_path_parameter_stays_one_segment(value: str) -> None:
    assume(value not in (".", ".."))
    url = build("GET", "/users/{id}/posts", {"id": value, "q": 1}, base_url="https://api.example:8443").url
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == (
        "https",
        "api.example:8443",
        "q=1",
        "",
    )
    assert parts.path.split("/")[:2] == ["", "users"]
    assert [unquote(segment) for segment in parts.path.split("/")] == ["", "users", value, "posts"]
    assert url.isascii()
    assert not set(url) & set(' \r\n\x00\\"<>')


@pytest.mark.parametrize("value", [".", "..", "%2e", "%2E%2e", ""])
@pytest.mark.parametrize("path", ["/users/{id}/posts", "/users/{id}"])
def test_a_dot_segment_does_not_climb(path: str, value: str) -> None:
    if "%" in value:
        assert "%25" in build("GET", path, {"id": value}).url
    else:
        assert [fault.pointer for fault in refused("GET", path, {"id": value})] == ["/parameters/id"]


@pytest.mark.parametrize("parameters", [{"a": ".", "b": "."}, {"a": ".", "b": ""}, {"a": "x", "b": "/../y"}])
def test_values_side_by_side_do_not_climb_either(parameters: dict[str, str]) -> None:
    if parameters["a"] == "x":
        assert build("GET", "/r/{a}{b}/s", parameters).url.endswith("/r/x%2F..%2Fy/s")
    else:
        assert refused("GET", "/r/{a}{b}/s", parameters)


def test_part_of_a_segment_may_be_dots() -> None:
    assert build("GET", "/values/{range}:append", {"range": ".."}).url.endswith("/values/..:append")


@given(value=CHARACTERS | NASTY)
def test_a_path_of_several_segments_stays_below(value: str) -> None:
    segments = value.split("/")
    unusable = "" in segments[:-1] or {".", ".."} & set(segments)
    if unusable:
        assert [fault.pointer for fault in refused("GET", "/files/{+path}", {"path": value})] == [
            "/parameters/path"
        ]
        return
    parts = urlsplit(build("GET", "/files/{+path}", {"path": value}).url)
    assert (parts.netloc, parts.query, parts.fragment) == ("api.example", "", "")
    assert [unquote(segment) for segment in parts.path.split("/")] == ["", "v1", "files", *segments]


@pytest.mark.parametrize("value", ["/etc/passwd", "a//b", "", "../x", "a/..", "a/./b", "//evil.example"])
def test_a_path_that_could_climb_is_refused(value: str) -> None:
    assert refused("GET", "/{+path}", {"path": value})


QUERY = st.one_of(SCALARS, CHARACTERS, NASTY)


@given(parameters=st.dictionaries(CHARACTERS | NASTY, QUERY | st.lists(QUERY, max_size=3), max_size=4))
def test_a_query_parameter_stays_itself(parameters: dict[str, Any]) -> None:
    url = build("GET", "/x?fixed=1", {"id": "i", **parameters} if "fixed" not in parameters else {}).url
    parts = urlsplit(url)
    assert (parts.netloc, parts.path, parts.fragment) == ("api.example", "/v1/x", "")

    def text(value: object) -> str:
        return value if isinstance(value, str) else json.dumps(value)

    expected = [("fixed", "1")]
    for name, value in ({"id": "i", **parameters} if "fixed" not in parameters else {}).items():
        items = value if isinstance(value, list) else [value]
        expected += [(name, text(item)) for item in items if item is not None]
    assert parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True) == expected


@given(value=CHARACTERS | NASTY)
def test_a_header_stays_one_line(value: str) -> None:
    transform = {"locations": {"X-Note": "header"}}
    if any((ord(character) < 32 and character != "\t") or 127 <= ord(character) < 160 for character in value):
        faults = refused("GET", "/x", {"X-Note": value}, transform_config=transform)
        assert [fault.pointer for fault in faults] == ["/parameters/X-Note"]
    else:
        request = build("GET", "/x", {"X-Note": value}, transform_config=transform)
        assert request.headers["x-note"] == value.strip(" \t")


@given(parameters=OBJECTS)
def test_a_body_is_what_was_given(parameters: dict[str, JsonValue]) -> None:
    request = build("POST", "/x", parameters)
    body = request.body or b"{}"
    assert isinstance(body, bytes)
    assert json.loads(body) == parameters
    assert request.url == "https://api.example/v1/x"


@given(
    method=st.sampled_from(["GET", "POST"]),
    path=st.text(st.sampled_from("/a{}+id?#&.:@%\\"), max_size=12),
    base=st.sampled_from(["https://api.example", "https://api.example:8443/v1", "https://{sub}.api.example"]),
    parameters=OBJECTS | st.fixed_dictionaries({"id": VALUES, "d": VALUES}),
    sub=VALUES,
)
def test_no_row_and_no_value_changes_the_origin(
    method: str, path: str, base: str, parameters: dict[str, JsonValue], sub: JsonValue
) -> None:
    try:
        request = build(method, path, parameters, base_url=base, config={"sub": sub})
    except (InvalidParameters, InvalidIntegrationConfig):
        return
    assert origin_of(request.url) == origin_of(base.replace("{sub}", str(sub)))
    assert urlsplit(request.url).netloc.endswith(("api.example", ":8443"))


# What the caller got wrong


def test_each_fault_is_told() -> None:
    faults = refused(
        "GET",
        "/{a}/{b}/{c}",
        {"a": ["x"], "c": "\ud800", "d": {"x": 1}, "e": [1, [2]]},
    )
    assert [(fault.pointer, fault.message) for fault in faults] == [
        ("/parameters/a", "must be a text, a number or a boolean here."),
        ("/parameters/c", "is not valid Unicode."),
        ("/parameters/d", "must be a text, a number, a boolean or a list of them here."),
        ("/parameters/e", "must be a text, a number or a boolean here."),
        ("/parameters/b", "is required in the path."),
    ]


def test_null_in_the_path_is_missing() -> None:
    assert refused("GET", "/{a}", {"a": None}) == [Fault("/parameters/a", "is required in the path.")]


def test_a_fault_points_to_what_the_caller_wrote() -> None:
    transform = {"parameters": [{"op": "rename", "parameter": "user/id", "to": "userId"}]}
    faults = refused("GET", "/{userId}", {"userId": {}}, transform_config=transform)
    assert [fault.pointer for fault in faults] == ["/parameters/user~1id"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"a": ["\udfff"]}])
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    assert [fault.pointer for fault in refused("POST", "/x", {"good": 1, "bad": value})] == [
        "/parameters/bad"
    ]


# What the row got wrong


@pytest.mark.parametrize(
    "endpoint_path",
    [
        "https://evil.example/x",
        "//evil.example/x",
        "file:///etc/passwd",
        "users:batch",
        "/a/../b",
        "/a/%2e%2E/b",
        "/./a",
        "/a#b",
        "/a b",
        "/a\\b",
        "/a\r\nX: y",
        "/a?x=1#y",
        "/{",
        "/{}",
        "/a}",
        "/{a{b}}",
        "/{a/b}",
        "/x?q={+term}",
    ],
)
def test_an_endpoint_is_a_path(endpoint_path: str) -> None:
    detail = broken("GET", endpoint_path, {"a": 1, "b": 2, "term": 3})
    assert detail.startswith("Action 'do-it': endpoint_path ")


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.example",
        "ftp://api.example",
        "//api.example",
        "https://",
        "https:///x",
        "https://user:password@api.example",
        "https://api.example@evil.example",
        "https://api.example?x=1",
        "https://api.example#x",
        "https://api.example/a b",
        "https://api.example\\@evil.example",
        "https://api.example:port",
        "https://api.example:99999",
        "https://api.example:0",
        "https://[::1",
        "https://bücher.example",
        "https://api.example/../x",
        "https://{sub",
        "https://{}.api.example",
        "{scheme}://api.example",
    ],
)
def test_a_base_is_a_url(base_url: str) -> None:
    assert broken("GET", "/x", {}, base_url=base_url).startswith("Integration 'acme': base_url ")


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"transform_config": {"locations": []}}, "transform_config.locations"),
        ({"transform_config": {"locations": {"a": "trailer"}}}, "transform_config.locations.a"),
        ({"transform_config": {"locations": {"a": ["query"]}}}, "transform_config.locations.a"),
        ({"transform_config": {"locations": {"a": "path"}}}, "transform_config.locations.a"),
        ({"transform_config": {"locations": {"id": "query"}}}, "transform_config.locations.id"),
        ({"transform_config": {"locations": {"a": "header"}}}, "x y"),
        ({"transform_config": {"locations": {"Host": "header"}}}, "'host'"),
    ],
)
def test_a_broken_row_says_where(members: dict[str, Any], where: str) -> None:
    parameters = {"id": 1, "a": 1, "Host": "evil.example"}
    if where == "x y":
        parameters["x y"], members["transform_config"]["locations"] = 1, {"x y": "header"}
    assert where in broken("GET", "/{id}", parameters, **members)


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "Connection",
        "Proxy-Authorization",
        "",
        "a:b",
        "a\nb",
        "ü",
    ],
)
def test_no_row_sets_what_is_the_clients(name: str) -> None:
    assert broken("GET", "/x", {name: "1"}, transform_config={"locations": {name: "header"}})


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "", "GET /x HTTP/1.1\r\n"])
def test_a_method_is_one_of_a_list(method: str) -> None:
    assert "http_method" in broken(method, "/x", {})


# The connection's own values in base_url


def test_base_url_takes_values_of_the_connection() -> None:
    request = build(
        "GET",
        "/x",
        {},
        base_url="https://{subdomain}.zendesk.example/sites/{site}/api",
        config={"subdomain": "acme-1", "site": "a/b ü", "other": 1},
    )
    assert request.url == "https://acme-1.zendesk.example/sites/a%2Fb%20%C3%BC/api/x"


@pytest.mark.parametrize(
    "value",
    [
        "evil.example/",
        "evil.example#",
        "a.b",
        "a@b",
        "a:80",
        "-a",
        "a-",
        "a_b",
        "ü",
        "",
        " ",
        "a\n",
        "a" * 64,
        None,
        5,
        ["a"],
    ],
)
def test_a_value_in_the_host_is_a_single_label(value: Any) -> None:
    detail = broken(
        "GET", "/x", {}, base_url="https://{subdomain}.zendesk.example", config={"subdomain": value}
    )
    assert "`subdomain`" in detail


@pytest.mark.parametrize("value", [".", "..", "\ud800"])
def test_a_value_in_the_path_of_the_base_does_not_climb(value: str) -> None:
    assert broken("GET", "/x", {}, base_url="https://api.example/{site}/x", config={"site": value})
