"""The browser of tests and screenshots: Debian's Chromium, or the one that CHROMIUM names."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

_ARGUMENTS = ("--disable-dev-shm-usage", "--disable-component-update", "--no-first-run", "--disable-sync")


class NoChromiumError(Exception):
    """There is none; the message says how to get one."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A running browser. Raises NoChromiumError."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        raise NoChromiumError(
            "there is no Chromium: install Debian's `chromium`, or name one with CHROMIUM=/path"
        )
    # Chromium's own sandbox is not for root.
    sandbox = () if os.geteuid() else ("--no-sandbox",)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*_ARGUMENTS, *sandbox])
        try:
            yield browser
        finally:
            await browser.close()
