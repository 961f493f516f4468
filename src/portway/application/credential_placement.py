"""Puts a connection's credential into a request, where the service looks for it.

By `auth_type`: `bearer`, `oauth2`, `oauth2_client_credentials` and `jwt_bearer` send their token, and
`api_key` the key, as `Authorization: Bearer ...` (RFC 6750); `basic` sends user name and password (RFC 7617).
An integration says otherwise, and may say several at once, with `auth_config.credential_placement`:

    [{"in": "header", "name": "X-Api-Key", "value": "{api_key}"},
     {"in": "query", "name": "account", "value": "{account_id}"}]
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote, unquote_plus

from portway.application.ports.http import OutgoingRequest
from portway.application.requests.header_fields import header_name, is_header_value
from portway.domain.credential import Credential
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonValue

_MEMBER = re.compile(r"\{([A-Za-z0-9_]+)\}")

Values = Mapping[str, str]


def authenticate(
    request: OutgoingRequest, integration: Integration, credential: Credential | None
) -> OutgoingRequest:
    """The request with the credential in it, over anything of the same name that was there.

    Raises InvalidIntegrationConfig for an `auth_type` without an implementation, a placement of another
    shape, a member that the credential lacks, and a value that a header cannot hold.
    """
    placement = integration.auth_config.get("credential_placement")
    if integration.auth_type is AuthType.NONE and placement is None:
        return request
    values = credential.values if credential is not None else {}
    try:
        if placement is not None:
            return _place_all(request, placement, values)
        return _into_header(request, "authorization", _default(integration.auth_type)(values))
    except InvalidIntegrationConfig as error:
        raise InvalidIntegrationConfig(f"Integration {integration.slug!r}: {error.detail}") from None


def secrets_of(credential: Credential | None) -> list[str]:
    """Every literal that must not appear in a log: the members' values, and what they are sent as."""
    if credential is None:
        return []
    secrets = [value for value in credential.values.values() if value]
    if "username" in credential.values and "password" in credential.values:
        # Without the padding, which an echo may have lost.
        secrets.append(_basic(credential.values).removeprefix("Basic ").rstrip("="))
    return secrets


def _member(values: Values, *names: str) -> str:
    for name in names:
        if values.get(name):
            return values[name]
    raise InvalidIntegrationConfig(f"the connection's credential has no `{names[0]}`.")


def _token(values: Values) -> str:
    return f"Bearer {_member(values, 'access_token', 'token')}"


def _api_key(values: Values) -> str:
    return f"Bearer {_member(values, 'api_key')}"


def _basic(values: Values) -> str:
    username = _member(values, "username")
    if ":" in username:
        raise InvalidIntegrationConfig("the connection's `username` has a colon, which Basic cannot express.")
    pair = f"{username}:{values.get('password', '')}"
    return f"Basic {base64.b64encode(pair.encode('utf-8', 'surrogatepass')).decode()}"


# What is missing here is a signature over the request, not a place for a value: oauth1 and aws_sigv4.
_DEFAULTS: dict[AuthType, Callable[[Values], str]] = {
    AuthType.BEARER: _token,
    AuthType.OAUTH2: _token,
    AuthType.OAUTH2_CLIENT_CREDENTIALS: _token,
    AuthType.JWT_BEARER: _token,
    AuthType.API_KEY: _api_key,
    AuthType.BASIC: _basic,
}


def _default(auth_type: AuthType) -> Callable[[Values], str]:
    if auth_type not in _DEFAULTS:
        raise InvalidIntegrationConfig(f"auth_type {auth_type.value!r} needs a credential_placement.")
    return _DEFAULTS[auth_type]


def _place_all(request: OutgoingRequest, placement: JsonValue, values: Values) -> OutgoingRequest:
    for place, name, template in _entries(placement):
        request = _PLACES[place](request, name, _fill(template, values))
    return request


def _entries(placement: JsonValue) -> Iterator[tuple[str, str, str]]:
    if not isinstance(placement, list) or not placement:
        raise InvalidIntegrationConfig("auth_config.credential_placement must be a list of places.")
    for index, entry in enumerate(placement):
        where = f"auth_config.credential_placement[{index}]"
        if not isinstance(entry, dict):
            raise InvalidIntegrationConfig(f"{where} must be an object.")
        place, name, value = entry.get("in"), entry.get("name"), entry.get("value")
        if not isinstance(place, str) or place not in _PLACES:
            raise InvalidIntegrationConfig(f"{where}.in must be one of {', '.join(_PLACES)}.")
        if not isinstance(name, str) or not name or not isinstance(value, str):
            raise InvalidIntegrationConfig(f"{where} needs a `name` and a `value`.")
        yield place, name, value


def _fill(template: str, values: Values) -> str:
    return _MEMBER.sub(lambda match: _member(values, match.group(1)), template)


def _into_header(request: OutgoingRequest, name: str, value: str) -> OutgoingRequest:
    if not is_header_value(value):
        raise InvalidIntegrationConfig(
            "the connection's credential has a control character, such as a line break."
        )
    headers = {**request.headers, header_name(name): value}
    return OutgoingRequest(request.method, request.url, headers, request.body)


def _into_query(request: OutgoingRequest, name: str, value: str) -> OutgoingRequest:
    url, _, query = request.url.partition("?")
    others = [pair for pair in query.split("&") if pair and unquote_plus(pair.partition("=")[0]) != name]
    try:
        own = f"{quote(name, safe='')}={quote(value, safe='')}"
    except UnicodeEncodeError:
        raise InvalidIntegrationConfig("the connection's credential is not valid Unicode.") from None
    return replace(request, url=f"{url}?{'&'.join([*others, own])}")


_PLACES: dict[str, Callable[[OutgoingRequest, str, str], OutgoingRequest]] = {
    "header": _into_header,
    "query": _into_query,
}
