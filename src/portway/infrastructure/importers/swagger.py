"""Swagger 2.0 documents in the words of OpenAPI 3.0, as far as requests and credentials go.

https://spec.openapis.org/oas/v2.0. References stay as they are: `#/definitions/Pet` is found where it was.
"""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from portway.infrastructure.importers.notes import Notes
from portway.infrastructure.importers.openapi_document import (
    METHODS,
    InexpressibleError,
    Json,
    OpenApiDocument,
    items,
    members,
    text,
)

_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_STYLES: dict[str, Json] = {
    "csv": {"style": "form", "explode": False},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "tsv": {"style": "tabDelimited", "explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
    "multi": {"style": "form", "explode": True},
}
_FLOWS = {"accessCode": "authorizationCode", "application": "clientCredentials"}
_NO_SCHEMA = frozenset(
    {"in", "name", "description", "required", "collectionFormat", "allowEmptyValue", "$ref"}
)


def modern(document: Json, notes: Notes, source_url: str | None) -> Json:
    """The document in OpenAPI 3.0."""
    reading = _Modernizing(document, notes)
    return {
        **document,
        "openapi": "3.0.3",
        "servers": [{"url": url} for url in _servers(document, source_url)],
        "paths": {path: reading.item(item) for path, item in members(document, "paths").items()},
        "components": {"securitySchemes": reading.schemes()},
    }


class _Modernizing:
    def __init__(self, document: Json, notes: Notes) -> None:
        self._document = document
        self._lookup = OpenApiDocument(document, notes, is_3_0=True)

    def item(self, item: object) -> object:
        if not isinstance(item, dict) or "$ref" in item:
            return item
        shared = self._resolved(items(item, "parameters"))
        return {
            name: self._operation(shared, value)
            if name.lower() in METHODS and isinstance(value, dict)
            else value
            for name, value in item.items()
            if name != "parameters"
        }

    def schemes(self) -> Json:
        return {
            name: _scheme(scheme)
            for name, scheme in members(self._document, "securityDefinitions").items()
            if isinstance(scheme, dict)
        }

    def _operation(self, shared: list[Json], operation: Json) -> Json:
        own = self._resolved(items(operation, "parameters"))
        parameters = {(text(each, "in"), text(each, "name")): each for each in (*shared, *own)}.values()
        in_body = [each for each in parameters if text(each, "in") in ("body", "formData")]
        made: Json = {
            **operation,
            "parameters": [_parameter(each) for each in parameters if each not in in_body],
        }
        consumes = [
            kind
            for kind in items(operation, "consumes") or items(self._document, "consumes")
            if isinstance(kind, str)
        ]
        body = _body(in_body, consumes or ["application/json"])
        if body is not None:
            made["requestBody"] = body
        produces = items(operation, "produces") or items(self._document, "produces") or ["application/json"]
        made["responses"] = {
            code: self._response(response, [kind for kind in produces if isinstance(kind, str)])
            for code, response in members(operation, "responses").items()
        }
        return made

    def _response(self, response: object, produces: list[str]) -> object:
        found = self._one(response)
        if "schema" not in found:
            return found
        return {**found, "content": {kind: {"schema": found["schema"]} for kind in produces}}

    def _resolved(self, parameters: Iterable[object]) -> list[Json]:
        return [found for found in map(self._one, parameters) if found]

    def _one(self, node: object) -> Json:
        try:
            return self._lookup.resolve(node)
        except InexpressibleError:
            return {}


def _servers(document: Json, source_url: str | None) -> Iterator[str]:
    base = text(document, "basePath").rstrip("/")
    host = text(document, "host")
    source = urlsplit(source_url) if source_url and source_url.startswith(("http://", "https://")) else None
    schemes = [one for one in items(document, "schemes") if one in ("https", "http")]
    schemes = sorted(schemes or [source.scheme if source else "https"], reverse=True)
    if host or source:
        yield from (f"{scheme}://{host or (source.netloc if source else '')}{base}" for scheme in schemes[:1])


def _scheme(scheme: Json) -> Json:
    match text(scheme, "type"):
        case "basic":
            return {"type": "http", "scheme": "basic"}
        case "oauth2":
            flow = text(scheme, "flow")
            return {"type": "oauth2", "flows": {_FLOWS.get(flow, flow): scheme}}
        case _:
            return scheme


def _parameter(parameter: Json) -> Json:
    kept = ("in", "name", "required", "description", "deprecated", "example", "x-multi-segment")
    made: Json = {name: parameter[name] for name in kept if name in parameter}
    if parameter.get("type") == "array":
        made |= _STYLES.get(text(parameter, "collectionFormat"), _STYLES["csv"])
    return {**made, "schema": _schema(parameter)}


def _body(parameters: list[Json], consumes: list[str]) -> Json | None:
    if not parameters:
        return None
    whole = next((each for each in parameters if text(each, "in") == "body"), None)
    if whole is not None:
        found = _content(consumes, members(whole, "schema"), required=whole.get("required") is True)
        return {**found, "description": text(whole, "description")}
    required = [text(each, "name") for each in parameters if each.get("required") is True]
    schema = {
        "type": "object",
        "properties": {
            text(each, "name"): _schema(each) | {"description": text(each, "description")}
            for each in parameters
        },
        "required": required,
    }
    has_file = any(each.get("type") == "file" for each in parameters)
    forms = [kind for kind in consumes if kind in (_FORM, _MULTIPART)]
    chosen = _MULTIPART if has_file else forms[0] if forms else _FORM
    return _content([chosen], schema, required=bool(required))


def _content(kinds: Iterable[str], schema: Json, *, required: bool) -> Json:
    return {"required": required, "content": {kind: {"schema": schema} for kind in kinds}}


def _schema(parameter: Json) -> Json:
    schema: dict[str, Any] = {name: member for name, member in parameter.items() if name not in _NO_SCHEMA}
    return {**schema, "type": "string", "format": "binary"} if schema.get("type") == "file" else schema
