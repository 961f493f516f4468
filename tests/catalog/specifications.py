"""Does a request agree with the vendor's own OpenAPI document (3.x, or Swagger 2.0)?

The documents come from npm packages (`specs/package.json`, installed by `make install`). What is compared: host, path
and method; required and unknown query parameters; required headers; the body's media type, required and unknown
members; and all values with their schemas. JSON and forms are understood; of other bodies the media type is compared.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
import yaml

from portway.application.ports.http import OutgoingRequest
from portway.catalog.definitions import SHIPPED, ActionDefinition, IntegrationDefinition, load_definitions
from portway.catalog.handlers import handlers
from portway.catalog.validation import example_request
from tests.catalog.bodies import declared_as, is_form, media_type, nested, value_of
from tests.catalog.openapi_schemas import Json, Schemas
from tests.catalog.operations import Operation, Operations
from tests.catalog.swagger import modern
from tests.fakes.action_context import content_of

PACKAGES = Path(__file__).parent / "specs" / "node_modules"
# OpenAPI: parameters of these names are ignored.
_OTHERWISE_SAID = ("accept", "content-type", "authorization")


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
        request = await example_request(integration, action, example, handlers())
        faults.update(specification.faults(request, await content_of(request.body)))
    return faults


class Specification:
    """A document. `credentials` are the parameters in it that carry the credential, such as `token`; `several` the
    places of its paths that take several segments.
    """

    def __init__(
        self, document: Json, *, credentials: tuple[str, ...] = (), several: tuple[str, ...] = ()
    ) -> None:
        self.document = modern(document)
        self._schemas = Schemas(self.document)
        self.operations = Operations(self.document, self._schemas, frozenset(several))
        schemes = self.document.get("components", {}).get("securitySchemes", {}).values()
        named = (*credentials, *(scheme["name"] for scheme in schemes if scheme.get("type") == "apiKey"))
        self._credentials = frozenset(name.lower() for name in named)

    @classmethod
    @cache
    def read(
        cls, package_file: str, *, credentials: tuple[str, ...] = (), several: tuple[str, ...] = ()
    ) -> "Specification":
        """The document in a file of an installed package, such as `@octokit/openapi/generated/api.github.com.json`."""
        return cls(_parsed(package_file), credentials=credentials, several=several)

    def scopes(self, request: OutgoingRequest) -> frozenset[str]:
        """Those that the document lists for what the request calls; nothing where it lists none."""
        operation = self.operations.called_by(request)
        return frozenset() if operation is None else operation.scopes

    def faults(self, request: OutgoingRequest, content: bytes | None) -> Iterator[str]:
        """What is wrong with a request, which has no credential yet; `content` is its body, whole."""
        operation = self.operations.called_by(request)
        if operation is None:
            yield f"{request.method} {request.url.partition('?')[0]} is no operation"
            return
        yield from self._path_faults(operation, request)
        yield from self._query_faults(operation, request)
        yield from self._header_faults(operation, request)
        yield from self._body_faults(operation, request, content)

    def _path_faults(self, operation: Operation, request: OutgoingRequest) -> Iterator[str]:
        match = operation.pattern.fullmatch(request.url.partition("?")[0])
        assert match is not None
        for name, text in zip(operation.places, match.groups(), strict=True):
            parameter = operation.named("path").get(name, {})
            yield from self._value_faults(f"path `{name}`", unquote(text), parameter)

    def _query_faults(self, operation: Operation, request: OutgoingRequest) -> Iterator[str]:
        declared = operation.named("query")
        sent = nested(parse_qsl(urlsplit(request.url).query, keep_blank_values=True), declared)
        yield from self._missing("query", declared, sent)
        for name, value in sent.items():
            if name in declared:
                yield from self._value_faults(f"query `{name}`", value, declared[name])
            else:
                yield f"query: `{name}` is unknown"

    def _header_faults(self, operation: Operation, request: OutgoingRequest) -> Iterator[str]:
        named = operation.named("header")
        declared = {name: parameter for name, parameter in named.items() if name not in _OTHERWISE_SAID}
        yield from self._missing("header", declared, request.headers)
        for name in declared.keys() & request.headers.keys():
            yield from self._value_faults(f"header `{name}`", request.headers[name], declared[name])

    def _missing(self, place: str, declared: Mapping[str, Json], sent: Mapping[str, Any]) -> Iterator[str]:
        for name, parameter in declared.items():
            if parameter.get("required") and name not in sent and name.lower() not in self._credentials:
                yield f"{place}: `{name}` is required"

    def _value_faults(self, where: str, value: Any, parameter: Json) -> Iterator[str]:
        if value == "" and parameter.get("allowEmptyValue"):
            return
        content = parameter.get("content")
        if content:
            schema, value = next(iter(content.values())).get("schema", {}), json.loads(value)
        else:
            schema = parameter.get("schema", {})
            value = self._schemas.typed(self._split(value, parameter), schema)
        yield from (f"{where}{fault}" for fault in self._schemas.faults(value, schema))

    def _split(self, value: Any, parameter: Json) -> Any:
        """A list that is written in one value, where the parameter's style says so."""
        style = parameter.get("style", "form" if parameter.get("in") == "query" else "simple")
        is_list = self._schemas.resolve(parameter.get("schema", {})).get("type") == "array"
        if not isinstance(value, str) or not is_list or parameter.get("explode", style == "form"):
            return value
        return value.split({"spaceDelimited": " ", "pipeDelimited": "|"}.get(style, ","))

    def _body_faults(
        self, operation: Operation, request: OutgoingRequest, content: bytes | None
    ) -> Iterator[str]:
        if content is None:
            if operation.body is not None and operation.body.get("required"):
                yield "body: is required"
            return
        if operation.body is None:
            # Some services want `{}` where they want nothing.
            if content != b"{}":
                yield "body: is not declared"
            return
        declared, media = operation.body["content"], media_type(request.headers.get("content-type", ""))
        found = declared_as(media, declared)
        if found is None:
            yield f"body: {media or 'no media type'} instead of {', '.join(declared)}"
        schema = declared[found or next(iter(declared))].get("schema", {})
        yield from self._content_faults(request, content, schema)

    def _content_faults(self, request: OutgoingRequest, content: bytes, schema: Json) -> Iterator[str]:
        known = self._schemas.members(schema)
        content_type = request.headers.get("content-type", "")
        try:
            value = value_of(content, content_type, known or ())
        except LookupError:
            return
        if is_form(media_type(content_type)):
            value = self._schemas.typed(value, schema)
        carried = {f': "{name}" is a required property' for name in self._credentials}
        faults = self._schemas.faults(value, schema)
        yield from (f"body{fault}" for fault in faults if fault.lower() not in carried)
        if known and isinstance(value, dict):
            yield from (f"body: `{name}` is unknown" for name in value if name not in known)


@cache
def _parsed(package_file: str) -> Json:
    content = (PACKAGES / package_file).read_bytes()
    document: Json = msgspec.json.decode(content) if package_file.endswith(".json") else _yaml(content)
    return document


def _yaml(content: bytes) -> Json:
    """As JSON would have it; a date is a text."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: Json = json.loads(json.dumps(yaml.load(content, loader), default=str))
    return document
