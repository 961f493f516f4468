"""Events reach a receiver that checks their signatures, whatever happens to it and to the gateway meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.gateways import Gateway, serving
from tests.e2e.upstreams import Answer, Received, Upstream, in_turn, respond
from tests.e2e.worlds import Member, World
from tests.people import as_app, as_owner

WEBHOOKS = "/api/v2/webhooks"
TAKEN = respond(status=204)


class Hook:
    """A webhook of somebody's, and its receiver at the upstream."""

    def __init__(self, upstream: Upstream, path: str, made: dict[str, Any]) -> None:
        self.path = path
        self.id = made["id"]
        self.secret = made["secret"]
        self._upstream = upstream

    def wait_for(self, number: int, seconds: float = 20) -> list[dict[str, Any]]:
        """The events that came, their signatures checked."""
        self._upstream.wait_for(self.path, number, seconds)
        return [self.verified(received) for received in self.received()]

    def received(self) -> list[Received]:
        return self._upstream.received(self.path)

    def verified(self, received: Received, secret: str | None = None) -> dict[str, Any]:
        told: dict[str, Any] = Webhook(secret or self.secret).verify(received.body, received.headers)
        return told


async def taking(received: Received, seconds: float) -> web.StreamResponse:
    """Takes the event, and some time."""
    await asyncio.sleep(seconds)
    return await TAKEN(received)


async def new_hook(world: World, person: Member, name: str, answer: Answer = TAKEN, *events: str) -> Hook:
    path = f"/hook-{name}"
    url = world.upstream.on(path, answer)
    made = await person.caller.call(
        "POST", WEBHOOKS, {"url": url, "events": list(events) or ["connection.created"]}
    )
    assert made.status == 201, made.text
    return Hook(world.upstream, path, made.json)


async def deliveries_of(person: Member, hook: Hook) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await person.caller.get(f"{WEBHOOKS}/{hook.id}/deliveries"))["data"]
    return found


async def until_delivered(person: Member, hook: Hook, seconds: float = 10) -> list[dict[str, Any]]:
    async with asyncio.timeout(seconds):
        while True:
            found = await deliveries_of(person, hook)
            if {row["status"] for row in found} == {"delivered"}:
                return found
            await asyncio.sleep(0.05)


async def wait(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Looks again and again."""
    async with asyncio.timeout(seconds):
        while True:
            if condition():
                return
            await asyncio.sleep(0.05)


async def test_what_happens_to_a_connection_is_told(world: World, service: UUID) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    hook = await new_hook(
        world, ada, "life", TAKEN, "connection.created", "connection.deleted", "execution.failed"
    )
    connection = world.connect(ada, service)
    world.upstream.on("/echo-life", respond(status=500, text="no"))
    world.action(service, "echo-life")
    answer = await ada.execute(connection, "echo-life", {})
    assert answer.code == "upstream_error"
    world.connect(bob, service)  # another organization's
    as_app(world.urls, "SELECT app.delete_connection(%s, %s)", ada.sealed_pass, connection)
    told = hook.wait_for(3)
    kinds = {event["type"]: event["data"] for event in told}
    assert kinds.keys() == {"connection.created", "execution.failed", "connection.deleted"}
    assert all(data["connection_id"] == str(connection) for data in kinds.values())
    assert kinds["execution.failed"]["execution_id"] == answer.json["execution_id"]
    assert kinds["execution.failed"]["error_code"] == "upstream_error"
    assert len({received.headers["webhook-id"] for received in hook.received()}) == 3


async def test_a_receiver_that_fails_first(world: World, service: UUID) -> None:
    ada = world.person("ada")
    hook = await new_hook(world, ada, "flaky", in_turn(respond(status=500, text="not yet"), TAKEN))
    world.connect(ada, service)
    hook.wait_for(2)
    (delivery,) = await until_delivered(ada, hook)
    first, second = hook.received()
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == delivery["event_id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) >= 5
    assert first.body == second.body
    detail = await ada.caller.get(f"{WEBHOOKS}/{hook.id}/deliveries/{delivery['id']}")
    assert [(made["status_code"], made["error"], made["answer"]) for made in detail["attempts_made"]] == [
        (500, "upstream_error", "not yet"),
        (204, None, ""),
    ]


async def test_replay_and_a_new_secret(world: World, service: UUID) -> None:
    ada = world.person("ada")
    hook = await new_hook(world, ada, "replay")
    world.connect(ada, service)
    hook.wait_for(1)
    (delivery,) = await until_delivered(ada, hook)
    new = (await ada.caller.call("POST", f"{WEBHOOKS}/{hook.id}/rotate-secret", {})).json["secret"]
    replayed = await ada.caller.call("POST", f"{WEBHOOKS}/{hook.id}/deliveries/{delivery['id']}/replay", {})
    assert replayed.status == 202, replayed.text
    hook.wait_for(2)
    first, again = hook.received()
    assert again.headers["webhook-id"] == first.headers["webhook-id"]
    assert hook.verified(again, new) == hook.verified(again) == hook.verified(first)
    assert len(again.headers["webhook-signature"].split()) == 2


async def test_410_ends_it(world: World, service: UUID) -> None:
    ada = world.person("ada")
    hook = await new_hook(world, ada, "gone", respond(status=410))
    world.connect(ada, service)
    hook.wait_for(1)
    await wait(lambda: as_owner(
        world.urls, "SELECT disabled_reason FROM webhook_endpoints WHERE id = %s::uuid", hook.id
    ) == [("gone",)])  # fmt: skip
    world.connect(ada, service)
    await asyncio.sleep(0.5)
    assert len(hook.received()) == 1


async def test_a_redirect_is_not_followed(world: World, service: UUID) -> None:
    ada = world.person("ada")
    elsewhere = world.upstream.on("/elsewhere", TAKEN)
    hook = await new_hook(world, ada, "moved", respond(status=307, headers={"Location": elsewhere}))
    world.connect(ada, service)
    await wait(lambda: as_owner(
        world.urls, "SELECT status_code FROM webhook_deliveries WHERE endpoint_id = %s::uuid", hook.id
    ) == [(307,)])  # fmt: skip
    (delivery,) = await deliveries_of(ada, hook)
    assert (delivery["status"], delivery["status_code"], delivery["error"]) == (
        "pending",
        307,
        "upstream_error",
    )
    assert world.upstream.received("/elsewhere") == []


async def test_an_address_that_calls_may_not_reach(world: World, service: UUID) -> None:
    ada = world.person("ada")
    made = await ada.caller.call(
        "POST", WEBHOOKS, {"url": "http://10.0.0.1/hook", "events": ["connection.created"]}
    )
    hook = Hook(world.upstream, "/none", made.json)
    world.connect(ada, service)
    await wait(lambda: as_owner(
        world.urls, "SELECT error FROM webhook_deliveries WHERE endpoint_id = %s::uuid", hook.id
    ) == [("egress_blocked",)])  # fmt: skip


async def test_several_processes_share_the_work_and_send_each_event_once(world: World, service: UUID) -> None:
    """The shared gateway has two workers."""
    ada = world.person("ada")
    hook = await new_hook(world, ada, "shared")
    for _ in range(60):
        world.connect(ada, service)
    hook.wait_for(60, seconds=30)
    await until_delivered(ada, hook)
    await asyncio.sleep(1)
    times = Counter(received.headers["webhook-id"] for received in hook.received())
    assert len(times) == 60
    assert set(times.values()) == {1}


@pytest.fixture
def lonely(
    database_urls: DatabaseUrls, upstream: Upstream, http: aiohttp.ClientSession
) -> Callable[[Gateway], World]:
    """A gateway's world on a database of this module's own."""
    return lambda gateway: World(database_urls, gateway, upstream, http)


async def test_a_gateway_killed_between_two_attempts(
    lonely: Callable[[Gateway], World], database_urls: DatabaseUrls
) -> None:
    with serving(database_urls) as gateway:
        world = lonely(gateway)
        ada, service = world.person("ada"), world.integration()
        hook = await new_hook(world, ada, "killed", in_turn(respond(status=503), TAKEN))
        world.connect(ada, service)
        hook.wait_for(1)
        await wait(lambda: as_owner(
            database_urls, "SELECT attempts FROM webhook_deliveries WHERE endpoint_id = %s::uuid", hook.id
        ) == [(1,)])  # fmt: skip
        gateway.kill()
    await asyncio.sleep(1)
    assert len(hook.received()) == 1
    with serving(database_urls):
        hook.wait_for(2)
        await wait(lambda: as_owner(
            database_urls, "SELECT status FROM webhook_deliveries WHERE endpoint_id = %s::uuid", hook.id
        ) == [("delivered",)])  # fmt: skip


async def test_a_gateway_killed_in_the_middle_of_an_attempt(
    lonely: Callable[[Gateway], World], database_urls: DatabaseUrls
) -> None:
    """Nobody knows whether it arrived, so it is sent again, with the same id, when its claim is over."""

    with serving(database_urls) as gateway:
        world = lonely(gateway)
        ada, service = world.person("ada"), world.integration()
        hook = await new_hook(world, ada, "middle", in_turn(partial(taking, seconds=10), TAKEN))
        world.connect(ada, service)
        hook.wait_for(1)
        gateway.kill()
    as_owner(
        database_urls,
        "UPDATE webhook_deliveries SET claimed_until = now() + interval '5 seconds' WHERE endpoint_id = %s::uuid",
        hook.id,
    )
    with serving(database_urls):
        hook.wait_for(2, seconds=60)
        first, second = hook.received()
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        await wait(lambda: as_owner(
            database_urls, "SELECT status FROM webhook_deliveries WHERE endpoint_id = %s::uuid", hook.id
        ) == [("delivered",)])  # fmt: skip


async def test_a_gateway_that_is_stopped_finishes_what_it_sends(
    lonely: Callable[[Gateway], World], database_urls: DatabaseUrls
) -> None:
    with serving(database_urls) as gateway:
        world = lonely(gateway)
        ada, service = world.person("ada"), world.integration()
        hook = await new_hook(world, ada, "drained", partial(taking, seconds=2))
        world.connect(ada, service)
        hook.wait_for(1)
        gateway.terminate()
        assert gateway.wait() == 0
    assert as_owner(
        database_urls, "SELECT status, attempts FROM webhook_deliveries WHERE endpoint_id = %s::uuid", hook.id
    ) == [("delivered", 1)]
    assert as_owner(database_urls, "SELECT count(*) FROM jobs.procrastinate_workers") == [(0,)]
