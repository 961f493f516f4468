"""Where a user's browser may be sent, and whom a popup may tell how it ended."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from portway.domain.errors import MalformedRequest
from portway.domain.rules.access_control import DEFAULT_PORTS, origin_of

_PLAIN_URL = re.compile(r"https?://[!-\[\]-~]+", re.IGNORECASE)  # visible ASCII without the backslash


class ReturnOrigins:
    """Portway's own origin, and those that PORTWAY_RETURN_ORIGINS allows besides."""

    def __init__(self, public_url: str, others: Sequence[str] = ()) -> None:
        self._allowed = frozenset(origin_of(url) for url in (public_url, *others))
        self.own = _as_browsers_write(public_url)

    def check(self, return_url: str | None) -> None:
        """Raises MalformedRequest for a `return_url` that leads elsewhere."""
        if return_url is not None:
            self._check(return_url, "return_url")

    def opener(self, origin: str | None, return_url: str | None) -> str | None:
        """Of the page that waits for a popup, as browsers write it: the origin that is named; without one and without a
        page to return to, Portway's own. Raises MalformedRequest for one that is not allowed.
        """
        if origin is None:
            return None if return_url else self.own
        self._check(origin, "opener_origin")
        return _as_browsers_write(origin)

    def _check(self, url: str, member: str) -> None:
        origin = _origin_of_web_page(url)
        if origin is None:
            raise MalformedRequest(f"{member} must be an http or https URL, without a user name, in ASCII.")
        if origin not in self._allowed:
            raise MalformedRequest(
                f"{member} leads to {origin}, which PORTWAY_RETURN_ORIGINS does not allow."
            )


def _origin_of_web_page(url: str) -> str | None:
    """None for what browsers may read otherwise than Python does, or not as a web page at all."""
    try:
        parts = urlsplit(url)
        if not _PLAIN_URL.fullmatch(url) or "@" in parts.netloc or not parts.hostname or parts.port == 0:
            return None
    except ValueError:
        return None
    return origin_of(url)


def _as_browsers_write(url: str) -> str:
    """Without the port that is the scheme's own (RFC 6454, section 6.2)."""
    origin = origin_of(url)
    scheme = origin.partition(":")[0]
    return origin.removesuffix(f":{DEFAULT_PORTS[scheme]}") if scheme in DEFAULT_PORTS else origin
