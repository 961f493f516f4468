"""The job queue's own schema: what the library procrastinate brings as SQL, in the schema `jobs`.

Its file `schema.sql` makes the whole of it; its `migrations/` lead there from earlier versions of the library. Both are
taken from the installed package, so that a newer library brings its changes along: `app.job_migrations` says what of
them a database has.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]

# Unqualified names in the library's functions mean its own tables, whoever calls them. The triggers that write events
# defer jobs as portway_definer, which may do nothing else there.
_SECURE = """
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN SELECT p.oid FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = 'jobs'::regnamespace LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = jobs, pg_temp', routine);
    END LOOP;
END
$$;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jobs FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO portway_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO portway_worker, portway_definer;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs TO portway_worker;
GRANT SELECT (id), INSERT ON jobs.procrastinate_jobs TO portway_definer;
GRANT INSERT ON jobs.procrastinate_events TO portway_definer;
GRANT EXECUTE ON FUNCTION jobs.procrastinate_defer_jobs_v1(jobs.procrastinate_job_to_defer_v1[]) TO portway_definer;
"""


def pending_job_migrations(connection: Connection) -> list[Path]:
    """The library's migrations that this database lacks: all of them before the first one."""
    applied = {str(name) for (name,) in connection.execute("SELECT name FROM app.job_migrations")}
    return [file for file in _migrations() if file.name not in applied]


def migrate_jobs(connection: Connection) -> list[str]:
    """Brings the schema to the installed library's version; returns the names of the migrations that it lacked."""
    with connection.transaction():
        connection.execute("SET LOCAL ROLE portway_owner")
        pending = pending_job_migrations(connection)
        if not pending:
            return []
        connection.execute("SET LOCAL search_path = jobs")
        is_new = connection.execute("SELECT to_regclass('jobs.procrastinate_jobs') IS NULL").fetchone() == (
            True,
        )
        for file in [_folder() / "schema.sql"] if is_new else pending:
            connection.execute(file.read_bytes())
        connection.execute(_SECURE.encode())
        names = [file.name for file in pending]
        connection.execute("INSERT INTO app.job_migrations (name) SELECT unnest(%s::text[])", [names])
        return names


def _migrations() -> list[Path]:
    return sorted((_folder() / "migrations").glob("*.sql"))


def _folder() -> Path:
    # Found, not imported: that would take every command a quarter of a second.
    spec = find_spec("procrastinate")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the library procrastinate is not installed")
    return Path(spec.submodule_search_locations[0]) / "sql"
