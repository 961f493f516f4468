"""Executions that are opened by the statement that closes others."""

from typing import Any

import psycopg
import pytest

from tests.integration.database.conftest import Connection, World
from tests.integration.database.executions import (
    OPEN_AND_CLOSE,
    Asked,
    Ended,
    closing_arrays,
    open_and_close,
    open_batch,
    open_one,
    opening_arrays,
)


def test_each_is_judged_by_its_own_pass_or_key(world: World, app: Connection) -> None:
    ann, bob = open_batch(app, [world.asked("ann"), world.asked("bob")])
    ended = [
        Ended(ann._replace(closing_key=bob.closing_key), response={"by": "bob"}),
        Ended(bob, response={"by": "bob"}),
        Ended(ann, response={"by": "ann"}),
    ]
    asked = [world.asked("mia"), world.asked("bob"), world.asked("mia").but(sealed_pass="forged")]
    opened = open_and_close(app, asked, ended)
    assert [one.outcome for one in opened] == ["granted", "granted", "unauthenticated"]
    assert [world.log_of(one)["user_id"] for one in opened] == [
        world.mia.user_id, world.bob.user_id, None,
    ]  # fmt: skip
    assert world.log_of(ann)["response_payload"] == {"by": "ann"}
    assert world.log_of(bob)["response_payload"] == {"by": "bob"}


def test_it_opens_before_it_frees(world: World, app: Connection) -> None:
    first = open_one(app, world.asked(key="freed"))
    ended = Ended(first, status="refused", free=True)
    (waiting,) = open_and_close(app, [world.asked(key="freed")], [ended])
    assert waiting.outcome == "idempotency_in_flight"
    assert open_one(app, world.asked(key="freed")).outcome == "granted"


def test_of_one_alone(world: World, app: Connection) -> None:
    (opened,) = open_and_close(app, [world.asked()], [])
    assert opened.outcome == "granted"
    assert open_and_close(app, [], [Ended(opened)]) == []
    assert world.log_of(opened)["status"] == "success"


@pytest.mark.parametrize("lacking", range(13))
def test_arrays_of_unequal_length_leave_all_as_it_was(
    world: World, app: Connection, superuser: Connection, lacking: int
) -> None:
    opened = open_one(app, world.asked())
    count = superuser.execute("SELECT count(*) FROM api_logs").fetchone()
    arrays = closing_arrays([Ended(opened)])
    wrongs: list[Any] = [[], None, arrays[lacking] * 2]
    for wrong in wrongs:
        changed = [*arrays[:lacking], wrong, *arrays[lacking + 1 :]]
        with pytest.raises(psycopg.DataError):
            app.execute(OPEN_AND_CLOSE, [*opening_arrays([world.asked()]), *changed])
    assert superuser.execute("SELECT count(*) FROM api_logs").fetchone() == count
    assert world.log_of(opened)["status"] == "started"


def test_sizes(world: World, app: Connection) -> None:
    asked: list[Asked] = [world.asked()] * 64
    opened = open_batch(app, asked)
    ended = [Ended(one) for one in opened]
    assert len(open_and_close(app, asked, ended)) == 64
    assert {world.log_of(one)["status"] for one in opened} == {"success"}
    with pytest.raises(psycopg.DataError, match="at most 64"):
        open_and_close(app, asked, [*ended, ended[0]])
