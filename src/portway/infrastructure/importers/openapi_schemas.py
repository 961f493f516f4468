"""The schemas of an OpenAPI document as those of requests, in JSON Schema 2020-12.

What a request does not have, read-only members, is left out. `oneOf` becomes `anyOf`: documents have many whose
branches overlap, and what a service takes must not be refused for that. A component is converted once for all actions,
which have it under `$defs`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from portway.infrastructure.importers.openapi_document import (
    InexpressibleError,
    Json,
    MissingTargetError,
    OpenApiDocument,
    items,
    members,
)
from portway.infrastructure.importers.openapi_keywords import (
    UNUSABLE,
    example,
    fitting,
    fitting_enum,
    is_any_type,
    is_plain,
    plain_keyword,
    usable_pattern,
)

MAX_DEFINITIONS_BYTES = 250_000
"""Of all that an action's schema refers to. What lies beyond is left open: some documents lead from everything to
everything, and who calls an action has to read its schema.
"""

_MAX_DEPTH = 40
_DEFINITIONS = "#/$defs/"
_UNFIT_FOR_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_SINGLE = frozenset(
    {"additionalProperties", "not", "if", "then", "else", "propertyNames", "contains", "unevaluatedProperties",
     "unevaluatedItems"}
)  # fmt: skip
_LISTS = frozenset({"allOf", "anyOf", "prefixItems"})
_MAPS = frozenset({"dependentSchemas"})
_ANNOTATIONS = frozenset({"description", "title", "deprecated", "default", "writeOnly"})


class RequestSchemas:
    """Converts schemas, and finds what they refer to."""

    def __init__(self, document: OpenApiDocument) -> None:
        self._document = document
        self._names: dict[str, str] = {}
        self._targets: dict[str, object] = {}
        self._definitions: dict[str, Json | InexpressibleError] = {}
        self._uses: dict[str, list[str]] = {}
        self._sizes: dict[str, int] = {}

    def convert(self, schema: object) -> Json:
        """The schema, with references into `$defs`. Raises InexpressibleError for one to another document."""
        converted = self._schema(schema, 0)
        return converted if isinstance(converted, dict) else {} if converted else {"not": {}}

    def definitions(self, schemas: Iterable[object]) -> tuple[Json, bool]:
        """What the schemas refer to, and whether some of it had to be left open. Raises InexpressibleError."""
        found: Json = {}
        level, size, is_cut = list(_references(list(schemas))), 0, False
        while level:
            deeper: list[str] = []
            for name in level:
                if name in found:
                    continue
                definition = self._definition(name)
                size += self._sizes[name]
                if size > MAX_DEFINITIONS_BYTES:
                    found[name] = _open(definition)
                    is_cut = True
                else:
                    found[name] = definition
                    deeper += self._uses[name]
            level = deeper
        return found, is_cut

    def is_read_only(self, schema: object) -> bool:
        """Whether a member is none of requests."""
        if not isinstance(schema, dict):
            return False
        if schema.get("readOnly") is True:
            return True
        try:
            resolved = self._document.resolve(schema)
        except InexpressibleError:
            return False
        parts = items(resolved, "allOf")
        return resolved.get("readOnly") is True or any(
            isinstance(part, dict) and part.get("readOnly") is True for part in parts
        )

    def _definition(self, name: str) -> Json:
        if name not in self._definitions:
            try:
                definition = self.convert(self._targets[name])
            except InexpressibleError as error:
                self._definitions[name] = error
            else:
                self._definitions[name] = definition
                self._uses[name] = list(_references(definition))
                self._sizes[name] = len(json.dumps(definition, default=str))
        found = self._definitions[name]
        if isinstance(found, InexpressibleError):
            raise found
        return found

    def _schema(self, schema: object, depth: int) -> Json | bool:
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict) or depth > _MAX_DEPTH:
            self._note("A schema that is none, or nested too deeply, is left open")
            return {}
        if isinstance(schema.get("$ref"), str):
            return self._referring(schema, depth)
        return self._nullable(schema, self._keywords(schema, depth))

    def _referring(self, schema: Json, depth: int) -> Json:
        """In 3.0 what stands beside a reference does not count, but people describe things there."""
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        if self._document.is_3_0:
            beside = {name: value for name, value in beside.items() if name in _ANNOTATIONS}
        converted = self._keywords(beside, depth) if beside else {}
        try:
            reference = self._document.reference(schema)
        except MissingTargetError as missing:
            self._note(f"A schema {missing.reason}, and is left open")
            return converted
        assert reference is not None  # noqa: S101
        converted = {"$ref": _DEFINITIONS + self._name(reference), **converted}
        return self._nullable(schema, converted)

    def _name(self, reference: str) -> str:
        name = self._names.get(reference)
        if name is None:
            last = unquote(reference).rpartition("/")[2].replace("~1", "/").replace("~0", "~")
            base = _UNFIT_FOR_A_NAME.sub("_", last).strip("_")[:80] or "schema"
            name, number = base, 2
            while name in self._targets:
                name, number = f"{base}_{number}", number + 1
            self._names[reference] = name
            self._targets[name] = self._document.target(reference)
        return name

    def _nullable(self, schema: Json, converted: Json) -> Json:
        if schema.get("nullable") is not True and schema.get("x-nullable") is not True:
            return converted
        kind = converted.get("type")
        if isinstance(kind, str | list):
            kinds = [kind] if isinstance(kind, str) else kind
            converted["type"] = kinds if "null" in kinds else [*kinds, "null"]
            if "enum" in converted and None not in converted["enum"]:
                converted["enum"] = [*converted["enum"], None]
            return converted
        if not converted.keys() & {"$ref", "allOf", "anyOf", "enum", "const"}:
            return converted  # takes null anyway
        outside = {name: converted.pop(name) for name in _ANNOTATIONS & converted.keys()}
        return {**outside, "anyOf": [converted, {"type": "null"}]}

    def _keywords(self, schema: Json, depth: int) -> Json:
        converted: Json = {}
        for name, value in schema.items():
            if is_plain(name):
                self._plain(name, value, converted)
            elif name in _SINGLE:
                converted[name] = self._schema(value, depth + 1)
            elif name in _LISTS or name == "oneOf":
                self._branches(name, value, converted, depth)
            elif name in _MAPS and isinstance(value, dict):
                converted[name] = {key: self._schema(part, depth + 1) for key, part in value.items()}
            elif name == "patternProperties":
                self._patterns(value, converted, depth)
        self._items(schema, converted, depth)
        self._properties(schema, converted, depth)
        self._bounds(schema, converted)
        self._example(schema, converted)
        return self._of_the_type(converted)

    def _plain(self, name: str, value: Any, converted: Json) -> None:
        usable = plain_keyword(name, value)
        if usable is not UNUSABLE:
            converted[name] = usable
        elif name == "pattern":
            self._note("A pattern with look-around, back-references or a fault is not checked")
        elif value not in (None, "", [], {}) and not isinstance(value, bool) and not is_any_type(value):
            self._note(f"A schema's `{name}` cannot be {str(value)[:40]!r}, and is left out")

    def _branches(self, name: str, value: Any, converted: Json, depth: int) -> None:
        if not isinstance(value, list) or not value:
            return
        branches = [self._schema(branch, depth + 1) for branch in value]
        name = "anyOf" if name == "oneOf" else name
        if name == "anyOf" and "anyOf" in converted:
            converted.setdefault("allOf", []).append({"anyOf": branches})
        elif name == "allOf":
            converted["allOf"] = [*converted.get("allOf", []), *branches]
        else:
            converted[name] = branches

    def _patterns(self, value: Any, converted: Json, depth: int) -> None:
        found = {usable_pattern(key): part for key, part in value.items()} if isinstance(value, dict) else {}
        converted["patternProperties"] = {
            key: self._schema(part, depth + 1) for key, part in found.items() if key is not None
        }

    def _items(self, schema: Json, converted: Json, depth: int) -> None:
        value = schema.get("items")
        if isinstance(value, list):  # a tuple, as older drafts write it
            converted["prefixItems"] = [self._schema(part, depth + 1) for part in value] or [{}]
        elif isinstance(value, dict | bool):
            converted["items"] = self._schema(value, depth + 1)

    def _properties(self, schema: Json, converted: Json, depth: int) -> None:
        properties = members(schema, "properties")
        if not properties and "allOf" not in schema:
            return
        hidden = self._read_only_names(schema, depth)
        if properties:
            converted["properties"] = {
                name: self._schema(part, depth + 1) for name, part in properties.items() if name not in hidden
            }
        # As the third draft of JSON Schema had it.
        said = [
            name for name, part in properties.items() if members(properties, name).get("required") is True
        ]
        required = [name for name in [*converted.get("required", ()), *said] if name not in hidden]
        converted.pop("required", None)
        if required:
            converted["required"] = list(dict.fromkeys(required))

    def _read_only_names(self, schema: Json, depth: int) -> frozenset[str]:
        own = {name for name, part in members(schema, "properties").items() if self.is_read_only(part)}
        for part in items(schema, "allOf") if depth <= _MAX_DEPTH else ():
            try:
                own |= self._read_only_names(self._document.resolve(part), depth + 8)
            except InexpressibleError:
                continue
        return frozenset(own)

    def _bounds(self, schema: Json, converted: Json) -> None:
        """In 3.0 an exclusive bound is a flag."""
        for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if schema.get(exclusive) is True and bound in converted:
                converted[exclusive] = converted.pop(bound)

    def _example(self, schema: Json, converted: Json) -> None:
        if "example" in schema and "examples" not in converted:
            found = example(schema["example"])
            if found is not UNUSABLE:
                converted["examples"] = [found]

    def _of_the_type(self, converted: Json) -> Json:
        kind = converted.get("type")
        if "enum" in converted:
            converted["enum"] = fitting_enum(converted["enum"], kind)
        if "examples" in converted:
            examples = fitting(converted.pop("examples"), converted)
            converted |= {"examples": examples} if examples else {}
        if "default" in converted:
            defaults = fitting([converted.pop("default")], converted)
            converted |= {"default": defaults[0]} if defaults else {}
        if converted.get("format") == "byte":
            converted.pop("format")
            converted["contentEncoding"] = "base64"
        branches = converted.get("allOf")
        # `allOf` of one reference is how 3.0 describes one.
        only: Json = branches[0] if branches and len(branches) == 1 and isinstance(branches[0], dict) else {}
        is_reference = "$ref" in only and not only.keys() & converted.keys()
        if is_reference and converted.keys() - {"allOf"} <= _ANNOTATIONS:
            return {**only, **{name: value for name, value in converted.items() if name != "allOf"}}
        return converted

    def _note(self, what: str) -> None:
        self._document.notes.add(what)


def _references(schema: object) -> Iterable[str]:
    """The names under `$defs`, each once."""
    found: dict[str, None] = {}
    pending = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and reference.startswith(_DEFINITIONS):
                found[reference.removeprefix(_DEFINITIONS)] = None
            pending += node.values()
        elif isinstance(node, list):
            pending += node
    return found


def _open(definition: Mapping[str, Any]) -> Json:
    """What is left of a definition that is too much."""
    return {name: definition[name] for name in ("type", "title", "description") if name in definition}
