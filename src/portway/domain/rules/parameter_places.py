"""Places within parameters: names, and JSON Pointers in which `*` stands for every item or member.

All changes are made on copies along the way; what is not touched stays the same object.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.json_value import JsonValue

Path = tuple[str, ...]
EVERY: Final = "*"

_BROKEN_ESCAPE = re.compile(r"~(?![01])")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


class Absent:
    """What is at a place where there is nothing; a change to it removes the place."""


ABSENT: Final = Absent()
Found: TypeAlias = "JsonValue | Absent"


class UnusableError(Exception):
    """A value that cannot be changed as asked; `args[0]` says why. `path` is where it stands."""

    def __init__(self, reason: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


@lru_cache(maxsize=4096)
def parse_place(place: str) -> Path:
    """The names on the way. Raises InvalidIntegrationConfig for what is no JSON Pointer (RFC 6901)."""
    if not place.startswith("/"):
        return (place,)
    if _BROKEN_ESCAPE.search(place):
        raise InvalidIntegrationConfig(
            f"{place!r} is not a JSON Pointer: `~` is written `~0`, and `/` is `~1`."
        )
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in place[1:].split("/"))


def find(value: JsonValue, path: Path) -> Found:
    """What is at the place."""
    for part in path:
        if type(value) is dict and part in value:
            value = value[part]
        elif type(value) is list and _INDEX.fullmatch(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return ABSENT
    return value


def change(
    value: JsonValue,
    path: Path,
    convert: Callable[[JsonValue], Found],
    *,
    at: tuple[str | int, ...] = (),
) -> Found:
    """The value with what is at the place converted; the same object where nothing is there.

    Raises UnusableError, with the path.
    """
    if not path:
        try:
            return convert(value)
        except UnusableError as error:
            raise UnusableError(error.reason, at) from None
    part, rest = path[0], path[1:]
    # A file is a dict of its own kind, and never taken apart.
    if type(value) is dict:
        names = list(value) if part == EVERY else [part] if part in value else []
        changed = {name: change(value[name], rest, convert, at=(*at, name)) for name in names}
        return _with_members(value, changed)
    if type(value) is list:
        if part == EVERY:
            indexes = list(range(len(value)))
        else:
            indexes = [int(part)] if _INDEX.fullmatch(part) and int(part) < len(value) else []
        items = {index: change(value[index], rest, convert, at=(*at, index)) for index in indexes}
        return _with_items(value, items)
    return value


def put(value: JsonValue, path: Path, new: JsonValue, *, at: tuple[str | int, ...] = ()) -> JsonValue:
    """The value with `new` at the place, for which objects are made; the way may lead through an item that is there.

    Raises UnusableError where something else is in the way.
    """
    if not path:
        return new
    if type(value) is list and _INDEX.fullmatch(path[0]) and int(path[0]) < len(value):
        index = int(path[0])
        item = put(value[index], path[1:], new, at=(*at, index))
        return [*value[:index], item, *value[index + 1 :]]
    if type(value) is not dict:
        raise UnusableError("must be an object, because the action puts something into it", at)
    part, rest = path[0], path[1:]
    return {**value, part: put(value.get(part, {}) if rest else None, rest, new, at=(*at, part))}


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
