"""A request that no action's row describes: to any path under an integration's `base_url`."""

import json as json_module
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn
from urllib.parse import quote

from portway.application.handlers.action_handler import QueryValue
from portway.application.language.documents import read_integration_config
from portway.application.ports.http import OutgoingRequest, StreamedBody
from portway.application.requests.constant_headers import constant_headers
from portway.application.requests.header_fields import header_name, is_header_value
from portway.application.requests.parameter_pointer import parameter_pointer
from portway.application.requests.url_template import expand_base_url
from portway.domain.errors import Fault, InvalidIntegrationConfig, InvalidParameters
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject, JsonValue

_DOT_SEGMENT = re.compile(r"/(?:\.|%2[eE]){1,2}(?=[/?]|$)")
_PATH = re.compile(r"/(?!/)[A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*")
_ACCEPT = "application/json"


def direct_request(
    integration: Integration,
    config: JsonObject,
    method: str,
    path: str,
    *,
    query: Mapping[str, QueryValue] | None = None,
    headers: Mapping[str, str] | None = None,
    json: JsonValue = None,
    body: bytes | StreamedBody | None = None,
) -> OutgoingRequest:
    """See `ActionContext.request`. Raises InvalidParameters for a path or header that leaves its place."""
    fields = {"accept": _ACCEPT, **constant_headers(read_integration_config(integration).headers, config)}
    for name, value in (headers or {}).items():
        fields[_name(name)] = _value(name, value)
    if body is None and json is not None:
        fields.setdefault("content-type", "application/json")
        body = json_module.dumps(json, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    url = expand_base_url(integration.base_url, config) + _checked_path(path)
    if pairs := "&".join(_pairs(query or {})):
        url += ("&" if "?" in url else "?") + pairs
    return OutgoingRequest(method.upper(), url, fields, body)


def _checked_path(path: str) -> str:
    """The path as it is. It must stay under `base_url`, whatever the service makes of dots and slashes."""
    if not _PATH.fullmatch(path) or _DOT_SEGMENT.search(path):
        _refuse(
            "path",
            "must be a path under the integration's base_url, beginning with one slash, percent-encoded, without "
            "`.` and `..` segments.",
        )
    return path


def _name(name: str) -> str:
    try:
        return header_name(name)
    except InvalidIntegrationConfig:  # here the name is the caller's, not a row's
        _refuse("headers", f"{name!r} is no header that you may set.", name)


def _value(name: str, value: str) -> str:
    if not is_header_value(value):
        _refuse("headers", "must not contain line breaks or other control characters.", name)
    return value.strip(" \t")


def _pairs(query: Mapping[str, QueryValue]) -> Iterator[str]:
    for name, value in query.items():
        for item in value if isinstance(value, Sequence) and not isinstance(value, str) else [value]:
            if item is not None:
                text = ("true" if item else "false") if isinstance(item, bool) else str(item)
                try:
                    yield f"{quote(name, safe='')}={quote(text, safe='')}"
                except UnicodeEncodeError:
                    _refuse("query", "is not valid Unicode.", name)


def _refuse(parameter: str, reason: str, *path: str) -> NoReturn:
    raise InvalidParameters([Fault(parameter_pointer(parameter, *path), reason)])
