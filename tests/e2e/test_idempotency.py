"""Idempotency-Key: the same request twice is one call."""

import asyncio
import json
from uuid import UUID, uuid4

import pytest
from aiohttp import web

from tests.e2e.upstreams import Received, respond
from tests.e2e.worlds import Member, World


def new_key() -> dict[str, str]:
    return {"Idempotency-Key": f"key-{uuid4()}"}


@pytest.fixture
def counted(world: World, service: UUID) -> str:
    """An action of its own for each test, so that calls can be counted."""
    slug = f"counted-{uuid4().hex}"
    world.action(service, slug)
    return slug


def calls(world: World, slug: str) -> int:
    return len(world.upstream.received(f"/{slug}"))


async def test_the_first_answer_is_repeated(
    world: World, ada: Member, connection: UUID, counted: str
) -> None:
    headers = new_key()
    first = await ada.execute(connection, counted, {"n": 1}, headers=headers)
    second = await ada.execute(connection, counted, {"n": 1}, headers=headers)
    assert first.status == second.status == 200
    assert second.json["execution_id"] == first.json["execution_id"]
    assert second.json["data"] == first.json["data"]
    assert calls(world, counted) == 1
    assert len(world.logs(connection_id=connection, user_id=ada.user_id, id=first.json["execution_id"])) == 1


async def test_another_body_is_a_conflict(world: World, ada: Member, connection: UUID, counted: str) -> None:
    headers = new_key()
    await ada.execute(connection, counted, {"n": 1}, headers=headers)
    other = await ada.execute(connection, counted, {"n": 2}, headers=headers)
    assert other.outcome == (409, "idempotency_conflict")
    assert world.log(other)["status"] == "refused"
    assert calls(world, counted) == 1


async def test_many_at_once_are_one_call(world: World, ada: Member, connection: UUID, counted: str) -> None:
    async def slow(_: Received) -> web.StreamResponse:
        await asyncio.sleep(0.3)
        return web.json_response({"done": True})

    world.upstream.on(f"/{counted}", slow)
    headers = new_key()
    answers = await asyncio.gather(
        *[ada.execute(connection, counted, {"n": 1}, headers=headers) for _ in range(16)]
    )
    assert calls(world, counted) == 1
    done = [answer for answer in answers if answer.status == 200]
    assert done
    assert len({answer.json["execution_id"] for answer in done}) == 1
    others = [answer.outcome for answer in answers if answer.status != 200]
    assert set(others) <= {(409, "idempotency_in_flight")}
    repeated = await ada.execute(connection, counted, {"n": 1}, headers=headers)
    assert repeated.json["execution_id"] == done[0].json["execution_id"]


async def test_keys_are_each_users_own(world: World, ada: Member, connection: UUID, counted: str) -> None:
    headers = new_key()
    bob = world.mate(ada)
    service = world.integration()
    await ada.execute(connection, counted, {"n": 1}, headers=headers)
    answer = await bob.execute(world.connect(bob, service), parameters={"n": 2}, headers=headers)
    assert answer.status == 200
    assert json.loads(answer.json["data"]["body"]) == {"n": 2}


async def test_an_error_of_the_service_is_repeated_too(
    world: World, ada: Member, connection: UUID, counted: str
) -> None:
    world.upstream.on(f"/{counted}", respond(status=500, text="no", content_type="text/plain"))
    headers = new_key()
    first = await ada.execute(connection, counted, headers=headers)
    second = await ada.execute(connection, counted, headers=headers)
    assert first.outcome == second.outcome == (502, "upstream_error")
    assert first.json == second.json
    assert calls(world, counted) == 1


async def test_a_timeout_is_repeated_and_not_called_again(
    world: World, ada: Member, connection: UUID, counted: str
) -> None:
    async def never(_: Received) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    world.upstream.on(f"/{counted}", never)
    headers = new_key()
    for _ in range(2):
        answer = await ada.execute(connection, counted, headers=headers, timeout_ms=200)
        assert answer.outcome == (504, "upstream_timeout")
    assert calls(world, counted) == 1


async def test_a_refusal_frees_the_key(world: World, ada: Member, service: UUID, connection: UUID) -> None:
    slug = f"strict-{uuid4().hex}"
    world.action(service, slug, request_schema={"type": "object", "required": ["a"]})
    headers = new_key()
    refused = await ada.execute(connection, slug, {}, headers=headers)
    assert refused.outcome == (422, "invalid_parameters")
    answer = await ada.execute(connection, slug, {"a": 1}, headers=headers)
    assert answer.status == 200


async def test_what_could_not_be_sent_frees_the_key(world: World, ada: Member) -> None:
    connection = world.connect(ada, world.integration(base_url="http://127.0.0.1:9"))
    headers = new_key()
    for _ in range(2):
        assert (await ada.execute(connection, headers=headers)).outcome == (502, "upstream_unreachable")
    ids = {row["id"] for row in world.logs(connection_id=connection)}
    assert len(ids) == 2


async def test_a_caller_who_hangs_up_can_come_back_for_the_answer(
    world: World, ada: Member, connection: UUID, counted: str
) -> None:
    async def slow(_: Received) -> web.StreamResponse:
        await asyncio.sleep(0.5)
        return web.json_response({"done": True})

    world.upstream.on(f"/{counted}", slow)
    headers = new_key()
    task = asyncio.create_task(ada.execute(connection, counted, headers=headers))
    await asyncio.to_thread(world.upstream.wait_for, f"/{counted}")
    task.cancel()
    answer = None
    for _ in range(100):
        answer = await ada.execute(connection, counted, headers=headers)
        if answer.status == 200:
            break
        assert answer.outcome == (409, "idempotency_in_flight")
        await asyncio.sleep(0.05)
    assert answer is not None
    assert answer.json["data"] == {"done": True}
    assert calls(world, counted) == 1


async def test_the_raw_bytes_of_a_repeat(world: World, ada: Member, connection: UUID, counted: str) -> None:
    body = bytes(range(256))
    world.upstream.on(f"/{counted}", respond(body=body, content_type="image/png"))
    headers = {**new_key(), "Accept": "application/octet-stream"}
    first = await ada.execute(connection, counted, headers=headers)
    second = await ada.execute(connection, counted, headers=headers)
    assert (first.body, first.headers["Content-Type"]) == (body, "image/png")
    assert (second.body, second.headers["Content-Type"]) == (body, "image/png")
    assert first.headers["X-Execution-Id"] == second.headers["X-Execution-Id"]
    assert calls(world, counted) == 1
