"""The page where links lead: the first account, an invitation, an address, a password."""

import re
from html.parser import HTMLParser

import pytest

from portway.api.link_pages import PATHS
from portway.application.mails import INVITATION_PATH, RESET_PASSWORD_PATH, VERIFY_EMAIL_PATH
from tests.integration.api.gateways import RunningGateway

TOKEN = "one-time-token-of-somebody"


class _Parts(HTMLParser):
    """What the page loads, and what would run without being loaded."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        source = given.get("src") or (given.get("href") if tag == "link" else None)
        if source:
            self.loaded.append(source)
        elif tag in {"script", "style"}:
            self.inline.append(tag)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]


def _policy(value: str) -> dict[str, list[str]]:
    directives = [directive.split() for directive in value.split(";")]
    return {name: sources for name, *sources in directives}


@pytest.mark.parametrize("path", PATHS)
class TestPage:
    async def test_is_served_to_anybody(self, gateway: RunningGateway, path: str) -> None:
        answer = await gateway.api.get(path)

        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.content.startswith(b"<!doctype html>")

    async def test_does_not_repeat_the_token(self, gateway: RunningGateway, path: str) -> None:
        plain = await gateway.api.get(path)
        answer = await gateway.api.get(f"{path}?token={TOKEN}")

        assert answer.status == 200
        assert answer.content == plain.content
        assert not any(TOKEN in value for value in answer.headers.values())

    async def test_tells_the_token_to_nobody(self, gateway: RunningGateway, path: str) -> None:
        answer = await gateway.api.get(f"{path}?token={TOKEN}")

        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Frame-Options"] == "DENY"

    async def test_runs_and_reaches_only_its_own(self, gateway: RunningGateway, path: str) -> None:
        answer = await gateway.api.get(path)

        policy = _policy(answer.headers["Content-Security-Policy"])
        assert policy.pop("script-src") == policy.pop("style-src") == policy.pop("connect-src") == ["'self'"]
        assert policy.keys() == {"default-src", "form-action", "frame-ancestors", "base-uri"}
        assert all(sources == ["'none'"] for sources in policy.values())

    async def test_has_a_text_in_the_script(self, gateway: RunningGateway, path: str) -> None:
        script = (await gateway.api.get("/link-page/page.js")).content.decode()

        assert f'  "{path}": {{' in script


class TestParts:
    async def test_all_that_the_page_loads_is_there(self, gateway: RunningGateway) -> None:
        parts = _Parts((await gateway.api.get(PATHS[0])).content.decode())

        assert sorted(parts.loaded) == ["/link-page/page.css", "/link-page/page.js"]
        assert parts.inline == []  # the policy would refuse it

    @pytest.mark.parametrize(("name", "kind"), [("page.js", "text/javascript"), ("page.css", "text/css")])
    async def test_are_served_as_what_they_are(self, gateway: RunningGateway, name: str, kind: str) -> None:
        answer = await gateway.api.get(f"/link-page/{name}")

        assert answer.status == 200
        assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "public, max-age=3600"

    @pytest.mark.parametrize(
        "name", ["page.html", "other.js", "..%2F__init__.py", "%2e%2e%2flink_pages.py", "%00"]
    )
    async def test_nothing_else_is_served(self, gateway: RunningGateway, name: str) -> None:
        answer = await gateway.api.get(f"/link-page/{name}")

        assert answer.status == 404
        assert b"import" not in answer.content

    async def test_the_script_calls_routes_that_there_are(self, gateway: RunningGateway) -> None:
        script = (await gateway.api.get("/link-page/page.js")).content.decode()
        document = (await gateway.api.get("/api/v2/openapi.json")).json

        called = set(re.findall(r'path: "([^"]+)"', script))
        assert len(called) == 3
        assert all("post" in document["paths"][path] for path in called)


async def test_mailed_links_lead_to_a_page() -> None:
    assert {INVITATION_PATH, VERIFY_EMAIL_PATH, RESET_PASSWORD_PATH} < set(PATHS)


async def test_pages_are_not_part_of_the_api(gateway: RunningGateway) -> None:
    document = (await gateway.api.get("/api/v2/openapi.json")).json

    assert not [path for path in document["paths"] if path in PATHS or path.startswith("/link-page")]


async def test_only_reading(gateway: RunningGateway) -> None:
    answer = await gateway.api.post(PATHS[0], {"token": TOKEN})

    assert answer.status == 405
