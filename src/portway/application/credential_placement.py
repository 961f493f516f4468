"""Puts a connection's credential into a request, where the service looks for it.

By `auth_type`: `bearer`, `oauth2`, `oauth2_client_credentials`, `jwt_bearer` and a `custom` login send their token, and
`api_key` the key, as `Authorization: Bearer ...` (RFC 6750); `basic` sends user name and password (RFC 7617); `oauth1`
and `aws_sigv4` sign the request. An integration says otherwise, and may say several at once, with
`auth_config.credential_placement`; what it places is part of what is signed.
"""

import base64
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from urllib.parse import quote

from msgspec.structs import replace

from portway.application.language.auth_config import AuthConfig, CredentialField, Placement
from portway.application.language.documents import auth_config
from portway.application.language.templates import MissingValueError, fill
from portway.application.ports.clock import Clock, system_clock
from portway.application.ports.http import OutgoingRequest
from portway.application.requests.added_values import (
    BODILESS,
    with_body_member,
    with_cookie,
    with_header,
    with_query,
)
from portway.application.requests.header_fields import is_header_value
from portway.application.requests.scalar_text import RefusedError, text_of
from portway.application.signatures.aws_sigv4 import AwsCredentials, sign_aws_sigv4
from portway.application.signatures.oauth1 import OAuth1Credentials, sign_oauth1
from portway.domain.credential import Credential
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonObject

Values = Mapping[str, str]

SIGNED = frozenset({AuthType.OAUTH1, AuthType.AWS_SIGV4})
"""Kinds whose credential is not sent, but signs the request."""

_NOTHING: Values = MappingProxyType({})
_NO_CONFIG: JsonObject = {}
_OAUTH1_SECRETS = ("consumer_secret", "token_secret")


def authenticate(
    request: OutgoingRequest,
    integration: Integration,
    credential: Credential | None,
    *,
    config: JsonObject = _NO_CONFIG,
    now: Clock = system_clock,
) -> OutgoingRequest:
    """The request with the credential in it, over anything of the same name that was there.

    `config` is the connection's. Raises InvalidIntegrationConfig for an `auth_type` that needs a placement, a value
    that neither credential nor config has, and one that its place cannot hold.
    """
    auth, auth_type = auth_config(integration), integration.auth_type
    values = credential.values if credential is not None else _NOTHING
    try:
        if auth.credential_placement is not None:
            every = TemplateValues(values, config) if config else values
            request = place(
                _with_room(request, integration, auth.credential_placement),
                auth.credential_placement,
                every,
                optional=_optional(auth),
            )
            if auth_type not in SIGNED:
                return request
        elif auth_type is AuthType.NONE:
            return request
        if auth_type is AuthType.OAUTH1:
            return _with_oauth1(request, auth, TemplateValues(values, config), now)
        if auth_type is AuthType.AWS_SIGV4:
            return _with_aws_sigv4(request, auth, TemplateValues(values, config), now)
        return _with_authorization(request, _default(auth_type, auth)(values))
    except InvalidIntegrationConfig as error:
        raise InvalidIntegrationConfig(f"Integration {integration.slug!r}: {error.detail}") from None


def place(
    request: OutgoingRequest,
    placements: Iterable[Placement],
    values: Values,
    *,
    optional: Container[str] = (),
) -> OutgoingRequest:
    """The request with what the placements say, each over anything of the same name that was there.

    One that needs an absent value of `optional` is left out. Raises InvalidIntegrationConfig for any other absent
    value, and for what the place cannot hold.
    """
    for placement in placements:
        try:
            value = placed_value(placement, values)
        except MissingValueError as missing:
            if missing.name in optional:
                continue
            raise _lacks(missing.name) from None
        request = _PLACES[placement.place](request, placement.name, value)
    return request


def placed_value(placement: Placement, values: Values) -> str:
    """What a placement puts into its place. Raises MissingValueError."""
    value = fill(placement.value, values)
    if placement.encoding == "base64":
        value = _base64(value)
    return value if placement.scheme is None else f"{placement.scheme} {value}"


def secrets_of(
    credential: Credential | None, integration: Integration | None = None, config: JsonObject = _NO_CONFIG
) -> list[str]:
    """Every literal that must not appear in a log: the members' values, and what they are sent as, for which it takes
    the integration and the connection's `config`.
    """
    if credential is None:
        return []
    secrets = [value for value in credential.values.values() if value]
    if "username" in credential.values and "password" in credential.values:
        secrets.append(_unpadded(_base64(_pair(credential.values))))
    if integration is not None:
        secrets += _sent_secrets(integration, credential.values, config)
    return secrets


class TemplateValues(Mapping[str, str]):
    """What templates are filled with: the members of a credential, then the values of a connection's config."""

    __slots__ = ("_config", "_members")

    def __init__(self, members: Values, config: JsonObject) -> None:
        self._members = members
        self._config = config

    def __getitem__(self, name: str) -> str:
        if member := self._members.get(name):
            return member
        try:
            return text_of(self._config[name])
        except RefusedError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter({**self._config, **self._members})

    def __len__(self) -> int:
        return len({**self._config, **self._members})


def _sent_secrets(integration: Integration, members: Values, config: JsonObject) -> Iterator[str]:
    """What the members are sent as, where a log would not know them again."""
    try:
        auth = auth_config(integration)
    except InvalidIntegrationConfig:
        return  # a broken row sends nothing
    for placement in auth.credential_placement or ():
        if placement.encoding == "base64":
            with suppress(MissingValueError):
                yield _unpadded(_base64(fill(placement.value, TemplateValues(members, config))))
    if integration.auth_type is AuthType.OAUTH1 and auth.oauth1.signature_method == "PLAINTEXT":
        # They are encoded twice in the header (RFC 5849, sections 3.4.4 and 3.5.1).
        with suppress(UnicodeEncodeError):
            yield from (quote(members[name], safe="") for name in _OAUTH1_SECRETS if members.get(name))


def _with_room(
    request: OutgoingRequest, integration: Integration, placements: Iterable[Placement]
) -> OutgoingRequest:
    """The request with an empty body of the row's encoding, where there is none and the credential needs one."""
    if request.body or all(placement.place != "body" for placement in placements):
        return request
    body = integration.transform_config.get("body")
    if isinstance(body, dict) and body.get("encoding") == "form":
        return request  # which it becomes in any case
    headers = {"content-type": "application/json", **request.headers}
    return request if request.method in BODILESS else replace(request, headers=headers, body=b"{}")


def _optional(auth: AuthConfig) -> Container[str]:
    """The values that a connection need not have."""
    if auth.credential_fields is None and auth.config_schema is None:
        return ()
    fields = (field for field in auth.credential_fields or () if isinstance(field, CredentialField))
    schema = auth.config_schema or {}
    properties, required = schema.get("properties"), schema.get("required")
    return {field.name for field in fields if not field.required} | (
        set(properties if isinstance(properties, dict) else ())
        - set(required if isinstance(required, list) else ())
    )


def _with_authorization(request: OutgoingRequest, value: str) -> OutgoingRequest:
    """The most frequent place, with less ado."""
    if not is_header_value(value):
        return with_header(request, "authorization", value)
    return OutgoingRequest(
        request.method, request.url, {**request.headers, "authorization": value}, request.body
    )


def _with_oauth1(request: OutgoingRequest, auth: AuthConfig, values: Values, now: Clock) -> OutgoingRequest:
    credentials = OAuth1Credentials(
        consumer_key=_member(values, "consumer_key"),
        consumer_secret=values.get("consumer_secret", ""),
        token=values.get("token") or values.get("access_token", ""),
        token_secret=values.get("token_secret", ""),
    )
    realm = None if auth.oauth1.realm is None else _filled(auth.oauth1.realm, values)
    return sign_oauth1(
        request,
        credentials,
        signature_method=auth.oauth1.signature_method,
        realm=realm,
        timestamp=lambda: now().timestamp(),
    )


def _with_aws_sigv4(
    request: OutgoingRequest, auth: AuthConfig, values: Values, now: Clock
) -> OutgoingRequest:
    if auth.aws_sigv4 is None:
        raise InvalidIntegrationConfig("auth_config.aws_sigv4 must name the service.")
    credentials = AwsCredentials(
        access_key_id=_member(values, "access_key_id"),
        secret_access_key=_member(values, "secret_access_key"),
        session_token=values.get("session_token", ""),
    )
    service, region = _filled(auth.aws_sigv4.service, values), _filled(auth.aws_sigv4.region, values)
    return sign_aws_sigv4(request, credentials, service=service, region=region, now=now())


def _filled(template: str, values: Values) -> str:
    try:
        return fill(template, values)
    except MissingValueError as missing:
        raise _lacks(missing.name) from None


def _member(values: Values, *names: str) -> str:
    for name in names:
        if values.get(name):
            return values[name]
    raise _lacks(names[0])


def _lacks(name: str) -> InvalidIntegrationConfig:
    return InvalidIntegrationConfig(f"the connection has no `{name}`.")


def _token(values: Values) -> str:
    return f"Bearer {_member(values, 'access_token', 'token')}"


def _api_key(values: Values) -> str:
    return f"Bearer {_member(values, 'api_key')}"


def _basic(values: Values) -> str:
    username = _member(values, "username")
    if ":" in username:
        raise InvalidIntegrationConfig("the connection's `username` has a colon, which Basic cannot express.")
    return f"Basic {_base64(_pair(values))}"


def _pair(values: Values) -> str:
    return f"{values['username']}:{values.get('password', '')}"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


def _unpadded(encoded: str) -> str:
    """Without the padding, which an echo may have lost."""
    return encoded.rstrip("=")


def _default(auth_type: AuthType, auth: AuthConfig) -> Callable[[Values], str]:
    found = _DEFAULTS.get(auth_type)
    if found is not None:
        return found
    if auth.login is not None:
        return _token
    raise InvalidIntegrationConfig(f"auth_type {auth_type.value!r} needs a credential_placement.")


_DEFAULTS: dict[AuthType, Callable[[Values], str]] = {
    AuthType.BEARER: _token,
    AuthType.OAUTH2: _token,
    AuthType.OAUTH2_CLIENT_CREDENTIALS: _token,
    AuthType.JWT_BEARER: _token,
    AuthType.API_KEY: _api_key,
    AuthType.BASIC: _basic,
}
_PLACES: dict[str, Callable[[OutgoingRequest, str, str], OutgoingRequest]] = {
    "header": with_header,
    "query": with_query,
    "cookie": with_cookie,
    "body": with_body_member,
}
