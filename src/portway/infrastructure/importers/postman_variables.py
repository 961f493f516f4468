"""Variables of a Postman collection, `{{name}}` in any text."""

import re
from collections.abc import Iterator

from portway.infrastructure.importers.openapi_document import Json, items, text
from portway.infrastructure.importers.secrets_of_examples import is_safe_example

VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")
"""Blanks around the name are stripped afterwards: matching them takes quadratic time."""

_UNFIT_FOR_A_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_MAX_DEPTH = 20


class Variables:
    """Those of the collection, with their values. Of what may be a secret only the name is kept, in `withheld`."""

    def __init__(self, collection: Json) -> None:
        self._values: dict[str, str] = {}
        self.withheld: list[str] = []
        for variable in items(collection, "variable"):
            name = text(variable, "key") or text(variable, "id")
            value = variable.get("value") if isinstance(variable, dict) else None
            if not name or not isinstance(value, str | int | float | bool) or value == "":
                continue
            written = str(value).lower() if isinstance(value, bool) else str(value)
            if text(variable, "type") == "secret" or not is_safe_example(name, written):
                self.withheld.append(name)
            else:
                self._values[name] = written

    def value(self, name: str) -> str | None:
        """Its value, in which no variable is left; None where it has none, or one that is not taken over."""
        found = self.filled(f"{{{{{name}}}}}")
        return found if found and not VARIABLE.search(found) else None

    def filled(self, template: str) -> str:
        """The text with the values of those that have one."""
        for _ in range(_MAX_DEPTH):
            filled = VARIABLE.sub(lambda match: self._values.get(match[1].strip(), match[0]), template)
            if filled == template or len(filled) > 20_000:
                break
            template = filled
        return template


def names_in(template: str) -> Iterator[str]:
    """The variables that a text has."""
    return (match[1].strip() for match in VARIABLE.finditer(template))


def has_variables(template: str) -> bool:
    """Whether it has any."""
    return VARIABLE.search(template) is not None


def plain_name(variable: str) -> str:
    """What a variable is called where braces and blanks have a meaning."""
    return _UNFIT_FOR_A_NAME.sub("_", variable.strip().removeprefix("$")).strip("_.-") or "value"


def description_of(node: object) -> str:
    """A text, or an object with the text in it."""
    found = node.get("description") if isinstance(node, dict) else None
    if isinstance(found, dict):
        found = found.get("content")
    return found if isinstance(found, str) else ""
