"""XML as JSON: an element is an object of its attributes (`@name`), its text (`#text`) and its elements; one that has
only text is that text, an empty one null; elements of one name are a list.
"""

from typing import cast
from xml.parsers import expat

import xmltodict

from portway.domain.errors import UpstreamInvalidResponse
from portway.domain.json_value import JsonValue

MAX_DEPTH = 100


def parse_xml(text: str) -> JsonValue:
    """The document, with names as they are written. One that declares entities or defaults of attributes is
    refused.

    Raises UpstreamInvalidResponse for what is no XML, or is nested more than MAX_DEPTH deep.
    """
    try:
        encoded = text.encode()
        _check(encoded)
        # By its own encoding declaration it would be read again.
        document = xmltodict.parse(encoded, encoding="utf-8", disable_entities=True)
    except (expat.ExpatError, ValueError) as error:
        reason = str(error) if isinstance(error, _Refused) else "is not the XML that it should be."
        raise UpstreamInvalidResponse(f"The service's answer {reason}") from None
    return cast("JsonValue", document)


class _Refused(ValueError):
    pass


def _check(encoded: bytes) -> None:
    """Before anything is made of it: three bytes open an element, which takes hundreds while it is open."""
    depth = 0

    def start(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise _Refused(f"is XML that is nested more than {MAX_DEPTH} deep.")

    def end(*_: object) -> None:
        nonlocal depth
        depth -= 1

    # Both can make much out of little.
    def declare_entity(*_: object) -> None:
        raise _Refused("is XML with entities of its own.")

    def declare_attribute(*_: object) -> None:
        raise _Refused("is XML with defaults for attributes.")

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.EntityDeclHandler = declare_entity
    parser.AttlistDeclHandler = declare_attribute
    parser.Parse(encoded, True)  # noqa: FBT003  takes no keywords
