"""Servers of the release before close executions with the pass of whose they are."""

import json
from typing import Any, LiteralString

import pytest

from tests.integration.database.conftest import Connection, World
from tests.integration.database.executions import (
    CLOSING,
    OPENING,
    Ended,
    Opened,
    closing_arrays,
    open_one,
    opening_arrays,
)
from tests.people import as_owner

_CLOSING: LiteralString = CLOSING.replace("uuid[]", "text[]", 1)
_CLOSE: LiteralString = f"SELECT app.close_executions({_CLOSING})"
_OPEN_AND_CLOSE: LiteralString = (
    f"SELECT outcome, replay FROM app.open_executions({OPENING}, '{{}}', {_CLOSING}) ORDER BY ordinal"
)


def closing(sealed_pass: str | None, *ended: Ended) -> list[Any]:
    return [[sealed_pass] * len(ended), *closing_arrays(ended)[1:]]


def closed(app: Connection, sealed_pass: str | None, opened: Opened, **members: Any) -> int:
    row = app.execute(_CLOSE, closing(sealed_pass, Ended(opened, **members))).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("has_key", [True, False])
def test_whose_it_is_closes_it(world: World, app: Connection, has_key: bool) -> None:
    opened = open_one(app, world.asked())
    if not has_key:  # opened before there were any
        as_owner(world.urls, "UPDATE api_logs SET closing_key = NULL WHERE id = %s", opened.execution_id)
    for sealed_pass in (world.bob.sealed_pass, world.mia.sealed_pass, "forged", None):
        assert closed(app, sealed_pass, opened) == 0
    assert world.log_of(opened)["status"] == "started"
    assert closed(app, world.ann.sealed_pass, opened, response={"b": 2}) == 1
    log = world.log_of(opened)
    assert (log["status"], log["response_payload"], log["closing_key"]) == ("success", {"b": 2}, None)
    assert closed(app, world.ann.sealed_pass, opened, response={"c": 3}) == 0


def test_each_by_its_own_pass(world: World, app: Connection) -> None:
    mine, others = open_one(app, world.asked()), open_one(app, world.asked("bob"))
    ended = [
        (world.bob.sealed_pass, Ended(mine, response={"by": "bob"})),
        (world.ann.sealed_pass, Ended(mine, response={"by": "ann"})),
        (world.bob.sealed_pass, Ended(others, response={"by": "bob"})),
    ]
    arrays = [[sealed_pass for sealed_pass, _ in ended], *closing_arrays([one for _, one in ended])[1:]]
    assert app.execute(_CLOSE, arrays).fetchone() == (2,)
    assert world.log_of(mine)["response_payload"] == {"by": "ann"}
    assert world.log_of(others)["response_payload"] == {"by": "bob"}


@pytest.mark.parametrize(
    ("change", "count"),
    [({"exp": 1}, 1), ({"purpose": "refresh"}, 0)],  # a call may outlast the pass
)
def test_with_a_pass_that_opens_nothing(
    world: World, app: Connection, superuser: Connection, change: dict[str, object], count: int
) -> None:
    opened = open_one(app, world.asked())
    claims = superuser.execute("SELECT keyring.open_seal(%s)", [world.ann.sealed_pass]).fetchone()
    assert claims is not None
    other = superuser.execute("SELECT keyring.seal(%s)", [json.dumps(claims[0] | change)]).fetchone()
    assert other is not None
    assert closed(app, other[0], opened) == count


def test_while_others_are_opened(world: World, app: Connection) -> None:
    asked = world.asked(key="closed with a pass")
    mine, others = open_one(app, asked), open_one(app, world.asked("bob"))
    arrays = closing(world.ann.sealed_pass, Ended(others), Ended(mine, answer='{"status": 200}'))
    rows = app.execute(_OPEN_AND_CLOSE, [*opening_arrays([world.asked("mia")]), *arrays]).fetchall()
    assert rows == [("granted", None)]
    assert (world.log_of(mine)["status"], world.log_of(others)["status"]) == ("success", "started")
    assert open_one(app, asked).replay == '{"status": 200}'
