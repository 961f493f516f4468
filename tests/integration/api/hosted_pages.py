"""Connect links, and a browser that follows one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.integration.api.whole import PUBLIC_URL, Caller, Whole
from tests.serving import Answer

LINKS = "/api/v2/connect-links"
SHAPED = {
    "properties": {"subdomain": {"type": "string", "pattern": "^[a-z]+$", "title": "Your address"}},
    "required": ["subdomain"],
}


async def maker(whole: Whole) -> Caller:
    """Ann, with a service to connect by redirect, one that wants a token, and one that wants a value of the config."""
    ann = whole.person("ann")
    await whole.integration(ann, "oauth")
    await whole.integration(ann, "token", "bearer")
    await whole.integration(ann, "shaped", "bearer", config_schema=SHAPED)
    return ann


async def make(caller: Caller, integration: str = "oauth", **members: Any) -> dict[str, Any]:
    made = await caller.api.post(LINKS, wanted(caller, integration, **members))
    assert made.status == 201, made.content
    link: dict[str, Any] = made.json
    return link


def wanted(caller: Caller, integration: str = "oauth", **members: Any) -> dict[str, Any]:
    place = {"workspace_id": str(caller.person.workspace_id), "integration": integration}
    return place | {"end_user_id": "customer-7"} | members


async def reconnect(caller: Caller, connection_id: str, **members: Any) -> dict[str, Any]:
    made = await caller.api.post(LINKS, {"connection_id": connection_id} | members)
    assert made.status == 201, made.content
    link: dict[str, Any] = made.json
    return link


@dataclass
class Browser:
    """Keeps cookies by their paths, and sends what a browser sends with a form of our own."""

    whole: Whole
    cookies: dict[str, tuple[str, str]] = field(default_factory=dict)

    async def get(self, address: str) -> Answer:
        return self._kept(await self.whole.api.get(self._path(address), headers=self._cookie(address)))

    async def send(self, address: str, fields: Mapping[str, str] | None = None, **headers: str) -> Answer:
        sent = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
            "Origin": "null",
        }
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.whole.api.request(
            "POST",
            self._path(address),
            data=urlencode(fields or {}).encode(),
            headers=sent | self._cookie(address),
        )
        return self._kept(answer)

    async def consents(self, page: Answer) -> Answer:
        """Follows the page to the service, says yes, and comes back to where the callback sends it."""
        return await self.returns(self.whole.service.consent(refresh_of(page)))

    async def returns(self, parameters: Mapping[str, str]) -> Answer:
        ended = await self.get(f"/api/v2/oauth/callback?{urlencode(parameters)}")
        assert ended.status == 303, ended.content
        assert ended.headers["Location"].startswith(f"{PUBLIC_URL}/connect/return/")
        return await self.get(ended.headers["Location"])

    def _path(self, address: str) -> str:
        return address.removeprefix(PUBLIC_URL)

    def _cookie(self, address: str) -> dict[str, str]:
        path = urlsplit(self._path(address)).path
        held = [f"{name}={value}" for name, (value, at) in self.cookies.items() if path.startswith(at)]
        return {"Cookie": "; ".join(held)} if held else {}

    def _kept(self, answer: Answer) -> Answer:
        for header in answer.headers.getall("Set-Cookie", []):
            for name, morsel in SimpleCookie(header).items():
                assert morsel["httponly"]
                assert morsel["samesite"] == "lax"
                self.cookies[name] = (morsel.value, morsel["path"])
        return answer


def refresh_of(page: Answer) -> str:
    assert page.status == 200, page.content
    found = re.search(r'http-equiv="refresh" content="\d;url=([^"]+)"', page.content.decode())
    assert found is not None, page.content
    return unescape(found[1])


def shows(page: Answer, status: int, *words: str) -> None:
    """An HTML page with these words, and with the fields that keep its address to itself."""
    assert page.status == status, page.content
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Frame-Options"] == "DENY"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "script-src" not in policy
    text = unescape(page.content.decode())
    assert "<script" not in text
    for word in words:
        assert word in text, text


async def shown(caller: Caller, link: Mapping[str, Any]) -> dict[str, Any]:
    answer = await caller.api.get(f"{LINKS}/{link['id']}")
    assert answer.status == 200, answer.content
    found: dict[str, Any] = answer.json
    return found


async def connection_of(caller: Caller, link: Mapping[str, Any]) -> dict[str, Any]:
    """The connection that was made with it."""
    answer = await caller.api.get(f"/api/v2/connections/{(await shown(caller, link))['connection_id']}")
    assert answer.status == 200, answer.content
    found: dict[str, Any] = answer.json
    return found
