"""What the servers' role sees: its caller's rows with a genuine pass, and nothing without one."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg import errors, sql

from tests.integration.database.conftest import Connection, World
from tests.integration.database.executions import Asked, close_one, open_one
from tests.people import as_owner, new_api_key, new_person

# Of each table that servers may read, what tells a row from another, and whose rows Bob may see, who is alone in his
# organization. A table that is not here, and servers may read, fails the test below.
BOBS: dict[str, tuple[LiteralString, LiteralString]] = {
    "users": ("id", "id = %(user)s"),
    "organizations": ("id", "id = %(organization)s"),
    "organization_members": ("organization_id, user_id", "user_id = %(user)s"),
    "workspaces": ("id", "organization_id = %(organization)s"),
    "workspace_members": ("workspace_id, user_id", "user_id = %(user)s"),
    "invitations": ("id", "organization_id = %(organization)s"),
    "api_keys": ("id", "user_id = %(user)s"),
    "integrations": ("id", "organization_id IS NULL OR organization_id = %(organization)s"),
    "actions": ("id", "organization_id IS NULL OR organization_id = %(organization)s"),
    "oauth_clients": ("organization_id, integration_id", "organization_id = %(organization)s"),
    "connect_links": ("id", "workspace_id = %(workspace)s"),
    "connections": ("id", "workspace_id = %(workspace)s"),
    "encrypted_credentials": ("connection_id, credential_type", "workspace_id = %(workspace)s"),
    "api_logs": ("id", "workspace_id = %(workspace)s"),
    "usage_by_action": ("workspace_id, hour, action_id, status", "workspace_id = %(workspace)s"),
    "usage_by_connection": ("hour, connection_id, action_id, status", "workspace_id = %(workspace)s"),
    "webhook_endpoints": ("id", "organization_id = %(organization)s"),
    "events": ("id", "organization_id = %(organization)s"),
    "webhook_deliveries": ("id", "organization_id = %(organization)s"),
    "webhook_attempts": ("id", "organization_id = %(organization)s"),
}

# How functions refuse a pass: there is no such thing for it, it may not, or it is no pass.
REFUSALS = (errors.NoDataFound, errors.InsufficientPrivilege, errors.InvalidAuthorizationSpecification)


@contextmanager
def acting(connection: Connection, sealed_pass: str) -> Iterator[Connection]:
    with connection.transaction(force_rollback=True):
        connection.execute("SELECT set_config('portway.pass', %s, true)", [sealed_pass])
        yield connection


def rows(connection: Connection, statement: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
    return connection.execute(statement, values).fetchall()


def visible(connection: Connection, table: str) -> set[tuple[Any, ...]]:
    key = BOBS[table][0]
    return set(connection.execute(f"SELECT {key} FROM public.{table}".encode()).fetchall())


@pytest.fixture(scope="module")
def full_world(world: World) -> World:
    """Every table that servers may read has rows of Ann's and of Bob's."""
    with psycopg.connect(world.urls.app, autocommit=True) as connection:
        for person in (world.ann, world.bob):
            operator = as_owner(world.urls, "SELECT app.operator_pass(%s)", person.user_id)[0][0]
            rows(
                connection,
                "SELECT app.create_invitation(%s, %s, 'new@example.com', 'member', false)",
                operator,
                person.workspace_id,
            )
            ((webhook, _),) = rows(
                connection,
                "SELECT * FROM app.create_webhook_endpoint(%s, %s, 'https://x.example/', NULL, '{execution.failed}')",
                operator,
                person.organization_id,
            )
            ((delivery,),) = rows(connection, "SELECT app.test_webhook_endpoint(%s, %s)", operator, webhook)
            with psycopg.connect(world.urls.worker, autocommit=True) as worker:
                worker.execute(
                    "SELECT app.record_delivery_attempt(%s, now(), 1, 'delivered', 200, NULL, 'ok', NULL)",
                    [delivery],
                )
            rows(
                connection,
                "SELECT app.create_connect_link(%s, %s, %s, NULL, 'them', NULL, NULL, '{}', NULL, NULL, '1 hour')",
                operator,
                person.workspace_id,
                world.service,
            )
            rows(
                connection,
                "SELECT app.set_oauth_client(%s, %s, %s, 'id', 'secret')",
                operator,
                person.organization_id,
                world.service,
            )
        for name in ("ann", "bob"):
            open_one(connection, world.asked(name, payload={"q": name}))
    with psycopg.connect(world.urls.superuser, autocommit=True) as connection:
        rows(connection, "SELECT app.count_usage(date_trunc('hour', executed_at, 'UTC')) FROM api_logs")
    return world


class TestGenuinePasses:
    def test_every_readable_table_is_known_here(self, superuser: Connection, world: World) -> None:
        readable = rows(
            superuser,
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND has_any_column_privilege('portway_app', oid, 'SELECT')",
        )
        assert {name for (name,) in readable} == BOBS.keys()

    @pytest.mark.parametrize("table", BOBS)
    def test_show_their_users_rows_and_no_others(
        self, full_world: World, app: Connection, owner: Connection, table: str
    ) -> None:
        bob = full_world.bob
        key, predicate = BOBS[table]
        names = {"user": bob.user_id, "organization": bob.organization_id, "workspace": bob.workspace_id}
        expected = owner.execute(
            f"SELECT {key} FROM public.{table} WHERE {predicate}".encode(), names
        ).fetchall()
        assert expected
        assert len(expected) < len(visible(owner, table)) or table in ("integrations", "actions")
        with acting(app, bob.sealed_pass):
            assert visible(app, table) == set(expected)

    def test_of_members_show_the_workspace_but_not_what_is_anothers(
        self, full_world: World, app: Connection
    ) -> None:
        with acting(app, full_world.mia.sealed_pass):
            seen = {row[0] for row in visible(app, "connections")}
            keys = rows(app, "SELECT DISTINCT user_id FROM api_keys")
        assert seen == {full_world.connections[name] for name in ("ann", "own", "mia")}
        assert keys == [(full_world.mia.user_id,)]

    def test_end_with_the_transaction(self, world: World, app: Connection) -> None:
        with acting(app, world.ann.sealed_pass):
            assert rows(app, "SELECT id FROM connections")
        assert not rows(app, "SELECT id FROM connections")


Forger = Callable[[World, Connection], str | None]


def _sealed(superuser: Connection, claims: dict[str, Any]) -> str:
    (sealed,) = rows(superuser, "SELECT keyring.seal(%s)", json.dumps(claims))
    return str(sealed[0])


def _claims(world: World, superuser: Connection) -> dict[str, Any]:
    (claims,) = rows(superuser, "SELECT keyring.open_seal(%s)", world.ann.sealed_pass)
    found: dict[str, Any] = claims[0]
    return found


def unsealed(world: World, superuser: Connection) -> str:
    return json.dumps(_claims(world, superuser))


def forged(world: World, superuser: Connection) -> str:
    body = "1:" + json.dumps(_claims(world, superuser))
    return hmac.new(b"\0" * 32, body.encode(), hashlib.sha256).hexdigest() + body


def without_a_key(world: World, superuser: Connection) -> str:
    return "0" * 64 + "1:" + json.dumps(_claims(world, superuser))


def of_an_unknown_key(world: World, superuser: Connection) -> str:
    body = "999:" + json.dumps(_claims(world, superuser))
    return hmac.new(b"", body.encode(), hashlib.sha256).hexdigest() + body


def sealed_with_the_data_key(world: World, superuser: Connection) -> str:
    (key,) = rows(superuser, "SELECT id, keyring.unwrap(id, 'data') FROM keyring.keys WHERE purpose = 'data'")
    body = f"{key[0]}:" + json.dumps(_claims(world, superuser))
    return hmac.new(key[1], body.encode(), hashlib.sha256).hexdigest() + body


def altered(world: World, superuser: Connection) -> str:
    del superuser
    return world.bob.sealed_pass.replace(str(world.bob.user_id), str(world.ann.user_id))


def with_the_seal_of_another(world: World, superuser: Connection) -> str:
    del superuser
    return world.bob.sealed_pass[:64] + world.ann.sealed_pass[64:]


def cut_short(world: World, superuser: Connection) -> str:
    del superuser
    return world.ann.sealed_pass[:-1]


def expired(world: World, superuser: Connection) -> str:
    return _sealed(superuser, _claims(world, superuser) | {"exp": 1})


def without_an_end(world: World, superuser: Connection) -> str:
    claims = _claims(world, superuser)
    del claims["exp"]
    return _sealed(superuser, claims)


def of_another_purpose(world: World, superuser: Connection) -> str:
    return _sealed(superuser, _claims(world, superuser) | {"purpose": "refresh"})


def of_an_unknown_kind(world: World, superuser: Connection) -> str:
    return _sealed(superuser, _claims(world, superuser) | {"kind": "other"})


def of_a_key_that_is_gone(world: World, superuser: Connection) -> str:
    return _sealed(superuser, _claims(world, superuser) | {"credential": str(UUID(int=0))})


def of_a_session_though_it_is_a_key(world: World, superuser: Connection) -> str:
    return _sealed(superuser, _claims(world, superuser) | {"kind": "session"})


def of_a_revoked_key(world: World, superuser: Connection) -> str:
    del superuser
    api_key, sealed = new_api_key(world.urls, world.ann.user_id)
    as_owner(
        world.urls,
        "UPDATE api_keys SET revoked_at = now() WHERE key_hash = sha256(convert_to(%s, 'UTF8'))",
        api_key,
    )
    return sealed


def of_an_expired_key(world: World, superuser: Connection) -> str:
    del superuser
    api_key, sealed = new_api_key(world.urls, world.ann.user_id)
    as_owner(
        world.urls,
        "UPDATE api_keys SET expires_at = now() WHERE key_hash = sha256(convert_to(%s, 'UTF8'))",
        api_key,
    )
    return sealed


def of_a_session_that_signed_out(world: World, superuser: Connection) -> str:
    with psycopg.connect(world.urls.app, autocommit=True) as connection:
        (session,) = rows(superuser, "SELECT access_token FROM app.create_session(%s)", world.ann.user_id)
        (sealed,) = rows(connection, "SELECT sealed_pass FROM app.authenticate(%s, 'closed')", session[0])
        with acting(connection, sealed[0]):
            assert rows(connection, "SELECT id FROM connections")
        rows(connection, "SELECT app.sign_out(%s)", sealed[0])
    return str(sealed[0])


def of_a_disabled_user(world: World, superuser: Connection) -> str:
    del superuser
    gone = new_person(world.urls, "gone")
    as_owner(world.urls, "UPDATE users SET disabled_at = now() WHERE id = %s", gone.user_id)
    return gone.sealed_pass


def nothing(world: World, superuser: Connection) -> None:
    del world, superuser


def an_empty_text(world: World, superuser: Connection) -> str:
    del world, superuser
    return ""


BAD_PASSES: list[Forger] = [
    nothing, an_empty_text, unsealed, forged, without_a_key, of_an_unknown_key, sealed_with_the_data_key, altered,
    with_the_seal_of_another, cut_short, expired, without_an_end, of_another_purpose, of_an_unknown_kind,
    of_a_key_that_is_gone, of_a_session_though_it_is_a_key, of_a_revoked_key, of_an_expired_key,
    of_a_session_that_signed_out, of_a_disabled_user,
]  # fmt: skip


@pytest.mark.parametrize("forge", BAD_PASSES)
class TestBadPasses:
    def test_show_no_row_of_any_table(
        self, full_world: World, app: Connection, superuser: Connection, forge: Forger
    ) -> None:
        bad = forge(full_world, superuser)
        claims = json.dumps({"sub": str(full_world.ann.user_id), "role": "authenticated"})
        with app.transaction(force_rollback=True):
            rows(app, "SELECT set_config('request.jwt.claims', %s, true)", claims)
            if bad is not None:
                rows(app, "SELECT set_config('portway.pass', %s, true)", bad)
            assert {table: visible(app, table) for table in BOBS} == {table: set() for table in BOBS}
        with acting(app, full_world.ann.sealed_pass):
            assert all(visible(app, table) for table in BOBS)

    def test_open_nothing(
        self, full_world: World, app: Connection, superuser: Connection, forge: Forger
    ) -> None:
        bad = forge(full_world, superuser)
        refused = open_one(app, full_world.asked(sealed_pass=bad, payload={"q": "not logged"}))
        assert refused.outcome == "unauthenticated"
        assert refused[4:] == (None,) * 7
        (log,) = as_owner(
            full_world.urls,
            "SELECT status, error_code, user_id, workspace_id, connection_id, request_payload FROM api_logs"
            " WHERE id = %s",
            refused.execution_id,
        )
        assert log == ("refused", "unauthenticated", None, None, None, None)
        granted = open_one(app, full_world.asked())
        assert granted.outcome == "granted"
        assert granted.credential == '{"token": "the-secret-token"}'

    def test_change_nothing(
        self, full_world: World, app: Connection, superuser: Connection, forge: Forger
    ) -> None:
        bad = forge(full_world, superuser)
        ann = full_world.ann
        made = full_world.connections["ann"]
        webhook, delivery = as_owner(
            full_world.urls,
            "SELECT endpoint_id, id FROM webhook_deliveries WHERE organization_id = %s",
            ann.organization_id,
        )[0]
        attempts: list[tuple[LiteralString, tuple[Any, ...]]] = [
            ("SELECT app.create_organization(%s, 'x')", ()),
            ("SELECT app.create_workspace(%s, %s, 'x')", (ann.organization_id,)),
            ("SELECT app.create_invitation(%s, %s, 'x@example.com', 'viewer', false)", (ann.workspace_id,)),
            ("SELECT app.create_api_key(%s, 'x', NULL, NULL, NULL)", ()),
            (
                "SELECT app.create_connection(%s, %s, %s, 'x', '{}', '{}', '{}', NULL)",
                (ann.workspace_id, full_world.service),
            ),
            ("SELECT app.replace_secret(%s, %s, '{}', '{}', NULL)", (made,)),
            ("SELECT app.set_connection_disabled(%s, %s, true)", (made,)),
            ("SELECT app.delete_connection(%s, %s)", (made,)),
            ("SELECT app.lease_refresh(%s, %s, 1, 30)", (made,)),
            ("SELECT app.mark_reauthorization_required(%s, %s, 1)", (made,)),
            ("SELECT app.set_oauth_client(%s, %s, %s, 'x', 'x')", (ann.organization_id, full_world.service)),
            ("SELECT app.oauth_client(%s, %s, %s)", (ann.workspace_id, full_world.service)),
            (
                "SELECT app.begin_authorization(%s, %s, %s, NULL, 'x', '{}', '{}', NULL, 's', 'v', 'b')",
                (ann.workspace_id, full_world.service),
            ),
            (
                "SELECT app.complete_authorization(%s, '{}', '{}', NULL, '{}', '{}', '{}', NULL, NULL, 'x')",
                (),
            ),
            ("SELECT app.erase_payloads(%s)", ()),
            (
                "SELECT app.create_webhook_endpoint(%s, %s, 'https://x.example/', NULL, '{execution.failed}')",
                (ann.organization_id,),
            ),
            ("SELECT app.rotate_webhook_secret(%s, %s)", (webhook,)),
            ("SELECT app.test_webhook_endpoint(%s, %s)", (webhook,)),
            ("SELECT app.replay_webhook_delivery(%s, %s, %s)", (webhook, delivery)),
            (
                "SELECT app.create_connect_link(%s, %s, %s, NULL, 'x', NULL, NULL, '{}', NULL, NULL, '1 hour')",
                (ann.workspace_id, full_world.service),
            ),
        ]
        for statement, values in attempts:
            with pytest.raises(REFUSALS):
                rows(app, statement, bad, *values)
        assert rows(app, "SELECT app.accept_invitation(%s, 'x')", bad) == [(None,)]
        assert rows(app, "SELECT app.store_refresh(%s, 'a', 'r', NULL, NULL)", bad) == [(None,)]
        assert rows(app, "SELECT app.authorization_integration(%s)", bad) == [(None,)]
        rows(app, "SELECT app.release_refresh(%s, 'grant_gone')", bad)
        (status,) = as_owner(full_world.urls, "SELECT status FROM connections WHERE id = %s", made)
        assert status == ("active",)


def test_who_left_a_workspace_sees_it_no_more(fresh_world: World) -> None:
    world = fresh_world
    with psycopg.connect(world.urls.app, autocommit=True) as connection:
        with acting(connection, world.mia.sealed_pass):
            assert len(visible(connection, "connections")) == 3
        opened = open_one(connection, world.asked("mia"))
        as_owner(world.urls, "DELETE FROM workspace_members WHERE user_id = %s", world.mia.user_id)
        with acting(connection, world.mia.sealed_pass):
            assert not visible(connection, "connections")
            assert {row[0] for row in visible(connection, "users")} == {world.mia.user_id}
        assert open_one(connection, world.asked("mia")).outcome == "not_found"
        with pytest.raises(errors.NoDataFound):
            rows(
                connection,
                "SELECT app.delete_connection(%s, %s)",
                world.mia.sealed_pass,
                world.connections["mia"],
            )
        # What they had begun may still end.
        assert close_one(connection, opened) == 1


def test_a_predicate_that_fails_on_foreign_rows_never_meets_them(full_world: World, app: Connection) -> None:
    statement: LiteralString = (
        "SELECT count(*) FROM connections"
        " WHERE 1 / (CASE name WHEN 'Ann''s secret name' THEN 0 ELSE 1 END) = 1"
    )
    with acting(app, full_world.bob.sealed_pass):
        assert rows(app, statement) == [(1,)]
    with pytest.raises(errors.DivisionByZero), acting(app, full_world.ann.sealed_pass):
        rows(app, statement)


def test_row_security_cannot_be_switched_off(full_world: World, app: Connection) -> None:
    with acting(app, full_world.bob.sealed_pass):
        app.execute("SET LOCAL row_security = off")
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute("SELECT id FROM connections")


def test_foreign_things_look_as_if_they_did_not_exist(full_world: World, app: Connection) -> None:
    bob, ann = full_world.bob, full_world.ann
    nowhere = UUID(int=7)

    def answer(element: Asked) -> tuple[str, str | None]:
        opened = open_one(app, element)
        return opened.outcome, opened.detail

    theirs = Asked(bob.sealed_pass, ann.workspace_id, full_world.connections["ann"])
    assert answer(theirs) == answer(theirs.but(workspace_id=nowhere, connection_id=nowhere))
    assert answer(theirs.but(workspace_id=bob.workspace_id)) == answer(theirs)
    for statement in (
        "SELECT app.delete_connection(%s, %s)",
        "SELECT app.lease_refresh(%s, %s, 1, 30)",
        "SELECT app.set_connection_disabled(%s, %s, true)",
    ):
        told = []
        for target in (full_world.connections["ann"], nowhere):
            with pytest.raises(errors.NoDataFound) as raised:
                app.execute(sql.SQL(statement), [bob.sealed_pass, target])
            told.append(raised.value.diag.message_primary)
        assert told[0] == told[1]


def test_nobody_writes_into_anothers_log(full_world: World, app: Connection) -> None:
    theirs = full_world.asked(sealed_pass=full_world.bob.sealed_pass, payload={"q": 1})
    opened = open_one(app, theirs)
    (log,) = as_owner(
        full_world.urls,
        "SELECT user_id, organization_id, workspace_id, connection_id, integration_id, action_id FROM api_logs"
        " WHERE id = %s",
        opened.execution_id,
    )
    assert log == (full_world.bob.user_id, None, None, None, None, None)
