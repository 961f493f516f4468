"""A person without an account follows a link, signs in at a certified authorization server, and is connected."""

import asyncio
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from demo.browser import Browser, Page
from demo.standins import StandIns
from tests.e2e.worlds import Member, World
from tests.people import as_owner

SCOPE = "https://www.googleapis.com/auth/gmail.readonly"


@dataclass
class EndUser:
    """Somebody with a browser."""

    browser: Browser = field(default_factory=Browser)

    async def open(self, url: str, form: Mapping[str, str] | None = None) -> Page:
        sent = None if form is None else dict(form)
        return await asyncio.to_thread(self.browser.open, url, sent)

    async def sign_in(self, page: Page, account: str, *, deny: bool = False) -> Page:
        """From the page that leads to the service, to the page that the callback leads to."""
        back = await asyncio.to_thread(self.browser.authorize, way_on(page), account, deny=deny)
        returned = await self.open(back)
        assert returned.status == 303, returned.text
        return await self.open(str(returned.headers["Location"]))


def way_on(page: Page) -> str:
    assert page.status == 200, page.text
    found = re.search(r'http-equiv="refresh" content="\d;url=([^"]+)"', page.text)
    assert found is not None, page.text
    return unescape(found[1])


@pytest.fixture(scope="module")
async def mail(world: World, standins: StandIns, ada: Member) -> str:
    """An integration whose accounts are told apart, with an OAuth client; its slug."""
    at = standins.addresses
    world.integration(
        slug="linked-mail",
        base_url=at.gmail_base_url,
        auth_type="oauth2",
        auth_config={
            "authorization_url": at.authorization_url,
            "token_url": at.token_url,
            "userinfo_url": at.userinfo_url,
            "issuer": at.issuer,
            "scopes": ["openid", SCOPE],
            "scope_descriptions": {SCOPE: "Read your mail"},
            "authorization_params": {"access_type": "offline", "prompt": "consent"},
            "account": {"id": "userinfo.sub", "name": "userinfo.sub"},
        },
    )
    client = {
        "client_id": standins.credentials.client_id,
        "client_secret": standins.credentials.client_secret,
    }
    put = await ada.caller.call("PUT", "/api/v2/integrations/linked-mail/oauth-client", client)
    assert put.status == 200, put.text
    return "linked-mail"


async def link_of(person: Member, **members: Any) -> dict[str, Any]:
    made = await person.caller.call("POST", "/api/v2/connect-links", members)
    assert made.status == 201, made.text
    found: dict[str, Any] = made.json
    return found


async def new_link(person: Member, integration: str, end_user_id: str) -> dict[str, Any]:
    return await link_of(
        person, workspace_id=str(person.workspace_id), integration=integration, end_user_id=end_user_id
    )


async def connections_of(person: Member, end_user_id: str) -> list[dict[str, Any]]:
    found = await person.caller.call("GET", f"/api/v2/connections?end_user_id={end_user_id}")
    assert found.status == 200, found.text
    rows: list[dict[str, Any]] = found.json["data"]
    return rows


async def test_from_the_link_to_a_call_of_the_service(world: World, ada: Member, mail: str) -> None:
    link, person = await new_link(ada, mail, "customer-1"), EndUser()
    page = await person.open(link["url"])
    assert "Read your mail" in page.text
    denied = await person.sign_in(await person.open(link["url"], {}), "grace@example.com", deny=True)
    assert "You did not allow it" in denied.text
    done = await person.sign_in(await person.open(link["url"], {}), "grace@example.com")
    assert "Test is connected" in done.text
    assert "grace@example.com" in done.text

    (connection,) = await connections_of(ada, "customer-1")
    assert (connection["name"], connection["user_id"]) == ("grace@example.com", str(ada.user_id))
    answer = await ada.execute(
        UUID(connection["id"]), "http-request", {"method": "GET", "path": "/gmail/v1/users/me/messages"}
    )
    assert answer.status == 200, answer.text
    assert (await person.open(link["url"])).status == 410
    assert link["token"].encode() not in world.gateway.log_bytes()


async def test_a_connection_gets_its_own_account_back_and_no_other(
    world: World, ada: Member, mail: str
) -> None:
    link, person = await new_link(ada, mail, "customer-2"), EndUser()
    await person.sign_in(await person.open(link["url"], {}), "grace@example.com")
    (connection,) = await connections_of(ada, "customer-2")
    as_owner(
        world.urls,
        "UPDATE connections SET status = 'reauthorization_required' WHERE id = %s",
        connection["id"],
    )

    again = await link_of(ada, connection_id=connection["id"])
    assert "grace@example.com" in (await person.open(again["url"])).text
    other = EndUser()
    refused = await other.sign_in(await other.open(again["url"], {}), "ada@example.com")
    assert "another Test account" in refused.text
    assert (await connections_of(ada, "customer-2"))[0]["status"] == "reauthorization_required"

    done = await person.sign_in(await person.open(again["url"], {}), "grace@example.com")
    assert "Test is connected" in done.text
    (mended,) = await connections_of(ada, "customer-2")
    assert (mended["id"], mended["status"]) == (connection["id"], "active")


async def test_one_person_connects_two_accounts(world: World, ada: Member, mail: str) -> None:
    for account in ("grace@example.com", "ada@example.com", "grace@example.com"):
        link, person = await new_link(ada, mail, "customer-3"), EndUser()
        await person.sign_in(await person.open(link["url"], {}), account)
    accounts = [row["account_name"] for row in await connections_of(ada, "customer-3")]
    assert sorted(accounts) == ["ada@example.com", "grace@example.com"]


async def test_what_stands_in_addresses(world: World, ada: Member, mail: str) -> None:
    """Neither the service nor the maker's page gets to know the link's token."""
    link, person = await new_link(ada, mail, "customer-4"), EndUser()
    going = await person.open(link["url"], {})
    asked = urllib.parse.urlsplit(way_on(going))
    assert link["token"] not in asked.query
    rows = as_owner(world.urls, "SELECT return_url FROM oauth_authorizations ORDER BY id DESC LIMIT 1")
    assert rows == [(f"{world.gateway.url}/connect/return/{link['id']}",)]
