"""New keys, and everything that the old ones encrypted brought under them while others write."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.ciphertexts import COLUMNS
from portway.infrastructure.postgres.key_rotation import (
    Rotation,
    RotationUnderWay,
    claim_rotation,
    make_keys,
    renew_ciphertexts,
)
from tests.integration.database.ciphertexts import store_every_secret, stored
from tests.integration.database.conftest import Connection, World, make_world
from tests.integration.database.executions import open_one
from tests.people import Person, as_app, as_owner, new_api_key, new_connection

REPLACE = "SELECT app.replace_secret(%s, %s, %s, '{}', NULL)"


@pytest.fixture
def world(fresh_world: World) -> World:
    return fresh_world


@pytest.fixture
def app(world: World) -> Iterator[Connection]:
    with psycopg.connect(world.urls.app, autocommit=True) as connection:
        yield connection


@pytest.fixture
def superuser(world: World) -> Iterator[Connection]:
    with psycopg.connect(world.urls.superuser, autocommit=True) as connection:
        yield connection


@contextmanager
def owner(urls: DatabaseUrls) -> Iterator[Connection]:
    with psycopg.connect(urls.admin, autocommit=True) as connection:
        yield connection


def rotate(urls: DatabaseUrls, *, new_keys: bool = True, at_once: bool = False) -> tuple[Rotation, list[str]]:
    """What was done, and what was told."""
    told: list[str] = []
    with owner(urls) as connection:
        if new_keys:
            make_keys(connection, at_once=at_once)
        return renew_ciphertexts(connection, told.append), told


def keys_of(world: World, name: str = "ann") -> set[int]:
    rows = as_owner(
        world.urls,
        "SELECT DISTINCT key_id FROM encrypted_credentials WHERE connection_id = %s",
        world.connections[name],
    )
    return {key_id for (key_id,) in rows}


def test_every_kind_comes_under_the_new_key_and_holds_what_it_held(
    world: World, app: Connection, superuser: Connection
) -> None:
    store_every_secret(world, app, superuser)
    before = {column.table: stored(superuser, column) for column in COLUMNS}
    rotation, _ = rotate(world.urls)
    assert rotation.unreadable == []
    for column in COLUMNS:
        old, new = before[column.table], stored(superuser, column)
        assert old
        assert rotation.renewed[column.table] == len(old)
        assert [text for _, _, text in new] == [text for _, _, text in old]
        assert {key_id for _, key_id, _ in new} == {rotation.key_id}
        assert not {key_id for _, key_id, _ in old} & {rotation.key_id}
        assert not {message for message, _, _ in new} & {message for message, _, _ in old}
    assert open_one(app, world.asked()).credential == '{"token": "the-secret-token"}'


def test_what_is_written_meanwhile_is_under_the_new_key_at_once(world: World) -> None:
    with owner(world.urls) as connection:
        make_keys(connection, at_once=False)
        as_app(world.urls, REPLACE, world.ann.sealed_pass, world.connections["ann"], '{"token": "newer"}')
        rotation = renew_ciphertexts(connection, lambda _: None)
    assert keys_of(world) == {rotation.key_id}
    assert rotation.renewed["public.encrypted_credentials"] == 4


@contextmanager
def in_background(urls: DatabaseUrls) -> Iterator[list[tuple[Rotation, list[str]]]]:
    """A rotation without new keys; what it came to, when the block has ended."""
    outcome: list[tuple[Rotation, list[str]]] = []
    thread = threading.Thread(target=lambda: outcome.append(rotate(urls, new_keys=False)))
    thread.start()
    yield outcome
    thread.join(30)
    assert outcome


def make_keys_in(world: World) -> None:
    with owner(world.urls) as connection:
        make_keys(connection, at_once=False)


def test_a_row_that_somebody_is_writing_is_left_until_they_have(world: World) -> None:
    """They neither wait for the rotation, nor lose what they write, which is under the old key."""
    with psycopg.connect(world.urls.app) as writer:
        writer.execute(REPLACE, [world.ann.sealed_pass, world.connections["ann"], '{"token": "newer"}'])
        make_keys_in(world)
        with in_background(world.urls) as outcome:
            time.sleep(0.5)
            assert not outcome
            writer.commit()
    [(rotation, told)] = outcome
    assert any(line.startswith("waiting for 1 transaction") for line in told)
    assert keys_of(world) == {rotation.key_id}
    with psycopg.connect(world.urls.app, autocommit=True) as app:
        assert open_one(app, world.asked()).credential == '{"token": "newer"}'


def test_new_rows_of_a_transaction_that_began_before_are_waited_for(world: World) -> None:
    """Nobody sees them before they are committed, and then they are under the old key."""
    with psycopg.connect(world.urls.app) as writer:
        row = writer.execute(
            "SELECT app.create_connection(%s, %s, %s, 'late', %s, '{}', '{}', NULL)",
            [world.ann.sealed_pass, world.ann.workspace_id, world.service, '{"token": "late"}'],
        ).fetchone()
        assert row is not None
        world.connections["late"] = row[0]
        make_keys_in(world)
        with in_background(world.urls) as outcome:
            time.sleep(0.5)
            assert not outcome
            writer.commit()
    [(rotation, _)] = outcome
    assert keys_of(world, "late") == {rotation.key_id}


def test_neither_readers_nor_a_dump_are_waited_for(world: World, app: Connection) -> None:
    with (
        psycopg.connect(world.urls.admin) as dump,
        psycopg.connect(world.urls.superuser) as operator,
    ):
        for connection in (dump, operator):
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.execute("SELECT count(*) FROM encrypted_credentials")
        rotation, told = rotate(world.urls)
        assert told == []
        assert rotation.renewed["public.encrypted_credentials"] == 5
        assert open_one(app, world.asked()).outcome == "granted"


def test_executions_do_not_wait_for_rows_that_are_being_re_encrypted(world: World, app: Connection) -> None:
    with owner(world.urls) as connection, connection.transaction():
        connection.execute("SELECT 1 FROM encrypted_credentials FOR NO KEY UPDATE")
        app.execute("SET statement_timeout = '2s'")
        assert open_one(app, world.asked()).outcome == "granted"


def test_what_does_not_decrypt_is_named_and_left_alone(world: World, superuser: Connection) -> None:
    broken = {"connection_id": world.connections["ann"], "credential_type": "token"}
    statement = "UPDATE encrypted_credentials SET encrypted_value = '\\xdead' WHERE connection_id = %s"
    superuser.execute(statement, [world.connections["ann"]])
    rotation, _ = rotate(world.urls)
    assert [(each.table, each.row) for each in rotation.unreadable] == [
        ("public.encrypted_credentials", broken)
    ]
    assert rotation.renewed["public.encrypted_credentials"] == 4
    left = superuser.execute(
        "SELECT encrypted_value, key_id < %s FROM encrypted_credentials WHERE connection_id = %s",
        [rotation.key_id, world.connections["ann"]],
    ).fetchall()
    assert left == [(b"\xde\xad", True)]
    assert keys_of(world, "mia") == {rotation.key_id}


def test_many_rows_and_a_bad_one_among_them(world: World, superuser: Connection) -> None:
    """More than a batch; the bad one is neither an end nor an endless loop."""
    made = [new_connection(world.urls, world.ann, world.service, f"c{number}") for number in range(250)]
    superuser.execute(
        "UPDATE encrypted_credentials SET key_id = 999 WHERE connection_id = ANY (%s)", [made[::50]]
    )
    rotation, _ = rotate(world.urls)
    assert len(rotation.unreadable) == 5
    assert rotation.renewed["public.encrypted_credentials"] == 250
    again, _ = rotate(world.urls, new_keys=False)
    assert len(again.unreadable) == 5
    assert again.renewed["public.encrypted_credentials"] == 0


def test_one_at_a_time(world: World) -> None:
    with owner(world.urls) as first, owner(world.urls) as second:
        claim_rotation(first)
        with pytest.raises(RotationUnderWay):
            claim_rotation(second)
        first.close()
        for _ in range(50):  # the server notices a moment later
            try:
                return claim_rotation(second)
            except RotationUnderWay:
                time.sleep(0.1)
        pytest.fail("the lock stayed")


def session(urls: DatabaseUrls, person: Person) -> str:
    """An access token."""
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        made = connection.execute("SELECT access_token FROM app.create_session(%s)", [person.user_id])
        return str(made.fetchall()[0][0])


def is_known(urls: DatabaseUrls, bearer: str) -> bool:
    return bool(as_app(urls, "SELECT 1 FROM app.authenticate(%s, 'closed')", bearer))


def age_keys(superuser: Connection) -> None:
    superuser.execute(
        "UPDATE keyring.keys SET retired_at = now() - interval '25 hours' WHERE retired_at IS NOT NULL"
    )


def test_passes_and_access_tokens_of_the_old_keys_are_good_for_a_day(
    world: World, app: Connection, superuser: Connection
) -> None:
    bearer = session(world.urls, world.ann)
    rotate(world.urls)
    assert open_one(app, world.asked()).outcome == "granted"
    assert is_known(world.urls, bearer)
    later = session(world.urls, world.ann)
    age_keys(superuser)
    assert open_one(app, world.asked()).outcome == "unauthenticated"
    assert not is_known(world.urls, bearer)
    assert is_known(world.urls, later)
    assert is_known(world.urls, world.ann.api_key)


def test_or_not_at_all(world: World, app: Connection) -> None:
    bearer = session(world.urls, world.ann)
    rotate(world.urls, at_once=True)
    assert open_one(app, world.asked()).outcome == "unauthenticated"
    assert not is_known(world.urls, bearer)
    assert is_known(world.urls, session(world.urls, world.ann))
    _, sealed_pass = new_api_key(world.urls, world.ann.user_id)
    opened = open_one(app, world.asked(sealed_pass=sealed_pass))
    assert (opened.outcome, opened.credential) == ("granted", '{"token": "the-secret-token"}')


def test_the_salt_of_an_unknown_address_stays(world: World, superuser: Connection) -> None:
    """Or a rotation would tell which addresses have an account."""
    ask = "SELECT salt FROM app.password_parameters('nobody@example.com', 'm')"
    before = as_app(world.urls, ask)
    rotate(world.urls, at_once=True)
    age_keys(superuser)
    assert as_app(world.urls, ask) == before


def test_again_and_again(fresh_database_urls: DatabaseUrls) -> None:
    world = make_world(fresh_database_urls)
    keys = [rotate(world.urls)[0].key_id for _ in range(3)]
    assert sorted(set(keys)) == keys
    assert keys_of(world) == {keys[-1]}
