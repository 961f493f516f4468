"""How much work a JSON Schema can be. Whoever may write an action may write a schema whose branches double with each
level, and a validator that is at work holds up every other call.
"""

from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from portway.domain.json_value import JsonObject, JsonValue

_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLES = ("not", "if", "then", "else")
_UNIONS = frozenset({"anyOf", "oneOf"})
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
# For every member or item, whatever it is called.
_FOR_EACH = (
    "additionalProperties", "unevaluatedProperties", "propertyNames", "items", "additionalItems", "unevaluatedItems",
    "contains",
)  # fmt: skip

TOO_DEEP = 255
"""Levels from which on the validator refuses a value unseen."""


class SchemaCost:
    """Counts how often schemas are applied along one path through a value, at most.

    `has_references`: without any, that is less than the schema is long. `has_unions`: a failed one collects the
    failures of all of its branches.
    """

    def __init__(self, schema: JsonObject) -> None:
        self._root = dict(schema)
        self._named: dict[str, list[JsonValue]] = {}
        self._costs: dict[tuple[int, int], int] = {}
        self.has_references = self.has_unions = False
        for part in _objects(self._root):
            self.has_references |= any(isinstance(part.get(keyword), str) for keyword in _REFERENCES)
            self.has_unions |= not _UNIONS.isdisjoint(part)
            for keyword in ("$anchor", "$dynamicAnchor", "$id"):
                if isinstance(name := part.get(keyword), str):
                    self._named.setdefault(name if keyword == "$id" else f"#{name}", []).append(part)

    def of(self, value: JsonObject) -> int:
        """An upper bound for the number of schemas applied to this value, all of its parts included.

        Raises RecursionError for a schema that refers further than can be followed.
        """
        parts, depth = _extent(dict(value))
        if depth > TOO_DEEP:
            return 0
        return parts * self._cost(self._root, depth)

    def _cost(self, schema: JsonValue, depth: int) -> int:
        if not isinstance(schema, dict):
            return 1
        key = (id(schema), depth)
        if key not in self._costs:
            self._costs[key] = 0  # a schema that leads back to itself on the same value is applied once
            cost = 1 + sum(self._cost(part, depth) for part in self._on_the_same_value(schema))
            self._costs[key] = cost + (self._cost_of_a_part(schema, depth - 1) if depth else 0)
        return self._costs[key]

    def _cost_of_a_part(self, schema: dict[str, JsonValue], depth: int) -> int:
        """That of the member or item that costs most."""
        for_each = [schema[keyword] for keyword in _FOR_EACH if keyword in schema]
        for_each += _values(schema.get("patternProperties"))
        lists = [entry for entry in for_each if isinstance(entry, list)]  # `items` of older drafts
        for_one = [*_values(schema.get("properties")), *_values(schema.get("prefixItems"))]
        for_one += [item for entries in lists for item in entries]
        return sum(self._cost(part, depth) for part in for_each) + max(
            (self._cost(part, depth) for part in for_one), default=0
        )

    def _on_the_same_value(self, schema: dict[str, JsonValue]) -> Iterator[JsonValue]:
        for keyword in _LISTS:
            yield from _values(schema.get(keyword))
        yield from (schema[keyword] for keyword in _SINGLES if keyword in schema)
        yield from _values(schema.get("dependentSchemas"))
        yield from _values(schema.get("dependencies"))
        for keyword in _REFERENCES:
            if isinstance(reference := schema.get(keyword), str):
                yield from self._targets(reference)

    def _targets(self, reference: str) -> Sequence[JsonValue]:
        """What a reference may mean; anything that is called at all where that cannot be told."""
        if reference == "#":
            return [self._root]
        if reference.startswith("#/"):
            return [target] if isinstance(target := self._at(unquote(reference)[2:]), dict) else []
        if reference in self._named:
            return self._named[reference]
        return [part for parts in self._named.values() for part in parts]

    def _at(self, pointer: str) -> object:
        node: object = self._root
        for part in pointer.split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict):
                node = node.get(key)
            elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
                node = node[int(key)]
            else:
                return None
        return node


def _values(member: JsonValue) -> list[JsonValue]:
    if isinstance(member, dict):
        return list(member.values())
    return member if isinstance(member, list) else []


def _objects(schema: JsonValue) -> Iterator[dict[str, JsonValue]]:
    pending = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            yield node
        pending += _values(node)


def _extent(value: JsonValue) -> tuple[int, int]:
    """Of how many parts a value consists, and how deep they lie."""
    parts, depth, level = 1, 0, _values(value)
    while level:
        parts, depth = parts + len(level), depth + 1
        level = [part for entry in level if isinstance(entry, dict | list) for part in _values(entry)]
    return parts, depth
