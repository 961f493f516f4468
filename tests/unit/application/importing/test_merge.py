"""What becomes of a row: as it is, as it was imported, and as the document has it now."""

from typing import Any

import pytest

from portway.application.importing.merge import canonical, digest, mark_of, merged


@pytest.mark.parametrize(
    ("now", "imported", "document", "result", "changed", "kept"),
    [
        ("a", "a", "a", "a", (), ()),
        ("a", "a", "b", "b", ("name",), ()),
        ("mine", "a", "a", "mine", (), ()),
        ("mine", "a", "b", "mine", (), ("name",)),
        ("b", "a", "b", "b", (), ()),
    ],
)  # fmt: skip
def test_a_member(
    *, now: str, imported: str, document: str, result: str, changed: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    mark = mark_of("GET /", {"name": imported})
    found = merged({"name": now}, mark, {"name": document})
    assert (found.members, found.changed, found.kept) == ({"name": result}, changed, kept)


def test_a_member_that_was_not_imported_yet_is_a_persons() -> None:
    found = merged({"name": "mine"}, None, {"name": "theirs"})
    assert found.members == {"name": "mine"}


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}),
        (1.0, 1),
        (1e5, 100000),
        ({"a": (1, 2)}, {"a": [1, 2]}),
        ("\ud800", "\ud800"),
    ],
)
def test_values_that_jsonb_does_not_tell_apart_have_one_digest(one: Any, same: Any) -> None:
    assert digest(one) == digest(same)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (0, False), (1, "1"), ([1], {"0": 1}), (None, ""), (1.5, 1), ([1, 2], [2, 1])],
)
def test_others_have_others(one: Any, other: Any) -> None:
    assert digest(one) != digest(other)


def test_the_canonical_text() -> None:
    assert canonical({"b": 1.0, "a": ["ü", None]}) == '{"a":["ü",null],"b":1}'
