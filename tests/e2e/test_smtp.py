"""A service that does not speak HTTP, through the whole gateway."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from portway.catalog.definitions import SHIPPED, IntegrationDefinition, load_definitions
from tests.e2e.callers import Answer
from tests.e2e.worlds import Member, World, check_refusal
from tests.integration.mail_servers import PASSWORD, USERNAME, Mailbox, mail_server

DEFINITION: IntegrationDefinition = load_definitions(SHIPPED / "smtp")[0]
MAIL = {"to": ["grace@example.com"], "subject": "Hello", "text": "It works."}


@contextmanager
def listening(mailbox: Mailbox) -> Iterator[int]:
    """A mail server in a thread of its own, as one within the operator's network: without TLS."""
    loop = asyncio.new_event_loop()
    ports: list[int] = []
    started, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with mail_server(mailbox, ssl.create_default_context(), security="none") as port:
            ports.append(port)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


@pytest.fixture(scope="module")
def smtp(world: World) -> str:
    """The shipped rows, under another slug."""
    made = world.integration(
        slug="mail-server",
        base_url=DEFINITION.base_url,
        auth_type=DEFINITION.auth_type,
        auth_config=DEFINITION.auth_config,
    )
    (action,) = DEFINITION.actions
    world.action(
        made,
        action.slug,
        action.endpoint_path,
        action.http_method,
        handler=action.handler,
        request_schema=action.request_schema,
    )
    return "mail-server"


async def connect(ada: Member, integration: str, **credentials: str) -> Answer:
    return await ada.caller.call(
        "POST",
        "/api/v2/connections",
        {
            "workspace_id": str(ada.workspace_id),
            "integration": integration,
            "name": "Mail",
            "credentials": {
                "host": "127.0.0.1",
                "security": "none",
                "username": USERNAME,
                "password": PASSWORD,
                **credentials,
            },
        },
    )


async def connected(ada: Member, integration: str, **credentials: str) -> UUID:
    answer = await connect(ada, integration, **credentials)
    assert answer.status == 201, answer.text
    return UUID(answer.json["id"])


async def test_a_mail_is_handed_in_and_recorded(world: World, ada: Member, smtp: str) -> None:
    mailbox = Mailbox(refused={"gone@example.com": "550 no such user"})
    with listening(mailbox) as port:
        connection = await connected(ada, smtp, port=str(port))
        answer = await ada.execute(connection, "send-email", {**MAIL, "cc": "gone@example.com"})

    assert answer.status == 200, answer.text
    data = answer.json["data"]
    assert data["accepted"] == ["grace@example.com"]
    assert [one["address"] for one in data["rejected"]] == ["gone@example.com"]
    assert mailbox.message()["Message-ID"] == data["message_id"]
    assert mailbox.logins == [PASSWORD.encode()]
    row = world.log(answer)
    assert (row["status"], row["attempts"], row["status_code"]) == ("success", 1, 200)
    assert PASSWORD not in str(row)


async def test_the_key_is_not_free_once_the_server_may_have_acted(ada: Member, smtp: str) -> None:
    mailbox = Mailbox(refused={"DATA": "452 disk full"})
    headers = {"Idempotency-Key": "one-mail"}
    with listening(mailbox) as port:
        connection = await connected(ada, smtp, port=str(port))
        first = await ada.execute(connection, "send-email", MAIL, headers=headers)
        mailbox.refused.clear()
        second = await ada.execute(connection, "send-email", MAIL, headers=headers)

    assert first.outcome == second.outcome == (502, "upstream_error")
    assert first.json["upstream"]["body"] == {"code": 452, "message": "disk full"}
    assert mailbox.envelopes == []


async def test_where_nobody_listens_nothing_was_done(world: World, ada: Member, smtp: str) -> None:
    with listening(Mailbox()) as port:
        connection = await connected(ada, smtp, port=str(port))
    answer = await ada.execute(connection, "send-email", MAIL, headers={"Idempotency-Key": "no-mail"})
    assert answer.outcome == (502, "upstream_unreachable")
    with listening(Mailbox()):
        again = await ada.execute(connection, "send-email", MAIL, headers={"Idempotency-Key": "no-mail"})
    assert again.json["execution_id"] != answer.json["execution_id"]


async def test_not_to_a_network_that_is_not_allowed(world: World, ada: Member, smtp: str) -> None:
    connection = await connected(ada, smtp, host="169.254.169.254", port="25")
    answer = await ada.execute(connection, "send-email", MAIL)
    assert answer.outcome == (502, "egress_blocked")
    check_refusal(world, ada, answer, status="error")


async def test_a_server_that_says_nothing_ends_with_the_executions_time(ada: Member, smtp: str) -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silence, "127.0.0.1", 0) as server:
        connection = await connected(ada, smtp, port=str(server.sockets[0].getsockname()[1]))
        answer = await ada.execute(connection, "send-email", MAIL, timeout_ms=300)
    assert answer.outcome == (504, "upstream_timeout")


async def test_http_has_no_place_here(ada: Member, smtp: str) -> None:
    connection = await connected(ada, smtp, port="25")
    answer = await ada.execute(connection, "http-request", {"method": "GET", "path": "/"})
    assert answer.status in {422, 502}, answer.text
    assert answer.code in {"invalid_integration_config", "egress_blocked"}


@pytest.mark.parametrize("missing", [{"password": ""}, {"extra": "x"}])
async def test_a_connection_needs_all_of_it(ada: Member, smtp: str, missing: dict[str, Any]) -> None:
    answer = await connect(ada, smtp, port="25", **missing)
    assert answer.outcome == (400, "malformed_request")
    assert {error["pointer"] for error in answer.json["errors"]} == {f"/credentials/{next(iter(missing))}"}
