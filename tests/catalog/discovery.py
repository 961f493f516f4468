"""Does a request agree with a Discovery document of Google's? They are in PyPI's google-api-python-client.

https://developers.google.com/discovery/v1/reference/apis. What is compared: path and method; required and unknown query
parameters, their types, ranges and choices; and the JSON body, or the JSON in a multipart/related one, member by member
against its schema.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from functools import cache, cached_property
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from portway.application.ports.http import OutgoingRequest

Json = Mapping[str, Any]

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}
_TEXTS = {"integer": r"-?\d+", "boolean": "true|false", "number": r"-?\d+(\.\d+)?", "string": ".*"}


@dataclass(frozen=True)
class Method:
    """One method of an API. `path` is a template; `pattern` matches the whole path of its requests, uploads too."""

    id: str
    description: Json
    path: str
    pattern: re.Pattern[str]

    @property
    def places(self) -> int:
        return self.path.count("{")

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(self.description.get("scopes", ()))

    def parameters(self, place: str) -> dict[str, Json]:
        found: dict[str, Json] = self.description.get("parameters", {})
        return {name: parameter for name, parameter in found.items() if parameter["location"] == place}


class Discovery:
    """A Discovery document, such as `Discovery("gmail.v1")`."""

    def __init__(self, name: str) -> None:
        file = files("googleapiclient.discovery_cache.documents") / f"{name}.json"
        self._document: Json = json.loads(file.read_text("utf-8"))

    @classmethod
    @cache
    def read(cls, name: str) -> "Discovery":
        """The document, parsed once."""
        return cls(name)

    @cached_property
    def methods(self) -> list[Method]:
        """Those with fewer places in their path first: `drafts/send` is no draft's id; `{id}:send` before `{id}`."""
        found = [self._method(one) for one in _methods(self._document)]
        return sorted(found, key=lambda method: (method.places, -len(method.path)))

    def method(self, request: OutgoingRequest) -> Method | None:
        """The method that the request calls."""
        url = urlsplit(request.url)
        if f"{url.scheme}://{url.netloc}/" != self._document["rootUrl"]:
            return None
        for method in self.methods:
            if method.description["httpMethod"] == request.method and method.pattern.fullmatch(url.path):
                return method
        return None

    def scopes(self, request: OutgoingRequest) -> frozenset[str]:
        """Those that are each enough for what the request calls; nothing where none is needed."""
        method = self.method(request)
        return frozenset() if method is None else method.scopes

    def faults(self, request: OutgoingRequest, content: bytes | None) -> Iterator[str]:
        """What is wrong with a request; `content` is its body, whole."""
        method = self.method(request)
        if method is None:
            yield f"{request.method} {request.url.partition('?')[0]} is no operation"
            return
        yield from self._query_faults(method, request)
        schema = method.description.get("request")
        body = _json_of(request, content)
        if schema is None and content is not None and "uploadType=" not in request.url:
            yield "there is a body"
        elif schema is not None and body is not None:
            yield from self._body_faults(schema, body, "body")

    def _method(self, description: Json) -> Method:
        # `path` has `{+name}` where `flatPath` has the places that the name is made of.
        own = self._document["servicePath"] + description.get("flatPath", description["path"])
        paths = [own]
        uploads = description.get("mediaUpload", {}).get("protocols", {}).values()
        paths += [protocol["path"].removeprefix("/") for protocol in uploads]
        pattern = re.compile("|".join(map(_path_pattern, paths)))
        return Method(description["id"], description, own, pattern)

    def _query_faults(self, method: Method, request: OutgoingRequest) -> Iterator[str]:
        own = method.parameters("query")
        known = {**self._document["parameters"], **own}
        pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True, strict_parsing=True) if (
            "?" in request.url
        ) else []  # fmt: skip
        names = [name for name, _ in pairs]
        for name, parameter in own.items():
            if parameter.get("required") and name not in names:
                yield f"query: `{name}` is required"
        for name, value in pairs:
            if name not in known:
                yield f"query: `{name}` is unknown"
                continue
            if names.count(name) > 1 and not known[name].get("repeated"):
                yield f"query: `{name}` is there several times"
            yield from _text_faults(known[name], value, f"query: `{name}`")

    def _body_faults(self, schema: Json, value: object, where: str) -> Iterator[str]:
        schema = self._document["schemas"][schema["$ref"]] if "$ref" in schema else schema
        kind = schema.get("type", "any")
        if kind == "any":
            return
        fits = isinstance(value, _TYPES[kind]) and not (isinstance(value, bool) and kind != "boolean")
        if not fits:
            yield f"{where} is no {kind}"
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._body_faults(schema["items"], item, f"{where}/{index}")
        elif isinstance(value, dict):
            yield from self._member_faults(schema, value, where)
        elif isinstance(value, str) and "enum" in schema and value not in schema["enum"]:
            yield f"{where} is none of its choices"

    def _member_faults(self, schema: Json, value: Mapping[str, object], where: str) -> Iterator[str]:
        members, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, member in value.items():
            known = members.get(name, others)
            if known is None:
                yield f"{where}/{name} is unknown"
                continue
            if known.get("readOnly"):
                yield f"{where}/{name} is read-only"
            yield from self._body_faults(known, member, f"{where}/{name}")


def _methods(resource: Json) -> Iterator[Json]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner)


def _path_pattern(template: str) -> str:
    return "/" + re.sub(
        r"\\\{(\\\+)?[^}]*\\\}", lambda place: ".+" if place[1] else "[^/?]+", re.escape(template)
    )


def _text_faults(parameter: Json, text: str, where: str) -> Iterator[str]:
    if not re.fullmatch(_TEXTS[parameter["type"]], text, re.DOTALL):
        yield f"{where} is no {parameter['type']}"
    elif "enum" in parameter and text not in parameter["enum"]:
        yield f"{where} is none of its choices"
    elif "minimum" in parameter and int(text) < int(parameter["minimum"]):
        yield f"{where} is too small"
    elif "maximum" in parameter and int(text) > int(parameter["maximum"]):
        yield f"{where} is too large"


def _json_of(request: OutgoingRequest, content: bytes | None) -> object:
    """The body, or the first part of one in parts; None where there is no JSON."""
    content_type = request.headers.get("content-type", "")
    if content is not None and content_type.startswith("multipart/related"):
        message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + content)
        first = next(part for part in message.walk() if not part.is_multipart())
        content_type, decoded = first.get_content_type(), first.get_payload(decode=True)
        content = decoded if isinstance(decoded, bytes) else None
    return json.loads(content) if content is not None and content_type == "application/json" else None
