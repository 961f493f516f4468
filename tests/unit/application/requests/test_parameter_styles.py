"""Lists and objects in every place, in every style."""

from urllib.parse import parse_qsl

import pytest

from portway.application.requests.files import UploadedFile
from portway.domain.errors import Fault
from portway.domain.json_value import JsonValue
from tests.unit.application.requests.building import (
    Held,
    build,
    path_of,
    pointers,
    query_of,
    refused,
    said,
    sent,
)

ARRAY = ["blue", "black", "brown"]
OBJECT = {"R": 100, "G": 200, "B": 150}

# OpenAPI 3.1.1, "Style Examples"
PATHS = [
    ("matrix", False, "", ";color"),
    ("matrix", False, "blue", ";color=blue"),
    ("matrix", False, ARRAY, ";color=blue,black,brown"),
    ("matrix", False, OBJECT, ";color=R,100,G,200,B,150"),
    ("matrix", True, "", ";color"),
    ("matrix", True, ARRAY, ";color=blue;color=black;color=brown"),
    ("matrix", True, OBJECT, ";R=100;G=200;B=150"),
    ("label", False, "blue", ".blue"),
    ("label", False, ARRAY, ".blue,black,brown"),
    ("label", False, OBJECT, ".R,100,G,200,B,150"),
    ("label", True, ARRAY, ".blue.black.brown"),
    ("label", True, OBJECT, ".R=100.G=200.B=150"),
    ("simple", False, "blue", "blue"),
    ("simple", False, ARRAY, "blue,black,brown"),
    ("simple", False, OBJECT, "R,100,G,200,B,150"),
    ("simple", True, ARRAY, "blue,black,brown"),
    ("simple", True, OBJECT, "R=100,G=200,B=150"),
    ("json", False, OBJECT, "%7B%22R%22%3A100%2C%22G%22%3A200%2C%22B%22%3A150%7D"),
]
QUERIES = [
    ("form", False, "", "color="),
    ("form", False, "blue", "color=blue"),
    ("form", False, ARRAY, "color=blue,black,brown"),
    ("form", False, OBJECT, "color=R,100,G,200,B,150"),
    ("form", True, ARRAY, "color=blue&color=black&color=brown"),
    ("form", None, ARRAY, "color=blue&color=black&color=brown"),
    ("form", True, OBJECT, "R=100&G=200&B=150"),
    ("spaceDelimited", None, ARRAY, "color=blue%20black%20brown"),
    ("spaceDelimited", False, OBJECT, "color=R%20100%20G%20200%20B%20150"),
    ("spaceDelimited", True, ARRAY, "color=blue&color=black&color=brown"),
    ("pipeDelimited", None, ARRAY, "color=blue%7Cblack%7Cbrown"),
    ("pipeDelimited", False, OBJECT, "color=R%7C100%7CG%7C200%7CB%7C150"),
    ("deepObject", True, OBJECT, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
    ("deepObject", None, {"a": [1, {"b": True}]}, "color%5Ba%5D%5B0%5D=1&color%5Ba%5D%5B1%5D%5Bb%5D=true"),
    ("deepObject", None, "blue", "color=blue"),
    ("brackets", None, ARRAY, "color%5B%5D=blue&color%5B%5D=black&color%5B%5D=brown"),
    ("brackets", None, {"a": {"b": [1, 2]}}, "color%5Ba%5D%5Bb%5D%5B%5D=1&color%5Ba%5D%5Bb%5D%5B%5D=2"),
    ("json", None, {"a": [1, "ü"]}, "color=%7B%22a%22%3A%5B1%2C%22%C3%BC%22%5D%7D"),
    ("json", None, "blue", "color=%22blue%22"),
]
HEADERS = [
    ("simple", False, "blue", "blue"),
    ("simple", False, ARRAY, "blue,black,brown"),
    ("simple", False, OBJECT, "R,100,G,200,B,150"),
    ("simple", True, OBJECT, "R=100,G=200,B=150"),
    ("json", None, {"a": [1, None]}, '{"a":[1,null]}'),
]
COOKIES = [
    ("form", None, "a b;c", "color=a%20b%3Bc"),
    ("form", False, ARRAY, "color=blue,black,brown"),
    ("form", True, ARRAY, "color=blue; color=black; color=brown"),
    ("form", False, OBJECT, "color=R,100,G,200,B,150"),
    ("form", True, OBJECT, "R=100; G=200; B=150"),
    ("json", None, {"a": 1}, "color=%7B%22a%22%3A1%7D"),
]


@pytest.mark.parametrize(("style", "explode", "value", "written"), PATHS)
def test_styles_of_a_path(style: str, explode: bool, value: object, written: str) -> None:
    assert path_of(value, style, explode) == written
    if not explode:
        assert path_of(value, style, None) == written


@pytest.mark.parametrize(("style", "explode", "value", "written"), QUERIES)
def test_styles_of_a_query(style: str, explode: bool | None, value: object, written: str) -> None:
    assert query_of(value, style, explode) == written
    defaults = {"style": style, "explode": explode}
    if style == "form" and explode is None:
        defaults["explode"] = True  # what a row says of its objects must be said
    assert sent({"color": value}, "GET", query=defaults).url == f"https://api.example/v1/x?{written}"


@pytest.mark.parametrize(("style", "explode", "value", "written"), QUERIES)
def test_styles_of_a_form(style: str, explode: bool | None, value: object, written: str) -> None:
    request = sent({"color": value}, body={"encoding": "form"}, locations=said("body", style, explode))
    assert request.body == written.replace("%20", "+").encode()


@pytest.mark.parametrize(("style", "explode", "value", "written"), HEADERS)
def test_styles_of_a_header(style: str, explode: bool | None, value: object, written: str) -> None:
    assert sent({"color": value}, locations=said("header", style, explode)).headers["color"] == written


@pytest.mark.parametrize(("style", "explode", "value", "written"), COOKIES)
def test_styles_of_a_cookie(style: str, explode: bool | None, value: object, written: str) -> None:
    assert sent({"color": value}, locations=said("cookie", style, explode)).headers["cookie"] == written


def test_explode_alone_means_the_usual_style_of_the_place() -> None:
    assert (
        build(
            "GET",
            "/{color}",
            {"color": OBJECT},
            transform_config={"locations": {"color": {"in": "path", "explode": True}}},
        ).url
        == "https://api.example/v1/R=100,G=200,B=150"
    )
    assert query_of(ARRAY, None, explode=False) == "color=blue,black,brown"
    headers = sent({"color": ARRAY}, locations={"color": {"in": "header", "explode": False}}).headers
    assert headers["color"] == "blue,black,brown"
    headers = sent({"color": ARRAY}, locations={"color": {"in": "cookie", "explode": False}}).headers
    assert headers["cookie"] == "color=blue,black,brown"


def test_a_parameters_own_style_goes_before_that_of_all() -> None:
    url = sent(
        {"a": ["1", "2"], "b": ["1", "2"], "c": ["1", "2"]},
        "GET",
        query={"style": "pipeDelimited", "explode": False},
        locations={"b": {"in": "query", "style": "form"}, "c": {"in": "query", "explode": True}},
    ).url
    assert url.partition("?")[2] == "a=1%7C2&b=1&b=2&c=1&c=2"


def test_what_the_service_calls_it() -> None:
    request = build(
        "PUT",
        "/{id}",
        {"id": ["a", "b"], "page": {"size": 5}, "note": "x", "session": "s", "title": "t"},
        transform_config={
            "locations": {
                "id": {"in": "path", "name": "ids", "style": "matrix"},
                "page": {"in": "query", "name": "p", "style": "deepObject"},
                "note": {"in": "header", "name": "X-Note"},
                "session": {"in": "cookie", "name": "SID"},
                "title": {"in": "body", "name": "Title"},
            }
        },
    )
    assert request.url == "https://api.example/v1/;ids=a,b?p%5Bsize%5D=5"
    assert request.headers == {
        "accept": "application/json",
        "content-type": "application/json",
        "cookie": "SID=s",
        "x-note": "x",
    }
    assert request.body == b'{"Title":"t"}'


def test_null_and_nothing_are_left_out() -> None:
    for style in ("form", "spaceDelimited", "pipeDelimited", "deepObject", "brackets"):
        for nothing in (None, [], {}, [None], {"a": None}):
            assert query_of(nothing, style) == ""
    assert query_of([1, None, 2], "form", explode=False) == "color=1,2"
    assert "color" not in sent({"color": []}, locations=said("header", "simple")).headers
    assert "cookie" not in sent({"color": []}, locations=said("cookie", "form")).headers
    for style in ("simple", "label", "matrix"):
        assert refused(
            "GET", "/{color}", {"color": []}, transform_config={"locations": said("path", style)}
        ) == [Fault("/parameters/color", "must not be empty, it is part of the path.")]


def test_a_style_writes_only_what_it_can() -> None:
    for style in ("form", "spaceDelimited", "pipeDelimited"):
        for value in ([[1]], [{"a": 1}], {"a": [1]}, {"a": {"b": 1}}):
            assert pointers({"color": value}, "GET", locations=said("query", style)) == ["/parameters/color"]
    assert pointers({"color": {"a": 1}}, "GET", locations={"color": "query"}) == ["/parameters/color"]
    for place in ("header", "path"):
        path = "/{color}" if place == "path" else "/x"
        for several in (["a"], {"a": 1}):
            assert pointers({"color": several}, "GET", path, locations={"color": place}) == [
                "/parameters/color"
            ]


@pytest.mark.parametrize("style", ["deepObject", "brackets"])
@pytest.mark.parametrize("name", ["", "a[b", "a]", "]["])
def test_names_cannot_make_another_nesting(style: str, name: str) -> None:
    assert pointers({"color": {name: 1}}, "GET", locations=said("query", style)) == ["/parameters/color"]


def test_nesting_has_an_end() -> None:
    deep: JsonValue = 1
    for _ in range(60):
        deep = {"a": deep}
    assert refused(
        "GET", "/x", {"color": deep}, transform_config={"locations": said("query", "deepObject")}
    ) == [Fault("/parameters/color", "is nested too deeply.")]


@pytest.mark.parametrize(
    ("place", "style", "explode", "items"),
    [
        ("query", "spaceDelimited", False, ["a b"]),
        ("query", "pipeDelimited", False, ["a|b"]),
        ("header", "simple", False, ["a,b"]),
        ("path", "label", True, ["a.b"]),
        ("path", "label", True, [1.5]),
        ("header", "simple", True, {"a=b": 1}),
        ("header", "simple", True, {"a,b": 1}),
    ],
)
def test_an_item_never_becomes_two(place: str, style: str, explode: bool, items: object) -> None:
    path = "/{color}" if place == "path" else "/x"
    assert pointers({"color": items}, "GET", path, locations=said(place, style, explode)) == [
        "/parameters/color"
    ]


def test_reserved_characters_stay_where_they_are_allowed() -> None:
    value = ":/?#[]@!$&'()*+,;=% ü"
    assert query_of(value, None) == (
        "color=%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%25%20%C3%BC"
    )
    allowed = query_of(value, None, allow_reserved=True)
    assert allowed == "color=:/?%23[]@!$%26'()*%2B,;=%25%20%C3%BC"
    assert parse_qsl(allowed) == [("color", value)]
    assert pointers(
        {"color": ["a,b"]}, "GET", locations=said("query", "form", explode=False, allow_reserved=True)
    ) == ["/parameters/color"]


def test_a_member_of_an_object_does_not_pass_for_another_parameter() -> None:
    locations = {"filter": {"in": "query", "style": "form", "explode": True}}
    config = {"locations": locations}
    collision = "would be sent under the same name as another parameter."
    assert refused("GET", "/x", {"filter": {"limit": 1}, "limit": 2, "a": 3}, transform_config=config) == [
        Fault("/parameters/limit", collision)
    ]
    assert refused("GET", "/x", {"limit": 2, "filter": {"limit": 1}}, transform_config=config) == [
        Fault("/parameters/filter", collision)
    ]
    assert refused("GET", "/x?limit=2&a+b=1", {"filter": {"limit": 1}}, transform_config=config) == [
        Fault("/parameters/filter", "is set by the action itself.")
    ]
    assert refused("GET", "/x?limit=2&a+b=1", {"a b": 1}) == [
        Fault("/parameters/a b", "is set by the action itself.")
    ]
    nested = {"query": {"style": "deepObject"}}
    assert refused("GET", "/x?page[size]=5", {"page": {"size": 6}}, transform_config=nested) == [
        Fault("/parameters/page", "is set by the action itself.")
    ]
    form = {"body": {"encoding": "form", "style": "brackets"}}
    assert refused("POST", "/x", {"a": {"b": 1}, "a[b]": 2}, transform_config=form) == [
        Fault("/parameters/a[b]", collision)
    ]
    cookie = {"locations": {"a": "cookie", "b": {"in": "cookie", "style": "form"}}}
    assert refused("GET", "/x", {"a": 1, "b": {"a": 2}}, transform_config=cookie) == [
        Fault("/parameters/b", collision)
    ]


def test_an_uploaded_file_is_never_taken_apart() -> None:
    file = UploadedFile("a.txt", "text/plain", Held(b"x"))
    for style in ("form", "spaceDelimited", "pipeDelimited", "deepObject", "brackets", "json"):
        for value in (file, [file], {"a": file}):
            assert pointers({"color": value}, "GET", locations=said("query", style)) == ["/parameters/color"]
    for style in ("simple", "label", "matrix", "json"):
        assert pointers({"color": file}, "GET", "/{color}", locations=said("path", style)) == [
            "/parameters/color"
        ]
    assert pointers({"a": file, "b": [file], "c": 1}) == ["/parameters/a", "/parameters/b"]
