"""What is read of the log for an answer, where there is much of it: by an index, and no further than it must."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest

from portway.application.ports.log_queries import Bucket, LogFilter, UsageGroup, UsageQuestion
from portway.application.usage_steps import steps_between
from portway.domain.execution import ExecutionStatus
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.database import Connection, Database
from portway.infrastructure.postgres.log_repository import PostgresLogRepository
from tests.people import Person, as_app, as_owner, new_person

NOW = datetime.now(UTC)
HOURS = 120
AN_HOUR = 300
"""Executions of the workspace; as many are others'."""

# In four of the hours, one is of each rare kind.
_GROW: LiteralString = """
INSERT INTO api_logs (
    id, executed_at, status, user_id, workspace_id, connection_id, integration_id, action_id, error_code, status_code,
    duration_ms, deadline
)
SELECT overlay(gen_random_uuid()::text placing lpad(to_hex((extract(epoch FROM at) * 1000)::bigint >> 16), 8, '0')
        FROM 1 FOR 8)::uuid,
    at, CASE WHEN n = 6 AND h %% 40 = 7 THEN 'error' ELSE 'success' END, %(user)s,
    CASE WHEN n %% 2 = 0 THEN %(workspace)s ELSE md5('workspace ' || n)::uuid END,
    md5('connection ' || n %% 50)::uuid, md5('integration ' || n %% 6)::uuid, md5('action ' || n %% 12)::uuid,
    CASE WHEN n = 2 AND h %% 30 = 7 THEN 'rare' END, CASE WHEN n = 4 AND h %% 30 = 7 THEN 418 ELSE 200 END,
    10 + n, now()
FROM (
    SELECT h, n, %(now)s - make_interval(hours => h, secs => 6 * n) AS at
    FROM generate_series(1, %(hours)s) AS h, generate_series(1, 2 * %(an_hour)s) AS n
) AS past
"""


@pytest.fixture(scope="module")
def ann(database_urls: DatabaseUrls) -> Person:
    ann = new_person(database_urls, "ann")
    values = {
        "user": ann.user_id,
        "workspace": ann.workspace_id,
        "now": NOW,
        "hours": HOURS,
        "an_hour": AN_HOUR,
    }
    with psycopg.connect(database_urls.admin, autocommit=True) as connection:
        connection.execute("SELECT app.create_log_partition((now() - interval '1 month')::date)")
        connection.execute(_GROW, values)
        # Of one of many people.
        connection.execute(
            "UPDATE api_logs SET user_id = %s WHERE workspace_id = %s AND status = 'error' AND executed_at < %s",
            [UUID(int=7), ann.workspace_id, NOW],
        )
        connection.execute("ANALYZE api_logs")
    while as_app(database_urls, "SELECT app.roll_up_usage()")[0][0]:
        pass
    as_owner(database_urls, "ANALYZE usage_by_action, usage_by_connection")
    return ann


@dataclass
class Reads:
    """Rows that the transaction has read by indexes, of the log and of what is counted; and whole tables read."""

    connection: Connection

    async def now(self) -> tuple[int, int, int]:
        cursor = await self.connection.execute(
            "SELECT coalesce(sum(idx_tup_fetch) FILTER (WHERE relname LIKE 'api_logs%'), 0)::int,"
            " coalesce(sum(idx_tup_fetch) FILTER (WHERE relname LIKE 'usage_by%'), 0)::int,"
            " coalesce(sum(seq_scan), 0)::int FROM pg_stat_xact_user_tables"
            " WHERE relname LIKE 'api_logs%' OR relname LIKE 'usage_by%'"
        )
        (read,) = await cursor.fetchall()
        return read


@pytest.fixture
async def connection(database_urls: DatabaseUrls, ann: Person) -> AsyncIterator[Connection]:
    database = Database(database_urls.app, max_size=1)
    await database.open()
    async with database.reading(ann.sealed_pass) as opened:
        yield opened
    await database.close()


def an_id(kind: str, number: int) -> UUID:
    return UUID(hashlib.md5(f"{kind} {number}".encode(), usedforsecurity=False).hexdigest())


# With how many rows of the log they may be answered, and how many counted ones. The hour that is not counted yet, and
# the one before, may have to be read for all that may be rare.
RECENT = 3 * AN_HOUR
CASES: dict[str, tuple[LogFilter, int, int, int]] = {
    "anything": (LogFilter(), 50, 200, 0),
    "a time": (LogFilter(since=NOW - timedelta(hours=60), until=NOW - timedelta(hours=50)), 50, 200, 0),
    "a connection": (LogFilter(connection_id=an_id("connection", 4)), 50, 200, 0),
    "a user": (LogFilter(user_id=UUID(int=7)), 3, 10, 0),
    "success": (LogFilter(statuses=(ExecutionStatus.SUCCESS,)), 50, RECENT, 2000),
    "an integration": (LogFilter(integration=str(an_id("integration", 2))), 50, RECENT, 2000),
    "an action": (LogFilter(action=str(an_id("action", 2))), 50, RECENT, 2000),
    "a rare code": (LogFilter(error_code="rare"), 4, 4 * 2 * AN_HOUR + RECENT, 3000),
    "a rare status code": (LogFilter(status_code=418), 4, 4 * 2 * AN_HOUR + RECENT, 3000),
    "none": (LogFilter(error_code="never"), 0, RECENT, 3000),
    "an id": (LogFilter(query="ffff"), 0, 10, 0),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_page(ann: Person, connection: Connection, case: str) -> None:
    asked, expected, most, most_counted = CASES[case]
    criteria = replace(asked, workspace_id=ann.workspace_id)
    logs = await PostgresLogRepository(connection).list(criteria, after=None, limit=50)
    assert len(logs) == expected
    of_log, counted, whole = await Reads(connection).now()
    assert (of_log <= most, counted <= most_counted, whole) == (True, True, 0), (of_log, counted, whole)


async def test_a_page_of_a_user_in_any_workspace(ann: Person, connection: Connection) -> None:
    criteria = LogFilter(user_id=UUID(int=7))
    logs = await PostgresLogRepository(connection).list(criteria, after=None, limit=50)
    assert [log.workspace_id for log in logs] == [ann.workspace_id] * 3
    of_log, counted, whole = await Reads(connection).now()
    assert (of_log <= 10, counted, whole) == (True, 0, 0), of_log


@pytest.mark.parametrize("group", [None, UsageGroup.INTEGRATION, UsageGroup.ERROR_CODE])
async def test_usage(ann: Person, connection: Connection, group: UsageGroup | None) -> None:
    since = NOW - timedelta(hours=HOURS + 2)
    steps = steps_between(since, NOW, Bucket.DAY, ZoneInfo("Europe/Berlin"))
    question = UsageQuestion(LogFilter(workspace_id=ann.workspace_id), since, NOW, steps, group)
    usage = await PostgresLogRepository(connection).usage(question)
    assert usage.total.executions == HOURS * AN_HOUR
    of_log, counted, _ = await Reads(connection).now()
    assert of_log <= RECENT
    # Twelve actions at most in each hour, and the few with another outcome.
    assert 0 < counted <= 14 * (HOURS + 2)


async def test_a_count(ann: Person, connection: Connection) -> None:
    count = await PostgresLogRepository(connection).count(LogFilter(workspace_id=ann.workspace_id))
    assert (count.count, count.exact) == (HOURS * AN_HOUR, True)
    assert (await Reads(connection).now())[0] <= RECENT
