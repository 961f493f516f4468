"""What can be concluded from the values of an example request: types, and nothing else."""

from typing import Any

from portway.infrastructure.importers.openapi_document import Json
from portway.infrastructure.importers.openapi_keywords import description as shortened
from portway.infrastructure.importers.postman_variables import has_variables
from portway.infrastructure.importers.secrets_of_examples import is_safe_example, names_a_secret

_MAX_DEPTH = 20
_MAX_EXAMPLE = 200
_SCALARS = ["string", "number", "boolean"]


def schema_of(name: str, value: Any, depth: int = 0) -> Json:
    """Of a JSON value. Anything may be left out, and anything may be there besides."""
    if isinstance(value, str):
        return _secret(name) if names_a_secret(name) else _text(name, value)
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int | float):
        return {"type": "number"}
    if isinstance(value, list):
        items = [schema_of(name, item, depth + 1) for item in value[:20]] if depth < _MAX_DEPTH else []
        is_alike = bool(items) and all(item == items[0] for item in items)
        return {"type": "array"} | ({"items": items[0]} if is_alike else {})
    if isinstance(value, dict) and depth < _MAX_DEPTH:
        members = {key: schema_of(key, member, depth + 1) for key, member in value.items()}
        return {"type": "object"} | ({"properties": members} if members else {})
    return {}


def scalar_schema(name: str, value: str, description: str = "", *, is_repeated: bool = False) -> Json:
    """Of a value that is written as a text, whatever it is."""
    schema: Json = {"type": [*_SCALARS, "array"] if is_repeated else list(_SCALARS)}
    if found := shortened(description):
        schema["description"] = found
    if names_a_secret(name):
        schema["writeOnly"] = True
    elif _is_example(name, value):
        schema["examples"] = [value]
    return schema


def _text(name: str, value: str) -> Json:
    """One that is nothing but a variable may be of any type."""
    if has_variables(value):
        return {}
    return {"type": "string"} | ({"examples": [value]} if _is_example(name, value) else {})


def _secret(name: str) -> Json:
    """A parameter that is kept out of the log."""
    return {"type": "string", "writeOnly": True}


def _is_example(name: str, value: str) -> bool:
    return 0 < len(value) <= _MAX_EXAMPLE and not has_variables(value) and is_safe_example(name, value)
