"""Pages and cursors."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.api.pagination import after_id, decode_cursor, encode_cursor, page_of
from portway.domain.errors import MalformedRequest

PLAIN_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.lists(PLAIN_TEXT, min_size=1, max_size=4))
def test_a_cursor_is_read_back(key: list[str]) -> None:
    cursor = encode_cursor(*key)

    assert decode_cursor(cursor, len(key)) == tuple(key)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?#%")


@given(st.text())
def test_anything_else_is_the_callers_mistake(cursor: str) -> None:
    with pytest.raises(MalformedRequest) as caught:
        after_id(cursor)
    assert [fault.pointer for fault in caught.value.faults] == ["/query/cursor"]


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(MalformedRequest):
        decode_cursor(encode_cursor("a"), 2)
    with pytest.raises(MalformedRequest):
        after_id(encode_cursor("no id"))


def test_no_cursor_is_the_beginning() -> None:
    assert after_id(None) is None


@given(st.integers(0, 30), st.integers(1, 10))
def test_pages_hold_everything_once(count: int, limit: int) -> None:
    rows = sorted(uuid4() for _ in range(count))
    seen: list[str] = []
    after: UUID | None = None
    while True:
        ahead = [row for row in rows if after is None or row > after][: limit + 1]
        page = page_of(ahead, limit, str, lambda row: (str(row),))
        assert len(page.data) <= limit
        seen += page.data
        if page.next_cursor is None:
            break
        after = after_id(page.next_cursor)
    assert seen == [str(row) for row in rows]
