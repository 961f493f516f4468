"""Texts of a row in which `{name}` stands for a value."""

import re
from collections.abc import Mapping
from typing import Any

from portway.domain.json_value import JsonValue

_NAME = re.compile(r"\{([A-Za-z0-9_]+)\}")
_LEFT_OUT = object()


class MissingValueError(Exception):
    """There is no value for `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def fill(template: str, values: Mapping[str, str]) -> str:
    """The text with the values in it; other braces are as they are. Raises MissingValueError, also for an empty value:
    a field that nobody filled in is as good as none.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if not values.get(name):
            raise MissingValueError(name)
        return values[name]

    return _NAME.sub(value, template)


def names_in(template: str) -> frozenset[str]:
    """Which values the text needs."""
    return frozenset(_NAME.findall(template))


def fill_all(document: JsonValue, values: Mapping[str, str]) -> JsonValue:
    """A copy with every text in it filled, at any depth. What needs a value that is not there is left out."""
    filled = _filled(document, values)
    return None if filled is _LEFT_OUT else filled


def _filled(part: Any, values: Mapping[str, str]) -> Any:
    if isinstance(part, Mapping):
        return _without_gaps({name: _filled(item, values) for name, item in part.items()})
    if isinstance(part, list):
        return [item for item in (_filled(item, values) for item in part) if item is not _LEFT_OUT]
    if not isinstance(part, str):
        return part
    try:
        return fill(part, values)
    except MissingValueError:
        return _LEFT_OUT


def _without_gaps(members: dict[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in members.items() if item is not _LEFT_OUT}
