"""Connecting at a certified authorization server: two accounts, the same one twice, and every way to be refused."""

import asyncio
import urllib.parse
from datetime import UTC, datetime
from typing import Any

import pytest

from demo.browser import Browser
from demo.standins import StandIns
from tests.e2e.callers import Answer
from tests.e2e.worlds import Member, World
from tests.people import as_owner

SCOPE = "https://www.googleapis.com/auth/gmail.readonly"
MORE = "https://www.googleapis.com/auth/gmail.send"
CONSOLE = {
    "Sec-Fetch-Site": "same-origin"
}  # what a browser says of the page that it shows from the gateway itself


class Desk:
    """Somebody who connects an account of theirs, with a browser."""

    def __init__(self, world: World, person: Member, slug: str) -> None:
        self.world = world
        self.person = person
        self.slug = slug
        self.browser = Browser()
        self.return_url = f"{world.gateway.url}/done"

    async def begin(self, headers: dict[str, str] | None = None, **members: Any) -> Answer:
        body = {"workspace_id": str(self.person.workspace_id), "integration": self.slug, **members}
        body.setdefault("return_url", self.return_url)
        return await self.person.caller.call("POST", "/api/v2/connections/authorize", body, headers=headers)

    async def begin_again(self, connection_id: str, **members: Any) -> Answer:
        path = f"/api/v2/connections/{connection_id}/reauthorize"
        return await self.person.caller.call("POST", path, {"return_url": self.return_url, **members})

    async def sign_in(self, begun: Answer, account: str, *, deny: bool = False) -> str:
        """The redirect back to the gateway, which is not followed yet. A browser of its own each time."""
        assert begun.status == 200, begun.text
        url = begun.json["authorization_url"]
        return await asyncio.to_thread(Browser().authorize, url, account, deny=deny)

    async def follow(self, redirect: str) -> dict[str, str]:
        """What came back to the `return_url`."""
        page = await asyncio.to_thread(self.browser.open, redirect)
        assert page.status == 303, page.text
        assert page.location is not None
        assert page.location.startswith(self.return_url)
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.location).query))

    async def connect(self, account: str, **members: Any) -> dict[str, Any]:
        """The connection, as the API shows it."""
        told = await self.follow(await self.sign_in(await self.begin(**members), account))
        assert "error" not in told, told
        shown: dict[str, Any] = await self.person.caller.get(f"/api/v2/connections/{told['connection_id']}")
        return shown

    async def connections(self, **query: str) -> list[dict[str, Any]]:
        asked = urllib.parse.urlencode({"integration": self.slug, **query})
        found: list[dict[str, Any]] = (await self.person.caller.get(f"/api/v2/connections?{asked}"))["data"]
        return found


def mail_at(world: World, standins: StandIns, slug: str, **auth_config: Any) -> None:
    at = standins.addresses
    made = world.integration(
        slug=slug,
        base_url=at.gmail_base_url,
        auth_type="oauth2",
        auth_config={
            "authorization_url": at.authorization_url,
            "token_url": at.token_url,
            "userinfo_url": at.userinfo_url,
            "issuer": at.issuer,
            "scopes": ["openid", SCOPE],
            "authorization_params": {"access_type": "offline", "prompt": "consent"},
            "account": {"id": "userinfo.sub", "name": "userinfo.sub"},
            **auth_config,
        },
    )
    world.action(made, "send", "/gmail/v1/users/me/messages", "GET", scopes=[SCOPE, MORE])


@pytest.fixture
async def desk(world: World, standins: StandIns) -> Desk:
    """Somebody new, whose organization has a client."""
    person = world.person("connector")
    slug = f"mail-{person.workspace_id.hex[-10:]}"
    mail_at(world, standins, slug)
    await set_client(person, standins, slug)
    return Desk(world, person, slug)


async def set_client(person: Member, standins: StandIns, slug: str, **members: str) -> None:
    client = {
        "client_id": standins.credentials.client_id,
        "client_secret": standins.credentials.client_secret,
        **members,
    }
    put = await person.caller.call("PUT", f"/api/v2/integrations/{slug}/oauth-client", client)
    assert put.status == 200, put.text


# Accounts


async def test_two_accounts_are_two_connections_called_by_their_names(desk: Desk) -> None:
    ada, grace = await desk.connect("ada@example.com"), await desk.connect("grace@example.com")
    assert [shown["name"] for shown in (ada, grace)] == ["ada@example.com", "grace@example.com"]
    assert [shown["account_id"] for shown in (ada, grace)] == ["ada@example.com", "grace@example.com"]
    assert ada["id"] != grace["id"]
    assert [found["id"] for found in await desk.connections(account_id="grace@example.com")] == [grace["id"]]


async def test_the_same_account_twice_is_one_connection(desk: Desk) -> None:
    first = await desk.connect("ada@example.com", name="Work")
    as_owner(
        desk.world.urls,
        "UPDATE connections SET status = 'reauthorization_required' WHERE id = %s",
        first["id"],
    )
    again = await desk.connect("ada@example.com", name="Another name")
    assert (again["id"], again["name"], again["status"]) == (first["id"], "Work", "active")
    theirs = await desk.connect("ada@example.com", end_user_id="customer-7")
    assert theirs["id"] != first["id"]
    assert [found["id"] for found in await desk.connections(end_user_id="customer-7")] == [theirs["id"]]


async def test_the_same_account_twice_at_once_is_one_connection(desk: Desk) -> None:
    made = await asyncio.gather(*(desk.connect("ada@example.com") for _ in range(4)))
    assert len({shown["id"] for shown in made}) == 1


async def test_authorized_again_with_another_account_it_is_refused(desk: Desk) -> None:
    shown = await desk.connect("ada@example.com")
    told = await desk.follow(await desk.sign_in(await desk.begin_again(shown["id"]), "grace@example.com"))
    assert told["error"] == "account_mismatch"
    assert "ada@example.com" in told["error_description"]
    assert "grace@example.com" in told["error_description"]
    assert await desk.connections() == [shown]
    told = await desk.follow(await desk.sign_in(await desk.begin_again(shown["id"]), "ada@example.com"))
    assert told == {"connection_id": shown["id"]}


# More scopes


async def test_an_action_that_needs_more_says_where_to_grant_the_union(desk: Desk) -> None:
    shown = await desk.connect("ada@example.com")
    assert shown["scopes"] == ["openid", SCOPE]
    refused = await desk.person.execute(shown["id"], "send")
    assert refused.outcome == (409, "insufficient_scope"), refused.text
    url = refused.json["authorize_url"]
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))["scope"].split()
    assert asked == ["openid", SCOPE, MORE]
    back = await asyncio.to_thread(Browser().authorize, url, "ada@example.com")
    page = await asyncio.to_thread(desk.browser.open, back)
    assert (page.status, "Connected" in page.text) == (200, True)
    (found,) = await desk.connections()
    assert (found["id"], set(found["scopes"])) == (shown["id"], {"openid", SCOPE, MORE})
    assert (await desk.person.execute(shown["id"], "send")).status == 200


# OAuth clients


async def test_a_client_that_was_replaced_goes_on_for_its_connections(desk: Desk, standins: StandIns) -> None:
    shown = await desk.connect("ada@example.com")
    await set_client(desk.person, standins, desk.slug, client_id="another", client_secret="another-secret")
    as_owner(
        desk.world.urls,
        "UPDATE connections SET expires_at = now() - interval '1 minute', issued_at = now() - interval '1 hour'"
        " WHERE id = %s",
        shown["id"],
    )
    tried = await desk.person.execute(shown["id"], "http-request", {"path": "/gmail/v1/users/me/messages"})
    assert tried.status == 200, tried.text
    (found,) = await desk.connections()
    assert found["status"] == "active"
    assert datetime.fromisoformat(found["expires_at"]) > datetime.now(UTC)
    begun = await desk.begin()
    assert "client_id=another&" in begun.json["authorization_url"]


async def test_a_client_of_another_name(desk: Desk, standins: StandIns) -> None:
    await set_client(desk.person, standins, desk.slug, name="second")
    await set_client(desk.person, standins, desk.slug, client_id="unknown-to-the-service")
    shown = await desk.connect("ada@example.com", oauth_client="second")
    assert shown["status"] == "active"
    refused = await desk.begin(oauth_client="third")
    assert refused.code == "malformed_request"
    assert refused.json["errors"][0]["pointer"] == "/oauth_client"


# Refusals


async def test_whoever_denies_is_told_so(desk: Desk) -> None:
    told = await desk.follow(await desk.sign_in(await desk.begin(), "ada@example.com", deny=True))
    assert told == {"error": "access_denied", "error_description": "The access was not granted."}
    assert await desk.connections() == []


async def test_a_redirect_is_good_once(desk: Desk) -> None:
    redirect = await desk.sign_in(await desk.begin(), "ada@example.com")
    await desk.follow(redirect)
    page = await asyncio.to_thread(desk.browser.open, redirect)
    assert (page.status, "used already" in page.text) == (400, True)
    assert len(await desk.connections()) == 1


async def test_many_at_once_with_one_redirect_get_one_connection(desk: Desk) -> None:
    redirect = await desk.sign_in(await desk.begin(), "ada@example.com")
    pages = await asyncio.gather(*(asyncio.to_thread(Browser().open, redirect) for _ in range(8)))
    assert sorted(page.status for page in pages) == [303] + [400] * 7
    assert len(await desk.connections()) == 1


async def test_a_stolen_state_is_of_no_use_in_another_browser(desk: Desk) -> None:
    begun = await desk.begin(headers=CONSOLE)
    redirect = await desk.sign_in(begun, "grace@example.com")
    page = await asyncio.to_thread(Browser().open, redirect)
    assert (page.status, "another browser" in page.text) == (400, True)
    assert await desk.connections() == []


async def test_a_state_of_nobodys(desk: Desk) -> None:
    redirect = await desk.sign_in(await desk.begin(), "ada@example.com")
    forged = _with(redirect, state="A" * 43)
    page = await asyncio.to_thread(desk.browser.open, forged)
    assert (page.status, "unknown" in page.text) == (400, True)
    assert await desk.connections() == []


async def test_after_ten_minutes_it_is_too_late(desk: Desk) -> None:
    redirect = await desk.sign_in(await desk.begin(), "ada@example.com")
    as_owner(
        desk.world.urls,
        "UPDATE oauth_authorizations SET expires_at = now() - interval '1 second' WHERE user_id = %s",
        desk.person.user_id,
    )
    told = await desk.follow(redirect)
    assert (told["error"], "ten minutes" in told["error_description"]) == ("expired", True)


async def test_the_answer_of_another_server_is_refused(desk: Desk) -> None:
    redirect = await desk.sign_in(await desk.begin(), "ada@example.com")
    assert "iss=" in redirect
    told = await desk.follow(_with(redirect, iss="https://evil.example"))
    assert told["error"] == "invalid_issuer"
    assert await desk.connections() == []


async def test_a_code_of_another_sign_in_is_refused_by_its_challenge(desk: Desk) -> None:
    """RFC 7636: a code that was stolen from one sign-in is worth nothing in another."""
    stolen = await desk.sign_in(await desk.begin(), "ada@example.com")
    mine = await desk.sign_in(await desk.begin(), "grace@example.com")
    code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(stolen).query))["code"]
    told = await desk.follow(_with(mine, code=code))
    assert (told["error"], "did not accept" in told["error_description"]) == ("invalid_grant", True)
    assert await desk.connections() == []


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "{url}@evil.example/", "javascript:alert(1)", "//evil.example"]
)
async def test_no_return_elsewhere(desk: Desk, url: str) -> None:
    foreign = url.replace("{url}", desk.world.gateway.url)
    members: list[dict[str, Any]] = [{"return_url": foreign}, {"opener_origin": foreign}]
    for member in members:
        refused = await desk.begin(**member)
        assert (refused.status, refused.code) == (400, "malformed_request"), refused.text
        assert next(iter(member)) in refused.json["detail"]


async def test_a_config_that_does_not_fit(desk: Desk, standins: StandIns) -> None:
    slug = f"{desk.slug}-configured"
    schema = {"properties": {"site": {"type": "string", "pattern": "[a-z]+"}}, "required": ["site"]}
    mail_at(desk.world, standins, slug, config_schema=schema)
    for config in ({}, {"site": "A"}, {"site": "a.evil.example"}):
        refused = await Desk(desk.world, desk.person, slug).begin(config=config)
        assert refused.code == "malformed_request"
        assert [fault["pointer"] for fault in refused.json["errors"]] == ["/config/site"]


async def test_neither_code_nor_token_is_in_the_log(desk: Desk) -> None:
    redirect = await desk.sign_in(await desk.begin(), "ada@example.com")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(redirect).query))
    await desk.follow(redirect)
    log = desk.world.gateway.log_bytes().decode(errors="replace")
    assert log
    for secret in (query["code"], query["state"]):
        assert secret not in log


def _with(url: str, **changes: str) -> str:
    parts = urllib.parse.urlsplit(url)
    query = dict(urllib.parse.parse_qsl(parts.query)) | changes
    return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(query)))
