"""How single values are written in URLs, headers, forms and bodies."""

import re
from math import isfinite
from urllib.parse import quote

import msgspec

from portway.domain.json_value import JsonValue

_encode = msgspec.json.Encoder().encode
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")
_PLAIN = frozenset({str, int, bool, type(None)})


class RefusedError(Exception):
    """A parameter that cannot take its place in the request; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def text_of(value: JsonValue) -> str:
    """A text as it is; a number or boolean as JSON writes it. Raises RefusedError for anything else."""
    if isinstance(value, str):
        return unicode_of(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    raise RefusedError("must be a text, a number or a boolean here")


def percent_encoded(text: str) -> str:
    """The text for a URL (RFC 3986): everything but letters, digits and `-._~` is percent-encoded."""
    return text if _UNRESERVED.fullmatch(text) else quote(text, safe="")


def json_of(value: JsonValue) -> str:
    """The value as compact JSON. Raises RefusedError for what JSON or UTF-8 cannot say, and for a file."""
    return json_bytes(value).decode()


def json_bytes(value: JsonValue) -> bytes:
    """The same in UTF-8."""
    _check(value)
    try:
        return _encode(value)
    except UnicodeEncodeError:
        raise RefusedError("is not valid Unicode") from None
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise RefusedError("is not valid JSON") from None


def unicode_of(text: str) -> str:
    """The text. Raises RefusedError for one with half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RefusedError("is not valid Unicode") from None
    return text


def _number(value: float) -> str:
    try:
        text = repr(value)
    except ValueError:  # more digits than Python writes
        text = "inf"
    if text in {"inf", "-inf", "nan"}:
        raise RefusedError("is not a number that can be sent")
    return text


def _check(value: JsonValue) -> None:
    """Raises RefusedError for what the encoder would write, but not as it is meant: a number that JSON does not have,
    and an uploaded file, a dict of its own kind, of which there would be a description only.
    """
    left: list[list[JsonValue] | dict[str, JsonValue]] = [[value]]
    while left:
        several = left.pop()
        for part in several.values() if type(several) is dict else several:
            kind = type(part)
            if kind in _PLAIN:
                continue
            if kind is dict or kind is list:
                left.append(part)  # type: ignore[arg-type]
            elif isinstance(part, float) and not isfinite(part):
                raise RefusedError("is not valid JSON")
            elif isinstance(part, dict):
                raise RefusedError("must not be a file, or have one in it, here")
