"""Which values the templates of an `auth_config` may name: those that a connection can have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portway.application.language.auth_config import AuthConfig
from portway.application.language.credential_fields import credential_fields
from portway.application.language.templates import names_in
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType, Integration

_TOKEN_TYPES = frozenset(
    {AuthType.OAUTH2, AuthType.OAUTH2_CLIENT_CREDENTIALS, AuthType.JWT_BEARER, AuthType.OAUTH1}
)
_OBTAINED = frozenset({"access_token", "refresh_token"})
_TOKEN_REQUEST = frozenset({"scopes", "token_url", "client_id", "client_secret"})
# With one of these, a schema takes members that its `properties` do not name.
_OPEN = frozenset(
    {
        "$ref",
        "additionalProperties",
        "allOf",
        "anyOf",
        "oneOf",
        "patternProperties",
        "unevaluatedProperties",
    }
)


@dataclass(frozen=True, slots=True)
class _Template:
    """A text of the row, at `member`."""

    member: str
    text: str


def urls(integration: Integration, auth: AuthConfig) -> Iterator[tuple[str, str]]:
    """Every URL of the row after its member."""
    yield "base_url", integration.base_url
    found = {
        "authorization_url": auth.authorization_url,
        "token_url": auth.token_url,
        "refresh_url": auth.refresh_url,
        "revocation_url": auth.revocation_url,
        "introspection_url": auth.introspection_url,
        "userinfo_url": auth.userinfo_url,
        "oauth1.temporary_credentials_url": auth.oauth1.temporary_credentials_url,
        "oauth1.token_url": auth.oauth1.token_url,
        "login.url": auth.login.url if auth.login else None,
        "follow_up.url": auth.follow_up.url if auth.follow_up else None,
    }
    yield from ((f"auth_config.{member}", url) for member, url in found.items() if url is not None)


def check_names(integration: Integration, auth: AuthConfig) -> None:
    """Raises InvalidIntegrationConfig for a template with a name that no connection has a value for.

    Without a `config_schema`, a connection's config has whatever the texts name that are about the config alone: the
    URLs, the issuer, the realm, the region.
    """
    of_config = [_Template(*found) for found in urls(integration, auth)]
    of_both = [*_about_the_account(auth)]
    config = frozenset(auth.capture)
    if auth.config_schema is None:
        config |= _names(of_config) | _names(of_both)
    elif _OPEN & auth.config_schema.keys():
        return
    else:
        config |= frozenset(auth.config_schema.get("properties") or ())
    credential = _credential_names(integration, auth)
    _check(of_config, config, "config_schema's properties and of what `capture` takes")
    everything = "the credential's members, of config_schema's properties and of what `capture` takes"
    _check([*of_both, *_placed(auth)], config | credential, everything)
    _check([*_sent_for_a_token(auth)], config | credential | _TOKEN_REQUEST, everything)


def _check(templates: list[_Template], known: frozenset[str], what: str) -> None:
    for template in templates:
        if unknown := names_in(template.text) - known:
            raise InvalidIntegrationConfig(
                f"{template.member} names {{{min(unknown)}}}, which no connection has: it is none of {what}."
            )


def _names(templates: list[_Template]) -> frozenset[str]:
    return frozenset(name for template in templates for name in names_in(template.text))


def _credential_names(integration: Integration, auth: AuthConfig) -> frozenset[str]:
    """The members that are entered, and those that a token's answer brings."""
    names = frozenset(field.name for field in credential_fields(integration)) | frozenset(
        auth.token_response.members
    )
    if integration.auth_type is AuthType.OAUTH1:
        names |= {"consumer_key", "consumer_secret", "token", "token_secret"}
    is_obtained = integration.auth_type in _TOKEN_TYPES or auth.login is not None
    return names | _OBTAINED if is_obtained else names


def _about_the_account(auth: AuthConfig) -> Iterator[_Template]:
    if auth.issuer is not None:
        yield _Template("auth_config.issuer", auth.issuer)
    if auth.oauth1.realm is not None:
        yield _Template("auth_config.oauth1.realm", auth.oauth1.realm)
    if auth.aws_sigv4 is not None:
        yield _Template("auth_config.aws_sigv4.service", auth.aws_sigv4.service)
        yield _Template("auth_config.aws_sigv4.region", auth.aws_sigv4.region)


def _placed(auth: AuthConfig) -> Iterator[_Template]:
    placements = {
        "credential_placement": auth.credential_placement or (),
        "login.placement": auth.login.placement if auth.login else (),
    }
    for member, places in placements.items():
        for index, placement in enumerate(places):
            yield _Template(f"auth_config.{member}[{index}].value", placement.value)


def _sent_for_a_token(auth: AuthConfig) -> Iterator[_Template]:
    documents: dict[str, Any] = {
        "authorization_params": auth.authorization_params,
        "token_params": auth.token_params,
        "refresh_params": auth.refresh_params,
        "token_headers": auth.token_headers,
    }
    if auth.jwt is not None:
        documents |= {"jwt.key": auth.jwt.key, "jwt.headers": auth.jwt.headers, "jwt.claims": auth.jwt.claims}
    if auth.login is not None:
        documents["login.parameters"] = auth.login.parameters
    for member, document in documents.items():
        yield from _texts(f"auth_config.{member}", document)


def _texts(member: str, document: object) -> Iterator[_Template]:
    """The texts at any depth."""
    if isinstance(document, str):
        yield _Template(member, document)
    elif isinstance(document, Mapping):
        for name, part in document.items():
            yield from _texts(f"{member}.{name}", part)
    elif isinstance(document, list | tuple):
        for index, part in enumerate(document):
            yield from _texts(f"{member}[{index}]", part)
