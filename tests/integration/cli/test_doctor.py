"""`portway doctor`."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, LiteralString

import psycopg
import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.cli.conftest import Outcome, Portway
from tests.people import as_owner, new_connection, new_person


@pytest.fixture
def database(fresh_database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> DatabaseUrls:
    monkeypatch.setenv("PORTWAY_DATABASE_URL", fresh_database_urls.app)
    monkeypatch.setenv("PORTWAY_ADMIN_DATABASE_URL", fresh_database_urls.admin)
    monkeypatch.setenv("PORTWAY_SIGN_IN_DATABASE_URL", fresh_database_urls.sign_in)
    monkeypatch.setenv("PORTWAY_WORKER_DATABASE_URL", fresh_database_urls.worker)
    return fresh_database_urls


def findings(outcome: Outcome, status: str) -> dict[str, Any]:
    return {
        finding["check"]: finding["message"]
        for finding in outcome.json["findings"]
        if finding["status"] == status
    }


def as_superuser(urls: DatabaseUrls, *statements: LiteralString) -> None:
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def test_all_is_well(portway: Portway, database: DatabaseUrls) -> None:
    examined = portway("doctor", "--json")
    assert examined.json["healthy"]
    # The test server is made to be fast.
    assert findings(examined, "warning").keys() == {"durability"}
    assert findings(examined, "ok").keys() >= {
        *("environment", "database", "encryption", "clock", "statement logging", "migrations"),
        *("row-level security", "audit log", "keyring", "roles"),
    }
    told = portway("doctor").output
    assert "master key is in" in told
    assert "-> turn both on" in told


def test_a_table_without_forced_policies_is_broken(portway: Portway, database: DatabaseUrls) -> None:
    as_superuser(
        database,
        "ALTER TABLE connections NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
    )
    broken = findings(portway("doctor", "--json", status=1), "broken")
    assert broken == {"row-level security": "not forced on connections, users"}


def test_a_server_that_runs_as_somebody_mighty_is_broken(
    portway: Portway, database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTWAY_DATABASE_URL", database.superuser)
    broken = findings(portway("doctor", "--json", status=1), "broken")
    assert "SUPERUSER" in broken["roles"]
    monkeypatch.setenv("PORTWAY_DATABASE_URL", database.admin)
    broken = findings(portway("doctor", "--json", status=1), "broken")
    assert "portway_definer" in broken["roles"]


def test_logged_parameters_are_broken(portway: Portway, database: DatabaseUrls) -> None:
    name = psycopg.sql.Identifier(database.database)
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        setting = psycopg.sql.SQL("ALTER DATABASE {} SET log_parameter_max_length = -1").format(name)
        connection.execute(setting)
        assert "statement logging" in findings(portway("doctor", "--json"), "warning")
        setting = psycopg.sql.SQL("ALTER DATABASE {} SET log_statement = 'all'").format(name)
        connection.execute(setting)
    assert "statement logging" in findings(portway("doctor", "--json", status=1), "broken")


def test_missing_migrations_and_partitions_are_broken(portway: Portway, database: DatabaseUrls) -> None:
    as_superuser(database, "DELETE FROM app.migrations WHERE number > 8", "DROP TABLE api_logs CASCADE")
    broken = findings(portway("doctor", "--json", status=1), "broken")
    assert broken["migrations"].startswith("missing: 0009_")
    assert "partition" in broken["audit log"]


def test_an_empty_database_is_broken(
    portway: Portway, empty_database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTWAY_DATABASE_URL", empty_database_urls.app)
    monkeypatch.setenv("PORTWAY_ADMIN_DATABASE_URL", empty_database_urls.admin)
    examined = portway("doctor", "--json", status=1)
    assert "migrations" in findings(examined, "broken")


def test_a_master_key_in_a_table_is_a_warning(
    portway: Portway, empty_database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTWAY_DATABASE_URL", empty_database_urls.app)
    monkeypatch.setenv("PORTWAY_ADMIN_DATABASE_URL", empty_database_urls.admin)
    portway("migrate")
    assert "dump" in findings(portway("doctor", "--json"), "warning")["keyring"]


def test_what_lies_under_which_key(portway: Portway, database: DatabaseUrls) -> None:
    ann = new_person(database, "ann")
    ((service,),) = as_owner(
        database,
        "INSERT INTO integrations (name, slug, base_url, auth_type)"
        " VALUES ('S', 's', 'https://api.example.com', 'bearer') RETURNING id",
    )
    for _ in range(3):
        new_connection(database, ann, service)
    examined = portway("doctor", "--json").json["findings"]
    keys = [finding for finding in examined if finding["check"] == "keys"]
    assert [finding["status"] for finding in keys] == ["ok"] * 3
    assert "3 ciphertext(s) under it" in keys[0]["message"]
    assert [kind for finding in keys for kind in ("data", "jwt", "seal") if kind in finding["message"]] == [
        *("data", "jwt", "seal")
    ]

    as_superuser(
        database,
        "SELECT keyring.add_key('data')",
        "UPDATE keyring.keys SET created_at = now() - interval '366 days' WHERE purpose = 'jwt'",
    )
    new_connection(database, ann, service)
    examined = portway("doctor", "--json").json["findings"]
    old, left = [one for one in examined if one["check"] == "keys" and one["status"] == "warning"]
    assert "(jwt)" in old["message"]
    assert "`portway keyring rotate`" in old["advice"]
    assert left["message"].startswith("3 ciphertext(s) under the old key")
    assert "--resume" in left["advice"]
    portway("keyring", "rotate", "--resume")
    assert "old key" not in portway("doctor").output


def test_a_key_that_is_gone_is_broken(portway: Portway, database: DatabaseUrls) -> None:
    as_superuser(
        database,
        "SELECT keyring.set_jwt_issuer('https://issuer.example', NULL, 'secret')",
        "UPDATE keyring.jwt_issuers SET key_id = 999",
    )
    broken = findings(portway("doctor", "--json", status=1), "broken")
    assert broken["keys"].startswith("1 ciphertext(s) under key 999, which is not in the keyring")


def test_what_takes_the_owner_is_left_out_without_it(
    portway: Portway, database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORTWAY_ADMIN_DATABASE_URL")
    assert "keyring" in findings(portway("doctor", "--json"), "warning")


def test_without_a_database_it_says_how_to_get_one(portway: Portway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTWAY_DATABASE_URL", "postgresql://portway_app:hush@127.0.0.1:1/x")
    monkeypatch.setenv("PORTWAY_SIGNUP", "open")
    examined = portway("doctor", status=1)
    assert "broken   database: the database does not answer" in examined.output
    assert "unknown: PORTWAY_SIGNUP" in examined.output
    assert "hush" not in examined.output


@contextmanager
def redis(password: str) -> Iterator[int]:
    """As much of Redis as the doctor asks for."""

    def answer(connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as stream:
            while header := stream.readline():
                words = [
                    stream.readline() and stream.readline().strip().decode() for _ in range(int(header[1:]))
                ]
                right = words[0] == "PING" or words[-1] == password
                stream.write(
                    b"-WRONGPASS\r\n" if not right else b"+PONG\r\n" if words == ["PING"] else b"+OK\r\n"
                )
                stream.flush()

    def serve() -> None:
        for _ in range(2):
            answer(listener.accept()[0])

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_redis(portway: Portway, database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    with redis("secret") as port:
        monkeypatch.setenv("PORTWAY_REDIS_URL", f"redis://:secret@127.0.0.1:{port}/0")
        assert findings(portway("doctor", "--json"), "ok")["redis"] == "answers"
        monkeypatch.setenv("PORTWAY_REDIS_URL", f"redis://:wrong@127.0.0.1:{port}/0")
        assert "WRONGPASS" in findings(portway("doctor", "--json", status=1), "broken")["redis"]
    assert "does not answer" in findings(portway("doctor", "--json", status=1), "broken")["redis"]
