"""The audit log by months: made ahead of time, and kept as long as the owner says."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import errors

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.people import as_app, as_owner, new_log, new_person


def partitions(urls: DatabaseUrls) -> list[str]:
    found = as_owner(
        urls,
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'api_logs'::regclass ORDER BY 1",
    )
    return [name for (name,) in found]


def names(first: datetime, months: int) -> list[str]:
    return [
        f"api_logs_{first.year + (first.month - 1 + ahead) // 12}_{(first.month - 1 + ahead) % 12 + 1:02}"
        for ahead in range(months)
    ]


def make_partition(urls: DatabaseUrls, at: datetime) -> None:
    as_owner(urls, "SELECT app.create_log_partition(%s)", at.date())


def test_this_month_and_the_next_three_are_there(fresh_database_urls: DatabaseUrls) -> None:
    expected = names(datetime.now(UTC), 4)
    assert partitions(fresh_database_urls) == expected
    as_app(fresh_database_urls, "SELECT app.create_log_partitions()")
    assert partitions(fresh_database_urls) == expected


def test_months_are_those_of_utc(fresh_database_urls: DatabaseUrls) -> None:
    with psycopg.connect(fresh_database_urls.app, autocommit=True) as connection:
        connection.execute("SET TimeZone = 'Etc/GMT-14'")
        connection.execute("SELECT app.create_log_partitions(), app.drop_expired_log_partitions()")
    assert partitions(fresh_database_urls) == names(datetime.now(UTC), 4)
    person = new_person(fresh_database_urls)
    end = datetime(2031, 1, 31, 23, 59, 59, tzinfo=UTC)
    make_partition(fresh_database_urls, end)
    new_log(fresh_database_urls, person, end)
    with pytest.raises(errors.CheckViolation):
        new_log(fresh_database_urls, person, end + timedelta(seconds=1))


def test_one_is_added_while_the_log_is_read_and_written(fresh_database_urls: DatabaseUrls) -> None:
    urls = fresh_database_urls
    person = new_person(urls)
    with psycopg.connect(urls.admin) as busy, psycopg.connect(urls.admin, autocommit=True) as owner:
        busy.execute("SELECT count(*) FROM api_logs")
        busy.execute("LOCK TABLE api_logs IN ROW EXCLUSIVE MODE")
        owner.execute("SET lock_timeout = '500ms'")
        owner.execute("SELECT app.create_log_partition('2040-06-15')")
    new_log(urls, person, datetime(2040, 6, 30, tzinfo=UTC))
    forced = as_owner(
        urls, "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'api_logs_2040_06'"
    )
    indexes = as_owner(urls, "SELECT count(*) FROM pg_indexes WHERE tablename = 'api_logs_2040_06'")
    of_the_parent = as_owner(urls, "SELECT count(*) FROM pg_indexes WHERE tablename = 'api_logs'")
    assert forced == [(True, True)]
    assert indexes == of_the_parent


def test_retention_drops_whole_months_and_never_below_the_minimum(fresh_database_urls: DatabaseUrls) -> None:
    urls = fresh_database_urls
    now = datetime.now(UTC)
    old = [now - timedelta(days=days) for days in (45, 80, 200, 500)]
    for at in old:
        make_partition(urls, at)
    kept = partitions(urls)
    assert len(kept) == 8
    # The default: 400 days.
    assert as_app(urls, "SELECT app.drop_expired_log_partitions()") == [(1,)]
    as_owner(urls, "UPDATE settings SET log_retention = '1 day', minimum_log_retention = '90 days'")
    as_app(urls, "SELECT app.drop_expired_log_partitions()")
    left = partitions(urls)
    assert names(old[1], 1)[0] in left
    assert names(old[2], 1)[0] not in left
    as_owner(urls, "UPDATE settings SET minimum_log_retention = '0'")
    as_app(urls, "SELECT app.drop_expired_log_partitions()")
    assert names(old[1], 1)[0] not in partitions(urls)
    assert set(names(now, 4)) <= set(partitions(urls))


@pytest.mark.parametrize("statement", ["UPDATE settings SET log_retention = '0'", "DROP TABLE api_logs"])
def test_the_servers_role_decides_nothing_of_it(database_urls: DatabaseUrls, statement: str) -> None:
    with (
        psycopg.connect(database_urls.app, autocommit=True) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())
