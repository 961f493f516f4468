"""Whatever is answered, browsers are told to be careful with it."""

import re

from starlette.routing import Route

from portway.api.app import ROUTERS
from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.api.gateways import Arrangement, running
from tests.integration.api.whole import Whole
from tests.serving import Answer

ID = "018f0000-0000-7000-8000-000000000000"


def check(answer: Answer, path: str) -> None:
    """The fields that every answer has; a page sets some of them itself."""
    headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff", path
    assert headers["X-Frame-Options"] == "DENY", path
    assert headers["Referrer-Policy"] == "no-referrer", path
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin", path
    assert "camera=()" in headers["Permissions-Policy"], path
    assert headers["Cross-Origin-Opener-Policy"] in (
        # They end in popups, and tell the page that opened them.
        {"unsafe-none"}
        if path == "/api/v2/oauth/callback" or path.startswith("/connect/")
        else {
            "same-origin",
            "same-origin-allow-popups",
        }
    ), path
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy, path
    assert "base-uri 'none'" in policy, path
    assert "unsafe" not in policy, path
    assert "Strict-Transport-Security" not in headers, path


async def test_on_every_route(whole: Whole) -> None:
    routes = [
        (method, re.sub(r"\{[^}]*\}", ID, route.path))
        for route in (route for router in ROUTERS for route in router.routes)
        if isinstance(route, Route)
        for method in route.methods or ()
    ]
    routes += [("POST", "/api/v2/execute"), ("GET", "/"), ("GET", "/w/x"), ("GET", "/assets/x.js")]
    routes += [
        ("GET", "/docs"),
        ("GET", "/api/v2/openapi.json"),
        ("GET", "/nowhere"),
        ("PUT", "/api/v2/auth/me"),
    ]
    assert len(routes) > 80

    statuses = set()
    for method, path in routes:
        answer = await whole.api.request(method, path)
        check(answer, path)
        statuses.add(answer.status)
    assert {200, 400, 401, 404, 405} <= statuses


async def test_https_is_for_good_where_it_is_spoken(database_urls: DatabaseUrls) -> None:
    async with running(database_urls, Arrangement(public_url="https://portway.example")) as gateway:
        for path in ("/", "/healthz", "/api/v2/auth/me", "/nowhere"):
            answer = await gateway.api.get(path)
            assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"
