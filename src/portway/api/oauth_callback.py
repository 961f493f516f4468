"""Where authorization servers send users back to. A person is looking: it ends on their page, or on a plain one."""

import base64
import hashlib
import html
import json
from typing import Any

from fastapi import Request, Response

from portway.api.browser_cookie import BROWSER_COOKIE
from portway.api.problems import problem_responses, status_of
from portway.api.return_address import return_address
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.application.oauth_service import CallbackResult
from portway.domain.errors import PortwayError

_MAX_DESCRIPTION = 500
# RFC 6749, section 3.1: no parameter more than once.
_ONCE = frozenset({"state", "code", "error", "iss"})

_STYLE = """
:root{color-scheme:light dark;--back:#fff;--text:#18181b;--soft:#52525b;--line:#e4e4e7}
@media (prefers-color-scheme:dark){:root{--back:#09090b;--text:#fafafa;--soft:#a1a1aa;--line:#27272a}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--back);color:var(--text);
font:16px/1.5 system-ui,sans-serif}
main{max-width:28rem;margin:1rem;padding:1.5rem 2rem;border:1px solid var(--line);border-radius:12px}
h1{margin:0 0 .5rem;font-size:1.25rem}p{margin:.5rem 0 0;color:var(--soft);overflow-wrap:anywhere}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
# Tells the page that opened this one as a popup how it ended, and nobody else; without such a page, goes on.
_SCRIPT = """\
const told = JSON.parse(document.getElementById("told").textContent);
if (window.opener && told.origin) {
  window.opener.postMessage(told.message, told.origin);
  window.close();
} else if (told.next) {
  location.replace(told.next);
}
"""
_SCRIPT_PATH = "/callback.js"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1><p>{text}</p><p>{advice}</p></main>
<script id="told" type="application/json">{told}</script><script src="{script}"></script></body></html>
"""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; script-src 'self';"
        " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    # A stricter one would cut a popup off from the page that opened it and waits for it.
    "Cross-Origin-Opener-Policy": "unsafe-none",
    # The address of this page has the code in it.
    "Referrer-Policy": "no-referrer",
}
_HTML = {"text/html": {"schema": {"type": "string"}}}
_EITHER = _HTML | problem_responses(400)[400]["content"]

router = new_router("/oauth", "Connections")


@router.get(
    "/callback",
    response_class=Response,
    responses={
        200: {"description": "Connected; a page says so", "content": _HTML},
        303: {"description": "To `return_url`, with `connection_id`, or `error` and `error_description`"},
        400: {"description": "Not connected; a page says why", "content": _EITHER},
        503: {"description": "Portway cannot answer at the moment; a page says so", "content": _EITHER},
    },
    openapi_extra={
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
            for name in ("state", "code", "error", "error_description", "iss")
        ]
    },
)
async def oauth_callback(request: Request, services: CurrentServices) -> Response:
    """Ends what `POST /connections/authorize` began: the redirect URI to register with every service."""
    parameters = request.query_params
    if any(len(parameters.getlist(name)) > 1 for name in _ONCE):
        return _page(400, CallbackResult(error_description="The service's answer says one thing twice."))
    try:
        result = await services.oauth.callback(dict(parameters), request.cookies.get(BROWSER_COOKIE))
    except PortwayError as error:
        return _page(status_of(error), CallbackResult(error_description=error.detail))
    if result.return_url is not None and result.opener_origin is None:
        return Response(None, 303, {**_HEADERS, "Location": return_address(result.return_url, _told(result))})
    return _page(400 if result.error else 200, result)


@router.get(_SCRIPT_PATH, include_in_schema=False)
async def callback_script() -> Response:
    """What the page at the end of an authorization runs: a file, so that no page of ours has a script in itself."""
    return Response(_SCRIPT, headers={"Cache-Control": "public, max-age=3600"}, media_type="text/javascript")


def _told(result: CallbackResult) -> dict[str, str | None]:
    return {
        "connection_id": str(result.connection_id) if result.connection_id else None,
        "error": result.error,
        "error_description": (result.error_description or "")[:_MAX_DESCRIPTION] or None,
    }


def _page(status: int, result: CallbackResult) -> Response:
    title, text, advice = "Connected", "The service is connected.", "You can close this window."
    if status != 200:
        title, text = "Not connected", result.error_description or result.error or ""
        advice = "Close this window, and try again from where you began."
    elif result.return_url is not None:
        advice = "You can close this window, or go back to where you began."
    body = _PAGE.format(
        title=title,
        style=_STYLE,
        text=html.escape(text[:_MAX_DESCRIPTION]),
        advice=advice,
        told=_in_script(_message(result)),
        script=f"{router.prefix}{_SCRIPT_PATH}",
    )
    return Response(body, status, _HEADERS, "text/html; charset=utf-8")


def _message(result: CallbackResult) -> dict[str, Any]:
    """What the script tells, to whom, and where it goes on without them."""
    told = _told(result)
    return {
        "origin": result.opener_origin,
        "message": {"type": "portway:connected"} | {name: value for name, value in told.items() if value},
        "next": return_address(result.return_url, told) if result.return_url else None,
    }


def _in_script(value: object) -> str:
    """JSON in which no text ends the element that it stands in (HTML, section 4.12.1.3)."""
    return json.dumps(value).replace("<", "\\u003c")
