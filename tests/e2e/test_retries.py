"""Requests that are sent again, and those that must not be: as the service saw them."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from tests.e2e.callers import Answer as Answered
from tests.e2e.oauth_services import oauth_service
from tests.e2e.upstreams import Answer, Received, in_turn, respond
from tests.e2e.worlds import Member, World, check_refusal

OK = respond(text='{"ok": true}', content_type="application/json")
QUICK = {"first_delay_ms": 1}


def failing(status: int = 503, **headers: str) -> Answer:
    return respond(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


class Flaky:
    """An integration with one action, whose service answers these one after the other."""

    def __init__(
        self, world: World, ada: Member, *answers: Answer, method: str = "GET", timeout_ms: int = 20_000,
        **retry: Any,
    ) -> None:  # fmt: skip
        self.world, self.ada = world, ada
        service = world.integration()
        self.path = f"/flaky-{service.hex}"
        world.action(
            service,
            "flaky",
            self.path,
            method,
            timeout_ms=timeout_ms,
            transform_config={"retry": QUICK | retry},
        )
        world.upstream.on(self.path, in_turn(*answers))
        self.connection = world.connect(ada, service)

    async def execute(self, **members: Any) -> Answered:
        return await self.ada.execute(self.connection, "flaky", {"a": 1}, **members)

    @property
    def received(self) -> list[Received]:
        return self.world.upstream.received(self.path)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_a_repeatable_request_is_sent_again(
    world: World, ada: Member, method: str, status: int
) -> None:
    flaky = Flaky(world, ada, failing(status), OK, method=method)
    answer = await flaky.execute()
    assert answer.status == 200, answer.text
    assert answer.json["meta"]["attempts"] == 2
    row = world.log(answer)
    assert (row["status"], row["status_code"], row["attempts"]) == ("success", 200, 2)
    first, second = flaky.received
    assert first == second
    assert second.method == method


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_what_may_act_twice_is_not(world: World, ada: Member, method: str) -> None:
    flaky = Flaky(world, ada, failing(503, Retry_After="1"), OK, method=method)
    answer = await flaky.execute()
    assert answer.outcome == (502, "upstream_error")
    assert answer.headers["Retry-After"] == "1"
    check_refusal(world, ada, answer, status="error", status_code=503, attempts=1)
    assert len(flaky.received) == 1


@pytest.mark.parametrize("status", [400, 404, 408, 500, 501])
async def test_other_errors_are_answers(world: World, ada: Member, status: int) -> None:
    flaky = Flaky(world, ada, failing(status), OK)
    answer = await flaky.execute()
    assert answer.outcome == (502, "upstream_error")
    check_refusal(world, ada, answer, status="error", status_code=status, attempts=1)


async def test_the_row_says_which_errors(world: World, ada: Member) -> None:
    flaky = Flaky(world, ada, failing(418), failing(503), statuses=[418])
    answer = await flaky.execute()
    check_refusal(world, ada, answer, status="error", status_code=503, attempts=2)


async def test_a_post_that_the_row_calls_idempotent(world: World, ada: Member) -> None:
    flaky = Flaky(world, ada, failing(), OK, method="POST", idempotent=True)
    assert (await flaky.execute()).json["meta"]["attempts"] == 2
    assert [one.body for one in flaky.received] == [b'{"a":1}'] * 2


async def test_a_key_makes_a_post_repeatable(world: World, ada: Member) -> None:
    flaky = Flaky(world, ada, failing(), failing(), OK, method="POST", idempotency_header="Idempotency-Key")
    answers = [await flaky.execute(), await flaky.execute()]
    assert [answer.json["meta"]["attempts"] for answer in answers] == [3, 1]
    keys = [one.headers["idempotency-key"] for one in flaky.received]
    assert keys[0] == keys[1] == keys[2] == answers[0].json["execution_id"]
    assert keys[3] == answers[1].json["execution_id"]


async def test_a_get_needs_no_key(world: World, ada: Member) -> None:
    flaky = Flaky(world, ada, failing(), OK, idempotency_header="Idempotency-Key")
    await flaky.execute()
    assert len(flaky.received) == 2
    assert not any("idempotency-key" in one.headers for one in flaky.received)


@pytest.mark.parametrize("most", [1, 2, 5])
async def test_there_are_no_more_attempts_than_the_row_allows(world: World, ada: Member, most: int) -> None:
    flaky = Flaky(world, ada, failing(), max_attempts=most)
    answer = await flaky.execute()
    assert answer.outcome == (502, "upstream_error")
    check_refusal(world, ada, answer, status="error", status_code=503, attempts=most)
    assert len(flaky.received) == most


async def test_three_attempts_are_the_default(world: World, ada: Member, service: UUID) -> None:
    world.action(service, "by-default", method="GET")
    world.upstream.on("/by-default", failing())
    started = time.monotonic()
    answer = await ada.execute(world.connect(ada, service), "by-default")
    # From a half to the whole of 0.5 s and of 1 s.
    assert time.monotonic() - started >= 0.75
    check_refusal(world, ada, answer, status="error", attempts=3)


async def in_two_seconds(received: Received) -> web.StreamResponse:
    """A Retry-After with a date, of whole seconds: 1.5 to 2.5 seconds from now."""
    moment = datetime.now(UTC) + timedelta(seconds=2.5)
    return await failing(429, Retry_After=format_datetime(moment, usegmt=True))(received)


@pytest.mark.parametrize("when", [failing(429, Retry_After="1"), in_two_seconds], ids=["seconds", "date"])
async def test_the_service_says_when(world: World, ada: Member, when: Answer) -> None:
    flaky = Flaky(world, ada, when, OK)
    started = time.monotonic()
    answer = await flaky.execute()
    assert answer.json["meta"]["attempts"] == 2
    assert time.monotonic() - started >= 0.95
    assert world.log(answer)["duration_ms"] >= 950


@pytest.mark.parametrize("status", [429, 503])
async def test_who_would_have_to_wait_too_long_is_told_at_once(
    world: World, ada: Member, status: int
) -> None:
    flaky = Flaky(world, ada, failing(status, Retry_After="60"), OK)
    started = time.monotonic()
    answer = await flaky.execute()
    assert time.monotonic() - started < 5
    assert answer.outcome == (502, "upstream_error")
    assert answer.headers["Retry-After"] == "60"
    assert answer.json["upstream"]["headers"]["retry-after"] == "60"
    check_refusal(world, ada, answer, status="error", status_code=status, attempts=1)


async def test_the_callers_own_time_counts(world: World, ada: Member) -> None:
    flaky = Flaky(world, ada, failing(503, Retry_After="3"), OK)
    answer = await flaky.execute(timeout_ms=1000)
    assert answer.outcome == (502, "upstream_error")
    assert answer.headers["Retry-After"] == "3"
    assert (await flaky.execute(timeout_ms=10_000)).status == 200


async def test_attempts_share_the_time_of_the_execution(world: World, ada: Member) -> None:
    async def slowly(_: Received) -> web.StreamResponse:
        await asyncio.sleep(0.4)
        return web.Response(status=503)

    flaky = Flaky(world, ada, slowly, timeout_ms=1000, max_attempts=10)
    started = time.monotonic()
    answer = await flaky.execute()
    assert answer.outcome == (504, "upstream_timeout")
    assert time.monotonic() - started < 3
    assert 2 <= len(flaky.received) <= 3
    assert world.log(answer)["attempts"] == len(flaky.received)


async def test_a_service_that_is_not_there_yet(world: World, ada: Member) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    service = world.integration(base_url=f"http://127.0.0.1:{port}")
    world.action(service, "late", transform_config={"retry": {"first_delay_ms": 1000, "max_attempts": 4}})
    executing = asyncio.create_task(ada.execute(world.connect(ada, service), "late", {"a": 1}))
    await asyncio.sleep(0.3)
    bodies: list[bytes] = []
    close = await listen(port, bodies)
    try:
        answer = await executing
    finally:
        await close()
    assert answer.status == 200, answer.text
    # It is a POST, but it never left before.
    assert answer.json["meta"]["attempts"] == 2
    assert world.log(answer)["attempts"] == 2
    assert bodies == [b'{"a":1}']


async def listen(port: int, bodies: list[bytes]) -> Callable[[], Awaitable[None]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.read())
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner.cleanup


async def test_nobody_ever_listens(world: World, ada: Member) -> None:
    service = world.integration(base_url="http://127.0.0.1:9")
    world.action(service, "never", transform_config={"retry": {"first_delay_ms": 1, "max_attempts": 4}})
    answer = await ada.execute(world.connect(ada, service), "never")
    assert answer.outcome == (502, "upstream_unreachable")
    check_refusal(world, ada, answer, status="error", attempts=4)


async def test_a_post_that_broke_off_is_not_sent_again(world: World, ada: Member) -> None:
    async def hang_up(received: Received) -> web.StreamResponse:
        raise asyncio.CancelledError

    flaky = Flaky(world, ada, hang_up, OK, method="POST", idempotent=True)
    answer = await flaky.execute()
    assert answer.outcome == (502, "upstream_invalid_response")
    check_refusal(world, ada, answer, status="error", attempts=1)
    assert len(flaky.received) == 1


async def test_a_refused_token_among_other_failures(world: World, ada: Member) -> None:
    """503, 401, a refresh, 503, success."""
    service = await oauth_service(world, ada)
    path = f"/among-{service.integration.hex}"
    world.action(service.integration, "among", path, "GET", transform_config={"retry": QUICK})
    world.upstream.on(
        path, in_turn(failing(), service.unless_expired(OK), failing(), service.unless_expired(OK))
    )
    answer = await ada.execute(service.connection, "among")
    assert answer.status == 200, answer.text
    assert (answer.json["meta"]["attempts"], answer.json["meta"]["refreshed"]) == (4, True)
    assert world.log(answer)["attempts"] == 4
    assert len(world.upstream.received(service.token_path)) == 1
    old, new = (f"Bearer {token}" for token in service.tokens)
    sent = [one.headers["authorization"] for one in world.upstream.received(path)]
    assert sent == [old, old, new, new]


async def test_a_post_is_sent_again_after_a_refresh(world: World, ada: Member) -> None:
    service = await oauth_service(world, ada)
    path = f"/post-{service.integration.hex}"
    world.action(service.integration, "send", path,
                 transform_config={"retry": QUICK | {"idempotency_header": "X-Key"}})  # fmt: skip
    world.upstream.on(path, service.unless_expired(OK))
    answer = await ada.execute(service.connection, "send")
    assert answer.json["meta"]["attempts"] == 2
    assert [one.headers["x-key"] for one in world.upstream.received(path)] == [
        answer.json["execution_id"]
    ] * 2


@pytest.mark.parametrize(
    ("refusal", "requests", "outcome"),
    [
        (respond(status=400, text='{"error": "invalid_grant"}', content_type="application/json"), 1,
         (409, "reauthorization_required")),
        # A refresh has patience of its own, whatever the row says of its requests.
        (failing(503), 3, (502, "upstream_unreachable")),
    ],
)  # fmt: skip
async def test_a_failed_refresh_is_not_repeated_by_the_row(
    world: World, ada: Member, refusal: Answer, requests: int, outcome: tuple[int, str]
) -> None:
    service = await oauth_service(world, ada)
    path = f"/refused-{service.integration.hex}"
    world.action(service.integration, "send", path, "GET",
                 transform_config={"retry": QUICK | {"max_attempts": 10}})  # fmt: skip
    world.upstream.on(path, service.unless_expired(OK))
    world.upstream.on(service.token_path, refusal)
    answer = await ada.execute(service.connection, "send")
    assert answer.outcome == outcome
    assert len(world.upstream.received(service.token_path)) == requests
    check_refusal(world, ada, answer, status="error", attempts=1)


async def test_a_service_that_refuses_every_token(world: World, ada: Member) -> None:
    service = await oauth_service(world, ada)
    path = f"/all-{service.integration.hex}"
    world.action(service.integration, "send", path, "GET",
                 transform_config={"retry": QUICK | {"max_attempts": 10, "statuses": [401, 503]}})  # fmt: skip
    world.upstream.on(path, failing(401))
    answer = await ada.execute(service.connection, "send")
    assert answer.outcome == (409, "reauthorization_required")
    assert len(world.upstream.received(service.token_path)) == 1
