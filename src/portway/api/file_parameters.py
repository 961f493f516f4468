"""Files into the parameters that they stand for."""

import re
from collections.abc import Sequence
from typing import Any

from portway.application.requests.files import UploadedFile
from portway.domain.errors import Fault, MalformedRequest
from portway.domain.json_value import JsonValue
from portway.domain.parameter_pointer import parameter_pointer

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


def place_files(parameters: dict[str, Any], files: Sequence[tuple[str, UploadedFile]]) -> None:
    """Puts each file where its name says: the parameter of that name, or, where it begins with `/`, the place in the
    parameters that it points to (RFC 6901), which may be the next of a list. Files of the same name become a list.

    Raises MalformedRequest for places that are taken, or that there are not.
    """
    by_name: dict[str, list[UploadedFile]] = {}
    for name, file in files:
        by_name.setdefault(name, []).append(file)
    faults = []
    for name, several in by_name.items():
        path = _tokens(name) if name.startswith("/") else [name]
        try:
            _put(parameters, path, several[0] if len(several) == 1 else list(several))
        except _NoPlaceError as error:
            faults.append(Fault(parameter_pointer(*path), f"{error}."))
    if faults:
        raise MalformedRequest("A file has no place among the parameters.", faults)


class _NoPlaceError(Exception):
    """Why a file cannot be put there."""


def _tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def _put(parameters: dict[str, Any], path: Sequence[str], value: JsonValue) -> None:
    parent: object = parameters
    for token in path[:-1]:
        parent = _member(parent, token)
    last = path[-1]
    if isinstance(parent, UploadedFile):
        raise _NoPlaceError("this is within another file")
    if isinstance(parent, list) and last == str(len(parent)):
        parent.append(value)
    elif isinstance(parent, dict) and last not in parent:
        parent[last] = value
    elif _member(parent, last) is not None:
        raise _NoPlaceError("there is a value already, and a file that is to be there")
    elif isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list):
        parent[int(last)] = value


def _member(parent: object, token: str) -> object:
    if isinstance(parent, dict) and token in parent:
        return parent[token]
    if isinstance(parent, list) and _INDEX.fullmatch(token) and int(token) < len(parent):
        return parent[int(token)]
    raise _NoPlaceError("a file is to be here, but there is no such place in `parameters`")
