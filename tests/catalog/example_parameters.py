"""Parameters made from an action's schema: what it requires, and most of what it allows."""

from typing import Any

from tests.catalog.openapi_schemas import Json

_FORMATS: dict[str, str] = {
    "date-time": "2026-11-25T10:00:00Z",
    "date": "2026-11-25",
    "time": "10:00:00Z",
    "email": "ada@example.com",
    "uri": "https://example.com/a",
    "url": "https://example.com/a",
    "uuid": "0195f3e2-7c1a-7d7e-9a53-0f4c1b2d3e4f",
    "ipv4": "192.0.2.1",
    "hostname": "example.com",
}
_MAX_DEPTH = 6


class Unknowable(Exception):
    """The schema has a condition that no simple value is known to meet, such as a pattern."""


def example_parameters(schema: Json, *, all_members: bool = True) -> Json:
    """An object that fits the schema, as far as it is simple. Raises Unknowable."""
    made = _Maker(schema.get("$defs", {}), all_members=all_members).value(schema, 0)
    assert isinstance(made, dict)
    return made


class _Maker:
    def __init__(self, definitions: Json, *, all_members: bool) -> None:
        self._definitions = definitions
        self._all = all_members

    def value(self, schema: Any, depth: int) -> Any:
        schema = self._merged(schema, depth)
        for known in ("const", "default"):
            if schema.get(known) is not None:
                return schema[known]
        if schema.get("examples"):
            return schema["examples"][0]
        if schema.get("enum"):
            return next(value for value in schema["enum"] if value is not None)
        return self._of_type(schema, depth)

    def _of_type(self, schema: Json, depth: int) -> Any:
        match _kind(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                count = max(1, schema.get("minItems", 0)) if depth < _MAX_DEPTH else schema.get("minItems", 0)
                made = [self.value(schema.get("items", {}), depth + 1) for _ in range(count)]
                return made[:1] if schema.get("uniqueItems") else made
            case "integer" | "number":
                return max(1, schema.get("minimum", 1))
            case "boolean":
                return True
            case "null":
                return None
        return _text(schema)

    def _object(self, schema: Json, depth: int) -> Json:
        required = set(schema.get("required", ()))
        names = [
            name for name in schema.get("properties", {}) if name in required or (self._all and depth == 0)
        ]
        made: Json = {}
        for name in names:
            try:
                made[name] = self.value(schema["properties"][name], depth + 1)
            except Unknowable:
                if name in required:
                    raise
        return made

    def _merged(self, schema: Any, depth: int) -> Json:
        if depth > _MAX_DEPTH * 3:
            raise Unknowable
        if not isinstance(schema, dict):
            return {}
        made = dict(schema)
        if "$ref" in made:
            name = made.pop("$ref").removeprefix("#/$defs/")
            made = {**self._merged(self._definitions[name], depth + 1), **made}
        for part in made.pop("allOf", ()):
            made = _together(made, self._merged(part, depth + 1))
        if branches := made.pop("anyOf", None):
            made = _together(made, self._merged(branches[0], depth + 1))
        return made


def _together(one: Json, other: Json) -> Json:
    made = {**other, **one}
    for member in ("properties",):
        if member in one and member in other:
            made[member] = {**other[member], **one[member]}
    if required := [*one.get("required", ()), *other.get("required", ())]:
        made["required"] = required
    return made


def _kind(schema: Json) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if kind is None:
        kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
    return str(kind)


def _text(schema: Json) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[str(schema["format"])]
    if "pattern" in schema:
        raise Unknowable
    # With what has to be escaped in a path and in a query.
    text = "a b/c&d"[: int(schema.get("maxLength", 7))]
    return text + "x" * (int(schema.get("minLength", 0)) - len(text))
