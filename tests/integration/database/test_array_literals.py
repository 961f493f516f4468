"""PostgreSQL reads the arrays that the ledger writes as they were meant."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portway.domain.execution import ExecutionStatus
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.array_literals import plain, quoted

TEXTS = st.lists(st.none() | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))


@pytest.fixture(scope="module")
def connection(database_urls: DatabaseUrls) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_urls.app, autocommit=True) as opened:
        yield opened


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_texts_of_any_content(connection: psycopg.Connection, values: list[str | None]) -> None:
    assert connection.execute("SELECT %s::text[]", [quoted(values)]).fetchone() == (values,)


EAST = timezone(timedelta(hours=5, minutes=30))
OTHERS: list[tuple[str, list[Any]]] = [
    ("uuid[]", [UUID(int=1), None]),
    ("boolean[]", [True, False, None]),
    ("integer[]", [0, -1, 2**31 - 1, None]),
    ("double precision[]", [1.5, 2e300, 1e-9, None]),
    (
        "timestamptz[]",
        [datetime(2026, 11, 27, 1, 2, 3, 456789, UTC), datetime(2026, 1, 1, tzinfo=EAST), None],
    ),
    ("text[]", [ExecutionStatus.SUCCESS, None]),
]


@pytest.mark.parametrize(("kind", "values"), OTHERS)
def test_other_kinds(connection: psycopg.Connection, kind: str, values: list[Any]) -> None:
    assert connection.execute(f"SELECT %s::{kind}", [plain(values)]).fetchone() == (values,)
