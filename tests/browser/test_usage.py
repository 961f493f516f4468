"""Usage as people read it: every number is what SQL counts, and leads on to a filter or to the log."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from demo.api import Api
from scripts.seed_console import Database, seed
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Theme, Visit, prefer, settle
from tests.browser.performance import assert_nothing_jumps
from tests.browser.stage import Stage, Visitor
from tests.browser.watch import Watch
from tests.people import as_owner

EXECUTIONS = 20_000
ZONE = ZoneInfo("Europe/Zurich")
"""The tests' browsers are there."""
PERCENTILES_WITHIN = 0.05


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def busy(stage: Stage) -> Visitor:
    """Somebody whose workspace has a month of executions."""
    ada = stage.person("Ada Lovelace")
    api = Api(stage.url)
    api.bearer = ada.api_key
    database = Database(stage.urls.admin, stage.urls.app)
    await asyncio.to_thread(
        seed, api, database, str(ada.workspace_id), executions=EXECUTIONS, domain="usage.example"
    )
    return ada


def midnight(days_ago: int) -> datetime:
    now = datetime.now(ZONE)
    return (now - timedelta(days=days_ago)).replace(hour=0, minute=0, second=0, microsecond=0)


def counted(stage: Stage, person: Visitor, since: datetime, condition: str = "true") -> dict[str, Any]:
    """What the page sums up, by SQL over all rows."""
    ((executions, rate, p50, p95),) = as_owner(
        stage.urls,
        f"""
        SELECT count(*),
            count(*) FILTER (WHERE l.status = 'success')::float8
                / count(*) FILTER (WHERE l.status IN ('success', 'error', 'unknown')),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY l.duration_ms) FILTER (WHERE l.status <> 'refused'),
            percentile_cont(0.95) WITHIN GROUP (ORDER BY l.duration_ms) FILTER (WHERE l.status <> 'refused')
        FROM api_logs AS l JOIN integrations AS i ON i.id = l.integration_id
        WHERE l.workspace_id = %s AND l.executed_at >= %s AND {condition}
        """,
        person.workspace_id,
        since,
    )
    return {"executions": executions, "rate": rate, "p50": p50, "p95": p95}


def counts(
    stage: Stage, person: Visitor, since: datetime, by: str, condition: str = "true"
) -> dict[str, int]:
    """Executions by something, by SQL."""
    found = as_owner(
        stage.urls,
        f"""
        SELECT {by}, count(*) FROM api_logs AS l JOIN integrations AS i ON i.id = l.integration_id
        WHERE l.workspace_id = %s AND l.executed_at >= %s AND {condition} GROUP BY 1
        """,
        person.workspace_id,
        since,
    )
    return {str(name): int(number) for name, number in found}


async def open_usage(page: Page, person: Visitor, query: str) -> None:
    await page.goto(f"{person.home}/usage{query}")
    await settle(page)


def figure(page: Page, label: str) -> Locator:
    """The number of that name at the top."""
    term = page.locator("dt", has_text=re.compile(f"^{label}$"))
    return term.locator("xpath=following-sibling::dd").locator("span").first


def number(text: str) -> float:
    return float(text.replace(",", "").split(maxsplit=1)[0])


async def milliseconds(page: Page, label: str) -> float:
    text = await figure(page, label).inner_text()
    return number(text) * (1 if text.endswith("ms") else 1000)


async def table_of(page: Page, chart: str) -> list[list[str]]:
    """The cells of the table that stands behind a chart, without its head."""
    cells: list[list[str]] = await page.get_by_role("figure", name=chart).evaluate(
        "(each) => [...each.querySelectorAll('tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return cells


async def test_the_numbers_are_those_of_the_log(stage: Stage, visit: Visit, busy: Visitor) -> None:
    since = midnight(6)
    expected = counted(stage, busy, since)
    page = await visit(busy)
    await open_usage(page, busy, "?range=7d")
    await expect(figure(page, "Executions")).to_have_text(f"{expected['executions']:,}")
    assert number(await figure(page, "Success rate").inner_text()) == round(100 * expected["rate"], 1)
    for label, name in (("Median duration", "p50"), ("95th percentile", "p95")):
        shown = await milliseconds(page, label)
        assert abs(shown / expected[name] - 1) < PERCENTILES_WITHIN, (label, shown, expected[name])

    rows = await table_of(page, "Executions by day and status")
    assert len(rows) == 7
    by_status = counts(stage, busy, since, "l.status")
    columns = [sum(int(row[place].replace(",", "")) for row in rows) for place in (1, 2, 3)]
    assert columns == [by_status.get(status, 0) for status in ("success", "error", "refused")]
    by_day = counts(stage, busy, since, "date_trunc('day', l.executed_at AT TIME ZONE 'Europe/Zurich')::date")
    days = [sum(int(cell.replace(",", "")) for cell in row[1:]) for row in rows]
    assert days == [by_day.get(str(midnight(ago).date()), 0) for ago in range(6, -1, -1)]


async def test_the_time_before_is_what_it_is_compared_with(stage: Stage, visit: Visit, busy: Visitor) -> None:
    page = await visit(busy)
    await open_usage(page, busy, "?range=7d")
    # The same length of time before: as long as since midnight six days ago.
    # In UTC: the clocks may be changed in between.
    since = midnight(6).astimezone(UTC)
    length = datetime.now(UTC) - since
    before = counted(stage, busy, since - length)["executions"] - counted(stage, busy, since)["executions"]
    told = await page.get_by_title(re.compile(r"than in the time before \([\d,]+\)$")).get_attribute("title")
    assert told is not None
    shown = number(told.rpartition("(")[2].rstrip(")"))
    assert abs(shown - before) <= 5, "some seconds have gone by, and no more"
    assert before > 1000


async def test_what_is_ranked_filters_and_leads_to_the_log(stage: Stage, visit: Visit, busy: Visitor) -> None:
    by_integration = counts(stage, busy, midnight(29), "i.name")
    by_error = counts(stage, busy, midnight(29), "l.error_code", "l.status <> 'success'")
    page = await visit(busy)
    await open_usage(page, busy, "?range=30d")
    integrations = page.get_by_role("region", name="Integrations")
    for name in sorted(by_integration, key=lambda name: -by_integration[name])[:6]:
        row = integrations.get_by_role("row").filter(has_text=name)
        await expect(row.get_by_role("cell").nth(1)).to_have_text(f"{by_integration[name]:,}")
    errors = page.get_by_role("region", name="Errors")
    for code, count in by_error.items():
        row = errors.get_by_role("row").filter(has_text=code)
        await expect(row.get_by_role("cell").nth(1)).to_have_text(f"{count:,}")

    await integrations.get_by_role("button", name="HubSpot").click()
    await expect(page).to_have_url(re.compile("integration=hubspot"))
    await expect(figure(page, "Executions")).to_have_text(f"{by_integration['HubSpot']:,}")
    await settle(page)
    of_hubspot = counts(stage, busy, midnight(29), "l.error_code", "i.slug = 'hubspot'")
    await errors.get_by_role("link", name="Logs of rate_limited").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Logs")
    await settle(page)
    asked = parse_qs(urlsplit(page.url).query)
    assert (asked["integration"], asked["error_code"], asked["range"]) == (
        ["hubspot"],
        ["rate_limited"],
        ["30d"],
    )
    await expect(page.get_by_text(f"{of_hubspot['rate_limited']:,} executions")).to_be_visible()


async def test_steps_and_grouping_are_in_the_address(stage: Stage, visit: Visit, busy: Visitor) -> None:
    page = await visit(busy)
    await open_usage(page, busy, "?range=7d")
    await page.get_by_role("button", name="By hour").click()
    await expect(page).to_have_url(re.compile("bucket=hour"))
    await page.get_by_role("combobox", name="Executions by").select_option("error_code")
    await expect(page).to_have_url(re.compile("group_by=error_code"))
    await expect(page.get_by_role("figure", name="Executions by hour and error code")).to_be_visible()
    await page.reload()
    await settle(page)
    rows = await table_of(page, "Executions by hour and error code")
    assert 6 * 24 < len(rows) <= 7 * 24 + 1  # a day may have 25 hours
    shown = sum(int(cell.replace(",", "")) for row in rows for cell in row[1:])
    assert shown == sum(counts(stage, busy, midnight(6), "l.error_code", "l.status <> 'success'").values())

    await page.goto(f"{busy.home}/usage?range=90d&bucket=hour")
    await settle(page)
    await expect(page.get_by_role("button", name="By hour")).to_be_disabled()
    await expect(page.get_by_role("figure", name="Executions by day and status")).to_be_visible()


async def test_it_is_in_order_with_filters_in_both_themes_and_on_a_phone(visit: Visit, busy: Visitor) -> None:
    page = await visit(busy)
    await open_usage(page, busy, "?range=24h&integration=stripe&group_by=action")
    await assert_nothing_jumps(page)
    themes: tuple[Theme, ...] = ("light", "dark")
    for theme in themes:
        await prefer(page, theme)
        await assert_accessible(page)
    await page.set_viewport_size({"width": 375, "height": 800})
    await assert_fits(page)
    await assert_accessible(page)


async def test_nothing_is_loaded_but_sums(stage: Stage, visit: Visit, busy: Visitor) -> None:
    mark = stage.recorder.mark()
    page = await visit(busy)
    await open_usage(page, busy, "?range=30d")
    said = stage.recorder.since(mark)
    assert not [one for one in said if one.path.startswith("/api/v2/logs")]
    usage = [one for one in said if one.path == "/api/v2/usage"]
    assert len(usage) == 5, "the whole, and four rankings"
    assert sum(len(one.body) for one in usage) < 500_000


async def test_a_time_that_is_too_long_is_refused_with_its_reason(
    visit: Visit, busy: Visitor, watch: Watch
) -> None:
    watch.expect(400, "/api/v2/usage")
    page = await visit(busy)
    await page.goto(f"{busy.home}/usage?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z")
    await expect(page.get_by_role("alert").first).to_contain_text("at most 400 days")
    await expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    await expect(page.get_by_text("2020").first).to_be_visible()
