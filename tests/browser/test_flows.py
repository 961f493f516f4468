"""What people do over several pages, from nothing to an execution in the log."""

import re
import secrets

from playwright.async_api import Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import AnotherStage, Visit, settle
from tests.browser.google import sign_in_at_google
from tests.browser.stage import Stage
from tests.browser.watch import Watch
from tests.people import as_owner

ACCOUNT = "ada@example.com"


async def test_from_the_set_up_link_to_an_execution_in_the_log(
    another_stage: AnotherStage, visit: Visit, watch: Watch
) -> None:
    fresh = another_stage(PORTWAY_SIGN_UP="invite", PORTWAY_SET_UP_LINK_REQUIRED="true")
    ((token,),) = as_owner(fresh.urls, "SELECT app.create_set_up_token()")
    page = await visit(at=fresh)
    await page.goto(f"/set-up#token={token}")
    await make_account(page, "ada@northwind.example")
    await expect(page).to_have_url(re.compile(r"/w/[0-9a-f-]+/home"))
    assert token not in page.url
    await settle(page)

    await connect_gmail_by_redirect(page)
    await run_send_email(page, subject="It works")
    (sent,) = fresh.standins.requests("gmail")[-1:]
    assert (sent["status"], sent["account"]) == (200, ACCOUNT)
    await find_in_logs(page, "Send email")


async def test_a_set_up_link_works_once(another_stage: AnotherStage, visit: Visit, watch: Watch) -> None:
    fresh = another_stage(PORTWAY_SIGN_UP="invite", PORTWAY_SET_UP_LINK_REQUIRED="true")
    ((token,),) = as_owner(fresh.urls, "SELECT app.create_set_up_token()")
    first = await visit(at=fresh)
    await first.goto(f"/set-up#token={token}")
    await make_account(first, "ada@northwind.example")
    await expect(first).to_have_url(re.compile(r"/home"))
    watch.expect(403, "/api/v2/auth/sign-up")
    second = await visit(at=fresh)
    await second.goto(f"/set-up#token={token}")
    await expect(second.get_by_role("heading", level=1)).to_be_visible()
    await expect(
        second.get_by_text(re.compile("used|no longer|already|expired", re.IGNORECASE)).first
    ).to_be_visible()


async def test_an_invited_viewer_sees_only_what_the_role_allows(
    stage: Stage, visit: Visit, watch: Watch
) -> None:
    ada = stage.person("Ada Lovelace")
    invited = {
        "workspace_id": str(ada.workspace_id),
        "email": f"{secrets.token_hex(4)}@example.com",
        "role": "viewer",
    }
    made = await ada.caller.call("POST", "/api/v2/invitations", invited)
    assert made.status == 201, made.text
    page = await visit()
    await page.goto(made.json["url"])
    await make_account(page, invited["email"])
    await page.goto(f"{ada.home}/connections")
    await settle(page)
    main = page.get_by_role("main")
    for name in (r"^Connect", r"^New connection"):
        for button in await main.get_by_role("button", name=re.compile(name)).all():
            await expect(button).to_be_disabled()
    await page.goto(f"{ada.home}/api-keys")
    await settle(page)
    await assert_accessible(page)
    await page.goto(f"{ada.home}/settings/members")
    await settle(page)
    await expect(page.get_by_role("button", name=re.compile("Invite"))).to_have_count(0)


async def make_account(page: Page, email: str) -> None:
    """On any page that makes one."""
    address = page.get_by_label(re.compile("e-?mail", re.IGNORECASE))
    if await address.is_editable():
        await address.fill(email)
    await page.get_by_label(re.compile("name", re.IGNORECASE)).fill("Ada Lovelace")
    await page.get_by_label(re.compile("password", re.IGNORECASE)).first.fill(secrets.token_urlsafe(16))
    await page.get_by_role("button", name=re.compile("create|make|join|account", re.IGNORECASE)).click()


async def connect_gmail_by_redirect(page: Page) -> None:
    """Without the popup."""
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Integrations").click()
    await page.get_by_role("searchbox").fill("gmail")
    await page.get_by_role("link", name="Gmail", exact=True).click()
    await page.get_by_role("main").get_by_role("button", name="Connect", exact=True).click()
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Continue to Gmail").click()
    await (await opened.value).wait_for_url(re.compile("/interaction/"))
    await page.get_by_role("button", name="Use this window instead").click()
    await sign_in_at_google(page, ACCOUNT)
    await expect(page).to_have_url(re.compile(r"/w/[0-9a-f-]+/connections/[0-9a-f-]+"))
    await expect(page.get_by_role("heading", level=1)).to_be_visible()


async def run_send_email(page: Page, subject: str) -> None:
    """In the playground, where the only connection is chosen already."""
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Playground").click()
    await page.get_by_role("combobox", name="Action").click()
    await page.get_by_placeholder("Find an action").fill("send-email")
    await expect(page.get_by_role("option", name="List labels")).to_have_count(0)
    await page.get_by_role("option", name="Send email").click()
    await page.get_by_role("tab", name="JSON").click()
    editor = page.get_by_role("main").get_by_role("textbox").first
    await editor.click()
    await page.keyboard.press("Control+a")
    await page.keyboard.insert_text(
        f'{{"to": ["grace@example.com"], "subject": "{subject}", "text": "From the console."}}'
    )
    await page.get_by_role("button", name="Run", exact=True).click()
    await expect(page.get_by_role("tabpanel", name="Response")).to_contain_text("SENT")


async def find_in_logs(page: Page, action: str) -> None:
    """The newest entry, with its details."""
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Logs").click()
    row = page.get_by_role("row", name=action).first
    await expect(row).to_be_visible()
    await row.click()
    await expect(page.get_by_role("dialog")).to_contain_text("grace@example.com")
