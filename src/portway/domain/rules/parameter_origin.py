"""Where the caller wrote what stands at some place after operations, so that faults point to it."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import UNSET

from portway.domain.operation import (
    Constant,
    InPlaceOperation,
    Move,
    Nest,
    OmitEmpty,
    Operation,
    Remove,
    Rename,
    Template,
)
from portway.domain.rules.parameter_places import (
    EVERY,
    At,
    Names,
    Path,
    is_index,
    parse_place,
    parse_single_place,
)
from portway.domain.rules.text_template import parse_template, variables


class _Before(NamedTuple):
    """Where something stood before one operation; None for what the row sets. `whole` is false where only a part of it
    comes from there.
    """

    path: At | None
    whole: bool = True


def origin(operations: Sequence[Operation], path: At) -> At | None:
    """Where what is at `path` stood before the operations, as far as they tell without the parameters; None for what
    the row itself sets. Of several values that were put together, the first.
    """
    end = len(operations)
    while True:
        first_part: tuple[int, At] | None = None
        for index in range(end - 1, -1, -1):
            before = _before(operations[index], path)
            if before.path is None:
                return None
            if before.whole:
                moved = before.path is not path
                path, first_part = before.path, None if moved else first_part
            else:
                first_part = index, before.path
        if first_part is None:
            return path
        end, path = first_part


def _before(operation: Operation, path: At) -> _Before:
    match operation:
        case Constant(parameter=target):
            return _put((), parse_single_place(target), path)
        case Template(parameter=target, template=template):
            return _put(variables(parse_template(template))[:1], parse_single_place(target), path)
        case Move(parameter=source, to=target):
            moved = _put(parse_single_place(source), parse_single_place(target), path)
            return moved if moved.path is not path else _Before(_known(operation, path))
        case Rename():
            return _Before(_renamed(operation, path))
        case Nest():
            return _nested(operation, path)
        case _:
            return _Before(_known(operation, path))


def _known(operation: Operation, path: At) -> At:
    """The path, as far as it leads to what the operation left as the caller wrote it."""
    if isinstance(operation, InPlaceOperation):
        changed = parse_place(operation.parameter)
        return path[: len(changed)] if _leads(changed, path) else path
    if isinstance(operation, Move | Remove):
        return _above_items(parse_place(operation.parameter), path)
    if isinstance(operation, OmitEmpty) and operation.parameters:
        for place in operation.parameters:
            path = _above_items(parse_place(place), path)
    return path


def _renamed(operation: Rename, path: At) -> At:
    *parents, old = parse_place(operation.parameter)
    here = len(parents)
    if old is EVERY or not _leads((*parents, operation.to), path):
        return path
    return (*path[:here], old, *path[here + 1 :])


def _put(source: Names, target: Names, path: At) -> _Before:
    """Before what was at `source` was put to `target`; the row itself said it where there is no source."""
    if _leads(target, path):
        return _Before((*source, *path[len(target) :]) if source else None)
    if source and target[: len(path)] == path:
        return _Before(source, whole=False)
    return _Before(path)


def _nested(operation: Nest, path: At) -> _Before:
    target = parse_single_place(operation.to)
    names = operation.parameters
    if _leads(target, path) and len(path) > len(target):
        name = path[len(target)]
        is_rest = names is UNSET and name not in operation.keep and name != target[0]
        return _Before(path[len(target) :] if is_rest or name in (names or ()) else path)
    if target[: len(path)] == path and names:
        return _Before(names[:1], whole=False)
    return _Before(path)


def _above_items(removed: Path, path: At) -> At:
    """The path, or that of the list in it from which an item was removed, so that the others have other indexes."""
    here = len(removed) - 1
    shifted = here > 0 and len(path) > here and _leads(removed[:-1], path)
    return path[:here] if shifted and is_index(removed[here]) and is_index(path[here]) else path


def _leads(place: Path, path: At) -> bool:
    """Whether the path goes through the place."""
    return len(path) >= len(place) and all(
        part is EVERY or part == str(own) for part, own in zip(place, path, strict=False)
    )
