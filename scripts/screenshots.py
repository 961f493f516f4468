"""Photographs every page of the console into docs/screenshots, from a gateway with a made-up company in it.

Needs Chromium, and what `make install` puts into place.
"""

import asyncio
import json
import secrets
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlencode

from PIL import Image
from playwright.async_api import Browser, BrowserContext, FilePayload, Page, expect

from demo.api import Api
from demo.gateway import Gateway, choose_port
from demo.rows import client_environment, redirect, redirections
from demo.standins import StandIns
from scripts.chromium import chromium
from scripts.seed_console import Company, Database, seed

TARGET = Path(__file__).parents[1] / "docs" / "screenshots"
EMAIL = "ada@northwind.example"
COLOURS = 128
PIXELS = 1.5

EMAIL_TO_SEND: Final = {
    "to": ["katherine@northwind.example"],
    "subject": "Robot arm 7 is calibrated",
    "text": "It can go back to the assembly line on Monday.",
}
DOCUMENT: Final = {
    "openapi": "3.1.0",
    "info": {
        "title": "Robot fleet",
        "version": "2",
        "description": "Robots on the shop floor, and what they do.",
    },
    "servers": [{"url": "https://fleet.northwind.example/v2"}],
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Fleet-Key"}}},
    "security": [{"key": []}],
    "paths": {
        "/robots": {"get": {"operationId": "listRobots", "summary": "List robots", "responses": {}}},
        "/robots/{id}": {
            "get": {"operationId": "getRobot", "summary": "Get a robot", "responses": {}},
            "patch": {"operationId": "updateRobot", "summary": "Change a robot", "responses": {}},
            "delete": {"operationId": "retireRobot", "summary": "Retire a robot", "responses": {}},
        },
        "/robots/{id}/jobs": {
            "get": {"operationId": "listJobs", "summary": "List a robot's jobs", "responses": {}},
            "post": {"operationId": "createJob", "summary": "Give a robot a job", "responses": {}},
        },
        "/alarms": {"get": {"operationId": "listAlarms", "summary": "List alarms", "responses": {}}},
    },
}

Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Shot:
    """A page as it is photographed: what is done on it before, and whether on a phone as well."""

    name: str
    path: str
    prepare: Callable[[Page], Awaitable[Any]] | None = None
    on_phone: bool = False
    signed_in: bool = True


async def main() -> int:
    """Makes all of them; the exit status."""
    port = choose_port()
    password = secrets.token_urlsafe(16)
    callback = f"http://127.0.0.1:{port}/api/v2/oauth/callback"
    with (
        StandIns(redirect_uris=(callback,)) as standins,
        Gateway(port, client_environment(standins.credentials)) as gateway,
    ):
        gateway.wait_until_ready()
        company = populate(gateway, standins, password)
        async with chromium() as browser:
            await photograph_all(browser, gateway.url, company, password)
    return 0


def populate(gateway: Gateway, standins: StandIns, password: str) -> Company:
    """The company, with Ada as its owner."""
    admin_url = gateway.admin_url()
    redirect(admin_url, redirections(standins.addresses))
    api = Api(gateway.url)
    account = {"email": EMAIL, "password": password, "name": "Ada Lovelace"}
    made = api.call("POST", "/api/v2/auth/sign-up", account, expect=201).body
    api.bearer = made["access_token"]
    return seed(api, Database(admin_url, app_url(gateway)), made["workspace_id"])


def app_url(gateway: Gateway) -> str:
    """The database's URL for the servers' role."""
    command = [sys.executable, "-m", "portway", "db", "url", "--data-dir", str(gateway.data_dir)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


async def photograph_all(browser: Browser, url: str, company: Company, password: str) -> None:
    """Both themes, at 1280 pixels, and some at 375."""
    TARGET.mkdir(parents=True, exist_ok=True)
    themes: tuple[Theme, ...] = ("light", "dark")
    for theme in themes:
        for width in (1280, 375):
            stranger = await new_profile(browser, url, theme, width)
            ada = await new_profile(browser, url, theme, width)
            await sign_in(ada, url, password)
            for shot in shots(company):
                if width == 1280 or shot.on_phone:
                    suffix = theme if width == 1280 else f"{theme}-375"
                    profile = ada if shot.signed_in else stranger
                    await photograph(profile, shot, TARGET / f"{shot.name}-{suffix}.png")
            await stranger.close()
            await ada.close()


def shots(company: Company) -> list[Shot]:
    """Every page of the console."""
    home = f"/w/{company.workspace_id}"
    crm = company.connections["Sales CRM"]
    mail = {
        "connection": str(company.connections["Ada's mail"]),
        "action": "send-email",
        "parameters": json.dumps(EMAIL_TO_SEND),
    }
    return [
        Shot("sign-in", "/sign-in", signed_in=False, on_phone=True),
        Shot("home", f"{home}/home", on_phone=True),
        Shot("integrations", f"{home}/integrations", on_phone=True),
        Shot("integration", f"{home}/integrations/gmail"),
        Shot("new-integration", f"{home}/integrations/new", give_document),
        Shot("connections", f"{home}/connections"),
        Shot("connection", f"{home}/connections/{crm}"),
        Shot("playground", f"{home}/playground?{urlencode(mail)}", run_action),
        Shot("logs", f"{home}/logs", on_phone=True),
        Shot("execution", f"{home}/logs?status=error", open_first_row),
        Shot("usage", f"{home}/usage"),
        Shot("api-keys", f"{home}/api-keys"),
        Shot("members", f"{home}/settings/members"),
    ]


async def run_action(page: Page) -> None:
    """Runs what is filled in, at the stand-in, and waits for its answer."""
    await page.get_by_role("button", name="Run", exact=True).click()
    await page.get_by_role("tabpanel", name="Response").get_by_text("SENT").first.wait_for()


async def open_first_row(page: Page) -> None:
    """Opens the newest execution beside the list."""
    await page.get_by_role("row").nth(1).click()
    await page.get_by_role("dialog").wait_for()


async def give_document(page: Page) -> None:
    """Has a document read, and its actions offered."""
    document: FilePayload = {
        "name": "robots.json",
        "mimeType": "application/json",
        "buffer": json.dumps(DOCUMENT).encode(),
    }
    await page.get_by_label("Document", exact=True).set_input_files(document)
    await page.get_by_text("chosen").first.wait_for()


async def new_profile(browser: Browser, url: str, theme: Theme, width: int) -> BrowserContext:
    """A browser that prefers the theme."""
    return await browser.new_context(
        base_url=url,
        viewport={"width": width, "height": 800},
        device_scale_factor=PIXELS,
        color_scheme=theme,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/Zurich",
    )


async def sign_in(profile: BrowserContext, url: str, password: str) -> None:
    """Has the profile keep Ada's session."""
    account = {"email": EMAIL, "password": password, "cookie": True}
    answer = await profile.request.post(f"{url}/api/v2/auth/sign-in", data=account)
    if not answer.ok:
        raise RuntimeError(f"signing in was answered {answer.status}: {await answer.text()}")


async def photograph(profile: BrowserContext, shot: Shot, path: Path) -> None:
    """One page, once it has settled."""
    page = await profile.new_page()
    await page.goto(shot.path)
    await page.get_by_role("heading", level=1).first.wait_for()
    if shot.prepare is not None:
        await shot.prepare(page)
    await expect(page.locator("[aria-busy=true], .animate-pulse")).to_have_count(0, timeout=20_000)
    # Charts and pictures are drawn a moment later.
    await page.wait_for_timeout(600)
    save(await page.screenshot(), path)
    await page.close()


def save(png: bytes, path: Path) -> None:
    """With a palette: a page has few colours, and a file a quarter of the size."""
    with Image.open(BytesIO(png)) as image:
        small = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
    print(f"{path.relative_to(TARGET.parents[1])}: {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
