"""Array literals say what PostgreSQL reads; it reads them in tests/integration/database/test_array_literals.py."""

from uuid import UUID

import pytest

from portway.domain.errors import MalformedRequest
from portway.infrastructure.postgres.array_literals import plain, quoted


@pytest.mark.parametrize(
    ("values", "literal"),
    [
        ([], "{}"),
        (["a", None], '{"a",NULL}'),
        (["", "NULL"], '{"","NULL"}'),
        (['say "x"', "back\\slash"], r'{"say \"x\"","back\\slash"}'),
        (["{1,2}", "a,b"], '{"{1,2}","a,b"}'),
    ],
)
def test_texts(values: list[str | None], literal: str) -> None:
    assert quoted(values) == literal


@pytest.mark.parametrize("values", [["\0"], ["a", "b\0", "c"], [None, "\0"]])
def test_what_no_text_can_hold(values: list[str | None]) -> None:
    with pytest.raises(MalformedRequest, match="U\\+0000"):
        quoted(values)


def test_other_values() -> None:
    assert plain([1, None, 2.5, True]) == "{1,null,2.5,true}"
    assert plain([UUID(int=1)]) == '{"00000000-0000-0000-0000-000000000001"}'
    assert plain([]) == "{}"
