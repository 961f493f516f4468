"""Chromium before a real gateway: what the tests of pages share. How to use it:

    async def test_something(stage: Stage, visit: Visit, watch: Watch) -> None:
        ada = stage.person("Ada Lovelace")            # new, with a workspace; `ada.caller` calls the API as her
        page = await visit(ada)                       # signed in; 1280 x 800, light
        await page.goto(f"{ada.home}/connections")    # `ada.home` is /w/<workspace>
        await expect(page.get_by_role("heading", level=1)).to_have_text("Connections")

- `visit()` without a person is somebody who is not signed in; each call is a browser profile of its own.
  `visit(ada, width=375)` is a phone, `visit(ada, theme="dark")` prefers dark.
- `stage.mate(ada, "viewer")` is in Ada's workspace; `await stage.account()` has a password to sign in with.
- `stage.world` makes integrations, actions and connections by SQL (tests/e2e/worlds.py); `stage.upstream.on(path,
  answer)` is a service that answers as told; Gmail, Drive, Sheets and Slack of the catalog lead to stand-ins, their
  OAuth clients are set; `await sign_in_at_google(page)` signs in and consents there.
- A test fails by itself on a console error or warning, an uncaught error, a policy violation, a request that failed
  or was answered 4xx or 5xx, an inline script, and on any known secret in anything that the browser was sent. What a
  test provokes it declares first: `watch.expect(422, "/api/v2/connections")`.
- Wait with `expect(...)`: `page.wait_for_function` asks again by eval, which the console's policy refuses.
- `await prefer(page, "dark")` is the reader's system changing its theme; the page follows.
- `await settle(page)` waits until nothing is loading any more.
- `axe.assert_accessible(page)` finds nothing serious; performance.py measures; `routes.PAGES` lists all pages.
- `another_stage(PORTWAY_SIGN_UP="invite")` is a gateway of the test's own, without people; its pages are had by
  `visit(at=...)`. It takes four seconds.
- `pytest tests/browser/test_pages.py -k /logs` looks at one page: axe in both themes, on a desk and on a phone, by the
  keyboard, empty, and with the API failing.
- Where a test fails, a screenshot of each of its pages is left; the report says where.
"""

import os
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any, Literal, Protocol

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

import portway
from portway.infrastructure.embedded_postgres import DatabaseUrls
from scripts.chromium import NoChromiumError, chromium
from tests.browser.stage import COOKIE_PATHS, Stage, Visitor, staged
from tests.browser.watch import Watch, check_documents
from tests.databases import clone_database, cloned_database
from tests.e2e.gateways import portway as run_portway
from tests.e2e.upstreams import Upstream

CONSOLE = Path(portway.__file__).parent / "console" / "index.html"
PATIENCE_MS = 10_000
expect.set_options(timeout=PATIENCE_MS)

LOADING = "[aria-busy=true], .animate-pulse"
FAILURES = Path(tempfile.gettempdir()) / "portway-browser"
FAILED = pytest.StashKey[bool]()

Theme = Literal["light", "dark"]
AnotherStage = Callable[..., Stage]


class Visit(Protocol):
    """Opens a page of a new browser profile."""

    async def __call__(
        self,
        person: Visitor | None = None,
        *,
        at: Stage | None = None,
        width: int = 1280,
        theme: Theme = "light",
        **options: Any,
    ) -> Page: ...


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client without limits of its own."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield session


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    """A service that records and echoes."""
    with Upstream() as running:
        yield running


@pytest.fixture(scope="session")
def stocked(migrated: DatabaseUrls) -> DatabaseUrls:
    """A database with the shipped catalog and nobody in it, to make copies of; never connect to it."""
    template = clone_database(migrated, "stocked")
    environment = {"PORTWAY_DATABASE_URL": template.app, "PORTWAY_ADMIN_DATABASE_URL": template.admin}
    run_portway("catalog", "load", environment=environment)
    return template


@pytest.fixture(scope="session")
def stage(stocked: DatabaseUrls, upstream: Upstream, http: aiohttp.ClientSession) -> Iterator[Stage]:
    """The shared one, where anybody may sign up."""
    if not CONSOLE.is_file():
        pytest.fail("the console is not built: run `make console`")
    with cloned_database(stocked) as urls, staged(urls, upstream, http, PORTWAY_SIGN_UP="open") as shared:
        yield shared


@pytest.fixture
def another_stage(
    stocked: DatabaseUrls, upstream: Upstream, http: aiohttp.ClientSession
) -> Iterator[AnotherStage]:
    """Stages of a test's own, with the environment that it gives; nobody has an account there."""
    with ExitStack() as stack:

        def build(**environment: str) -> Stage:
            urls = stack.enter_context(cloned_database(stocked))
            return stack.enter_context(staged(urls, upstream, http, **environment))

        yield build


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests of a worker. Without one they are skipped; in continuous integration they fail."""
    async with AsyncExitStack() as stack:
        try:
            running = await stack.enter_async_context(chromium())
        except NoChromiumError as error:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(error))
        yield running


@pytest.fixture
def watch() -> Watch:
    """What this test's pages may not do; `expect` makes an exception."""
    return Watch()


@pytest_asyncio.fixture
async def visit(
    request: pytest.FixtureRequest,
    stage: Stage,
    another_stage: AnotherStage,
    browser: Browser,
    watch: Watch,
) -> AsyncIterator[Visit]:
    """Opens pages, and checks in the end what they did and what they were sent."""
    contexts: list[BrowserContext] = []
    marks = {stage: stage.recorder.mark()}

    async def open_page(
        person: Visitor | None = None,
        *,
        at: Stage | None = None,
        width: int = 1280,
        theme: Theme = "light",
        **options: Any,
    ) -> Page:
        where = at or stage
        marks.setdefault(where, 0)
        context = await browser.new_context(
            base_url=where.url,
            viewport={"width": width, "height": 800},
            color_scheme=theme,
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="Europe/Zurich",
            **options,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        await watch.attach(context, where.url)
        if person is not None:
            await sign_in(context, person)
        return await context.new_page()

    yield open_page
    if request.node.stash.get(FAILED, False):
        await photograph(contexts, request.node.name)
    for context in contexts:
        await context.close()
    for each, mark in marks.items():
        check_documents(each.recorder.since(mark))
        each.confidential.check(each.recorder.since())
    watch.check()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lets fixtures know that the test has failed."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


async def photograph(contexts: list[BrowserContext], test: str) -> None:
    """What each page showed when the test failed."""
    FAILURES.mkdir(exist_ok=True)
    for number, page in enumerate(page for context in contexts for page in context.pages):
        path = FAILURES / f"{re.sub('[^a-z0-9_]+', '-', test.lower())}-{number}.png"
        await page.screenshot(path=path)
        print(f"{page.url}: {path}")  # noqa: T201


async def sign_in(context: BrowserContext, person: Visitor) -> None:
    """Gives the profile the person's session, as signing in does."""
    for name, path in COOKIE_PATHS.items():
        await context.add_cookies(
            [
                {
                    "name": name,
                    "value": person.session[name],
                    "domain": "127.0.0.1",
                    "path": path,
                    "httpOnly": True,
                    "sameSite": "Strict",
                }
            ]
        )


async def settle(page: Page) -> None:
    """Until nothing on the page is loading any more: neither skeletons nor lists."""
    await expect(page.get_by_role("heading", level=1).first).to_be_visible()
    await expect(page.locator(LOADING)).to_have_count(0)


async def prefer(page: Page, theme: Theme) -> None:
    """As the reader's system does; the page follows at once."""
    await page.emulate_media(color_scheme=theme)
    dark = expect(page.locator("html"))
    await (dark.to_contain_class("dark") if theme == "dark" else dark.not_to_contain_class("dark"))
