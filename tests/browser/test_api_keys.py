"""API keys: made, shown once, tried in a shell, and revoked."""

import asyncio
import json
import re
import subprocess

from playwright.async_api import Locator, Page, expect

from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Visit, settle
from tests.browser.stage import Stage
from tests.browser.watch import Watch


async def test_a_key_works_as_its_curl_shows_until_it_is_revoked(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await open_form(page, ada.home)
    await page.get_by_label("Name").fill("Billing service")
    await page.get_by_label("Read logs and usage").check()
    await page.get_by_label("Expires").select_option("In 30 days")
    await page.get_by_label("Rate limit").fill("600")
    await page.get_by_role("button", name="Create the key").click()

    window = page.get_by_role("dialog", name="“Billing service” is ready")
    key = await code_of(window.get_by_role("figure").filter(has_text="API key").first)
    assert key.startswith("pw_")
    command = await code_of(window.get_by_role("figure").filter(has_text="Try it"))
    me = json.loads(await shell(command))
    assert me["id"] == str(ada.user_id)
    assert me["scopes"] == ["execute", "logs:read"]
    assert me["workspace_id"] == str(ada.workspace_id)

    await assert_accessible(page)
    await page.keyboard.press("Escape")
    await expect(window).to_be_visible()
    await window.get_by_role("button", name="I have copied it").click()
    await expect(page.get_by_text(key)).to_have_count(0)
    row = page.get_by_role("row", name="Billing service")
    await expect(row).to_contain_text("Run actions, read logs and usage")
    await expect(row).to_contain_text("600 a minute")

    await row.get_by_role("button", name="Revoke Billing service").click()
    await page.get_by_role("button", name="Revoke key").click()
    await expect(page.get_by_text("“Billing service” is revoked.")).to_be_visible()
    await expect(row).to_have_count(0)
    refused = json.loads(await shell(command))
    assert (refused["status"], refused["code"]) == (401, "unauthenticated")
    await page.get_by_role("switch", name="Revoked ones too").click()
    await expect(row).to_contain_text("Revoked")
    await expect(page).to_have_url(re.compile("revoked=shown"))


async def test_the_details_of_a_key_have_an_address(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    made = await ada.caller.call("POST", "/api/v2/api-keys", {"name": "Reporting", "scopes": ["logs:read"]})
    assert made.status == 201, made.text
    page = await visit(ada, width=375)
    await page.goto(f"{ada.home}/api-keys?key={made.json['id']}")
    drawer = page.get_by_role("dialog", name="Reporting")
    await expect(drawer).to_contain_text("All that you belong to")
    await expect(drawer).to_contain_text("logs:read")
    await assert_fits(page)
    await assert_accessible(page)
    await drawer.get_by_role("button", name="Revoke").click()
    await page.get_by_role("button", name="Revoke key").click()
    await expect(drawer).to_contain_text("Revoked")


async def test_a_key_has_at_least_one_scope_and_an_end_to_choose(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada, width=375)
    await open_form(page, ada.home)
    await page.get_by_label("Name").fill("Nightly job")
    everything = page.get_by_label("Everything")
    await everything.click()
    await expect(page.get_by_label("Administer")).to_be_checked()
    await everything.click()
    await expect(page.get_by_text("Choose at least one.")).to_be_visible()
    await expect(page.get_by_role("button", name="Create the key")).to_be_disabled()
    await page.get_by_label("See connections").check()
    await page.get_by_label("Expires").select_option("On a day …")
    await page.get_by_label("Last day").fill("2031-03-18")
    await page.get_by_label("Workspace").select_option("All that I belong to")
    await assert_accessible(page)
    await assert_fits(page)
    await page.get_by_role("button", name="Create the key").click()
    await expect(page.get_by_role("dialog")).to_contain_text("It works until 18 Mar 2031")
    listed = (await ada.caller.call("GET", "/api/v2/api-keys")).json["data"]
    made = next(key for key in listed if key["name"] == "Nightly job")
    assert (made["workspace_id"], made["scopes"]) == (None, ["connections:read"])
    assert made["expires_at"].startswith("2031-03-18T22:59:59"), "the end of the day in Zurich"


async def test_without_a_network_the_window_says_so_and_can_be_closed(
    stage: Stage, visit: Visit, watch: Watch
) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await open_form(page, ada.home)
    await page.get_by_label("Name").fill("Billing service")
    watch.expect_message("net::ERR_INTERNET_DISCONNECTED")
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Create the key").click()
    window = page.get_by_role("dialog", name="Create an API key")
    await expect(window.get_by_role("alert")).to_contain_text("The gateway did not answer.")
    await page.keyboard.press("Escape")
    await expect(window).to_have_count(0)
    await page.context.set_offline(False)


async def open_form(page: Page, home: str) -> None:
    """By the keyboard."""
    await page.goto(f"{home}/api-keys")
    await settle(page)
    await page.keyboard.press("c")
    await expect(page.get_by_role("dialog", name="Create an API key")).to_be_visible()


async def code_of(figure: Locator) -> str:
    """What a code block has to copy."""
    return await figure.locator("pre").inner_text()


async def shell(command: str) -> str:
    """What the command prints; it is what somebody pastes."""
    done = await asyncio.to_thread(
        subprocess.run, ["sh", "-c", command], capture_output=True, text=True, timeout=20, check=True
    )
    return done.stdout


async def test_the_keyboard_goes_back_to_where_a_window_was_opened(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await page.goto(f"{ada.home}/api-keys")
    create = page.get_by_role("button", name="Create a key").first
    await create.press("Enter")
    await expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(create).to_be_focused()
