"""The headers that a row sets."""

import re
from collections.abc import Mapping

from portway.application.requests.header_fields import header_name, is_header_value
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.json_value import JsonObject

_VARIABLE = re.compile(r"\{([A-Za-z0-9_.-]+)\}")


class ConstantHeaders:
    """`transform_config.headers`, in which `{name}` takes a value of the connection's config, and `accept` unless they
    have another one.
    """

    __slots__ = ("_constant", "_templates")

    def __init__(self, headers: Mapping[str, str], *, accept: str) -> None:
        """Raises InvalidIntegrationConfig for a name or value that HTTP cannot carry, or no row may set."""
        self._constant: dict[str, str] = {"accept": accept}
        self._templates: dict[str, str] = {}
        for name, value in headers.items():
            if not is_header_value(value):
                raise InvalidIntegrationConfig(f"transform_config.headers.{name} has a control character.")
            kind = self._templates if _VARIABLE.search(value) else self._constant
            kind[header_name(name)] = value

    def fill(self, config: JsonObject) -> dict[str, str]:
        """The headers by name in lower case. Raises InvalidIntegrationConfig for a value that the connection lacks, or
        that no header can hold.
        """
        if not self._templates:
            return self._constant.copy()
        return self._constant | {name: _filled(name, text, config) for name, text in self._templates.items()}


def _filled(header: str, template: str, config: JsonObject) -> str:
    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        value = config.get(name)
        where = f"transform_config.headers.{header} needs the connection's `{name}`, which"
        if not isinstance(value, str) or not value:
            raise InvalidIntegrationConfig(f"{where} it does not have.")
        if not is_header_value(value):
            raise InvalidIntegrationConfig(f"{where} has a control character.")
        return value

    return _VARIABLE.sub(value_of, template)
