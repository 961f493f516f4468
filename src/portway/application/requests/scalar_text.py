"""How single values are written in URLs, headers and forms."""

import json

from portway.domain.json_value import JsonValue

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class RefusedError(Exception):
    """A parameter that cannot take its place in the request; `args[0]` says why."""


def text_of(value: JsonValue) -> str:
    """A text as it is; a number or boolean as JSON writes it. Raises RefusedError for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return unicode_of(value)
    if isinstance(value, int | float):
        return json_of(value)
    raise RefusedError("must be a text, a number or a boolean here")


def json_of(value: JsonValue) -> str:
    """The value as compact JSON. Raises RefusedError for what JSON or UTF-8 cannot say."""
    try:
        return unicode_of(_encode(value))
    except (ValueError, RecursionError):
        raise RefusedError("is not valid JSON") from None


def unicode_of(text: str) -> str:
    """The text. Raises RefusedError for one with half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RefusedError("is not valid Unicode") from None
    return text
