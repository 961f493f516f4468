"""Checking parameters against an action's JSON Schema."""

from typing import Protocol

from portway.domain.action import Action
from portway.domain.errors import Fault
from portway.domain.json_value import JsonObject


class ParameterSchema(Protocol):
    """JSON Schema 2020-12 (or the draft that `$schema` names) with formats, without a `$ref` to elsewhere."""

    def faults(self, action: Action, parameters: JsonObject) -> list[Fault]:
        """What is wrong with the parameters, one fault for each; their messages hold none of the values.

        Raises InvalidIntegrationConfig for a schema that is broken itself.
        """
        ...
