"""What stands around every page: navigation, command palette, shortcuts, themes, workspaces, and the way out."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Visit, settle, sign_in
from tests.browser.stage import Stage, Visitor
from tests.browser.watch import Watch
from tests.people import as_owner

SECTIONS = ("Home", "Integrations", "Connections", "Playground", "Logs", "Usage", "API keys")


@pytest.fixture(scope="module")
def ada(stage: Stage) -> Visitor:
    return stage.person("Ada Lovelace")


async def is_dark(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.classList.contains('dark')"))


async def test_the_navigation_leads_to_every_section_without_a_new_page(visit: Visit, ada: Visitor) -> None:
    page = await visit(ada)
    await page.goto(f"{ada.home}/home")
    await page.evaluate("window.same = true")
    navigation = page.get_by_role("navigation", name="Main")
    for name in (*SECTIONS[1:], SECTIONS[0]):
        await navigation.get_by_role("link", name=name, exact=True).click()
        await expect(page).to_have_title(f"{name} · Portway")
        await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await navigation.get_by_role("link", name="Settings").click()
    await expect(page).to_have_url(re.compile("/settings/profile$"))
    assert await page.evaluate("window.same") is True


async def test_the_start_leads_to_the_workspace_and_a_stranger_to_sign_in_and_back(
    visit: Visit, ada: Visitor
) -> None:
    page = await visit(ada)
    await page.goto("/")
    await expect(page).to_have_url(re.compile(f"{ada.home}/home$"))
    stranger = await visit()
    await stranger.goto(f"{ada.home}/logs?status=error")
    await expect(stranger).to_have_url(re.compile(r"/sign-in\?return_to=.*logs.*status.*error"))


async def test_a_workspace_of_others_is_not_there(stage: Stage, visit: Visit, ada: Visitor) -> None:
    page = await visit(stage.person("Mallory"))
    await page.goto(f"{ada.home}/home")
    await expect(page.get_by_text("There is no such page")).to_be_visible()
    await assert_accessible(page)


async def test_the_keyboard_stays_at_the_title_when_the_page_behind_it_has_loaded(
    visit: Visit, ada: Visitor
) -> None:
    page = await visit(ada)
    loading = asyncio.Event()

    async def slowly(route: Route) -> None:
        await loading.wait()
        await route.continue_()

    await page.route(re.compile(r"/api/v2/integrations/gmail\?"), slowly)
    await page.goto(f"{ada.home}/integrations?q=gmail")
    await page.get_by_role("link", name="Gmail", exact=True).click()
    title = page.get_by_role("heading", level=1)
    await expect(title).to_have_text("gmail")
    await expect(title).to_be_focused()
    loading.set()
    await expect(title).to_have_text("Gmail")
    await expect(title).to_be_focused()


async def test_the_palette_finds_pages_and_integrations(visit: Visit, ada: Visitor) -> None:
    page = await visit(ada)
    await page.goto(f"{ada.home}/home")
    await settle(page)
    await page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog")
    await expect(palette.get_by_role("combobox")).to_be_focused()
    await assert_accessible(page)
    await page.keyboard.type("usage")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/usage$"))
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name="Logs", exact=True)
    await link.focus()
    await page.keyboard.press("Control+k")
    await expect(palette.get_by_role("combobox")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(link).to_be_focused()
    await page.keyboard.press("Control+k")
    await expect(palette.get_by_role("combobox")).to_be_focused()
    await page.keyboard.type("gmail")
    await palette.get_by_role("option", name="Gmail").first.click()
    await expect(page).to_have_url(re.compile("/integrations/gmail$"))
    await expect(page.get_by_role("heading", level=1)).to_be_focused()


async def test_keys_lead_to_pages_and_are_listed(visit: Visit, ada: Visitor) -> None:
    page = await visit(ada)
    await page.goto(f"{ada.home}/home")
    await settle(page)
    await page.keyboard.press("?")
    listed = page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(listed).to_contain_text("Go to Logs")
    await assert_accessible(page)
    await page.keyboard.press("Escape")
    await expect(listed).to_have_count(0)
    await page.keyboard.press("g")
    await page.keyboard.press("l")
    await expect(page).to_have_url(re.compile("/logs"))


async def test_the_theme_that_was_chosen_is_there_before_the_first_paint(visit: Visit, ada: Visitor) -> None:
    page = await visit(ada, theme="light")
    await page.goto(f"{ada.home}/home")
    await page.get_by_role("button", name="Account of").click()
    await page.get_by_role("menuitemradio", name="Dark").click()
    await expect(page.locator("html")).to_contain_class("dark")
    seen: list[bool] = []
    await page.expose_function("sawFirstPaint", lambda dark: seen.append(dark))  # noqa: PLW0108 - it must be a function of Python's own
    await page.add_init_script(
        "new PerformanceObserver(() => window.sawFirstPaint(document.documentElement.classList.contains('dark')))"
        ".observe({ type: 'paint', buffered: true })"
    )
    await page.reload()
    await settle(page)
    assert await is_dark(page)
    await assert_accessible(page)
    assert seen[0] is True, "the page was painted in the other theme first"


async def test_the_navigation_folds_away_on_a_phone(visit: Visit, ada: Visitor) -> None:
    page = await visit(ada, width=375)
    await page.goto(f"{ada.home}/home")
    await settle(page)
    await page.get_by_role("button", name="Open the navigation").click()
    sheet = page.get_by_role("dialog", name="Navigation")
    await expect(sheet).to_be_visible()
    await assert_accessible(page)
    await assert_fits(page)
    await sheet.get_by_role("link", name="Logs").click()
    await expect(sheet).to_have_count(0)
    await expect(page).to_have_url(re.compile("/logs"))


async def test_signing_out_ends_the_session_everywhere(stage: Stage, visit: Visit, watch: Watch) -> None:
    grace = stage.person("Grace Hopper")
    page = await visit(grace)
    other = await page.context.new_page()
    await other.goto(f"{grace.home}/home")
    await page.goto(f"{grace.home}/home")
    watch.expect(401, "/api/v2/*")
    await page.get_by_role("button", name="Account of").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page).to_have_url(re.compile("/sign-in"))
    assert [
        cookie["name"] for cookie in await page.context.cookies() if cookie["name"] != "portway_browser"
    ] == []
    answer = await other.goto(f"{stage.url}{grace.home}/home")
    assert answer is not None
    await expect(other).to_have_url(re.compile("/sign-in"))


async def test_another_tab_follows_who_signs_in(stage: Stage, visit: Visit, watch: Watch) -> None:
    ada, grace = await stage.account("Ada Lovelace"), await stage.account("Grace Hopper")
    page = await visit(ada)
    await page.goto(f"{ada.home}/api-keys")
    await settle(page)
    other = await page.context.new_page()
    await other.goto(f"{ada.home}/home")
    await settle(other)
    watch.expect(401, "/api/v2/*")
    await other.get_by_role("button", name="Account of").click()
    await other.get_by_role("menuitem", name="Sign out").click()
    await expect(page).to_have_url(re.compile("/sign-in"))
    await other.get_by_label("Email").fill(grace.email)
    await other.get_by_label("Password", exact=True).fill(grace.password)
    await other.get_by_role("button", name="Sign in", exact=True).click()
    await expect(other).to_have_url(re.compile("/home"))
    await page.goto(f"{grace.home}/api-keys")
    await expect(page.get_by_role("button", name="Account of Grace Hopper")).to_be_visible()
    await settle(page)

    # Somebody else signs in without that anybody has signed out.
    mo = stage.person("Mo Said")
    await sign_in(page.context, mo)
    await other.goto(f"{mo.home}/home")
    await expect(other.get_by_role("button", name="Account of Mo Said")).to_be_visible()
    await expect(page.get_by_text("There is no such page")).to_be_visible()


async def test_whoever_is_taken_out_of_a_workspace_is_told_that_it_is_not_there(
    stage: Stage, visit: Visit, watch: Watch
) -> None:
    ada = stage.person("Ada Lovelace")
    grace = stage.mate(ada, "viewer")
    page = await visit(grace)
    await page.clock.install()
    await page.goto(f"{grace.home}/logs")
    await settle(page)
    as_owner(stage.urls, "DELETE FROM workspace_members WHERE user_id = %s AND workspace_id = %s", grace.user_id,
             ada.workspace_id)  # fmt: skip
    watch.expect(404, "/api/v2/*")
    watch.expect(403, "/api/v2/*")
    await page.clock.fast_forward("02:00")
    await page.get_by_role("link", name="API keys").first.click()
    await expect(page.get_by_text("There is no such page")).to_be_visible()


async def test_the_palette_does_not_open_over_a_window(visit: Visit, ada: Visitor) -> None:
    page = await visit(ada)
    await page.goto(f"{ada.home}/api-keys")
    await settle(page)
    await page.keyboard.press("c")
    window = page.get_by_role("dialog", name="Create an API key")
    await expect(window).to_be_visible()
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog")).to_have_count(1)


async def test_long_names_leave_the_page_as_wide_as_it_is(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    name = "Customer Relationship Platform API of a Company with a Long Name in Wales"
    slug = f"long-{ada.workspace_id.hex[-8:]}"
    made = await ada.caller.call("POST", "/api/v2/integrations", {
        "name": name, "slug": slug, "base_url": "https://api.example.com", "auth_type": "bearer",
        "organization_id": str(ada.organization_id),
    })  # fmt: skip
    assert made.status == 201, made.text
    as_owner(stage.urls, "UPDATE workspaces SET name = %s WHERE id = %s", name, ada.workspace_id)
    for width in (375, 1280):
        page = await visit(ada, width=width)
        await page.goto(f"{ada.home}/integrations/{slug}/new-action")
        await settle(page)
        await assert_fits(page)
