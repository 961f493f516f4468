"""The headers that a row sets."""

import re
from collections.abc import Mapping

from portway.application.requests.header_fields import header_name, is_header_value
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.json_value import JsonObject

_VARIABLE = re.compile(r"\{([A-Za-z0-9_.-]+)\}")


def constant_headers(headers: Mapping[str, str], config: JsonObject) -> dict[str, str]:
    """The headers by name in lower case, with the connection's own values in place of `{name}`.

    Raises InvalidIntegrationConfig for a name or value that HTTP cannot carry, and for a value that the connection
    lacks.
    """
    fields: dict[str, str] = {}
    for name, template in headers.items():
        value = _VARIABLE.sub(lambda match: _config_value(match.group(1), config), template)
        if not is_header_value(value):
            raise InvalidIntegrationConfig(
                f"The header {name!r} has a line break or another control character."
            )
        fields[header_name(name)] = value
    return fields


def _config_value(name: str, config: JsonObject) -> str:
    value = config.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidIntegrationConfig(f"A header needs the connection's `{name}`, which it does not have.")
    return value
