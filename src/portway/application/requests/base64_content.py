"""Files in parameters, written in base64."""

import base64
import binascii
import re

from portway.domain.errors import Fault, InvalidParameters
from portway.domain.json_value import JsonValue

_WHITESPACE = re.compile(r"\s+")
_URL_ALPHABET = str.maketrans("-_", "+/")


def decode_base64(value: JsonValue, pointer: str) -> bytes:
    """The content, of either alphabet (RFC 4648, sections 4 and 5), with or without line breaks and padding.

    Raises InvalidParameters at `pointer` for anything else.
    """
    if isinstance(value, str):
        text = _WHITESPACE.sub("", value).translate(_URL_ALPHABET).rstrip("=")
        try:
            return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except (binascii.Error, ValueError):
            pass
    raise InvalidParameters([Fault(pointer, "is not base64.")])
