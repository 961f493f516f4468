"""The schemas of a Discovery document, which are those of the third draft of JSON Schema with `$ref` by name.

They are turned into what OpenAPI has, and converted as its schemas are.
"""

from collections.abc import Iterable
from typing import Any

from portway.infrastructure.importers.notes import Notes
from portway.infrastructure.importers.openapi_document import Json, OpenApiDocument, items, members, text
from portway.infrastructure.importers.openapi_schemas import RequestSchemas

_KEPT = frozenset(
    {"type", "description", "format", "pattern", "enum", "readOnly", "deprecated", "required"}
)  # fmt: skip
_NUMBERS = ("minimum", "maximum")
_MAX_NESTING = 60


class GoogleSchemas:
    """Converts schemas, and finds what they refer to."""

    def __init__(self, schemas: Json, notes: Notes) -> None:
        self._schemas = schemas
        translated: Json = {name: self._translated(schema, 0) for name, schema in schemas.items()}
        document = OpenApiDocument({"schemas": translated}, notes, is_3_0=True)
        self._converter = RequestSchemas(document)

    def named(self, reference: str) -> Json:
        """The schema of this name as the document has it; empty where there is none."""
        found = self._schemas.get(reference)
        return found if isinstance(found, dict) else {}

    def convert(self, schema: Json) -> Json:
        """Into one for `request_schema`, with references into `$defs`. Raises InexpressibleError."""
        return self._converter.convert(self._translated(schema, 0))

    def definitions(self, schemas: Iterable[object]) -> tuple[Json, bool]:
        """What converted schemas refer to, and whether some of it had to be left open."""
        return self._converter.definitions(schemas)

    def _translated(self, schema: object, depth: int) -> Json:
        if not isinstance(schema, dict) or depth > _MAX_NESTING:
            return {}
        found: Json = {name: schema[name] for name in _KEPT & schema.keys()}
        if reference := text(schema, "$ref"):
            found["$ref"] = f"#/schemas/{_escaped(reference)}"
        if properties := members(schema, "properties"):
            found["properties"] = {
                name: self._translated(value, depth + 1) for name, value in properties.items()
            }
        for name in ("items", "additionalProperties"):
            if isinstance(schema.get(name), dict):
                found[name] = self._translated(schema[name], depth + 1)
        kind = found.get("type")
        if kind in ("integer", "number"):  # a long integer is a text, to which no bounds apply
            found |= {name: schema[name] for name in _NUMBERS if name in schema}
        if kind == "any":
            del found["type"]
        if "default" in schema and (default := _typed(schema["default"], kind)) is not None:
            found["default"] = default
        if choices := _choices(schema):
            found["description"] = f"{text(schema, 'description')} {choices}".strip()
        return found


def _choices(schema: Json) -> str:
    """Which of its values are deprecated."""
    names, deprecated = items(schema, "enum"), items(schema, "enumDeprecated")
    gone = [str(name) for name, is_gone in zip(names, deprecated, strict=False) if is_gone is True]
    return f"Deprecated: {', '.join(gone[:20])}." if gone else ""


def _typed(value: object, kind: object) -> Any:
    """Defaults are texts, whatever the type."""
    if not isinstance(value, str):
        return value
    try:
        match kind:
            case "integer":
                return int(value)
            case "number":
                return float(value)
            case "boolean":
                return {"true": True, "false": False}.get(value.lower())
            case _:
                return value
    except ValueError:
        return None


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
