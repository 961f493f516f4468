"""Parameters checked by `jsonschema-rs`; a schema is compiled once for each version of its action."""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

from portway.domain.action import Action
from portway.domain.errors import Fault, InvalidIntegrationConfig
from portway.domain.json_value import JsonObject
from portway.domain.parameter_pointer import parameter_pointer
from portway.infrastructure.schema_cost import SchemaCost

MAX_FAULTS = 100
MAX_COST = 20_000_000
"""Schemas to apply to one execution's parameters: about a second."""
MAX_EXPLAINED_COST = 10_000
"""The same, to say what is wrong where a schema has alternatives; that takes a thousand times as long."""

# The engine without backtracking: time linear in the text, whatever pattern a row holds.
_PATTERNS = jsonschema_rs.RegexOptions()


@dataclass(frozen=True, slots=True)
class _Compiled:
    validator: jsonschema_rs.Validator
    cost: SchemaCost


class JsonSchemaParameters:
    """Implements `ParameterSchema`. Keeps the `max_compiled` schemas used last."""

    def __init__(self, max_compiled: int = 1024) -> None:
        self._max_compiled = max_compiled
        self._compiled: OrderedDict[tuple[UUID, int], _Compiled | str] = OrderedDict()

    def faults(self, action: Action, parameters: JsonObject) -> list[Fault]:
        compiled = self._validator(action)
        if isinstance(compiled, str):
            raise InvalidIntegrationConfig(f"Action {action.slug!r}: {compiled}")
        if compiled.cost.has_references and _costs_more(compiled, parameters, MAX_COST):
            raise InvalidIntegrationConfig(
                f"Action {action.slug!r}: request_schema branches too much for parameters of this size."
            )
        try:
            if compiled.validator.is_valid(parameters):
                return []
            if compiled.cost.has_unions and _costs_more(compiled, parameters, MAX_EXPLAINED_COST):
                return [Fault(parameter_pointer(), "match none of the alternatives that the schema allows.")]
            errors = islice(compiled.validator.iter_errors(parameters), MAX_FAULTS)
            return [fault for error in errors for fault in _faults(error)]
        except UnicodeEncodeError:
            return [Fault(parameter_pointer(), "holds text that is not valid Unicode.")]
        except ValueError:
            return [Fault(parameter_pointer(), "is nested too deeply.")]

    def _validator(self, action: Action) -> _Compiled | str:
        """The compiled schema, or why it is broken: that is remembered too."""
        key = (action.id, action.version)
        found = self._compiled.get(key)
        if found is not None:
            self._compiled.move_to_end(key)
            return found
        compiled = self._compiled[key] = _compile(action.request_schema)
        if len(self._compiled) > self._max_compiled:
            self._compiled.popitem(last=False)
        return compiled


def _costs_more(compiled: _Compiled, parameters: JsonObject, limit: int) -> bool:
    try:
        return compiled.cost.of(parameters) > limit
    except RecursionError:
        return True


def _compile(schema: JsonObject) -> _Compiled | str:
    try:
        validator = jsonschema_rs.validator_for(
            dict(schema),
            validate_formats=True,
            pattern_options=_PATTERNS,
            # No value in a message: it may be a password. The library says `value` in its place.
            mask="value",
            # A `$ref` to elsewhere is a broken schema, not a request from inside the network.
            offline=True,
        )
        return _Compiled(validator, SchemaCost(schema))
    except ValidationError as error:
        place = "".join(f"/{part}" for part in error.instance_path)
        reason = error.message
        if place.endswith("/pattern"):
            reason = "value is not a regular expression, or one with look-around or back-references"
        return f"request_schema{place} is not a valid JSON Schema: {reason}."
    except (ValueError, UnicodeEncodeError) as error:
        return f"request_schema is not a valid JSON Schema: {error}."


def _faults(error: ValidationError) -> list[Fault]:
    """Usually one. A missing or unexpected member is pointed at itself, not at the object around it."""
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.Required):
        return [Fault(parameter_pointer(*error.instance_path, kind.property), "is required.")]
    if isinstance(kind, ValidationErrorKind.AdditionalProperties | ValidationErrorKind.UnevaluatedProperties):
        return [
            Fault(parameter_pointer(*error.instance_path, name), "is not a parameter of this action.")
            for name in kind.unexpected[:MAX_FAULTS]
        ]
    message = "is not allowed" if isinstance(kind, ValidationErrorKind.FalseSchema) else error.message
    return [Fault(parameter_pointer(*error.instance_path), f"{message}.")]
