"""The bytes of a document as JSON values: JSON, or YAML that says nothing but JSON."""

import json
import math
import re
from typing import Any

from portway.domain.errors import InvalidImportDocument
from portway.domain.json_value import JsonObject
from portway.infrastructure.importers.yaml_values import MAX_DEPTH, YamlFaultError, yaml_value

MAX_PARTS = 5_000_000
"""Of a document with all of its aliases written out."""

_JSON_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*[{\[]")


def read_document(content: bytes) -> JsonObject:
    """Raises InvalidImportDocument for what is neither, and for what is too much: see MAX_PARTS and MAX_DEPTH."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidImportDocument(f"The document is not UTF-8 at byte {error.start}.") from None
    if not text.strip():
        raise InvalidImportDocument("The document is empty.")
    value = _json(text) if _JSON_START.match(content) else None
    if value is None:
        try:
            value = yaml_value(text)
        except YamlFaultError as fault:
            raise InvalidImportDocument(f"The document is neither JSON nor YAML: {fault}.") from None
    if not isinstance(value, dict):
        raise InvalidImportDocument("The document must be an object.")
    _check_extent(value)
    return value


def _json(text: str) -> Any:
    """None for what may be YAML: its flow mappings look alike."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError:
        raise InvalidImportDocument(f"The document is nested more than {MAX_DEPTH} levels deep.") from None
    except ValueError as error:
        if text.lstrip("\ufeff \t\r\n[{").startswith('"'):
            raise InvalidImportDocument(f"The document is not JSON: {error}.") from None
        return None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _check_extent(value: Any) -> None:
    """Counts what is shared as often as it is used."""
    sizes: dict[int, int] = {}

    def size(node: Any, depth: int) -> int:
        if not isinstance(node, dict | list):
            return 1
        if depth > MAX_DEPTH:
            raise InvalidImportDocument(f"The document is nested more than {MAX_DEPTH} levels deep.")
        known = sizes.get(id(node))
        if known is None:
            parts = node.values() if isinstance(node, dict) else node
            known = sizes[id(node)] = 1 + sum(size(part, depth + 1) for part in parts)
            if known > MAX_PARTS:
                raise InvalidImportDocument(f"The document has more than {MAX_PARTS} parts.")
        return known

    size(value, 0)
