"""What is counted by the hour, with the rest of the log, is what the log itself says: on random executions."""

import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest

from portway.application.ports.log_queries import (
    Bucket,
    LogFilter,
    LogPosition,
    UsageGroup,
    UsageQuestion,
    UsageRow,
)
from portway.application.usage_steps import steps_between
from portway.domain.execution import ExecutionStatus
from portway.domain.rules.durations import ACCURACY
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.housekeeping import PostgresHousekeeping
from portway.infrastructure.postgres.log_repository import PostgresLogRepository
from tests.people import Person, as_app, as_owner, join, new_log, new_person, uuid_v7

NOW = datetime.now(UTC).replace(microsecond=0)
DAYS = 4
ENDED = (ExecutionStatus.SUCCESS, ExecutionStatus.ERROR)


@dataclass(frozen=True)
class Execution:
    id: UUID
    executed_at: datetime
    status: ExecutionStatus
    user_id: UUID
    workspace_id: UUID
    connection_id: UUID | None
    integration_id: UUID | None
    action_id: UUID | None
    status_code: int | None
    error_code: str | None
    duration_ms: float | None


@dataclass(frozen=True)
class World:
    urls: DatabaseUrls
    ann: Person
    executions: list[Execution]


def a_time(chance: random.Random) -> datetime:
    # Sometimes just where one hour ends and another begins.
    moment = NOW - timedelta(milliseconds=chance.randrange(DAYS * 86_400_000))
    return moment.replace(minute=0, second=0, microsecond=0) if chance.random() < 0.05 else moment


def an_execution(chance: random.Random, people: list[Person], ids: dict[str, list[UUID]]) -> Execution:
    at = a_time(chance)
    status = chance.choices(
        [ExecutionStatus.SUCCESS, ExecutionStatus.ERROR, ExecutionStatus.REFUSED, ExecutionStatus.UNKNOWN],
        [80, 10, 8, 2],
    )[0]
    is_quiet = status in {ExecutionStatus.SUCCESS, ExecutionStatus.UNKNOWN}
    return Execution(
        id=uuid_v7(at),
        executed_at=at,
        status=status,
        user_id=chance.choice(people).user_id,
        workspace_id=chance.choice(people[:2]).workspace_id,
        connection_id=chance.choice([*ids["connection"], None]),
        integration_id=chance.choice(ids["integration"]),
        action_id=chance.choice([*ids["action"], None]),
        status_code=chance.choice([404, 500, 503]) if status is ExecutionStatus.ERROR else None,
        error_code=None if is_quiet else chance.choice(["upstream_error", "forbidden"]),
        duration_ms=chance.lognormvariate(5, 2) if status in ENDED else None,
    )


@pytest.fixture(scope="module")
def world(database_urls: DatabaseUrls) -> World:
    """Two workspaces of Ann's with 3000 executions, and one of Eve's; all hours that are over are counted."""
    chance = random.Random(7)
    ann, bob, eve = (new_person(database_urls, name) for name in ("ann", "bob", "eve"))
    join(database_urls, ann, bob)
    ids = {kind: [uuid4() for _ in range(number)] for kind, number in
           (("connection", 25), ("integration", 3), ("action", 6))}  # fmt: skip
    executions = [an_execution(chance, [ann, bob, eve], ids) for _ in range(3000)]
    columns = list(Execution.__dataclass_fields__)
    with psycopg.connect(database_urls.admin, autocommit=True) as connection:
        for months in (0, 1):
            connection.execute(
                "SELECT app.create_log_partition((now() - make_interval(months => %s))::date)", [months]
            )
        connection.cursor().executemany(
            f"INSERT INTO api_logs ({', '.join(columns)}, deadline)"
            f" VALUES ({', '.join(['%s'] * len(columns))}, now())",
            [[getattr(one, column) for column in columns] for one in executions],
        )
    new_log(database_urls, eve, NOW - timedelta(hours=5))
    count_all(database_urls)
    return World(database_urls, ann, executions)


def count_all(urls: DatabaseUrls) -> int:
    """Counts until there is nothing left; returns how many hours."""
    counted = 0
    while as_app(urls, "SELECT app.roll_up_usage()")[0][0]:
        counted += 1
    return counted


@pytest.fixture
async def logs(world: World) -> AsyncIterator[PostgresLogRepository]:
    database = Database(world.urls.app, max_size=2)
    await database.open()
    async with database.reading(world.ann.sealed_pass) as connection:
        yield PostgresLogRepository(connection)
    await database.close()


def fitting(world: World, criteria: LogFilter) -> list[Execution]:
    """What the filter is to find, by itself."""
    members = ("workspace_id", "connection_id", "user_id", "status_code", "error_code")
    found = [
        one
        for one in world.executions
        if all(getattr(criteria, name) in {None, getattr(one, name)} for name in members)
        and (not criteria.statuses or one.status in criteria.statuses)
        and criteria.integration in {None, str(one.integration_id)}
        and criteria.action in {None, str(one.action_id)}
        and (criteria.since is None or one.executed_at >= criteria.since)
        and (criteria.until is None or one.executed_at < criteria.until)
    ]
    return sorted(found, key=lambda one: (one.executed_at, one.id), reverse=True)


def check(row: UsageRow, executions: list[Execution]) -> None:
    """The row is what the executions make."""
    counts = Counter(one.status for one in executions)
    assert row.executions == len(executions)
    for status in ExecutionStatus:
        assert getattr(row, status.value) == counts[status], status
    durations = sorted(one.duration_ms for one in executions if one.duration_ms is not None)
    for found, fraction in ((row.p50_ms, 0.5), (row.p95_ms, 0.95), (row.p99_ms, 0.99)):
        if durations:
            assert found == pytest.approx(durations[int(fraction * (len(durations) - 1))], rel=ACCURACY)
        else:
            assert found is None


def by(executions: Iterable[Execution], key: Callable[[Execution], Any]) -> dict[Any, list[Execution]]:
    groups = defaultdict(list)
    for one in executions:
        groups[key(one)].append(one)
    return groups


def filters(world: World) -> list[LogFilter]:
    one = next(one for one in world.executions if one.status_code and one.action_id and one.connection_id)
    return [
        LogFilter(),
        LogFilter(workspace_id=world.ann.workspace_id),
        LogFilter(statuses=(ExecutionStatus.ERROR, ExecutionStatus.UNKNOWN)),
        LogFilter(status_code=503, integration=str(one.integration_id)),
        LogFilter(error_code="forbidden", statuses=(ExecutionStatus.REFUSED,), user_id=one.user_id),
        LogFilter(connection_id=one.connection_id),
        LogFilter(connection_id=one.connection_id, statuses=(ExecutionStatus.ERROR,)),
        LogFilter(action=str(one.action_id), workspace_id=one.workspace_id),
        LogFilter(status_code=418),
    ]


GROUPS: dict[UsageGroup, Callable[[Execution], Any]] = {
    UsageGroup.INTEGRATION: lambda one: one.integration_id,
    UsageGroup.ACTION: lambda one: one.action_id,
    UsageGroup.USER: lambda one: one.user_id,
    UsageGroup.WORKSPACE: lambda one: one.workspace_id,
    UsageGroup.ERROR_CODE: lambda one: one.error_code,
    UsageGroup.STATUS: lambda one: one.status,
    UsageGroup.STATUS_CODE: lambda one: one.status_code,
}


def named(key: Any) -> str | None:
    return None if key is None else str(key)


SPANS = [
    (Bucket.HOUR, "UTC", timedelta(hours=24), NOW),
    (
        Bucket.HOUR,
        "UTC",
        timedelta(hours=31, minutes=17, milliseconds=3),
        NOW - timedelta(hours=3, minutes=1),
    ),
    (Bucket.DAY, "UTC", timedelta(days=DAYS + 1), NOW),
    (Bucket.DAY, "America/New_York", timedelta(days=3, minutes=20), NOW - timedelta(hours=7)),
    (Bucket.DAY, "Asia/Kathmandu", timedelta(days=DAYS + 1), NOW - timedelta(minutes=1)),
    (Bucket.DAY, "UTC", timedelta(minutes=20), NOW - timedelta(hours=30)),
]


@pytest.mark.parametrize("asked", SPANS, ids=lambda asked: f"{asked[0]} {asked[1]} {asked[2]}")
async def test_counted_hours_and_the_rest_are_the_whole(
    world: World, logs: PostgresLogRepository, asked: tuple[Bucket, str, timedelta, datetime]
) -> None:
    bucket, zone, span, until = asked
    since = until - span
    steps = steps_between(since, until, bucket, ZoneInfo(zone))
    for criteria in filters(world):
        expected = fitting(world, replace(criteria, since=since, until=until))
        question = UsageQuestion(criteria, since, until, steps)
        usage = await logs.usage(question)
        check(usage.total, expected)
        buckets = by(expected, lambda one: max(step for step in steps if step <= one.executed_at))
        assert [row.start for row in usage.buckets] == sorted(buckets)
        for row in usage.buckets:
            check(row, buckets[row.start])
        for group, key in GROUPS.items():
            usage = await logs.usage(replace(question, group=group))
            groups = by(expected, lambda one: named(key(one)))  # noqa: B023 - it is called at once
            assert {row.group.id for row in usage.groups if row.group} == groups.keys()
            for row in usage.groups:
                assert row.group
                check(row, groups[row.group.id])
            assert sum(row.executions for row in usage.buckets) == len(expected)


async def test_the_busiest_are_told_apart(world: World, logs: PostgresLogRepository) -> None:
    question = UsageQuestion(LogFilter(), NOW - timedelta(days=9), NOW, (), UsageGroup.CONNECTION, top=3)
    usage = await logs.usage(question)
    groups = sorted(by(world.executions, lambda one: one.connection_id).values(), key=len, reverse=True)
    assert [row.executions for row in usage.groups[:3]] == [len(group) for group in groups[:3]]
    rest = usage.groups[3]
    assert rest.group
    assert rest.group.is_rest
    ids = {row.group.id for row in usage.groups[:3] if row.group}
    # An execution without a connection has a group as well.
    check(rest, [one for one in world.executions
                 if (str(one.connection_id) if one.connection_id else None) not in ids])  # fmt: skip


@pytest.mark.parametrize("limit", [1, 7, 200])
async def test_pages_are_the_same_whether_an_hour_is_counted_or_not(
    world: World, logs: PostgresLogRepository, limit: int
) -> None:
    spans = [
        (None, None),
        (NOW - timedelta(days=2, minutes=7), NOW - timedelta(hours=9, minutes=3)),
    ]
    for since, until in spans:
        for criteria in filters(world):
            asked = replace(criteria, since=since, until=until)
            expected = [one.id for one in fitting(world, asked)][: limit * 4]
            found: list[UUID] = []
            after: LogPosition | None = None
            while len(found) < limit * 4:
                rows = await logs.list(asked, after=after, limit=limit)
                found += [row.id for row in rows]
                if len(rows) < limit:
                    break
                after = LogPosition(rows[-1].executed_at, rows[-1].id)
            assert found == expected, asked
            count = await logs.count(asked)
            assert (count.count, count.exact) == (len(fitting(world, asked)), True)


async def test_ones_own_refusals_in_no_workspace_are_found_in_hours_that_are_counted(
    fresh_database_urls: DatabaseUrls,
) -> None:
    urls = fresh_database_urls
    ann = new_person(urls, "ann")
    at = (NOW - timedelta(hours=30)).replace(minute=30)
    nowhere = new_log(urls, ann, at, workspace_id=None, organization_id=None, status="refused")
    here = new_log(urls, ann, at - timedelta(hours=2), status="refused")
    new_log(urls, ann, at)
    assert count_all(urls) == 2
    database = Database(urls.app, max_size=2)
    await database.open()
    async with database.reading(ann.sealed_pass) as connection:
        repository = PostgresLogRepository(connection)
        for user_id in (None, ann.user_id):
            criteria = LogFilter(statuses=(ExecutionStatus.REFUSED,), user_id=user_id)
            listed = await repository.list(criteria, after=None, limit=10)
            assert [log.id for log in listed] == [nowhere, here]
            assert (await repository.count(criteria)).count == 2
    await database.close()


async def test_what_ends_late_is_counted_late(fresh_database_urls: DatabaseUrls) -> None:
    urls = fresh_database_urls
    ann = new_person(urls, "ann")
    at = (NOW - timedelta(hours=5)).replace(minute=30, second=0)
    late = new_log(urls, ann, at, status="started", duration_ms=None)
    new_log(urls, ann, at)
    new_log(urls, ann, at - timedelta(hours=2))
    assert count_all(urls) == 2
    counted = "SELECT hour, status, executions FROM usage_by_action ORDER BY 1, 2"
    hour = at.replace(minute=0)
    assert as_owner(urls, counted)[1:] == [(hour, "started", 1), (hour, "success", 1)]
    as_owner(urls, "UPDATE api_logs SET status = 'error', duration_ms = 3 WHERE id = %s", late)
    assert count_all(urls) == 0, "it is looked at again after a while"
    as_owner(urls, "UPDATE unfinished_usage SET checked_at = now() - interval '20 minutes'")
    assert count_all(urls) == 1
    assert as_owner(urls, counted)[1:] == [(hour, "error", 1), (hour, "success", 1)]
    assert as_owner(urls, "SELECT count(*) FROM unfinished_usage") == [(0,)]
    # Neither the number of those without an outcome tells, nor who ended them.
    cut_off = new_log(urls, ann, at, status="started", duration_ms=None)
    as_owner(urls, "UPDATE usage_progress SET counted_until = %s", at.replace(minute=0))
    assert count_all(urls) >= 1
    as_owner(urls, "UPDATE api_logs SET status = 'unknown' WHERE id = %s", cut_off)
    as_owner(urls, "UPDATE unfinished_usage SET checked_at = now() - interval '20 minutes'")
    assert count_all(urls) == 1
    assert (hour, "unknown", 1) in as_owner(urls, counted)
    as_owner(urls, "DELETE FROM api_logs WHERE id = %s", cut_off)
    as_owner(urls, "UPDATE unfinished_usage SET checked_at = now() - interval '20 minutes'")
    assert count_all(urls) == 1
    # History that was written afterwards is counted when somebody says so, and nothing twice.
    before = as_owner(urls, counted)
    new_log(urls, ann, at - timedelta(days=1))
    as_owner(urls, "UPDATE usage_progress SET counted_until = NULL")
    assert count_all(urls) == 3
    assert as_owner(urls, counted)[1:] == before


async def test_an_hour_whose_executions_still_run_is_read_from_the_log(
    fresh_database_urls: DatabaseUrls,
) -> None:
    urls = fresh_database_urls
    ann = new_person(urls, "ann")
    at = (NOW - timedelta(hours=1, minutes=10)).replace(minute=59)
    running = new_log(urls, ann, at, status="started", duration_ms=None)
    as_owner(urls, "UPDATE usage_progress SET counted_until = NULL")
    count_all(urls)
    as_owner(urls, "UPDATE api_logs SET status = 'success' WHERE id = %s", running)
    database = Database(urls.app, max_size=1)
    await database.open()
    async with database.reading(ann.sealed_pass) as connection:
        question = UsageQuestion(LogFilter(), NOW - timedelta(days=1), NOW, ())
        usage = await PostgresLogRepository(connection).usage(question)
    await database.close()
    assert (usage.total.started, usage.total.success) == (0, 1)


async def test_counting_is_one_nodes_and_expires_with_the_log(fresh_database_urls: DatabaseUrls) -> None:
    urls = fresh_database_urls
    as_owner(urls, "SELECT app.create_log_partition('2020-05-17')")
    ann = new_person(urls, "ann")
    new_log(urls, ann, datetime(2020, 5, 17, 12, 30, tzinfo=UTC))
    new_log(urls, ann, NOW - timedelta(hours=3))
    database = Database(urls.app, max_size=2)
    await database.open()
    housekeeping = PostgresHousekeeping(database)
    with psycopg.connect(urls.admin) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('portway usage', 0))")
        assert await housekeeping.roll_up_usage() == 0
    assert [await housekeeping.roll_up_usage() for _ in range(3)] == [1, 1, 0]
    hours = "SELECT count(*) FROM usage_by_action UNION ALL SELECT count(*) FROM usage_by_connection"
    assert as_owner(urls, hours) == [(2,), (2,)]
    assert await housekeeping.drop_expired_log_partitions() == 1
    assert as_owner(urls, hours) == [(1,), (1,)]
    await database.close()
