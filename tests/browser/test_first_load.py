"""What the first page costs: the figures that a person waits for."""

from playwright.async_api import Browser, expect

from tests.browser.performance import assert_nothing_jumps, largest_paint_ms, transfers
from tests.browser.stage import Stage

MOST_SCRIPT_BYTES = 300_000
LATEST_PAINT_MS = 1500


async def test_the_sign_in_page_is_small_and_quick(stage: Stage, browser: Browser) -> None:
    painted = []
    for _ in range(3):
        # Not by way of the recorder, which has its own cost.
        context = await browser.new_context(base_url=stage.world.gateway.url)
        page = await context.new_page()
        async with transfers(page) as loaded:
            await page.goto("/sign-in")
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            await page.wait_for_load_state("networkidle")
        painted.append(await largest_paint_ms(page))
        await assert_nothing_jumps(page)
        await context.close()
        assert 1000 < loaded.by_kind["Script"] < MOST_SCRIPT_BYTES, loaded
    # The soonest: the machine may have other work.
    assert min(painted) < LATEST_PAINT_MS, f"the largest thing was painted after {painted} ms"


async def test_files_with_a_hash_are_kept_and_pages_are_not(stage: Stage, browser: Browser) -> None:
    context = await browser.new_context(base_url=stage.world.gateway.url)
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.wait_for_load_state("networkidle")
    async with transfers(page) as loaded:
        answer = await page.reload()
        await page.wait_for_load_state("networkidle")
    await context.close()
    assert answer is not None
    assert answer.headers["cache-control"] == "no-store"
    assert loaded.by_kind.get("Script", 0) == 0, loaded
