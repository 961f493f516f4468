"""Connections that nobody uses are renewed before their tokens end, each once over all nodes."""

import asyncio
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from demo.standins import StandIns
from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.desks import Desk, mail_at, two_nodes
from tests.e2e.gateways import Gateway
from tests.e2e.upstreams import Upstream
from tests.e2e.worlds import Member, World
from tests.people import as_owner

SWEEP_SECONDS = 12.5  # at most
COUNT = 4


@pytest.fixture(scope="module")
def gateways(database_urls: DatabaseUrls, standins: StandIns) -> Iterator[tuple[Gateway, Gateway]]:
    with two_nodes(database_urls, standins) as both:
        yield both


@pytest.fixture(scope="module")
def nodes(
    database_urls: DatabaseUrls,
    gateways: tuple[Gateway, Gateway],
    upstream: Upstream,
    http: aiohttp.ClientSession,
) -> World:
    return World(database_urls, gateways[0], upstream, http)


@pytest.fixture(scope="module")
def olga(nodes: World) -> Member:
    return nodes.person("olga")


def stored(desk: Desk) -> dict[str, Any]:
    ((version, is_renewed, left),) = as_owner(
        desk.nodes.urls,
        "SELECT credential_version, renewed_at IS NOT NULL, extract(epoch FROM expires_at - now())::float"
        " FROM connections WHERE id = %s",
        desk.connection,
    )
    return {"version": version, "renewed": is_renewed, "left": left}


async def test_nobody_calls(
    nodes: World, gateways: tuple[Gateway, Gateway], standins: StandIns, olga: Member
) -> None:
    slug = mail_at(nodes, standins)
    desks = [Desk(nodes, standins, olga, (gateways[0].url, gateways[1].url)) for _ in range(COUNT)]
    for desk in desks:
        await desk.connect(slug, "ada@example.com")
    idle, fresh = desks[:-1], desks[-1]
    for desk in idle:
        desk.forget()
        desk.make_due(60)
    for _ in range(int(SWEEP_SECONDS + 5)):
        await asyncio.sleep(1)
        if all(stored(desk)["version"] == 2 for desk in idle):
            break
    for desk in idle:
        assert stored(desk)["version"] == 2
        assert stored(desk)["renewed"]
        assert stored(desk)["left"] > 3500
    assert stored(fresh)["version"] == 1
    # Every node has looked again, and found nothing more to do.
    await asyncio.sleep(SWEEP_SECONDS)
    events = idle[0].events()
    assert events.count("token.requested") == len(idle)
    assert "grant.error" not in events
    for desk in idle:
        (answer,) = await desk.execute(1)
        assert answer.status == 200
        assert answer.json["meta"]["refreshed"] is False
