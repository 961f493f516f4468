"""Pages as docs/reference/responses.md does not show them: the corners."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.language.transform_config import Pagination
from portway.application.ports.http import UpstreamResponse
from portway.application.responses.pagination import Page, read_page
from portway.domain.errors import InvalidIntegrationConfig, UpstreamInvalidResponse
from portway.domain.json_value import JsonObject, JsonValue
from tests.unit.domain.json_values import VALUES

URL = "https://api.example/v1/things?x=1"
CURSOR = {"type": "cursor", "items": "items", "cursor": "next", "parameter": "after"}
PAGE = {"type": "page", "items": "items", "parameter": "page"}
OFFSET = {"type": "offset", "items": "items", "parameter": "skip"}
LINK = {"type": "link_header"}
NEXT = {"type": "next_url", "items": "items", "url": "next"}


def read(
    document: dict[str, Any],
    body: JsonValue,
    parameters: JsonObject | None = None,
    link: str = "",
    url: str = URL,
) -> Page:
    pagination = msgspec.convert(document, Pagination)
    response = UpstreamResponse(200, {"link": link} if link else {}, b"")
    return read_page(pagination, response, body, parameters=parameters or {}, url=url)


# Items


@pytest.mark.parametrize("document", [CURSOR, PAGE, OFFSET, NEXT, {**LINK, "items": "items"}])
@pytest.mark.parametrize("body", [{"items": []}, {"items": None}, {}, None])
def test_a_list_that_is_left_out_is_empty(document: dict[str, Any], body: JsonValue) -> None:
    assert read(document, body) == Page([])


@pytest.mark.parametrize("items", [1, "x", {"a": 1}, True])
def test_what_is_no_list_is_refused(items: JsonValue) -> None:
    with pytest.raises(UpstreamInvalidResponse, match=r"transform_config\.pagination\.items \('items'\)"):
        read(CURSOR, {"items": items})


@pytest.mark.parametrize("body", [{"items": []}, "text", 1])
def test_a_body_that_is_no_list_needs_items(body: JsonValue) -> None:
    with pytest.raises(InvalidIntegrationConfig, match=r"pagination\.items must say where the list is"):
        read(LINK, body)


def test_items_that_do_not_fit_are_not_taken_for_the_end() -> None:
    with pytest.raises(InvalidIntegrationConfig, match=r"pagination\.items does not fit"):
        read({**CURSOR, "items": "sort_by(items, &id)"}, {"items": [{"id": 1}, {"id": "a"}]})


# Cursors


@pytest.mark.parametrize("cursor", ["x", 7, 0, {"shard": 1}, [1]])
def test_the_next_cursor_takes_the_place_of_this_one(cursor: JsonValue) -> None:
    page = read(CURSOR, {"items": [1], "next": cursor}, {"after": "old", "limit": 5})
    assert page == Page([1], next_parameters={"after": cursor, "limit": 5})


@pytest.mark.parametrize("cursor", [None, "", False, [], {}])
def test_no_cursor_is_the_end(cursor: JsonValue) -> None:
    assert read(CURSOR, {"items": [1], "next": cursor}) == Page([1])


def test_a_cursor_that_does_not_fit_is_the_end() -> None:
    assert read({**CURSOR, "cursor": "max_by(items, &id).id"}, {"items": None}) == Page([])


@pytest.mark.parametrize(
    ("more", "goes_on"), [(True, True), (False, False), (None, False), ("", False), (1, True)]
)
def test_more_tells_the_end(more: JsonValue, goes_on: bool) -> None:
    page = read({**CURSOR, "more": "more"}, {"items": [1], "next": "x", "more": more})
    assert page.next_parameters == ({"after": "x"} if goes_on else None)


def test_more_without_a_cursor_is_the_end() -> None:
    assert read({**CURSOR, "more": "more"}, {"items": [1], "more": True}) == Page([1])


def test_a_cursor_that_leads_back_here_would_never_end() -> None:
    with pytest.raises(UpstreamInvalidResponse, match="cursor"):
        read(CURSOR, {"items": [1], "next": "x"}, {"after": "x"})


# Numbers


@pytest.mark.parametrize(
    ("given_page", "following"),
    [(None, 2), (1, 2), (7, 8), ("7", 8), (7.0, 8), (0, 1), (-1, 0), ("x", 2), (True, 2)],
)
def test_the_caller_may_start_at_any_page(given_page: JsonValue, following: int) -> None:
    parameters = {} if given_page is None else {"page": given_page}
    assert read(PAGE, {"items": [1]}, parameters).next_parameters == {"page": following}


@pytest.mark.parametrize(
    ("size", "count", "goes_on"),
    [(2, 2, True), (2, 1, False), (2, 3, True), (2, 0, False), ("2", 2, True), ("2", 1, False), (None, 1, True),
     (None, 0, False), (0, 0, False), (-5, 0, False), ("x", 1, True), (10**30, 5, True)],
)  # fmt: skip
@pytest.mark.parametrize("document", [PAGE, OFFSET])
def test_a_page_that_is_not_full_is_the_last(
    document: dict[str, Any], size: JsonValue, count: int, goes_on: bool
) -> None:
    document = {**document, "size_parameter": "size"}
    page = read(document, {"items": [0] * count}, {} if size is None else {"size": size})
    assert (page.next_parameters is not None) == goes_on


@pytest.mark.parametrize(
    ("last", "goes_on"),
    [(3, True), ("3", True), (2, False), (1, False), (0, False), (None, True), ("x", True)],
)
def test_the_number_of_the_last_page(last: JsonValue, goes_on: bool) -> None:
    page = read({**PAGE, "last": "last"}, {"items": [1], "last": last}, {"page": 2})
    assert page.next_parameters == ({"page": 3} if goes_on else None)


@pytest.mark.parametrize(
    ("total", "goes_on"), [(6, True), ("6", True), (5, False), (0, False), (None, True), ("many", True)]
)
def test_the_number_of_all_items(total: JsonValue, goes_on: bool) -> None:
    page = read({**OFFSET, "total": "total"}, {"items": [1, 2], "total": total}, {"skip": 3})
    assert page.next_parameters == ({"skip": 5} if goes_on else None)


@pytest.mark.parametrize("document", [PAGE, OFFSET])
def test_more_comes_before_all_else(document: dict[str, Any]) -> None:
    document = {**document, "more": "more", "size_parameter": "size"}
    assert read(document, {"items": [1], "more": True}, {"size": 2}).next_parameters is not None
    assert read(document, {"items": [1, 2], "more": False}, {"size": 2}).next_parameters is None


def test_an_offset_that_does_not_grow_would_never_end() -> None:
    assert read({**OFFSET, "more": "more"}, {"items": [], "more": True}) == Page([])


# Addresses


@pytest.mark.parametrize(
    ("target", "absolute"),
    [
        ("https://api.example/v1/things?x=2", "https://api.example/v1/things?x=2"),
        ("?x=2", "https://api.example/v1/things?x=2"),
        ("/v2/things", "https://api.example/v2/things"),
        ("more", "https://api.example/v1/more"),
        ("../more", "https://api.example/more"),
        ("//api.example/a", "https://api.example/a"),
        (" ?x=2\n", "https://api.example/v1/things?x=2"),
        ("?x=2#there", "https://api.example/v1/things?x=2"),
        ("?q=ü b&r=%20%C3%BC", "https://api.example/v1/things?q=%C3%BC%20b&r=%20%C3%BC"),
        # Whether the address may be gone to is for the caller to judge.
        ("http://elsewhere.example/", "http://elsewhere.example/"),
    ],
)
def test_the_next_address(target: str, absolute: str) -> None:
    assert read(NEXT, {"items": [1], "next": target}) == Page([1], next_url=absolute)
    if "\n" not in target:
        assert read(LINK, [1], link=f'<{target}>; rel="next"') == Page([1], next_url=absolute)


@pytest.mark.parametrize("target", [None, "", False, [], {}])
def test_no_address_is_the_end(target: JsonValue) -> None:
    assert read(NEXT, {"items": [1], "next": target}) == Page([1])


@pytest.mark.parametrize(
    "target",
    ["ftp://api.example/", "file:///etc/passwd", "javascript:alert(1)", "mailto:a@b", "http://",
     "http://[", "https://api.example:port/", "https://api.example:99999/", "?\ud800",
     "https://user:secret@api.example/", 7, True, ["?x=2"], {"a": 1}],
)  # fmt: skip
def test_what_is_no_address_is_refused(target: JsonValue) -> None:
    with pytest.raises(UpstreamInvalidResponse, match=r"no http\(s\) URL") as error:
        read(NEXT, {"items": [1], "next": target})
    assert "secret" not in error.value.detail


@pytest.mark.parametrize("target", [URL, "?x=1", "things?x=1", "#top"])
def test_an_address_that_leads_back_here_would_never_end(target: str) -> None:
    with pytest.raises(UpstreamInvalidResponse, match="as its own next one"):
        read(NEXT, {"items": [1], "next": target})


# Whatever comes

NAMES = st.sampled_from(["a", "items", "@", "@[0]", "length(@)", "a.b", "keys(@)", "!a"])
DOCUMENTS = st.one_of(
    st.fixed_dictionaries({"type": st.just("cursor"), "cursor": NAMES, "parameter": st.just("p")},
                          optional={"more": NAMES, "items": NAMES}),
    st.fixed_dictionaries({"type": st.just("page"), "parameter": st.just("p")},
                          optional={"more": NAMES, "items": NAMES, "last": NAMES, "size_parameter": st.just("s"),
                                    "first": st.integers(-5, 5)}),
    st.fixed_dictionaries({"type": st.just("offset"), "parameter": st.just("p")},
                          optional={"more": NAMES, "items": NAMES, "total": NAMES, "size_parameter": st.just("s")}),
    st.fixed_dictionaries({"type": st.just("link_header")}, optional={"items": NAMES}),
    st.fixed_dictionaries({"type": st.just("next_url"), "url": NAMES}, optional={"items": NAMES}),
)  # fmt: skip


@given(
    DOCUMENTS,
    st.one_of(VALUES, st.dictionaries(st.sampled_from(["a", "items", "b"]), VALUES)),
    st.dictionaries(st.sampled_from(["p", "s"]), VALUES),
    st.text(max_size=20).map("<{}>; rel=next".format),
)
def test_whatever_comes_is_a_page_or_one_of_two_errors(
    document: dict[str, Any], body: JsonValue, parameters: JsonObject, link: str
) -> None:
    with suppress(UpstreamInvalidResponse, InvalidIntegrationConfig):
        page = read(document, body, parameters, link)
        assert page.next_parameters is None or page.next_parameters.keys() == {"p", *parameters}
        assert page.next_url is None or (
            page.next_url.isascii()
            and urlsplit(page.next_url).scheme in ("http", "https")
            and page.next_url != URL
        )
