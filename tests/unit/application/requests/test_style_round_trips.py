"""Lists and objects in every place, in every style: whatever is written, is read as it was."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote

from hypothesis import assume, given
from hypothesis import strategies as st

from portway.domain.errors import InvalidParameters
from portway.domain.json_value import JsonValue
from tests.unit.application.requests.building import CHARACTERS, HALF, NASTY, path_of, query_of, said, sent


def spelled(value: JsonValue) -> JsonValue:
    """The value with texts at its leaves, without what is null or empty."""
    if isinstance(value, dict):
        return {key: text for key, item in value.items() if (text := spelled(item)) not in (None, {}, [])}
    if isinstance(value, list):
        return [text for item in value if (text := spelled(item)) not in (None, {}, [])]
    return value if isinstance(value, str) or value is None else json.dumps(value)


LEAVES = st.one_of(CHARACTERS, NASTY, st.integers(), st.booleans(), st.just(""), st.none())
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=1, max_size=8) | NASTY.filter(
    lambda text: not set(text) & set("[]")
)
LISTS = st.lists(LEAVES, max_size=4)
FLAT = st.dictionaries(NAMES, LEAVES, max_size=4)
NESTED = st.recursive(LISTS | LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=8)


def nest(pairs: list[tuple[str, str]]) -> JsonValue:
    """What PHP and Rails make of `color[a][b]=1` and `color[]=1`."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        first, keys = re.fullmatch(r"([^\[]*)((?:\[[^\[\]]*\])*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
        here, last = root, first
        for key in re.findall(r"\[([^\]]*)\]", keys):
            if key == "":
                here[last] = [*here.get(last, []), value]
                break
            here, last = here.setdefault(last, {}), key
        else:
            assert last not in here, "two values for one name"
            here[last] = value
    return root.get("color")


@given(value=NESTED)
def test_brackets_are_read_as_they_were(value: JsonValue) -> None:
    assume(not isinstance(value, list) or None not in value)
    pairs = parse_qsl(query_of(value, "brackets"), keep_blank_values=True)
    assert nest(pairs) == (spelled(value) if spelled(value) not in ({}, []) else None)


@given(value=st.dictionaries(NAMES.filter(lambda name: not name.isdecimal()), NESTED, max_size=3))
def test_deep_objects_are_read_as_they_were(value: dict[str, JsonValue]) -> None:
    def with_indexes(part: JsonValue) -> JsonValue:
        """Lists as objects of their indexes."""
        if isinstance(part, list):
            return {str(index): item for index, item in enumerate(part) if item is not None}
        return {k: with_indexes(v) for k, v in part.items()} if isinstance(part, dict) else part

    pairs = parse_qsl(query_of(value, "deepObject"), keep_blank_values=True)
    assert (nest(pairs) or {}) == spelled(with_indexes(value))


SEPARATORS = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}


@given(style=st.sampled_from(list(SEPARATORS)), explode=st.booleans(), value=LISTS | FLAT)
def test_flat_values_in_a_query_are_read_as_they_were(style: str, explode: bool, value: Any) -> None:
    assume(not (isinstance(value, dict) and explode and "color" in value))
    try:
        query = query_of(value, style, explode)
    except InvalidParameters:
        character = unquote(SEPARATORS[style])
        assert not explode
        assert style != "form"
        assert character in json.dumps(value, ensure_ascii=False)
        return
    texts = spelled(value)
    assert isinstance(texts, list | dict)
    if explode:
        expected = [("color", text) for text in texts] if isinstance(texts, list) else list(texts.items())
        assert parse_qsl(query, keep_blank_values=True) == expected
        return
    flat = texts if isinstance(texts, list) else [part for item in texts.items() for part in item]
    if not flat:
        assert query == ""
    else:
        name, _, written = query.partition("=")
        assert name == "color"
        assert [unquote(part) for part in written.split(SEPARATORS[style])] == flat


@given(style=st.sampled_from(["simple", "label", "matrix"]), explode=st.booleans(), value=LISTS | FLAT)
def test_values_in_a_path_are_read_as_they_were(style: str, explode: bool, value: Any) -> None:
    texts = spelled(value)
    assert isinstance(texts, list | dict)
    try:
        segment = path_of(value, style, explode)
    except InvalidParameters as error:
        (fault,) = error.faults
        dots = "".join(str(text) for text in texts) in ("", ".", "..")
        assert dots or (style == "label" and explode and "separates" in fault.message)
        return
    assert "/" not in segment
    if style == "matrix" and explode:
        pairs = [part.partition("=")[::2] for part in segment.split(";")[1:]]
        expected = [("color", x) for x in texts] if isinstance(texts, list) else list(texts.items())
        assert [(unquote(name), unquote(text)) for name, text in pairs] == expected
        return
    prefix = {"simple": "", "label": ".", "matrix": ";color"}[style]
    assert segment.startswith(prefix)
    rest = segment[len(prefix) :].removeprefix("=" if style == "matrix" else "")
    parts = rest.split("." if style == "label" and explode else ",")
    if isinstance(texts, dict) and explode:
        assert [tuple(map(unquote, part.split("=", 1))) for part in parts] == list(texts.items())
    else:
        flat = texts if isinstance(texts, list) else [part for item in texts.items() for part in item]
        assert [unquote(part) for part in parts] == flat


@given(explode=st.booleans(), value=LISTS | FLAT)
def test_values_in_a_header_are_read_as_they_were(explode: bool, value: Any) -> None:
    texts = spelled(value)
    try:
        text = sent({"color": value}, locations=said("header", "simple", explode)).headers.get("color")
    except InvalidParameters:
        return
    flat = texts if isinstance(texts, list) else [part for item in texts.items() for part in item]  # type: ignore[union-attr]
    if not flat:
        assert text is None
        return
    assert text is not None
    parts = text.split(",")
    if isinstance(texts, dict) and explode:
        parts = [part for item in parts for part in item.split("=", 1)]
    assert [part.strip(" \t") for part in parts] == [str(part).strip(" \t") for part in flat]


ANYTHING = st.recursive(
    LEAVES | HALF | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LEAVES.map(str) | HALF, inner, max_size=3),
    max_leaves=8,
)


@given(
    place=st.sampled_from(["path", "query", "header", "cookie", "body"]),
    style=st.sampled_from(
        ["form", "spaceDelimited", "pipeDelimited", "deepObject", "brackets", "simple", "label", "matrix"]
    )
    | st.just("json"),
    explode=st.none() | st.booleans(),
    value=ANYTHING,
)
def test_whatever_the_value_it_is_written_or_refused(
    place: str, style: str, explode: bool | None, value: JsonValue
) -> None:
    known = {
        "path": {"simple", "label", "matrix", "json"},
        "header": {"simple", "json"},
        "cookie": {"form", "json"},
    }.get(place, {"form", "spaceDelimited", "pipeDelimited", "deepObject", "brackets", "json"})
    assume(style in known)
    path = "/{color}" if place == "path" else "/x"
    says = {"locations": said(place, style, explode), "body": {"encoding": "form"}}
    try:
        request = sent({"color": value}, "POST", path, **says)
    except InvalidParameters as error:
        assert {fault.pointer for fault in error.faults} == {"/parameters/color"}  # noqa: PT017
    else:
        assert request.url.isascii()
        assert not re.search(r"[\s\"<>\\^`{|}]", request.url)
        assert all(re.fullmatch(r"[^\x00-\x08\x0a-\x1f\x7f]*", text) for text in request.headers.values())
