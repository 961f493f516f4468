"""A request that no action's row describes: to any path under an integration's `base_url`."""

import re
from collections.abc import Iterator, Mapping, Sequence

from portway.application.handlers.action_handler import QueryValue
from portway.application.language.documents import read_integration_config
from portway.application.ports.http import OutgoingRequest, StreamedBody
from portway.application.requests.constant_headers import ConstantHeaders
from portway.application.requests.header_fields import header_name, is_header_value
from portway.application.requests.scalar_text import (
    RefusedError,
    json_bytes,
    percent_encoded,
    text_of,
    unicode_of,
)
from portway.application.requests.url_template import integration_base
from portway.domain.errors import Fault, InvalidIntegrationConfig, InvalidParameters
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.parameter_pointer import parameter_pointer

# A segment of dots, whatever the service takes for the end of a segment.
_DOT_SEGMENT = re.compile(r"(?:/|%2f|%5c)(?:\.|%2e){1,2}(?=/|%2f|%5c|;|%3b|$)", re.IGNORECASE)
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
    """See `ActionContext.request`. Raises InvalidParameters for what leaves its place, or has none in a request."""
    fields = _constant_headers(integration, config)
    for name, value in (headers or {}).items():
        fields[_header_name(name)] = _header_value(name, value)
    if body is None and json is not None:
        fields.setdefault("content-type", "application/json")
        body = _json_body(json)
    _check_path(path)
    url = integration_base(integration, config) + path
    if pairs := "&".join(_pairs(query or {})):
        url += ("&" if "?" in path else "?") + pairs
    return OutgoingRequest(method.upper(), url, fields, body)


def _constant_headers(integration: Integration, config: JsonObject) -> dict[str, str]:
    try:
        row = read_integration_config(integration).headers
        return ConstantHeaders(row, accept=_ACCEPT).fill(config)
    except InvalidIntegrationConfig as error:
        where = f"Integration {integration.slug!r}: "
        raise InvalidIntegrationConfig(where + error.detail.removeprefix(where)) from None


def _check_path(path: str) -> None:
    """It must stay under `base_url`, whatever the service makes of dots and slashes."""
    if not _PATH.fullmatch(path) or _DOT_SEGMENT.search(path.partition("?")[0]):
        raise _refusal(
            "must be a path under the integration's base_url, beginning with one slash, percent-encoded, without "
            "`.` and `..` segments.",
            "path",
        )


def _header_name(name: str) -> str:
    try:
        return header_name(name)
    except InvalidIntegrationConfig:  # here the name is the caller's, not a row's
        raise _refusal("is no header that may be set.", "headers", name) from None


def _header_value(name: str, value: str) -> str:
    if not is_header_value(value):
        raise _refusal("must not contain line breaks or other control characters.", "headers", name)
    return value.strip(" \t")


def _json_body(value: JsonValue) -> bytes:
    try:
        return json_bytes(value)
    except RefusedError as refused:
        raise _refusal(f"{refused.reason}.", "body") from None


def _pairs(query: Mapping[str, QueryValue]) -> Iterator[str]:
    for name, value in query.items():
        for item in value if isinstance(value, Sequence) and not isinstance(value, str) else [value]:
            if item is not None:
                try:
                    yield f"{percent_encoded(unicode_of(name))}={percent_encoded(text_of(item))}"
                except RefusedError as refused:
                    raise _refusal(f"{refused.reason}.", "query", name) from None


def _refusal(reason: str, *path: str) -> InvalidParameters:
    return InvalidParameters([Fault(parameter_pointer(*path), reason)])
