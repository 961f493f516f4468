"""Tokens are refreshed once, over all tasks and processes, against a certified OAuth server with rotation and reuse
detection.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import aiohttp
import pytest

from demo.standins import StandIns
from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.callers import Answer
from tests.e2e.desks import Desk, client_environment, follow, mail_at, two_nodes
from tests.e2e.gateways import Gateway, serving
from tests.e2e.upstreams import Upstream
from tests.e2e.worlds import Member, World

ADA, GRACE = "ada@example.com", "grace@example.com"


@pytest.fixture(scope="module")
def gateways(database_urls: DatabaseUrls, standins: StandIns) -> Iterator[tuple[Gateway, Gateway]]:
    """Two nodes on one database, where nobody but callers refreshes."""
    with two_nodes(database_urls, standins, sweeping=False) as both:
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


@pytest.fixture(scope="module")
def mail(nodes: World, standins: StandIns) -> str:
    return mail_at(nodes, standins)


@pytest.fixture(autouse=True)
async def healed(standins: StandIns) -> AsyncIterator[None]:
    yield
    standins.heal()
    standins.set_access_token_lifetime(3600)


@pytest.fixture
async def desk(
    nodes: World, gateways: tuple[Gateway, Gateway], standins: StandIns, olga: Member, mail: str
) -> Desk:
    made = Desk(nodes, standins, olga, (gateways[0].url, gateways[1].url))
    await made.connect(mail, ADA)
    return made


def check_single_refresh(desk: Desk, answers: list[Answer]) -> None:
    assert [answer.status for answer in answers] == [200] * len(answers), [answer.text for answer in answers]
    events = desk.events()
    assert events.count("token.requested") == 1, events
    assert "grant.error" not in events
    assert "grant.revoked" not in events
    assert any(answer.json["meta"]["refreshed"] for answer in answers)


@pytest.mark.parametrize("left", [30, -5], ids=["due", "expired"])
async def test_sixty_four_callers_over_two_nodes_are_one_refresh(desk: Desk, left: float) -> None:
    desk.make_due(left)
    check_single_refresh(desk, await desk.execute(64))
    # And none again, now that the token is new.
    assert {answer.status for answer in await desk.execute(4)} == {200}
    assert desk.token_requests == 1


async def test_a_token_that_really_expires(nodes: World, desk: Desk, standins: StandIns) -> None:
    standins.set_access_token_lifetime(1)
    desk.make_due(-5)
    assert (await desk.execute(1))[0].status == 200
    standins.set_access_token_lifetime(3600)
    await asyncio.sleep(1.1)
    desk.forget()
    check_single_refresh(desk, await desk.execute(8))


async def test_rotation_goes_on(desk: Desk) -> None:
    for _ in range(4):
        desk.make_due()
        desk.forget()
        check_single_refresh(desk, await desk.execute(6))


async def test_a_401_is_one_forced_refresh(desk: Desk, standins: StandIns) -> None:
    assert standins.invalidate_access_tokens(ADA) >= 1
    answers = await desk.execute(32)
    check_single_refresh(desk, answers)
    assert {answer.json["meta"]["attempts"] for answer in answers} <= {1, 2}
    assert 2 in {answer.json["meta"]["attempts"] for answer in answers}


async def test_a_service_that_refuses_every_token(desk: Desk, standins: StandIns) -> None:
    standins.fail("gmail", status=401, times=2)
    (answer,) = await desk.execute(1)
    assert answer.outcome == (409, "reauthorization_required")
    assert desk.token_requests == 1
    assert desk.status == "reauthorization_required"


async def test_a_revoked_grant_and_the_way_back(nodes: World, desk: Desk, standins: StandIns) -> None:
    assert standins.revoke_grants(ADA) >= 1
    desk.make_due()
    desk.forget()
    refused = await desk.execute(8)
    assert {answer.outcome for answer in refused} == {(409, "reauthorization_required")}
    assert desk.token_requests == 1
    assert desk.status == "reauthorization_required"
    assert {nodes.log(answer)["error_code"] for answer in refused} == {"reauthorization_required"}
    # From now on nobody asks the authorization server in vain.
    (again,) = await desk.execute(1)
    assert again.outcome == (409, "reauthorization_required")
    assert desk.token_requests == 1

    url = again.json["authorize_url"]
    assert urlsplit(url).netloc == urlsplit(standins.addresses.authorization_url).netloc
    assert "Connected" in await asyncio.to_thread(follow, url, ADA)
    assert desk.status == "active"
    assert {answer.status for answer in await desk.execute(2)} == {200}


async def test_a_token_endpoint_that_takes_fifteen_seconds(
    nodes: World, desk: Desk, standins: StandIns, olga: Member, mail: str
) -> None:
    """Whoever has a token that lives goes on with it; the others wait; nobody asks twice."""
    living = Desk(nodes, standins, olga, desk.urls)
    await living.connect(mail, GRACE)
    desk.make_due(-5)
    living.make_due(60)
    living.forget()
    standins.fail("token", delay_seconds=15, times=2)
    began = time.monotonic()

    async def timed(desk: Desk) -> tuple[list[Answer], float]:
        answers = await desk.execute(8)
        return answers, time.monotonic() - began

    (waited, after), (went_on, soon) = await asyncio.gather(timed(desk), timed(living))
    assert [answer.status for answer in (*waited, *went_on)] == [200] * 16
    assert after >= 15
    assert soon < 14
    assert living.token_requests == 2  # one for each connection
    assert "grant.error" not in living.events()
    for each in (desk, living):
        assert (await each.execute(1))[0].status == 200
    assert living.token_requests == 2


async def test_a_token_endpoint_that_fails_twice(desk: Desk, standins: StandIns) -> None:
    desk.make_due(-5)
    standins.fail("token", status=500, times=2)
    answers = await desk.execute(8)
    assert [answer.status for answer in answers] == [200] * 8
    assert desk.token_requests == 3
    assert "grant.revoked" not in desk.events()


async def test_a_token_endpoint_that_stays_down(nodes: World, desk: Desk, standins: StandIns) -> None:
    """A token that lives is used until its end; the connection is not broken by somebody else's fault."""
    desk.make_due(60)
    standins.fail("token", status=503, times=3)
    assert (await desk.execute(1))[0].status == 200
    assert desk.token_requests == 3
    # In the pause nobody asks: neither for a token that lives, nor for one that is dead.
    assert {answer.status for answer in await desk.execute(4)} == {200}
    desk.make_due(-5)
    (answer,) = await desk.execute(1)
    assert answer.outcome == (502, "upstream_unreachable")
    assert desk.token_requests == 3
    assert desk.status == "active"
    await asyncio.sleep(float(answer.headers["Retry-After"]))
    assert (await desk.execute(1))[0].status == 200
    assert desk.token_requests == 4


async def test_an_answer_of_the_token_endpoint_that_was_lost(desk: Desk, standins: StandIns) -> None:
    """The rotated token is gone for good. That is said, and not tried forever."""
    desk.make_due(-5)
    standins.fail("token", drop=True, when="after")
    (answer,) = await desk.execute(1)
    assert answer.outcome == (409, "reauthorization_required")
    assert desk.status == "reauthorization_required"
    assert answer.json["authorize_url"]


async def test_a_stopping_server_keeps_the_token_that_is_on_its_way(
    nodes: World, desk: Desk, standins: StandIns, database_urls: DatabaseUrls
) -> None:
    """The caller has given up, and SIGTERM comes before the authorization server's answer."""
    desk.make_due(-5)
    standins.fail("token", delay_seconds=2)
    with serving(database_urls, environment=client_environment(standins, sweeping=False)) as third:
        caller = desk.person.caller.at(third.url)
        answer = await caller.execute(
            desk.person.workspace_id, desk.connection, "list", {"maxResults": 1}, timeout_ms=500
        )
        assert answer.outcome == (504, "upstream_timeout")
        third.terminate()
        assert await asyncio.to_thread(third.wait) == 0
    assert desk.token_requests == 1
    assert (await desk.execute(1))[0].status == 200
    assert desk.token_requests == 1
