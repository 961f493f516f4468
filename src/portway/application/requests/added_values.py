"""A built request with one more value in it, in place of whatever had the same name there.

All raise InvalidIntegrationConfig for a value that the place cannot hold; no message repeats it.
"""

import json
import re
from urllib.parse import quote, unquote_plus

from msgspec.structs import replace

from portway.application.ports.http import OutgoingRequest
from portway.application.requests.header_fields import header_name, is_header_value, is_token
from portway.application.requests.scalar_text import RefusedError, json_bytes
from portway.domain.errors import InvalidIntegrationConfig

FORM = "application/x-www-form-urlencoded"

_COOKIE_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
BODILESS = frozenset({"GET", "HEAD"})


def with_header(request: OutgoingRequest, name: str, value: str) -> OutgoingRequest:
    """The value as a header field."""
    if not is_header_value(value):
        raise InvalidIntegrationConfig(
            "the connection's credential has a control character, such as a line break."
        )
    headers = {**request.headers, header_name(name): value}
    return OutgoingRequest(request.method, request.url, headers, request.body)


def with_query(request: OutgoingRequest, name: str, value: str) -> OutgoingRequest:
    """The value as a query parameter."""
    url, _, query = request.url.partition("?")
    return replace(request, url=f"{url}?{_with_pair(query, name, value)}")


def with_cookie(request: OutgoingRequest, name: str, value: str) -> OutgoingRequest:
    """The value as a cookie, as it is: what the service handed out is encoded already (RFC 6265, section 4.1.1)."""
    if not is_token(name):
        raise InvalidIntegrationConfig(f"{name!r} is not a cookie name.")
    if not _COOKIE_VALUE.fullmatch(value):
        raise InvalidIntegrationConfig(
            "the connection's credential has a character that no cookie can hold, such as a space, comma or semicolon."
        )
    cookies = (cookie.strip() for cookie in request.headers.get("cookie", "").split(";"))
    others = [cookie for cookie in cookies if cookie and cookie.partition("=")[0].rstrip() != name]
    return replace(request, headers={**request.headers, "cookie": "; ".join([*others, f"{name}={value}"])})


def with_body_member(request: OutgoingRequest, name: str, value: str) -> OutgoingRequest:
    """The value as a member of the JSON object, or a field of the form, that the body is. No body becomes a form, but
    for GET and HEAD.
    """
    body = request.body
    if body is not None and not isinstance(body, bytes):
        raise InvalidIntegrationConfig("a credential cannot be put into a body that is streamed.")
    if not body:
        if request.method in BODILESS:
            raise InvalidIntegrationConfig(
                f"a {request.method} has no body to put the connection's credential into."
            )
        return _with_field(
            replace(request, headers={**request.headers, "content-type": FORM}), "", name, value
        )
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == FORM:
        return _with_field(request, body.decode("latin-1"), name, value)
    if kind == "application/json" or kind.endswith("+json"):
        return replace(request, body=_with_member(body, name, value))
    raise InvalidIntegrationConfig(
        f"a credential can be put into a body of JSON or a form, and not into one of {kind or 'an unknown type'}."
    )


def _with_field(request: OutgoingRequest, form: str, name: str, value: str) -> OutgoingRequest:
    return replace(request, body=_with_pair(form, name, value).encode("latin-1"))


def _with_pair(pairs: str, name: str, value: str) -> str:
    """`name=value` pairs with one more, instead of those of that name."""
    others = [pair for pair in pairs.split("&") if pair and unquote_plus(pair.partition("=")[0]) != name]
    try:
        own = f"{quote(name, safe='')}={quote(value, safe='')}"
    except UnicodeEncodeError:
        raise InvalidIntegrationConfig("the connection's credential is not valid Unicode.") from None
    return "&".join([*others, own])


def _with_member(body: bytes, name: str, value: str) -> bytes:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise InvalidIntegrationConfig("a credential can be put into a JSON object, which the body is not.")
    try:
        return json_bytes({**document, name: value})
    except RefusedError as refused:
        raise InvalidIntegrationConfig(
            f"the body with the connection's credential in it {refused.reason}."
        ) from None
