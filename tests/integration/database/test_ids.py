"""Ids are UUIDs of version 7 (RFC 9562) that follow each other."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import RFC_4122, UUID

import psycopg

from portway.infrastructure.embedded_postgres import DatabaseUrls


def answers(urls: DatabaseUrls, *statements: str) -> list[Any]:
    """The one value that each statement answers, one after another without a pause."""
    with psycopg.connect(urls.app, autocommit=True) as app, app.pipeline():
        cursors = [app.execute(statement) for statement in statements]
    return [row[0] for cursor in cursors for row in cursor]


def test_ids_are_in_the_order_in_which_they_were_made(database_urls: DatabaseUrls) -> None:
    made: list[UUID] = answers(database_urls, *["SELECT app.uuid_v7()"] * 500)
    assert len({each.int >> 80 for each in made}) < len(made), "some share a millisecond"
    assert made == sorted(made)
    assert len({each.int & (1 << 62) - 1 for each in made}) == len(made), "the rest is random"
    assert {(each.version, each.variant) for each in made} == {(7, RFC_4122)}


def test_an_id_has_its_time(database_urls: DatabaseUrls) -> None:
    clock = "SELECT clock_timestamp()"
    before, made, after = answers(database_urls, clock, "SELECT app.uuid_v7()", clock)
    time = datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
    assert before - timedelta(milliseconds=1) < time <= after
    assert answers(database_urls, f"SELECT app.uuid_v7_time('{made}')") == [time]
