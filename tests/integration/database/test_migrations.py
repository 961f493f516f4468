"""Bringing a database up to date: once, whoever does it, and wherever it is."""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from portway.infrastructure.embedded_postgres import DatabaseUrls, EmbeddedPostgres
from portway.infrastructure.postgres import migrations
from portway.infrastructure.postgres.migrations import (
    Migration,
    MigrationError,
    all_migrations,
    migrate,
    pending_migrations,
)
from tests.people import Person, new_connection, new_person

NAMES = [migration.name for migration in all_migrations()]


def run(urls: DatabaseUrls) -> list[str]:
    return migrate(urls.admin, master_key_file=urls.master_key_file)


def pending(urls: DatabaseUrls) -> list[str]:
    with psycopg.connect(urls.admin) as connection:
        return [migration.name for migration in pending_migrations(connection)]


def owner_says(urls: DatabaseUrls, statement: str) -> None:
    with psycopg.connect(urls.admin, autocommit=True) as connection:
        connection.execute(statement.encode())


def added(text: str, number: int = 9001) -> list[Migration]:
    return [*all_migrations(), Migration(number, f"{number}_added.sql", text, "checksum")]


def test_all_once(empty_database_urls: DatabaseUrls) -> None:
    urls = empty_database_urls
    assert pending(urls) == NAMES
    assert run(urls) == NAMES
    assert pending(urls) == []
    assert run(urls) == []


def test_by_four_at_once(empty_database_urls: DatabaseUrls) -> None:
    done: list[list[str]] = []
    threads = [threading.Thread(target=lambda: done.append(run(empty_database_urls))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [[], [], [], NAMES]


def test_not_by_a_superuser(empty_database_urls: DatabaseUrls) -> None:
    run(empty_database_urls)
    with psycopg.connect(empty_database_urls.admin) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == (False, False, True)


def test_a_file_that_was_changed_since_is_told(fresh_database_urls: DatabaseUrls) -> None:
    owner_says(fresh_database_urls, "UPDATE app.migrations SET checksum = 'another' WHERE number = 5")
    with pytest.raises(MigrationError, match=r"0005_connections\.sql was applied with another content"):
        run(fresh_database_urls)


def test_a_newer_database_is_left_alone(fresh_database_urls: DatabaseUrls) -> None:
    owner_says(
        fresh_database_urls, "INSERT INTO app.migrations (number, name, checksum) VALUES (9999, 'n', 'c')"
    )
    with pytest.raises(MigrationError, match="newer than this Portway: it has migration 9999"):
        run(fresh_database_urls)


def test_each_has_timeouts_of_its_own(
    fresh_database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "SET LOCAL ROLE portway_owner; CREATE TABLE app.seen AS"
        " SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement"
    )
    monkeypatch.setattr(migrations, "all_migrations", lambda: added(text))
    assert run(fresh_database_urls) == ["9001_added.sql"]
    with psycopg.connect(fresh_database_urls.admin) as connection:
        assert connection.execute("SELECT * FROM app.seen").fetchall() == [("10s", "10min")]


def test_one_that_fails_leaves_nothing_behind(
    fresh_database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "SET LOCAL ROLE portway_owner; CREATE TABLE app.half (); SELECT 1 / 0"
    monkeypatch.setattr(migrations, "all_migrations", lambda: added(text))
    with pytest.raises(MigrationError, match=r"^9001_added\.sql: division by zero"):
        run(fresh_database_urls)
    with psycopg.connect(fresh_database_urls.admin) as connection:
        assert connection.execute("SELECT to_regclass('app.half')").fetchone() == (None,)
        assert connection.execute("SELECT max(number) FROM app.migrations").fetchone() == (len(NAMES),)


def test_one_that_waits_too_long_for_a_lock_gives_up(
    fresh_database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        migrations, "all_migrations", lambda: added("ALTER TABLE public.users ADD COLUMN x text")
    )
    monkeypatch.setattr(migrations, "_TIMEOUTS", "SET LOCAL lock_timeout = '50ms'")
    with psycopg.connect(fresh_database_urls.admin) as busy:
        busy.execute("SELECT 1 FROM users")
        with pytest.raises(MigrationError, match="lock timeout"):
            run(fresh_database_urls)


def test_the_lock_goes_with_the_connection(fresh_database_urls: DatabaseUrls) -> None:
    run(fresh_database_urls)
    with psycopg.connect(fresh_database_urls.superuser, autocommit=True) as connection:
        give_up_at = time.monotonic() + 10
        # The server closes its side a moment after the client has closed its own.
        while held_locks(connection) and time.monotonic() < give_up_at:
            time.sleep(0.01)
        assert held_locks(connection) == 0


def held_locks(connection: psycopg.Connection[tuple[int]]) -> int:
    row = connection.execute(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    ).fetchone()
    assert row is not None
    return row[0]


def test_a_database_that_is_not_there_is_told_in_one_line(empty_database_urls: DatabaseUrls) -> None:
    with pytest.raises(MigrationError, match='database "nowhere" does not exist') as raised:
        run(empty_database_urls.for_database("nowhere"))
    assert "\n" not in str(raised.value)


def test_a_keyring_stays_where_it_is(fresh_database_urls: DatabaseUrls) -> None:
    with psycopg.connect(fresh_database_urls.superuser) as connection:
        before = connection.execute("TABLE keyring.keys").fetchall()
    migrate(fresh_database_urls.admin)
    migrate(fresh_database_urls.admin, master_key_file=Path("/elsewhere"))
    with psycopg.connect(fresh_database_urls.superuser) as connection:
        assert connection.execute("TABLE keyring.keys").fetchall() == before
        assert connection.execute("SELECT source, key FROM keyring.master_key").fetchall() == [("file", None)]


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_master_key_of_another_length_is_refused(
    empty_database_urls: DatabaseUrls, tmp_path: Path, content: bytes
) -> None:
    tmp_path.chmod(0o755)
    key = empty_database_urls.master_key_file.with_name(f"odd {len(content)}.key")
    key.write_bytes(content)
    key.chmod(0o644)
    with pytest.raises(MigrationError, match="the master key must be 32 bytes long"):
        migrate(empty_database_urls.admin, master_key_file=key)
    assert run(empty_database_urls) == []


def test_the_master_key_may_lie_in_a_vault(fresh_database_urls: DatabaseUrls) -> None:
    """Supabase's, as far as it shows: a view of decrypted secrets."""
    with psycopg.connect(fresh_database_urls.superuser, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA vault")
        connection.execute("CREATE TABLE vault.decrypted_secrets (name text, decrypted_secret text)")
        connection.execute("INSERT INTO vault.decrypted_secrets VALUES ('portway', repeat('5a', 32))")
        connection.execute("GRANT USAGE ON SCHEMA vault TO portway_keyring")
        connection.execute("GRANT SELECT ON vault.decrypted_secrets TO portway_keyring")
        connection.execute("DELETE FROM keyring.keys; DELETE FROM keyring.master_key")
        connection.execute("SELECT keyring.initialize('vault', 'portway')")
    check_that_it_works(fresh_database_urls)


@contextmanager
def foreign_server(directory: Path) -> Iterator[tuple[DatabaseUrls, str]]:
    """A server that knows nothing of Portway, as a managed service hands it out: its superuser's URL, and that of the
    role `dba`, which owns the database `gateway` and may make roles, and nothing else.
    """
    server = EmbeddedPostgres(directory / "data", settings={"fsync": "off"})
    urls = server.start()
    gateway = urls.for_database("gateway")
    password = secrets.token_hex(8)
    try:
        with psycopg.connect(urls.for_database("postgres").superuser, autocommit=True) as connection:
            connection.execute("DROP DATABASE portway")
            for role in ("app", "sign_in", "worker", "definer", "keyring", "owner"):
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(f"portway_{role}")))
            connection.execute(sql.SQL("CREATE ROLE dba LOGIN CREATEROLE PASSWORD {}").format(password))
            connection.execute("CREATE DATABASE gateway OWNER dba")
        yield gateway, url_of(gateway, "dba", password)
    finally:
        server.stop()


def url_of(urls: DatabaseUrls, role: str, password: str) -> str:
    host = quote(str(urls.socket_directory), safe="")
    return f"postgresql://{role}:{quote(password, safe='')}@/{urls.database}?host={host}&port={urls.port}"


def test_in_an_external_database(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The roles are made by a role that may make roles; passwords come from the URLs; the master key is in a table."""
    with foreign_server(tmp_path_factory.mktemp("external")) as (gateway, dba):
        app, sign_in = url_of(gateway, "portway_app", "p w/@:%"), url_of(gateway, "portway_sign_in", "other")
        worker = url_of(gateway, "portway_worker", "a third")
        assert migrate(dba, app_url=app, sign_in_url=sign_in, worker_url=worker) == NAMES
        assert migrate(dba, app_url=app, sign_in_url=sign_in, worker_url=worker) == []
        urls = DatabaseUrls(
            app=app, admin=dba, sign_in=sign_in, worker=worker, superuser=gateway.superuser,
            master_key_file=Path("/nowhere"), socket_directory=gateway.socket_directory, port=gateway.port,
            database="gateway",
        )  # fmt: skip
        check_that_it_works(urls)
        with psycopg.connect(gateway.superuser) as connection:
            assert connection.execute("SELECT source FROM keyring.master_key").fetchall() == [("table",)]
            logins = connection.execute(
                "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname LIKE 'portway%' ORDER BY 1"
            ).fetchall()
            assert logins == [("portway_app",), ("portway_sign_in",), ("portway_worker",)]
        # Another password, by the next start.
        changed = url_of(gateway, "portway_app", "changed")
        migrate(dba, app_url=changed)
        with psycopg.connect(changed) as connection:
            connection.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(app)


def check_that_it_works(urls: DatabaseUrls) -> None:
    person: Person = new_person(urls, "ann")
    with psycopg.connect(urls.admin, autocommit=True) as dba:
        integration = dba.execute(
            "INSERT INTO integrations (name, slug, base_url, auth_type)"
            " VALUES ('Gmail', 'gmail', 'https://gmail.googleapis.com', 'bearer') RETURNING id"
        ).fetchone()
        assert integration is not None
        dba.execute(
            "INSERT INTO actions (integration_id, name, slug) VALUES (%s, 'List', 'list')", integration
        )
        assert dba.execute("SELECT count(*) FROM users").fetchone() == (1,)
    made = new_connection(urls, person, integration[0])
    with psycopg.connect(urls.app, autocommit=True) as app:
        row = app.execute(
            "SELECT outcome, credential FROM app.open_executions(%s, %s, %s, %s, %s::jsonb[], %s, %s, %s, %s)",
            [
                [person.sealed_pass],
                [person.workspace_id],
                [made],
                ["list"],
                ["{}"],
                [1],
                [None],
                [b""],
                [None],
            ],
        ).fetchone()
        assert row == ("granted", '{"token": "the-secret-token"}')
        assert app.execute("SELECT count(*) FROM users").fetchone() == (0,)
        for statement in (
            "SET ROLE portway_owner",
            "CREATE TEMP TABLE t ()",
            "SELECT * FROM keyring.master_key",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement.encode())
        app.execute("SELECT app.create_log_partitions()")
    with psycopg.connect(urls.sign_in, autocommit=True) as sign_in:
        token = sign_in.execute(
            "SELECT app.create_email_token(%s, 'verify_email')", [person.email]
        ).fetchone()
    assert token is not None
    assert token[0]
