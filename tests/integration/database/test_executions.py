"""Opening and closing executions: each element by itself, whatever else is in its batch."""

import json
from datetime import timedelta
from typing import Any
from uuid import RFC_4122, uuid4

import psycopg
import pytest

from tests.integration.database.conftest import Connection, World
from tests.integration.database.executions import Opened, close_one, open_batch, open_one
from tests.people import as_app, as_owner, new_api_key, new_connection

NOTHING = (None,) * 6


def spoil(world: World, connection: str, how: str = "encrypted_value || '\\x00'::bytea") -> None:
    with psycopg.connect(world.urls.admin, autocommit=True) as owner:
        owner.execute(
            f"UPDATE encrypted_credentials SET encrypted_value = {how} WHERE connection_id = %s".encode(),
            [world.connections[connection]],
        )


def test_a_granted_element_has_all_that_a_call_needs(world: World, app: Connection) -> None:
    opened = open_one(app, world.asked(payload={"q": "x", "password": "hidden"}))

    assert opened.outcome == "granted"
    assert opened.credential == '{"token": "the-secret-token"}'
    assert opened.definition is not None
    definition = json.loads(opened.definition)
    assert definition["integration"]["slug"] == "service"
    assert definition["action"]["slug"] == "list"
    assert opened.connection is not None
    connection = json.loads(opened.connection)
    assert connection["id"] == str(world.connections["ann"])
    assert connection["origins"] == ["https://api.example.com:443"]
    assert connection["integration_slug"] == "service"
    log = world.log_of(opened)
    assert log["status"] == "started"
    assert log["error_code"] is None
    assert log["request_payload"] == {"q": "x", "password": "[redacted]"}
    assert (log["user_id"], log["workspace_id"]) == (world.ann.user_id, world.ann.workspace_id)
    assert log["executed_at"] == opened.executed_at
    assert 59 < (log["deadline"] - log["executed_at"]).total_seconds() < 65


def test_when_an_execution_began_is_in_its_id(world: World, app: Connection) -> None:
    for opened in open_batch(app, [world.asked(), world.asked("mia"), world.asked(refusal="rate_limited")]):
        times = app.execute("SELECT app.uuid_v7_time(%s)", [opened.execution_id]).fetchone()
        assert times == (opened.executed_at,) == (world.log_of(opened)["executed_at"],)
        assert opened.execution_id.version == 7
        assert opened.execution_id.variant == RFC_4122


def test_a_bad_a_foreign_an_expired_and_a_good_element(fresh_world: World) -> None:
    world = fresh_world
    spoil(world, "mia")
    _, dead = new_api_key(world.urls, world.ann.user_id)
    as_owner(world.urls, "UPDATE api_keys SET revoked_at = now() WHERE user_id = %s AND key_hash <> "
             "sha256(convert_to(%s, 'UTF8'))", world.ann.user_id, world.ann.api_key)  # fmt: skip
    batch = [
        world.asked("mia", payload={"of": "mia"}),
        world.asked("ann", sealed_pass=world.bob.sealed_pass, payload={"of": "bob"}),
        world.asked("ann", sealed_pass=dead, payload={"of": "nobody"}),
        world.asked("ann", payload={"of": "ann"}),
    ]
    with psycopg.connect(world.urls.app, autocommit=True) as connection:
        for order in (batch, batch[::-1], batch[2:] + batch[:2]):
            answers = {
                json.dumps(asked.payload): opened
                for asked, opened in zip(order, open_batch(connection, order), strict=True)
            }
            bad, foreign, expired, good = (answers[json.dumps(asked.payload)] for asked in batch)
            assert [bad.outcome, foreign.outcome, expired.outcome, good.outcome] == [
                "reauthorization_required", "not_found", "unauthenticated", "granted",
            ]  # fmt: skip
            assert bad[5:] == foreign[5:] == expired[5:] == NOTHING
            assert good.credential == '{"token": "the-secret-token"}'
            logs = [world.log_of(opened) for opened in (bad, foreign, expired, good)]
            assert [log["user_id"] for log in logs] == [
                world.mia.user_id, world.bob.user_id, None, world.ann.user_id,
            ]  # fmt: skip
            assert [log["connection_id"] for log in logs] == [
                world.connections["mia"], None, None, world.connections["ann"],
            ]  # fmt: skip
            assert [log["request_payload"] for log in logs] == [
                {"of": "mia"}, {"of": "bob"}, None, {"of": "ann"},
            ]  # fmt: skip
            assert [log["status"] for log in logs] == ["refused"] * 3 + ["started"]


@pytest.mark.parametrize(
    ("name", "changes", "outcome"),
    [
        ("ann", {"action": "nope"}, "not_found"),
        ("ann", {"action": None}, "not_found"),
        ("ann", {"workspace_id": None}, "not_found"),
        ("ann", {"connection_id": None}, "not_found"),
        ("ann", {"sealed_pass": None}, "unauthenticated"),
        ("ann", {"timeout_ms": None}, "granted"),
        ("ann", {"timeout_ms": 2**31 - 1}, "granted"),
        ("ann", {"request_hash": None}, "granted"),
        ("ann", {"key": "", "request_hash": b"h"}, "malformed_request"),
        ("ann", {"key": "k" * 256}, "malformed_request"),
        ("ann", {"key": "k", "request_hash": None}, "malformed_request"),
        ("ann", {"refusal": "invalid_parameters"}, "invalid_parameters"),
        ("ann", {"payload": {"q": "the-secret-token"}}, "granted"),
    ],
)
def test_whatever_one_element_is_like_its_neighbours_are_granted(
    world: World, app: Connection, name: str, changes: dict[str, Any], outcome: str
) -> None:
    odd = world.asked(name, **changes)
    before, opened, after = open_batch(app, [world.asked("bob"), odd, world.asked("mia")])

    assert opened.outcome == outcome
    assert before.outcome == after.outcome == "granted"
    assert (before.credential, after.credential) == (
        '{"token": "the-secret-token"}',
        '{"token": "mias-secret-token"}',
    )
    assert world.log_of(opened)["status"] == ("started" if outcome == "granted" else "refused")
    if outcome != "granted":
        assert opened[5:] == NOTHING
        assert world.log_of(opened)["error_code"] == outcome


def test_a_workspace_mates_connection_is_seen_but_not_used(world: World, app: Connection) -> None:
    for person, reason in ((world.mia, "Only the owner"), (world.vic, "A viewer")):
        opened = open_one(app, world.asked("ann", sealed_pass=person.sealed_pass))
        assert opened.outcome == "forbidden"
        assert (opened.detail or "").startswith(reason)
        assert world.log_of(opened)["connection_id"] == world.connections["ann"]


def test_sizes(world: World, app: Connection) -> None:
    assert open_batch(app, []) == []
    opened = open_batch(app, [world.asked()] * 64)
    assert [element.ordinal for element in opened] == list(range(1, 65))
    assert len({element.execution_id for element in opened}) == 64
    with pytest.raises(psycopg.DataError, match="at most 64"):
        open_batch(app, [world.asked()] * 65)


@pytest.mark.parametrize("lacking", range(9))
def test_arrays_of_unequal_length_are_refused(world: World, app: Connection, lacking: int) -> None:
    asked = world.asked()
    arrays: list[Any] = [
        [asked.sealed_pass], [asked.workspace_id], [asked.connection_id], ["list"], ["{}"], [1], [None], [b""], [None],
    ]  # fmt: skip
    kinds = ["text", "uuid", "uuid", "text", "jsonb", "integer", "text", "bytea", "text"]
    statement = f"SELECT * FROM app.open_executions({', '.join(f'%s::{kind}[]' for kind in kinds)})"
    wrongs: list[Any] = [[], None, arrays[lacking] * 2]
    for wrong in wrongs:
        changed = [*arrays[:lacking], wrong, *arrays[lacking + 1 :]]
        with pytest.raises(psycopg.DataError):
            app.execute(statement.encode(), changed)


def test_secrets_are_masked_where_the_callers_parameters_hold_them(world: World, app: Connection) -> None:
    payload = {"q": "Bearer the-secret-token!", "deep": [{"the-secret-token": 1}], "other": "kept"}
    opened = open_one(app, world.asked(payload=payload))
    log = world.log_of(opened)
    assert log["request_payload"] == {
        "q": "Bearer [redacted]!",
        "deep": [{"[redacted]": 1}],
        "other": "kept",
    }
    refused = open_one(app, world.asked(payload=payload, refusal="rate_limited"))
    assert "the-secret-token" not in str(world.log_of(refused)["request_payload"])


def test_a_secret_that_stands_across_the_syntax_of_json_masks_the_whole(
    world: World, app: Connection
) -> None:
    (made,) = as_app(
        world.urls,
        "SELECT app.create_connection(%s, %s, %s, 'odd', %s, '{}', '{}', NULL)",
        world.ann.sealed_pass,
        world.ann.workspace_id,
        world.service,
        json.dumps({"token": "12345678"}),
    )
    opened = open_one(app, world.asked(connection_id=made[0], payload={"n": 123456789}))
    assert opened.outcome == "granted"
    assert world.log_of(opened)["request_payload"] == "[redacted]"


def test_a_connection_without_secrets_is_granted_only_where_none_are_needed(
    world: World, app: Connection
) -> None:
    bare = as_app(
        world.urls,
        "SELECT app.create_connection(%s, %s, %s, 'bare', '{}', '{}', '{}', NULL)",
        world.ann.sealed_pass,
        world.ann.workspace_id,
        world.own,
    )[0][0]
    asked = world.asked(connection_id=bare)
    assert open_one(app, asked).outcome == "reauthorization_required"
    as_owner(world.urls, "UPDATE integrations SET auth_type = 'none' WHERE id = %s", world.own)
    as_owner(world.urls, "UPDATE connections SET status = 'active' WHERE id = %s", bare)
    opened = open_one(app, asked)
    assert (opened.outcome, opened.credential) == ("granted", None)
    as_owner(world.urls, "UPDATE integrations SET auth_type = 'bearer' WHERE id = %s", world.own)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("active", "granted"), ("expired", "granted"), ("error", "granted"), ("disabled", "forbidden"),
        ("reauthorization_required", "reauthorization_required"),
    ],
)  # fmt: skip
def test_statuses(world: World, app: Connection, status: str, outcome: str) -> None:
    made = new_connection(world.urls, world.bob, world.service)
    as_owner(world.urls, "UPDATE connections SET status = %s WHERE id = %s", status, made)
    assert open_one(app, world.asked("bob", connection_id=made)).outcome == outcome


def test_a_definition_that_is_known_is_not_sent_again(world: World, app: Connection) -> None:
    asked = world.asked("mia")
    first = open_one(app, asked)
    assert first.definition is not None
    arrays: list[Any] = [
        [asked.sealed_pass], [asked.workspace_id], [asked.connection_id], ["list"], ["{}"], [1], [None], [b""], [None],
    ]  # fmt: skip
    kinds = ["text", "uuid", "uuid", "text", "jsonb", "integer", "text", "bytea", "text", "text"]
    statement = f"SELECT * FROM app.open_executions({', '.join(f'%s::{kind}[]' for kind in kinds)})".encode()
    for known, is_sent in (([first.definition_key], False), (["another", first.definition_key], False),
                           (["another"], True), ([], True)):  # fmt: skip
        opened = Opened(*app.execute(statement, [*arrays, known]).fetchall()[0])
        assert (opened.outcome, opened.definition_key) == ("granted", first.definition_key)
        assert opened.definition == (first.definition if is_sent else None)
        assert opened.credential == first.credential


def test_a_changed_action_is_live_at_once(world: World, app: Connection) -> None:
    first = open_one(app, world.asked("bob"))
    as_owner(world.urls, "UPDATE actions SET name = 'Renamed' WHERE integration_id = %s", world.service)
    second = open_one(app, world.asked("bob"))
    assert first.definition_key != second.definition_key
    assert json.loads(second.definition or "")["action"]["name"] == "Renamed"


class TestClosing:
    def test_completes_the_row(self, world: World, app: Connection) -> None:
        opened = open_one(app, world.asked())
        assert close_one(app, opened, request={"a": 1}, response={"b": 2}) == 1
        log = world.log_of(opened)
        assert (log["status"], log["status_code"], log["duration_ms"]) == ("success", 200, 1.5)
        assert (log["request_payload"], log["response_payload"]) == ({"a": 1}, {"b": 2})
        assert (log["attempts"], log["payload_truncated"]) == (0, False)

    def test_a_finished_row_never_changes(self, world: World, app: Connection) -> None:
        opened = open_one(app, world.asked())
        close_one(app, opened, response={"b": 2})
        before = world.log_of(opened)
        for status in ("error", "success", "refused"):
            assert close_one(app, opened, status=status, response={"c": 3}) == 0
        assert world.log_of(opened) == before

    @pytest.mark.parametrize("status", ["started", "unknown", "nonsense", None])
    def test_needs_an_end(self, world: World, app: Connection, status: str | None) -> None:
        opened = open_one(app, world.asked())
        assert close_one(app, opened, status=status) == 0
        assert world.log_of(opened)["status"] == "started"

    def test_with_another_key_does_nothing(self, world: World, app: Connection) -> None:
        opened = open_one(app, world.asked(key="closing by another"))
        others = open_one(app, world.asked("bob"))
        for key in (others.closing_key, opened.execution_id, uuid4(), None):
            assert close_one(app, opened._replace(closing_key=key), answer="theirs") == 0
            assert close_one(app, opened._replace(closing_key=key), free=True) == 0
        assert world.log_of(opened)["status"] == "started"
        again = open_one(app, world.asked(key="closing by another"))
        assert again.outcome == "idempotency_in_flight"

    def test_of_what_was_not_granted_does_nothing(self, world: World, app: Connection) -> None:
        refused = open_one(app, world.asked(action="nope"))
        assert (refused.outcome, refused.closing_key) == ("not_found", None)
        assert close_one(app, refused, answer="theirs") == 0
        assert world.log_of(refused)["status"] == "refused"

    def test_takes_the_key_along(self, world: World, app: Connection) -> None:
        opened = open_one(app, world.asked())
        assert world.log_of(opened)["closing_key"] == opened.closing_key
        close_one(app, opened)
        assert world.log_of(opened)["closing_key"] is None

    def test_keeps_when_the_connection_was_last_used(self, world: World, app: Connection) -> None:
        made = new_connection(world.urls, world.bob, world.service)
        opened = open_one(app, world.asked("bob", connection_id=made))
        close_one(app, opened)
        ((used,),) = as_owner(world.urls, "SELECT last_used_at FROM connections WHERE id = %s", made)
        # An execution's time is rounded to milliseconds.
        assert used >= opened.executed_at - timedelta(milliseconds=1)
        # Somebody else is writing the row: closing does not wait for them.
        as_owner(world.urls, "UPDATE connections SET last_used_at = NULL WHERE id = %s", made)
        opened = open_one(app, world.asked("bob", connection_id=made))
        with psycopg.connect(world.urls.admin) as other:
            other.execute("UPDATE connections SET name = 'x' WHERE id = %s", [made])
            assert close_one(app, opened) == 1


class TestUnfinished:
    def test_are_marked_after_their_deadline_and_may_still_end(self, world: World, app: Connection) -> None:
        as_app(world.urls, "SELECT app.mark_unfinished_executions()")  # what other tests opened long ago
        early, late = open_batch(app, [world.asked(), world.asked()])
        as_owner(
            world.urls,
            "UPDATE api_logs SET deadline = now() - interval '1 s' WHERE id = %s",
            late.execution_id,
        )
        assert as_app(world.urls, "SELECT app.mark_unfinished_executions()") == [(1,)]
        assert (world.log_of(early)["status"], world.log_of(late)["status"]) == ("started", "unknown")
        assert close_one(app, late) == 1
        assert world.log_of(late)["status"] == "success"

    def test_deadlines_follow_the_shorter_limit(self, world: World, app: Connection) -> None:
        for timeout, seconds in ((1_000, 31), (300_000, 60), (-5_000, 30)):
            log = world.log_of(open_one(app, world.asked(timeout_ms=timeout)))
            left = (log["deadline"] - log["executed_at"]).total_seconds()
            assert seconds - 1 < left < seconds + 5


def test_erasure_blanks_the_callers_payloads_and_no_others(fresh_world: World) -> None:
    world = fresh_world
    with psycopg.connect(world.urls.app, autocommit=True) as connection:
        mine, theirs = open_batch(
            connection, [world.asked(payload={"q": 1}), world.asked("mia", payload={"q": 2})]
        )
        close_one(connection, mine, request={"q": 1}, response={"r": 1})
        close_one(connection, theirs, request={"q": 2}, response={"r": 2})
    assert as_app(world.urls, "SELECT app.erase_payloads(%s)", world.ann.sealed_pass) == [(1,)]
    erased, kept = world.log_of(mine), world.log_of(theirs)
    assert (erased["request_payload"], erased["response_payload"], erased["status"]) == (
        None,
        None,
        "success",
    )
    assert (kept["request_payload"], kept["response_payload"]) == ({"q": 2}, {"r": 2})
