"""`portway keyring`."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.key_rotation import claim_rotation
from tests.integration.cli.conftest import Portway
from tests.people import Person, as_owner, new_connection, new_person


@pytest.fixture
def database(fresh_database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> DatabaseUrls:
    monkeypatch.setenv("PORTWAY_DATABASE_URL", fresh_database_urls.app)
    monkeypatch.setenv("PORTWAY_ADMIN_DATABASE_URL", fresh_database_urls.admin)
    return fresh_database_urls


@pytest.fixture
def ann(database: DatabaseUrls) -> Person:
    """With three connections."""
    person = new_person(database, "ann")
    add_connections(database, person, 3)
    return person


def add_connections(urls: DatabaseUrls, person: Person, number: int) -> None:
    rows = as_owner(
        urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type)"
        " VALUES ('S', 's' || gen_random_uuid(), 'https://api.example.com', 'bearer') RETURNING id",
    )
    for _ in range(number):
        new_connection(urls, person, rows[0][0])


def keys(urls: DatabaseUrls) -> dict[int, int]:
    """How many credentials are under each."""
    return dict(as_owner(urls, "SELECT key_id, count(*) FROM encrypted_credentials GROUP BY key_id"))


def test_rotate(portway: Portway, database: DatabaseUrls, ann: Person) -> None:
    (old,) = keys(database)
    done = portway("keyring", "rotate")
    assert done.output == ""
    assert "public.encrypted_credentials: 3 re-encrypted" in done.messages
    (new,) = keys(database)
    assert new != old
    assert f"Key {new} encrypts everything" in done.messages


def test_json(portway: Portway, database: DatabaseUrls, ann: Person) -> None:
    done = portway("keyring", "rotate", "--json")
    assert done.json["renewed"]["public.encrypted_credentials"] == 3
    assert done.json["unreadable"] == []
    assert {done.json["key_id"]: 3} == keys(database)
    assert done.json["seconds"] < 60


def test_a_ciphertext_that_does_not_decrypt_is_a_failure(
    portway: Portway, database: DatabaseUrls, ann: Person
) -> None:
    as_owner(
        database,
        "UPDATE encrypted_credentials SET encrypted_value = '' WHERE connection_id ="
        " (SELECT min(connection_id::text)::uuid FROM encrypted_credentials)",
    )
    [(broken,)] = as_owner(
        database, "SELECT connection_id FROM encrypted_credentials WHERE encrypted_value = ''"
    )
    done = portway("keyring", "rotate", "--json", status=1)
    row = {"connection_id": str(broken), "credential_type": "token"}
    assert done.json["unreadable"] == [{"table": "public.encrypted_credentials", "row": row}]
    assert done.json["renewed"]["public.encrypted_credentials"] == 2
    assert str(broken) in done.messages


def test_a_second_one_says_that_there_is_a_first(
    portway: Portway, database: DatabaseUrls, ann: Person
) -> None:
    before = keys(database)
    with psycopg.connect(database.admin, autocommit=True) as first:
        claim_rotation(first)
        refused = portway("keyring", "rotate", status=1)
    assert "another `portway keyring rotate`" in refused.complaint
    assert keys(database) == before


def test_resume_makes_no_key(portway: Portway, database: DatabaseUrls, ann: Person) -> None:
    before = keys(database)
    done = portway("keyring", "rotate", "--resume", "--json")
    assert done.json["renewed"]["public.encrypted_credentials"] == 0
    assert keys(database) == before
    refused = portway("keyring", "rotate", "--resume", "--at-once", status=1)
    assert refused.complaint.startswith("--at-once")


def test_it_takes_the_owner(
    portway: Portway, database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTWAY_ADMIN_DATABASE_URL", database.app)
    assert "may not become portway_owner" in portway("keyring", "rotate", status=1).complaint
    monkeypatch.delenv("PORTWAY_ADMIN_DATABASE_URL")
    assert "PORTWAY_ADMIN_DATABASE_URL" in portway("keyring", "rotate", status=1).complaint


@contextmanager
def held_up(database: DatabaseUrls, ann: Person) -> Iterator[subprocess.Popen[str]]:
    """A rotation of 300 rows in a process of its own, which cannot end: as long as the block, somebody writes one."""
    add_connections(database, ann, 297)
    [(last,)] = as_owner(database, "SELECT max(id::text)::uuid FROM connections")
    command = [sys.executable, "-m", "portway", "keyring", "rotate"]
    with psycopg.connect(database.app) as writer:
        writer.execute(
            "SELECT app.replace_secret(%s, %s, %s, '{}', NULL)", [ann.sealed_pass, last, '{"token": "newer"}']
        )
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if line.startswith("waiting for"):
                    break
            yield process


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_and_resumed(
    portway: Portway, database: DatabaseUrls, ann: Person, how: signal.Signals
) -> None:
    with held_up(database, ann) as process:
        assert process.poll() is None
        process.send_signal(how)
        _, messages = process.communicate(timeout=30)
        if how is signal.SIGINT:
            assert process.returncode == 130
            assert (
                messages
                == "Interrupted: old keys open what is left; `portway keyring rotate --resume` goes on.\n"
            )
        old, new = sorted(keys(database))
        assert keys(database) == {old: 1, new: 299}
    done = portway("keyring", "rotate", "--resume", "--json")
    assert done.json["key_id"] == new
    assert done.json["renewed"]["public.encrypted_credentials"] == 1
    assert keys(database) == {new: 300}
