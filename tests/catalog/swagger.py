"""Swagger 2.0 documents in the words of OpenAPI 3.0, as far as requests go.

https://spec.openapis.org/oas/v2.0. References stay as they are: `#/definitions/Pet` is found where it was.
"""

from collections.abc import Iterable
from typing import Any

from tests.catalog.openapi_schemas import Json, pointed

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_STYLES: dict[str, Json] = {
    "csv": {"explode": False},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
    "multi": {"explode": True},
}
_NO_SCHEMA = ("in", "name", "description", "required", "collectionFormat", "allowEmptyValue")


def modern(document: Json) -> Json:
    """The document in OpenAPI 3.0; as it is where it says that it is one already."""
    if str(document.get("swagger", "")) != "2.0":
        return document
    schemes = document.get("schemes") or ["https"]
    host, base = document.get("host"), document.get("basePath", "").rstrip("/")
    return {
        **document,
        "servers": [{"url": f"{scheme}://{host}{base}" if host else base} for scheme in schemes],
        "paths": {path: _item(document, item) for path, item in document["paths"].items()},
        "components": {"securitySchemes": document.get("securityDefinitions", {})},
    }


def _item(document: Json, item: Json) -> Json:
    shared = [_resolved(document, parameter) for parameter in item.get("parameters", ())]
    return {method: _operation(document, shared, item[method]) for method in METHODS if method in item}


def _operation(document: Json, shared: list[Json], operation: Json) -> Json:
    own = [_resolved(document, parameter) for parameter in operation.get("parameters", ())]
    parameters = {(each["in"], each["name"]): each for each in (*shared, *own)}.values()
    consumes = operation.get("consumes") or document.get("consumes") or ["application/json"]
    made = {
        **operation,
        "parameters": [_parameter(each) for each in parameters if each["in"] not in ("body", "formData")],
    }
    body = _body([each for each in parameters if each["in"] in ("body", "formData")], consumes)
    return made if body is None else {**made, "requestBody": body}


def _parameter(parameter: Json) -> Json:
    made: Json = {name: parameter[name] for name in ("in", "name", "required") if name in parameter}
    if parameter.get("type") == "array":
        made |= _STYLES[parameter.get("collectionFormat", "csv")]
    return {**made, "schema": _schema(parameter)}


def _body(parameters: list[Json], consumes: list[str]) -> Json | None:
    if not parameters:
        return None
    whole = next((each for each in parameters if each["in"] == "body"), None)
    if whole is not None:
        return _content(consumes, whole.get("schema", {}), required=bool(whole.get("required")))
    required = [each["name"] for each in parameters if each.get("required")]
    schema = {
        "type": "object",
        "properties": {each["name"]: _schema(each) for each in parameters},
        "required": required,
    }
    forms = [media for media in consumes if media in _FORMS] or _FORMS
    return _content(forms, schema, required=bool(required))


def _content(media: Iterable[str], schema: Json, *, required: bool) -> Json:
    return {"required": required, "content": {each: {"schema": schema} for each in media}}


def _schema(parameter: Json) -> Json:
    schema: dict[str, Any] = {name: member for name, member in parameter.items() if name not in _NO_SCHEMA}
    return {**schema, "type": "string", "format": "binary"} if schema.get("type") == "file" else schema


def _resolved(document: Json, parameter: Json) -> Json:
    return pointed(document, parameter["$ref"]) if "$ref" in parameter else parameter
