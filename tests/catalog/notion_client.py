"""Notion's own client (npm's @notionhq/client) read as an OpenAPI document: it lists the names of all parameters of its
endpoints, in the API's latest version. What values they take is in the MCP server's document, which is older.
"""

import re
from functools import cache

from tests.catalog.openapi_schemas import Json
from tests.catalog.specifications import PACKAGES, Specification

CODE = PACKAGES / "@notionhq/client/build/src/api-endpoints"
SERVER = "https://api.notion.com/v1"

_ENDPOINT = re.compile(
    r"= \{\s+method: \"(?P<method>\w+)\",\s+pathParams: \[(?P<path>[^\]]*)\],\s+queryParams: \[(?P<query>[^\]]*)\],"
    r"\s+bodyParams: \[(?P<body>[^\]]*)\],\s+path: \(\w*\) => `(?P<template>[^`]+)`"
)


@cache
def notion_client() -> Specification:
    """All endpoints. Every value is right."""
    document: Json = {"servers": [{"url": SERVER}], "paths": {}}
    for file in sorted(CODE.glob("*.js")):
        for endpoint in _ENDPOINT.finditer(file.read_text()):
            path = "/" + re.sub(r"\$\{\w+\.(\w+)\}", r"{\1}", endpoint["template"])
            document["paths"].setdefault(path, {})[endpoint["method"]] = _operation(endpoint)
    return Specification(document)


def _operation(endpoint: re.Match[str]) -> Json:
    parameters = [
        {"in": place, "name": name} for place in ("path", "query") for name in _names(endpoint[place])
    ]
    members: Json = {name: {} for name in _names(endpoint["body"])}
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": members}}}}
    return {"parameters": parameters, "requestBody": body} if members else {"parameters": parameters}


def _names(listed: str) -> list[str]:
    return re.findall(r'"(\w+)"', listed)
