"""Idempotency keys: the first answer is given again, and nothing is called twice."""

import threading
from typing import Any

import psycopg
import pytest

from tests.integration.database.conftest import Connection, World
from tests.integration.database.executions import Asked, Opened, close_one, open_batch, open_one
from tests.people import as_owner

ANSWER = '{"status_code": 200, "data": "the answer"}'


def outcomes(opened: list[Opened]) -> list[str]:
    return [element.outcome for element in opened]


def test_an_answer_is_given_again(world: World, app: Connection) -> None:
    asked = world.asked(key="replay")
    first = open_one(app, asked)
    assert first.outcome == "granted"
    close_one(app, first, answer=ANSWER)

    again = open_one(app, asked)

    assert again.outcome == "replay"
    assert again.replay == ANSWER
    assert (again.execution_id, again.executed_at) == (first.execution_id, first.executed_at)
    assert again[5:9] == (None,) * 4
    rows = as_owner(world.urls, "SELECT count(*) FROM api_logs WHERE id = %s", first.execution_id)
    assert rows == [(1,)]


def test_the_first_answer_stands(world: World, app: Connection) -> None:
    asked = world.asked(key="stands")
    first = open_one(app, asked)
    close_one(app, first, answer=ANSWER)
    close_one(app, first, answer="another")
    close_one(app, first, free=True)
    assert open_one(app, asked).replay == ANSWER


def test_another_body_is_a_conflict(world: World, app: Connection) -> None:
    asked = world.asked(key="conflict")
    first = open_one(app, asked)
    assert open_one(app, asked.but(request_hash=b"other")).outcome == "idempotency_conflict"
    close_one(app, first, answer=ANSWER)
    conflicting = open_one(app, asked.but(request_hash=b"other"))
    assert conflicting.outcome == "idempotency_conflict"
    assert conflicting[5:] == (None,) * 6
    assert conflicting.execution_id != first.execution_id


def test_while_the_first_is_in_flight(world: World, app: Connection) -> None:
    asked = world.asked(key="in flight")
    open_one(app, asked)
    second = open_one(app, asked)
    assert second.outcome == "idempotency_in_flight"
    assert second.credential is None


def test_after_the_deadline_the_outcome_is_unknown(world: World, app: Connection) -> None:
    asked = world.asked(key="crash")
    first = open_one(app, asked)
    as_owner(
        world.urls,
        "UPDATE idempotency_keys SET deadline = now() - interval '1 s' WHERE execution_id = %s",
        first.execution_id,
    )
    assert open_one(app, asked).outcome == "idempotency_outcome_unknown"
    # The call comes back after all.
    close_one(app, first, answer=ANSWER)
    assert open_one(app, asked).replay == ANSWER


def test_a_refusal_before_the_call_frees_the_key(world: World, app: Connection) -> None:
    asked = world.asked(key="freed")
    first = open_one(app, asked)
    close_one(app, first, status="refused", free=True)
    second = open_one(app, asked.but(request_hash=b"other"))
    assert second.outcome == "granted"
    assert second.execution_id != first.execution_id


def test_a_refused_element_takes_no_key(world: World, app: Connection) -> None:
    asked = world.asked(key="refused")
    assert open_one(app, asked.but(refusal="invalid_parameters")).outcome == "invalid_parameters"
    assert open_one(app, asked.but(action="nope")).outcome == "not_found"
    assert open_one(app, asked).outcome == "granted"


def test_a_key_is_its_users(world: World, app: Connection) -> None:
    asked = world.asked(key="everybody's")
    first = open_one(app, asked)
    close_one(app, first, answer=ANSWER)
    for name in ("mia", "bob"):
        assert open_one(app, world.asked(name, key="everybody's")).outcome == "granted"


def test_who_may_no_longer_use_the_connection_gets_no_answer(fresh_world: World) -> None:
    world = fresh_world
    with psycopg.connect(world.urls.app, autocommit=True) as connection:
        asked = world.asked("mia", key="was hers")
        close_one(connection, open_one(connection, asked), answer=ANSWER)
        as_owner(world.urls, "DELETE FROM workspace_members WHERE user_id = %s", world.mia.user_id)
        gone = open_one(connection, asked)
    assert (gone.outcome, gone.replay) == ("not_found", None)


def test_an_expired_key_is_free(world: World, app: Connection) -> None:
    asked = world.asked(key="yesterday")
    close_one(app, open_one(app, asked), answer=ANSWER)
    as_owner(world.urls, "UPDATE idempotency_keys SET expires_at = now() WHERE key = 'yesterday'")
    assert open_one(app, asked).outcome == "granted"


def test_the_same_key_twice_in_one_batch(world: World, app: Connection) -> None:
    asked = world.asked(key="twice")
    other = world.asked(key="twice", request_hash=b"other")
    assert outcomes(open_batch(app, [asked, asked, other, world.asked()])) == [
        "granted", "idempotency_in_flight", "idempotency_conflict", "granted",
    ]  # fmt: skip


def test_an_answer_that_does_not_decrypt_is_no_answer(world: World, app: Connection) -> None:
    asked = world.asked(key="spoiled")
    for each in (asked, world.asked(key="of another")):
        close_one(app, open_one(app, each), answer=ANSWER)
    as_owner(
        world.urls,
        "UPDATE idempotency_keys SET encrypted_answer = (SELECT encrypted_answer FROM idempotency_keys"
        " WHERE key = 'of another') WHERE key = 'spoiled'",
    )
    spoiled = open_one(app, asked)
    assert (spoiled.outcome, spoiled.replay) == ("idempotency_outcome_unknown", None)


def test_batches_with_keys_in_opposite_order_do_not_deadlock(world: World) -> None:
    barrier = threading.Barrier(2)
    results: list[list[str]] = []
    failures: list[BaseException] = []

    def run(connection: psycopg.Connection[Any], elements: list[Asked]) -> None:
        try:
            barrier.wait(10)
            results.append(outcomes(open_batch(connection, elements)))
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    with (
        psycopg.connect(world.urls.app, autocommit=True) as one,
        psycopg.connect(world.urls.app, autocommit=True) as two,
    ):
        for turn in range(10):
            elements = [
                world.asked(name, key=f"order {turn} {number}")
                for number in range(10)
                for name in ("ann", "mia", "bob")
            ]
            threads = [
                threading.Thread(target=run, args=(one, elements)),
                threading.Thread(target=run, args=(two, elements[::-1])),
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert failures == []
    assert len(results) == 20
    for turn in range(10):
        pair = results[2 * turn : 2 * turn + 2]
        assert sorted(outcome for answered in pair for outcome in answered) == sorted(
            ["granted"] * 30 + ["idempotency_in_flight"] * 30
        )


@pytest.mark.parametrize("stored", ["", "x" * 100_000, "ü\n\t\u2028"])
def test_answers_come_back_as_they_were(world: World, app: Connection, stored: str) -> None:
    asked = world.asked(key=f"exact {len(stored)} {stored[:1]!r}")
    close_one(app, open_one(app, asked), answer=stored)
    assert open_one(app, asked).replay == stored
