"""How the client shows itself, at the token endpoint and at the others (RFC 6749, 2.3; RFC 7523, 2.2)."""

import json
from base64 import b64decode
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from portway.application.ports.token_endpoint import TokenRequestRefused
from portway.domain.credential import OAuthClient
from portway.domain.errors import InvalidIntegrationConfig
from portway.infrastructure.oauth.client_authentication import ASSERTION_TYPE
from tests.unit.infrastructure.oauth.one_answer import CLIENT, NOW, OneAnswer, answer, endpoint, registration
from tests.unit.infrastructure.oauth.published_keys import A2_KEY, A3_KEY

NOW_SECONDS = int(NOW.timestamp())
PEM = RSAKey.import_key(A2_KEY).as_pem(private=True).decode()
TOKEN_URL = "https://auth.example/token"


async def ask(client: OAuthClient | None, **row: Any) -> OneAnswer:
    """A token request by this client."""
    http = OneAnswer(answer({"access_token": "a"}))
    given = registration(client=client, **{"token_url": TOKEN_URL, **row})
    await endpoint(http).renew(given, {"refresh_token": "r"}, ())
    return http


async def test_post_is_the_default() -> None:
    http = await ask(CLIENT)
    assert (http.form["client_id"], http.form["client_secret"]) == ("client-id", "client-s3cret")
    assert "authorization" not in http.sent[0].headers


async def test_basic_encodes_before_it_joins() -> None:
    http = await ask(OAuthClient("id:1 ä", "s%+/é"), token_endpoint_auth_method="client_secret_basic")
    scheme, _, value = http.sent[0].headers["authorization"].partition(" ")
    assert scheme == "Basic"
    assert b64decode(value) == b"id%3A1+%C3%A4:s%25%2B%2F%C3%A9"
    assert not {"client_id", "client_secret"} & http.form.keys()


@pytest.mark.parametrize(
    ("method", "client"),
    [
        ("none", CLIENT),
        ("client_secret_post", OAuthClient("client-id", None)),
        ("client_secret_basic", OAuthClient("client-id", None)),
        ("private_key_jwt", OAuthClient("client-id", None)),
    ],
)
async def test_public_clients_only_name_themselves(method: str, client: OAuthClient) -> None:
    http = await ask(client, token_endpoint_auth_method=method)
    assert http.form == {"grant_type": "refresh_token", "refresh_token": "r", "client_id": "client-id"}
    assert "authorization" not in http.sent[0].headers


async def test_without_a_client_nobody_is_named() -> None:
    assert (await ask(None)).form == {"grant_type": "refresh_token", "refresh_token": "r"}


@pytest.mark.parametrize(
    ("secret", "algorithm", "key", "header"),
    [
        (PEM, None, RSAKey.import_key(A2_KEY), {"alg": "RS256"}),
        (PEM, "PS256", RSAKey.import_key(A2_KEY), {"alg": "PS256"}),
        (json.dumps({**A2_KEY, "kid": "k1"}), None, RSAKey.import_key(A2_KEY), {"alg": "RS256", "kid": "k1"}),
        (json.dumps({**A3_KEY, "kid": "16"}), "ES256", ECKey.import_key(A3_KEY), {"alg": "ES256", "kid": "16"}),
        ("client-s3cret-of-32-bytes-or-more", "HS256",
         OctKey.import_key("client-s3cret-of-32-bytes-or-more"), {"alg": "HS256"}),
    ],
)  # fmt: skip
async def test_a_signed_assertion(
    secret: str, algorithm: str | None, key: Any, header: dict[str, str]
) -> None:
    row = {} if algorithm is None else {"token_endpoint_auth_signing_alg": algorithm}
    http = await ask(OAuthClient("client-id", secret), token_endpoint_auth_method="private_key_jwt", **row)
    form = http.form
    assert (form["client_id"], form["client_assertion_type"]) == ("client-id", ASSERTION_TYPE)
    assert "client_secret" not in form
    token = jwt.decode(form["client_assertion"], key, algorithms=[header["alg"]])
    assert token.header == {"typ": "JWT", **header}
    assert len(token.claims.pop("jti")) >= 32
    assert token.claims == {
        "iss": "client-id",
        "sub": "client-id",
        "aud": TOKEN_URL,
        "iat": NOW_SECONDS,
        "exp": NOW_SECONDS + 120,
    }


def claims(http: OneAnswer) -> dict[str, Any]:
    read = jwt.decode(http.form["client_assertion"], RSAKey.import_key(A2_KEY), algorithms=["RS256"])
    return read.claims


@pytest.mark.parametrize(
    ("row", "audience"),
    [
        ({}, TOKEN_URL),
        ({"issuer": "https://auth.example"}, "https://auth.example"),
        ({"issuer": "https://auth.example/{tenant}/v2.0"}, "https://auth.example/t1/v2.0"),
        ({"token_url": "https://{tenant}.example/token"}, "https://t1.example/token"),
        ({"refresh_url": "https://auth.example/refresh"}, TOKEN_URL),
    ],
)
async def test_an_assertion_is_for_the_issuer_or_else_the_token_endpoint(
    row: dict[str, Any], audience: str
) -> None:
    client = OAuthClient("client-id", PEM)
    http = await ask(client, token_endpoint_auth_method="private_key_jwt", config={"tenant": "t1"}, **row)
    assert claims(http)["aud"] == audience


async def test_each_assertion_is_another_one() -> None:
    client = OAuthClient("client-id", PEM)
    sent = [await ask(client, token_endpoint_auth_method="private_key_jwt") for _ in range(3)]
    assert len({claims(http)["jti"] for http in sent}) == 3


@pytest.mark.parametrize("call", ["revoke", "introspect"])
async def test_the_other_endpoints_ask_for_the_same(call: str) -> None:
    http = OneAnswer(answer({"active": True}))
    given = registration(
        client=OAuthClient("client-id", PEM),
        token_url=TOKEN_URL,
        revocation_url="https://auth.example/revoke",
        introspection_url="https://auth.example/introspect",
        token_endpoint_auth_method="private_key_jwt",
    )
    if call == "revoke":
        await endpoint(http).revoke(given, "the-t0ken", "access_token")
    else:
        await endpoint(http).introspect(given, "the-t0ken")
    assert http.form["token"] == "the-t0ken"
    assert claims(http)["aud"] == TOKEN_URL


@pytest.mark.parametrize("secret", ["client-s3cret", json.dumps(A3_KEY), "{}"])
async def test_a_secret_that_is_no_key(secret: str) -> None:
    with pytest.raises(InvalidIntegrationConfig) as broken:
        await ask(OAuthClient("client-id", secret), token_endpoint_auth_method="private_key_jwt")
    assert broken.value.detail == (
        "Integration 'example': The secret of the OAuth client is not a private key (PEM or JWK) for RS256."
    )


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic", "private_key_jwt"])
async def test_what_was_sent_is_not_repeated(method: str) -> None:
    secret = PEM if method == "private_key_jwt" else "client s3cret+1"

    class Echo(OneAnswer):
        async def send(self, *args: Any, **more: Any) -> Any:
            await super().send(*args, **more)
            request = self.sent[0]
            said = f"{secret} {self.form} {request.headers.get('authorization')}"
            return answer({"error": "invalid_client", "error_description": said}, 401)

    http = Echo(answer(b""))
    with pytest.raises(TokenRequestRefused) as refused:
        await endpoint(http).renew(
            registration(client=OAuthClient("client-id", secret), token_endpoint_auth_method=method),
            {"refresh_token": "the-r3fresh-token"},
            (),
        )
    sent = {"the-r3fresh-token", secret, http.form.get("client_assertion", secret)}
    sent.add(
        http.sent[0]
        .headers.get("authorization", "Basic the-r3fresh-token")
        .removeprefix("Basic ")
        .rstrip("=")
    )
    assert "[redacted]" in refused.value.detail
    assert not [word for word in (*sent, "PRIVATE KEY", "s3cret") if word in refused.value.detail]
