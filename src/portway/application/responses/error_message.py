"""The service's own words in the body of an error."""

import json
import re
from collections.abc import Iterator

from portway.application.language.expression import compiled
from portway.application.responses.xml_body import parse_xml
from portway.domain.errors import UpstreamInvalidResponse
from portway.domain.json_value import JsonValue

MAX_LENGTH = 1000
"""Characters. Longer words are not quoted: half of them could be half of a secret, which masking would not find."""
_MAX_XML_LENGTH = 64 * 1024
_MAX_ENVELOPES = 4

# Where services put them, the most telling first: a sentence before a code, the one error before the summary of all.
# OAuth (RFC 6749, section 5.2), problem details (RFC 9457), GraphQL (section 7.1.2 of its specification), JSON:API
# (https://jsonapi.org/format/#error-objects), OData, and what many do without a standard. Names are compared in
# lower case and without an XML prefix, and of a list the first item counts.
PLACES = (
    "error.message",
    "error.detail",
    "error.description",
    "error.info",
    "error_description",
    "message",
    "errors.message",
    "errors.detail",
    "errors.title",
    "detail",
    "error_message",
    "errormessage",
    "errormessages",
    "description",
    "errors",
    "error",
    "title",
    # SOAP 1.1 (section 4.4) and 1.2 (section 5.4).
    "fault.faultstring",
    "fault.reason.text",
)
_CONTROLS = re.compile(r"[\x00-\x1f]")
# Which JSON leaves as they are, though terminals and line readers do not.
_MORE_CONTROLS = re.compile(r"[\x7f-\x9f\u2028\u2029]")


def error_message(body: JsonValue, expression: str | None = None) -> str | None:
    """The words on one line, where there are any and not too many.

    `expression` is where the row says that they are; the usual places come after it.
    """
    if expression is not None:
        found = compiled(expression, "response.message").find(body)
        if isinstance(found, int | float) and not isinstance(found, bool):
            found = str(found)
        if isinstance(found, str) and (words := _quotable(found)):
            return words
    for text in _usual(_parsed(body)):
        if words := _quotable(text):
            return words
    return None


def _quotable(text: str) -> str | None:
    text = text.strip()
    if not text or len(text) > MAX_LENGTH:
        return None
    # As JSON writes it, and not with spaces for line breaks: a secret with a line break in it must still be found.
    if _MORE_CONTROLS.search(text):
        return json.dumps(text)
    return json.dumps(text, ensure_ascii=False) if _CONTROLS.search(text) else text


def _parsed(body: JsonValue) -> JsonValue:
    """XML that was not to be parsed is, to look for the words; that and HTML are no words themselves."""
    if not isinstance(body, str) or not body.lstrip().startswith("<"):
        return body
    try:
        return parse_xml(body) if len(body) <= _MAX_XML_LENGTH else None
    except UpstreamInvalidResponse:
        return None


def _usual(body: JsonValue) -> Iterator[str]:
    """All texts in the usual places, also within envelopes: objects with nothing but one member, or a SOAP Body."""
    for _ in range(_MAX_ENVELOPES):
        if isinstance(body, str):
            yield body
        members = _members(body)
        if "html" in members:
            return
        for place in PLACES:
            yield from _texts(members, place)
        body = members.get("body") or (next(iter(members.values())) if len(members) == 1 else None)
        if not isinstance(body, dict | list):
            return


def _texts(value: JsonValue, place: str) -> Iterator[str]:
    for name in place.split("."):
        value = _members(value).get(name)
    value = _first(value)
    if isinstance(value, dict):
        # Beside attributes, or a language.
        value = value.get("#text", value.get("value"))
    if isinstance(value, str):
        yield value


def _members(value: JsonValue) -> dict[str, JsonValue]:
    value = _first(value)
    if not isinstance(value, dict) or len(value) > 200:
        return {}
    return {name.rpartition(":")[2].lower(): member for name, member in reversed(value.items())}


def _first(value: JsonValue) -> JsonValue:
    return (value[0] if value else None) if isinstance(value, list) else value
