"""Rule: turn parameters that are easy to write into the shape that the service wants."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import UnsetType

from portway.domain.errors import Fault, InvalidIntegrationConfig, InvalidParameters
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.operation import (
    Base64Encode,
    Base64UrlEncode,
    Constant,
    Default,
    FormatDate,
    InPlaceOperation,
    Join,
    JsonEncode,
    Move,
    Nest,
    OmitEmpty,
    Operation,
    Remove,
    Rename,
    Split,
    Template,
    ToString,
    WrapArray,
)
from portway.domain.parameter_pointer import parameter_pointer
from portway.domain.rules import parameter_values as values
from portway.domain.rules.parameter_origin import origin
from portway.domain.rules.parameter_places import (
    ABSENT,
    EVERY,
    Absent,
    At,
    Found,
    Path,
    UnusableError,
    change,
    find,
    parse_place,
    parse_single_place,
    put,
)
from portway.domain.rules.text_template import parse_template

_Convert = Callable[[JsonValue], Found]


def transform_parameters(parameters: JsonObject, operations: Sequence[Operation]) -> dict[str, JsonValue]:
    """The parameters after all operations, in order. The argument is left as it is, and what no operation touches is
    the same object in the result.

    Raises InvalidParameters for a value that an operation cannot take, and InvalidIntegrationConfig for operations
    that make no sense, or that cannot take what the row itself has set.
    """
    result: JsonValue = dict(parameters)
    for index, operation in enumerate(operations):
        try:
            result = _apply(operation, result)
        except UnusableError as error:
            written = _written(parameters, operations[:index], error.path)
            if written is None:
                raise _broken(index, f"The value that the row sets {error.reason}.") from None
            raise InvalidParameters([Fault(parameter_pointer(*written), f"{error.reason}.")]) from None
        except InvalidIntegrationConfig as error:
            raise _broken(index, error.detail) from None
    assert isinstance(result, dict)  # noqa: S101  no operation makes anything else of it
    return result


def check_operations(operations: Sequence[Operation]) -> None:
    """Raises InvalidIntegrationConfig, which names the operation, for one that makes no sense with any parameters."""
    for index, operation in enumerate(operations):
        try:
            _check(operation)
        except InvalidIntegrationConfig as error:
            raise _broken(index, error.detail) from None


def _written(parameters: JsonObject, operations: Sequence[Operation], path: At) -> At | None:
    """Where the caller wrote what is at `path` after the operations; None where that is nowhere."""
    first = origin(operations, path)
    if first is None:
        return None
    # An operation whose parameter was absent left alone what was at its target.
    places = (place for place in (first, path) if not isinstance(find(dict(parameters), place), Absent))
    return next(places, None)


def _broken(index: int, detail: str) -> InvalidIntegrationConfig:
    return InvalidIntegrationConfig(f"transform_config.parameters[{index}]: {detail}")


def _check(operation: Operation) -> None:
    match operation:
        case Rename():
            _split_rename(operation)
        case Move(parameter=source, to=target):
            parse_single_place(source)
            parse_single_place(target)
        case Nest(to=target):
            parse_single_place(target)
        case Constant(parameter=target) | Default(parameter=target):
            parse_single_place(target)
        case Template(parameter=target, template=template):
            parse_single_place(target)
            parse_template(template)
        case OmitEmpty(parameters=places):
            for place in () if isinstance(places, UnsetType) else places:
                parse_place(place)
        case _:
            parse_place(operation.parameter)


def _apply(operation: Operation, root: JsonValue) -> JsonValue:
    if isinstance(operation, InPlaceOperation):
        return _changed(root, parse_place(operation.parameter), _conversion(operation))
    return _APPLIED[type(operation)](operation, root)


def _conversion(operation: InPlaceOperation) -> _Convert:
    """How an operation changes a value where it is. Null has nothing to change."""
    match operation:
        case Join(separator=separator):
            return _unless_null(lambda value: values.join(value, separator))
        case Split(separator=separator):
            return _unless_null(lambda value: values.split(value, separator))
        case FormatDate(format=name):
            return _unless_null(lambda value: values.format_date(value, name))
        case _:
            return _unless_null(_PLAIN[type(operation)])


_PLAIN: dict[type, Callable[[JsonValue], JsonValue]] = {
    WrapArray: values.wrap_array,
    ToString: values.to_string,
    JsonEncode: values.json_encode,
    Base64Encode: values.base64_encode,
    Base64UrlEncode: values.base64url_encode,
}


def _unless_null(convert: Callable[[JsonValue], JsonValue]) -> _Convert:
    return lambda value: None if value is None else convert(value)


def _changed(root: JsonValue, path: Path, convert: _Convert) -> JsonValue:
    changed = change(root, path, convert)
    return {} if isinstance(changed, Absent) else changed


def _split_rename(operation: Rename) -> tuple[Path, str]:
    """The place of the objects in which a member is renamed, and the member's old name."""
    *parents, last = parse_place(operation.parameter)
    if last is EVERY:
        raise InvalidIntegrationConfig(f"{operation.parameter!r}: several members cannot get one name.")
    return tuple(parents), last


def _rename(operation: Rename, root: JsonValue) -> JsonValue:
    parents, old = _split_rename(operation)
    new = operation.to

    def renamed(parent: JsonValue) -> JsonValue:
        if type(parent) is not dict or old not in parent or old == new:
            return parent
        return {new if name == old else name: value for name, value in parent.items() if name != new}

    return _changed(root, parents, renamed)


def _move(operation: Move, root: JsonValue) -> JsonValue:
    source, target = parse_single_place(operation.parameter), parse_single_place(operation.to)
    found = find(root, source)
    if isinstance(found, Absent) or source == target:
        return root
    return put(_changed(root, source, lambda _: ABSENT), target, found)


def _nest(operation: Nest, root: JsonValue) -> JsonValue:
    assert isinstance(root, dict)  # noqa: S101
    path = parse_single_place(operation.to)
    if isinstance(operation.parameters, tuple):
        names = [name for name in operation.parameters if name in root]
    else:
        names = [name for name in root if name not in operation.keep and name != path[0]]
    members = {name: root[name] for name in names}
    rest: JsonValue = {name: value for name, value in root.items() if name not in members}
    if not members:
        return root
    found = find(rest, path)
    if isinstance(found, Absent):
        return put(rest, path, members)
    if type(found) is not dict:
        raise UnusableError("must be an object, because the action puts others into it", path)
    return put(rest, path, {**found, **members})


def _omit_empty(operation: OmitEmpty, root: JsonValue) -> JsonValue:
    if isinstance(operation.parameters, UnsetType):
        assert isinstance(root, dict)  # noqa: S101
        return {name: value for name, value in root.items() if not values.is_empty(value)}
    for place in operation.parameters:
        root = _changed(root, parse_place(place), lambda value: ABSENT if values.is_empty(value) else value)
    return root


def _template(operation: Template, root: JsonValue) -> JsonValue:
    target, pieces = parse_single_place(operation.parameter), parse_template(operation.template)
    parts: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(piece)
            continue
        found = find(root, (piece.name,))
        if isinstance(found, Absent) or found is None:
            return root
        try:
            parts.append(values.to_string(found))
        except UnusableError as error:
            raise UnusableError(error.reason, (piece.name,)) from None
    return put(root, target, "".join(parts))


def _remove(operation: Remove, root: JsonValue) -> JsonValue:
    return _changed(root, parse_place(operation.parameter), lambda _: ABSENT)


def _constant(operation: Constant, root: JsonValue) -> JsonValue:
    return put(root, parse_single_place(operation.parameter), operation.value)


def _default(operation: Default, root: JsonValue) -> JsonValue:
    path = parse_single_place(operation.parameter)
    return put(root, path, operation.value) if isinstance(find(root, path), Absent) else root


_APPLIED: dict[type, Callable[[Any, JsonValue], JsonValue]] = {
    Rename: _rename,
    Move: _move,
    Nest: _nest,
    Remove: _remove,
    Constant: _constant,
    Default: _default,
    OmitEmpty: _omit_empty,
    Template: _template,
}
