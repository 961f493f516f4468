"""Whose page had the browser send a request that a cookie vouches for (cross-site request forgery)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from portway.application.return_origins import ReturnOrigins
from portway.domain.errors import Forbidden

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""They change nothing (RFC 9110, section 9.2.1)."""

_NOT_OURS = "Cookies are for Portway's own pages; programs send `Authorization: Bearer ...`."


def check_own_page(method: str, fields: Mapping[bytes, bytes], public_url: str) -> None:
    """Raises Forbidden unless a page of ours sent it, or, for a safe method, the user's own hand.

    Where the browser does not say, a safe method passes: `SameSite=Strict` kept other sites' requests from bringing the
    cookie at all.
    """
    is_safe = method in SAFE_METHODS
    if is_safe and fields.get(b"sec-fetch-site") == b"none":
        return
    verdict = _is_own_page(fields, public_url)
    if verdict is False or (verdict is None and not is_safe):
        raise Forbidden(_NOT_OURS)


def check_not_foreign(fields: Mapping[bytes, bytes], public_url: str) -> None:
    """Raises Forbidden where a page of somebody else's sent it, which would sign the browser in as whom it likes."""
    if _is_own_page(fields, public_url) is False:
        raise Forbidden(_NOT_OURS)


def _is_own_page(fields: Mapping[bytes, bytes], public_url: str) -> bool | None:
    """None where the browser does not say, or it is none.

    Browsers say so themselves (`Sec-Fetch-Site`, W3C Fetch Metadata); over plain HTTP to another machine they do not,
    and `Origin` tells.
    """
    site, origin = fields.get(b"sec-fetch-site"), fields.get(b"origin")
    if site is not None:
        return site == b"same-origin"
    if origin is not None:
        return origin in _own_origins(public_url, fields.get(b"host", b""))
    return None


def _own_origins(public_url: str, host: bytes) -> tuple[bytes, ...]:
    """As browsers write them: where users reach us; and, as long as that is plain HTTP, the name they used now."""
    own = _origin(public_url)
    return (own,) if own.startswith(b"https:") else (own, b"http://" + host)


@lru_cache(maxsize=8)
def _origin(public_url: str) -> bytes:
    return ReturnOrigins(public_url).own.encode()
