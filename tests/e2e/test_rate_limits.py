"""Rate limits of rows and keys, counted for all workers of two nodes on one Redis; and `http-request`."""

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
from tests.e2e.upstreams import Upstream
from tests.e2e.worlds import Member, World, check_refusal, secret
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


def limit(world: World, integration_id: UUID, requests: int, per_seconds: int = 60) -> None:
    limits = json.dumps([{"requests": requests, "per_seconds": per_seconds}])
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


async def test_http_request(world: World, ada: Member) -> None:
    service = world.integration()
    token = secret("token")
    connection = world.connect(ada, service, {"token": token})
    parameters = {"method": "PUT", "path": "/any/where", "query": {"a": [1, 2]}, "body": {"b": None}}
    answer = await ada.execute(connection, "http-request", parameters)
    assert answer.status == 200, answer.text
    data = answer.json["data"]
    assert (data["method"], data["path"], data["body"]) == ("PUT", "/any/where", '{"b":null}')
    assert data["headers"]["authorization"] == f"Bearer {token}"
    row = world.log(answer)
    assert (row["status"], row["action_id"], row["integration_id"]) == ("success", None, service)
    assert row["request_payload"] == parameters
    assert token not in json.dumps(row["response_payload"])

    for wrong in ({"path": "//evil.example/"}, {"path": "/../up"}, {"path": "/", "url": "x"}, {}):
        refused = await ada.execute(connection, "http-request", wrong)
        assert refused.outcome == (422, "invalid_parameters"), wrong
        check_refusal(world, ada, refused)


async def test_http_request_counts_as_any_action(world: World, ada: Member) -> None:
    service = world.integration()
    limit(world, service, 1)
    connection = world.connect(ada, service)
    assert (await ada.execute(connection)).status == 200
    assert (await ada.execute(connection, "http-request", {"path": "/"})).code == "rate_limited"
