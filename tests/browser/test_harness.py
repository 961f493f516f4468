"""The harness sees what it is there to see."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, expect

from demo.standins import Credentials
from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.confidential import Confidential
from tests.browser.keyboard import tab_through
from tests.browser.performance import assert_nothing_jumps
from tests.browser.recorder import Recorder
from tests.browser.watch import Watch, check_documents
from tests.e2e.upstreams import Received, Upstream, respond

POLICY = "default-src 'self'; img-src data:; frame-ancestors 'none'"
SAFE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@pytest.fixture
def recorder(upstream: Upstream) -> Iterator[Recorder]:
    with Recorder() as running:
        running.target = upstream.url
        yield running


async def open_with(browser: Browser, watch: Watch, recorder: Recorder, path: str) -> BrowserContext:
    context = await browser.new_context(base_url=recorder.url)
    await watch.attach(context, recorder.url)
    page = await context.new_page()
    await page.goto(path)
    await page.wait_for_load_state("networkidle")
    return context


def serve_page(upstream: Upstream, path: str, body: str, script: str = "") -> None:
    page = f'<!doctype html><title>A page</title><link rel="icon" href="data:,">{body}'
    page += f'<script src="{path}.js"></script>' if script else ""
    upstream.on(path, respond(text=page, content_type="text/html", headers=SAFE))
    upstream.on(f"{path}.js", respond(text=script, content_type="text/javascript"))
    upstream.on("/missing", respond(status=404))


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("console.warn('a warning')", "console warning: a warning"),
        ("console.error('an error')", "console error: an error"),
        ("setTimeout(() => { throw new Error('thrown') })", "uncaught: thrown"),
        ("Promise.reject(new Error('rejected'))", "uncaught: rejected"),
        ("fetch('/missing')", "GET /missing answered 404"),
        ("fetch('http://127.0.0.1:9/x').catch(() => 0)", "policy violation: connect-src"),
        ("eval('1')", "policy violation: script-src"),
        ("document.body.innerHTML = '<p style=\"color: red\">'", "policy violation: style-src"),
    ],
)
async def test_what_a_page_does_is_seen(
    browser: Browser, upstream: Upstream, recorder: Recorder, script: str, told: str
) -> None:
    watch = Watch()
    serve_page(upstream, "/noisy", "<p>Text</p>", script)
    context = await open_with(browser, watch, recorder, "/noisy")
    await context.close()
    with pytest.raises(AssertionError, match="complained") as failure:
        watch.check()
    assert told in str(failure.value)


async def test_a_quiet_page_and_what_was_declared_pass(
    browser: Browser, upstream: Upstream, recorder: Recorder
) -> None:
    watch = Watch()
    watch.expect(404, "/miss*")
    serve_page(upstream, "/quiet", "<p>Text</p>", "fetch('/missing')")
    context = await open_with(browser, watch, recorder, "/quiet")
    await context.close()
    watch.check()
    check_documents(recorder.since())


@pytest.mark.parametrize("body", ["<script>1</script>", '<p onclick="go()">Text</p>'])
async def test_scripts_within_a_page_are_seen(
    browser: Browser, upstream: Upstream, recorder: Recorder, body: str
) -> None:
    serve_page(upstream, "/inline", body)
    context = await open_with(browser, Watch(), recorder, "/inline")
    await context.close()
    with pytest.raises(AssertionError, match="an inline"):
        check_documents(recorder.since())


async def test_a_secret_in_a_stream_that_goes_on_is_seen(
    browser: Browser, upstream: Upstream, recorder: Recorder, database_urls: DatabaseUrls
) -> None:
    async def stream(_: Received) -> web.StreamResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"data: nothing\n\n"
            yield b"data: the-password-of-ada\n\n"
            await asyncio.sleep(60)

        return web.Response(body=parts(), content_type="text/event-stream")

    upstream.on("/events", stream)
    listening = "new EventSource('/events').onmessage = (event) => { document.title = event.data }"
    serve_page(upstream, "/live", "<p>Text</p>", listening)
    confidential = Confidential(database_urls, Credentials())
    confidential.check(recorder.since())
    confidential.add("a password", "the-password-of-ada")
    context = await browser.new_context(base_url=recorder.url)
    page = await context.new_page()
    await page.goto("/live")
    await expect(page).to_have_title("the-password-of-ada")
    await context.close()
    with pytest.raises(AssertionError, match="a password is in the body of GET /events"):
        confidential.check(recorder.since())


async def test_what_is_wrong_for_the_keyboard_and_for_axe_is_seen(browser: Browser) -> None:
    page = await browser.new_page()
    await page.set_content(
        """<!doctype html><html lang="en"><title>A page</title><main><h1>A page</h1>
        <style>#unseen:focus { outline: none }</style>
        <button id="fine">Fine</button><button id="unseen">Unseen</button>
        <form onfocusin="event.target.id === 'trap' && document.getElementById('fine').focus()">
        <button id="trap">Skipped</button></form><input id="nameless"></main></html>"""
    )
    tour = await tab_through(page)
    assert [*map(id_of, tour.unseen)] == ["unseen"] * len(tour.unseen) != []
    assert [*map(id_of, tour.missed)] == ["nameless"]
    with pytest.raises(AssertionError, match="label"):
        await assert_accessible(page)
    await page.set_content("<main style='width: 3000px'>wide</main>")
    with pytest.raises(AssertionError, match="wider than the screen"):
        await assert_fits(page)
    await page.close()


def id_of(markup: str) -> str:
    found = re.search(r'id="(\w+)"', markup)
    assert found is not None
    return found[1]


async def test_what_jumps_is_seen(browser: Browser, upstream: Upstream, recorder: Recorder) -> None:
    serve_page(upstream, "/jumpy", "<div id='top'></div>" + "<h1>A text</h1>" * 8)
    context = await open_with(browser, Watch(), recorder, "/jumpy")
    (page,) = context.pages
    await assert_nothing_jumps(page)
    await page.evaluate("document.getElementById('top').style.height = '300px'")
    await page.wait_for_timeout(100)
    with pytest.raises(AssertionError, match="jumps by"):
        await assert_nothing_jumps(page)
    await context.close()
