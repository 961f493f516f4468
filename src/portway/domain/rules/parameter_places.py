"""Places within parameters: names, and JSON Pointers in which `*` stands for every item or member.

All changes are made on copies along the way; what is not touched stays the same object.
"""

import re
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.json_value import JsonValue


class _Sign(Enum):
    EVERY = "*"


EVERY: Final = _Sign.EVERY
"""The part of a path that stands for every item or member."""

Names = tuple[str, ...]
Path = tuple[str | Literal[_Sign.EVERY], ...]
At = tuple[str | int, ...]

_MAX_PARTS = 50  # what is changed at a place is changed recursively
_BROKEN_ESCAPE = re.compile(r"~(?![01])")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


class Absent:
    """What is at a place where there is nothing; a change to it removes the place."""


ABSENT: Final = Absent()
Found: TypeAlias = "JsonValue | Absent"


class UnusableError(Exception):
    """A value that cannot be changed as asked; `reason` says why. `path` is where it stands."""

    def __init__(self, reason: str, path: At = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


@lru_cache(maxsize=4096)
def parse_place(place: str) -> Path:
    """The parts of the way; a text without a slash in front is one name.

    Raises InvalidIntegrationConfig for what is no JSON Pointer (RFC 6901), or too long a way.
    """
    if not place.startswith("/"):
        return (place,)
    if _BROKEN_ESCAPE.search(place):
        raise InvalidIntegrationConfig(
            f"{place!r} is not a JSON Pointer: `~` is written `~0`, and `/` is `~1`."
        )
    parts = place[1:].split("/")
    if len(parts) > _MAX_PARTS:
        raise InvalidIntegrationConfig(f"{place!r} has more than {_MAX_PARTS} parts.")
    return tuple(EVERY if part == "*" else part.replace("~1", "/").replace("~0", "~") for part in parts)


@lru_cache(maxsize=4096)
def parse_single_place(place: str) -> Names:
    """The same for an operation that takes or makes one value. Raises InvalidIntegrationConfig for `*` too."""
    path = parse_place(place)
    names = tuple(part for part in path if part is not EVERY)
    if len(names) < len(path):
        raise InvalidIntegrationConfig(f"{place!r}: `*` is for operations that change values where they are.")
    return names


def is_index(part: object) -> bool:
    """Whether a part of a path may stand for an item of a list."""
    return part is EVERY or _INDEX.fullmatch(str(part)) is not None


def find(value: JsonValue, path: At) -> Found:
    """What is at the place."""
    for part in path:
        if type(value) is dict and part in value:
            value = value[part]
        elif type(value) is list and (index := _index(value, part)) is not None:
            value = value[index]
        else:
            return ABSENT
    return value


def change(
    value: JsonValue,
    path: Path,
    convert: Callable[[JsonValue], Found],
    *,
    at: At = (),
) -> Found:
    """The value with what is at the place converted; the same object where nothing is there.

    Raises UnusableError, with the path.
    """
    if not path:
        try:
            return convert(value)
        except UnusableError as error:
            raise UnusableError(error.reason, (*at, *error.path)) from None
    part, rest = path[0], path[1:]
    # A file is a dict of its own kind, and never taken apart.
    if type(value) is dict:
        names = list(value) if part is EVERY else [part] if part in value else []
        changed = {name: change(value[name], rest, convert, at=(*at, name)) for name in names}
        return _with_members(value, changed)
    if type(value) is list:
        one = None if part is EVERY else _index(value, part)
        indexes = range(len(value)) if part is EVERY else () if one is None else (one,)
        items = {index: change(value[index], rest, convert, at=(*at, index)) for index in indexes}
        return _with_items(value, items)
    return value


def put(value: JsonValue, path: Names, new: JsonValue, *, at: At = ()) -> JsonValue:
    """The value with `new` at the place, for which objects are made; the way may lead through an item that is there.

    Raises UnusableError where something else is in the way.
    """
    if not path:
        return new
    if type(value) is list and (index := _index(value, path[0])) is not None:
        item = put(value[index], path[1:], new, at=(*at, index))
        return [*value[:index], item, *value[index + 1 :]]
    if type(value) is not dict:
        raise UnusableError("must be an object, because the action puts something into it", at)
    part, rest = path[0], path[1:]
    return {**value, part: put(value.get(part, {}) if rest else None, rest, new, at=(*at, part))}


def _index(value: list[JsonValue], part: str | int) -> int | None:
    text = str(part)
    return int(text) if _INDEX.fullmatch(text) and int(text) < len(value) else None


def _with_members(value: dict[str, JsonValue], changed: dict[str, Found]) -> JsonValue:
    if all(value[name] is new for name, new in changed.items()):
        return value
    merged = {**value, **changed}
    return {name: member for name, member in merged.items() if not isinstance(member, Absent)}


def _with_items(value: list[JsonValue], changed: dict[int, Found]) -> JsonValue:
    if all(value[index] is new for index, new in changed.items()):
        return value
    items = (changed.get(index, item) for index, item in enumerate(value))
    return [item for item in items if not isinstance(item, Absent)]
