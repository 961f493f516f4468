"""Parameters of the path, the query, headers and cookies (OpenAPI 3.1.1, section 4.8.12)."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote_plus

from portway.application.requests.header_fields import header_name, is_token
from portway.domain.errors import InvalidIntegrationConfig
from portway.infrastructure.importers.openapi_action import ActionDraft
from portway.infrastructure.importers.openapi_document import (
    InexpressibleError,
    Json,
    OpenApiDocument,
    members,
    text,
)
from portway.infrastructure.importers.openapi_keywords import UNUSABLE, description, example, fitting
from portway.infrastructure.importers.openapi_schemas import RequestSchemas
from portway.infrastructure.importers.openapi_shapes import FLAT, SCALAR, Shape, Shapes

PLACES = ("path", "query", "header", "cookie")
# "the parameter definition SHALL be ignored" (section 4.8.12.1); the first is the credential's.
_IGNORED_HEADERS = frozenset({"authorization", "accept", "content-type"})
_TEMPLATE = re.compile(r"\{([^{}]+)\}")
_UNFIT_FOR_A_NAME = re.compile(r"[{}/?#\s+*]")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\\"<>^`|]")
_QUERY_STYLES = frozenset({"form", "spaceDelimited", "pipeDelimited", "deepObject"})
_UNDEFINED = "OpenAPI does not say how such a value is written here; it is sent as JSON"


def declared_parameters(document: OpenApiDocument, *several: Iterable[object]) -> list[Json]:
    """The parameters of a path and of its operation, which go before those of the path. Raises InexpressibleError."""
    found: dict[tuple[str, str], Json] = {}
    for node in (node for nodes in several for node in nodes):
        parameter = document.resolve(node)
        place, name = text(parameter, "in").lower(), text(parameter, "name")
        if place in PLACES and name:
            key = (place, name.lower() if place == "header" else name)
            found[key] = {**parameter, "in": place}
        elif place not in ("body", "formdata"):
            document.notes.add("A parameter without a name or a known place is left out")
    return list(found.values())


def endpoint_path(path: str, parameters: list[Json]) -> tuple[str, dict[str, str]]:
    """The path as a template, and what it calls the parameters that the document has in it.

    What follows `#` only tells the document's operations apart.
    """
    several = {text(one, "name") for one in parameters if one["in"] == "path" and _has_slashes(one)}
    names: dict[str, str] = {}

    def place(match: re.Match[str]) -> str:
        written = match.group(1)
        name = written.strip("+* ")
        usable = names.setdefault(name, _UNFIT_FOR_A_NAME.sub("_", name) or "_")
        is_several = name in several or written in several or written.startswith("+") or written[-1] in "+*"
        return f"{{{'+' if is_several else ''}{usable}}}"

    template = _TEMPLATE.sub(place, path.partition("#")[0])
    template = _UNSAFE.sub(lambda match: f"%{ord(match.group()):02X}", template)
    return template if template.startswith("/") else f"/{template}", names


class ParameterReader:
    """Puts the parameters of a document into actions."""

    def __init__(self, document: OpenApiDocument, schemas: RequestSchemas, shapes: Shapes) -> None:
        self._document = document
        self._schemas = schemas
        self._shapes = shapes

    def add_all(self, draft: ActionDraft, parameters: list[Json], path_names: dict[str, str]) -> None:
        """Adds them, the path's first: they keep their names. Raises InexpressibleError."""
        declared = {text(one, "name"): one for one in parameters if one["in"] == "path"}
        elsewhere = {text(one, "name"): one for one in parameters if one["in"] == "query"}
        for name, usable in path_names.items():
            found = declared.get(name)
            if found is None:
                self._document.notes.add("A path names a parameter that is not declared", draft.endpoint_path)
                found = elsewhere.get(name, {"schema": {"type": "string"}})
            self._add_to_path(draft, {**found, "in": "path", "name": name}, usable)
        if unknown := declared.keys() - path_names.keys():
            self._document.notes.add("A parameter of the path is not in it", f"{min(unknown)!r}")
        pairs = draft.endpoint_path.partition("?")[2].split("&")
        fixed = {unquote_plus(pair.partition("=")[0]) for pair in pairs}
        for parameter in self._beyond_path(parameters):
            # What the path's own query sets cannot be set twice.
            if not (parameter["in"] == "query" and text(parameter, "name") in fixed):
                self._add(draft, parameter)

    def _beyond_path(self, parameters: list[Json]) -> Iterator[Json]:
        for place in ("query", "header", "cookie"):
            for parameter in parameters:
                name = text(parameter, "name")
                if parameter["in"] != place:
                    continue
                if place == "header" and not self._is_header(name):
                    continue
                if place == "cookie" and not is_token(name):
                    raise InexpressibleError(f"has a cookie that cannot be called {name!r}")
                yield parameter

    def _is_header(self, name: str) -> bool:
        if name.lower() in _IGNORED_HEADERS:
            return False
        if not is_token(name):
            raise InexpressibleError(f"has a header that cannot be called {name!r}")
        try:
            header_name(name)
        except InvalidIntegrationConfig:
            self._document.notes.add("A header that the gateway sets itself is left out", name)
            return False
        return True

    def _add(self, draft: ActionDraft, parameter: Json) -> None:
        place, name = parameter["in"], text(parameter, "name")
        raw, written = self._written(draft, parameter)
        is_required, only = parameter.get("required") in (True, "true"), self._shapes.single_value(raw)
        added = draft.add(
            place,
            name,
            self._described(parameter, raw),
            required=is_required and only is None,
            **written,
        )
        if is_required and only is not None:
            draft.operations.append({"op": "default", "parameter": added, "value": only})
        if parameter.get("style") == "tabDelimited":
            draft.operations.append({"op": "join", "parameter": added, "separator": "\t"})
        if written.get("style") == "json" and "content" not in parameter:
            draft.guess(f"/transform_config/locations/{_escaped(added)}/style", _UNDEFINED)

    def _add_to_path(self, draft: ActionDraft, parameter: Json, usable: str) -> None:
        raw, written = self._written(draft, parameter)
        if f"{{+{usable}}}" in draft.endpoint_path:
            written = {}
        is_matrix = written.get("style") == "matrix"
        draft.add("path", usable, self._described(parameter, raw), required=True, **written)
        if is_matrix and usable != parameter["name"]:
            draft.locations[usable]["name"] = parameter["name"]

    def _described(self, parameter: Json, raw: object) -> Json:
        """The schema, with the parameter's own words."""
        schema = dict(self._schemas.convert(raw))
        if found := description(text(parameter, "description")):
            schema["description"] = found
        if parameter.get("deprecated") is True:
            schema["deprecated"] = True
        if "examples" not in schema and (examples := fitting(self._examples(parameter), schema)):
            schema["examples"] = examples
        return schema

    def _examples(self, parameter: Json) -> list[Any]:
        values = [parameter["example"]] if "example" in parameter else []
        for found in members(parameter, "examples").values():
            with_value = self._document.resolve(found)
            values += [with_value["value"]] if "value" in with_value else []
        return [found for found in map(example, values[:3]) if found is not UNUSABLE]

    def _written(self, draft: ActionDraft, parameter: Json) -> tuple[object, Json]:
        """The parameter's schema as the document has it, and how its values are written."""
        content = members(parameter, "content")
        if content:
            kind, media = next(iter(content.items()))
            is_json = "json" in kind.lower()
            return members(media, "schema"), {"style": "json"} if is_json else {}
        schema = parameter.get("schema", {})
        shapes = self._shapes.of(schema)
        style, explode = text(parameter, "style"), parameter.get("explode")
        explode = explode if isinstance(explode, bool) else None
        if "nested" in shapes and style != "deepObject":
            return schema, {"style": "json"}
        match parameter["in"]:
            case "query":
                return schema, self._in_query(style, explode, shapes, parameter)
            case "path":
                return schema, _in_path(style, explode, shapes)
            case "header":
                return schema, {} if shapes <= SCALAR else _style("simple", explode)
            case _:
                return schema, {} if shapes <= SCALAR else _style("form", explode)

    def _in_query(self, style: str, explode: bool | None, shapes: frozenset[Shape], parameter: Json) -> Json:
        reserved = {"allow_reserved": True} if parameter.get("allowReserved") is True else {}
        if style not in _QUERY_STYLES:
            if style not in ("", "tabDelimited"):
                self._document.notes.add(f"{style!r} is no style of a query, and read as 'form'")
            style = "form"
        if shapes <= SCALAR:
            return reserved
        if style == "form":
            is_plain = shapes <= FLAT and explode is not False
            return reserved if is_plain else {**_style("form", explode), **reserved}
        return {**_style(style, None if style == "deepObject" else explode), **reserved}


def _in_path(style: str, explode: bool | None, shapes: frozenset[Shape]) -> Json:
    if style in ("label", "matrix"):
        return _style(style, explode)
    return {} if shapes <= SCALAR else _style("simple", explode)


def _style(style: str, explode: bool | None) -> Json:
    return {"style": style} | ({} if explode is None else {"explode": explode})


def _has_slashes(parameter: Json) -> bool:
    """GitHub's documents say it by a word of their own, OpenAPI 3.2 by `allowReserved`."""
    return parameter.get("x-multi-segment") is True or parameter.get("allowReserved") is True


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
