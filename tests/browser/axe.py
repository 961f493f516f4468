"""axe-core over a page, and the small things that it does not look at."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

SOURCE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """
async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
"""
_SERIOUS = ("serious", "critical")


async def assert_accessible(page: Page) -> None:
    """Fails on each violation that axe calls serious or critical."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_source())
    violations = [one for one in await page.evaluate(_RUN) if one["impact"] in _SERIOUS]
    assert not violations, f"{page.url}\n" + "\n".join(map(_described, violations))


async def assert_fits(page: Page) -> None:
    """Fails where the page can be scrolled sideways; tells what sticks out."""
    wide = await page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth
          if (document.documentElement.scrollWidth <= width) return []
          return [...document.body.querySelectorAll('*')]
            .filter((each) => each.getBoundingClientRect().right > width + 1)
            .map((each) => `<${each.tagName.toLowerCase()} class="${each.className}">`)
        }"""
    )
    assert not wide, f"{page.url} is wider than the screen: {wide[:5]}"


@cache
def _source() -> str:
    if not SOURCE.is_file():
        pytest.fail("axe-core is not installed: run `make install`")
    return SOURCE.read_text(encoding="utf-8")


def _described(violation: dict[str, Any]) -> str:
    nodes = "\n".join(
        f"    {node['html'][:200]}\n      {' '.join(str(node['failureSummary']).split())[:300]}"
        for node in violation["nodes"][:4]
    )
    return f"{violation['id']} ({violation['impact']}): {violation['help']}\n{nodes}"
