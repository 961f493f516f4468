"""Array literals say what PostgreSQL reads; it reads them in tests/integration/database/test_array_literals.py."""

from uuid import UUID

import pytest

from portway.domain.errors import MalformedRequest
from portway.infrastructure.postgres.array_literals import bare, quoted


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


def test_what_needs_no_quotes() -> None:
    assert bare([1, None, 2.5, True, UUID(int=1)]) == "{1,NULL,2.5,True,00000000-0000-0000-0000-000000000001}"
