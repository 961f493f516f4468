"""What a page costs, as the browser itself measures it."""

from collections.abc import AsyncIterator, Awaitable, Callable
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

# As many rows and cells as the log shows, made anew wherever the list stands.
_PLAIN_LIST = """
([rows, rowHeight]) => {
  document.body.innerHTML = `<div role="grid" style="height: 700px; overflow: auto; position: relative">
    <div style="height: ${rows * rowHeight}px"></div><div></div></div>`
  const list = document.querySelector('[role=grid]')
  const cell = (row, column) => `<span style="flex: 1; overflow: hidden">${row}.${column}</span>`
  const line = (row) => `<div role="row" style="position: absolute; top: ${row * rowHeight}px; width: 100%;
    height: ${rowHeight}px; display: flex">${Array.from(Array(8), (_, column) => cell(row, column)).join('')}</div>`
  const show = () => {
    const first = Math.floor(list.scrollTop / rowHeight)
    list.lastElementChild.innerHTML = Array.from(Array(30), (_, number) => line(first + number)).join('')
  }
  list.addEventListener('scroll', show)
  show()
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


@asynccontextmanager
async def cpu_time(page: Page) -> AsyncIterator[Callable[[], Awaitable[float]]]:
    """Milliseconds that the page's main thread computed since the last call: no matter what else the machine does."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})
    last = 0.0

    async def since() -> float:
        nonlocal last
        metrics = (await session.send("Performance.getMetrics"))["metrics"]
        now = 1000 * next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")
        spent, last = now - last, now
        return spent

    await since()
    yield since
    await session.detach()


async def plain_frame_ms(page: Page, *, rows: int, row_height: int, frames: int, step: int) -> float:
    """What a frame of the plainest scrolled list takes of this machine's processor, which may be a slow one. The page
    is left with that list.
    """
    await page.goto("about:blank")
    async with cpu_time(page) as spent:
        await page.evaluate(_PLAIN_LIST, [rows, row_height])
        await spent()
        scrolled = await scroll(page, "[role=grid]", frames=frames, step=step)
        assert (scrolled.travelled, scrolled.blank) == (frames * step, 0)
        return await spent() / frames
