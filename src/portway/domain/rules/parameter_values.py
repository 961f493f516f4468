"""What operations make of a value where it is. All raise UnusableError for one that they cannot take."""

import base64
import json
from datetime import UTC, date, datetime
from email.utils import format_datetime

from portway.domain.json_value import JsonValue
from portway.domain.rules.parameter_places import UnusableError

_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def wrap_array(value: JsonValue) -> JsonValue:
    """A row becomes a table: `[1, 2, 3]` -> `[[1, 2, 3]]`, `5` -> `[[5]]`; a table stays as it is."""
    if not isinstance(value, list):
        return [[value]]
    if value and all(isinstance(row, list) for row in value):
        return value
    return [value]


def join(value: JsonValue, separator: str) -> JsonValue:
    """The items' texts with the separator between them. What is no list stays as it is."""
    return separator.join(to_string(item) for item in value) if isinstance(value, list) else value


def split(value: JsonValue, separator: str) -> JsonValue:
    """The parts of a text, trimmed, without empty ones. A list stays as it is."""
    if isinstance(value, list):
        return value
    return [part.strip() for part in to_string(value).split(separator) if part.strip()]


def to_string(value: JsonValue) -> str:
    """A text as it is, a number or boolean as JSON writes it."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, list | dict):
        raise UnusableError("must be a text, a number or a boolean here")
    return json_encode(value)


def json_encode(value: JsonValue) -> str:
    """The value as JSON, without spaces."""
    try:
        return _COMPACT.encode(value)
    except (ValueError, RecursionError):
        raise UnusableError("is not valid JSON") from None


def base64_encode(value: JsonValue) -> str:
    """The base64 of a text's UTF-8 (RFC 4648, section 4)."""
    return base64.b64encode(_utf8(value)).decode("ascii")


def base64url_encode(value: JsonValue) -> str:
    """The base64url of a text's UTF-8, without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(_utf8(value)).rstrip(b"=").decode("ascii")


def format_date(value: JsonValue, name: str) -> JsonValue:
    """A time in UTC, written as the format `name` says. A date is its first moment."""
    moment = _moment(value)
    match name:
        case "unix":
            return int(moment.timestamp() // 1)
        case "unix_ms":
            return int(moment.timestamp() * 1000 // 1)
        case "date":
            return moment.date().isoformat()
        case "rfc5322":
            return format_datetime(moment, usegmt=True)
        case "iso8601_basic":
            return moment.strftime("%Y%m%dT%H%M%SZ")
        case _:
            return moment.isoformat().replace("+00:00", "Z")


def is_empty(value: JsonValue) -> bool:
    """Whether it is null, or a text, list or object without content."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def _utf8(value: JsonValue) -> bytes:
    if not isinstance(value, str):
        raise UnusableError("must be a text here")
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise UnusableError("is not valid Unicode") from None


def _moment(value: JsonValue) -> datetime:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            return _read(value.strip())
    except (ValueError, OverflowError, OSError):
        pass
    raise UnusableError("must be a time such as 2026-11-25T12:00:00Z, a date, or seconds since 1970")


def _read(text: str) -> datetime:
    if len(text) == len("2026-11-25"):
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)
