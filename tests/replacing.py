"""Values like others."""

import dataclasses
from typing import Any, TypeVar, cast

import msgspec

Value = TypeVar("Value")


def replace(value: Value, **changes: Any) -> Value:
    """Another like it but for the changes; of a dataclass, or of a record."""
    if isinstance(value, msgspec.Struct):
        return cast("Value", msgspec.structs.replace(value, **changes))
    return cast("Value", dataclasses.replace(cast("Any", value), **changes))
