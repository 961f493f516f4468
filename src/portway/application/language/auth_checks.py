"""Whether an integration's `auth_config` makes sense, found out when the row is written and not when it is used."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from portway.application.credential_placement import place
from portway.application.language.auth_config import AuthConfig, Placement
from portway.application.language.auth_names import check_names, urls
from portway.application.language.credential_fields import credential_fields
from portway.application.language.documents import auth_config
from portway.application.language.expression import compiled
from portway.application.language.templates import names_in
from portway.application.oauth_client import choose_client
from portway.application.ports.http import OutgoingRequest
from portway.application.ports.schema import ConfigSchema
from portway.application.requests.header_fields import header_name
from portway.application.requests.url_template import check_base_url, expand_base_url, wide_names
from portway.domain.credential import OAuthClient
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType, Integration

_FIELD_NAME = re.compile(r"[A-Za-z0-9_]+")
_QUERY = re.compile(r"[A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*")
# What each kind sends where the row has no credential_placement of its own.
_SENT: Mapping[AuthType, tuple[str, ...]] = {
    AuthType.BEARER: ("token",),
    AuthType.API_KEY: ("api_key",),
    AuthType.BASIC: ("username",),
    AuthType.OAUTH1: ("consumer_key",),
    AuthType.AWS_SIGV4: ("access_key_id", "secret_access_key"),
}
_OF_ONE_KIND: Mapping[str, AuthType] = {
    "jwt": AuthType.JWT_BEARER,
    "aws_sigv4": AuthType.AWS_SIGV4,
    "login": AuthType.CUSTOM,
}
_NEEDED: Mapping[AuthType, str] = {AuthType.JWT_BEARER: "jwt", AuthType.AWS_SIGV4: "aws_sigv4"}


def check_auth_config(integration: Integration, config_schema: ConfigSchema) -> None:
    """Raises InvalidIntegrationConfig, which names the row and the member. What is absent may come later, unless the
    rest makes no sense without it.
    """
    auth = auth_config(integration)
    config_schema.faults(integration, {})
    credential_fields(integration)
    try:
        choose_client(integration, OAuthClient("example", None), {})
        _check_kind(integration, auth)
        _check_fields(integration, auth)
        _check_urls(integration, auth)
        check_names(integration, auth)
        _check_placements("credential_placement", auth.credential_placement or ())
        _check_placements("login.placement", auth.login.placement if auth.login else ())
        for member, expression in _expressions(auth):
            compiled(expression, member, "auth_config")
        for name in auth.token_headers:
            _check_header(name)
    except InvalidIntegrationConfig as error:
        raise InvalidIntegrationConfig(f"Integration {integration.slug!r}: {error.detail}") from None
    except RecursionError:
        raise InvalidIntegrationConfig(
            f"Integration {integration.slug!r}: auth_config is nested too deeply."
        ) from None


def _check_kind(integration: Integration, auth: AuthConfig) -> None:
    """Members that belong to one kind of credential, and those that a kind cannot do without."""
    for member, auth_type in _OF_ONE_KIND.items():
        if getattr(auth, member) is not None and integration.auth_type is not auth_type:
            raise InvalidIntegrationConfig(
                f"auth_config.{member} is for auth_type {auth_type.value!r}, not {integration.auth_type.value!r}."
            )
    needed = _NEEDED.get(integration.auth_type)
    if needed is not None and getattr(auth, needed) is None:
        raise InvalidIntegrationConfig(
            f"auth_config.{needed} is needed by auth_type {integration.auth_type.value!r}."
        )
    if auth.config_schema is not None and auth.config_schema.get("type", "object") != "object":
        raise InvalidIntegrationConfig("auth_config.config_schema must be of type 'object'.")


def _check_fields(integration: Integration, auth: AuthConfig) -> None:
    names = [field.name for field in credential_fields(integration)]
    for index, name in enumerate(names):
        where = f"auth_config.credential_fields[{index}]"
        if not _FIELD_NAME.fullmatch(name):
            raise InvalidIntegrationConfig(f"{where}: a name is made of letters, digits and `_`.")
        if name in names[:index]:
            raise InvalidIntegrationConfig(f"{where}: {name!r} is there twice.")
    # A handler of another protocol sends what it likes.
    if auth.credential_placement is None and integration.base_url.lower().startswith("http"):
        for needed in _SENT.get(integration.auth_type, ()):
            if needed not in names:
                raise InvalidIntegrationConfig(
                    f"auth_config.credential_fields lacks {needed!r}, which is sent without a credential_placement."
                )


def _check_urls(integration: Integration, auth: AuthConfig) -> None:
    wide, suggested = wide_names(integration), _suggested(auth)
    for member, url in urls(integration, auth):
        try:
            _check_url(member, url, wide)
            _check_suggested(url.partition("?")[0], suggested, wide)
        except InvalidIntegrationConfig as error:
            if member == "base_url":
                raise
            reason = error.detail.replace("base_url", "the URL", 1)
            raise InvalidIntegrationConfig(f"{member}: {reason}") from None


def _check_url(member: str, url: str, wide: frozenset[str]) -> None:
    address, mark, query = url.partition("?")
    check_base_url(url if member == "base_url" else address, wide)
    if member == "base_url":
        return
    if not address.lower().startswith(("https://", "http://", "{")):
        raise InvalidIntegrationConfig("the URL must begin with https:// or http://.")
    if mark and not _QUERY.fullmatch(query):
        raise InvalidIntegrationConfig(
            "the URL's query must be encoded; its values are no templates, further parameters are."
        )


def _suggested(auth: AuthConfig) -> list[tuple[str, str]]:
    """The values that `config_schema` itself speaks of."""
    properties = (auth.config_schema or {}).get("properties")
    found: list[tuple[str, str]] = []
    for name, schema in properties.items() if isinstance(properties, dict) else ():
        if isinstance(schema, dict):
            several = [*_listed(schema.get("enum")), *_listed(schema.get("examples"))]
            values = [schema.get("default"), schema.get("const"), *several]
            found += [(name, value) for value in values if isinstance(value, str) and value]
    return found


def _check_suggested(address: str, suggested: list[tuple[str, str]], wide: frozenset[str]) -> None:
    names = names_in(address)
    for name, value in suggested:
        if name in names and not address.startswith(f"{{{name}}}"):
            try:
                expand_base_url(address, _example(names) | {name: value}, wide)
            except InvalidIntegrationConfig as error:
                raise InvalidIntegrationConfig(
                    f"{error.detail} auth_config.config_schema suggests {value!r}; with a `pattern` there it may be "
                    "a host name."
                ) from None


def _check_placements(member: str, placements: tuple[Placement, ...]) -> None:
    """By placing an example."""
    request = OutgoingRequest("POST", "https://api.example/", {"content-type": "application/json"}, b"{}")
    for index, placement in enumerate(placements):
        try:
            place(request, (placement,), _example(names_in(placement.value)))
        except InvalidIntegrationConfig as error:
            raise InvalidIntegrationConfig(f"auth_config.{member}[{index}]: {error.detail}") from None


def _check_header(name: str) -> None:
    try:
        header_name(name)
    except InvalidIntegrationConfig as error:
        raise InvalidIntegrationConfig(f"auth_config.token_headers: {error.detail}") from None


def _expressions(auth: AuthConfig) -> Iterator[tuple[str, str]]:
    """The JMESPath expressions after their members. Those of `verification` are an action's."""
    rules = auth.token_response
    for member in (
        "access_token",
        "refresh_token",
        "expires_in",
        "expires_at",
        "scope",
        "error",
        "error_description",
    ):
        expression = getattr(rules, member)
        if expression is not None:
            yield f"token_response.{member}", expression
    yield from ((f"token_response.members.{name}", text) for name, text in rules.members.items())
    yield from ((f"capture.{name}", text) for name, text in auth.capture.items())
    if auth.account is not None:
        yield "account.id", auth.account.id
        if auth.account.name is not None:
            yield "account.name", auth.account.name


def _example(names: frozenset[str]) -> dict[str, str]:
    return dict.fromkeys(names, "example")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
