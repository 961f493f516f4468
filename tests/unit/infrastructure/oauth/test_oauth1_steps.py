"""OAuth 1.0a: the steps to a token (RFC 5849, section 2). The signatures themselves: test_oauth1.py of signatures."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature

from portway.application.ports.token_endpoint import (
    TemporaryCredentials,
    TokenEndpointUnavailable,
    TokenRequestRefused,
)
from portway.domain.credential import OAuthClient
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType
from tests.unit.infrastructure.oauth.one_answer import CLIENT, NOW, OneAnswer, answer, endpoint, registration

CALLBACK = "https://portway.example/api/v2/oauth/callback?state=abc"
TEMPORARY_URL = "https://{site}.example/initiate"
TOKEN_URL = "https://photos.example/token?format=form"
HELD = TemporaryCredentials("the-temporary", "the-temporary-s3cret")
ROW: dict[str, Any] = {
    "token_url": None,
    "config": {"site": "photos"},
    "oauth1": {"temporary_credentials_url": TEMPORARY_URL, "token_url": TOKEN_URL, "realm": "{site}"},
}


async def first_step(http: OneAnswer, **row: Any) -> TemporaryCredentials:
    given = registration(AuthType.OAUTH1, **{**ROW, **row})
    return await endpoint(http).temporary_credentials(given, CALLBACK)


async def last_step(http: OneAnswer, **row: Any) -> Any:
    given = registration(AuthType.OAUTH1, **{**ROW, **row})
    return await endpoint(http).exchange_verifier(given, HELD, "the-v3rifier")


def protocol_parameters(http: OneAnswer) -> dict[str, str]:
    scheme, _, rest = http.sent[0].headers["authorization"].partition(" ")
    assert scheme == "OAuth"
    return {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', rest)}


def temporary(**more: str) -> OneAnswer:
    pairs = {"oauth_token": "t", "oauth_token_secret": "ts", "oauth_callback_confirmed": "true", **more}
    return OneAnswer(answer("&".join(f"{name}={value}" for name, value in pairs.items()).encode()))


async def test_temporary_credentials() -> None:
    http = temporary()
    assert await first_step(http) == TemporaryCredentials("t", "ts")
    request = http.sent[0]
    assert (request.method, request.url, request.body) == ("POST", "https://photos.example/initiate", b"")
    assert not http.followed_redirects
    sent = protocol_parameters(http)
    assert sent.pop("realm") == "photos"
    assert sent.pop("oauth_nonce")
    signed = sent.pop("oauth_signature")
    assert sent == {
        "oauth_consumer_key": "client-id",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(NOW.timestamp())),
        "oauth_version": "1.0",
        "oauth_callback": CALLBACK,
    }
    assert signed == _signed(protocol_parameters(http), request.url, "")


async def test_the_token() -> None:
    body = b"oauth_token=the-token&oauth_token_secret=the-secret&user_id=17"
    http = OneAnswer(answer(body, content_type="text/html"))
    tokens = await last_step(http)
    assert tokens.access_token == "the-token"
    assert (tokens.refresh_token, tokens.expires_at, tokens.scopes) == (None, None, None)
    assert tokens.members == {
        "token_secret": "the-secret",
        "consumer_key": "client-id",
        "consumer_secret": "client-s3cret",
    }
    assert tokens.answer["user_id"] == "17"
    sent = protocol_parameters(http)
    assert (http.sent[0].url, sent["oauth_token"], sent["oauth_verifier"]) == (
        TOKEN_URL,
        "the-temporary",
        "the-v3rifier",
    )
    assert "oauth_callback" not in sent
    assert sent["oauth_signature"] == _signed(sent, TOKEN_URL, HELD.token_secret)


async def test_json_answers_are_read_too() -> None:
    assert (
        await last_step(OneAnswer(answer({"oauth_token": "t", "oauth_token_secret": "s"})))
    ).access_token == "t"


async def test_plaintext() -> None:
    http = temporary()
    await first_step(http, oauth1={**ROW["oauth1"], "signature_method": "PLAINTEXT"})
    assert protocol_parameters(http)["oauth_signature"] == "client-s3cret&"


@pytest.mark.parametrize("confirmed", ["false", ""])
async def test_oauth_1_0_without_the_a_is_refused(confirmed: str) -> None:
    with pytest.raises(TokenRequestRefused, match="callback_unconfirmed"):
        await first_step(temporary(oauth_callback_confirmed=confirmed))


REFUSALS = [
    (401, b"", "{denial}"),
    (401, b"Failed to validate oauth signature", "{denial}"),
    (400, b"oauth_problem=timestamp_refused&oauth_problem_advice=late", "{denial}: timestamp_refused: late"),
    (401, {"oauth_problem": "client-s3cret"}, "{denial}: [redacted]"),
]


@pytest.mark.parametrize(("status", "body", "detail"), REFUSALS)
async def test_refusals(status: int, body: object, detail: str) -> None:
    with pytest.raises(TokenRequestRefused) as refused:
        await first_step(OneAnswer(answer(body, status)))
    assert refused.value.detail == detail.format(denial="invalid_client")
    with pytest.raises(TokenRequestRefused) as refused:
        await last_step(OneAnswer(answer(body, status)))
    assert refused.value.detail == detail.format(denial="invalid_grant")


async def test_what_was_sent_is_not_repeated() -> None:
    body = b"oauth_problem=no&oauth_problem_advice=the-temporary+the-temporary-s3cret+the-v3rifier"
    with pytest.raises(TokenRequestRefused) as refused:
        await last_step(OneAnswer(answer(body, 401)))
    assert refused.value.detail == "invalid_grant: no: [redacted] [redacted] [redacted]"


@pytest.mark.parametrize(
    "given", [answer(b"", 500), answer(b"<html>", 200), answer(b"", 302), answer(b"oauth_token=")]
)
async def test_what_may_be_tried_again(given: Any) -> None:
    for step in (first_step, last_step):
        with pytest.raises(TokenEndpointUnavailable):
            await step(OneAnswer(given))


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"oauth1": {}}, r"auth_config\.oauth1\.\w+_url is missing"),
        (
            {"config": {}, "oauth1": {**ROW["oauth1"], "token_url": "https://{site}.example"}},
            "needs the connection's `site`",
        ),
        (
            {"oauth1": {**ROW["oauth1"], "realm": "{other}"}},
            r"auth_config\.oauth1\.realm needs the connection's `other`",
        ),
        ({"oauth1": {**ROW["oauth1"], "realm": 'a"b'}}, "realm has a quote"),
        ({"oauth1": {**ROW["oauth1"], "signature_method": "RSA-SHA1"}}, "RSA private key"),
        ({"client": None}, "the consumer"),
        ({"client": OAuthClient("client-id", None)}, "the consumer"),
        ({"client": CLIENT, "oauth1": {"signature_method": "MD5"}}, "oauth1"),
    ],
)
async def test_broken_rows(row: dict[str, Any], what: str) -> None:
    for step in (first_step, last_step):
        http = temporary()
        with pytest.raises(InvalidIntegrationConfig, match=f"'example': .*{what}"):
            await step(http, **row)
        assert http.sent == []


def _signed(sent: dict[str, str], url: str, token_secret: str) -> str:
    """The signature as RFC 5849, section 3.4, has it, of what was sent."""
    pairs: Any = [(name, value) for name, value in sent.items() if name not in ("realm", "oauth_signature")]
    pairs += [("format", "form")] if "format=form" in url else []
    base = signature.signature_base_string(
        "POST", signature.base_string_uri(url), signature.normalize_parameters(pairs)
    )
    client = Client("client-id", client_secret="client-s3cret", resource_owner_secret=token_secret)
    return str(signature.sign_hmac_sha1_with_client(base, client))
