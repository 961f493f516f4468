"""Somebody without an account follows a link to the hosted page, on a phone."""

import re
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Theme, Visit
from tests.browser.google import sign_in_at_google
from tests.browser.stage import Stage, Visitor
from tests.browser.watch import Watch
from tests.e2e.upstreams import Received

PHONE = 375
RIGHT_KEY = "parcel-key-that-is-right"
themes = pytest.mark.parametrize("theme", ["light", "dark"])


async def check_look(page: Page) -> None:
    await assert_fits(page)
    await assert_accessible(page)
    for each in await page.get_by_role("button").all():
        box = await each.bounding_box()
        assert box is not None
        assert box["height"] >= 40, "a thumb misses it"


async def link_to(person: Visitor, integration: str) -> str:
    asked = {
        "workspace_id": str(person.workspace_id),
        "integration": integration,
        "end_user_id": "customer-1",
    }
    made = await person.caller.call("POST", "/api/v2/connect-links", asked)
    assert made.status == 201, made.text
    return str(made.json["url"])


async def connections_of(person: Visitor) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await person.caller.get("/api/v2/connections", end_user_id="customer-1"))[
        "data"
    ]
    return found


@themes
async def test_an_account_is_connected_by_signing_in(stage: Stage, visit: Visit, theme: Theme) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(width=PHONE, theme=theme)
    await page.goto(await link_to(ada, "gmail"))
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Gmail")
    await check_look(page)
    await page.get_by_role("button", name=re.compile("Gmail|Continue|Connect")).click()
    await sign_in_at_google(page)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("connected")
    await check_look(page)
    (connection,) = await connections_of(ada)
    assert connection["status"] == "active"


async def test_a_wrong_key_is_refused_with_the_service_s_reason(
    stage: Stage, visit: Visit, watch: Watch
) -> None:
    async def verify(received: Received) -> web.StreamResponse:
        if received.headers.get("authorization") == f"Bearer {RIGHT_KEY}":
            return web.json_response({"account": "Parcels"})
        return web.json_response({"message": "This key was revoked on Monday."}, status=401)

    stage.upstream.on("/parcels/me", verify)
    ada = stage.person("Ada Lovelace")
    slug = f"parcels-{ada.workspace_id.hex[-8:]}"
    verification = {"path": "/parcels/me", "method": "GET"}
    stage.world.integration(slug=slug, auth_config={"verification": verification})
    page = await visit(width=PHONE)
    await page.goto(await link_to(ada, slug))
    await check_look(page)
    watch.expect(422, "/connect/*")
    await page.get_by_label(re.compile("token", re.IGNORECASE)).fill("parcel-key-that-is-wrong")
    await page.get_by_role("button", name="Connect").click()
    await expect(page.get_by_text("This key was revoked on Monday.")).to_be_visible()
    await check_look(page)
    assert await connections_of(ada) == []
    await page.get_by_label(re.compile("token", re.IGNORECASE)).fill(RIGHT_KEY)
    await page.get_by_role("button", name="Connect").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("connected")
    assert len(await connections_of(ada)) == 1
