"""What a person does on the pages of the OAuth server that stands in for Google's."""

import re

from playwright.async_api import Page, expect


async def sign_in_at_google(page: Page, account: str = "ada@example.com") -> None:
    """On its sign-in page or on the way there: signs in, consents, and is sent back."""
    await page.wait_for_url(re.compile("/interaction/"))
    await page.locator("input[name=login]").fill(account)
    await page.locator("input[name=password]").fill("any")
    await page.get_by_role("button", name="Sign-in").click()
    await page.get_by_role("button", name="Continue").click()


async def deny_at_google(page: Page, account: str = "ada@example.com") -> None:
    """Signs in, and does not consent."""
    await page.wait_for_url(re.compile("/interaction/"))
    await page.locator("input[name=login]").fill(account)
    await page.locator("input[name=password]").fill("any")
    await page.get_by_role("button", name="Sign-in").click()
    await expect(page.get_by_role("button", name="Continue")).to_be_visible()
    await page.get_by_role("link", name=re.compile("cancel|abort", re.IGNORECASE)).click()
