"""Settings: invitations and what roles allow, passwords and sessions, workspaces, the organization, webhooks."""

import re
import secrets

from playwright.async_api import Locator, Page, expect

from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Visit, settle
from tests.browser.stage import Stage, Visitor
from tests.browser.test_flows import make_account
from tests.browser.watch import Watch
from tests.e2e.upstreams import respond


async def test_an_invited_viewer_comes_in_and_may_change_nothing(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await page.goto(f"{ada.home}/settings/invitations")
    await settle(page)
    address = f"{secrets.token_hex(4)}@example.com"
    link = await invite(page, address, "Viewer")
    await expect(page.get_by_role("row", name=address)).to_contain_text("Viewer")

    theirs = await visit()
    await theirs.goto(link)
    await make_account(theirs, address)
    await expect(theirs).to_have_url(re.compile("/home$"))
    await theirs.goto(f"{ada.home}/api-keys")
    await settle(theirs)
    await refused(theirs, "Create a key", "Viewers have no keys for this workspace.")
    await theirs.goto(f"{ada.home}/connections")
    await settle(theirs)
    await refused(theirs, "Connect", "Viewers do not connect services.")
    await theirs.goto(f"{ada.home}/settings/members")
    await settle(theirs)
    await expect(theirs.get_by_role("link", name="Invite", exact=True)).to_have_count(0)
    await theirs.get_by_role("button", name=re.compile("role of Ada Lovelace")).first.click()
    await expect(theirs.get_by_role("menu")).to_contain_text("Owners and admins of the workspace give roles.")
    await expect(theirs.get_by_role("menuitemradio", name=re.compile("^Viewer"))).to_be_disabled()
    await expect(theirs.get_by_role("menuitem", name="Remove from the workspace")).to_be_disabled()
    await theirs.keyboard.press("Escape")
    await theirs.goto(f"{ada.home}/settings/invitations")
    await expect(theirs.get_by_text("Owners and admins invite people")).to_be_visible()
    await theirs.goto(f"{ada.home}/settings/webhooks")
    await expect(theirs.get_by_text("Owners and admins set up webhooks")).to_be_visible()

    await page.reload()
    await settle(page)
    await expect(page.get_by_text("Nobody is invited right now")).to_be_visible()


async def test_a_link_is_void_once_there_is_a_new_one_or_it_is_revoked(
    stage: Stage, visit: Visit, watch: Watch
) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await page.goto(f"{ada.home}/settings/invitations?invite=new")
    first = await invite(page, "grace@example.com", "Admin", opened=True)
    menu = page.get_by_role("button", name="Invitation of grace@example.com")
    await menu.click()
    await page.get_by_role("menuitem", name="Make a new link").click()
    second = await code_of(page.get_by_role("dialog"))
    assert second != first
    await page.get_by_role("button", name="Done").click()
    await menu.click()
    await page.get_by_role("menuitem", name="Revoke").click()
    await page.get_by_role("button", name="Revoke invitation").click()
    await expect(page.get_by_text("The invitation of grace@example.com is revoked.")).to_be_visible()
    await expect(page.get_by_role("row", name="grace@example.com")).to_have_count(0)
    watch.expect(403, "/api/v2/auth/sign-up")
    watch.expect(404, "/api/v2/auth/sign-up")
    theirs = await visit()
    await theirs.goto(second)
    await make_account(theirs, "grace@example.com")
    await expect(theirs.get_by_role("alert")).to_be_visible()


async def test_a_member_gets_another_role_and_leaves_the_list(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    grace = stage.mate(ada, "member", "Grace Hopper")
    page = await visit(ada)
    await page.goto(f"{ada.home}/settings/members")
    await settle(page)
    role = page.get_by_role("button", name=re.compile("role of Grace Hopper"))
    await role.click()
    await assert_accessible(page)
    await page.get_by_role("menuitemradio", name=re.compile("^Admin")).click()
    await expect(role).to_have_text("Admin")
    own = page.get_by_role("button", name=re.compile("role of Ada Lovelace"))
    await own.click()
    await expect(page.get_by_role("menu")).to_contain_text("The last owner stays one.")
    await page.keyboard.press("Escape")
    await role.click()
    await page.get_by_role("menuitem", name="Remove from the workspace").click()
    await page.get_by_role("button", name="Remove", exact=True).click()
    await expect(page.get_by_text("Grace Hopper is removed.")).to_be_visible()
    await expect(role).to_have_count(0)
    assert (await grace.caller.call("GET", f"/api/v2/workspaces/{ada.workspace_id}")).status == 404

    await page.get_by_role("button", name="Add from the organization").click()
    await page.get_by_role("dialog").get_by_label("Person").click()
    await page.get_by_role("option", name=re.compile("Grace Hopper")).click()
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(role).to_have_text("Member")


async def test_a_new_password_ends_the_other_sessions(stage: Stage, visit: Visit, watch: Watch) -> None:
    ada = await stage.account("Ada Lovelace")
    page, other = await visit(), await visit()
    await sign_in(page, ada, ada.password)
    await sign_in(other, ada, ada.password)
    await page.goto(f"{ada.home}/settings/profile")
    await settle(page)
    await expect(page.get_by_role("button", name=re.compile("End the session of"))).not_to_have_count(0)
    await assert_accessible(page)
    chosen = secrets.token_urlsafe(16)
    watch.expect(401, "/api/v2/*")
    watch.expect(403, "/api/v2/auth/password")
    await change_password(page, "not the password", chosen)
    await expect(page.get_by_role("main").get_by_role("alert").first).to_be_visible()
    await change_password(page, ada.password, chosen)
    await expect(page.get_by_text("The password is changed.")).to_be_visible()
    await expect(page.get_by_role("button", name=re.compile("End the session of"))).to_have_count(0)
    await expect(page.get_by_text("This one")).to_be_visible()

    await other.goto(f"{ada.home}/home")
    await expect(other).to_have_url(re.compile("/sign-in"))
    await sign_in(other, ada, chosen)


async def test_who_signs_in_elsewhere_alone_is_offered_no_change_of_a_password(
    stage: Stage, visit: Visit
) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await page.goto(f"{ada.home}/settings/profile")
    await settle(page)
    await expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    await expect(page.get_by_role("heading", name="Password")).to_have_count(0)


async def test_a_session_is_ended_elsewhere(stage: Stage, visit: Visit, watch: Watch) -> None:
    ada = await stage.account("Ada Lovelace")
    page, other = await visit(), await visit()
    await sign_in(page, ada, ada.password)
    await page.goto(f"{ada.home}/settings/profile")
    await settle(page)
    await page.get_by_role("textbox", name="Name").fill("Countess of Lovelace")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Account of Countess of Lovelace")).to_be_attached()
    await page.get_by_role("button", name="End all others").click()
    await expect(page.get_by_role("button", name=re.compile("End the session of"))).to_have_count(0)
    await sign_in(other, ada, ada.password)
    await page.reload()
    await page.get_by_role("button", name=re.compile("End the session of")).click()
    await expect(page.get_by_role("button", name=re.compile("End the session of"))).to_have_count(0)
    watch.expect(401, "/api/v2/*")
    await other.reload()
    await expect(other).to_have_url(re.compile("/sign-in"))
    await page.get_by_label("Dark").check()
    await expect(page.locator("html")).to_have_class(re.compile("dark"))


async def test_a_workspace_is_made_renamed_and_deleted(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await page.goto(f"{ada.home}/settings/workspaces")
    await settle(page)
    await page.get_by_role("button", name="New workspace").click()
    await page.get_by_role("textbox", name="Name").fill("Staging")
    await page.get_by_role("button", name="Create", exact=True).click()
    await page.get_by_role("row", name="Staging").click()
    await expect(page).not_to_have_url(re.compile(str(ada.workspace_id)))
    await page.goto(f"{page.url.removesuffix('/home')}/settings/workspaces")
    await page.get_by_role("button", name="Workspace Staging", exact=True).click()
    await page.get_by_role("menuitem", name="Rename").click()
    await page.get_by_role("textbox", name="Name").fill("Trial")
    await page.get_by_role("button", name="Rename").click()
    await page.get_by_role("button", name="Workspace Trial", exact=True).click()
    await page.get_by_role("menuitem", name="Delete").click()
    delete = page.get_by_role("button", name="Delete workspace")
    await expect(delete).to_be_disabled()
    await page.get_by_label(re.compile("to confirm")).fill("Trial")
    await delete.click()
    # It was the one that is open, so another one is.
    await expect(page).to_have_url(re.compile(f"{ada.home}/home$"))
    await settle(page)
    await page.goto(f"{ada.home}/settings/workspaces")
    await settle(page)
    await expect(page.get_by_role("row", name="Trial")).to_have_count(0)


async def test_the_organization_is_renamed_by_its_owner_alone(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    grace = stage.mate(ada, "member", "Grace Hopper")
    page = await visit(ada)
    await page.goto(f"{ada.home}/settings/organization")
    await page.get_by_role("textbox", name="Name").fill("Analytical Engines")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("navigation", name="Settings")).to_contain_text("Analytical Engines")
    theirs = await visit(grace)
    await theirs.goto(f"{grace.home}/settings/organization")
    await expect(theirs.get_by_role("textbox", name="Name")).to_be_disabled()
    await refused(theirs, "Delete", "Only its owners delete an organization.")
    await theirs.get_by_role("button", name="Leave").click()
    await theirs.get_by_role("button", name="Leave organization").click()
    await expect(theirs).to_have_url(re.compile("/home$"))
    await expect(theirs).not_to_have_url(re.compile(str(ada.workspace_id)))
    assert (await grace.caller.call("GET", f"/api/v2/workspaces/{ada.workspace_id}")).status == 404


async def test_a_webhook_shows_its_secret_once_and_its_deliveries(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    hook = f"/hooks/{secrets.token_hex(4)}"
    stage.upstream.on(hook, respond(text="taken"))
    page = await visit(ada)
    await page.goto(f"{ada.home}/settings/webhooks")
    await settle(page)
    await page.get_by_role("main").get_by_role("button", name="New webhook").first.click()
    await page.get_by_label("Address").fill(f"{stage.upstream.url}{hook}")
    await page.get_by_label("A connection was renewed before it expired").uncheck()
    await page.get_by_role("button", name="Create the webhook").click()
    window = page.get_by_role("dialog", name="Its secret")
    secret = await code_of(window)
    assert secret.startswith("whsec_")
    await window.get_by_role("button", name="I have copied it").click()
    await expect(page).to_have_url(re.compile("/settings/webhooks$"))
    await page.reload()
    await settle(page)
    assert secret not in await page.content()

    await page.get_by_role("row", name=hook).click()
    await page.get_by_role("button", name="Send a test").click()
    row = page.get_by_role("row", name="webhook.test")
    await expect(row).to_contain_text("Delivered")
    await row.click()
    drawer = page.get_by_role("dialog", name="webhook.test")
    await expect(drawer).to_contain_text("taken")
    await assert_accessible(page)
    await drawer.get_by_role("button", name="Send again").click()
    await expect(drawer.get_by_role("listitem")).to_have_count(2)
    await drawer.get_by_role("button", name="Close").click()

    await choose(page, "New secret")
    await page.get_by_role("button", name="New secret").click()
    renewed = await code_of(page.get_by_role("dialog", name="The new secret"))
    assert renewed not in ("", secret)
    await page.get_by_role("button", name="I have copied it").click()
    await choose(page, "Disable")
    await expect(page.get_by_text("Somebody disabled it.")).to_be_visible()
    await page.set_viewport_size({"width": 375, "height": 800})
    await assert_fits(page)
    await assert_accessible(page)
    await choose(page, "Delete")
    await page.get_by_role("button", name="Delete webhook").click()
    await expect(page.get_by_text("No webhooks yet")).to_be_visible()


async def invite(page: Page, address: str, role: str, *, opened: bool = False) -> str:
    """Answers the link that is shown once."""
    if not opened:
        await page.get_by_role("main").get_by_role("button", name="Invite").first.click()
    await page.get_by_label("Email").fill(address)
    await page.get_by_label("Role").select_option(role)
    await page.get_by_role("button", name="Invite", exact=True).click()
    window = page.get_by_role("dialog", name=f"The link of {address}")
    await assert_accessible(page)
    link = await code_of(window)
    await window.get_by_role("button", name="Done").click()
    return link


async def code_of(within: Locator) -> str:
    """What the only code block there has to copy."""
    return await within.locator("pre").inner_text()


async def refused(page: Page, button: str, why: str) -> None:
    """The button is there, does nothing, and says why."""
    found = page.get_by_role("main").get_by_role("button", name=button, exact=True).first
    await expect(found).to_be_disabled()
    await found.click(force=True)
    await expect(page.get_by_text(why).first).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def sign_in(page: Page, person: Visitor, password: str) -> None:
    """On the sign-in page."""
    await page.goto("/sign-in")
    await page.get_by_label("Email").fill(person.email)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page).to_have_url(re.compile("/home"))


async def change_password(page: Page, current: str, chosen: str) -> None:
    """In the profile."""
    await page.get_by_label("Current password").fill(current)
    await page.get_by_label("New password").fill(chosen)
    await page.get_by_role("button", name="Change the password").click()


async def choose(page: Page, action: str) -> None:
    """From the menu of the page's thing."""
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name=action).click()
