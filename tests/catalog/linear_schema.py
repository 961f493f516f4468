"""Linear's GraphQL schema, read from the TypeScript types in Linear's own client (npm's @linear/sdk).

No package carries the schema itself. These types are generated from it, one for each of its types: `Maybe` is what may
be null, `Scalars["String"]` a scalar, `QueryIssueArgs` the arguments of the field `issue` of `Query`.
"""

import re
from collections.abc import Iterator
from functools import cache

from graphql import GraphQLSchema, build_schema

from tests.catalog.specifications import PACKAGES

DIST = PACKAGES / "@linear/sdk/dist"

_COMMENT = re.compile(r"^\s*/\*\*.*?\*/$", re.DOTALL | re.MULTILINE)
_OBJECT = re.compile(r"^type (\w+) = (?:([\w &]+) & )?\{\n(.*?)^\};", re.DOTALL | re.MULTILINE)
_UNION = re.compile(r"^type (\w+) = (\w+(?: \| \w+)*);", re.MULTILINE)
_ENUM = re.compile(r"^declare enum (\w+) \{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
_VALUE = re.compile(r'= "([^"]+)"')
_FIELD = re.compile(r"^  (\w+)(\??): (.+);$", re.MULTILINE)
_WRAPPED = re.compile(r"(?:Input)?Maybe<(.+)>")
_LIST = re.compile(r"Array<(.+)>")
_SCALAR = re.compile(r'Scalars\["(\w+)"\]')
_BUILT_IN = {"ID", "String", "Boolean", "Int", "Float"}


@cache
def linear_schema() -> GraphQLSchema:
    """All of it."""
    return build_schema("\n\n".join(_definitions(_types())))


def _types() -> str:
    """The part of the types that describes the schema; what follows are the client's own queries."""
    file = next(file for file in DIST.glob("index-*.d.mts") if "type Scalars = {" in file.read_text())
    return _COMMENT.sub("", file.read_text().partition("Fragment = ")[0])


def _definitions(types: str) -> Iterator[str]:
    objects = {match[1]: match for match in _OBJECT.finditer(types)}
    scalars = objects.pop("Scalars")
    yield from (f"scalar {name}" for name, _, _ in _FIELD.findall(scalars[3]) if name not in _BUILT_IN)
    for name, members in _ENUM.findall(types):
        yield f"enum {name} {{ {' '.join(_VALUE.findall(members))} }}"
    arguments = {
        name: match
        for name, match in objects.items()
        if name.endswith("Args") and "__typename" not in match[3]
    }
    interfaces = {name for match in objects.values() for name in (match[2] or "").split(" & ") if name}
    for name, match in objects.items():
        if name not in arguments:
            yield _definition(name, match, name in interfaces, arguments)
    for name, members in _UNION.findall(types):
        if all(member in objects for member in members.split(" | ")):
            yield f"union {name} = {members}"


def _definition(
    name: str, match: re.Match[str], is_interface: bool, arguments: dict[str, re.Match[str]]
) -> str:
    fields = _FIELD.findall(match[3])
    is_output = is_interface or "__typename" in match[3]
    kind = "interface" if is_interface else "type" if is_output else "input"
    parents = f" implements {match[2]}" if match[2] else ""
    lines = []
    for field, optional, written in fields:
        if field != "__typename":
            given = arguments.get(f"{name}{field[0].upper()}{field[1:]}Args")
            taken = "" if given is None else f"({', '.join(_arguments(given))})"
            lines.append(f"  {field}{taken}: {_type(written, nullable=bool(optional))}")
    return f"{kind} {name}{parents} {{\n" + "\n".join(lines) + "\n}"


def _arguments(match: re.Match[str]) -> Iterator[str]:
    for name, optional, written in _FIELD.findall(match[3]):
        yield f"{name}: {_type(written, nullable=bool(optional))}"


def _type(written: str, *, nullable: bool = False) -> str:
    if wrapped := _WRAPPED.fullmatch(written):
        return _type(wrapped[1], nullable=True)
    if item := _LIST.fullmatch(written):
        name = f"[{_type(item[1])}]"
    elif scalar := _SCALAR.fullmatch(written):
        name = scalar[1]
    else:
        name = written
    return name if nullable else f"{name}!"
