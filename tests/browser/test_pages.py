"""Every page, in both themes and on both widths, full, empty and failing: what holds for all of them."""

import asyncio
import json
import re
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Page as BrowserPage
from playwright.async_api import Route, expect

from demo.api import Api
from scripts.seed_console import Company, Database, seed
from tests.browser import routes
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Theme, Visit, prefer, settle
from tests.browser.keyboard import tab_through
from tests.browser.performance import assert_nothing_jumps
from tests.browser.stage import Stage, Visitor
from tests.browser.watch import Watch

EXECUTIONS = 3000
RETRIED = 20_000
"""A page asks again by itself before it says that something is wrong."""

every_page = pytest.mark.parametrize("at", routes.PAGES, ids=lambda page: page.path)
every_public_page = pytest.mark.parametrize("path", routes.PUBLIC)
failing_pages = pytest.mark.parametrize(
    "at", [page for page in routes.PAGES if page.api], ids=lambda page: page.path
)
empty_pages = pytest.mark.parametrize(
    "at", [page for page in routes.PAGES if page.is_empty_at_first], ids=lambda page: page.path
)


@dataclass(frozen=True)
class Owner:
    """Who owns the company's workspace."""

    person: Visitor
    company: Company

    def filled(self, template: str) -> str:
        """A path or an API route with the ids that it has places for."""
        return template.format(
            connection=self.company.connections["Sales CRM"],
            workspace=self.company.workspace_id,
            organization=self.company.organization_id,
        )

    def path(self, at: routes.Page) -> str:
        return self.person.home + self.filled(at.path)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def owner(stage: Stage) -> Owner:
    """Ada, whose company has used Portway for a month."""
    ada = stage.person("Ada Lovelace")
    api = Api(stage.url)
    api.bearer = ada.api_key
    database = Database(stage.urls.admin, stage.urls.app)
    # Other modules' companies are in the same database.
    company = await asyncio.to_thread(
        seed, api, database, str(ada.workspace_id), executions=EXECUTIONS, domain="every-page.example"
    )
    return Owner(ada, company)


@pytest.fixture(scope="session")
def newcomer(stage: Stage) -> Visitor:
    """Somebody who has nothing yet."""
    return stage.person("Grace Hopper")


@every_page
async def test_a_full_page_is_in_order(visit: Visit, owner: Owner, at: routes.Page) -> None:
    page = await visit(owner.person)
    await open_settled(page, owner.path(at))
    await check_page(page)


@every_page
async def test_the_keyboard_reaches_everything(visit: Visit, owner: Owner, at: routes.Page) -> None:
    page = await visit(owner.person)
    await open_settled(page, owner.path(at))
    tour = await tab_through(page)
    assert not tour.missed, "Tab does not lead there:\n" + "\n".join(tour.missed)
    assert not tour.unseen, "nothing shows that this has the focus:\n" + "\n".join(tour.unseen)


@every_public_page
async def test_a_page_for_everybody_is_in_order(visit: Visit, path: str) -> None:
    page = await visit()
    await open_settled(page, path)
    await check_page(page)


@empty_pages
async def test_an_empty_page_is_in_order(visit: Visit, newcomer: Visitor, at: routes.Page) -> None:
    page = await visit(newcomer)
    await open_settled(page, newcomer.home + at.path)
    await assert_nothing_jumps(page)
    await assert_accessible(page)
    ways_on = page.get_by_role("main").locator("a[href], button")
    assert await ways_on.count() > 0, "nothing says what to do next"


@failing_pages
async def test_a_page_that_cannot_load_says_so_and_tries_again(
    visit: Visit, owner: Owner, watch: Watch, at: routes.Page
) -> None:
    assert at.api is not None
    page = await visit(owner.person)
    failing = owner.filled(at.api)
    watch.expect(503, f"{failing}*")
    pattern = re.compile(rf"{re.escape(failing)}(/stream|/count)?(\?.*)?$")
    await page.route(pattern, refuse)
    await page.goto(owner.path(at))
    again = page.get_by_role("button", name=re.compile("try again|retry", re.IGNORECASE)).first
    await expect(again).to_be_visible(timeout=RETRIED)
    await assert_accessible(page)
    await page.unroute(pattern)
    await again.click()
    await expect(again).to_have_count(0, timeout=RETRIED)


async def check_page(page: BrowserPage) -> None:
    """Title, heading, stillness; and axe in both themes on a desk and on a phone."""
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    await expect(page).to_have_title(re.compile(r".+ · Portway$"))
    await assert_nothing_jumps(page)
    looks: list[tuple[int, Theme]] = [(1280, "light"), (1280, "dark"), (375, "dark"), (375, "light")]
    for width, theme in looks:
        await page.set_viewport_size({"width": width, "height": 800})
        await prefer(page, theme)
        await assert_fits(page)
        await assert_accessible(page)


async def open_settled(page: BrowserPage, path: str) -> None:
    """Until nothing is loading any more."""
    await page.goto(path)
    await settle(page)


async def refuse(route: Route) -> None:
    problem = {
        "type": "/docs#problem-unavailable",
        "title": "Unavailable",
        "status": 503,
        "code": "unavailable",
        "detail": "The database does not answer.",
    }
    await route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem))
