"""A signed-in browser's cookies: no script can read them, no other site can have them sent."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from fastapi import Response

from portway.api.routing import PREFIX
from portway.application.ports.accounts import Session

ACCESS_COOKIE: Final = "portway_session"
REFRESH_COOKIE: Final = "portway_refresh"
ACCESS_PATH: Final = PREFIX
REFRESH_PATH: Final = f"{PREFIX}/auth"

_ACCESS_PREFIX = f"{ACCESS_COOKIE}=".encode()


def access_token_in(cookie: bytes) -> str | None:
    """The access token in a Cookie field (RFC 6265, section 5.4)."""
    for pair in map(bytes.strip, cookie.split(b";")):
        if pair.startswith(_ACCESS_PREFIX):
            return pair[len(_ACCESS_PREFIX) :].decode("latin-1")
    return None


def has_session(cookies: Mapping[str, str]) -> bool:
    """Whether the browser keeps a session, good or not."""
    return ACCESS_COOKIE in cookies or REFRESH_COOKIE in cookies


def set_session(response: Response, session: Session, *, public_url: str) -> None:
    """Has the browser keep the session; each cookie goes when its token does."""
    _set(response, ACCESS_COOKIE, session.access_token, seconds_until(session.access_expires_at), public_url)
    _set(
        response, REFRESH_COOKIE, session.refresh_token, seconds_until(session.refresh_expires_at), public_url
    )


def clear_session(response: Response, *, public_url: str) -> None:
    """Has the browser forget the session."""
    _set(response, ACCESS_COOKIE, "", 0, public_url)
    _set(response, REFRESH_COOKIE, "", 0, public_url)


def seconds_until(moment: datetime) -> int:
    """Whole seconds, none for what is past."""
    return max(0, int((moment - datetime.now(UTC)).total_seconds()))


def _set(response: Response, name: str, value: str, max_age: int, public_url: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        path=ACCESS_PATH if name == ACCESS_COOKIE else REFRESH_PATH,
        secure=public_url.startswith("https://"),
        httponly=True,
        samesite="strict",
    )
