"""The type of a file in parameters."""

import mimetypes
import re

from portway.domain.errors import Fault, InvalidParameters
from portway.domain.json_value import JsonValue

UNKNOWN = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}")


def media_type(value: JsonValue, filename: str, pointer: str) -> str:
    """The type in lower case; where none is given, the one that the file's name suggests.

    Raises InvalidParameters at `pointer` for what is no media type (RFC 6838), or is one with parameters: it
    becomes part of a header.
    """
    if value is None:
        guessed, encoding = mimetypes.guess_type(filename)
        return guessed if guessed and not encoding else UNKNOWN
    if not isinstance(value, str) or not _MEDIA_TYPE.fullmatch(value):
        message = "must be a media type without parameters, such as `application/pdf`."
        raise InvalidParameters([Fault(pointer, message)])
    return value.lower()
