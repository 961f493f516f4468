"""The job queue's schema follows its library."""

import psycopg
import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.job_schema import migrate_jobs, pending_job_migrations

_DEFINITIONS = """
SELECT p.proname, pg_get_functiondef(p.oid), p.proacl::text FROM pg_proc AS p
WHERE p.pronamespace = 'jobs'::regnamespace ORDER BY 1, 2
"""
_COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
WHERE table_schema = 'jobs' ORDER BY 1, 2
"""


def test_a_new_database_has_all_of_it(fresh_database_urls: DatabaseUrls) -> None:
    with psycopg.connect(fresh_database_urls.admin, autocommit=True) as owner:
        assert pending_job_migrations(owner) == []
        assert migrate_jobs(owner) == []


@pytest.mark.parametrize("release", ["03.00.00_01", "03.03.00_01"])
def test_that_of_an_earlier_release_of_the_library_is_brought_up_to_date(
    fresh_database_urls: DatabaseUrls, release: str
) -> None:
    with psycopg.connect(fresh_database_urls.admin, autocommit=True) as owner:
        wanted = [owner.execute(query.encode()).fetchall() for query in (_DEFINITIONS, _COLUMNS)]
        owner.execute("DROP SCHEMA jobs CASCADE")
        owner.execute("DELETE FROM app.job_migrations")
        owner.execute("CREATE SCHEMA jobs")
        owner.execute("GRANT USAGE ON SCHEMA jobs TO portway_worker, portway_definer")
        before = [file for file in pending_job_migrations(owner) if file.name < release]
        later = [file.name for file in pending_job_migrations(owner) if file.name >= release]
        assert before
        assert later
        with owner.transaction():
            owner.execute("SET LOCAL search_path = jobs")
            for file in before:
                owner.execute(file.read_bytes())
                owner.execute("INSERT INTO app.job_migrations (name) VALUES (%s)", [file.name])
        assert migrate_jobs(owner) == later
        made = [owner.execute(query.encode()).fetchall() for query in (_DEFINITIONS, _COLUMNS)]
    assert made[1] == wanted[1]
    assert {name: acl for name, _, acl in made[0]}.items() >= {
        name: acl for name, _, acl in wanted[0]
    }.items()
    with psycopg.connect(fresh_database_urls.worker, autocommit=True) as worker:
        assert worker.execute("SELECT jobs.procrastinate_register_worker_v1()").fetchone() == (1,)
