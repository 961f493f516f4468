"""The secret that a browser keeps, which binds an authorization to it (RFC 6749, section 10.12)."""

import secrets

from fastapi import Request, Response

from portway.api.services import Services

BROWSER_COOKIE = "portway_browser"

_SECONDS = 24 * 3600


def browser_secret(request: Request) -> str:
    """The browser's own, or a new one, which `keep_browser_secret` must give it."""
    return request.cookies.get(BROWSER_COOKIE) or secrets.token_urlsafe(32)


def keep_browser_secret(response: Response, secret: str, services: Services) -> None:
    """Has the browser keep it: for the console, the hosted pages and the callback."""
    response.set_cookie(
        BROWSER_COOKIE,
        secret,
        max_age=_SECONDS,
        secure=services.public_url.startswith("https://"),
        httponly=True,
        samesite="lax",
    )
