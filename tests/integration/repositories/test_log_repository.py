"""The audit log and usage on a real PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from psycopg import sql

from portway.application.ports.log_queries import Bucket, LogFilter, LogPosition, UsageGroup, UsageQuestion
from portway.application.usage_steps import steps_between
from portway.domain.errors import NotFound, Unavailable
from portway.domain.execution import ExecutionLog, ExecutionStatus
from portway.domain.rules.durations import ACCURACY
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.log_page import page
from portway.infrastructure.postgres.log_repository import PostgresLogRepository
from tests.people import Person, as_owner, join, new_connection, new_log, new_person, uuid_v7

NOW = datetime.now(UTC).replace(minute=30, second=0, microsecond=123_000)


@pytest.fixture
async def database(database_urls: DatabaseUrls) -> AsyncIterator[Database]:
    opened = Database(database_urls.app, max_size=2)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def ann(database_urls: DatabaseUrls) -> Person:
    return new_person(database_urls, "ann")


async def found(database: Database, person: Person, **criteria: object) -> list[UUID]:
    async with database.reading(person.sealed_pass) as connection:
        logs = PostgresLogRepository(connection)
        return [log.id for log in await logs.list(LogFilter(**criteria), after=None, limit=100)]  # type: ignore[arg-type]


def asked(criteria: LogFilter, bucket: Bucket, group: UsageGroup | None = None) -> UsageQuestion:
    assert criteria.since is not None
    assert criteria.until is not None
    steps = steps_between(criteria.since, criteria.until, bucket, ZoneInfo("UTC"))
    return UsageQuestion(criteria, criteria.since, criteria.until, steps, group)


async def test_pages_of_several_workspaces_are_one_list_newest_first(
    database: Database, database_urls: DatabaseUrls, ann: Person
) -> None:
    bob, eve = new_person(database_urls, "bob"), new_person(database_urls, "eve")
    join(database_urls, ann, bob, "viewer")
    made = [
        new_log(database_urls, ann if minute % 2 else bob, NOW - timedelta(minutes=minute // 2))
        for minute in range(12)
    ]
    nowhere = new_log(
        database_urls,
        ann,
        NOW - timedelta(minutes=20),
        workspace_id=None,
        organization_id=None,
        status="refused",
    )
    new_log(database_urls, bob, NOW, workspace_id=None)
    new_log(database_urls, eve, NOW)

    pages: list[list[ExecutionLog]] = []
    after: LogPosition | None = None
    async with database.reading(ann.sealed_pass) as connection:
        logs = PostgresLogRepository(connection)
        while not pages or len(pages[-1]) == 5:
            pages.append(list(await logs.list(LogFilter(), after=after, limit=5)))
            after = LogPosition(pages[-1][-1].executed_at, pages[-1][-1].id)
    listed = [log.id for page in pages for log in page]
    assert len(listed) == 13
    assert set(listed) == {*made, nowhere}
    assert listed == sorted(listed, key=lambda one: (one.int >> 80, one.int), reverse=True)
    assert await found(database, ann, workspace_id=bob.workspace_id) == [
        one for one in listed if one in made[0::2]
    ]
    assert await found(database, ann, workspace_id=eve.workspace_id) == []


async def test_filters(database: Database, database_urls: DatabaseUrls, ann: Person) -> None:
    (integration,) = as_owner(
        database_urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type)"
        " VALUES ('X', 'filtered', 'https://x.example', 'none') RETURNING id",
    )[0]
    (action,) = as_owner(
        database_urls,
        "INSERT INTO actions (integration_id, name, slug) VALUES (%s, 'A', 'act') RETURNING id",
        integration,
    )[0]
    one = new_log(database_urls, ann, NOW, integration_id=integration, action_id=action)
    two = new_log(
        database_urls,
        ann,
        NOW - timedelta(hours=1),
        status="error",
        status_code=503,
        error_code="upstream_error",
    )
    three = new_log(database_urls, ann, NOW - timedelta(hours=2), connection_id=ann.user_id, status="started")
    assert await found(database, ann) == [one, two, three]
    assert await found(database, ann, since=NOW - timedelta(hours=1), until=NOW) == [two]
    for wanted in ("filtered", str(integration)):
        assert await found(database, ann, integration=wanted) == [one]
    for wanted in ("act", str(action)):
        assert await found(database, ann, action=wanted, integration="filtered") == [one]
    assert await found(database, ann, action="other") == []
    assert await found(database, ann, statuses=(ExecutionStatus.ERROR, ExecutionStatus.STARTED)) == [
        two,
        three,
    ]
    assert await found(database, ann, status_code=503, error_code="upstream_error") == [two]
    assert await found(database, ann, connection_id=ann.user_id) == [three]
    assert await found(database, ann, user_id=ann.organization_id) == []

    async with database.reading(ann.sealed_pass) as connection:
        logs = PostgresLogRepository(connection)
        log = await logs.get(one)
        assert (log.integration, log.action, log.request_payload) == ("filtered", "act", {"q": 1})
        assert log.executed_at == NOW
        assert log.executed_at.utcoffset() == timedelta(0)
        (bare, *_) = await logs.list(LogFilter(), after=None, limit=1, payloads=False)
        assert (bare.id, bare.request_payload, bare.response_payload) == (one, None, None)


async def test_ids_and_end_users_are_looked_for_by_how_they_begin(
    database: Database, database_urls: DatabaseUrls, ann: Person
) -> None:
    (integration,) = as_owner(
        database_urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type)"
        " VALUES ('X', 'looked-for', 'https://x.example', 'none') RETURNING id",
    )[0]
    theirs = new_connection(database_urls, ann, integration)
    # An end user's id may look like an execution's.
    as_owner(database_urls, "UPDATE connections SET end_user_id = 'a17e%%5' WHERE id = %s", theirs)
    long_ago = new_log(database_urls, ann, NOW - timedelta(days=3))
    used = new_log(database_urls, ann, NOW - timedelta(hours=3), connection_id=theirs)
    failed = new_log(database_urls, ann, NOW - timedelta(hours=4), connection_id=theirs, status="error")
    nowhere = new_log(database_urls, ann, NOW - timedelta(hours=5), workspace_id=None, status="refused")
    eve = new_person(database_urls, "eve")
    stranger = new_log(database_urls, eve, NOW - timedelta(hours=6))
    for query, expected in (
        (str(long_ago), [long_ago]),
        (str(long_ago).upper(), [long_ago]),
        (str(used)[:11], [used]),
        (str(nowhere), [nowhere]),
        (str(used)[:2], [used, failed, nowhere, long_ago]),
        (str(stranger), []),
        ("a17e%5", [used, failed]),
        ("a17", [used, failed]),
        ("a17e%56", []),
        ("a17e_5", []),
        ("ffffffffffff", []),
        ("-", []),
    ):
        assert await found(database, ann, query=query) == expected, query
        async with database.reading(ann.sealed_pass) as connection:
            count = await PostgresLogRepository(connection).count(LogFilter(query=query))
            assert (count.count, count.exact) == (len(expected), True)
    assert await found(database, ann, query="a17", statuses=(ExecutionStatus.ERROR,)) == [failed]
    assert await found(database, ann, query=str(used), until=NOW - timedelta(hours=4)) == []
    assert await found(database, ann, query="a17", workspace_id=eve.workspace_id) == []
    async with database.reading(ann.sealed_pass) as connection:
        (log,) = await PostgresLogRepository(connection).list(LogFilter(query=str(used)), after=None, limit=2)
        assert (log.connection_name, log.end_user_id, log.user_name) == ("My account", "a17e%5", "ann")


async def test_one_execution_is_read_from_one_partition(
    database: Database, database_urls: DatabaseUrls, ann: Person
) -> None:
    bob = new_person(database_urls, "bob")
    execution = new_log(database_urls, ann, NOW)
    async with database.reading(bob.sealed_pass) as connection:
        logs = PostgresLogRepository(connection)
        for missing in (execution, uuid_v7(NOW - timedelta(days=3000)), UUID(int=2**128 - 1), UUID(int=0)):
            with pytest.raises(NotFound):
                await logs.get(missing)
        cursor = await connection.execute(
            "EXPLAIN SELECT FROM public.api_logs AS l WHERE l.executed_at = app.uuid_v7_time(%(id)s) AND l.id = %(id)s",
            {"id": execution},
        )
        plan = "\n".join(row[0] for row in await cursor.fetchall())
        assert plan.count("Scan") == 1, plan


async def test_pages_read_no_further_than_they_must(
    database: Database, database_urls: DatabaseUrls, ann: Person
) -> None:
    as_owner(
        database_urls,
        "INSERT INTO api_logs (id, executed_at, status, user_id, workspace_id, deadline)"
        " SELECT app.uuid_v7(), now() - n * interval '1 ms', 'success', %s, %s, now()"
        " FROM generate_series(1, 20000) AS n",
        ann.user_id,
        ann.workspace_id,
    )
    as_owner(database_urls, "ANALYZE api_logs")
    async with database.reading(ann.sealed_pass) as connection:
        logs = PostgresLogRepository(connection)
        newest = await logs.list(LogFilter(), after=None, limit=50)
        after = LogPosition(newest[-1].executed_at, newest[-1].id)
        rows, values = page(LogFilter(), after, 50, sql.SQL("l.id, l.executed_at"))
        cursor = await connection.execute(
            sql.SQL("EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) SELECT * FROM {}").format(rows), values
        )
        plan = [row[0] for row in await cursor.fetchall()]
        read = [
            int(line.split("rows=")[1].split()[0].split(".")[0])
            for line in plan
            if "rows=" in line and "Scan" in line
        ]
        assert read, plan
        assert max(read) < 200, "\n".join(plan)


async def test_usage_counts_by_bucket_and_group(
    database: Database, database_urls: DatabaseUrls, ann: Person
) -> None:
    bob = new_person(database_urls, "bob")
    join(database_urls, bob, ann)
    for duration in range(1, 101):
        new_log(database_urls, ann, NOW - timedelta(minutes=duration / 10), duration_ms=float(duration))
    new_log(
        database_urls,
        bob,
        NOW - timedelta(hours=1),
        workspace_id=ann.workspace_id,
        status="error",
        duration_ms=7.0,
    )
    new_log(
        database_urls,
        ann,
        NOW,
        status="refused",
        user_id=ann.user_id,
        duration_ms=0.0,
        error_code="forbidden",
    )
    new_log(database_urls, bob, NOW)  # in bob's own workspace
    new_log(database_urls, ann, NOW, workspace_id=None)
    criteria = LogFilter(since=NOW - timedelta(days=1), until=NOW + timedelta(minutes=1))
    async with database.reading(ann.sealed_pass) as connection:
        logs = PostgresLogRepository(connection)
        usage = await logs.usage(asked(criteria, Bucket.HOUR))
        assert [(row.start, row.executions) for row in usage.buckets] == [
            (NOW.replace(minute=0, microsecond=0) - timedelta(hours=1), 1),
            (NOW.replace(minute=0, microsecond=0), 101),
        ]
        assert usage.groups == ()
        total = usage.total
        assert (total.executions, total.success, total.error, total.refused, total.unknown) == (
            102,
            100,
            1,
            1,
            0,
        )
        last = usage.buckets[-1]
        assert (last.p50_ms, last.p95_ms, last.p99_ms) == pytest.approx((50.5, 95.05, 99.01), rel=ACCURACY)

        usage = await logs.usage(asked(criteria, Bucket.DAY, UsageGroup.USER))
        assert [(row.group.id, row.group.label, row.executions) for row in usage.groups if row.group] == [
            (str(ann.user_id), "ann", 101),
            (str(bob.user_id), "bob", 1),
        ]
        assert sum(row.executions for row in usage.buckets) == usage.total.executions == 102
        for group in UsageGroup:
            assert (await logs.usage(asked(criteria, Bucket.DAY, group))).total.executions == 102
        by_code = await logs.usage(asked(criteria, Bucket.DAY, UsageGroup.ERROR_CODE))
        assert [(row.group.id, row.group.label) for row in by_code.groups if row.group] == [
            (None, None),
            ("forbidden", "forbidden"),
        ]

        empty = await logs.usage(
            asked(
                LogFilter(since=NOW - timedelta(days=95), until=NOW - timedelta(days=90)),
                Bucket.DAY,
                UsageGroup.USER,
            )
        )
        assert (empty.buckets, empty.groups, empty.total.executions, empty.total.p50_ms) == ((), (), 0, None)


async def test_groups_beyond_the_busiest_are_the_rest(
    database: Database, database_urls: DatabaseUrls, ann: Person
) -> None:
    for number in range(25):
        connection_id = uuid_v7(NOW)
        for _ in range(2 if number < 5 else 1):
            new_log(database_urls, ann, NOW, connection_id=connection_id)
    async with database.reading(ann.sealed_pass) as connection:
        usage = await PostgresLogRepository(connection).usage(
            asked(
                LogFilter(since=NOW - timedelta(days=1), until=NOW + timedelta(minutes=1)),
                Bucket.DAY,
                UsageGroup.CONNECTION,
            )
        )
    groups = [row.group for row in usage.groups if row.group]
    assert [group.is_rest for group in groups] == [False] * 20 + [True]
    assert usage.groups[-1].executions == 5
    assert sum(row.executions for row in usage.groups) == usage.total.executions == 30


async def test_what_takes_too_long_is_said_to(
    database: Database, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portway.infrastructure.postgres import log_repository

    monkeypatch.setattr(log_repository, "_STATEMENT_TIMEOUT", "1ms")
    monkeypatch.setattr(log_repository, "NEWEST", sql.SQL("ORDER BY pg_sleep(1)::text"))
    with pytest.raises(Unavailable, match="longer than 1ms"):
        async with database.reading(ann.sealed_pass) as connection:
            await PostgresLogRepository(connection).list(LogFilter(), after=None, limit=1)
