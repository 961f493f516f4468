"""Rate limits of rows and keys, counted for all workers of two nodes on one Redis, or by each process alone."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import aiohttp
import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.callers import Answer
from tests.e2e.gateways import Gateway, serving
from tests.e2e.upstreams import Upstream, in_turn, respond
from tests.e2e.worlds import Member, World, check_refusal
from tests.people import as_owner


@pytest.fixture(scope="module")
def nodes(database_urls: DatabaseUrls, redis_url: str) -> Iterator[tuple[Gateway, Gateway]]:
    environment = {"PORTWAY_REDIS_URL": redis_url}
    with (
        serving(database_urls, workers=2, environment=environment) as one,
        serving(database_urls, workers=1, environment=environment) as other,
    ):
        yield one, other


@pytest.fixture(scope="module")
def world(
    database_urls: DatabaseUrls,
    nodes: tuple[Gateway, Gateway],
    upstream: Upstream,
    http: aiohttp.ClientSession,
) -> World:
    return World(database_urls, nodes[0], upstream, http)


@pytest.fixture
def ada(world: World) -> Member:
    return world.person("ada")


def limit(
    world: World, integration_id: UUID, requests: int, per_seconds: int = 60, per: str = "connection"
) -> None:
    limits = json.dumps([{"requests": requests, "per_seconds": per_seconds, "per": per}])
    as_owner(world.urls, "UPDATE integrations SET rate_limits = %s WHERE id = %s", limits, integration_id)


async def test_all_workers_of_all_nodes_share_a_limit(
    world: World, nodes: tuple[Gateway, Gateway], ada: Member
) -> None:
    service = world.integration()
    limit(world, service, 10)
    connection = world.connect(ada, service)
    at = [replace(ada, caller=ada.caller.at(node.url)) for node in nodes]
    answers: list[Answer] = []
    for _ in range(10):
        answers += await asyncio.gather(*(member.execute(connection) for member in at))
    passed = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status != 200]
    assert not any("PORTWAY_REDIS_URL" in node.log() for node in nodes)
    assert len(passed) == 10
    assert sorted(int(answer.headers["RateLimit-Remaining"]) for answer in passed) == list(range(10))
    for answer in refused:
        assert answer.outcome == (429, "rate_limited")
        assert "for each connection" in answer.json["detail"]
        assert answer.headers["RateLimit-Limit"] == "10"
        assert answer.headers["RateLimit-Remaining"] == "0"
        assert 0 < int(answer.headers["Retry-After"]) <= int(answer.headers["RateLimit-Reset"]) <= 121
        check_refusal(world, ada, answer, attempts=0)


async def test_after_the_wait_it_goes_on(world: World, ada: Member) -> None:
    service = world.integration()
    limit(world, service, 2, per_seconds=1)
    connection = world.connect(ada, service)
    answers = [await ada.execute(connection) for _ in range(3)]
    answer = answers[-1]
    assert answer.outcome == (429, "rate_limited")
    await asyncio.sleep(int(answer.headers["Retry-After"]) + 0.1)
    answer = await ada.execute(connection)
    assert (answer.status, answer.json["meta"]["rate_limit"]["limit"]) == (200, 2)


async def test_a_changed_row_counts_at_once(world: World, ada: Member) -> None:
    service = world.integration()
    connection = world.connect(ada, service)
    answer = await ada.execute(connection)
    assert not [name for name in answer.headers if name.lower().startswith("ratelimit")]
    limit(world, service, 1)
    assert [(await ada.execute(connection)).status for _ in range(2)] == [200, 429]
    as_owner(world.urls, "UPDATE integrations SET rate_limits = '[{}]' WHERE id = %s", service)
    assert (await ada.execute(connection)).outcome == (422, "invalid_integration_config")


async def test_a_key_has_its_own_over_all_connections(world: World, ada: Member) -> None:
    body = {"name": "slow", "rate_limits": [{"requests": 3, "per_seconds": 60}]}
    json_type = {"Content-Type": "application/json"}
    made = await ada.caller.send("POST", "/api/v2/api-keys", data=json.dumps(body), headers=json_type)
    assert made.status == 201, made.text
    slow = replace(ada, caller=ada.caller.having(made.json["api_key"]))
    connections = [world.connect(ada, world.integration()) for _ in range(4)]
    statuses = [(await slow.execute(connection)).status for connection in connections]
    assert statuses == [200, 200, 200, 429]
    assert "This API key" in (await slow.execute(connections[0])).json["detail"]
    assert (await ada.execute(connections[3])).status == 200


async def test_http_request_counts_as_any_action(world: World, ada: Member) -> None:
    service = world.integration()
    limit(world, service, 1)
    connection = world.connect(ada, service)
    assert (await ada.execute(connection)).status == 200
    assert (await ada.execute(connection, "http-request", {"path": "/"})).code == "rate_limited"


async def test_how_the_limit_stands_is_told(world: World, ada: Member) -> None:
    service = world.integration()
    limit(world, service, 3, per_seconds=3600)
    connection = world.connect(ada, service)
    path = f"/counted-{service.hex}"
    world.action(service, "counted", path)
    for remaining in (2, 1, 0):
        answer = await ada.execute(connection, "counted")
        assert (answer.headers["RateLimit-Limit"], answer.headers["RateLimit-Remaining"]) == (
            "3",
            str(remaining),
        )
        told = answer.json["meta"]["rate_limit"]
        assert (told["limit"], told["remaining"]) == (3, remaining)
        assert 0 < told["reset_seconds"] <= int(answer.headers["RateLimit-Reset"]) <= 7200
        assert "Retry-After" not in answer.headers
    refused = await ada.execute(connection, "counted")
    assert refused.outcome == (429, "rate_limited")
    check_refusal(world, ada, refused, attempts=0, connection_id=connection, integration_id=service)
    assert len(world.upstream.received(path)) == 3


async def test_a_limit_of_a_connection_is_not_that_of_another(world: World, ada: Member) -> None:
    service = world.integration()
    limit(world, service, 1)
    for connection in (world.connect(ada, service), world.connect(ada, service)):
        assert [(await ada.execute(connection)).status for _ in range(2)] == [200, 429]


async def test_an_organization_shares_its_limit_and_nobody_elses(world: World, ada: Member) -> None:
    service = world.integration()
    limit(world, service, 2, per="organization")
    mate = replace(world.mate(ada), workspace_id=ada.workspace_id)
    stranger = world.person("stranger")
    own = [world.connect(ada, service) for _ in range(2)]
    statuses = [
        (await ada.execute(own[0])).status,
        (await ada.execute(own[1])).status,
        (await ada.execute(own[0])).status,
    ]
    assert statuses == [200, 200, 429]
    mates = await mate.execute(world.connect(mate, service))
    assert mates.outcome == (429, "rate_limited")
    assert "for each organization" in (await ada.execute(own[1])).json["detail"]
    assert (await stranger.execute(world.connect(stranger, service))).status == 200


async def test_an_actions_own_limit(world: World, ada: Member) -> None:
    service = world.integration()
    world.action(service, "rare", rate_limits=json.dumps([{"requests": 1, "per_seconds": 60}]))
    connection = world.connect(ada, service)
    assert [(await ada.execute(connection, "rare")).status for _ in range(2)] == [200, 429]
    assert "The action rare" in (await ada.execute(connection, "rare")).json["detail"]
    assert (await ada.execute(connection)).status == 200


async def test_of_several_limits_a_refused_one_takes_nothing_from_the_others(
    world: World, ada: Member
) -> None:
    service = world.integration()
    limit(world, service, 3)
    world.action(service, "rare", rate_limits=json.dumps([{"requests": 1, "per_seconds": 60}]))
    connection = world.connect(ada, service)
    answers = [await ada.execute(connection, "rare") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 429, 429, 429]
    assert answers[0].headers["RateLimit-Limit"] == "1"
    left = [await ada.execute(connection) for _ in range(3)]
    assert [answer.status for answer in left] == [200, 200, 429]


async def test_what_is_wrong_by_itself_takes_nothing(world: World, ada: Member) -> None:
    service = world.integration()
    limit(world, service, 1)
    world.action(service, "strict", request_schema={"type": "object", "required": ["a"]})
    connection = world.connect(ada, service)
    for _ in range(3):
        assert (await ada.execute(connection, "strict")).outcome == (422, "invalid_parameters")
        assert (await ada.execute(connection, paginate={"max_pages": 1})).outcome[1] == "malformed_request"
    assert (await ada.execute(connection, "strict", {"a": 1})).status == 200


async def test_a_repeated_answer_takes_nothing(world: World, ada: Member) -> None:
    service = world.integration()
    limit(world, service, 2)
    connection = world.connect(ada, service)
    key = {"Idempotency-Key": f"key-{service.hex}"}
    answers = [await ada.execute(connection, headers=key) for _ in range(4)]
    assert [answer.status for answer in answers] == [200] * 4
    assert [(await ada.execute(connection)).status for _ in range(2)] == [200, 429]


async def test_pages_and_repetitions_are_one_execution(world: World, ada: Member) -> None:
    service = world.integration()
    limit(world, service, 1)
    path = f"/again-{service.hex}"
    world.action(service, "again", path, "GET", transform_config={"retry": {"first_delay_ms": 1}})
    ok = respond(text="{}", content_type="application/json")
    world.upstream.on(path, in_turn(respond(status=503), respond(status=503), ok))
    answer = await ada.execute(world.connect(ada, service), "again")
    assert (answer.status, answer.json["meta"]["attempts"]) == (200, 3)


async def test_without_redis_each_process_counts_alone(
    world: World, database_urls: DatabaseUrls, ada: Member
) -> None:
    service = world.integration()
    limit(world, service, 2, per_seconds=3600)
    connection = world.connect(ada, service)
    with serving(database_urls) as one, serving(database_urls) as other:
        for node in (one, other):
            member = replace(ada, caller=ada.caller.at(node.url))
            assert [(await member.execute(connection)).status for _ in range(3)] == [200, 200, 429]
