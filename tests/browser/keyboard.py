"""A page without a mouse."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page

# What can be reached must be; what arrow keys move through (a list, choices of which one is taken) has one stop in all.
_EXPECTED = """
(scope) => {
  window.reached = new Set()
  document.addEventListener('focusin', (event) => window.reached.add(event.target))
  window.expected = [...document.querySelector(scope).querySelectorAll('a[href], button, input, select, textarea')]
    .filter((each) => !each.disabled && each.tabIndex >= 0 && each.checkVisibility({ visibilityProperty: true })
      && (each.type !== 'radio' || each.checked)
      && !each.closest('[role=grid], [role=listbox], [role=tree], [aria-hidden=true], [inert]'))
  return window.expected.length
}
"""
# Where the focus is, and whether a person sees it there: an outline or a ring on the element, or around it.
_FOCUS = """
() => {
  const element = document.activeElement
  if (!element || element === document.body) return null
  const drawn = (each) => {
    const style = getComputedStyle(each)
    if (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) return true
    return style.boxShadow.split(/,(?![^(]*\\))/).some((shadow) =>
      /(?:^|\\s)(?!0px)\\d*\\.?\\d+px/.test(shadow.replace(/rgba?\\([^)]*\\)|oklch\\([^)]*\\)|oklab\\([^)]*\\)/, ''))
      && !/rgba\\([^)]*,\\s*0\\)|\\/ 0\\)/.test(shadow))
  }
  let seen = false
  for (let each = element, level = 0; each && level < 4 && !seen; each = each.parentElement, level += 1) {
    seen = drawn(each)
  }
  return { element: element.outerHTML.slice(0, 160), seen }
}
"""
_MISSED = """
() => window.expected
  .filter((each) => each.isConnected && !window.reached.has(each))
  .map((each) => each.outerHTML.slice(0, 160))
"""


@dataclass(frozen=True)
class Tour:
    """What Tab led past. `missed` was never reached, `unseen` had the focus without showing it."""

    missed: list[str]
    unseen: list[str]


async def tab_through(page: Page, scope: str = "main", *, at_most: int = 150) -> Tour:
    """Presses Tab until the focus has been all around, or so often."""
    expected: int = await page.evaluate(_EXPECTED, scope)
    unseen: list[str] = []
    left = False
    for _ in range(min(at_most, expected + 60)):
        await page.keyboard.press("Tab")
        focus: dict[str, Any] | None = await page.evaluate(_FOCUS)
        if focus is None:
            if left:
                break
            left = True
        elif not focus["seen"]:
            unseen.append(focus["element"])
    return Tour(await page.evaluate(_MISSED), unseen)
