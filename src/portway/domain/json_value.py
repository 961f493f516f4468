"""The type of any JSON value, as the standard library's parser makes it."""

from collections.abc import Mapping
from typing import TypeAlias

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"
JsonObject: TypeAlias = Mapping[str, JsonValue]
