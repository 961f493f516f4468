"""XML of which a schema says all (OpenAPI 3.1.1, section 4.8.26): its root, and what its elements are called."""

import re
from dataclasses import dataclass

from portway.infrastructure.importers.openapi_document import (
    Json,
    OpenApiDocument,
    items,
    members,
    text,
)
from portway.infrastructure.importers.openapi_shapes import Members, Shapes

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class XmlBody:
    """`names`: what a member is called in the document, with `@` for an attribute."""

    root: str
    members: Members
    names: dict[str, str]


class XmlReader:
    """Reads the schemas of XML bodies."""

    def __init__(self, document: OpenApiDocument, shapes: Shapes) -> None:
        self._document = document
        self._shapes = shapes

    def read(self, schema: object) -> XmlBody | None:
        """None where the root is not named, or something within has a name, wrapper or namespace that no parameter can
        have. Raises InexpressibleError.
        """
        found = self._shapes.members(schema)
        if found is None:
            return None
        resolved = self._document.resolve(schema)
        root = text(members(resolved, "xml"), "name") or _last(self._document.reference(schema))
        if not root and len(found.properties) == 1:
            # As AWS's documents have it: the only member is the root.
            root, schema = next(iter(found.properties.items()))
            found, resolved = self._shapes.members(schema), self._document.resolve(schema)
        if found is None or not _NAME.fullmatch(root) or _is_qualified(resolved):
            return None
        names = {name: self._name(name, part) for name, part in found.properties.items()}
        if not all(_NAME.fullmatch(name.removeprefix("@")) for name in names.values()):
            return None
        is_plain = all(self._is_plain(part, 0) for part in found.properties.values())
        return XmlBody(root, found, names) if is_plain else None

    def _name(self, name: str, part: object) -> str:
        xml = members(self._document.resolve(part), "xml")
        return f"{'@' if xml.get('attribute') is True else ''}{text(xml, 'name') or name}"

    def _is_plain(self, schema: object, depth: int) -> bool:
        """Whether all that is below is called as its member, and neither wrapped nor of another namespace."""
        resolved = self._document.resolve(schema)
        if _is_qualified(resolved) or depth > _MAX_DEPTH:
            return not _is_qualified(resolved)
        below = members(resolved, "properties")
        if any(self._name(name, part) != name for name, part in below.items()):
            return False
        inside = [*below.values(), *items(resolved, "allOf")]
        if "items" in resolved:
            # The items of a list are called as the list is.
            if text(members(self._document.resolve(resolved["items"]), "xml"), "name"):
                return False
            inside.append(resolved["items"])
        return all(self._is_plain(part, depth + 1) for part in inside)


def _is_qualified(schema: Json) -> bool:
    xml = members(schema, "xml")
    return xml.get("wrapped") is True or bool(text(xml, "prefix") or text(xml, "namespace"))


def _last(reference: str | None) -> str:
    return (reference or "").rpartition("/")[2]
