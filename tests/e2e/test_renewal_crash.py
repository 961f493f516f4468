"""A node is killed in the middle of a refresh: another one takes over, and says how it ended."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Literal

import aiohttp
import pytest

from demo.standins import StandIns
from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.callers import Answer
from tests.e2e.desks import Desk, mail_at, two_nodes
from tests.e2e.upstreams import Upstream
from tests.e2e.worlds import World

LEASE_SECONDS = 30


@pytest.fixture(autouse=True)
async def healed(standins: StandIns) -> AsyncIterator[None]:
    yield
    standins.heal()


async def timed(desk: Desk, timeout_ms: int) -> tuple[Answer, float]:
    began = time.monotonic()
    (answer,) = await desk.execute(1, first=1, timeout_ms=timeout_ms)
    return answer, time.monotonic() - began


async def killed_in_the_middle(desk: Desk) -> list[tuple[Answer, float]]:
    """What callers of the other node were answered, and after how long: of those with little time, and the others."""
    caller = desk.person.caller.at(desk.urls[0])
    lost = asyncio.create_task(caller.execute(desk.person.workspace_id, desk.connection, "list"))
    while "token.requested" not in desk.events():
        assert not lost.done(), lost.result().text
        await asyncio.sleep(0.05)
    hasty = [asyncio.create_task(timed(desk, 3_000)) for _ in range(4)]
    patient = [asyncio.create_task(timed(desk, 60_000)) for _ in range(8)]
    await asyncio.sleep(0.5)
    desk.gateways[0].kill()
    with pytest.raises(aiohttp.ClientError):
        await lost
    return [await each for each in (*hasty, *patient)]


@pytest.mark.parametrize("carried_out", [False, True], ids=["unspent", "spent"])
async def test_the_other_node_takes_over(
    database_urls: DatabaseUrls,
    standins: StandIns,
    upstream: Upstream,
    http: aiohttp.ClientSession,
    *,
    carried_out: bool,
) -> None:
    """Whether the refresh token was spent, nobody but the authorization server knows."""
    when: Literal["before", "after"] = "after" if carried_out else "before"
    with two_nodes(database_urls, standins, sweeping=False) as both:
        nodes = World(database_urls, both[0], upstream, http)
        desk = Desk(nodes, standins, nodes.person("olga"), (both[0].url, both[1].url), both)
        await desk.connect(mail_at(nodes, standins, f"mail-{when}"), "ada@example.com")
        desk.make_due(-5)
        standins.fail("token", delay_seconds=3, status=503, when=when)
        answers = await killed_in_the_middle(desk)
        hasty, patient = answers[:4], answers[4:]
        for answer, seconds in hasty:
            assert answer.outcome == (504, "upstream_timeout")
            assert seconds < 6
        for answer, seconds in patient:
            assert seconds < LEASE_SECONDS + 10
            if carried_out:
                assert answer.outcome == (409, "reauthorization_required")
            else:
                assert answer.status == 200, answer.text
        # The killed one's, and the other's.
        assert desk.token_requests == 2
        assert desk.status == ("reauthorization_required" if carried_out else "active")
        answer, _ = await timed(desk, 10_000)
        assert answer.status == (409 if carried_out else 200)
        assert desk.token_requests == 2
