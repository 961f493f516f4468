import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.application.ports.token_endpoint import TokenEndpointUnavailable, TokenRequestRefused
from portway.domain.credential import OAuthClient, TokenSet
from portway.domain.errors import (
    EgressBlocked,
    InvalidIntegrationConfig,
    UpstreamInvalidResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from portway.domain.integration import AuthType, Integration
from portway.infrastructure.oauth.token_endpoint import TOKEN_TIMEOUT_SECONDS, HttpTokenEndpoint
from portway.infrastructure.oauth.token_response import MAX_DESCRIPTION

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TOKEN_URL = "https://auth.example/token?tenant=s3cret"
CLIENT = OAuthClient("client-id", "client-s3cret")


class OneAnswer:
    """An HTTP client that gives one answer, and remembers what it was asked."""

    def __init__(self, answer: UpstreamResponse | Exception) -> None:
        self.answer = answer
        self.sent: list[OutgoingRequest] = []
        self.followed_redirects = False
        self.timeout_seconds = 0.0

    async def send(
        self,
        request: OutgoingRequest,
        *,
        timeout_seconds: float,
        max_response_bytes: int = 0,
        follow_redirects: bool = True,
    ) -> UpstreamResponse:
        self.sent.append(request)
        self.timeout_seconds = timeout_seconds
        self.followed_redirects = follow_redirects
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @property
    def form(self) -> dict[str, str]:
        body = self.sent[0].body or b""
        assert isinstance(body, bytes)
        return dict(parse_qsl(body.decode(), keep_blank_values=True))


def answer(body: object, status: int = 200) -> UpstreamResponse:
    return UpstreamResponse(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def integration(**auth_config: Any) -> Integration:
    return Integration(
        id=UUID(int=1),
        slug="example",
        name="Example",
        base_url="https://api.example",
        auth_type=AuthType.OAUTH2,
        auth_config={"token_url": TOKEN_URL, **auth_config},
    )


async def exchange(http: OneAnswer, client: OAuthClient = CLIENT, **auth_config: Any) -> TokenSet:
    return await HttpTokenEndpoint(http, clock=lambda: NOW).exchange_code(
        integration(**auth_config),
        client,
        code="the-c0de",
        redirect_uri="https://portway.example/api/v2/oauth/callback",
        code_verifier="the-v3rifier",
    )


async def refresh(http: OneAnswer, client: OAuthClient = CLIENT, **auth_config: Any) -> TokenSet:
    endpoint = HttpTokenEndpoint(http, clock=lambda: NOW)
    return await endpoint.refresh(integration(**auth_config), client, "the-r3fresh")


async def test_exchanges_a_code() -> None:
    http = OneAnswer(
        answer({"access_token": "a", "refresh_token": "r", "expires_in": 3600, "scope": "read write"})
    )
    tokens = await exchange(http)
    assert tokens == TokenSet("a", "r", NOW + timedelta(hours=1), ("read", "write"))
    request = http.sent[0]
    assert (request.method, request.url) == ("POST", TOKEN_URL)
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert http.form == {
        "grant_type": "authorization_code",
        "code": "the-c0de",
        "redirect_uri": "https://portway.example/api/v2/oauth/callback",
        "code_verifier": "the-v3rifier",
        "client_id": "client-id",
        "client_secret": "client-s3cret",
    }
    assert not http.followed_redirects
    assert http.timeout_seconds == TOKEN_TIMEOUT_SECONDS


async def test_refreshes_and_keeps_the_refresh_token_where_the_answer_has_none() -> None:
    http = OneAnswer(answer({"access_token": "a2", "expires_in": "1800"}))
    tokens = await refresh(http)
    assert tokens == TokenSet("a2", None, NOW + timedelta(minutes=30), None)
    assert http.form == {
        "grant_type": "refresh_token",
        "refresh_token": "the-r3fresh",
        "client_id": "client-id",
        "client_secret": "client-s3cret",
    }


async def test_the_refresh_url_is_for_refreshing_only() -> None:
    http = OneAnswer(answer({"access_token": "a"}))
    await refresh(http, refresh_url="https://auth.example/refresh")
    await exchange(http, refresh_url="https://auth.example/refresh")
    assert [request.url for request in http.sent] == ["https://auth.example/refresh", TOKEN_URL]


async def test_more_parameters_and_headers() -> None:
    config: dict[str, Any] = {
        "token_params": {
            "audience": "api",
            "number": 5,
            "flag": True,
            "grant_type": "password",
            "code": "other",
        },
        "refresh_params": {"resource": "x"},
        "token_headers": {"Notion-Version": "2022-06-28", "Accept": "application/vnd.x+json"},
    }
    http = OneAnswer(answer({"access_token": "a"}))
    await exchange(http, **config)
    form = http.form
    assert (form["audience"], form["number"], form["flag"]) == ("api", "5", "true")
    assert (form["grant_type"], form["code"]) == ("authorization_code", "the-c0de")
    assert "resource" not in form
    assert http.sent[0].headers["notion-version"] == "2022-06-28"
    assert http.sent[0].headers["accept"] == "application/vnd.x+json"
    http = OneAnswer(answer({"access_token": "a"}))
    await refresh(http, **config)
    assert http.form["resource"] == "x"
    assert "audience" not in http.form


async def test_basic_authentication_encodes_before_it_joins() -> None:
    http = OneAnswer(answer({"access_token": "a"}))
    await exchange(http, OAuthClient("id:1 ä", "s%+/é"), token_endpoint_auth_method="client_secret_basic")
    scheme, _, value = http.sent[0].headers["authorization"].partition(" ")
    assert scheme == "Basic"
    assert b64decode(value) == b"id%3A1+%C3%A4:s%25%2B%2F%C3%A9"
    assert "client_id" not in http.form
    assert "client_secret" not in http.form


@pytest.mark.parametrize(
    ("method", "client"),
    [
        ("none", CLIENT),
        ("client_secret_post", OAuthClient("client-id", None)),
        ("client_secret_basic", OAuthClient("client-id", None)),
    ],
)
async def test_public_clients_only_name_themselves(method: str, client: OAuthClient) -> None:
    http = OneAnswer(answer({"access_token": "a"}))
    await exchange(http, client, token_endpoint_auth_method=method)
    assert http.form["client_id"] == "client-id"
    assert "client_secret" not in http.form
    assert "authorization" not in http.sent[0].headers


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        (3600, 3600.0),
        ("3600", 3600.0),
        (" 60 ", 60.0),
        (0.5, 0.5),
        (None, None),
        ("", None),
        ("soon", None),
        (0, None),
        (-1, None),
        ("nan", None),
        (True, None),
        ([], None),
        ({}, None),
        ("1e999", 100 * 365 * 86400.0),
        (10**400, None),
        (10**18, 100 * 365 * 86400.0),
    ],
)
async def test_lifetimes(expires_in: object, seconds: float | None) -> None:
    tokens = await refresh(OneAnswer(answer({"access_token": "a", "expires_in": expires_in})))
    assert tokens.expires_at == (None if seconds is None else NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        ("a b", ("a", "b")),
        ("a,b", ("a", "b")),
        ("a, b  c", ("a", "b", "c")),
        ("https://www.googleapis.com/auth/gmail.send", ("https://www.googleapis.com/auth/gmail.send",)),
        ("", None),
        (None, None),
        (["a"], None),
    ],
)
async def test_scopes(scope: object, scopes: tuple[str, ...] | None) -> None:
    assert (await refresh(OneAnswer(answer({"access_token": "a", "scope": scope})))).scopes == scopes


async def test_strange_members_do_not_cost_the_tokens() -> None:
    body = {"access_token": "a", "refresh_token": "", "token_type": 7, "error": "", "scope": 5, "x": "\ud800"}
    assert await refresh(OneAnswer(answer(body))) == TokenSet("a", None, None, None)
    with_mark = b'\xef\xbb\xbf{"access_token": "a", "x": NaN}'
    assert await refresh(OneAnswer(answer(with_mark))) == TokenSet("a", None, None, None)


REFUSALS = {
    "400": (400, {"error": "invalid_grant", "error_description": "gone"}, "invalid_grant: gone"),
    "401": (401, {"error": "invalid_client"}, "invalid_client"),
    "403": (403, {"error": "access_denied", "error_description": 5}, "access_denied"),
    "200 with an error": (200, {"error": "bad_verification_code"}, "bad_verification_code"),
    "200, ok false": (200, {"ok": False, "error": "invalid_code"}, "invalid_code"),
    "200 with no token": (200, {"access_token": "", "error": "invalid_grant"}, "invalid_grant"),
    "control characters": (400, {"error": "a\r\nb", "error_description": "x\x00\ud83d y"}, "a b: x  y"),
    "repeats secrets": (
        400,
        {"error": "invalid_grant", "error_description": "the-r3fresh of client-s3cret is revoked"},
        "invalid_grant: [redacted] of [redacted] is revoked",
    ),
}


@pytest.mark.parametrize(("status", "body", "detail"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_refusals(status: int, body: dict[str, object], detail: str) -> None:
    with pytest.raises(TokenRequestRefused) as refused:
        await refresh(OneAnswer(answer(body, status)))
    assert refused.value.detail == detail
    assert refused.value.error == detail.partition(":")[0]


async def test_a_code_is_not_repeated_either() -> None:
    body = {"error": "invalid_grant", "error_description": "code the-c0de, verifier the-v3rifier"}
    with pytest.raises(TokenRequestRefused) as refused:
        await exchange(OneAnswer(answer(body, 400)))
    assert refused.value.detail == "invalid_grant: code [redacted], verifier [redacted]"


async def test_long_words_are_cut() -> None:
    with pytest.raises(TokenRequestRefused) as refused:
        await refresh(OneAnswer(answer({"error": "e" * 999, "error_description": "d" * 999}, 400)))
    assert len(refused.value.error) == MAX_DESCRIPTION
    assert refused.value.detail == "e" * MAX_DESCRIPTION + ": " + "d" * MAX_DESCRIPTION


@pytest.mark.parametrize(
    "given_answer",
    [
        answer({"error": "invalid_grant"}, 500),
        answer({"error": "invalid_grant"}, 503),
        answer({"error": "invalid_grant"}, 429),
        answer({"error": "temporarily_unavailable"}, 400),
        answer({"error": "server_error"}, 400),
        answer({"message": "private words"}, 400),
        answer({"error": {"code": 190, "message": "private words"}}, 400),
        answer({"private": "words"}),
        answer({"access_token": 5}),
        answer({"access_token": "private\r\nwords"}),
        answer({"access_token": "private\ud800"}),
        answer({"access_token": "private words"}, 302),
        answer({"access_token": "private words"}, 400),
        answer(b"<html>private words</html>"),
        answer(b"<html>private words</html>", 400),
        answer(b"access_token=private&words"),
        answer(b""),
        answer(b"\xff\xfe"),
        answer(b"[" * 100_000),
        answer(b'["private words"]'),
        UpstreamTimeout("auth.example did not answer within 20 seconds."),
        UpstreamUnreachable("No connection to auth.example: Connection refused."),
        UpstreamInvalidResponse("What auth.example answered is not valid HTTP."),
    ],
)
async def test_what_may_be_tried_again(given_answer: UpstreamResponse | Exception) -> None:
    for call in (exchange, refresh):
        with pytest.raises(TokenEndpointUnavailable) as failed:
            await call(OneAnswer(given_answer))
        assert "auth.example" in failed.value.detail
        assert "private" not in failed.value.detail
        assert "s3cret" not in failed.value.detail


@given(st.binary() | st.recursive(st.none() | st.text() | st.floats() | st.integers(), st.lists).map(repr))
async def test_no_answer_is_anything_but_tokens_a_refusal_or_a_failure(body: bytes | str) -> None:
    raw = (
        body if isinstance(body, bytes) else b'{"error": %s}' % body.replace("'", '"').encode(errors="ignore")
    )
    with pytest.raises((TokenEndpointUnavailable, TokenRequestRefused)):
        await refresh(OneAnswer(answer(raw)))


async def test_egress_refusals_pass_through() -> None:
    with pytest.raises(EgressBlocked):
        await refresh(OneAnswer(EgressBlocked()))


@pytest.mark.parametrize(
    "auth_config",
    [
        {"token_url": None},
        {"token_url": ""},
        {"token_url": 5},
        {"token_url": ["https://auth.example"]},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": 5},
        {"token_params": "a=b", "refresh_params": "a=b"},
        {"token_params": {"a": {}}, "refresh_params": {"a": []}},
        {"token_headers": []},
    ],
)
async def test_broken_rows(auth_config: dict[str, Any]) -> None:
    for call in (exchange, refresh):
        http = OneAnswer(answer({"access_token": "a"}))
        with pytest.raises(InvalidIntegrationConfig, match="example"):
            await call(http, **auth_config)
        assert http.sent == []


async def revoke(http: OneAnswer, **auth_config: Any) -> None:
    await HttpTokenEndpoint(http).revoke(integration(**auth_config), CLIENT, "the-t0ken")


async def test_revokes() -> None:
    http = OneAnswer(answer(b""))
    await revoke(http, revocation_url="https://auth.example/revoke")
    assert http.sent[0].url == "https://auth.example/revoke"
    assert http.form == {"token": "the-t0ken", "client_id": "client-id", "client_secret": "client-s3cret"}


async def test_nothing_is_revoked_where_there_is_no_url_for_it() -> None:
    http = OneAnswer(answer(b""))
    await revoke(http)
    assert http.sent == []


async def test_a_token_that_is_not_valid_any_more_is_revoked() -> None:
    await revoke(
        OneAnswer(answer({"error": "invalid_token"}, 400)), revocation_url="https://auth.example/revoke"
    )


async def test_failing_to_revoke() -> None:
    with pytest.raises(TokenRequestRefused, match=r"^unsupported_token_type: \[redacted\]$"):
        await revoke(
            OneAnswer(answer({"error": "unsupported_token_type", "error_description": "the-t0ken"}, 400)),
            revocation_url="https://auth.example/revoke",
        )
    with pytest.raises(TokenEndpointUnavailable):
        await revoke(OneAnswer(answer(b"", 503)), revocation_url="https://auth.example/revoke")
