"""What a page costs, as the browser itself measures it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Page

_LARGEST_PAINT = """
() => new Promise((resolve) => new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime))
  .observe({ type: 'largest-contentful-paint', buffered: true }))
"""
# Fifty milliseconds for the entries that are not delivered yet.
_SHIFT = """
() => new Promise((resolve) => {
  const shifts = []
  new PerformanceObserver((list) => shifts.push(...list.getEntries())).observe({ type: 'layout-shift', buffered: true })
  setTimeout(() => resolve(shifts.filter((each) => !each.hadRecentInput).map((each) => ({
    value: each.value,
    nodes: each.sources.map((source) => source.node?.outerHTML?.slice(0, 160) ?? source.node?.textContent),
  }))), 50)
})
"""
_SCROLL = """
async ([selector, frames, step]) => {
  const list = document.querySelector(selector)
  const tasks = []
  const observer = new PerformanceObserver((found) => tasks.push(...found.getEntries().map((each) => each.duration)))
  observer.observe({ type: 'longtask' })
  const gaps = []
  let blank = 0
  let last = await new Promise(requestAnimationFrame)
  for (let frame = 0; frame < frames; frame += 1) {
    list.scrollTop += step
    const now = await new Promise(requestAnimationFrame)
    gaps.push(now - last)
    last = now
    const box = list.getBoundingClientRect()
    const middle = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)
    if (!middle?.closest('[role=row]')?.textContent) blank += 1
  }
  await new Promise((resolve) => setTimeout(resolve, 50))
  observer.disconnect()
  gaps.sort((one, other) => one - other)
  return { median_ms: gaps[frames >> 1], p95_ms: gaps[Math.floor(frames * 0.95)], long_tasks_ms: tasks, blank,
           frames, travelled: list.scrollTop }
}
"""


@dataclass
class Transfer:
    """Bytes over the wire by kind of resource (Script, Stylesheet, Font, ...), headers and all, compressed."""

    by_kind: dict[str, int] = field(default_factory=dict)


@asynccontextmanager
async def transfers(page: Page) -> AsyncIterator[Transfer]:
    """Counts what the page loads within the block."""
    counted, kinds = Transfer(), dict[str, str]()
    session = await page.context.new_cdp_session(page)

    def on_response(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def on_finished(event: dict[str, Any]) -> None:
        kind = kinds.get(event["requestId"], "Other")
        counted.by_kind[kind] = counted.by_kind.get(kind, 0) + int(event["encodedDataLength"])

    session.on("Network.responseReceived", on_response)
    session.on("Network.loadingFinished", on_finished)
    await session.send("Network.enable")
    try:
        yield counted
    finally:
        await session.detach()


async def largest_paint_ms(page: Page) -> float:
    """When the largest thing on the page was painted, since the navigation began."""
    return float(await page.evaluate(_LARGEST_PAINT))


async def assert_nothing_jumps(page: Page, at_most: float = 0.02) -> None:
    """Fails where what is on the page moved by more (cumulative layout shift) without a person's doing."""
    shifts = await page.evaluate(_SHIFT)
    total = sum(shift["value"] for shift in shifts)
    assert total < at_most, f"{page.url} jumps by {total:.3f}: {shifts}"


@dataclass(frozen=True)
class Scrolling:
    """Times between frames, and tasks of more than 50 ms; `blank` counts frames without a row in the middle."""

    median_ms: float
    p95_ms: float
    long_tasks_ms: list[float]
    blank: int
    frames: int
    travelled: float


async def scroll(page: Page, selector: str, *, frames: int = 120, step: int = 400) -> Scrolling:
    """Scrolls the element, frame by frame."""
    return Scrolling(**await page.evaluate(_SCROLL, [selector, frames, step]))
