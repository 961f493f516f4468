"""The last look at a request before it is sent: it must be exactly one HTTP message.

Whoever builds requests encodes what callers pass, so a request that fails here was built from a broken
definition.
"""

import re
from functools import lru_cache

from yarl import URL

from portway.application.ports.http import OutgoingRequest
from portway.application.requests.header_fields import header_name
from portway.domain.errors import InvalidIntegrationConfig

# RFC 9110: values without control characters. Lone surrogates cannot be sent as UTF-8.
_METHOD = re.compile(r"[A-Z][A-Z-]{0,31}")
_HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]*")
# RFC 3986: every character that may stand in a URL. Parsers disagree about the others, and a disagreement
# about where the host ends would let a credential out.
_URL = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")

_REFUSED_METHODS = frozenset({"CONNECT", "TRACE"})
# Cached: the same few names come with every call.
_check_name = lru_cache(maxsize=1024)(header_name)


def check_request(request: OutgoingRequest) -> URL:
    """Returns the request's URL, parsed. Raises InvalidIntegrationConfig; no message repeats a value."""
    if not _METHOD.fullmatch(request.method) or request.method in _REFUSED_METHODS:
        raise InvalidIntegrationConfig("The request's method is not one that can be sent.")
    for name, value in request.headers.items():
        _check_name(name)
        if not _HEADER_VALUE.fullmatch(value):
            raise InvalidIntegrationConfig(
                f"The value of the header {name} has characters that HTTP does not allow."
            )
    return _parse_url(request.url)


def _parse_url(text: str) -> URL:
    url = None
    if _URL.fullmatch(text):
        try:
            url = URL(text, encoded=True)
            # yarl looks at the port no sooner than it is asked for.
            url.port  # noqa: B018
        except ValueError:
            url = None
    if url is None or not url.scheme or not url.raw_host:
        raise InvalidIntegrationConfig("The request's address is not an absolute, encoded URL.")
    return url
