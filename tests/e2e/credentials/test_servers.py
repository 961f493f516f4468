"""The servers of the table refuse what they should: what passes them has proved something."""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.e2e.credentials.services import Services

DOORS = (
    *(
        "bearer",
        "token_scheme",
        "shopify",
        "query",
        "form",
        "key",
        "basic",
        "datadog",
        "openweather",
        "trello",
    ),
    *("mandrill", "cookie", "zendesk", "stripe", "twilio", "pagerduty", "discord", "postmark", "matrix"),
    *("proxmox", "tableau", "login_basic", "aws", "signed"),
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with Services() as running:
        yield running


async def ask(
    http: aiohttp.ClientSession,
    url: str,
    *,
    headers: Mapping[str, str] = FORM,
    data: str | None = None,
    method: str = "POST",
) -> tuple[int, str, str]:
    """Status, content type and text of the answer; redirects are not followed."""
    async with http.request(method, url, headers=headers, data=data, allow_redirects=False) as response:
        return response.status, response.headers.get("Content-Type", ""), await response.text()


@pytest.mark.parametrize("credential", ["none", "of another kind"])
@pytest.mark.parametrize("door", DOORS)
async def test_no_door_opens_for_a_stranger(
    http: aiohttp.ClientSession, services: Services, door: str, credential: str
) -> None:
    key = services.secrets.api_key
    headers = (
        {}
        if credential == "none"
        else {"Authorization": f"Unknown {key}", "X-Key": key, "Cookie": f"key={key}"}
    )
    status, _, _ = await ask(
        http, f"{services.issuer}/api/{door}/whoami?key={key}", headers=headers, method="GET"
    )
    assert status == 401


async def test_a_door_without_a_key_wants_none(http: aiohttp.ClientSession, services: Services) -> None:
    url = f"{services.issuer}/api/open/whoami"
    assert (await ask(http, url, headers={}, method="GET"))[0] == 200
    assert (await ask(http, url, headers={"Authorization": "Bearer secret"}, method="GET"))[0] == 401


GRANT = "grant_type=authorization_code&code=bogus&redirect_uri=x&client_id={post}&client_secret={secret}"
REFUSED: Mapping[str, tuple[str, dict[str, Any], int, str]] = {
    "slack answers 200": ("slack/token", {"data": GRANT}, 200, '{"ok":false,"error":"invalid_code"}'),
    "github answers by form": ("github/token", {"data": GRANT}, 200, "error=bad_verification_code"),
    "notion wants Basic": ("notion/token", {"data": "{}", "headers": JSON}, 401, "invalid_client"),
    "notion wants JSON": ("notion/token", {"data": GRANT, "basic": True}, 400, "body must be JSON"),
    "notion wants its owner": ("notion/authorize?client_id=x", {"method": "GET"}, 400, "owner"),
    "atlassian wants JSON": ("atlassian/token", {"data": GRANT}, 400, "must be application/json"),
    "atlassian wants an audience": ("atlassian/authorize?client_id=x", {"method": "GET"}, 400, "audience"),
    "wechat wants GET": ("wechat/token", {"data": GRANT}, 200, '"errcode":40002'),
    "wechat knows no PKCE": ("wechat/authorize?code_challenge=x", {"method": "GET"}, 400, "unexpected"),
    "wechat refreshes elsewhere": ("wechat/token?grant_type=refresh_token", {"method": "GET"}, 200, "40002"),
    "tiktok business wants its names": ("tiktok_business/token", {"data": "{}", "headers": JSON}, 200, "40002"),
    "zoho wants a query": ("zoho/token", {"data": GRANT}, 400, "query"),
    "reddit wants to know who asks": ("reddit/token", {"data": GRANT}, 429, "Too Many Requests"),
    "reddit wants a duration": ("reddit/authorize?client_id=x", {"method": "GET"}, 400, "no refresh token"),
    "google wants an assertion alone": ("google_service/token", {"data": GRANT}, 400, "only grant_type"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_vendors_refuse_what_the_standard_would_do(
    http: aiohttp.ClientSession, services: Services, name: str
) -> None:
    path, request, status, says = REFUSED[name]
    client = services.secrets.clients["post"]
    headers = dict(request.get("headers", FORM))
    if request.get("basic"):
        headers["Authorization"] = f"Basic {base64.b64encode(b'client:secret').decode()}"
    named = {"{post}": client["client_id"], "{secret}": client["client_secret"]}
    data = re.sub(r"\{\w+\}", lambda match: named[match[0]], request.get("data", "")) or None
    answer = await ask(
        http,
        f"{services.issuer}/vendors/{path}",
        headers=headers,
        data=data,
        method=request.get("method", "POST"),
    )
    assert (answer[0], says in answer[2]) == (status, True), answer


@pytest.mark.parametrize("client", ["post", "basic", "rsa", "public"])
async def test_clients_authenticate_in_their_own_way_only(
    http: aiohttp.ClientSession, services: Services, client: str
) -> None:
    """With the right secret, where it has one, in the wrong place."""
    registered = services.secrets.clients[client]
    form, headers = {"grant_type": "client_credentials"}, dict(FORM)
    if client == "post":
        pair = f"{registered['client_id']}:{registered['client_secret']}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form["client_id"] = registered["client_id"]
    if client == "basic":
        form["client_secret"] = registered["client_secret"]
    status, _, text = await ask(http, f"{services.issuer}/token", headers=headers, data=urlencode(form))
    assert status in (400, 401), text
    assert "access_token" not in text
