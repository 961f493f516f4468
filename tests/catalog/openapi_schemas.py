"""The schemas of an OpenAPI document, as JSON Schema 2020-12."""

import json
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

Json = dict[str, Any]
_SCALARS = ("integer", "number", "boolean", "null")
_TYPES = (*_SCALARS, "string", "array", "object")


class Schemas:
    """Compiles a schema with what it refers to, once."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._compiled: dict[int, jsonschema_rs.Draft202012Validator] = {}

    def resolve(self, node: Json) -> Json:
        """What a node refers to, or itself."""
        while "$ref" in node:
            node = self._target(node["$ref"])
        return node

    def faults(self, value: Any, schema: Json) -> list[str]:
        """Each fault after its place in the value: `/to/0: …`."""
        return [
            "".join(f"/{part}" for part in error.instance_path) + f": {error.message}"
            for error in self._validator(schema).iter_errors(value)
        ]

    def members(self, schema: Json) -> frozenset[str] | None:
        """All names that the schema knows of an object's members, for all of its branches.

        None where it leaves the others open, or refuses them itself.
        """
        schema = self.resolve(schema)
        if "additionalProperties" in schema:
            return None
        names = frozenset(schema.get("properties", ()))
        for part in (part for word in ("allOf", "anyOf", "oneOf") for part in schema.get(word, ())):
            more = self.members(part)
            if more is None:
                return None
            names |= more
        return names

    def typed(self, value: Any, schema: Json) -> Any:
        """What texts stand for, as far as the schema says: `"5"` is 5 where it wants an integer."""
        schema = self.resolve(schema)
        for branch in schema.get("allOf", ()):
            value = self.typed(value, branch)
        branches = schema.get("anyOf") or schema.get("oneOf")
        if branches:
            meant = [self.typed(value, branch) for branch in branches]
            fitting = (
                each for each, branch in zip(meant, branches, strict=True) if not self.faults(each, branch)
            )
            return next(fitting, value)
        types = schema.get("type", ())
        types = (types,) if isinstance(types, str) else types
        if "array" in types:
            return [self.typed(item, schema.get("items", {})) for item in _items(value)]
        if isinstance(value, dict):
            members, others = schema.get("properties", {}), schema.get("additionalProperties")
            others = others if isinstance(others, dict) else {}
            return {name: self.typed(member, members.get(name, others)) for name, member in value.items()}
        return _scalar(value, types) if isinstance(value, str) and "string" not in types else value

    def _validator(self, schema: Json) -> jsonschema_rs.Draft202012Validator:
        if id(schema) not in self._compiled:
            self._compiled[id(schema)] = jsonschema_rs.Draft202012Validator(self._whole(schema))
        return self._compiled[id(schema)]

    def _whole(self, schema: Json) -> Json:
        names: dict[str, str] = {}
        definitions: Json = {}

        def convert(node: Any) -> Any:
            if isinstance(node, list):
                return [convert(item) for item in node]
            if not isinstance(node, dict):
                return node
            converted = {name: convert(member) for name, member in node.items() if name != "$ref"}
            reference = node.get("$ref")
            if isinstance(reference, str):
                if reference not in names:
                    names[reference] = name = f"d{len(names)}"
                    definitions[name] = convert(self._target(reference))
                converted["$ref"] = f"#/$defs/{names[reference]}"
            return _modern(converted)

        return {**convert(schema), "$defs": definitions}

    def _target(self, reference: str) -> Json:
        return pointed(self._document, reference)


def pointed(document: Json, reference: str) -> Json:
    """What `#/components/schemas/Pet` points to."""
    assert reference.startswith("#/"), f"{reference} is not in the document"
    target: Any = document
    for part in unquote(reference.removeprefix("#/")).split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        target = target[int(name)] if isinstance(target, list) else target[name]
    assert isinstance(target, dict)
    return target


def _modern(schema: Json) -> Json:
    """OpenAPI 3.0's own words in those of JSON Schema 2020-12; what is none of a schema's words is left out."""
    if isinstance(schema.get("required"), bool):
        del schema["required"]
    if isinstance(schema.get("type"), str) and schema["type"] not in _TYPES:
        del schema["type"]
    for bound in ("minimum", "maximum"):
        exclusive = f"exclusive{bound.capitalize()}"
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive):
            schema[exclusive] = schema.pop(bound)
    if schema.get("nullable") is True:
        return {
            "anyOf": [
                {name: member for name, member in schema.items() if name != "nullable"},
                {"type": "null"},
            ]
        }
    return schema


def _items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else [value]


def _scalar(text: str, types: tuple[str, ...]) -> Any:
    if not any(kind in types for kind in _SCALARS):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
