"""Connecting by redirect, over HTTP: there and back, and every way it can go wrong."""

import json
import logging
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration.api.whole import CALLBACK, CLIENT_ID, CLIENT_SECRET, PUBLIC_URL, Caller, Whole
from tests.people import as_owner
from tests.serving import Answer, logged

COOKIE = "portway_browser"


@pytest.fixture(scope="module")
async def ann(whole: Whole) -> Caller:
    ann = whole.person("ann")
    await whole.integration(ann, "oauth")
    return ann


def is_page(answer: Answer, status: int, words: str) -> None:
    assert answer.status == status, answer.content
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = answer.content.decode()
    assert words in page
    assert "script-src 'self';" in policy
    assert "<script>" not in page
    assert re.findall('src="([^"]*)"', page) == ["/api/v2/oauth/callback.js"]
    assert "href=" not in page


async def test_there_and_back(whole: Whole, ann: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    begun = await ann.authorize("oauth", return_url=f"{PUBLIC_URL}/done?tab=1&error=old#part")
    assert begun.status == 200, begun.content
    assert begun.json.keys() == {"authorization_url", "state", "expires_at"}
    assert "Set-Cookie" not in begun.headers
    query = {
        name: values[0] for name, values in parse_qs(urlsplit(begun.json["authorization_url"]).query).items()
    }
    assert query["client_id"] == CLIENT_ID
    assert query["redirect_uri"] == PUBLIC_URL + CALLBACK
    assert query["scope"] == "read write"
    assert query["state"] == begun.json["state"]

    parameters = whole.service.consent(begun.json["authorization_url"])
    ended = await whole.callback(parameters)
    assert ended.status == 303, ended.content
    assert ended.content == b""
    assert ended.headers["Referrer-Policy"] == "no-referrer"
    assert ended.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
    parts = urlsplit(ended.headers["Location"])
    connection_id = parse_qs(parts.query)["connection_id"][0]
    assert ended.headers["Location"] == f"{PUBLIC_URL}/done?tab=1&connection_id={connection_id}#part"

    shown = await ann.api.get(f"/api/v2/connections/{connection_id}")
    assert (shown.json["status"], shown.json["scopes"]) == ("active", ["read", "write"])
    assert shown.json["expires_at"] is not None
    is_page(await whole.callback(parameters), 400, "used already")

    everything = logged(caplog) + str(ended.headers) + shown.content.decode()
    for secret in (*whole.service.secrets, CLIENT_SECRET, parameters["state"]):
        assert secret not in everything


async def test_without_a_return_url_it_ends_on_a_page(whole: Whole, ann: Caller) -> None:
    begun = await ann.authorize("oauth", name="<b>Bold</b>")
    is_page(await whole.callback(whole.service.consent(begun.json["authorization_url"])), 200, "Connected")


def told(answer: Answer) -> dict[str, Any]:
    """What the page's script tells, to whom, and where it goes on."""
    page = answer.content.decode()
    found: dict[str, Any] = json.loads(
        page.partition('type="application/json">')[2].partition("</script>")[0]
    )
    return found


async def test_a_popup_tells_the_page_that_opened_it_and_no_other(whole: Whole, ann: Caller) -> None:
    opener = "https://app.example:443"
    begun = await ann.authorize("oauth", opener_origin=opener, return_url="https://app.example/done?a=1")
    assert begun.status == 200, begun.content
    ended = await whole.callback(whole.service.consent(begun.json["authorization_url"]))
    is_page(ended, 200, "Connected")
    said = told(ended)
    connection_id = said["message"]["connection_id"]
    assert said == {
        "origin": "https://app.example",
        "message": {"type": "portway:connected", "connection_id": connection_id},
        "next": f"https://app.example/done?a=1&connection_id={connection_id}",
    }
    assert (await ann.api.get(f"/api/v2/connections/{connection_id}")).json["status"] == "active"


async def test_a_popup_tells_of_a_refusal_too(whole: Whole, ann: Caller) -> None:
    begun = await ann.authorize("oauth")
    error = "</script><script>alert(1)</script>"
    ended = await whole.callback({"error": error, "state": begun.json["state"]})
    is_page(ended, 400, "&lt;/script&gt;")
    assert told(ended) == {
        "origin": PUBLIC_URL,
        "message": {"type": "portway:connected", "error": error, "error_description": error},
        "next": None,
    }
    is_page(unknown := await whole.callback({"state": "unknown", "code": "x"}), 400, "unknown")
    assert told(unknown)["message"]["error"] == "invalid_state"


async def test_no_page_of_another_origin_is_told(ann: Caller) -> None:
    for opener in ("https://evil.example", "null", "*", "https://app.example@evil.example", "javascript:1"):
        assert (await ann.authorize("oauth", opener_origin=opener)).code == "malformed_request", opener


async def test_a_refusal_comes_back_in_words(whole: Whole, ann: Caller) -> None:
    begun = await ann.authorize("oauth", return_url="https://app.example/back")
    ended = await whole.callback({"error": "access_denied", "state": begun.json["state"]})
    said = parse_qs(urlsplit(ended.headers["Location"]).query)
    assert said == {"error": ["access_denied"], "error_description": ["The access was not granted."]}
    begun = await ann.authorize("oauth")
    evil = {
        "error": "odd",
        "error_description": "<script>alert(1)</script>" + "x" * 5000,
        "state": begun.json["state"],
    }
    page = await whole.callback(evil)
    is_page(page, 400, "&lt;script&gt;")
    assert len(page.content) < 5000


async def test_the_services_own_failures(whole: Whole, ann: Caller) -> None:
    for answer, error in (
        ((400, {"error": "invalid_client"}), "invalid_client"),
        ((503, {}), "token_endpoint_unavailable"),
        ((200, {"nothing": "here"}), None),
    ):
        begun = await ann.authorize("oauth", return_url=f"{PUBLIC_URL}/back")
        parameters = whole.service.consent(begun.json["authorization_url"])
        whole.service.token_answer = answer
        try:
            ended = await whole.callback(parameters)
        finally:
            whole.service.token_answer = None
        said = parse_qs(urlsplit(ended.headers["Location"]).query)
        assert "connection_id" not in said
        assert said["error_description"]
        assert error is None or said["error"] == [error]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=",
        "state=unknown&code=x",
        "code=x",
        "error=access_denied",
        "state=a&state=b&code=x",
        "state=%ff",
    ],
)
async def test_what_nobody_began_ends_on_a_page(whole: Whole, query: str) -> None:
    is_page(await whole.api.get(f"{CALLBACK}?{query}"), 400, "Not connected")


async def test_a_stale_one_is_refused(whole: Whole, ann: Caller) -> None:
    begun = await ann.authorize("oauth")
    as_owner(whole.urls, "UPDATE oauth_authorizations SET expires_at = now() - interval '1 second'")
    is_page(await whole.callback(whole.service.consent(begun.json["authorization_url"])), 400, "ten minutes")


async def test_a_browsers_own_is_good_in_that_browser_only(whole: Whole, ann: Caller) -> None:
    in_console = {"Sec-Fetch-Site": "same-origin"}
    begun = await ann.authorize("oauth", headers=in_console)
    cookie = begun.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for attribute in ("HttpOnly", "SameSite=lax", "Path=/;"):
        assert attribute in cookie
    mine = cookie.partition(";")[0]
    parameters = whole.service.consent(begun.json["authorization_url"])
    is_page(await whole.callback(parameters), 400, "another browser")
    is_page(await whole.callback(parameters, Cookie=f"{COOKIE}=other"), 400, "another browser")
    is_page(await whole.callback(parameters, Cookie=mine), 200, "Connected")

    # Two at once in one browser.
    both = [await ann.authorize("oauth", headers=in_console | {"Cookie": mine}) for _ in range(2)]
    for begun in both:
        assert "Set-Cookie" not in begun.headers
        is_page(
            await whole.callback(whole.service.consent(begun.json["authorization_url"]), Cookie=mine),
            200,
            "Connected",
        )


async def test_what_cannot_begin(whole: Whole, ann: Caller) -> None:
    for members, code in (
        ({"return_url": "https://evil.example/"}, "malformed_request"),
        ({"return_url": "javascript:alert(1)"}, "malformed_request"),
        ({"return_url": f"{PUBLIC_URL}@evil.example/"}, "malformed_request"),
        ({"scopes": [""]}, "malformed_request"),
        ({"more": 1}, "malformed_request"),
        ({"workspace_id": str(ann.person.user_id)}, "not_found"),
    ):
        assert (await ann.authorize("oauth", **members)).code == code, members
    assert (await ann.authorize("nothing")).code == "not_found"
    await whole.integration(ann, "keyed", "bearer")
    assert (await ann.authorize("keyed")).code == "invalid_integration_config"
    await ann.api.delete("/api/v2/integrations/oauth/oauth-client")
    assert (await ann.authorize("oauth")).code == "invalid_integration_config"
    reader = whole.limited(ann, "connections:read")
    assert (await reader.post("/api/v2/connections/authorize", {})).code in ("malformed_request", "forbidden")


async def test_a_global_integration_with_the_operators_client(whole: Whole) -> None:
    as_owner(
        whole.urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type, auth_config)"
        " VALUES ('Global', 'global', %s, 'oauth2', jsonb_build_object("
        " 'authorization_url', %s::text, 'token_url', %s::text,"
        " 'clientIdEnv', 'GLOBAL_CLIENT_ID', 'clientSecretEnv', 'GLOBAL_CLIENT_SECRET'))",
        whole.service.url,
        f"{whole.service.url}/authorize",
        f"{whole.service.url}/token",
    )
    bob = whole.person("bob")
    assert (await bob.api.get(f"/api/v2/connections/{await whole.connect(bob, 'global')}")).json[
        "status"
    ] == "active"


async def test_what_the_page_runs_is_a_file(whole: Whole) -> None:
    script = await whole.api.get("/api/v2/oauth/callback.js")
    assert (script.status, script.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert b"postMessage(told.message, told.origin)" in script.content
