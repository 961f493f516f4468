"""Checking parameters against an action's JSON Schema, and a connection's config against its integration's."""

from typing import Protocol

from portway.domain.action import Action
from portway.domain.errors import Fault
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject


class ParameterSchema(Protocol):
    """JSON Schema 2020-12 (or the draft that `$schema` names) with formats, without a `$ref` to elsewhere."""

    def faults(self, action: Action, parameters: JsonObject) -> list[Fault]:
        """What is wrong with the parameters, one fault for each; their messages hold none of the values.

        Raises InvalidIntegrationConfig for a schema that is broken itself.
        """
        ...


class ConfigSchema(Protocol):
    """The same for `auth_config.config_schema`. A `pattern` of a member is of its whole value, not of a part of it."""

    def faults(self, integration: Integration, config: JsonObject) -> list[Fault]:
        """What is wrong with a connection's config; nothing where the integration has no schema.

        Raises InvalidIntegrationConfig for a schema that is broken itself.
        """
        ...
