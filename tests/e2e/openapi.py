"""Requests made of the gateway's own OpenAPI document, so that a route that is added is tested as well."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

BODY_TYPE = "application/json"

_FORMATS = {"email": "somebody@example.com", "uuid": "00000000-0000-4000-8000-000000000000"}
_OTHERS: Mapping[str, Any] = {"integer": 1, "number": 1, "boolean": True, "array": []}


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    document: Mapping[str, Any] = field(repr=False)
    definition: Mapping[str, Any] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def parameters(self, place: str) -> list[str]:
        """Names of the parameters in `path`, `query`, ..."""
        return [each["name"] for each in self.definition.get("parameters", []) if each["in"] == place]

    @property
    def body_schema(self) -> Mapping[str, Any] | None:
        """The schema of the JSON body, if it takes one."""
        content = self.definition.get("requestBody", {}).get("content", {})
        return self._resolved(content[BODY_TYPE]["schema"]) if BODY_TYPE in content else None

    def body_members(self) -> list[str]:
        """Names of the body's own members."""
        return list((self.body_schema or {}).get("properties", {}))

    def body(self, values: Mapping[str, Any]) -> Any:
        """A valid body with all of its members, some of them given."""
        return self._example(self.body_schema or {}, values)

    def _example(self, schema: Mapping[str, Any], values: Mapping[str, Any], name: str = "") -> Any:
        schema = self._resolved(schema)
        if "properties" in schema:
            required = schema.get("required", [])
            return {
                member: values[member]
                if member in values and "properties" not in self._resolved(of)
                else self._example(of, {}, member)
                for member, of in schema["properties"].items()
                if member in values or member in required or _is_plain(self._resolved(of))
            }
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("type") == "array" and schema.get("minItems"):
            return [self._example(schema["items"], {}, name)]
        if schema.get("type") == "string":
            is_address = name.endswith(("url", "website"))
            text = "https://example.com" if is_address else "a" * max(1, schema.get("minLength", 1))
            return _FORMATS.get(schema.get("format", ""), text)
        return _OTHERS.get(schema.get("type", "object"), {})

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" in schema:
            node: Any = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                node = node[part]
            return self._resolved(node)
        if "anyOf" in schema:
            return self._resolved(schema["anyOf"][0])
        return schema


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """All of them."""
    for path, methods in document["paths"].items():
        for method, definition in methods.items():
            yield Operation(method.upper(), path, document, definition)


def _is_plain(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") in ("string", "boolean") and "format" not in schema and "pattern" not in schema
