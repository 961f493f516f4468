"""Home: the first steps, and then what runs."""

import re

from playwright.async_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import Visit, settle
from tests.browser.stage import Stage
from tests.browser.watch import Watch
from tests.e2e.upstreams import respond
from tests.people import as_owner


async def test_the_first_steps_go_once_they_are_made(stage: Stage, visit: Visit, watch: Watch) -> None:
    ada = stage.person()
    page = await visit(ada)
    await page.goto(f"{ada.home}/home")
    steps = page.get_by_role("heading", name="Make your first execution")
    await expect(steps).to_be_visible()
    await page.get_by_role("button", name="Choose a service").click()
    await expect(page.get_by_role("dialog", name="Connect a service")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    service = stage.world.integration()
    connection = stage.world.connect(ada, service, {"token": "token-of-the-first-steps"})
    await page.reload()
    await page.get_by_role("link", name="Open the playground").click()
    await expect(page).to_have_url(re.compile(rf"/playground\?connection={connection}"))
    answer = await ada.execute(connection, parameters={"topic": "tea"})
    assert answer.status == 200, answer.text
    await page.goto(f"{ada.home}/home")
    await settle(page)
    await expect(steps).to_have_count(0)
    await expect(page.get_by_text("No connection needs attention")).to_be_visible()
    await assert_accessible(page)


async def test_its_numbers_are_those_of_the_log(stage: Stage, visit: Visit, watch: Watch) -> None:
    ada = stage.person()
    service = stage.world.integration()
    connection = stage.world.connect(ada, service, {"token": "token-of-the-numbers"})
    stage.upstream.on("/bad", respond(status=500, text="no"))
    stage.world.action(service, "fail", "/bad", "GET")
    as_owner(
        stage.urls,
        "UPDATE actions SET name = 'Say hello' WHERE slug = 'echo' AND integration_id = %s",
        service,
    )
    for _ in range(7):
        assert (await ada.execute(connection, parameters={"topic": "tea"})).status == 200
    assert (await ada.execute(connection, "fail")).status == 502
    as_owner(
        stage.urls,
        "UPDATE connections SET status = 'reauthorization_required' WHERE id = %s",
        connection,
    )
    page = await visit(ada)
    await page.goto(f"{ada.home}/home")
    await settle(page)
    figures = page.get_by_role("definition")
    await expect(figures.nth(0)).to_have_text("8")
    await expect(figures.nth(1)).to_have_text("87.5 %")
    table = page.get_by_role("figure", name=re.compile("^Executions by")).get_by_role("table")
    counts = [
        [int(text) for text in await row.get_by_role("cell").all_inner_texts()]
        for row in (await table.get_by_role("row").all())[1:]
    ]
    assert [sum(column) for column in zip(*counts, strict=True)] == [7, 1, 0]
    attention = page.locator("section", has_text="Connections that need attention")
    await expect(attention.get_by_role("link")).to_contain_text("Re-authorize")
    latest = page.locator("section", has_text="Latest executions").get_by_role("link", name="Say hello")
    await expect(latest).to_have_count(7)
    await page.get_by_role("button", name=re.compile("^Time:")).click()
    await expect(page.get_by_role("button", name="Last 7 days")).to_be_visible()
    await expect(page.get_by_label("From", exact=True)).to_have_count(0)
    await page.keyboard.press("Escape")
    busiest = page.locator("section", has_text="Busiest integrations")
    await busiest.get_by_role("link").click()
    await expect(page).to_have_url(re.compile(r"/logs\?.*integration="))


async def test_a_viewer_is_not_asked_to_connect(stage: Stage, visit: Visit, watch: Watch) -> None:
    ada = stage.person()
    grace = stage.mate(ada, "viewer")
    page = await visit(grace)
    await page.goto(f"{ada.home}/home")
    await settle(page)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    await expect(page.get_by_role("heading", name="Make your first execution")).to_have_count(0)
