"""Codes, refresh tokens, revocation and introspection: what is sent where. What comes back: test_token_response.py."""

import json
from datetime import timedelta
from typing import Any

import pytest

from portway.application.ports.token_endpoint import TokenEndpointUnavailable, TokenRequestRefused
from portway.domain.credential import TokenSet
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType
from portway.domain.json_value import JsonObject
from portway.infrastructure.oauth.token_endpoint import MAX_TOKEN_RESPONSE_BYTES, TOKEN_TIMEOUT_SECONDS
from tests.unit.infrastructure.oauth.one_answer import (
    CLIENT,
    NOW,
    TOKEN_URL,
    OneAnswer,
    answer,
    endpoint,
    registration,
)

CALLBACK = "https://portway.example/api/v2/oauth/callback"
FORM = "application/x-www-form-urlencoded"


async def exchange(http: OneAnswer, **row: Any) -> TokenSet:
    return await endpoint(http).exchange_code(
        registration(**row), code="the-c0de", redirect_uri=CALLBACK, code_verifier="the-v3rifier"
    )


async def refresh(http: OneAnswer, *scopes: str, **row: Any) -> TokenSet:
    return await endpoint(http).renew(registration(**row), {"refresh_token": "the-r3fresh"}, scopes)


def tokens() -> OneAnswer:
    return OneAnswer(answer({"access_token": "a"}))


async def test_exchanges_a_code() -> None:
    body: JsonObject = {"access_token": "a", "refresh_token": "r", "expires_in": 3600, "scope": "read write"}
    http = OneAnswer(answer(body))
    assert await exchange(http) == TokenSet("a", "r", NOW + timedelta(hours=1), ("read", "write"), {}, body)
    request = http.sent[0]
    assert (request.method, request.url) == ("POST", TOKEN_URL)
    assert request.headers == {"accept": "application/json", "content-type": FORM}
    assert http.form == {
        "grant_type": "authorization_code",
        "code": "the-c0de",
        "redirect_uri": CALLBACK,
        "code_verifier": "the-v3rifier",
        "client_id": "client-id",
        "client_secret": "client-s3cret",
    }
    assert not http.followed_redirects
    assert http.timeout_seconds == TOKEN_TIMEOUT_SECONDS == 20
    assert http.max_response_bytes == MAX_TOKEN_RESPONSE_BYTES == 256 * 1024


async def test_refreshes_and_keeps_the_refresh_token_where_the_answer_has_none() -> None:
    http = OneAnswer(answer({"access_token": "a2", "expires_in": "1800"}))
    renewed = await refresh(http)
    assert (renewed.access_token, renewed.refresh_token) == ("a2", None)
    assert renewed.expires_at == NOW + timedelta(minutes=30)
    assert http.form == {
        "grant_type": "refresh_token",
        "refresh_token": "the-r3fresh",
        "client_id": "client-id",
        "client_secret": "client-s3cret",
    }


async def test_a_rotated_refresh_token() -> None:
    http = OneAnswer(answer({"access_token": "a2", "refresh_token": "r2"}))
    assert (await refresh(http)).refresh_token == "r2"


async def test_without_pkce_there_is_no_verifier() -> None:
    http = tokens()
    await exchange(http, pkce=False)
    assert "code_verifier" not in http.form


async def test_the_refresh_url_is_for_refreshing_only() -> None:
    http = tokens()
    await refresh(http, refresh_url="https://auth.example/refresh")
    await exchange(http, refresh_url="https://auth.example/refresh")
    assert [request.url for request in http.sent] == ["https://auth.example/refresh", TOKEN_URL]


async def test_endpoints_have_the_connections_values_in_them() -> None:
    http = tokens()
    row: dict[str, Any] = {
        "token_url": "https://{subdomain}.example/{tenant}/token?v=2",
        "refresh_url": "https://{subdomain}.example/refresh/",
        "config": {"subdomain": "acme", "tenant": "a/b"},
    }
    await exchange(http, **row)
    await refresh(http, **row)
    assert [request.url for request in http.sent] == [
        "https://acme.example/a%2Fb/token?v=2",
        "https://acme.example/refresh/",
    ]
    with pytest.raises(InvalidIntegrationConfig, match=r"'example': auth_config\.token_url: .*`tenant`"):
        await exchange(http, **{**row, "config": {"subdomain": "acme"}})
    with pytest.raises(InvalidIntegrationConfig, match=r"auth_config\.refresh_url: .*`subdomain`"):
        await refresh(http, **{**row, "token_url": None, "config": {"subdomain": "evil.example/"}})
    assert len(http.sent) == 2


async def test_a_host_that_the_rows_pattern_allows() -> None:
    http = tokens()
    row: dict[str, Any] = {
        "token_url": "https://{host}/token",
        "config": {"host": "login.eu.example"},
    }
    with pytest.raises(InvalidIntegrationConfig, match="`host` must be a single part"):
        await exchange(http, **row)
    pattern = {"properties": {"host": {"type": "string", "pattern": r"[a-z.]+\.example"}}}
    await exchange(http, **row, config_schema=pattern)
    assert [request.url for request in http.sent] == ["https://login.eu.example/token"]


async def test_more_parameters_and_headers() -> None:
    row: dict[str, Any] = {
        "token_params": {
            "audience": "api",
            "number": 5,
            "flag": True,
            "tenant": "{tenant}",
            "none": "{none}",
        },
        "refresh_params": {"resource": "x", "scope": "{scopes}"},
        "token_headers": {
            "Notion-Version": "2022-06-28",
            "Accept": "application/vnd.x+json",
            "X-Id": "{client_id}",
        },
        "config": {"tenant": "t1"},
    }
    http = tokens()
    await exchange(http, **row)
    form = http.form
    assert (form["audience"], form["number"], form["flag"], form["tenant"]) == ("api", "5", "true", "t1")
    assert not {"resource", "none"} & form.keys()
    assert http.sent[0].headers == {
        "accept": "application/vnd.x+json",
        "content-type": FORM,
        "notion-version": "2022-06-28",
        "x-id": "client-id",
    }
    http = tokens()
    await refresh(http, "read", "write", **row)
    assert (http.form["resource"], http.form["scope"]) == ("x", "read write")
    assert "audience" not in http.form
    http = tokens()
    await refresh(http, "read", "write", **row, scope_separator=",")
    assert http.form["scope"] == "read,write"


async def test_what_the_row_says_goes_before_the_standard() -> None:
    http = tokens()
    await exchange(
        http, token_params={"grant_type": "code"}, token_headers={"Content-Type": f"{FORM}; charset=utf-8"}
    )
    assert http.form["grant_type"] == "code"
    assert http.sent[0].headers["content-type"] == f"{FORM}; charset=utf-8"


async def test_renamed_parameters() -> None:
    http = tokens()
    names = {
        "client_id": "client_key",
        "client_secret": "app_secret",
        "code": "auth_code",
        "grant_type": "type",
    }
    await exchange(http, parameter_names=names, token_params={"code": "own"})
    assert http.form == {
        "type": "authorization_code",
        "auth_code": "the-c0de",
        "redirect_uri": CALLBACK,
        "code_verifier": "the-v3rifier",
        "client_key": "client-id",
        "app_secret": "client-s3cret",
        "code": "own",
    }


PARAMETERS = {
    "grant_type": "refresh_token",
    "refresh_token": "the-r3fresh",
    "client_id": "client-id",
    "client_secret": "client-s3cret",
}


async def test_json() -> None:
    http = tokens()
    await refresh(http, token_request={"encoding": "json"}, refresh_params={"n": 5, "ok": True, "name": "ä"})
    assert json.loads(http.body) == {**PARAMETERS, "n": 5, "ok": True, "name": "ä"}
    assert http.sent[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("token_request", "method"),
    [
        ({"encoding": "query"}, "POST"),
        ({"method": "GET"}, "GET"),
        ({"method": "GET", "encoding": "json"}, "GET"),
        ({"method": "PUT", "encoding": "query"}, "PUT"),
    ],
)
async def test_parameters_in_the_query(token_request: dict[str, Any], method: str) -> None:
    http = tokens()
    await refresh(http, token_request=token_request)
    request = http.sent[0]
    assert (request.method, request.body, http.query) == (method, None, {"tenant": "s3cret", **PARAMETERS})
    assert "content-type" not in request.headers
    http = tokens()
    await refresh(http, token_url="https://auth.example/token", token_request=token_request)
    assert http.query == PARAMETERS


async def test_a_query_with_secrets_is_in_no_error() -> None:
    with pytest.raises(TokenEndpointUnavailable) as failed:
        await refresh(OneAnswer(answer(b"", 500)), token_request={"method": "GET"})
    assert failed.value.detail == "The token endpoint at auth.example answered 500 without a reason."


@pytest.mark.parametrize(
    "row",
    [
        {"token_url": None},
        {"token_url": ""},
        {"token_url": 5},
        {"token_url": "ftp://auth.example"},
        {"token_url": "/token"},
        {"token_url": "https://user:pw@auth.example/token"},
        {"token_endpoint_auth_method": "secret_handshake"},
        {"token_params": "a=b"},
        {"token_params": {"a": {}}},
        {"token_headers": []},
        {"token_headers": {"Host": "elsewhere.example"}},
        {"token_headers": {"not a name": "x"}},
        {"token_headers": {"X": "line\nbreak"}},
        {"parameter_names": {"no_parameter": "x"}},
        {"token_request": {"encoding": "xml"}},
    ],
)
async def test_broken_rows(row: dict[str, Any]) -> None:
    for call in (exchange, refresh):
        http = tokens()
        with pytest.raises(InvalidIntegrationConfig, match="'example'"):
            await call(http, **row)
        assert http.sent == []


@pytest.mark.parametrize("auth_type", [AuthType.OAUTH2, AuthType.BEARER, AuthType.OAUTH1, AuthType.AWS_SIGV4])
async def test_a_grant_that_cannot_renew(auth_type: AuthType) -> None:
    http = tokens()
    with pytest.raises(InvalidIntegrationConfig, match="by a refresh token alone"):
        await endpoint(http).renew(registration(auth_type), {"refresh_token": ""}, ())
    assert http.sent == []


@pytest.mark.parametrize("auth_type", [AuthType.OAUTH2, AuthType.CUSTOM, AuthType.OAUTH2_CLIENT_CREDENTIALS])
async def test_a_refresh_token_goes_before_everything_else(auth_type: AuthType) -> None:
    http = OneAnswer(answer({"access_token": "a", "refresh_token": "r"}))
    grant = {"refresh_token": "the-r3fresh", "password": "p"}
    assert (await endpoint(http).renew(registration(auth_type), grant, ())).refresh_token == "r"
    assert http.form["grant_type"] == "refresh_token"


async def revoke(http: OneAnswer, **row: Any) -> None:
    await endpoint(http).revoke(
        registration(**{"revocation_url": "https://auth.example/revoke", **row}), "the-t0ken", "refresh_token"
    )


async def test_revokes() -> None:
    http = OneAnswer(answer(b""))
    await revoke(http)
    assert http.sent[0].url == "https://auth.example/revoke"
    assert http.form == {
        "token": "the-t0ken",
        "token_type_hint": "refresh_token",
        "client_id": "client-id",
        "client_secret": "client-s3cret",
    }
    assert not http.followed_redirects


async def test_revokes_as_the_row_writes_requests() -> None:
    http = OneAnswer(answer(b""))
    await revoke(
        http,
        revocation_url="https://{shop}.example/revoke",
        config={"shop": "acme"},
        token_request={"encoding": "json"},
        token_endpoint_auth_method="client_secret_basic",
        token_params={"not": "here"},
        parameter_names={"token": "access_token"},
    )
    assert http.sent[0].url == "https://acme.example/revoke"
    assert json.loads(http.body) == {"access_token": "the-t0ken", "token_type_hint": "refresh_token"}
    assert http.sent[0].headers["authorization"].startswith("Basic ")


async def test_nothing_is_revoked_where_there_is_no_url_for_it() -> None:
    http = OneAnswer(answer(b""))
    await revoke(http, revocation_url=None)
    assert http.sent == []


async def test_a_token_that_is_not_valid_any_more_is_revoked() -> None:
    http = OneAnswer(answer({"error": "invalid_token"}, 400))
    await revoke(http)
    assert len(http.sent) == 1


async def test_failing_to_revoke() -> None:
    refused = answer({"error": "unsupported_token_type", "error_description": "the-t0ken"}, 400)
    with pytest.raises(TokenRequestRefused, match=r"^unsupported_token_type: \[redacted\]$"):
        await revoke(OneAnswer(refused))
    with pytest.raises(TokenEndpointUnavailable):
        await revoke(OneAnswer(answer(b"", 503)))


async def introspect(http: OneAnswer, **row: Any) -> Any:
    return await endpoint(http).introspect(
        registration(**{"introspection_url": "https://auth.example/introspect", **row}), "the-t0ken"
    )


async def test_introspects() -> None:
    http = OneAnswer(answer({"active": True, "hub_id": 17}))
    assert await introspect(http) == {"active": True, "hub_id": 17}
    assert http.sent[0].url == "https://auth.example/introspect"
    assert http.form == {
        "token": "the-t0ken",
        "client_id": "client-id",
        "client_secret": CLIENT.client_secret,
    }


async def test_failing_to_introspect() -> None:
    with pytest.raises(TokenRequestRefused, match=r"^invalid_client$"):
        await introspect(OneAnswer(answer({"error": "invalid_client"}, 401)))
    for given in (answer(b"the-t0ken"), answer([], 200), answer({"active": True}, 302)):
        with pytest.raises(TokenEndpointUnavailable, match=r"auth\.example") as failed:
            await introspect(OneAnswer(given))
        assert "the-t0ken" not in failed.value.detail
    with pytest.raises(InvalidIntegrationConfig, match=r"auth_config\.introspection_url is missing"):
        await introspect(OneAnswer(answer({})), introspection_url=None)
