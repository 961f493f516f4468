"""Signing in and up, and the pages that mailed links lead to."""

import re
import secrets

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import AnotherStage, Visit, settle
from tests.browser.stage import Stage
from tests.browser.watch import Watch


async def fill_in(page: Page, email: str, password: str) -> None:
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def test_signing_in_leads_to_where_one_wanted_to_go(stage: Stage, visit: Visit, watch: Watch) -> None:
    ada = await stage.account()
    watch.expect(401, "/api/v2/auth/*")
    page = await visit()
    await page.goto(f"{ada.home}/logs?status=error")
    await expect(page).to_have_url(re.compile(r"/sign-in\?return_to="))
    await fill_in(page, ada.email, ada.password)
    await expect(page).to_have_url(re.compile(rf"{ada.home}/logs\?status=error$"))
    await page.goto("/")
    await expect(page).to_have_url(re.compile(rf"{ada.home}/home$"))


async def test_a_wrong_password_is_told_and_may_be_corrected(
    stage: Stage, visit: Visit, watch: Watch
) -> None:
    ada = await stage.account()
    watch.expect(401, "/api/v2/auth/*")
    page = await visit()
    await page.goto("/sign-in")
    await fill_in(page, ada.email, "not the password")
    told = page.get_by_role("alert")
    await expect(told).to_contain_text("password")
    words = await told.text_content()
    await fill_in(page, f"nobody-{secrets.token_hex(4)}@example.com", "not the password")
    await expect(page.get_by_role("button", name="Sign in")).to_be_enabled()
    assert await told.text_content() == words
    await assert_accessible(page)
    await page.get_by_role("button", name="Show the password").click()
    await expect(page.get_by_label("Password", exact=True)).to_have_attribute("type", "text")
    await fill_in(page, ada.email, ada.password)
    await expect(page).to_have_url(re.compile(rf"{ada.home}/home$"))


@pytest.mark.parametrize("elsewhere", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
async def test_no_address_leads_to_another_site(
    stage: Stage, visit: Visit, watch: Watch, elsewhere: str
) -> None:
    ada = await stage.account()
    watch.expect(401, "/api/v2/auth/*")
    page = await visit()
    await page.goto(f"/sign-in?return_to={elsewhere}")
    await fill_in(page, ada.email, ada.password)
    await expect(page).to_have_url(f"{stage.url}{ada.home}/home")


async def test_why_signing_in_elsewhere_came_to_nothing_is_told(visit: Visit) -> None:
    page = await visit()
    await page.goto("/sign-in?error=not_invited&return_to=/")
    await expect(page.get_by_role("alert")).to_contain_text("Ask an admin for an invitation")
    await page.goto("/sign-in?error=<b>made-up</b>")
    await expect(page.get_by_role("alert")).to_contain_text("That did not work")


async def test_whoever_may_makes_an_account(stage: Stage, visit: Visit, watch: Watch) -> None:
    watch.expect(400, "/api/v2/auth/sign-up")
    page = await visit()
    await page.goto("/sign-in")
    await page.get_by_role("link", name="Make an account").click()
    await expect(page).to_have_url(re.compile("/sign-up$"))
    await page.get_by_label("Name").fill("Grace Hopper")
    await page.get_by_label("Email").fill(f"grace-{secrets.token_hex(4)}@example.com")
    await page.get_by_label("Password", exact=True).fill("short")
    await page.get_by_role("button", name="Make the account").click()
    field = page.get_by_label("Password", exact=True)
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_text("must have at least 10 characters.")).to_be_visible()
    await field.fill(secrets.token_urlsafe(16))
    await page.get_by_role("button", name="Make the account").click()
    await expect(page).to_have_url(re.compile(r"/w/[0-9a-f-]+/home$"))
    await expect(page.get_by_role("heading", name="Make your first execution")).to_be_visible()


async def test_where_accounts_are_by_invitation_the_page_says_so(
    another_stage: AnotherStage, visit: Visit, watch: Watch
) -> None:
    fresh = another_stage(PORTWAY_SIGN_UP="invite", PORTWAY_SET_UP_LINK_REQUIRED="true")
    page = await visit(at=fresh)
    await page.goto("/sign-in")
    await expect(page.get_by_text("There is no account yet.")).to_be_visible()
    await expect(page.get_by_role("link", name="Make an account")).to_have_count(0)
    await page.goto("/set-up")
    await expect(page.get_by_role("alert")).to_contain_text("This address lacks its token")


async def test_on_one_s_own_machine_the_first_account_needs_no_link(
    another_stage: AnotherStage, visit: Visit
) -> None:
    page = await visit(at=another_stage(PORTWAY_SIGN_UP="invite"))
    await page.goto("/")
    await page.get_by_role("link", name="Make the first account").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Portway")
    await assert_accessible(page)
    await page.get_by_label("Email").fill("ada@northwind.example")
    await page.get_by_label("Password", exact=True).fill(secrets.token_urlsafe(16))
    await page.get_by_role("button", name="Make the first account").click()
    await expect(page).to_have_url(re.compile(r"/w/[0-9a-f-]+/home$"))


async def test_what_else_there_is_to_sign_in_by_can_be_asked_again(
    stage: Stage, visit: Visit, watch: Watch
) -> None:
    stage.person()
    watch.expect(503, "/api/v2/auth/options")
    page = await visit()
    await page.route("**/api/v2/auth/options", lambda route: route.fulfill(status=503))
    await page.goto("/sign-in")
    told = page.get_by_role("alert")
    await expect(told).to_contain_text("could not be loaded")
    await assert_accessible(page)
    await page.unroute("**/api/v2/auth/options")
    await told.get_by_role("button", name="Try again").click()
    await expect(told).to_have_count(0)
    await expect(page.get_by_role("link", name="Make an account")).to_be_visible()


async def test_a_fault_that_no_field_shows_is_told(stage: Stage, visit: Visit, watch: Watch) -> None:
    stage.person()
    watch.expect(400, "/api/v2/auth/sign-up")
    watch.expect(422, "/api/v2/auth/sign-up")
    page = await visit()
    await page.goto(f"/invitation#token={'a' * 5000}")
    await page.get_by_label("Email").fill("grace@example.com")
    await page.get_by_label("Password", exact=True).fill(secrets.token_urlsafe(16))
    await page.get_by_role("button", name="Make the account and join").click()
    await expect(page.get_by_role("alert")).to_contain_text("invitation_token")


@pytest.mark.parametrize("path", ["/verify-email", "/reset-password", "/invitation"])
async def test_a_dead_link_says_what_to_do(stage: Stage, visit: Visit, watch: Watch, path: str) -> None:
    stage.person()  # the first account would need no link
    token = "a" * 43
    watch.expect(401, "/api/v2/auth/*")
    watch.expect(403, "/api/v2/auth/*")
    watch.expect(404, "/api/v2/auth/*")
    page = await visit()
    await page.goto(f"{path}#token={token}")
    await settle(page)
    assert token not in page.url
    for kind, text in (("email", "grace@example.com"), ("password", secrets.token_urlsafe(16))):
        field = page.locator(f"input[type={kind}]")
        if await field.count():
            await field.fill(text)
    await page.get_by_role("main").get_by_role("button").last.click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await assert_accessible(page)


async def test_a_dead_link_to_a_new_password_is_not_in_the_way_of_another(
    stage: Stage, visit: Visit, watch: Watch
) -> None:
    stage.person()
    watch.expect(404, "/api/v2/auth/*")
    page = await visit()
    await page.goto(f"/reset-password#token={'a' * 43}")
    await page.get_by_label("New password", exact=True).fill(secrets.token_urlsafe(16))
    await page.get_by_role("button", name="Change the password").click()
    await expect(page.get_by_role("alert")).to_have_text(
        "This link was used already, or it has expired; ask for a new one."
    )
    await page.get_by_role("link", name="Sign in").click()
    await expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Forgot the password")
