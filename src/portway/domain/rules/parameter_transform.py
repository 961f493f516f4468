"""Rule: turn parameters that are easy to write into the shape that the service wants.

`transform_config` of an action has these members, all optional:

- `parameters`: operations, applied in order: `{"op": "wrap_array", "parameter": "values"}`.
- `locations`: where a parameter goes in the request: `{"valueInputOption": "query"}` (`path`, `query`, `header`
  or `body`); the rest is placed by the HTTP method.
- `success`: what the body of a successful answer looks like, for services that answer errors with 200:
  `{"member": "ok", "equals": true, "message": "error"}`.
"""

from collections.abc import Callable

from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.json_value import JsonObject, JsonValue

Parameters = dict[str, JsonValue]
Operation = Callable[[Parameters, str, JsonObject], None]


def transform_parameters(parameters: JsonObject, transform_config: JsonObject) -> Parameters:
    """The parameters after all operations; the argument is left as it is.

    Raises InvalidIntegrationConfig where `transform_config` is not of the shape above.
    """
    result = dict(parameters)
    operations = transform_config.get("parameters", [])
    if not isinstance(operations, list):
        raise InvalidIntegrationConfig("transform_config.parameters must be a list of operations.")
    for index, operation in enumerate(operations):
        where = f"transform_config.parameters[{index}]"
        if not isinstance(operation, dict):
            raise InvalidIntegrationConfig(f"{where} must be an object.")
        name, parameter = operation.get("op"), operation.get("parameter")
        apply = OPERATIONS.get(name) if isinstance(name, str) else None
        if apply is None:
            raise InvalidIntegrationConfig(
                f"{where}.op must be one of {', '.join(OPERATIONS)}, not {name!r}."
            )
        if not isinstance(parameter, str):
            raise InvalidIntegrationConfig(f"{where}.parameter must name a parameter.")
        try:
            apply(result, parameter, operation)
        except KeyError as missing:
            raise InvalidIntegrationConfig(f"{where} lacks the member {missing.args[0]!r}.") from None
    return result


def wrap_array(value: JsonValue) -> JsonValue:
    """A row becomes a table: `[1, 2, 3]` -> `[[1, 2, 3]]`, `5` -> `[[5]]`; a table stays as it is."""
    if not isinstance(value, list):
        return [[value]]
    if value and all(isinstance(row, list) for row in value):
        return value
    return [value]


def _wrap_array(parameters: Parameters, name: str, _: JsonObject) -> None:
    if name in parameters:
        parameters[name] = wrap_array(parameters[name])


def _rename(parameters: Parameters, name: str, operation: JsonObject) -> None:
    target = operation["to"]
    if not isinstance(target, str):
        raise InvalidIntegrationConfig(f"The rename of {name!r} needs a text as `to`.")
    if name in parameters:
        parameters[target] = parameters.pop(name)


def _default(parameters: Parameters, name: str, operation: JsonObject) -> None:
    parameters.setdefault(name, operation["value"])


def _constant(parameters: Parameters, name: str, operation: JsonObject) -> None:
    parameters[name] = operation["value"]


OPERATIONS: dict[str, Operation] = {
    "wrap_array": _wrap_array,
    "rename": _rename,
    "default": _default,
    "constant": _constant,
}
