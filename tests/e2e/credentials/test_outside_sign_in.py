"""Signing in with a browser at an OpenID provider by others (oidc-provider, as it comes)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from demo.browser import Browser as Person
from portway.application.ports.accounts import SignUpPolicy
from portway.domain.credential import OAuthClient
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.http.client import AiohttpClient
from portway.infrastructure.http.egress_guard import EVERY_NETWORK, EgressGuard
from portway.infrastructure.oauth.openid_provider import OpenIdProvider
from tests.e2e.credentials.services import Services
from tests.integration.api.browsers import Browser, cookies_of
from tests.integration.api.gateways import Arrangement, RunningGateway, running
from tests.people import as_owner
from tests.serving import Answer, logged

AUTH = "/api/v2/auth"
CALLBACK = f"{AUTH}/providers/oidc/callback"
CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with Services() as found:
        yield found
        assert not found.faults(), found.log()


@dataclass(frozen=True)
class SignInPage:
    """A gateway whose people sign in at the provider."""

    gateway: RunningGateway

    def browser(self) -> Browser:
        return Browser(self.gateway.api)

    async def start(self, browser: Browser, return_to: str = "/w/1/logs?status=error") -> Answer:
        """A click on the provider's button."""
        options = (await self.gateway.api.get(f"{AUTH}/options")).json
        (provider,) = options["providers"]
        assert (provider["id"], provider["name"]) == ("oidc", "Ours")
        return await browser.get(f"{provider['start_url']}?{urlencode({'return_to': return_to})}")

    async def answer(
        self, browser: Browser, account: str, *, deny: bool = False, return_to: str = "/w/1/logs?status=error"
    ) -> dict[str, str]:
        """What the provider's page sends the browser back with."""
        begun = await self.start(browser, return_to)
        assert begun.status == 303, begun.content
        location = begun.headers["Location"]
        target = await asyncio.to_thread(Person().authorize, location, account, deny=deny)
        assert target.startswith(f"http://127.0.0.1:8000{CALLBACK}?")
        return dict(parse_qsl(urlsplit(target).query))

    async def come_back(self, browser: Browser, answer: dict[str, str]) -> str:
        """Where the browser is sent on."""
        ended = await browser.get(f"{CALLBACK}?{urlencode(answer)}", headers=CROSS_SITE)
        assert ended.status == 303, ended.content
        assert ended.content == b""
        assert not (set(cookies_of(ended)) - {"portway_session", "portway_refresh", "portway_sign_in"})
        return ended.headers["Location"]

    async def sign_in(self, account: str) -> tuple[Browser, str]:
        browser = self.browser()
        return browser, await self.come_back(browser, await self.answer(browser, account))


@asynccontextmanager
async def sign_in_page(
    urls: DatabaseUrls,
    services: Services,
    *,
    client: str = "basic",
    sign_up: SignUpPolicy = SignUpPolicy.OPEN,
    issuer: str | None = None,
    public_url: str = "http://127.0.0.1:8000",
) -> AsyncIterator[SignInPage]:
    metadata = services.secrets.clients[client]
    http = AiohttpClient(EgressGuard(EVERY_NETWORK))
    provider = OpenIdProvider(
        http,
        issuer=issuer or services.issuer,
        client=OAuthClient(metadata["client_id"], services.secrets.secret_of(client)),
        name="Ours",
    )
    try:
        arrangement = Arrangement(sign_up=sign_up, providers=[provider], public_url=public_url)
        async with running(urls, arrangement) as gateway:
            yield SignInPage(gateway)
    finally:
        await http.close()


@pytest.fixture
async def page(database_urls: DatabaseUrls, services: Services) -> AsyncIterator[SignInPage]:
    async with sign_in_page(database_urls, services) as found:
        yield found


@pytest.mark.parametrize("client", ["basic", "public"])
async def test_somebody_signs_in(database_urls: DatabaseUrls, services: Services, client: str) -> None:
    async with sign_in_page(database_urls, services, client=client) as page:
        browser, location = await page.sign_in(f"ada-{client}@example.com")
        me = await browser.get(f"{AUTH}/me")
        again, _ = await page.sign_in(f"ada-{client}@example.com")

        assert location == "/w/1/logs?status=error"
        assert set(browser.jar) == {"portway_session", "portway_refresh"}
        assert me.json["email"] == f"ada-{client}@example.com"
        assert me.json["email_verified"] is True
        assert me.json["name"] == f"Account of ada-{client}"
        assert (await again.get(f"{AUTH}/me")).json["id"] == me.json["id"]
        assert (await browser.post(f"{AUTH}/refresh")).status == 200
        assert (await browser.post(f"{AUTH}/sign-out")).status == 204
        assert (await again.get(f"{AUTH}/me")).status == 200


async def test_the_provider_is_asked_as_the_standards_want_it(page: SignInPage, services: Services) -> None:
    begun = await page.start(page.browser())

    query = dict(parse_qsl(urlsplit(begun.headers["Location"]).query))
    assert begun.headers["Location"].startswith(f"{services.issuer}/auth?")
    assert query["redirect_uri"] == f"http://127.0.0.1:8000{CALLBACK}"
    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    assert len(query["code_challenge"]) == 43
    assert min(len(query["state"]), len(query["nonce"])) >= 43
    assert set(query["scope"].split()) == {"openid", "email", "profile"}
    cookie = cookies_of(begun)["portway_sign_in"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "lax", "600")
    assert begun.headers["Cache-Control"] == "no-store"


async def test_an_address_leads_to_who_has_verified_it_and_to_nobody_else(
    page: SignInPage, database_urls: DatabaseUrls
) -> None:
    verified = await page.gateway.account("bob@example.com")
    await page.gateway.account("cyd@example.com")
    await page.gateway.account("unproved@example.com")
    as_owner(
        database_urls,
        "UPDATE users SET email_verified_at = now() WHERE email IN ('bob@example.com', 'unproved@example.com')",
    )

    bob, cyd, unproved = [
        (await (await page.sign_in(email))[0].get(f"{AUTH}/me")).json
        for email in ("bob@example.com", "cyd@example.com", "unproved@example.com")
    ]

    assert bob["id"] == verified.user_id
    assert (cyd["email"], unproved["email"]) == (None, None)  # somebody else's accounts have them


async def test_strangers_come_in_as_the_policy_has_it(
    database_urls: DatabaseUrls, services: Services, page: SignInPage
) -> None:
    host = await page.gateway.account()
    await page.sign_in("known@example.com")
    for email in ("invited@example.com", "unproved-invited@example.com"):
        invitation = {"workspace_id": host.workspace_id, "email": email, "role": "viewer"}
        assert (await host.api.post("/api/v2/invitations", invitation)).status == 201

    async with sign_in_page(database_urls, services, sign_up=SignUpPolicy.CLOSED) as closed:
        assert (await closed.sign_in("known@example.com"))[1] == "/w/1/logs?status=error"
        _, location = await closed.sign_in("invited@example.com")
        assert location == "/sign-in?error=not_invited&return_to=%2Fw%2F1%2Flogs%3Fstatus%3Derror"
    async with sign_in_page(database_urls, services, sign_up=SignUpPolicy.INVITE) as invite:
        for email in ("stranger@example.com", "unproved-invited@example.com"):
            browser, location = await invite.sign_in(email)
            assert location.startswith("/sign-in?error=not_invited&")
            assert browser.jar == {}
        browser, location = await invite.sign_in("invited@example.com")
        workspaces = (await browser.get("/api/v2/workspaces")).json["data"]
        assert location == "/w/1/logs?status=error"
        assert [(entry["id"], entry["role"]) for entry in workspaces] == [(host.workspace_id, "viewer")]


async def test_who_was_disabled_stays_out(page: SignInPage, database_urls: DatabaseUrls) -> None:
    await page.sign_in("dan@example.com")
    as_owner(database_urls, "UPDATE users SET disabled_at = now() WHERE email = 'dan@example.com'")

    browser, location = await page.sign_in("dan@example.com")

    assert location.startswith("/sign-in?error=not_invited&")
    assert browser.jar == {}


async def test_saying_no_leads_back(page: SignInPage) -> None:
    browser = page.browser()

    location = await page.come_back(browser, await page.answer(browser, "eve@example.com", deny=True))

    assert location.startswith("/sign-in?error=cancelled&")
    assert browser.jar == {}


async def test_an_answer_is_good_in_the_browser_that_began(page: SignInPage) -> None:
    browser, other = page.browser(), page.browser()
    answer = await page.answer(browser, "fay@example.com")
    await page.start(other)

    assert (await page.come_back(page.browser(), answer)).startswith("/sign-in?error=expired")
    assert (await page.come_back(other, answer)).startswith("/sign-in?error=expired")
    assert other.jar == {}
    assert await page.come_back(browser, answer) == "/w/1/logs?status=error"


async def test_an_answer_is_good_once(page: SignInPage) -> None:
    browser = page.browser()
    answer = await page.answer(browser, "gus@example.com")
    copy = Browser(page.gateway.api, dict(browser.jar))

    assert await page.come_back(browser, answer) == "/w/1/logs?status=error"
    assert (await page.come_back(browser, answer)).startswith("/sign-in?error=expired")
    assert (await page.come_back(copy, answer)).startswith("/sign-in?error=failed")
    assert copy.jar == {}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"state": "another"}, "expired"),
        ({"state": ""}, "expired"),
        ({"code": "another"}, "failed"),
        ({"code": ""}, "failed"),
        ({"iss": "https://evil.example"}, "failed"),
        ({"error": "server_error"}, "failed"),
        ({"error": "access_denied", "error_description": "<script>"}, "cancelled"),
    ],
)
async def test_an_answer_that_was_altered_is_refused(
    page: SignInPage, changes: dict[str, str], error: str
) -> None:
    browser = page.browser()
    answer = await page.answer(browser, "hal@example.com")

    location = await page.come_back(browser, answer | changes)

    assert location.startswith(f"/sign-in?error={error}")
    assert "script" not in location
    assert browser.jar == {}


async def test_a_code_of_somebody_elses_is_refused(page: SignInPage) -> None:
    """Injected into a browser's own attempt: neither the verifier nor the nonce is the code's."""
    browser, attacker = page.browser(), page.browser()
    own = await page.answer(browser, "ida@example.com")
    stolen = await page.answer(attacker, "jim@example.com")

    assert (await page.come_back(browser, own | {"code": stolen["code"]})).startswith("/sign-in?error=failed")
    assert browser.jar == {}


@pytest.mark.parametrize(
    "return_to",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\evil", "", "w/1", "/a\nb", "/é"],
)
async def test_leads_nowhere_else(page: SignInPage, return_to: str) -> None:
    answer = await page.start(page.browser(), return_to)

    assert (answer.status, answer.code) == (400, "malformed_request")


async def test_over_https_no_sibling_domain_can_begin_for_a_browser(
    database_urls: DatabaseUrls, services: Services
) -> None:
    async with sign_in_page(database_urls, services, public_url="https://portway.example") as page:
        begun = await page.start(page.browser())

    (cookie,) = cookies_of(begun).values()
    # What browsers ask of this prefix (RFC 6265bis, section 4.1.3.2).
    assert cookie.key == "__Host-portway_sign_in"
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:1", "other"])
async def test_a_provider_that_is_away_leads_back(
    database_urls: DatabaseUrls, services: Services, issuer: str
) -> None:
    issuer = f"{services.issuer}/other" if issuer == "other" else issuer
    async with sign_in_page(database_urls, services, issuer=issuer) as page:
        begun = await page.start(page.browser(), "/w/1")

    assert begun.headers["Location"] == "/sign-in?error=unavailable&return_to=%2Fw%2F1"
    assert cookies_of(begun) == {}


async def test_there_is_no_other_provider(page: SignInPage) -> None:
    for path in ("start", "callback"):
        answer = await page.gateway.api.get(f"{AUTH}/providers/other/{path}")
        assert (answer.status, answer.code) == (404, "not_found")


async def test_nothing_secret_is_logged(page: SignInPage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    browser = page.browser()
    answer = await page.answer(browser, "kim@example.com")
    kept = browser.jar["portway_sign_in"].value

    await page.come_back(browser, answer | {"code": answer["code"][:-1]})
    await page.sign_in("kim@example.com")

    log = logged(caplog)
    assert "could not sign in" in log
    for secret in (answer["code"][:-1], answer["state"], kept):
        assert secret not in log
