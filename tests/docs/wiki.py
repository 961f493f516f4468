"""A wiki, as far as mediawiki.org describes its API: one address, form bodies, errors under 200."""

import json
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tests.e2e.upstreams import Received

PATH = "/w/api.php"
ACCESS_TOKEN = "owner-only-token"
CSRF_TOKEN = "d41d8cd98f00b204+\\"
MEMBERS = [{"pageid": number, "ns": 0, "title": f"Law {number}"} for number in range(1, 6)]


async def wiki(received: Received) -> web.StreamResponse:
    """Answers everything with 200, and says in the body how it went."""
    if received.headers.get("authorization") != f"Bearer {ACCESS_TOKEN}":
        return _error(
            "mwoauth-invalid-authorization", "The authorization headers in your request are not valid."
        )
    query = received.query
    assert (query.get("format"), query.get("formatversion")) == ("json", "2")
    if query.get("action") == "edit":
        return _edit(received)
    if query.get("list") == "categorymembers":
        return _members(query)
    if query.get("meta") == "tokens":
        return _ok({"query": {"tokens": {"csrftoken": CSRF_TOKEN}}})
    return _ok({"query": {"userinfo": {"id": 1, "name": "Ada"}}})


def _members(query: dict[str, str]) -> web.Response:
    first = int(query.get("cmcontinue", "page|0").partition("|")[2])
    end = first + int(query.get("cmlimit", "10"))
    answer: dict[str, Any] = {"query": {"categorymembers": MEMBERS[first:end]}}
    if end < len(MEMBERS):
        answer["continue"] = {"cmcontinue": f"page|{end}", "continue": "-||"}
    return _ok(answer)


def _edit(received: Received) -> web.Response:
    # API:Edit takes POST requests only, and parameters from a form.
    assert received.method == "POST"
    assert received.headers["content-type"] == "application/x-www-form-urlencoded"
    sent = dict(parse_qsl(received.body.decode(), strict_parsing=True))
    if sent.get("token") != CSRF_TOKEN:
        return _error("badtoken", "Invalid CSRF token.")
    return _ok({"edit": {"result": "Success", "pageid": 7, "title": sent["title"], "newrevid": 42}})


def _ok(body: dict[str, Any]) -> web.Response:
    return web.json_response({"batchcomplete": True, **body})


def _error(code: str, info: str) -> web.Response:
    body = json.dumps({"error": {"code": code, "info": info}})
    return web.Response(text=body, content_type="application/json", headers={"MediaWiki-API-Error": code})
