"""Requests that no row describes: to any path under `base_url`, and to no other."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.ports.http import OutgoingRequest
from portway.application.requests.direct_request import direct_request
from portway.application.requests.files import UploadedFile
from portway.domain.errors import InvalidIntegrationConfig, InvalidParameters
from tests.unit.application.requests.building import CHARACTERS, NASTY, Held
from tests.unit.application.rows import an_integration

BASE = "https://{region}.api.example/v1"


def direct(path: str = "/x", *, method: str = "get", says: Any = None, **members: Any) -> OutgoingRequest:
    integration = replace(an_integration(BASE), transform_config=says or {})
    return direct_request(integration, {"region": "eu"}, method, path, **members)


def refusals(*args: Any, **members: Any) -> list[str]:
    with pytest.raises(InvalidParameters) as error:
        direct(*args, **members)
    return [fault.pointer for fault in error.value.faults]


def test_a_request() -> None:
    request = direct(
        "/a%20b?fixed=1",
        method="patch",
        says={"headers": {"X-Version": "2", "x-region": "{region}"}},
        query={"q": "a b&c", "list": ["x", 1, True, 0.5], "none": None},
        headers={"If-Match": ' "1" ', "X-Version": "3"},
        json={"a": "ü"},
    )
    assert request == OutgoingRequest(
        "PATCH",
        "https://eu.api.example/v1/a%20b?fixed=1&q=a%20b%26c&list=x&list=1&list=true&list=0.5",
        {
            "accept": "application/json",
            "content-type": "application/json",
            "if-match": '"1"',
            "x-region": "eu",
            "x-version": "3",
        },
        '{"a":"ü"}'.encode(),
    )


def test_bodies() -> None:
    assert direct().body is None
    assert direct(json={}).body == b"{}"
    own = direct(json={"a": 1}, body=b"raw", headers={"content-type": "text/csv"})
    assert (own.body, own.headers["content-type"]) == (b"raw", "text/csv")
    streamed = Held(b"x")
    assert direct(body=streamed).body is streamed


@pytest.mark.parametrize(
    "path",
    [
        "",
        "x",
        "//evil.example/x",
        "https://evil.example/",
        "@evil.example",
        "/..",
        "/a/../b",
        "/a/%2e%2E/b",
        "/a/.%2e",
        "/a/./b",
        "/a%2f..%2fb",
        "/a%5c..%5Cb",
        "/a/..;x=1/b",
        "/a/..%3bx/b",
        "/..?a=1",
        "/a b",
        "/a\\..\\b",
        "/a#b",
        "/a\r\nX: y",
        "/ü",
        "/a\x00",
    ],
)
def test_a_path_stays_under_the_base(path: str) -> None:
    assert refusals(path) == ["/parameters/path"]


def test_dots_that_do_not_climb() -> None:
    for path in ("/a..b", "/...", "/a/..b/c.", "/x?from=/../y", "/x?a=..", "/.well-known/a"):
        assert direct(path).url == f"https://eu.api.example/v1{path}"


@given(path=CHARACTERS | NASTY, query=st.dictionaries(CHARACTERS | NASTY, CHARACTERS | NASTY, max_size=3))
def test_nothing_leaves_its_place(path: str, query: dict[str, str]) -> None:
    try:
        request = direct(f"/{path}", query=query)
    except InvalidParameters:
        request = direct("/x?y=z", query=query)
    parts = urlsplit(request.url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "eu.api.example", "")
    assert parts.path.startswith("/v1/")
    if query:
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        assert pairs[-len(query) :] == list(query.items())


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"headers": {"Host": "evil.example"}}, "/parameters/headers/Host"),
        ({"headers": {"a/b": "1"}}, "/parameters/headers/a~1b"),
        ({"headers": {"a": "1\r\nX: y"}}, "/parameters/headers/a"),
        ({"headers": {"a": "\ud800"}}, "/parameters/headers/a"),
        ({"query": {"a": "\ud800"}}, "/parameters/query/a"),
        ({"query": {"a": [float("nan")]}}, "/parameters/query/a"),
        ({"query": {"\ud800": 1}}, "/parameters/query/?"),
        ({"json": {"a": "\ud800"}}, "/parameters/body"),
        ({"json": [float("inf")]}, "/parameters/body"),
        ({"json": [UploadedFile("a", "a/b", Held(b""))]}, "/parameters/body"),
    ],
)
def test_what_has_no_place_in_a_request(members: dict[str, Any], pointer: str) -> None:
    assert refusals(**members) == [pointer]


def test_a_broken_row_says_where() -> None:
    with pytest.raises(InvalidIntegrationConfig) as error:
        direct(says={"headers": {"x-shop": "{shop}"}})
    assert error.value.detail == (
        "Integration 'acme': transform_config.headers.x-shop needs the connection's `shop`, which it does not have."
    )
    with pytest.raises(InvalidIntegrationConfig, match=r"^Integration 'acme': transform_config\.headers"):
        direct(says={"headers": []})
    with pytest.raises(InvalidIntegrationConfig, match=r"^Integration 'acme': base_url needs"):
        direct_request(an_integration(BASE), {}, "GET", "/x")
