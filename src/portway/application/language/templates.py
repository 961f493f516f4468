"""Texts of a row in which `{name}` stands for a value."""

import re
from collections.abc import Mapping

_NAME = re.compile(r"\{([A-Za-z0-9_]+)\}")


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
