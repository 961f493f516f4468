"""Rows are live on every worker within a second, beside the shipped catalog; and the shipped actions do their work."""

import asyncio
import base64
import subprocess
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from demo.browser import Browser
from demo.rows import client_environment, redirect, redirections
from demo.standins import StandIns
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.embedded_postgres.binaries import find_binaries
from tests.e2e.callers import Answer, Caller
from tests.e2e.gateways import Gateway, portway, serving
from tests.e2e.upstreams import Upstream
from tests.e2e.worlds import Member, World

# Word for word as the description of the system has it.
INSERT_INTEGRATION = """
INSERT INTO integrations (name, slug, base_url, auth_type)
VALUES ('Gmail', 'gmail', 'https://gmail.googleapis.com', 'oauth2');
"""
INSERT_ACTION = """
INSERT INTO actions (integration_id, name, slug, http_method, endpoint_path)
SELECT id, 'Look', 'look', 'GET', '/gmail/v1/users/{user}/messages' FROM integrations WHERE slug = 'gmail';
"""
CONNECTIONS = 24
"""So many at once that each of two workers gets some, unless a coin falls on one side 24 times."""


@pytest.fixture(scope="module")
def admin_environment(database_urls: DatabaseUrls) -> dict[str, str]:
    return {"PORTWAY_DATABASE_URL": database_urls.app, "PORTWAY_ADMIN_DATABASE_URL": database_urls.admin}


@pytest.fixture(scope="module")
def stocked(
    database_urls: DatabaseUrls,
    admin_environment: dict[str, str],
    standins: StandIns,
    upstream: Upstream,
    http: aiohttp.ClientSession,
) -> Iterator[World]:
    """Two workers, and the shipped catalog, pointed at the stand-ins."""
    portway("catalog", "load", environment=admin_environment)
    assert redirect(database_urls.admin, redirections(standins.addresses)) == 4
    with serving(database_urls, workers=2, environment=client_environment(standins.credentials)) as gateway:
        yield World(database_urls, gateway, upstream, http)


@pytest.fixture(scope="module")
def ada(stocked: World) -> Member:
    return stocked.person("ada")


def psql(environment: dict[str, str], *statements: str) -> None:
    """As the README tells it: psql "$(portway db url --admin)"."""
    url = portway("db", "url", "--admin", environment=environment).strip()
    program = find_binaries().directory / "psql"
    for statement in statements:
        done = subprocess.run(
            [program, url, "-v", "ON_ERROR_STOP=1", "-c", statement],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


async def everywhere(caller: Caller, *arguments: Any) -> list[Answer]:
    """The same execution over many new connections, so that all workers get it."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        fresh = Caller(session, caller.url, caller.bearer)
        return await asyncio.gather(*(fresh.execute(*arguments) for _ in range(CONNECTIONS)))


async def connect(member: Member, slug: str, credentials: dict[str, str]) -> UUID:
    body = {
        "workspace_id": str(member.workspace_id),
        "integration": slug,
        "name": "Mine",
        "credentials": credentials,
    }
    made = await member.caller.call("POST", "/api/v2/connections", body)
    assert made.status == 201, made.text
    return UUID(made.json["id"])


async def test_a_row_is_live_within_a_second(
    stocked: World, ada: Member, admin_environment: dict[str, str], gateway_workers: None
) -> None:
    psql(admin_environment, "INSERT INTO integrations (name, slug, base_url, auth_type)"
         f" VALUES ('New', 'brand-new', '{stocked.upstream.url}', 'bearer')")  # fmt: skip
    connection = await connect(ada, "brand-new", {"token": "a-token"})
    look = (ada.workspace_id, connection, "look", {"thing": 5})
    assert {answer.outcome for answer in await everywhere(ada.caller, *look)} == {(404, "not_found")}

    psql(admin_environment, "INSERT INTO actions (integration_id, name, slug, http_method, endpoint_path)"
         " SELECT id, 'Look', 'look', 'GET', '/things/{thing}' FROM integrations WHERE slug = 'brand-new'")  # fmt: skip
    # Not only within a second: with the next call.
    answers = await everywhere(ada.caller, *look)
    assert {answer.status for answer in answers} == {200}
    assert {answer.json["data"]["path"] for answer in answers} == {"/things/5"}

    psql(admin_environment, "UPDATE actions SET endpoint_path = '/other/{thing}' WHERE slug = 'look'",
         "UPDATE integrations SET base_url = base_url || '/v2' WHERE slug = 'brand-new'")  # fmt: skip
    answers = await everywhere(ada.caller, *look)
    assert {answer.json["data"]["path"] for answer in answers} == {"/v2/other/5"}

    psql(admin_environment, "DELETE FROM actions WHERE slug = 'look'")
    assert {answer.outcome for answer in await everywhere(ada.caller, *look)} == {(404, "not_found")}


@pytest.fixture
def gateway_workers(stocked: World) -> None:
    """There are two, or the test would prove little."""
    gateway: Gateway = stocked.gateway
    assert len(gateway.workers) == 2


async def test_a_mail_with_an_attachment(stocked: World, ada: Member, standins: StandIns) -> None:
    connection = await authorize(ada, "gmail", standins)
    content = bytes(range(256)) * 3
    attachment = {
        "filename": "ä.bin",
        "content_type": "application/octet-stream",
        "content_base64": base64.b64encode(content).decode(),
    }
    parameters = {
        "to": ["Zoë <zoe@example.com>"],
        "subject": "Grüße 你好",
        "text": "plain",
        "attachments": [attachment],
    }
    answer = await ada.execute(connection, "send-email", parameters)
    assert answer.status == 200, answer.text
    raw = standins.requests("gmail")[-1]["json"]["raw"]
    mail = message_from_bytes(base64.urlsafe_b64decode(raw + "=="), policy=policy.default)
    assert mail["Subject"] == "Grüße 你好"
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("ä.bin", content)
    hostile = {**parameters, "subject": "Hello\r\nBcc: eve@example.com"}
    refused = await ada.execute(connection, "send-email", hostile)
    assert refused.outcome == (422, "invalid_parameters")


@pytest.mark.parametrize(
    ("action", "given", "sent"),
    [
        ("update-values", [1, 2, 3], [[1, 2, 3]]),
        ("append-values", [1, 2, 3], [[1, 2, 3]]),
        ("update-values", [[1, "two"], [None, True]], [[1, "two"], [None, True]]),
        ("update-values", "alone", [["alone"]]),
    ],
)
async def test_rows_reach_sheets_as_tables(
    sheets: tuple[Member, UUID], standins: StandIns, action: str, given: Any, sent: Any
) -> None:
    member, connection = sheets
    parameters = {"spreadsheet_id": "abc", "range": "Sheet1!A1:C3", "values": given}
    answer = await member.execute(connection, action, parameters)
    assert answer.status == 200, answer.text
    request = standins.requests("sheets")[-1]
    assert request["json"] == {"values": sent}
    assert request["status"] == 200
    assert request["path"].startswith("/v4/spreadsheets/abc/values/Sheet1%21A1%3AC3")


@pytest.fixture(scope="module")
async def sheets(ada: Member, standins: StandIns) -> tuple[Member, UUID]:
    return ada, await authorize(ada, "google-sheets", standins)


async def authorize(member: Member, slug: str, standins: StandIns) -> UUID:
    """Connects through the redirect, as a person does."""
    body = {"workspace_id": str(member.workspace_id), "integration": slug, "name": "Mine"}
    begun = await member.caller.call("POST", "/api/v2/connections/authorize", body)
    assert begun.status == 200, begun.text

    def follow() -> None:
        browser = Browser()
        page = browser.open(browser.authorize(begun.json["authorization_url"], standins.accounts[0]))
        assert page.status == 200, page.text

    await asyncio.to_thread(follow)
    listed = await member.caller.get("/api/v2/connections", integration=slug, limit="1")
    return UUID(listed["data"][0]["id"])


async def test_the_missions_own_statement_beside_the_shipped_row(
    stocked: World, ada: Member, admin_environment: dict[str, str], standins: StandIns
) -> None:
    """Last, because from here on the slug is the operator's; who is connected with the shipped one goes on."""
    before = await authorize(ada, "gmail", standins)
    psql(admin_environment, INSERT_INTEGRATION, INSERT_ACTION)
    psql(
        admin_environment, f"UPDATE integrations SET base_url = '{stocked.upstream.url}' WHERE slug = 'gmail'"
    )
    connection = await connect(ada, "gmail", {"access_token": "brought-along"})
    answers = await everywhere(ada.caller, ada.workspace_id, connection, "look", {"user": "me"})
    assert {answer.status for answer in answers} == {200}
    received = stocked.upstream.received("/gmail/v1/users/me/messages")[-1]
    assert received.headers["authorization"] == "Bearer brought-along"

    old = await ada.execute(before, "list-messages", {"max_results": 1})
    assert old.status == 200, old.text
    portway("catalog", "load", environment=admin_environment)
    again = await everywhere(ada.caller, ada.workspace_id, connection, "look", {"user": "me"})
    assert {answer.status for answer in again} == {200}
    shown = await ada.caller.get("/api/v2/integrations/gmail")
    assert shown["base_url"] == stocked.upstream.url
