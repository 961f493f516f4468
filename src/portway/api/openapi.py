"""The OpenAPI document: what the framework derives from the routes, set right."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.types import ASGIApp

from portway.api.body_limit import MAX_BODY_BYTES
from portway.api.wire import ProblemOutput

OPENAPI_PATH = "/api/v2/openapi.json"

_REF = "#/components/schemas/{model}"
_DESCRIPTION = """\
One call runs one action of any connected service. Errors are RFC 9457 problems: programs look at `code`. Lists take
`limit` and `cursor` and answer `next_cursor`. Every answer has an `X-Request-Id`."""


@dataclass(frozen=True, slots=True)
class RawRoute:
    """A path that an ASGI application of its own serves, in front of the framework.

    `path_item` and `schemas` are its part of the OpenAPI document: operations by method, and what they refer to under
    `#/components/schemas/`. `max_upload_bytes` is the limit for bodies of `multipart/form-data`.
    """

    app: ASGIApp
    path_item: Mapping[str, Any] = field(default_factory=dict)
    schemas: Mapping[str, Any] = field(default_factory=dict)
    max_upload_bytes: int = MAX_BODY_BYTES


def openapi_document(app: FastAPI, raw_routes: Mapping[str, RawRoute]) -> dict[str, Any]:
    """The document (OpenAPI 3.1), made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=_DESCRIPTION, routes=app.routes
        )
        _remove_framework_errors(document)
        _add_problem(document)
        for path, route in raw_routes.items():
            if route.path_item:
                document["paths"] = {path: dict(route.path_item)} | document["paths"]
                document["components"]["schemas"].update(route.schemas)
        app.openapi_schema = document
    return app.openapi_schema


def methods_at(document: Mapping[str, Any], path: str) -> list[str]:
    """The methods that are documented for this path: the router itself knows only of one route at a time."""
    paths: dict[str, dict[str, Any]] = document["paths"]
    item = paths.get(path) or next((paths[template] for template in paths if _matches(template, path)), {})
    return sorted(method.upper() for method in item)


def _matches(template: str, path: str) -> bool:
    parts, given = template.split("/"), path.split("/")
    return len(parts) == len(given) and all(
        part == value or part.startswith("{") for part, value in zip(parts, given, strict=True)
    )


def _remove_framework_errors(document: dict[str, Any]) -> None:
    """The framework's own 422 is never answered: what does not fit the model is a `malformed_request`, 400."""
    for operations in document["paths"].values():
        for operation in operations.values():
            schema = _schema_of(operation["responses"].get("422", {}), "application/json")
            if schema.get("$ref", "").endswith("/HTTPValidationError"):
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        document.get("components", {}).get("schemas", {}).pop(name, None)


def _schema_of(response: dict[str, Any], media_type: str) -> dict[str, Any]:
    schema: dict[str, Any] = response.get("content", {}).get(media_type, {}).get("schema", {})
    return schema


def _add_problem(document: dict[str, Any]) -> None:
    schema = ProblemOutput.model_json_schema(ref_template=_REF, mode="serialization")
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(schema.pop("$defs", {}))
    schemas[ProblemOutput.__name__] = schema
