"""An XML document made of parameters."""

import re
from collections.abc import Mapping

import xmltodict

from portway.application.requests.scalar_text import RefusedError, text_of
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.json_value import JsonValue

MAX_DEPTH = 50

# XML 1.0, sections 2.3 and 2.2: names (of ASCII), and characters that no document may hold.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9._:-]*")
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_document(root: str, attributes: Mapping[str, str], parameters: Mapping[str, JsonValue]) -> bytes:
    """The document, in UTF-8. Raises RefusedError for names and characters that XML does not have."""
    element = {**{f"@{name}": value for name, value in attributes.items()}, **parameters}
    checked = {name: _checked(name, value, depth=1) for name, value in element.items() if value is not None}
    document: str = xmltodict.unparse({root: checked})
    return document.encode()


def check_xml_root(root: str, attributes: Mapping[str, str]) -> None:
    """Raises InvalidIntegrationConfig for names that XML does not have."""
    for name in (root, *attributes):
        if not _NAME.fullmatch(name):
            raise InvalidIntegrationConfig(f"transform_config.body: {name!r} is no name of XML.")


def _checked(name: str, value: JsonValue, *, depth: int) -> object:
    """The value as xmltodict takes it: texts only at the leaves."""
    if depth > MAX_DEPTH:
        raise RefusedError("is nested too deeply")
    if name != "#text" and not _NAME.fullmatch(name.removeprefix("@")):
        raise RefusedError(
            f"must not be called {name[:50]!r}, or have a member of that name: it is no name of XML"
        )
    if isinstance(value, dict) and not name.startswith(("@", "#")):
        return {key: _checked(key, item, depth=depth + 1) for key, item in value.items() if item is not None}
    if isinstance(value, list) and not name.startswith(("@", "#")):
        return [_checked(name, item, depth=depth + 1) for item in value if item is not None]
    text = text_of(value)
    if _FORBIDDEN.search(text):
        raise RefusedError("has a character that XML does not allow")
    return text
