"""HubSpot's own client (npm's @hubspot/api-client) read as an OpenAPI document: it is generated from theirs, which no
package carries.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.catalog.openapi_schemas import Json
from tests.catalog.specifications import PACKAGES, Specification

CODE = PACKAGES / "@hubspot/api-client/lib/codegen/crm"
AREAS = ("contacts", "companies", "deals", "objects/notes", "owners", "associations/v4")
SERVER = "https://api.hubapi.com"

_PATH = re.compile(r"^ = '([^']+)'")
_METHOD = re.compile(r"HttpMethod\.([A-Z]+)")
_QUERY = re.compile(r'(?:set|append)QueryParam\("(\w+)", (?:\S+\.serialize\(\w+, "([^"]+)"|serializedParam)')
_BODY = re.compile(r'stringify\(\S+\.serialize\(\w+, "([^"]+)"')
_MEMBER = re.compile(r'"baseName": "(\w+)",\s+"type": "([^"]+)"')
_OPTIONAL = re.compile(r"^    '(\w+)'\?:", re.MULTILINE)
_ENUM = re.compile(r'^    (\w+Enum)\["\w+"\] = "([^"]+)"', re.MULTILINE)
_SCALARS = {"string": "string", "number": "number", "boolean": "boolean", "any": None, "Date": "string"}


@cache
def hubspot() -> Specification:
    """The operations on the objects that have actions here."""
    document: Json = {"servers": [{"url": SERVER}], "paths": {}, "components": {"schemas": {}}}
    for area in AREAS:
        for file in sorted((CODE / area / "models").glob("*.js")):
            document["components"]["schemas"].update(_schemas(file, area))
        for file in sorted((CODE / area / "apis").glob("*Api.js")):
            for path, method, operation in _operations(file.read_text(), area):
                document["paths"].setdefault(path, {})[method] = operation
    return Specification(document)


def _operations(code: str, area: str) -> Iterator[tuple[str, str, Json]]:
    for rest in code.split("const localVarPath")[1:]:
        piece = rest.partition("return requestContext")[0]
        path, method = _PATH.findall(piece)[0], _METHOD.findall(piece)[0].lower()
        parameters: list[Json] = [
            {"in": "query", "name": name, "schema": _type(kind or "Array<string>", area)}
            for name, kind in _QUERY.findall(piece)
        ]
        parameters += [{"in": "path", "name": name} for name in re.findall(r"\{(\w+)\}", path)]
        operation: Json = {"parameters": parameters}
        for kind in _BODY.findall(piece):
            content = {"application/json": {"schema": _type(kind, area)}}
            operation["requestBody"] = {"required": True, "content": content}
        yield path, method, operation


def _schemas(file: Path, area: str) -> Iterator[tuple[str, Json]]:
    code, declared = file.read_text(), file.with_suffix(".d.ts").read_text()
    members = _MEMBER.findall(code)
    optional = set(_OPTIONAL.findall(declared))
    yield (
        _name(file.stem, area),
        {
            "type": "object",
            "properties": {name: _type(kind, area) for name, kind in members},
            "required": [name for name, _ in members if name not in optional],
        },
    )
    enums: dict[str, list[str]] = {}
    for name, value in _ENUM.findall(code):
        enums.setdefault(name, []).append(value)
    for name, values in enums.items():
        yield _name(name, area), {"enum": values}


def _type(kind: str, area: str) -> Json:
    """What the generator's word for a type means."""
    if match := re.fullmatch(r"(?:Array|Set)<(.+)>", kind):
        return {"type": "array", "items": _type(match[1], area)}
    if match := re.fullmatch(r"\{ \[key: string\]: (.+); \}", kind):
        return {"type": "object", "additionalProperties": _type(match[1], area)}
    if kind.startswith("'"):
        return {"enum": re.findall(r"'([^']+)'", kind)}
    if kind in _SCALARS:
        scalar: Any = _SCALARS[kind]
        return {"type": scalar} if scalar else {}
    return {"$ref": f"#/components/schemas/{_name(kind, area)}"}


def _name(model: str, area: str) -> str:
    """Each area has models of its own, some of the same name."""
    return f"{area.replace('/', '.')}.{model}"
