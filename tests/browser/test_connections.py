"""Services are connected, looked after and disconnected on the console's own pages."""

import asyncio
import re
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, Route, expect

from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Visit, settle
from tests.browser.google import deny_at_google, sign_in_at_google
from tests.browser.stage import Stage, Visitor
from tests.browser.watch import Watch
from tests.e2e.upstreams import Received

ONE = re.compile(r"/connections/[0-9a-f]{8}-[0-9a-f-]{27}$")
RIGHT_KEY = "parcel-key-that-is-right"
WRONG_KEY = "parcel-key-that-is-wrong"
BLOCK_POPUPS = "window.open = () => null"
# What a service's Cross-Origin-Opener-Policy does to the window that it is opened in.
FORGET_OPENER = "if (location.pathname === '/api/v2/oauth/callback') window.opener = null"


async def connections_of(person: Visitor) -> list[dict[str, Any]]:
    listed = await person.caller.get("/api/v2/connections", workspace_id=str(person.workspace_id))
    found: list[dict[str, Any]] = listed["data"]
    return found


async def begin_with_gmail(page: Page, person: Visitor) -> None:
    """Up to the button that leads to the service."""
    await page.goto(f"{person.home}/connections")
    await page.get_by_role("button", name="Connect", exact=True).first.click()
    await page.get_by_placeholder("Find a service").fill("gmail")
    # The list as it stays: in the one before it, Gmail is somewhere else.
    await expect(page.get_by_role("option")).to_have_count(1)
    await page.get_by_role("option", name=re.compile("Gmail")).click()
    await expect(page.get_by_role("button", name="Continue to Gmail")).to_be_visible()


async def connect_gmail(page: Page, person: Visitor) -> dict[str, Any]:
    """By popup; the connection as the API shows it."""
    await begin_with_gmail(page, person)
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Continue to Gmail").click()
    await sign_in_at_google(await opened.value)
    await page.wait_for_url(ONE)
    (made,) = await connections_of(person)
    return made


def parcels(stage: Stage, person: Visitor) -> str:
    """A service that takes one key alone, and says why it takes no other; its slug."""

    async def verify(received: Received) -> web.StreamResponse:
        if received.headers.get("authorization") == f"Bearer {RIGHT_KEY}":
            return web.json_response({"login": "parcels@example.com"})
        return web.json_response({"message": "This key was revoked on Monday."}, status=401)

    stage.upstream.on("/parcel-service/me", verify)
    slug = f"parcel-service-{person.workspace_id.hex[-8:]}"
    verification = {"path": "/parcel-service/me", "method": "GET"}
    stage.world.integration(
        slug=slug, auth_config={"verification": verification, "account": {"id": "verification.login"}}
    )
    return slug


async def test_by_popup(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await begin_with_gmail(page, ada)
    await assert_accessible(page)
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Continue to Gmail").click()
    popup = await opened.value
    await expect(page.get_by_text("Waiting for you at Gmail")).to_be_visible()
    await assert_accessible(page)
    await sign_in_at_google(popup)
    await page.wait_for_url(ONE)
    await expect(page.get_by_role("heading", level=1)).to_have_text("ada@example.com")
    assert popup.is_closed()
    (made,) = await connections_of(ada)
    assert (made["status"], made["integration"]) == ("active", "gmail")
    assert page.url.endswith(made["id"])


async def test_by_popup_that_a_service_has_cut_off(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await page.context.add_init_script(FORGET_OPENER)
    await begin_with_gmail(page, ada)
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Continue to Gmail").click()
    popup = await opened.value
    async with popup.expect_event("close"):
        await sign_in_at_google(popup)
    await page.wait_for_url(ONE)
    await expect(page.get_by_role("heading", level=1)).to_have_text("ada@example.com")


async def test_by_redirect_where_popups_are_blocked(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await page.add_init_script(BLOCK_POPUPS)
    await begin_with_gmail(page, ada)
    await page.get_by_role("button", name="Continue to Gmail").click()
    await sign_in_at_google(page)
    await page.wait_for_url(ONE)
    await expect(page.get_by_role("heading", level=1)).to_have_text("ada@example.com")
    await expect(page.get_by_text("Connected.")).to_be_visible()


async def test_whoever_does_not_agree_reads_so_and_can_try_again(
    stage: Stage, visit: Visit, watch: Watch
) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    watch.expect(400, "/api/v2/oauth/callback")
    await begin_with_gmail(page, ada)
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Continue to Gmail").click()
    await deny_at_google(await opened.value)
    await expect(page.get_by_role("alert")).to_contain_text("The access was not granted.")
    await expect(page.get_by_role("button", name="Continue to Gmail")).to_be_visible()
    assert await connections_of(ada) == []


async def test_what_is_waited_for_can_be_called_off(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await begin_with_gmail(page, ada)
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Continue to Gmail").click()
    popup = await opened.value
    await popup.wait_for_url(re.compile("/interaction/"))
    async with popup.expect_event("close"):
        await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("button", name="Continue to Gmail")).to_be_visible()


@pytest.mark.parametrize("blocked", [False, True], ids=["popup", "here"])
async def test_nothing_opens_once_the_window_is_closed(stage: Stage, visit: Visit, blocked: bool) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    if blocked:
        await page.add_init_script(BLOCK_POPUPS)
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        asked.set()
        await answer.wait()
        await route.continue_()

    await page.route("**/api/v2/connections/authorize", slowly)
    await begin_with_gmail(page, ada)
    await page.get_by_role("button", name="Continue to Gmail").click()
    await asked.wait()
    await page.bring_to_front()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    async with page.expect_response("**/api/v2/connections/authorize"):
        answer.set()
    await settle(page)
    assert page.context.pages == [page]
    assert ada.home in page.url


async def test_a_wrong_key_is_refused_in_the_service_s_words(
    stage: Stage, visit: Visit, watch: Watch
) -> None:
    ada = stage.person("Ada Lovelace")
    slug = parcels(stage, ada)
    page = await visit(ada)
    watch.expect(502, "/api/v2/connections")
    await page.goto(f"{ada.home}/connections?connect={slug}")
    key = page.get_by_label(re.compile("token", re.IGNORECASE)).first
    await key.fill(WRONG_KEY)
    assert await key.get_attribute("type") == "password"
    await page.get_by_role("button", name="Connect", exact=True).last.click()
    await expect(page.get_by_role("alert")).to_contain_text("This key was revoked on Monday.")
    await assert_accessible(page)
    assert await connections_of(ada) == []
    await key.fill(RIGHT_KEY)
    await page.get_by_role("button", name="Connect", exact=True).last.click()
    await page.wait_for_url(ONE)
    await expect(page.get_by_role("heading", level=1)).to_have_text("parcels@example.com")


async def test_a_key_is_tested_and_replaced(stage: Stage, visit: Visit, watch: Watch) -> None:
    ada = stage.person("Ada Lovelace")
    slug = parcels(stage, ada)
    page = await visit(ada)
    await page.goto(f"{ada.home}/connections?connect={slug}")
    await page.get_by_label(re.compile("token", re.IGNORECASE)).first.fill(RIGHT_KEY)
    await page.get_by_role("button", name="Connect", exact=True).last.click()
    await page.wait_for_url(ONE)
    await page.get_by_role("button", name="Test").click()
    await expect(page.get_by_text("Test accepts it.")).to_be_visible()
    await page.get_by_role("button", name="Replace credential").click()
    watch.expect(502, "/api/v2/connections/*")
    await page.get_by_label(re.compile("token", re.IGNORECASE)).first.fill(WRONG_KEY)
    await page.get_by_role("button", name="Replace", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("This key was revoked on Monday.")
    await assert_accessible(page)
    await page.get_by_label(re.compile("token", re.IGNORECASE)).first.fill(RIGHT_KEY)
    await page.get_by_role("button", name="Replace", exact=True).click()
    await expect(page.get_by_text("Replaced.")).to_be_visible()


async def test_it_is_renamed_disabled_and_authorized_again(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    made = await connect_gmail(page, ada)
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Rename").click()
    await page.get_by_role("textbox", name="Name").fill("Team inbox")
    await page.get_by_role("button", name="Rename", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Team inbox")

    await page.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Disable").click()
    await expect(page.get_by_text("Its owner has disabled it.")).to_be_visible()
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Enable").click()
    await expect(page.get_by_text("Its owner has disabled it.")).to_have_count(0)

    await page.get_by_role("button", name="Re-authorize").click()
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Continue to Gmail").click()
    # The service knows her by now, and asks only whether she agrees.
    await (await opened.value).get_by_role("button", name="Continue").click()
    await expect(page.get_by_text("Authorized again.")).to_be_visible()
    (after,) = await connections_of(ada)
    assert (after["id"], after["name"], after["status"]) == (made["id"], "Team inbox", "active")
    assert after["expires_at"] != made["expires_at"]


async def test_deleting_tells_what_the_service_did(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await connect_gmail(page, ada)
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Calls that use it fail from now on.")
    await assert_accessible(page)
    await page.get_by_role("button", name="Delete connection").click()
    await expect(page.get_by_text("Deleted, and Gmail has revoked its access.")).to_be_visible()
    await page.wait_for_url(re.compile("/connections$"))
    await expect(page.get_by_text("Nothing is connected yet")).to_be_visible()
    assert await connections_of(ada) == []


async def test_others_see_it_and_read_why_they_cannot_touch_it(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    slug = parcels(stage, ada)
    body = {"workspace_id": str(ada.workspace_id), "integration": slug, "credentials": {"token": RIGHT_KEY}}
    made = await ada.caller.call("POST", "/api/v2/connections", body)
    assert made.status == 201, made.text
    grace = stage.mate(ada, "viewer", "Grace Hopper")
    page = await visit(grace)
    await page.goto(f"{grace.home}/connections/{made.json['id']}")
    await expect(page.get_by_role("definition").filter(has_text="Ada Lovelace")).to_be_visible()
    for name in ("Test", "Replace credential", "Playground"):
        await expect(page.get_by_role("main").get_by_role("button", name=name)).to_have_attribute(
            "aria-disabled", "true"
        )
    await page.get_by_role("button", name="Replace credential").press("Enter")
    await expect(page.get_by_text("Only Ada Lovelace may give it credentials.").first).to_be_visible()
    await page.get_by_role("button", name="More").click()
    delete = page.get_by_role("menuitem", name="Delete")
    await expect(delete).to_have_attribute("aria-disabled", "true")
    await expect(delete).to_contain_text("Only Ada Lovelace and this workspace")
    await page.keyboard.press("Escape")
    await page.goto(f"{grace.home}/connections")
    await expect(page.get_by_role("button", name="Connect", exact=True)).to_have_attribute(
        "aria-disabled", "true"
    )


async def test_filters_are_in_the_address(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    service = stage.world.integration(slug=f"filtered-{ada.workspace_id.hex[-8:]}")
    stage.world.connect(ada, service)
    page = await visit(ada)
    await page.goto(f"{ada.home}/connections?status=disabled")
    await expect(page.get_by_text("No connection fits these filters")).to_be_visible()
    await page.get_by_role("button", name="Clear the filters").click()
    rows = page.get_by_role("grid", name="Connections").get_by_role("row")
    await expect(rows).to_have_count(2)
    await page.keyboard.press("/")
    await page.keyboard.type("nothing like it")
    await page.wait_for_url(re.compile(r"q=nothing(\+|%20)like(\+|%20)it"))
    await expect(page.get_by_text("No connection fits these filters")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("searchbox")).to_have_value("nothing like it")


async def test_a_connect_link_is_made_copied_and_revoked(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada, permissions=["clipboard-read", "clipboard-write"])
    await page.goto(f"{ada.home}/connections/links")
    await expect(page.get_by_text("No links yet")).to_be_visible()
    await page.get_by_role("button", name="Make a link").first.click()
    service = page.get_by_role("dialog").locator("button[role=combobox]")
    await service.click()
    await page.get_by_placeholder("Search").fill("gmail")
    await expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    await page.get_by_role("option", name=re.compile("Gmail")).click()
    await service.click()  # another is looked for, and not chosen
    await expect(page.get_by_role("option", name=re.compile("Airtable"))).to_be_visible()
    await page.get_by_placeholder("Search").fill("slack")
    await expect(page.get_by_role("option", name=re.compile("Gmail"))).to_have_count(0)
    await expect(service).to_have_text("Gmail")
    await page.keyboard.press("Escape")
    await expect(service).to_have_text("Gmail")
    await page.get_by_role("textbox", name="End user", exact=True).fill("customer-7")
    await page.get_by_role("button", name="Make the link").click()
    await expect(page.get_by_text("The link is ready")).to_be_visible()
    await page.keyboard.press("Escape")  # it is shown this once
    await assert_accessible(page)
    await page.get_by_role("button", name="Copy").click()
    url = await page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"http://\S+/connect/\S{20,}", url)
    await page.get_by_role("button", name="Done").click()
    row = page.get_by_role("row").filter(has_text="customer-7")
    await expect(row).to_contain_text("Ready")
    await row.get_by_role("button", name="Revoke").click()
    await page.get_by_role("button", name="Revoke link").click()
    await expect(row).to_contain_text("Revoked")


async def test_on_a_phone(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada, width=375, theme="dark")
    await begin_with_gmail(page, ada)
    await assert_fits(page)
    await assert_accessible(page)
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Continue to Gmail").click()
    await sign_in_at_google(await opened.value)
    await page.wait_for_url(ONE)
    await expect(page.get_by_role("heading", name="Details")).to_be_visible()
    await assert_fits(page)
    await assert_accessible(page)


async def test_a_key_that_is_being_tried_cannot_be_called_off_and_is_sent_once(
    stage: Stage, visit: Visit
) -> None:
    ada = stage.person("Ada Lovelace")
    slug = parcels(stage, ada)
    page = await visit(ada)
    trying = asyncio.Event()

    async def slowly(route: Route) -> None:
        if route.request.method == "POST":
            await trying.wait()
        await route.continue_()

    await page.route("**/api/v2/connections", slowly)
    await page.goto(f"{ada.home}/connections?connect={slug}")
    window = page.get_by_role("dialog")
    await window.get_by_label("Token").first.fill(RIGHT_KEY)
    await window.get_by_role("button", name="Connect").dblclick()
    await expect(window.get_by_role("button", name="Cancel")).to_be_disabled()
    await page.keyboard.press("Escape")
    await expect(window).to_be_visible()
    trying.set()
    await page.wait_for_url(ONE)
    assert len(await connections_of(ada)) == 1
