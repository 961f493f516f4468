"""Parameters checked by `jsonschema-rs`; a schema is compiled once for each version of its action."""

from collections.abc import Callable
from itertools import islice

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

from portway.application.per_version import PerVersion
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


class JsonSchemaParameters:
    """Implements `ParameterSchema`. Keeps the `max_compiled` schemas used last."""

    def __init__(self, max_compiled: int = 1024) -> None:
        self._kept = KeptSchemas(max_compiled)

    def faults(self, action: Action, parameters: JsonObject) -> list[Fault]:
        key = (action.id.int, action.version)
        try:
            schema = self._kept.get(key, lambda: CompiledSchema(action.request_schema, "request_schema"))
            return schema.faults(parameters, parameter_pointer, "parameter of this action")
        except InvalidIntegrationConfig as error:
            raise InvalidIntegrationConfig(f"Action {action.slug!r}: {error.detail}") from None


Pointer = Callable[..., str]
"""From the path of a place in a document to an RFC 6901 pointer in the caller's request."""


class CompiledSchema:
    """A schema of a row, the member `member`. Raises InvalidIntegrationConfig for one that is broken."""

    def __init__(self, schema: JsonObject, member: str) -> None:
        self._member = member
        self._validator = _validator(schema, member)
        self._cost = SchemaCost(schema)

    def faults(self, document: JsonObject, pointer: Pointer, kind: str) -> list[Fault]:
        """What is wrong with the document, whose members are each a `kind`.

        Raises InvalidIntegrationConfig for a schema that takes too long.
        """
        if self._cost.has_references and self._costs_more(document, MAX_COST):
            raise InvalidIntegrationConfig(
                f"{self._member} branches too much for {pointer()[1:]} of this size."
            )
        try:
            if self._validator.is_valid(document):
                return []
            if self._cost.has_unions and self._costs_more(document, MAX_EXPLAINED_COST):
                return [Fault(pointer(), "match none of the alternatives that the schema allows.")]
            errors = islice(self._validator.iter_errors(document), MAX_FAULTS)
            return [fault for error in errors for fault in _faults(error, pointer, kind)]
        except UnicodeEncodeError:
            return [Fault(pointer(), "holds text that is not valid Unicode.")]
        except ValueError:
            return [Fault(pointer(), "is nested too deeply.")]

    def _costs_more(self, document: JsonObject, limit: int) -> bool:
        try:
            return self._cost.of(document) > limit
        except RecursionError:
            return True


class KeptSchemas:
    """The schemas used last, by the id and version of their rows; for one that is broken, why."""

    def __init__(self, max_compiled: int) -> None:
        self._kept: PerVersion[CompiledSchema | str] = PerVersion(max_compiled)

    def get(self, key: tuple[int, int], compile_it: Callable[[], CompiledSchema]) -> CompiledSchema:
        """That of a row, compiled where it is not kept. Raises InvalidIntegrationConfig."""

        def compile_or_say_why() -> CompiledSchema | str:
            try:
                return compile_it()
            except InvalidIntegrationConfig as error:
                return error.detail

        found = self._kept.get(key, compile_or_say_why)
        if isinstance(found, str):
            raise InvalidIntegrationConfig(found)
        return found


def _validator(schema: JsonObject, member: str) -> jsonschema_rs.Validator:
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
        raise InvalidIntegrationConfig(f"{member}{place} is not a valid JSON Schema: {reason}.") from None
    except (ValueError, UnicodeEncodeError) as error:
        raise InvalidIntegrationConfig(f"{member} is not a valid JSON Schema: {error}.") from None


def _faults(error: ValidationError, pointer: Pointer, kind: str) -> list[Fault]:
    """Usually one. A missing or unexpected member is pointed at itself, not at the object around it."""
    what = error.kind
    if isinstance(what, ValidationErrorKind.Required):
        return [Fault(pointer(*error.instance_path, what.property), "is required.")]
    if isinstance(what, ValidationErrorKind.AdditionalProperties | ValidationErrorKind.UnevaluatedProperties):
        return [
            Fault(pointer(*error.instance_path, name), f"is not a {kind}.")
            for name in what.unexpected[:MAX_FAULTS]
        ]
    message = "is not allowed" if isinstance(what, ValidationErrorKind.FalseSchema) else error.message
    return [Fault(pointer(*error.instance_path), f"{message}.")]
