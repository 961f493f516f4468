"""Housekeeping on a real PostgreSQL, as the servers' own role."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from portway.domain.errors import Unavailable
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.housekeeping import PostgresHousekeeping
from tests.people import as_owner, new_log, new_person


@pytest.fixture
async def housekeeping(fresh_database_urls: DatabaseUrls) -> AsyncIterator[PostgresHousekeeping]:
    opened = Database(fresh_database_urls.app, max_size=2)
    await opened.open()
    yield PostgresHousekeeping(opened)
    await opened.close()


def partitions(urls: DatabaseUrls) -> list[str]:
    return [
        name
        for (name,) in as_owner(
            urls,
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'api_logs'::regclass ORDER BY 1",
        )
    ]


async def test_only_overdue_executions_are_marked(
    housekeeping: PostgresHousekeeping, fresh_database_urls: DatabaseUrls
) -> None:
    ann, now = new_person(fresh_database_urls, "ann"), datetime.now(UTC)
    overdue = new_log(fresh_database_urls, ann, now - timedelta(minutes=5), status="started")
    new_log(fresh_database_urls, ann, now, status="started", deadline=now + timedelta(minutes=5))
    new_log(fresh_database_urls, ann, now)
    assert await housekeeping.mark_unfinished_executions(timedelta(minutes=1)) == 0
    assert await housekeeping.mark_unfinished_executions(timedelta(hours=1)) == 1
    assert await housekeeping.mark_unfinished_executions(timedelta(hours=1)) == 0
    assert as_owner(fresh_database_urls, "SELECT id FROM api_logs WHERE status = 'unknown'") == [(overdue,)]


async def test_expired_rows_go(housekeeping: PostgresHousekeeping, fresh_database_urls: DatabaseUrls) -> None:
    ann = new_person(fresh_database_urls, "ann")
    as_owner(
        fresh_database_urls,
        "INSERT INTO sessions (user_id, expires_at) VALUES (%s, now() - interval '2 days'), (%s, now())",
        ann.user_id,
        ann.user_id,
    )
    assert await housekeeping.delete_expired() == 1
    assert await housekeeping.delete_expired() == 0


async def test_partitions_come_and_go(
    housekeeping: PostgresHousekeeping, fresh_database_urls: DatabaseUrls
) -> None:
    ahead = partitions(fresh_database_urls)
    as_owner(fresh_database_urls, "SELECT app.create_log_partition('2020-05-17')")
    as_owner(fresh_database_urls, f"DROP TABLE {ahead[-1]}")
    await housekeeping.create_log_partitions()
    assert partitions(fresh_database_urls) == ["api_logs_2020_05", *ahead]
    assert await housekeeping.drop_expired_log_partitions() == 1
    assert partitions(fresh_database_urls) == ahead


async def test_one_node_at_a_time_and_no_waiting_behind_readers(
    housekeeping: PostgresHousekeeping, fresh_database_urls: DatabaseUrls
) -> None:
    as_owner(fresh_database_urls, "SELECT app.create_log_partition('2020-05-17')")
    with psycopg.connect(fresh_database_urls.admin) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('portway log partitions', 0))")
        assert await housekeeping.drop_expired_log_partitions() == 0
    with psycopg.connect(fresh_database_urls.admin) as reader:
        reader.execute("SELECT count(*) FROM api_logs")
        with pytest.raises(Unavailable):
            await housekeeping.drop_expired_log_partitions()
    assert await housekeeping.drop_expired_log_partitions() == 1
