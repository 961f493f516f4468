"""The keywords of schemas whose values hold no further schemas: OpenAPI 2.0, 3.0 and 3.1 to JSON Schema 2020-12.

Real documents have all kinds of slips. A value that the keyword cannot have is mended where it is clear what is meant,
and else left out.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs

from portway.application.importing.naming import shortened

UNUSABLE = object()
"""Of a value that the keyword cannot have."""

MAX_DESCRIPTION = 600
_MAX_EXAMPLE = 1000
_TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
_MEANT = {
    "int": "integer", "int32": "integer", "int64": "integer", "long": "integer", "float": "number",
    "double": "number", "decimal": "number", "bool": "boolean", "str": "string", "text": "string",
    "date": "string", "datetime": "string", "date-time": "string", "uuid": "string", "url": "string",
    "list": "array", "map": "object", "dict": "object", "hash": "object", "file": "string",
}  # fmt: skip
_PYTHON: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "number": (int, float), "integer": (int,), "boolean": (bool,), "object": (dict,),
    "array": (list,), "null": (type(None),),
}  # fmt: skip
_ANYTHING = frozenset({"any", "mixed", "anytype", "unknown", ""})
# The engine that the gateway checks parameters with.
_PATTERNS = jsonschema_rs.RegexOptions()
_SLASHED = re.compile(r"/(\^.*\$)/[a-z]*", re.DOTALL)


def plain_keyword(name: str, value: Any) -> Any:
    """The value in JSON Schema 2020-12, or UNUSABLE. KeyError for a keyword that is not here."""
    return _PLAIN[name](value)


def is_plain(name: str) -> bool:
    """Whether the keyword is one of these."""
    return name in _PLAIN


def usable_type(value: Any) -> Any:
    """One type or several; UNUSABLE where anything is meant, or nothing that is known."""
    if isinstance(value, list):
        known = [kind for kind in map(usable_type, value) if isinstance(kind, str)]
        return list(dict.fromkeys(known)) or UNUSABLE
    if not isinstance(value, str):
        return UNUSABLE
    lower = value.lower()
    return lower if lower in _TYPES else _MEANT.get(lower, UNUSABLE)


def is_any_type(value: Any) -> bool:
    """Whether the type is a word for all of them."""
    return isinstance(value, str) and value.lower() in _ANYTHING


def fitting_enum(values: list[Any], kind: Any) -> list[Any]:
    """The values as the type has them: YAML reads `on`, `1.0` and `2020` as no texts."""
    if kind == "string":
        return [value if isinstance(value, str) or value is None else json.dumps(value) for value in values]
    if kind in ("integer", "number", "boolean"):
        return [_parsed(value) for value in values]
    return values


def fitting(values: Iterable[Any], schema: Mapping[str, Any]) -> list[Any]:
    """Those of the examples and defaults that type and `enum` of the schema allow, mended as `fitting_enum` does."""
    kind, allowed = schema.get("type"), schema.get("enum")
    found = fitting_enum([one for one in values if _may_be_scalar(one, kind)], kind)
    if isinstance(kind, str):
        found = [
            one for one in found if isinstance(one, _PYTHON[kind]) and _is_bool(one) is (kind == "boolean")
        ]
    return [one for one in found if allowed is None or one in allowed]


def _may_be_scalar(value: Any, kind: Any) -> bool:
    return kind in (None, "object", "array") or not isinstance(value, dict | list)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


@lru_cache(maxsize=4096)
def usable_pattern(pattern: str) -> str | None:
    """The pattern for the gateway's engine, which has no look-around and no back-references; None for others."""
    slashed = _SLASHED.fullmatch(pattern)
    pattern = slashed[1] if slashed else pattern
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=_PATTERNS)
    except (ValueError, jsonschema_rs.ValidationError):
        return None
    return pattern


@lru_cache(maxsize=50_000)
def description(text: str) -> str:
    """For a parameter."""
    return shortened(text, MAX_DESCRIPTION)


def example(value: Any) -> Any:
    """One that is short enough to be of use, or UNUSABLE."""
    if value is None:
        return UNUSABLE
    size = len(value) if isinstance(value, str) else len(json.dumps(value, default=str))
    return value if size <= _MAX_EXAMPLE else UNUSABLE


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value.lower())
    except ValueError:
        return value
    return found if isinstance(found, int | float) else value


def _number(value: Any) -> Any:
    value = _parsed(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if is_number else UNUSABLE


def _exclusive(value: Any) -> Any:
    return UNUSABLE if isinstance(value, bool) else _number(value)


def _positive(value: Any) -> Any:
    number = _number(value)
    return number if number is not UNUSABLE and number > 0 else UNUSABLE


def _count(value: Any) -> Any:
    number = _number(value)
    if number is UNUSABLE or number < 0 or number != int(number) or number >= 2**63:
        return UNUSABLE
    return int(number)


def _flag(value: Any) -> Any:
    return (
        {"true": True, "false": False}.get(value, UNUSABLE)
        if isinstance(value, str)
        else (value if isinstance(value, bool) else UNUSABLE)
    )


def _text(value: Any) -> Any:
    return value if isinstance(value, str) and value else UNUSABLE


def _description(value: Any) -> Any:
    return description(value) or UNUSABLE if isinstance(value, str) else UNUSABLE


def _pattern(value: Any) -> Any:
    found = usable_pattern(value) if isinstance(value, str) else None
    return UNUSABLE if found is None else found


def _enum(value: Any) -> Any:
    return value if isinstance(value, list) and value else UNUSABLE


def _examples(value: Any) -> Any:
    kept = (
        [found for found in map(example, value) if found is not UNUSABLE] if isinstance(value, list) else []
    )
    return kept[:3] or UNUSABLE


def _names(value: Any) -> Any:
    if not isinstance(value, list):
        return UNUSABLE
    return list(dict.fromkeys(name for name in value if isinstance(name, str))) or UNUSABLE


def _names_by_name(value: Any) -> Any:
    if not isinstance(value, dict):
        return UNUSABLE
    return {
        name: found for name, found in ((n, _names(v)) for n, v in value.items()) if found is not UNUSABLE
    }


def _anything(value: Any) -> Any:
    return value


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "type": usable_type,
    "title": _description,
    "description": _description,
    "enum": _enum,
    "const": _anything,
    "default": _anything,
    "examples": _examples,
    "format": _text,
    "pattern": _pattern,
    "minimum": _number,
    "maximum": _number,
    "exclusiveMinimum": _exclusive,
    "exclusiveMaximum": _exclusive,
    "multipleOf": _positive,
    "minLength": _count,
    "maxLength": _count,
    "minItems": _count,
    "maxItems": _count,
    "minContains": _count,
    "maxContains": _count,
    "minProperties": _count,
    "maxProperties": _count,
    "uniqueItems": _flag,
    "deprecated": _flag,
    "writeOnly": _flag,
    "required": _names,
    "dependentRequired": _names_by_name,
    "contentEncoding": _text,
    "contentMediaType": _text,
}
