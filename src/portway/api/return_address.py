"""The address of the page that waits to be told how connecting ended."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit


def return_address(return_url: str, told: Mapping[str, str | None]) -> str:
    """The URL with what is told in its query, in place of whatever it says of that itself."""
    parts = urlsplit(return_url)
    kept = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in told
    ]
    query = urlencode([*kept, *((name, value) for name, value in told.items() if value is not None)])
    return urlunsplit(parts._replace(query=query))
