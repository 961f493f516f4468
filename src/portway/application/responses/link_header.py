"""The Link header field (RFC 8288)."""

import re
from collections.abc import Iterator

_TARGET = re.compile(r"[\s,]*<([^<>]*)>")
_PARAMETER = re.compile(r"\s*;\s*([^\s;,=\"<>]*)\s*(?:=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?")
_ESCAPE = re.compile(r"\\(.)")


def link_target(header: str, relation: str) -> str | None:
    """The target of the first link that has the relation, as it is written: it may be relative.

    A link with an `anchor` says something of another resource, and is passed over (section 3.2).
    """
    for target, parameters in _links(header):
        relations = parameters.get("rel", "").lower().split()
        if relation in relations and "anchor" not in parameters:
            return target
    return None


def _links(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every link and its parameters; of those with the same name the first counts (section 3.3). What is no link
    ends the list (appendix B.2).
    """
    position = 0
    while match := _TARGET.match(header, position):
        position = match.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(header, position):
            position = parameter.end()
            parameters.setdefault(parameter[1].lower(), _unquoted(parameter[2] or ""))
        yield match[1].strip(), parameters


def _unquoted(value: str) -> str:
    return _ESCAPE.sub(r"\1", value[1:-1]) if value.startswith('"') else value
