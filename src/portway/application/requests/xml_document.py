"""An XML document made of parameters."""

import re
from collections.abc import Mapping

import xmltodict

from portway.application.requests.scalar_text import RefusedError, text_of
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.json_value import JsonValue

MAX_DEPTH = 50

# Names with a prefix or without (Namespaces in XML 1.0, section 4), of ASCII, and characters that no document may
# hold (XML 1.0, section 2.2).
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*(?::[A-Za-z_][A-Za-z0-9._-]*)?")
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_document(root: str, attributes: Mapping[str, str], parameters: Mapping[str, JsonValue]) -> bytes:
    """The document, in UTF-8. Raises RefusedError for names and characters that XML does not have, and for an attribute
    of the root that is among its `attributes` already.
    """
    element: dict[str, object] = {f"@{name}": value for name, value in attributes.items()}
    for name, value in parameters.items():
        if name in element:
            raise RefusedError("is set by the action itself")
        if value is not None:
            element[name] = _checked(name, value, depth=1)
    document: str = xmltodict.unparse({root: element})
    return document.encode()


def check_xml_root(root: str, attributes: Mapping[str, str]) -> None:
    """Raises InvalidIntegrationConfig for names and characters that XML does not have."""
    for name in (root, *attributes):
        if not _NAME.fullmatch(name):
            raise InvalidIntegrationConfig(f"transform_config.body: {name!r} is no name of XML.")
    for name, value in attributes.items():
        if _FORBIDDEN.search(value):
            raise InvalidIntegrationConfig(
                f"transform_config.body.attributes.{name} has a character that XML does not allow."
            )


def _checked(name: str, value: JsonValue, *, depth: int) -> object:
    """The value as xmltodict takes it: texts only at the leaves."""
    if depth > MAX_DEPTH:
        raise RefusedError("is nested too deeply")
    if name != "#text" and not _NAME.fullmatch(name.removeprefix("@")):
        raise RefusedError("must not be called, or have a member that is called, what is no name of XML")
    if not name.startswith(("@", "#")):
        # A file is a dict of its own kind, and never taken apart.
        if type(value) is dict:
            members = {key: item for key, item in value.items() if item is not None}
            return {key: _checked(key, item, depth=depth + 1) for key, item in members.items()}
        if type(value) is list:
            if any(type(item) is list for item in value):
                raise RefusedError("must not have lists in lists")
            return [_checked(name, item, depth=depth + 1) for item in value if item is not None]
    text = text_of(value)
    if _FORBIDDEN.search(text):
        raise RefusedError("has a character that XML does not allow")
    return text
