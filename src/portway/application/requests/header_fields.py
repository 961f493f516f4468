"""What may be a header field that a row or a caller names (RFC 9110, section 5)."""

import re

from portway.domain.errors import InvalidIntegrationConfig

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNUSABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}(?:[ ]*;[\x20-\x7e]*)?")

# The HTTP client's own business: a row that sets them could smuggle a second request in, or reach another
# virtual host.
_RESERVED = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def header_name(name: str) -> str:
    """The name in lower case. Raises InvalidIntegrationConfig for no token, or one that no row may set."""
    if not is_token(name):
        raise InvalidIntegrationConfig(f"{name!r} is not a header name.")
    lower = name.lower()
    if lower in _RESERVED or lower.startswith("proxy-"):
        raise InvalidIntegrationConfig(f"The header {lower!r} is set by Portway itself.")
    return lower


def is_header_value(value: str) -> bool:
    """Whether it can be sent as it is: no line break, NUL or other control character than a tab, and valid Unicode."""
    # Nearly all are plain ASCII, which is told without a regular expression in a fraction of the time.
    return (value.isascii() and value.isprintable()) or _UNUSABLE.search(value) is None


def is_content_type(value: str) -> bool:
    """Whether it can be a Content-Type: a media type (RFC 6838), which may have parameters."""
    return _MEDIA_TYPE.fullmatch(value) is not None


def is_token(name: str) -> bool:
    """Whether it can be the name of a header or a cookie."""
    return _TOKEN.fullmatch(name) is not None
