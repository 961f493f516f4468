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
from portway.domain.rules.parameter_places import (
    ABSENT,
    EVERY,
    Absent,
    Found,
    Path,
    UnusableError,
    change,
    find,
    parse_place,
    put,
)
from portway.domain.rules.text_template import Piece, parse_template

_Convert = Callable[[JsonValue], Found]


def transform_parameters(parameters: JsonObject, operations: Sequence[Operation]) -> dict[str, JsonValue]:
    """The parameters after all operations; the argument is left as it is.

    Raises InvalidParameters for a value that an operation cannot take, and InvalidIntegrationConfig for operations
    that make no sense.
    """
    result: JsonValue = dict(parameters)
    for index, operation in enumerate(operations):
        try:
            result = _apply(operation, result)
        except UnusableError as error:
            name, *rest = error.path
            written = written_as(operations[:index], str(name)) or str(name)
            pointer = parameter_pointer(written, *rest) if written == name else parameter_pointer(written)
            raise InvalidParameters([Fault(pointer, f"{error.reason}.")]) from None
    assert isinstance(result, dict)  # noqa: S101  no operation makes anything else of it
    return result


def check_operations(operations: Sequence[Operation]) -> None:
    """Raises InvalidIntegrationConfig, which names the operation, for one that makes no sense with any parameters."""
    for index, operation in enumerate(operations):
        try:
            for path in _paths(operation):
                _check_path(operation, path)
            if isinstance(operation, Template):
                parse_template(operation.template)
        except InvalidIntegrationConfig as error:
            raise InvalidIntegrationConfig(f"transform_config.parameters[{index}]: {error.detail}") from None


def written_as(operations: Sequence[Operation], name: str) -> str | None:
    """What the caller calls the parameter that is called `name` after the operations; None for one that the row sets.

    Of several that were put together, the first.
    """
    for operation in reversed(operations):
        match operation:
            case Rename(parameter=source, to=target) if target == name and len(parse_place(source)) == 1:
                name = parse_place(source)[0]
            case Move(parameter=source, to=target) if parse_place(target)[0] == name:
                name = parse_place(source)[0]
            case Nest(to=target, parameters=(first, *_)) if parse_place(target)[0] == name:
                name = first
            case Constant(parameter=target) if parse_place(target) == (name,):
                return None
            case Template(parameter=target, template=template) if parse_place(target)[0] == name:
                used = [piece.name for piece in parse_template(template) if isinstance(piece, Piece)]
                name = used[0] if used else name
            case _:
                pass
    return name


def _paths(operation: Operation) -> list[Path]:
    match operation:
        case Rename(parameter=place):
            return [parse_place(place)]
        case Move(parameter=source, to=target):
            return [parse_place(source), parse_place(target)]
        case Nest(to=target):
            return [parse_place(target)]
        case OmitEmpty(parameters=places):
            return [parse_place(place) for place in places] if isinstance(places, tuple) else []
        case _:
            return [parse_place(operation.parameter)]


def _check_path(operation: Operation, path: Path) -> None:
    if EVERY in path and isinstance(operation, Move | Nest | Constant | Default | Template):
        raise InvalidIntegrationConfig("`*` is for operations that change a value where it is.")


def _apply(operation: Operation, root: JsonValue) -> JsonValue:
    if isinstance(operation, InPlaceOperation):
        return _changed(root, operation.parameter, _conversion(operation))
    return _APPLIED[type(operation)](operation, root)


def _conversion(operation: InPlaceOperation) -> _Convert:
    """How an operation changes a value where it is. Null has nothing to change."""
    match operation:
        case WrapArray():
            return values.wrap_array
        case Join(separator=separator):
            return _unless_null(lambda value: values.join(value, separator))
        case Split(separator=separator):
            return _unless_null(lambda value: values.split(value, separator))
        case FormatDate(format=name):
            return _unless_null(lambda value: values.format_date(value, name))
        case _:
            return _unless_null(_PLAIN[type(operation)])


_PLAIN: dict[type, Callable[[JsonValue], JsonValue]] = {
    ToString: values.to_string,
    JsonEncode: values.json_encode,
    Base64Encode: values.base64_encode,
    Base64UrlEncode: values.base64url_encode,
}


def _unless_null(convert: Callable[[JsonValue], JsonValue]) -> _Convert:
    return lambda value: None if value is None else convert(value)


def _changed(root: JsonValue, place: str, convert: _Convert) -> JsonValue:
    changed = change(root, parse_place(place), convert)
    return {} if isinstance(changed, Absent) else changed


def _single(place: str) -> Path:
    path = parse_place(place)
    if EVERY in path:
        raise InvalidIntegrationConfig(f"{place!r}: `*` is for operations that change a value where it is.")
    return path


def _rename(operation: Rename, root: JsonValue) -> JsonValue:
    *parents, last = parse_place(operation.parameter)
    name = operation.to

    def renamed(parent: JsonValue) -> JsonValue:
        if type(parent) is not dict or last not in parent or last == name:
            return parent
        others = {key: value for key, value in parent.items() if key not in (last, name)}
        return {**others, name: parent[last]}

    changed = change(root, tuple(parents), renamed)
    return {} if isinstance(changed, Absent) else changed


def _move(operation: Move, root: JsonValue) -> JsonValue:
    source, target = _single(operation.parameter), _single(operation.to)
    found = find(root, source)
    if isinstance(found, Absent) or source == target:
        return root
    taken = change(root, source, lambda _: ABSENT)
    return put({} if isinstance(taken, Absent) else taken, target, found)


def _nest(operation: Nest, root: JsonValue) -> JsonValue:
    assert isinstance(root, dict)  # noqa: S101
    path = _single(operation.to)
    if isinstance(operation.parameters, tuple):
        names = [name for name in operation.parameters if name in root]
    else:
        names = [name for name in root if name not in operation.keep and name != path[0]]
    members = {name: root[name] for name in names}
    rest: JsonValue = {name: value for name, value in root.items() if name not in members}
    if not members:
        return root
    found = find(rest, path)
    if not isinstance(found, Absent | dict):
        raise UnusableError("must be an object, because the action puts others into it", path)
    return put(rest, path, {**(found if isinstance(found, dict) else {}), **members})


def _omit_empty(operation: OmitEmpty, root: JsonValue) -> JsonValue:
    if isinstance(operation.parameters, UnsetType):
        assert isinstance(root, dict)  # noqa: S101
        return {name: value for name, value in root.items() if not values.is_empty(value)}
    for place in operation.parameters:
        root = _changed(root, place, lambda value: ABSENT if values.is_empty(value) else value)
    return root


def _template(operation: Template, root: JsonValue) -> JsonValue:
    parts: list[str] = []
    for piece in parse_template(operation.template):
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
    return put(root, _single(operation.parameter), "".join(parts))


def _remove(operation: Remove, root: JsonValue) -> JsonValue:
    return _changed(root, operation.parameter, lambda _: ABSENT)


def _constant(operation: Constant, root: JsonValue) -> JsonValue:
    return put(root, _single(operation.parameter), operation.value)


def _default(operation: Default, root: JsonValue) -> JsonValue:
    path = _single(operation.parameter)
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
