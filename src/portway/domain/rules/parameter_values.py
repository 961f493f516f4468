"""What operations make of a value where it is. All raise UnusableError for one that they cannot take."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from portway.domain.json_value import JsonValue
from portway.domain.rules.parameter_places import UnusableError

_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# RFC 3339, section 5.6; datetime by itself reads more of ISO 8601 than that.
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def wrap_array(value: JsonValue) -> JsonValue:
    """A row becomes a table: `[1, 2, 3]` -> `[[1, 2, 3]]`, `5` -> `[[5]]`; a table stays as it is."""
    if not isinstance(value, list):
        return [[value]]
    if value and all(isinstance(row, list) for row in value):
        return value
    return [value]


def join(value: JsonValue, separator: str) -> JsonValue:
    """The items' texts with the separator between them. A scalar stays as it is."""
    if isinstance(value, dict):
        raise UnusableError("must be a list here")
    return separator.join(_texts(value)) if isinstance(value, list) else value


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
    if _holds_file(value):
        raise UnusableError("must not have a file in it here")
    try:
        text = _COMPACT.encode(value)
        text.encode()
    except UnicodeEncodeError:
        raise UnusableError("is not valid Unicode") from None
    except (ValueError, RecursionError):
        raise UnusableError("cannot be written as JSON") from None
    return text


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
            return (moment - _EPOCH) // timedelta(seconds=1)
        case "unix_ms":
            return (moment - _EPOCH) // timedelta(milliseconds=1)
        case "date":
            return moment.date().isoformat()
        case "rfc5322":
            return format_datetime(moment, usegmt=True)
        case "iso8601_basic":
            return f"{moment.isoformat()[:19]}Z".replace("-", "").replace(":", "")
        case _:
            return moment.isoformat().replace("+00:00", "Z")


def is_empty(value: JsonValue) -> bool:
    """Whether it is null, or a text, list or object without content."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def _texts(items: list[JsonValue]) -> list[str]:
    texts = []
    for index, item in enumerate(items):
        try:
            texts.append(to_string(item))
        except UnusableError as error:
            raise UnusableError(error.reason, (index,)) from None
    return texts


def _holds_file(value: JsonValue) -> bool:
    """Whether there is a file in it: a dict of its own kind, of which JSON would be only a description."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if type(one) is not dict:
                return True
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return False


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
    if _DATE.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.upper()).astimezone(UTC)
