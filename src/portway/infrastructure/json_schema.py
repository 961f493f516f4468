"""Parameters checked by `jsonschema-rs`; a schema is compiled once for each version of its action."""

from collections import OrderedDict
from itertools import islice
from uuid import UUID

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

from portway.application.parameter_pointer import parameter_pointer
from portway.domain.action import Action
from portway.domain.errors import Fault, InvalidIntegrationConfig
from portway.domain.json_value import JsonObject

MAX_FAULTS = 100
# The engine without backtracking: time linear in the text, whatever pattern a row holds.
_PATTERNS = jsonschema_rs.RegexOptions()


class JsonSchemaParameters:
    """Implements `ParameterSchema`. Keeps the `max_compiled` schemas used last."""

    def __init__(self, max_compiled: int = 1024) -> None:
        self._max_compiled = max_compiled
        self._compiled: OrderedDict[tuple[UUID, int], jsonschema_rs.Validator | str] = OrderedDict()

    def faults(self, action: Action, parameters: JsonObject) -> list[Fault]:
        validator = self._validator(action)
        if isinstance(validator, str):
            raise InvalidIntegrationConfig(f"Action {action.slug!r}: {validator}")
        try:
            if validator.is_valid(parameters):
                return []
            errors = islice(validator.iter_errors(parameters), MAX_FAULTS)
            return [fault for error in errors for fault in _faults(error)]
        except UnicodeEncodeError:
            return [Fault(parameter_pointer(), "holds text that is not valid Unicode.")]
        except ValueError:
            return [Fault(parameter_pointer(), "is nested too deeply.")]

    def _validator(self, action: Action) -> jsonschema_rs.Validator | str:
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


def _compile(schema: JsonObject) -> jsonschema_rs.Validator | str:
    try:
        return jsonschema_rs.validator_for(
            dict(schema),
            validate_formats=True,
            pattern_options=_PATTERNS,
            # No value in a message: it may be a password. The library says `value` in its place.
            mask="value",
            # A `$ref` to elsewhere is a broken schema, not a request from inside the network.
            offline=True,
        )
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
