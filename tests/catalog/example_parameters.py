"""Parameters made from an action's schema: what it requires, and most of what it allows."""

from typing import Any

from tests.catalog.openapi_schemas import Json
from tests.catalog.pattern_examples import matching

_FORMATS: dict[str, str] = {
    "date-time": "2026-11-25T10:00:00Z",
    "date": "2026-11-25",
    "time": "10:00:00Z",
    "email": "ada@example.com",
    "uri": "https://example.com/a",
    "url": "https://example.com/a",
    "uuid": "0195f3e2-7c1a-7d7e-9a53-0f4c1b2d3e4f",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "duration": "P1D",
    "hostname": "example.com",
}
_MAX_DEPTH = 6


class Unknowable(Exception):
    """The schema has a condition that no simple value is known to meet, such as a pattern."""


def example_parameters(schema: Json, *, all_members: bool = True, from_examples: bool = True) -> Json:
    """An object that fits the schema, as far as it is simple; where `from_examples`, of the schema's own examples and
    defaults. Raises Unknowable.
    """
    maker = _Maker(schema.get("$defs", {}), all_members=all_members, from_examples=from_examples)
    made = maker.value(schema, 0)
    assert isinstance(made, dict)
    return made


class _Maker:
    def __init__(self, definitions: Json, *, all_members: bool, from_examples: bool) -> None:
        self._definitions = definitions
        self._all = all_members
        self._from_examples = from_examples

    def value(self, schema: Any, depth: int) -> Any:
        schema = self._merged(schema, depth)
        for known in ("const", "default") if self._from_examples else ("const",):
            if schema.get(known) is not None:
                return schema[known]
        if schema.get("examples") and self._from_examples:
            return schema["examples"][0]
        if schema.get("enum"):
            return next(value for value in schema["enum"] if value is not None)
        return self._of_type(schema, depth)

    def _of_type(self, schema: Json, depth: int) -> Any:
        match _kind(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "integer" | "number":
                return min(max(1, schema.get("minimum", 1)), schema.get("maximum", 10**9))
            case "boolean":
                return True
            case "null":
                return None
        return _text(schema)

    def _array(self, schema: Json, depth: int) -> list[Any]:
        least = int(schema.get("minItems", 0))
        count = max(1, least) if depth < _MAX_DEPTH else least
        items = schema.get("items", {})
        if schema.get("uniqueItems") and (values := self._merged(items, depth + 1).get("enum")):
            return list(values[:count])
        return [self.value(items, depth + 1) for _ in range(count)]

    def _object(self, schema: Json, depth: int) -> Json:
        required = set(schema.get("required", ()))
        names = [
            name for name in schema.get("properties", {}) if name in required or (self._all and depth == 0)
        ]
        properties = schema.get("properties", {})
        made: Json = {}
        for name in [*names, *sorted(required - set(names))]:
            try:
                made[name] = self.value(properties.get(name, {}), depth + 1)
            except Unknowable:
                if name in required:
                    raise
        return self._with_enough(made, schema, depth)

    def _with_enough(self, made: Json, schema: Json, depth: int) -> Json:
        """With members that nothing names, where there have to be more."""
        missing = int(schema.get("minProperties", 0)) - len(made)
        named = [name for name in schema.get("properties", {}) if name not in made][: max(missing, 0)]
        made |= {name: self.value(schema["properties"][name], depth + 1) for name in named}
        others = schema.get("additionalProperties", {})
        made |= {f"x{index}": self.value(others, depth + 1) for index in range(missing - len(named))}
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
    if "properties" in one and "properties" in other:
        made["properties"] = {**other["properties"], **one["properties"]}
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
    if schema.get("contentEncoding") == "base64" or "base64" in str(schema.get("description", "")).lower():
        return "YWJj"
    if "pattern" in schema:
        least = int(schema.get("minLength", 0))
        text = matching(schema["pattern"], max(1, least)) or matching(schema["pattern"], least)
        if text is None:
            raise Unknowable
        return text
    # With what has to be escaped in a path and in a query.
    text = "a b/c&d"[: int(schema.get("maxLength", 7))]
    return text + "x" * (int(schema.get("minLength", 0)) - len(text))
