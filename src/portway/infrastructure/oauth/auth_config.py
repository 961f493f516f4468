"""Reading `auth_config` of an integration's row, of which nothing is taken for granted: users write it."""

from collections.abc import Mapping

from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import Integration


def read_url(integration: Integration, *names: str) -> str | None:
    """The first of these members that is set. Raises InvalidIntegrationConfig where it is not a string."""
    for name in names:
        value = integration.auth_config.get(name)
        if value is not None and value != "":
            if not isinstance(value, str):
                raise _broken(integration, name, "must be a URL")
            return value
    return None


def require_url(integration: Integration, *names: str) -> str:
    """Like `read_url`; raises InvalidIntegrationConfig where none is set."""
    url = read_url(integration, *names)
    if url is None:
        raise _broken(integration, names[-1], "is missing")
    return url


def read_choice(integration: Integration, name: str, choices: tuple[str, ...]) -> str:
    """One of `choices`, the first by default. Raises InvalidIntegrationConfig."""
    value = integration.auth_config.get(name)
    if value is None:
        return choices[0]
    if not isinstance(value, str) or value not in choices:
        raise _broken(integration, name, f"must be one of {', '.join(choices)}")
    return value


def read_strings(integration: Integration, name: str) -> Mapping[str, str]:
    """An object of strings and numbers, as strings; empty by default. Raises InvalidIntegrationConfig."""
    value = integration.auth_config.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping) or any(isinstance(item, dict | list) for item in value.values()):
        raise _broken(integration, name, "must be an object of strings")
    return {key: _text(item) for key, item in value.items() if item is not None}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _broken(integration: Integration, name: str, what: str) -> InvalidIntegrationConfig:
    return InvalidIntegrationConfig(f"auth_config.{name} of the integration {integration.slug} {what}.")
