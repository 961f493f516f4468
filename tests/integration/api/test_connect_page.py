"""The hosted page, as a browser without an account meets it: there and back, mistakes, and the link's end."""

import asyncio
import logging
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.integration.api.hosted_pages import (
    LINKS,
    Browser,
    connection_of,
    make,
    maker,
    reconnect,
    refresh_of,
    shown,
    shows,
)
from tests.integration.api.whole import API_TOKEN, PUBLIC_URL, Caller, Whole
from tests.people import as_owner
from tests.serving import logged

WRONG = "wrong-token-that-was-entered"


@pytest.fixture(scope="module")
async def ann(whole: Whole) -> Caller:
    return await maker(whole)


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
        assert hidden not in logged(caplog)


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
        assert hidden not in logged(caplog)


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
