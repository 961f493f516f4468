"""XML as JSON: an element is an object of its attributes (`@name`), its text (`#text`) and its elements; one that has
only text is that text; elements of one name are a list.
"""

from typing import cast
from xml.parsers.expat import ExpatError

import xmltodict

from portway.domain.errors import UpstreamInvalidResponse
from portway.domain.json_value import JsonValue

_MAX_DEPTH = 100


def parse_xml(body: bytes) -> JsonValue:
    """The document, with names as they are written. Entities of a document's own are not expanded: refused.

    Raises UpstreamInvalidResponse for what is no XML, or is nested more than 100 deep.
    """
    try:
        document = xmltodict.parse(body, disable_entities=True)
    except (ExpatError, ValueError, RecursionError, LookupError):
        raise UpstreamInvalidResponse("The service's answer is not the XML that it should be.") from None
    if _depth(document) > _MAX_DEPTH:
        raise UpstreamInvalidResponse("The service's answer is XML that is nested too deeply.")
    return cast("JsonValue", document)


def _depth(document: object) -> int:
    deepest = 0
    pending: list[tuple[object, int]] = [(document, 1)]
    while pending:
        value, depth = pending.pop()
        deepest = max(deepest, depth)
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        pending.extend((item, depth + 1) for item in inner)
    return deepest
