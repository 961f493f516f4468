"""The catalog in the console: found, read, set up, and an organization's own changed and deleted."""

import json
import re
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Visit
from tests.browser.stage import Stage, Visitor
from tests.browser.watch import Watch

NEW = re.compile("New integration")


def rows(page: Page) -> Locator:
    """The table's rows, without its head."""
    return page.get_by_role("grid").locator("[role=rowgroup] [role=row]")


async def write(page: Page, label: str, text: str) -> None:
    """Puts the text into a code editor in place of what was there."""
    await page.get_by_role("textbox", name=label, exact=True).click()
    await page.keyboard.press("Control+a")
    await page.keyboard.insert_text(text)


async def own_integration(ada: Visitor, **members: Any) -> str:
    """An integration of Ada's organization; its slug."""
    body = {
        "slug": f"parcels-{ada.workspace_id.hex[-8:]}",
        "name": "Parcels",
        "base_url": "https://parcels.example.com",
        "auth_type": "bearer",
        **members,
    }
    made = await ada.caller.call("POST", "/api/v2/integrations", body)
    assert made.status == 201, made.text
    return str(body["slug"])


async def test_integrations_are_searched_and_filtered_by_the_address(stage: Stage, visit: Visit) -> None:
    ada = stage.person()
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations")
    await expect(rows(page).first).to_be_visible()
    await page.keyboard.press("/")
    await page.keyboard.type("google drive")
    await expect(rows(page)).to_have_count(1)
    await expect(page).to_have_url(re.compile(r"\?q=google\+drive$"))
    await page.get_by_role("button", name="Clear", exact=True).click()
    await page.get_by_role("button", name="Credential").click()
    await page.get_by_role("option", name="AWS signature").click()
    await page.keyboard.press("Escape")
    await expect(rows(page).filter(has_text="Amazon S3")).to_be_visible()
    await expect(rows(page).filter(has_text="Airtable")).to_have_count(0)
    await expect(page).to_have_url(re.compile(r"\?auth=aws_sigv4$"))
    before = await rows(page).all_text_contents()
    await page.reload()
    await expect(rows(page)).to_have_text(before)
    await assert_accessible(page)


async def test_nothing_found_says_what_to_do_next(stage: Stage, visit: Visit) -> None:
    ada = stage.person()
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations?q=no-such-service")
    await expect(page.get_by_text("No integration is like “no-such-service”")).to_be_visible()
    await expect(page.get_by_role("grid").get_by_role("link", name=NEW)).to_be_visible()
    await page.get_by_role("button", name="Clear the filters").click()
    await expect(rows(page).filter(has_text="ActiveCampaign")).to_be_visible()


async def test_connected_services_are_told_apart(stage: Stage, visit: Visit) -> None:
    ada = stage.person()
    slug = await own_integration(ada)
    found = await ada.caller.get(f"/api/v2/integrations/{slug}")
    stage.world.connect(ada, found["id"])
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations?connected=yes")
    await expect(rows(page)).to_have_count(1)
    await expect(rows(page)).to_contain_text("1 connected")
    await page.goto(f"{ada.home}/integrations?owner=own&connected=no")
    await expect(page.get_by_text("No integration is like that")).to_be_visible()


async def test_the_keyboard_leads_from_the_list_to_a_parameter(stage: Stage, visit: Visit) -> None:
    ada = stage.person()
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations?q=gmail")
    await expect(rows(page).first).to_contain_text("Gmail")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Gmail")
    await page.keyboard.press("/")
    await page.keyboard.type("send email")
    await expect(rows(page).first).to_contain_text("Send email")
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Send email")
    await expect(drawer.get_by_text("list of string or string").first).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(drawer).to_have_count(0)


async def test_an_action_opens_with_its_parameters_for_people(stage: Stage, visit: Visit) -> None:
    ada = stage.person()
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations/gmail?action=send-email")
    drawer = page.get_by_role("dialog", name="Send email")
    to = drawer.get_by_role("listitem").filter(has_text="list of string or string").first
    await expect(to).to_contain_text("required")
    await drawer.get_by_role("button", name=re.compile("Show what is in attachments")).click()
    await expect(drawer.get_by_text("filename", exact=True).first).to_be_visible()
    playground = drawer.get_by_role("link", name="Try in the playground")
    await expect(playground).to_have_attribute("href", re.compile("integration=gmail&action=send-email"))
    await assert_accessible(page)
    await page.set_viewport_size({"width": 375, "height": 800})
    await assert_fits(page)


async def test_an_oauth_client_is_set_and_removed(stage: Stage, visit: Visit) -> None:
    ada = stage.person()
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations/airtable")
    await page.get_by_role("link", name="Set up the OAuth client").click()
    await expect(page.get_by_text("Not set up yet")).to_be_visible()
    await expect(page.get_by_text(f"{stage.url}/api/v2/oauth/callback")).to_be_visible()
    await assert_accessible(page)
    await page.get_by_label("Client ID").fill("airtable-client-1")
    await page.get_by_label("Client secret").fill("a-secret-that-nobody-reads-again")
    await page.get_by_role("button", name="Save the client").click()
    await expect(page.get_by_text(re.compile("Your organization.s own client"))).to_be_visible()
    await expect(page.get_by_text("With a secret, set just now")).to_be_visible()
    await expect(page.get_by_role("button", name="Connect", exact=True)).to_be_visible()
    known = await ada.caller.get("/api/v2/integrations/airtable/oauth-client")
    assert [client["client_id"] for client in known["data"]] == ["airtable-client-1"]
    await page.get_by_role("button", name="Remove").click()
    await page.get_by_role("button", name="Remove client").click()
    await expect(page.get_by_text("Not set up yet")).to_be_visible()
    assert (await ada.caller.get("/api/v2/integrations/airtable/oauth-client"))["data"] == []


async def test_the_server_s_own_client_is_told(stage: Stage, visit: Visit) -> None:
    ada = stage.person()
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations/gmail?tab=oauth")
    await expect(page.get_by_text(re.compile("The client of this server.s environment"))).to_be_visible()
    await page.get_by_role("button", name="Use a client of your own").click()
    await expect(page.get_by_label("Client secret")).to_be_visible()


async def test_an_own_integration_is_edited_and_faults_are_said_where_they_are(
    stage: Stage, visit: Visit, watch: Watch
) -> None:
    ada = stage.person()
    slug = await own_integration(ada)
    watch.expect(422, f"/api/v2/integrations/{slug}")
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations/{slug}")
    await page.get_by_role("link", name="Edit").first.click()
    await page.get_by_label("Name", exact=True).fill("Parcels and letters")
    await page.get_by_role("button", name="All of it as JSON").click()
    await write(page, "auth_config", '{"scopes": "all"}')
    await expect(page.get_by_role("alert").filter(has_text="scopes")).to_be_visible()
    await write(
        page,
        "auth_config",
        json.dumps({"credential_placement": [{"in": "header", "name": "X", "value": "{nothing"}]}),
    )
    await page.get_by_label("Base URL").fill("nowhere")
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.get_by_label("Base URL")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Base URL").fill("https://parcels.example.com/v2")
    await write(page, "auth_config", "")
    await assert_accessible(page)
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Parcels and letters")
    changed = await ada.caller.get(f"/api/v2/integrations/{slug}")
    assert (changed["base_url"], changed["auth_config"]) == ("https://parcels.example.com/v2", {})


async def test_an_own_integration_is_deleted(stage: Stage, visit: Visit) -> None:
    ada = stage.person()
    slug = await own_integration(ada)
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations/{slug}")
    await page.get_by_role("button", name="More about Parcels").click()
    await page.get_by_role("menuitem", name="Delete the integration").click()
    confirm = page.get_by_role("button", name="Delete integration")
    await expect(confirm).to_be_disabled()
    await page.get_by_role("textbox", name=re.compile("to confirm")).fill(slug)
    await confirm.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Integrations")
    answer = await ada.caller.call("GET", f"/api/v2/integrations/{slug}")
    assert answer.status == 404


async def test_who_may_only_look_is_told_why(stage: Stage, visit: Visit) -> None:
    ada = stage.person()
    slug = await own_integration(ada)
    grace = stage.mate(ada, "viewer")
    page = await visit(grace)
    await page.goto(f"{grace.home}/integrations")
    await expect(rows(page).first).to_be_visible()
    await expect(page.get_by_role("link", name=NEW)).to_have_count(0)
    await page.goto(f"{grace.home}/integrations/{slug}")
    await expect(page.get_by_text("Only an owner or admin of the organization can change")).to_be_visible()
    await expect(page.get_by_text("Your role lets you look.")).to_be_visible()
    await expect(page.get_by_role("button", name="Connect", exact=True)).to_have_count(0)
    await expect(page.get_by_role("link", name="Edit")).to_have_count(0)
    for path in ("edit", "new-action"):
        await page.goto(f"{grace.home}/integrations/{slug}/{path}")
        await expect(page.get_by_text("You can look at it, not change it")).to_be_visible()
    await page.goto(f"{grace.home}/integrations/new")
    await expect(page.get_by_text("Admins add integrations")).to_be_visible()
    await assert_accessible(page)


async def test_a_service_that_is_not_there_is_said(stage: Stage, visit: Visit, watch: Watch) -> None:
    ada = stage.person()
    watch.expect(404, "/api/v2/integrations/nobody")
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations/nobody")
    await expect(page.get_by_text("The integration could not be loaded")).to_be_visible()
    await expect(page.get_by_role("button", name="Try again")).to_be_visible()


async def test_several_words_are_looked_for_as_they_are_typed(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations")
    field = page.get_by_role("searchbox")
    await field.press_sequentially("google ")
    await expect(page).to_have_url(re.compile("q=google"))
    await field.press_sequentially("drive")
    await expect(page).to_have_url(re.compile(r"q=google(\+|%20)drive"))
    await expect(field).to_have_value("google drive")


async def test_a_client_that_was_entered_is_not_left_by_accident(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations/github?tab=oauth")
    await page.get_by_label("Client ID").fill("half-entered")
    await page.get_by_role("tab", name="Actions").click()
    question = page.get_by_role("dialog", name="Leave without saving?")
    await expect(question).to_be_visible()
    await question.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_label("Client ID")).to_have_value("half-entered")
