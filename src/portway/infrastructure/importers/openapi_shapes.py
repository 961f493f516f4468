"""What kind of values a schema is for, which decides how they are written in a request."""

from dataclasses import dataclass, field
from typing import Any, Literal

from portway.infrastructure.importers.openapi_document import (
    InexpressibleError,
    Json,
    OpenApiDocument,
    items,
    members,
)
from portway.infrastructure.importers.openapi_keywords import usable_type

Shape = Literal["scalar", "list", "object", "nested"]
"""A list or an object of scalars, or anything deeper."""

SCALAR: frozenset[Shape] = frozenset({"scalar"})
FLAT: frozenset[Shape] = frozenset({"scalar", "list"})
_NESTED: frozenset[Shape] = frozenset({"nested"})
_MAX_DEPTH = 12
_BINARY_TYPES = (
    "image/",
    "audio/",
    "video/",
    "application/octet-stream",
    "application/pdf",
    "application/zip",
)
# What a body's schema may say besides its members and still be a list of parameters.
_OF_MEMBERS = frozenset({"properties", "required", "additionalProperties", "allOf", "type", "$ref"})
_UNIMPORTANT = frozenset(
    {"title", "description", "example", "examples", "default", "xml", "externalDocs", "discriminator", "nullable",
     "deprecated", "readOnly", "writeOnly", "minProperties", "maxProperties", "format", "$schema", "$id", "$comment",
     "$defs", "definitions", "unevaluatedProperties", "x-nullable"}
)  # fmt: skip


@dataclass(slots=True)
class Members:
    """The members of an object, each with its schema as the document has it. `additional`: what the schema says of all
    others; None where it says nothing. `alternatives`: sets of names of which one has to be there.
    """

    properties: dict[str, Any] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    additional: Any = None
    alternatives: list[list[list[str]]] = field(default_factory=list)


class Shapes:
    """Looks into the schemas of a document."""

    def __init__(self, document: OpenApiDocument) -> None:
        self._document = document
        self._known: dict[int, frozenset[Shape]] = {}

    def of(self, schema: object) -> frozenset[Shape]:
        """The shapes that values of the schema may have."""
        if not isinstance(schema, dict):
            return SCALAR
        found = self._known.get(id(schema))
        if found is None:
            found = self._known[id(schema)] = self._of(schema, 0)
        return found

    def members(self, schema: object) -> Members | None:
        """The members of an object whose schema is a list of them; None for any other schema.

        Raises InexpressibleError.
        """
        found = Members()
        return found if self._collect(schema, found, 0) and found.properties else None

    def is_file(self, schema: object, content_type: str = "") -> bool:
        """Whether a part of a multipart body is a file."""
        resolved = self._resolved(schema)
        if resolved.get("type") == "file" or resolved.get("format") == "binary":
            return True
        if content_type.startswith(_BINARY_TYPES):
            return not resolved.get("properties")
        media_type = resolved.get("contentMediaType")
        if isinstance(media_type, str) and "contentEncoding" not in resolved:
            return media_type.startswith(_BINARY_TYPES)
        parts = [part for word in ("allOf", "anyOf", "oneOf") for part in items(resolved, word)]
        return bool(parts) and any(self.is_file(part) for part in parts[:5])

    def file_items(self, schema: object) -> object | None:
        """The items of a list, which may be files; None for what is no list."""
        resolved = self._resolved(schema)
        return resolved.get("items", {}) if resolved.get("type") == "array" else None

    def single_value(self, schema: object) -> object:
        """The only value that is allowed; None where there is a choice."""
        resolved = self._resolved(schema)
        if isinstance(resolved.get("const"), str | int | float):
            return resolved["const"]
        values = items(resolved, "enum")
        only = values[0] if len(values) == 1 else None
        return only if isinstance(only, str | int | float) and resolved.get("nullable") is not True else None

    def _resolved(self, schema: object) -> Json:
        try:
            return self._document.resolve(schema)
        except InexpressibleError:
            return {}

    def _of(self, schema: object, depth: int) -> frozenset[Shape]:
        if depth > _MAX_DEPTH:
            return _NESTED
        schema = self._resolved(schema)
        parts = [part for word in ("allOf", "anyOf", "oneOf") for part in items(schema, word)]
        found = {shape for part in parts for shape in self._of(part, depth + 1)}
        for kind in self._kinds(schema):
            if kind == "array":
                found.add(self._holding("list", schema.get("items"), depth))
            elif kind == "object":
                inside = [*members(schema, "properties").values(), schema.get("additionalProperties")]
                found |= {self._holding("object", part, depth) for part in inside}
            elif kind != "null":
                found.add("scalar")
        return frozenset(found) or SCALAR

    def _holding(self, shape: Shape, inside: object, depth: int) -> Shape:
        if not isinstance(inside, dict):
            return shape
        return shape if self._of(inside, depth + 1) <= SCALAR else "nested"

    def _kinds(self, schema: Json) -> list[str]:
        kinds = usable_type(schema.get("type"))
        if isinstance(kinds, str):
            return [kinds]
        if isinstance(kinds, list):
            return kinds
        if "properties" in schema or isinstance(schema.get("additionalProperties"), dict):
            return ["object"]
        return ["array"] if "items" in schema else []

    def _collect(self, schema: object, found: Members, depth: int) -> bool:
        """Whether the schema, and all that it consists of, is about members."""
        if depth > _MAX_DEPTH or not isinstance(schema, dict):
            return False
        schema = self._document.resolve(schema)
        if schema.get("type") not in (None, "object", ["object"], ["object", "null"], ["null", "object"]):
            return False
        for word in schema:
            if word in ("anyOf", "oneOf"):
                if (names := _required_only(items(schema, word))) is None:
                    return False
                found.alternatives += [names] if names else []
            elif word not in _OF_MEMBERS and word not in _UNIMPORTANT and not word.startswith("x-"):
                return False
        for name, part in members(schema, "properties").items():
            before = found.properties.get(name)
            found.properties[name] = part if before is None or before == part else {"allOf": [before, part]}
            if isinstance(part, dict) and part.get("required") is True:
                found.required.append(name)
        found.required += [name for name in items(schema, "required") if isinstance(name, str)]
        if "additionalProperties" in schema and found.additional in (None, True):
            found.additional = schema["additionalProperties"]
        return all(self._collect(part, found, depth + 1) for part in items(schema, "allOf"))


def _required_only(branches: list[Any]) -> list[list[str]] | None:
    """The names that each branch requires, where that is all that it says; None where one says more.

    Empty where a branch requires nothing, so that there is nothing to check.
    """
    found = []
    for branch in branches:
        if not isinstance(branch, dict) or branch.keys() - {"required", "type", "title", "description"}:
            return None
        if branch.get("type", "object") != "object":
            return None
        found.append([name for name in items(branch, "required") if isinstance(name, str)])
    return found if all(found) else []
