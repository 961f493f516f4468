"""A connection's config: what its owner gives, defaults, and what is captured from the service's answers."""

from collections.abc import Mapping

from portway.application.language.auth_config import AuthConfig
from portway.application.language.documents import auth_config
from portway.application.ports.schema import ConfigSchema
from portway.domain.errors import Fault, InvalidIntegrationConfig, MalformedRequest
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject
from portway.domain.parameter_pointer import config_pointer


class ConnectionConfig:
    """Holds configs against `auth_config.config_schema`."""

    def __init__(self, schema: ConfigSchema) -> None:
        self._schema = schema

    def given(self, integration: Integration, config: JsonObject) -> JsonObject:
        """What the owner gives, with the schema's defaults. What is captured later need not be there yet.

        Raises MalformedRequest with a fault at `/config/NAME` for each value that is missing, unknown or not as the
        schema wants it, and InvalidIntegrationConfig for a broken schema.
        """
        auth = auth_config(integration)
        config = {**_defaults(auth), **config}
        faults = [*_unknown(auth, config), *self._faults(integration, config)]
        if faults:
            raise MalformedRequest("The config is not what this integration needs.", faults)
        return config

    def captured(self, integration: Integration, config: JsonObject, *, complete: bool = False) -> None:
        """Raises InvalidIntegrationConfig for captured values that are not as the schema wants them; with `complete`,
        also for those that are missing.
        """
        faults = self._schema.faults(integration, config) if complete else self._faults(integration, config)
        if faults:
            said = " ".join(f"{fault.pointer} {fault.message}" for fault in faults)
            raise InvalidIntegrationConfig(
                f"What {integration.name} answered is not what auth_config.config_schema of"
                f" {integration.slug!r} wants: {said}"
            )

    def _faults(self, integration: Integration, config: JsonObject) -> list[Fault]:
        later = {config_pointer(name) for name in auth_config(integration).capture if name not in config}
        return [fault for fault in self._schema.faults(integration, config) if fault.pointer not in later]


def _defaults(auth: AuthConfig) -> JsonObject:
    return {
        name: member["default"]
        for name, member in _properties(auth).items()
        if isinstance(member, dict) and "default" in member
    }


def _unknown(auth: AuthConfig, config: JsonObject) -> list[Fault]:
    """Values that nothing would ever use: a slip of the pen. A schema that speaks of other names decides itself."""
    schema, properties = auth.config_schema or {}, _properties(auth)
    if not properties or schema.keys() & {
        "additionalProperties",
        "patternProperties",
        "unevaluatedProperties",
    }:
        return []
    known = properties.keys() | auth.capture.keys()
    listed = ", ".join(sorted(properties))
    return [
        Fault(config_pointer(name), f"is unknown; this integration has {listed}.")
        for name in config
        if name not in known
    ]


def _properties(auth: AuthConfig) -> Mapping[str, object]:
    found = (auth.config_schema or {}).get("properties")
    return found if isinstance(found, dict) else {}
