from contextlib import suppress
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portway.application.language.auth_checks import check_auth_config
from portway.application.language.auth_config import AuthConfig
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType, Integration
from portway.infrastructure.config_schema import JsonSchemaConfig
from tests.unit.application.rows import an_integration

SCHEMA = JsonSchemaConfig()
PLACE = {"in": "header", "name": "X-Key", "value": "{api_key}"}
JWT = {"claims": {"iss": "{client_email}", "scope": "{scopes}", "sub": "{subject}"}}
SIGV4 = {"service": "execute-api"}
REGION = {"properties": {"region": {"type": "string"}}}
LOGIN = {
    "url": "https://{region}.example/login",
    "parameters": {"user": {"name": "{username}", "tags": ["{username}", 5]}},
    "placement": [{"in": "header", "name": "X-Pass", "value": "{password}"}],
}


def checked(auth_type: AuthType, base_url: str = "https://api.example", **auth_config: Any) -> None:
    check_auth_config(an_integration(base_url, auth_type, **auth_config), SCHEMA)


def refused(integration: Integration) -> str:
    with pytest.raises(InvalidIntegrationConfig) as error:
        check_auth_config(integration, SCHEMA)
    assert error.value.detail.startswith("Integration 'acme': ")
    return error.value.detail


@pytest.mark.parametrize("auth_type", sorted(set(AuthType) - {"jwt_bearer", "aws_sigv4", "custom"}))
def test_what_is_absent_may_come_later(auth_type: AuthType) -> None:
    checked(auth_type)


@pytest.mark.parametrize(
    ("auth_type", "auth_config"),
    [
        (
            AuthType.OAUTH2,
            {
                "authorization_url": "https://{shop}.example/authorize?prompt=login",
                "token_url": "https://{shop}.example/token",
                "authorization_params": {"state": "x", "app": "{client_id}", "n": 5},
                "refresh_params": {"scope": "{scopes}"},
                "token_response": {"members": {"shard": "servers[0].name"}},
                "capture": {"site": "follow_up[0].id"},
                "follow_up": {"url": "https://api.example/{site}"},
                "credential_placement": [
                    {"in": "header", "name": "Authorization", "value": "{access_token}", "scheme": "Token"},
                    {"in": "query", "name": "site", "value": "{site}.{shard}.{shop}"},
                    {"in": "cookie", "name": "sid", "value": "{access_token}"},
                    {"in": "body", "name": "token", "value": "{access_token}"},
                ],
            },
        ),
        (AuthType.JWT_BEARER, {"token_url": "https://a.example/token", "jwt": JWT}),
        (
            AuthType.JWT_BEARER,
            {
                "credential_fields": ["client_id", "shared"],
                "jwt": {"algorithm": "HS256", "key": "{shared}", "claims": {"iss": "{client_id}", "n": 1}},
            },
        ),
        (AuthType.AWS_SIGV4, {"aws_sigv4": SIGV4}),
        (AuthType.AWS_SIGV4, {"aws_sigv4": SIGV4, "config_schema": REGION}),
        (AuthType.OAUTH1, {"oauth1": {"realm": "{account}"}}),
        (AuthType.CUSTOM, {"credential_fields": ["username", "password"], "login": LOGIN}),
        (
            AuthType.API_KEY,
            {
                "config_schema": {
                    "type": "object",
                    "properties": {
                        "host": {"pattern": "[a-z]+\\.example\\.com", "default": "eu.example.com"}
                    },
                },
                "token_url": "https://{host}/token",
                "credential_placement": [PLACE, PLACE | {"value": "{host}"}],
            },
        ),
        (
            AuthType.API_KEY,
            {
                "config_schema": {"patternProperties": {"^x-": {"type": "string"}}},
                "credential_placement": [PLACE | {"value": "{whatever}"}],
            },
        ),
    ],
)
def test_what_makes_sense(auth_type: AuthType, auth_config: dict[str, Any]) -> None:
    checked(auth_type, **auth_config)


def test_a_handler_of_another_protocol_sends_what_it_likes() -> None:
    checked(AuthType.BASIC, "smtp://mail.example", credential_fields=["host", "password"])


@pytest.mark.parametrize(
    ("auth_type", "auth_config", "what"),
    [
        (AuthType.BEARER, {"scope": "x"}, "auth_config"),
        (AuthType.BEARER, {"pkce": "yes"}, "auth_config.pkce"),
        # What belongs to a kind, and what it cannot do without.
        (AuthType.JWT_BEARER, {}, "auth_config.jwt is needed"),
        (AuthType.AWS_SIGV4, {}, "auth_config.aws_sigv4 is needed"),
        (AuthType.CUSTOM, {}, "auth_config.credential_fields"),
        (AuthType.BASIC, {"login": LOGIN}, "auth_config.login is for auth_type 'custom', not 'basic'"),
        (AuthType.OAUTH2, {"jwt": JWT}, "auth_config.jwt is for"),
        (AuthType.API_KEY, {"aws_sigv4": SIGV4}, "auth_config.aws_sigv4 is for"),
        # Fields.
        (AuthType.CUSTOM, {"credential_fields": ["a", {"name": "a"}]}, "credential_fields[1]: 'a' is there twice"),
        (AuthType.CUSTOM, {"credential_fields": ["a-b"]}, "credential_fields[0]: a name"),
        (AuthType.BASIC, {"credential_fields": ["password"]}, "credential_fields lacks 'username'"),
        (AuthType.API_KEY, {"credential_fields": ["key"]}, "credential_fields lacks 'api_key'"),
        (AuthType.OAUTH1, {"credential_fields": ["token"]}, "credential_fields lacks 'consumer_key'"),
        # Names.
        (
            AuthType.API_KEY,
            {"credential_placement": [PLACE, PLACE | {"value": "{apikey}"}]},
            "auth_config.credential_placement[1].value names {apikey}",
        ),
        (
            AuthType.BEARER,
            {"credential_placement": [PLACE | {"value": "{access_token}"}]},
            "credential_placement[0].value names {access_token}",
        ),
        (AuthType.JWT_BEARER, {"jwt": {"key": "{pem}"}}, "auth_config.jwt.key names {pem}"),
        (AuthType.JWT_BEARER, {"jwt": {"headers": {"kid": "{kid}"}}}, "auth_config.jwt.headers.kid names {kid}"),
        (
            AuthType.JWT_BEARER,
            {"jwt": {"claims": {"a": 1, "iss": "{issuer_id}"}}},
            "auth_config.jwt.claims.iss names {issuer_id}",
        ),
        (AuthType.OAUTH2, {"token_params": {"x": "{shop}"}}, "auth_config.token_params.x names {shop}"),
        (AuthType.OAUTH2, {"token_headers": {"X-A": "{shop}"}}, "auth_config.token_headers.X-A names {shop}"),
        (
            AuthType.OAUTH2,
            {"token_url": "https://{shop}.example/token", "config_schema": REGION},
            "auth_config.token_url names {shop}",
        ),
        (
            AuthType.AWS_SIGV4,
            {"aws_sigv4": SIGV4, "config_schema": {"properties": {"area": {}}}},
            "auth_config.aws_sigv4.region names {region}",
        ),
        (
            AuthType.OAUTH1,
            {"oauth1": {"realm": "{account}"}, "config_schema": REGION},
            "auth_config.oauth1.realm names {account}",
        ),
        (
            AuthType.CUSTOM,
            {
                "credential_fields": ["username", "password"],
                "login": LOGIN | {"parameters": {"a": [{"b": "{pin}"}]}},
            },
            "auth_config.login.parameters.a[0].b names {pin}",
        ),
        (
            AuthType.CUSTOM,
            {"credential_fields": ["username"], "login": LOGIN},
            "auth_config.login.placement[0].value names {password}",
        ),
        # Places.
        (AuthType.API_KEY, {"credential_placement": [PLACE | {"name": "Host"}]}, "credential_placement[0]: The header"),
        (
            AuthType.API_KEY,
            {"credential_placement": [PLACE, PLACE | {"in": "cookie", "name": "a b"}]},
            "credential_placement[1]: 'a b' is not a cookie name",
        ),
        (AuthType.API_KEY, {"credential_placement": [PLACE | {"value": "a\nb"}]}, "credential_placement[0]: the"),
        (AuthType.OAUTH2, {"token_headers": {"Content-Length": "5"}}, "auth_config.token_headers: The header"),
        # Expressions.
        (AuthType.OAUTH2, {"token_response": {"access_token": "a."}}, "auth_config.token_response.access_token is no"),
        (AuthType.OAUTH2, {"token_response": {"expires_at": "a["}}, "auth_config.token_response.expires_at is no"),
        (AuthType.OAUTH2, {"token_response": {"members": {"a": "]"}}}, "auth_config.token_response.members.a is no"),
        (AuthType.OAUTH2, {"capture": {"site": "no()"}}, "auth_config.capture.site is no"),
        (AuthType.OAUTH2, {"account": {"id": "("}}, "auth_config.account.id is no"),
        (AuthType.OAUTH2, {"account": {"id": "a", "name": "`{`"}}, "auth_config.account.name is no"),
        # URLs.
        (AuthType.OAUTH2, {"token_url": "ftp://a.example"}, "auth_config.token_url: the URL"),
        (AuthType.OAUTH2, {"token_url": "smtp://a.example"}, "auth_config.token_url: the URL"),
        (AuthType.OAUTH2, {"authorization_url": "/authorize"}, "auth_config.authorization_url: the URL"),
        (AuthType.OAUTH2, {"userinfo_url": "https://u:p@a.example"}, "auth_config.userinfo_url: the URL"),
        (AuthType.OAUTH2, {"introspection_url": "https://a b"}, "auth_config.introspection_url: the URL"),
        (AuthType.OAUTH2, {"revocation_url": "https://a.example/{"}, "auth_config.revocation_url: the URL"),
        (AuthType.OAUTH2, {"refresh_url": "https://a.example?a={shop}"}, "auth_config.refresh_url: the URL's query"),
        (AuthType.OAUTH2, {"refresh_url": "https://a.example?a b"}, "auth_config.refresh_url: the URL's query"),
        (AuthType.OAUTH1, {"oauth1": {"token_url": "x"}}, "auth_config.oauth1.token_url: the URL"),
        (AuthType.OAUTH2, {"follow_up": {"url": "x"}}, "auth_config.follow_up.url: the URL"),
        (AuthType.OAUTH2, {"token_url": "{instance}/token"}, "auth_config.token_url: the URL"),
        (
            AuthType.OAUTH2,
            {
                "token_url": "https://{host}/token",
                "config_schema": {"properties": {"host": {"enum": ["eu", "eu.example.com"]}}},
            },
            "auth_config.token_url: The connection's `host`",
        ),
        # The client.
        (AuthType.OAUTH2, {"clientIdEnv": "PORTWAY_JWT_SECRET"}, "auth_config.clientIdEnv"),
        # The schema of the config.
        (AuthType.OAUTH2, {"config_schema": {"type": "array"}}, "auth_config.config_schema must be of type"),
        (AuthType.OAUTH2, {"config_schema": {"properties": 5}}, "auth_config.config_schema/properties"),
        (
            AuthType.OAUTH2,
            {"config_schema": {"properties": {"a": {"pattern": "("}}}},
            "auth_config.config_schema/properties/a/pattern",
        ),
    ],
)  # fmt: skip
def test_what_is_broken_is_named(auth_type: AuthType, auth_config: dict[str, Any], what: str) -> None:
    assert what in refused(an_integration(auth_type=auth_type, **auth_config))


@pytest.mark.parametrize(
    ("base_url", "what"),
    [
        ("ftp://x", "base_url must"),
        ("https://a.example?x=1", "base_url must not have a query"),
        ("{instance_url}/v1", "auth_config.config_schema must have a `pattern`"),
    ],
)
def test_a_base_url_that_is_none(base_url: str, what: str) -> None:
    assert what in refused(an_integration(base_url))


def test_an_organizations_row_names_no_variable_of_the_server() -> None:
    integration = Integration(
        id=uuid4(),
        slug="acme",
        name="Acme",
        base_url="https://api.example",
        auth_type=AuthType.OAUTH2,
        auth_config={"clientIdEnv": "ACME_ID"},
        organization_id=uuid4(),
    )
    assert "auth_config.clientIdEnv" in refused(integration)


def nested(depth: int) -> Any:
    found: Any = "{username}"
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize("depth", [970, 100_000])
def test_a_row_that_is_nested_too_deeply(depth: int) -> None:
    login = LOGIN | {"parameters": {"a": nested(depth)}}
    fields = ["username", "password"]
    assert "nested too deeply" in refused(
        an_integration(auth_type=AuthType.CUSTOM, credential_fields=fields, login=login)
    )


TEXTS = st.sampled_from(
    ["", "a", "{a}", "{token}", "https://{a}.example/", "{a}/", "https://[", "é", "\ud800", "a.b", "@", "[", "\x00"]
)  # fmt: skip
PARTS = [
    "url",
    "value",
    "name",
    "in",
    "properties",
    "pattern",
    "default",
    "enum",
    "claims",
    "a",
    "type",
    "members",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 5) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(PARTS) | TEXTS, inner, max_size=3)
    ),
    max_leaves=6,
)
GOOD = st.fixed_dictionaries(
    {},
    optional={
        "token_url": TEXTS,
        "jwt": st.fixed_dictionaries({}, optional={"key": TEXTS, "claims": st.dictionaries(TEXTS, TEXTS)}),
        "login": st.fixed_dictionaries(
            {"url": TEXTS, "parameters": st.dictionaries(TEXTS, VALUES, max_size=2)}
        ),
        "capture": st.dictionaries(TEXTS, TEXTS, max_size=2),
        "config_schema": st.dictionaries(st.sampled_from([*PARTS, "$ref", "required"]), VALUES, max_size=3),
        "credential_fields": st.lists(TEXTS, max_size=3),
        "credential_placement": st.lists(
            st.fixed_dictionaries(
                {"in": st.sampled_from(["header", "query", "cookie", "body"]), "name": TEXTS, "value": TEXTS}
            ),
            min_size=1,
            max_size=2,
        ),
    },
)
ANY = st.dictionaries(
    st.sampled_from([field.name for field in msgspec.structs.fields(AuthConfig)]), VALUES, max_size=3
)


@settings(max_examples=300, deadline=None)
@given(auth_type=st.sampled_from(AuthType), auth_config=GOOD | ANY, base_url=TEXTS)
def test_no_row_is_a_fault_of_the_gateway(
    auth_type: AuthType, auth_config: dict[str, Any], base_url: str
) -> None:
    with suppress(InvalidIntegrationConfig):
        checked(auth_type, base_url, **auth_config)
