"""PostgreSQL reads the arrays that the ledger writes as they were meant."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.array_literals import bare, quoted

TEXTS = st.lists(st.none() | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))


@pytest.fixture(scope="module")
def connection(database_urls: DatabaseUrls) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_urls.app, autocommit=True) as opened:
        yield opened


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_texts_of_any_content(connection: psycopg.Connection, values: list[str | None]) -> None:
    assert connection.execute("SELECT %s::text[]", [quoted(values)]).fetchone() == (values,)


def test_other_kinds(connection: psycopg.Connection) -> None:
    ids = [UUID(int=1), None]
    assert connection.execute("SELECT %s::uuid[]", [bare(ids)]).fetchone() == (ids,)
    assert connection.execute("SELECT %s::boolean[]", [bare([True, False, None])]).fetchone() == (
        [True, False, None],
    )
    numbers = [1.5, 2e300, 1e-9]
    assert connection.execute("SELECT %s::float8[]", [bare(numbers)]).fetchone() == (numbers,)
