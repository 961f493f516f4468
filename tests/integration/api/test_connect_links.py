"""Connect links over HTTP: made by a user, followed by a browser that has no account."""

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import pytest

from tests.integration.api.whole import API_TOKEN, PUBLIC_URL, Caller, Whole
from tests.people import as_owner, join
from tests.serving import Answer

LINKS = "/api/v2/connect-links"
WRONG = "wrong-token-that-was-entered"
ZENDESK = {"properties": {"subdomain": {"type": "string", "pattern": "^[a-z]+$", "title": "Your address"}}}


@pytest.fixture(scope="module")
async def ann(whole: Whole) -> Caller:
    ann = whole.person("ann")
    await whole.integration(ann, "oauth")
    await whole.integration(ann, "token", "bearer")
    await whole.integration(ann, "shaped", "bearer", config_schema=ZENDESK | {"required": ["subdomain"]})
    return ann


async def make(caller: Caller, integration: str = "oauth", **members: Any) -> dict[str, Any]:
    made = await caller.api.post(LINKS, wanted(caller, integration, **members))
    assert made.status == 201, made.content
    link: dict[str, Any] = made.json
    return link


def wanted(caller: Caller, integration: str = "oauth", **members: Any) -> dict[str, Any]:
    place = {"workspace_id": str(caller.person.workspace_id), "integration": integration}
    return place | {"end_user_id": "customer-7"} | members


async def reconnect(caller: Caller, connection_id: str, **members: Any) -> dict[str, Any]:
    made = await caller.api.post(LINKS, {"connection_id": connection_id} | members)
    assert made.status == 201, made.content
    link: dict[str, Any] = made.json
    return link


@dataclass
class Browser:
    """Keeps cookies by their paths, and sends what a browser sends with a form of our own."""

    whole: Whole
    cookies: dict[str, tuple[str, str]] = field(default_factory=dict)

    async def get(self, address: str) -> Answer:
        return self._kept(await self.whole.api.get(self._path(address), headers=self._cookie(address)))

    async def send(self, address: str, fields: Mapping[str, str] | None = None, **headers: str) -> Answer:
        sent = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
            "Origin": "null",
        }
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.whole.api.request(
            "POST",
            self._path(address),
            data=urlencode(fields or {}).encode(),
            headers=sent | self._cookie(address),
        )
        return self._kept(answer)

    async def consents(self, page: Answer) -> Answer:
        """Follows the page to the service, says yes, and comes back to where the callback sends it."""
        return await self.returns(self.whole.service.consent(refresh_of(page)))

    async def returns(self, parameters: Mapping[str, str]) -> Answer:
        ended = await self.get(f"/api/v2/oauth/callback?{urlencode(parameters)}")
        assert ended.status == 303, ended.content
        assert ended.headers["Location"].startswith(f"{PUBLIC_URL}/connect/return/")
        return await self.get(ended.headers["Location"])

    def _path(self, address: str) -> str:
        return address.removeprefix(PUBLIC_URL)

    def _cookie(self, address: str) -> dict[str, str]:
        path = urlsplit(self._path(address)).path
        held = [f"{name}={value}" for name, (value, at) in self.cookies.items() if path.startswith(at)]
        return {"Cookie": "; ".join(held)} if held else {}

    def _kept(self, answer: Answer) -> Answer:
        for header in answer.headers.getall("Set-Cookie", []):
            for name, morsel in SimpleCookie(header).items():
                assert morsel["httponly"]
                assert morsel["samesite"] == "lax"
                self.cookies[name] = (morsel.value, morsel["path"])
        return answer


def refresh_of(page: Answer) -> str:
    assert page.status == 200, page.content
    found = re.search(r'http-equiv="refresh" content="\d;url=([^"]+)"', page.content.decode())
    assert found is not None, page.content
    return unescape(found[1])


def shows(page: Answer, status: int, *words: str) -> None:
    """An HTML page with these words, and with the fields that keep its address to itself."""
    assert page.status == status, page.content
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Frame-Options"] == "DENY"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "script-src" not in policy
    text = unescape(page.content.decode())
    assert "<script" not in text
    for word in words:
        assert word in text, text


async def shown(caller: Caller, link: Mapping[str, Any]) -> dict[str, Any]:
    answer = await caller.api.get(f"{LINKS}/{link['id']}")
    assert answer.status == 200, answer.content
    found: dict[str, Any] = answer.json
    return found


async def connection_of(caller: Caller, link: Mapping[str, Any]) -> dict[str, Any]:
    """The connection that was made with it."""
    answer = await caller.api.get(f"/api/v2/connections/{(await shown(caller, link))['connection_id']}")
    assert answer.status == 200, answer.content
    found: dict[str, Any] = answer.json
    return found


# Making


async def test_a_link_and_what_is_shown_of_it(whole: Whole, ann: Caller) -> None:
    made = await make(ann, name="Billing", scopes=["read"], return_url="https://app.example/done")
    assert made["url"] == f"{PUBLIC_URL}/connect/{made['token']}"
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", made["token"])
    found = await shown(ann, made)
    assert found == {name: value for name, value in made.items() if name not in ("url", "token")}
    assert (found["status"], found["reconnect"], found["integration"]) == ("ready", False, "oauth")
    assert (found["end_user_id"], found["name"], found["scopes"]) == ("customer-7", "Billing", ["read"])
    assert found["connection_id"] is None


async def test_the_list(whole: Whole) -> None:
    bob = whole.person("bob")
    await whole.integration(bob, "oauth")
    made = [await make(bob, end_user_id=name) for name in ("one", "two", "three")]
    page = (await bob.api.get(f"{LINKS}?limit=2")).json
    assert [link["id"] for link in page["data"]] == [made[2]["id"], made[1]["id"]]
    rest = (await bob.api.get(f"{LINKS}?limit=2&cursor={page['next_cursor']}")).json
    assert ([link["id"] for link in rest["data"]], rest["next_cursor"]) == ([made[0]["id"]], None)
    ones = (await bob.api.get(f"{LINKS}?end_user_id=one")).json
    assert [link["id"] for link in ones["data"]] == [made[0]["id"]]
    assert "token" not in page["data"][0]


async def test_others_do_not_see_them(whole: Whole, ann: Caller) -> None:
    made, bob = await make(ann), whole.person("bob")
    assert (await bob.api.get(f"{LINKS}/{made['id']}")).status == 404
    assert (await bob.api.request("DELETE", f"{LINKS}/{made['id']}")).status == 404
    assert (await bob.api.get(LINKS)).json["data"] == []
    foreign = wanted(bob) | {"workspace_id": str(ann.person.workspace_id)}
    assert (await bob.api.post(LINKS, foreign)).status == 404


async def test_who_may_make_one(whole: Whole, ann: Caller) -> None:
    viewer = whole.person("vic")
    join(whole.urls, viewer.person, ann.person, "viewer")
    refused = await viewer.api.post(LINKS, wanted(ann))
    assert (refused.status, refused.code) == (403, "forbidden")
    for scopes in (["connections:read"], ["connections:write"], ["execute"]):
        refused = await whole.limited(ann, *scopes).post(LINKS, wanted(ann))
        assert (refused.status, refused.code) == (403, "forbidden")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"end_user_id": None}, "/end_user_id"),
        ({"workspace_id": None}, "/workspace_id"),
        ({"integration": None}, "/integration"),
        ({"connection_id": str(uuid4())}, "/workspace_id"),
        ({"expires_in": 59}, "/expires_in"),
        ({"expires_in": 7 * 86_400 + 1}, "/expires_in"),
        ({"expires_in": "3600"}, "/expires_in"),
        ({"end_user_id": ""}, "/end_user_id"),
        ({"unknown": 1}, "/unknown"),
        ({"integration": "token", "scopes": ["read"]}, "/scopes"),
        ({"integration": "shaped", "config": {"subdomain": "NOT OK"}}, "/config/subdomain"),
        ({"integration": "shaped", "config": {"other": "x"}}, "/config/other"),
    ],
)
async def test_what_is_wrong_is_pointed_to(ann: Caller, changes: dict[str, Any], pointer: str) -> None:
    refused = await ann.api.post(LINKS, wanted(ann) | changes)
    assert (refused.status, refused.code) == (400, "malformed_request")
    assert pointer in {fault["pointer"] for fault in refused.json["errors"]}


@pytest.mark.parametrize("return_url", ["https://elsewhere.example/", "javascript:alert(1)"])
async def test_a_return_url_of_another_origin_is_refused(ann: Caller, return_url: str) -> None:
    refused = await ann.api.post(LINKS, wanted(ann, return_url=return_url))
    assert (refused.status, refused.code) == (400, "malformed_request")


async def test_what_is_not_there_is_not_linked_to(ann: Caller) -> None:
    assert (await ann.api.post(LINKS, wanted(ann, "no-such-service"))).status == 404
    assert (await ann.api.post(LINKS, wanted(ann, oauth_client="other"))).status == 404
    assert (await ann.api.post(LINKS, {"connection_id": str(uuid4())})).status == 404


# By redirect


async def test_there_and_back(whole: Whole, ann: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    link, browser = await make(ann, name="Billing"), Browser(whole)
    shows(
        await browser.get(link["url"]), 200, "Connect Oauth to ann", "Continue to Oauth", "<code>read</code>"
    )
    assert (await shown(ann, link))["opened_at"] is not None
    going = await browser.send(link["url"])
    shows(going, 200, "Taking you to Oauth")
    assert link["token"] not in refresh_of(going)
    done = await browser.consents(going)
    shows(done, 200, "Oauth is connected", "You can close this page.")
    assert "refresh" not in done.content.decode()

    found = await shown(ann, link)
    assert found["status"] == "used"
    connection = await connection_of(ann, link)
    assert (connection["name"], connection["status"]) == ("Billing", "active")
    assert (connection["user_id"], connection["end_user_id"]) == (str(ann.person.user_id), "customer-7")
    shows(await browser.get(link["url"]), 410, "used already")
    shows(await browser.send(link["url"]), 410, "used already")
    for hidden in (link["token"], *whole.service.secrets):
        assert hidden not in caplog.text


async def test_the_makers_page_is_told(whole: Whole, ann: Caller) -> None:
    link, browser = await make(ann, return_url="https://app.example/done?tab=1"), Browser(whole)
    done = await browser.consents(await browser.send(link["url"]))
    connection_id = (await shown(ann, link))["connection_id"]
    assert refresh_of(done) == f"https://app.example/done?tab=1&connection_id={connection_id}"
    shows(done, 200, "Continue to ann")


async def test_who_does_not_allow_it_may_try_again(whole: Whole, ann: Caller) -> None:
    link, browser = await make(ann, return_url="https://app.example/done"), Browser(whole)
    going = await browser.send(link["url"])
    state = parse_qs(urlsplit(refresh_of(going)).query)["state"][0]
    again = await browser.returns({"state": state, "error": "access_denied"})
    shows(again, 200, "You did not allow it at Oauth", "https://app.example/done?error=not_connected")
    assert (await shown(ann, link))["status"] == "ready"
    shows(await browser.consents(await browser.send(link["url"])), 200, "Oauth is connected")


async def test_another_browser_does_not_finish_it(whole: Whole, ann: Caller) -> None:
    link, browser, other = await make(ann), Browser(whole), Browser(whole)
    parameters = whole.service.consent(refresh_of(await browser.send(link["url"])))
    refused = await other.get(f"/api/v2/oauth/callback?{urlencode(parameters)}")
    assert (refused.status, "another browser" in refused.content.decode()) == (400, True)
    shows(await other.get(f"/connect/return/{link['id']}"), 404, "leads nowhere")
    assert (await shown(ann, link))["status"] == "ready"


async def test_two_links_at_once_in_one_browser(whole: Whole, ann: Caller) -> None:
    one, two, browser = await make(ann, end_user_id="one"), await make(ann, end_user_id="two"), Browser(whole)
    first, second = await browser.send(one["url"]), await browser.send(two["url"])
    shows(await browser.consents(second), 200, "is connected")
    # A dict of cookies by name cannot hold one for each path, as browsers do.
    browser.cookies["portway_connect_link"] = (one["token"], f"/connect/return/{one['id']}")
    shows(await browser.consents(first), 200, "is connected")
    assert (await connection_of(ann, one))["end_user_id"] == "one"
    assert (await connection_of(ann, two))["end_user_id"] == "two"


async def test_without_an_oauth_client_it_says_whom_to_ask(whole: Whole, ann: Caller) -> None:
    await whole.integration(ann, "unready")
    removed = await ann.api.request("DELETE", "/api/v2/integrations/unready/oauth-client")
    assert removed.status in (200, 204), removed.content
    link = await make(ann, "unready")
    shows(
        await Browser(whole).send(link["url"]), 409, "cannot be connected yet", "whoever sent you this link"
    )
    assert (await shown(ann, link))["status"] == "ready"


# By a form


async def test_what_was_entered_is_tried_first(
    whole: Whole, ann: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    link, browser = await make(ann, "token", return_url="https://app.example/done"), Browser(whole)
    shows(await browser.get(link["url"]), 200, "Connect Token to ann", 'name="credentials.token"')

    shows(await browser.send(link["url"]), 422, "Please fill this in.")
    refused = await browser.send(link["url"], {"credentials.token": WRONG})
    shows(refused, 422, "Token did not accept what you entered", "Token says: “who are you?”")
    assert WRONG not in refused.content.decode()
    assert (await shown(ann, link))["status"] == "ready"

    done = await browser.send(link["url"], {"credentials.token": f" {API_TOKEN} "})
    shows(done, 200, "Token is connected")
    connection = await connection_of(ann, link)
    assert refresh_of(done) == f"https://app.example/done?connection_id={connection['id']}"
    assert (connection["name"], connection["end_user_id"]) == ("Token", "customer-7")
    for hidden in (WRONG, API_TOKEN, link["token"]):
        assert hidden not in caplog.text


async def test_values_of_the_config(whole: Whole, ann: Caller) -> None:
    link, browser = await make(ann, "shaped"), Browser(whole)
    shows(await browser.get(link["url"]), 200, "Your address", 'name="config.subdomain"')
    wrong = {"config.subdomain": "NOT OK", "credentials.token": API_TOKEN}
    again = await browser.send(link["url"], wrong)
    shows(again, 422, "This does not look right.", 'value="NOT OK"')
    assert API_TOKEN not in again.content.decode()
    shows(await browser.send(link["url"], wrong | {"config.subdomain": "acme"}), 200, "is connected")
    assert (await connection_of(ann, link))["config"] == {"subdomain": "acme"}


async def test_a_value_that_its_maker_set_stays(whole: Whole, ann: Caller) -> None:
    link, browser = await make(ann, "shaped", config={"subdomain": "preset"}), Browser(whole)
    assert "config.subdomain" not in (await browser.get(link["url"])).content.decode()
    sent = {"config.subdomain": "other", "credentials.token": API_TOKEN}
    shows(await browser.send(link["url"], sent), 200, "is connected")
    assert (await connection_of(ann, link))["config"] == {"subdomain": "preset"}


async def test_at_once_it_is_used_once(whole: Whole, ann: Caller) -> None:
    link, browser = await make(ann, "token", end_user_id="at once"), Browser(whole)
    sent = {"credentials.token": API_TOKEN}
    answers = await asyncio.gather(*(browser.send(link["url"], sent) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 410, 410, 410]
    rows = as_owner(whole.urls, "SELECT count(*) FROM connections WHERE end_user_id = 'at once'")
    assert rows == [(1,)]


async def test_attempts_are_counted(whole: Whole, ann: Caller) -> None:
    link, other, browser = await make(ann, "token"), await make(ann, "token"), Browser(whole)
    for _ in range(20):
        assert (await browser.send(link["url"])).status == 422
    shows(
        await browser.send(link["url"], {"credentials.token": API_TOKEN}),
        429,
        "You have tried this many times",
    )
    assert (await browser.send(other["url"])).status == 422


async def test_another_site_does_not_send_the_form(whole: Whole, ann: Caller) -> None:
    link, browser = await make(ann, "token"), Browser(whole)
    sent = {"credentials.token": API_TOKEN}
    for site in ("cross-site", "same-site", "none"):
        assert (await browser.send(link["url"], sent, Sec_Fetch_Site=site)).status == 403
    assert (await shown(ann, link))["status"] == "ready"


async def test_older_browsers_are_known_by_their_origin(whole: Whole, ann: Caller) -> None:
    async def send(origin: str) -> int:
        link = await make(ann, "token")
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
        data = urlencode({"credentials.token": API_TOKEN}).encode()
        return (
            await whole.api.request("POST", f"/connect/{link['token']}", data=data, headers=headers)
        ).status

    assert await send("https://elsewhere.example") == 403
    assert await send(PUBLIC_URL) == 200
    assert await send("null") == 200


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a=1&" * 300, b"x" * 300_000])
async def test_a_form_that_is_none(whole: Whole, ann: Caller, data: bytes) -> None:
    link = await make(ann, "token")
    answer = await whole.api.request("POST", f"/connect/{link['token']}", data=data)
    shows(answer, 422, "Please fill this in.")


# The link's end


@pytest.mark.parametrize("token", ["x", "0" * 43, "%00" * 43, "a%2Fb", "é"])
async def test_an_unknown_link(whole: Whole, token: str) -> None:
    for answer in (
        await whole.api.get(f"/connect/{token}"),
        await whole.api.request("POST", f"/connect/{token}"),
    ):
        assert answer.status == 404
        assert "leads nowhere" in answer.content.decode() or "%" in token


async def test_a_revoked_link(whole: Whole, ann: Caller) -> None:
    link, browser = await make(ann), Browser(whole)
    going = await browser.send(link["url"])
    ended = await ann.api.request("DELETE", f"{LINKS}/{link['id']}")
    assert ended.status == 204
    assert (await shown(ann, link))["status"] == "revoked"
    shows(await browser.get(link["url"]), 410, "withdrawn")
    # Also who is on the way does not arrive.
    shows(await browser.consents(going), 410, "withdrawn")
    assert (await shown(ann, link))["connection_id"] is None


async def test_an_expired_link(whole: Whole, ann: Caller) -> None:
    link, browser = await make(ann), Browser(whole)
    going = await browser.send(link["url"])
    as_owner(whole.urls, "UPDATE connect_links SET expires_at = now() WHERE id = %s", link["id"])
    assert (await shown(ann, link))["status"] == "expired"
    shows(await browser.get(link["url"]), 410, "expired")
    shows(await browser.send(link["url"]), 410, "expired")
    # Who began in time may finish.
    shows(await browser.consents(going), 200, "is connected")
    assert (await shown(ann, link))["status"] == "used"


# Reconnecting


async def test_a_connection_that_needs_its_account_again(whole: Whole, ann: Caller) -> None:
    first, browser = await make(ann, "token", end_user_id="reconnecting"), Browser(whole)
    await browser.send(first["url"], {"credentials.token": API_TOKEN})
    connection_id = (await shown(ann, first))["connection_id"]
    as_owner(
        whole.urls, "UPDATE connections SET status = 'reauthorization_required' WHERE id = %s", connection_id
    )
    link = await reconnect(ann, connection_id)
    assert (link["reconnect"], link["connection_id"], link["end_user_id"]) == (
        True,
        connection_id,
        "reconnecting",
    )
    shows(await browser.get(link["url"]), 200, "Reconnect Token for ann")
    shows(await browser.send(link["url"], {"credentials.token": API_TOKEN}), 200, "Token is connected")
    assert (await connection_of(ann, link))["status"] == "active"
    assert (await shown(ann, link))["status"] == "used"


async def test_only_ones_own_connection_is_reconnected(whole: Whole, ann: Caller) -> None:
    made = await ann.connect_directly("token")
    assert made.status == 201, made.content
    mia = whole.person("mia")
    join(whole.urls, mia.person, ann.person, "member")
    refused = await mia.api.post(LINKS, {"connection_id": made.json["id"]})
    assert (refused.status, refused.code) == (403, "forbidden")
