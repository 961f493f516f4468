"""Sessions of browsers: in cookies that no script reads, for Portway's own pages alone."""

from collections.abc import Mapping

import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.api.browsers import SAME_ORIGIN, Browser, cookies_of
from tests.integration.api.gateways import PASSWORD, Arrangement, RunningGateway, running
from tests.integration.api.whole import PUBLIC_URL, Whole
from tests.people import as_owner
from tests.serving import ApiClient

AUTH = "/api/v2/auth"
ACCESS, REFRESH = "portway_session", "portway_refresh"


async def signed_in(gateway: RunningGateway) -> Browser:
    account = await gateway.account()
    browser = Browser(gateway.api)
    answer = await browser.post(
        f"{AUTH}/sign-in", {"email": account.email, "password": PASSWORD, "cookie": True}
    )
    assert answer.status == 200, answer.content
    return browser


async def signed_up(api: ApiClient, email: str) -> tuple[Browser, str]:
    """Somebody new, and their workspace's id."""
    browser = Browser(api)
    made = await browser.post(f"{AUTH}/sign-up", {"email": email, "password": PASSWORD, "cookie": True})
    assert made.status == 201, made.content
    return browser, made.json["workspace_id"]


class TestSigningIn:
    async def test_gives_no_script_a_token(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        who = {"email": account.email, "password": PASSWORD, "cookie": True}

        answer = await gateway.api.post(f"{AUTH}/sign-in", who)

        cookies = cookies_of(answer)
        assert (answer.json["access_token"], answer.json["refresh_token"]) == (None, None)
        assert 0 < answer.json["expires_in"] <= 900
        assert set(cookies) == {ACCESS, REFRESH}
        assert not any(cookie.value in answer.content.decode() for cookie in cookies.values())
        for name, path, seconds in ((ACCESS, "/api/v2", 900), (REFRESH, AUTH, 30 * 24 * 3600)):
            assert cookies[name]["httponly"] is True
            assert cookies[name]["samesite"] == "strict"
            assert cookies[name]["path"] == path
            assert seconds - 60 < int(cookies[name]["max-age"]) <= seconds
            assert not cookies[name]["secure"]  # the public address is http

    async def test_is_for_https_alone_where_the_gateway_is(self, database_urls: DatabaseUrls) -> None:
        async with running(database_urls, Arrangement(public_url="https://portway.example")) as gateway:
            browser = await signed_in(gateway)

        assert all(browser.jar[name]["secure"] is True for name in (ACCESS, REFRESH))

    async def test_signs_up(self, gateway: RunningGateway) -> None:
        browser, workspace_id = await signed_up(gateway.api, "by.cookie@example.com")

        workspaces = (await browser.get("/api/v2/workspaces")).json["data"]
        assert [workspace["id"] for workspace in workspaces] == [workspace_id]

    async def test_lets_no_other_page_sign_the_browser_in(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        who = {"email": account.email, "password": PASSWORD, "cookie": True}

        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            for path in ("sign-in", "sign-up"):
                answer = await gateway.api.post(f"{AUTH}/{path}", who, headers=headers)
                assert (answer.status, answer.code) == (403, "forbidden")
                assert cookies_of(answer) == {}


class TestAuthentication:
    @pytest.mark.parametrize(
        "headers",
        [
            SAME_ORIGIN,
            {"Origin": "http://127.0.0.1:8000"},  # the public address
            {**SAME_ORIGIN, "Origin": "http://localhost:5173"},  # behind a proxy that tells another name
        ],
    )
    async def test_serves_our_own_pages(self, gateway: RunningGateway, headers: Mapping[str, str]) -> None:
        browser = await signed_in(gateway)

        changed = await browser.request("PATCH", f"{AUTH}/me", {"name": "Ann"}, headers=headers)

        assert (changed.status, changed.json["name"]) == (200, "Ann")

    async def test_knows_the_name_that_the_browser_used(self, gateway: RunningGateway) -> None:
        browser = await signed_in(gateway)

        answer = await browser.request(
            "PATCH", f"{AUTH}/me", {"name": "Ann"}, headers={"Origin": gateway.api.base_url}
        )

        assert answer.status == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "none"},
            {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:8000"},
            {"Origin": "https://evil.example"},
            {"Origin": "https://127.0.0.1:8000"},
            {"Origin": "null"},
            {},
        ],
    )
    async def test_serves_no_other_page(self, gateway: RunningGateway, headers: Mapping[str, str]) -> None:
        browser = await signed_in(gateway)

        answer = await browser.request("PATCH", f"{AUTH}/me", {"name": "Eve"}, headers=headers)

        assert (answer.status, answer.code) == (403, "forbidden")
        assert (await browser.get(f"{AUTH}/me")).json["name"] is None

    @pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}])
    async def test_shows_nothing_to_another_page(
        self, gateway: RunningGateway, headers: Mapping[str, str]
    ) -> None:
        browser = await signed_in(gateway)

        assert (await browser.get(f"{AUTH}/me", headers=headers)).status == 403

    @pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "none"}, {}])
    async def test_reads_for_the_users_own_hand(
        self, gateway: RunningGateway, headers: Mapping[str, str]
    ) -> None:
        browser = await signed_in(gateway)

        assert (await browser.get(f"{AUTH}/me", headers=headers)).status == 200

    async def test_prefers_the_authorization_field(self, gateway: RunningGateway) -> None:
        browser, account = await signed_in(gateway), await gateway.account()
        cookie = browser.header(ACCESS)

        as_account = await account.api.get(f"{AUTH}/me", headers=cookie)
        as_nobody = await gateway.api.get(
            f"{AUTH}/me", headers={**cookie, "Authorization": "Bearer pw_wrong"}
        )

        assert as_account.json["email"] == account.email
        assert as_nobody.status == 401

    async def test_is_asked_for_anew_without_a_good_cookie(self, gateway: RunningGateway) -> None:
        for cookie in (f"{ACCESS}=", f"{ACCESS}=made-up", f"{ACCESS}=\u00e9", f"x{ACCESS}=1; ;", REFRESH):
            answer = await gateway.api.get(f"{AUTH}/me", headers={"Cookie": cookie, **SAME_ORIGIN})
            assert (answer.status, answer.code) == (401, "unauthenticated")

    async def test_holds_for_what_stands_in_front_of_the_framework(self, whole: Whole) -> None:
        caller = whole.person()
        await whole.integration(caller, "by-cookie", "bearer")
        connected = await caller.connect_directly("by-cookie")
        call = {
            "workspace_id": str(caller.person.workspace_id),
            "connection_id": connected.json["id"],
            "action": "http-request",
            "parameters": {"method": "GET", "path": "/me"},
        }
        cookie = {"Cookie": f"other=1; {ACCESS}={caller.person.api_key}"}

        async def status(**headers: str) -> int:
            answer = await whole.api.post("/api/v2/execute", call, headers={**cookie, **headers})
            return answer.status

        assert await status(Origin=PUBLIC_URL) == 200
        assert await status(**SAME_ORIGIN) == 200
        assert await status() == 403
        assert await status(Origin="https://evil.example") == 403
        assert await status(Authorization="Bearer pw_wrong", **SAME_ORIGIN) == 401
        assert (await whole.api.post("/api/v2/execute", call, headers=SAME_ORIGIN)).status == 401

    async def test_holds_for_files_that_stream(self, whole: Whole) -> None:
        caller = whole.person()
        cookie = {"Cookie": f"{ACCESS}={caller.person.api_key}"}

        ours = await whole.api.get("/api/v2/logs/export?format=csv", headers={**cookie, **SAME_ORIGIN})
        theirs = await whole.api.get(
            "/api/v2/logs/export?format=csv", headers={**cookie, "Sec-Fetch-Site": "same-site"}
        )

        assert (ours.status, theirs.status) == (200, 403)


class TestRefreshing:
    async def test_replaces_both_cookies(self, gateway: RunningGateway) -> None:
        browser = await signed_in(gateway)
        before = {name: morsel.value for name, morsel in browser.jar.items()}
        del browser.jar[ACCESS]  # it expired
        assert (await browser.get(f"{AUTH}/me")).status == 401

        renewed = await browser.post(f"{AUTH}/refresh", {"cookie": True})

        assert renewed.status == 200
        assert (renewed.json["access_token"], renewed.json["refresh_token"]) == (None, None)
        assert browser.jar[REFRESH].value != before[REFRESH]
        assert (await browser.get(f"{AUTH}/me")).status == 200

    async def test_takes_a_token_of_the_body_for_cookies(self, gateway: RunningGateway) -> None:
        account, browser = await gateway.account(), Browser(gateway.api)

        answer = await browser.post(
            f"{AUTH}/refresh", {"refresh_token": account.refresh_token, "cookie": True}
        )

        assert (answer.json["access_token"], answer.json["refresh_token"]) == (None, None)
        assert (await browser.get(f"{AUTH}/me")).json["email"] == account.email

    async def test_of_two_tabs_at_once_ends_nothing(self, gateway: RunningGateway) -> None:
        browser = await signed_in(gateway)
        second = Browser(gateway.api, dict(browser.jar))

        first_answer = await browser.post(f"{AUTH}/refresh")
        second_answer = await second.post(f"{AUTH}/refresh")

        assert (first_answer.status, second_answer.status) == (200, 401)
        assert cookies_of(second_answer) == {}  # the browser keeps what the first one got
        assert (await browser.get(f"{AUTH}/me")).status == 200
        assert (await browser.post(f"{AUTH}/refresh")).status == 200

    async def test_by_a_token_used_long_ago_ends_the_session(
        self, gateway: RunningGateway, database_urls: DatabaseUrls
    ) -> None:
        browser = await signed_in(gateway)
        thief = Browser(gateway.api, dict(browser.jar))
        await browser.post(f"{AUTH}/refresh")
        as_owner(database_urls, "UPDATE sessions SET rotated_at = rotated_at - interval '11 seconds'")

        assert (await thief.post(f"{AUTH}/refresh")).status == 401
        assert (await browser.get(f"{AUTH}/me")).status == 401

    @pytest.mark.parametrize(
        "headers", [{"Sec-Fetch-Site": "same-site"}, {"Origin": "https://a.example"}, {}]
    )
    async def test_serves_no_other_page(self, gateway: RunningGateway, headers: Mapping[str, str]) -> None:
        browser = await signed_in(gateway)

        answer = await browser.post(f"{AUTH}/refresh", headers=headers)

        assert (answer.status, answer.code) == (403, "forbidden")
        assert (await browser.post(f"{AUTH}/refresh")).status == 200


class TestSigningOut:
    @pytest.mark.parametrize("kept", [(ACCESS, REFRESH), (REFRESH,), (ACCESS,)])
    async def test_ends_the_session_and_clears_the_cookies(
        self, gateway: RunningGateway, kept: tuple[str, ...]
    ) -> None:
        browser = await signed_in(gateway)
        copy = Browser(gateway.api, dict(browser.jar))

        left = await browser.post(f"{AUTH}/sign-out", headers={**SAME_ORIGIN, **browser.header(*kept)})

        assert left.status == 204
        assert browser.jar == {}
        assert (await copy.get(f"{AUTH}/me")).status == 401
        assert (await copy.post(f"{AUTH}/refresh")).status == 401

    async def test_is_nothing_that_another_page_does(self, gateway: RunningGateway) -> None:
        browser = await signed_in(gateway)

        answer = await browser.post(f"{AUTH}/sign-out", headers={"Sec-Fetch-Site": "same-site"})

        assert (answer.status, answer.code) == (403, "forbidden")
        assert (await browser.get(f"{AUTH}/me")).status == 200
