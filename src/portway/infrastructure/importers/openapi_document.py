"""An OpenAPI document, in which anything may be a reference."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from referencing import Registry, Specification
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from portway.domain.json_value import JsonObject
from portway.infrastructure.importers.notes import Notes

Json = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_MAX_CHAIN = 50


class InexpressibleError(Exception):
    """An operation, or a part of one, that no action can say; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OpenApiDocument:
    """The document with its references, `notes` of what is odd in it, and which version's rules hold for schemas."""

    def __init__(self, contents: JsonObject, notes: Notes, *, is_3_0: bool) -> None:
        self.contents: Json = dict(contents)
        self.notes = notes
        self.is_3_0 = is_3_0
        # In 3.0 a schema has no identifiers or anchors of its own.
        kind: Specification[Any] = Specification.OPAQUE if is_3_0 else DRAFT202012
        registry: Registry[Any] = Registry().with_resource("", kind.create_resource(self.contents))
        self._lookup = registry.resolver().lookup
        self.target = cache(self._target)

    def resolve(self, node: object) -> Json:
        """What a node refers to, or itself; empty for what is no object. Raises InexpressibleError."""
        for _ in range(_MAX_CHAIN):
            if not isinstance(node, dict):
                return {}
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            node = self.target(reference)
        raise InexpressibleError("has a reference that leads to itself")

    def reference(self, node: object) -> str | None:
        """The last reference of a chain, which names what is referred to; None for what is no reference."""
        found: str | None = None
        for _ in range(_MAX_CHAIN):
            reference = node.get("$ref") if isinstance(node, dict) else None
            if not isinstance(reference, str):
                return found
            found, node = reference, self.target(reference)
        raise InexpressibleError("has a reference that leads to itself")

    def _target(self, reference: str) -> object:
        """Raises InexpressibleError for a reference to another document, and for one that leads nowhere."""
        if not reference.startswith("#"):
            raise InexpressibleError(f"refers to another document, {reference[:200]!r}")
        try:
            return self._lookup(reference).contents
        except (Unresolvable, ValueError, KeyError, TypeError, IndexError, AttributeError):
            raise MissingTargetError(f"refers to {reference[:200]!r}, which is not there") from None


class MissingTargetError(InexpressibleError):
    """A reference within the document that leads nowhere."""


def members(node: object, name: str) -> Json:
    """The object in a member; empty for anything else."""
    found = node.get(name) if isinstance(node, dict) else None
    return found if isinstance(found, dict) else {}


def items(node: object, name: str) -> list[Any]:
    """The list in a member; empty for anything else."""
    found = node.get(name) if isinstance(node, dict) else None
    return found if isinstance(found, list) else []


def text(node: object, name: str) -> str:
    """The text in a member; empty for anything else."""
    found = node.get(name) if isinstance(node, dict) else None
    return found if isinstance(found, str) else ""


def operations(document: OpenApiDocument) -> Iterator[tuple[str, str, Json, object]]:
    """Path, method, path item and operation of everything under `paths`, whatever is wrong with it.

    Raises InexpressibleError where a path item is a reference that leads nowhere.
    """
    for member in ("paths", "x-ms-paths"):
        for path, found in members(document.contents, member).items():
            if str(path).startswith("x-"):
                continue
            item = document.resolve(found)
            for method, operation in item.items():
                if method.lower() in METHODS or method.lower() in ("trace", "query"):
                    yield path, method.lower(), item, operation
