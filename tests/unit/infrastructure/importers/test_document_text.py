"""The bytes of a document: JSON and YAML, and what is neither."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.domain.errors import InvalidImportDocument
from portway.infrastructure.importers.document_text import read_document
from portway.infrastructure.importers.yaml_values import MAX_DEPTH

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc $/", max_size=5), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.text("abc", max_size=3), JSON_VALUES, max_size=5))
def test_json_is_read_as_it_is(document: dict[str, Any]) -> None:
    assert read_document(json.dumps(document).encode()) == document


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("a: 1\nb: [x, 2.5]\n", {"a": 1, "b": ["x", 2.5]}),
        ("{a: 1}", {"a": 1}),
        ("200: ok\ntrue: yes\non: no\n", {"200": "ok", "true": "yes", "on": "no"}),
        (
            "day: 2026-01-01\nversion: 1.0.0\nhex: 0x1F\n",
            {"day": "2026-01-01", "version": "1.0.0", "hex": "0x1F"},
        ),
        ("a: ~\nb:\nc: null\nd: ''\n", {"a": None, "b": None, "c": None, "d": ""}),
        ("a: '1'\nb: !!str 2\nc: True\n", {"a": "1", "b": "2", "c": True}),
        ("a: 1e5\nb: .5\nc: -3\nd: 1e999\n", {"a": 100000.0, "b": 0.5, "c": -3, "d": "1e999"}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("a: &x {p: 1}\nb: *x\n", {"a": {"p": 1}, "b": {"p": 1}}),
        ("a: &x {p: 1, q: 1}\nb:\n  <<: *x\n  q: 2\n", {"a": {"p": 1, "q": 1}, "b": {"p": 1, "q": 2}}),
        (
            "a: &x {p: 1}\nb:\n  q: 2\n  <<: [*x, {q: 3, r: 4}]\n",
            {"a": {"p": 1}, "b": {"q": 2, "p": 1, "r": 4}},
        ),
        ("---\na: 1\n---\nb: 2\n", {"a": 1}),
        ('\ufeff{"a": 1}', {"a": 1}),
    ],
)
def test_yaml_says_what_json_can(text: str, document: dict[str, Any]) -> None:
    assert read_document(text.encode()) == document


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xff\xfe", "not UTF-8 at byte 0"),
        (b"hello", "an object"),
        (b"[1]", "an object"),
        (b'{"a": 1,}', "not JSON: "),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"a: [1\n", "neither JSON nor YAML: "),
        (b"a: *x\n", "an alias of nothing before it in line 1, column 4"),
        (b"a: &x [*x]\n", "an alias of nothing before it"),
        (b"? [a]\n: 1\n", "a key that is no text"),
        (b"a: !!binary aGk=\n", "a tag that is none of JSON"),
        (b"a: \x00\n", "character"),
        (b"a: " + b"[" * 100_000, "nested more than"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested more than"),
        (b"- " * 100_000 + b"a", "nested more than"),
        (b'{"a":' + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"}", "nested more than"),
    ],
)  # fmt: skip
def test_what_is_no_document(content: bytes, said: str) -> None:
    with pytest.raises(InvalidImportDocument, match=said):
        read_document(content)


def test_aliases_count_as_often_as_they_are_used() -> None:
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 9)
    )
    with pytest.raises(InvalidImportDocument, match="more than 5000000 parts"):
        read_document(bomb.encode())
