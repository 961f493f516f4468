"""Tokens for what the connection itself holds: client credentials, the key of a JWT, a login."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from portway.application.ports.token_endpoint import TokenEndpointUnavailable, TokenRequestRefused
from portway.domain.credential import OAuthClient, TokenSet
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType
from tests.unit.infrastructure.oauth.one_answer import CLIENT, NOW, OneAnswer, answer, endpoint, registration
from tests.unit.infrastructure.oauth.published_keys import A2_KEY, A3_KEY

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_URL = "https://auth.example/token"
RSA = RSAKey.import_key(A2_KEY)
PEM = RSA.as_pem(private=True).decode()
NOW_SECONDS = int(NOW.timestamp())
OWN = {"client_id": "own-id", "client_secret": "own-s3cret"}
SERVICE_ACCOUNT = {
    "type": "service_account",
    "client_email": "robot@project.iam.gserviceaccount.com",
    "client_id": "1234567890",
    "private_key": PEM,
    "private_key_id": "key-1",
}
GOOGLE: dict[str, Any] = {
    "token_url": "https://oauth2.googleapis.com/token",
    "jwt": {
        "headers": {"kid": "{private_key_id}"},
        "claims": {
            "iss": "{client_email}",
            "sub": "{delegate}",
            "scope": "{scopes}",
            "aud": "{token_url}",
        },
    },
}
LOGIN: dict[str, Any] = {
    "token_url": None,
    "login": {
        "url": "https://{region}.example/login",
        "parameters": {"user": {"name": "{username}", "password": "{password}"}, "keep": True},
    },
    "config": {"region": "eu"},
}
PERSON = {"username": "ada", "password": "p4ssword"}


def tokens(**more: Any) -> OneAnswer:
    return OneAnswer(answer({"access_token": "a", "expires_in": 60, **more}))


async def renew(
    http: OneAnswer,
    auth_type: AuthType,
    grant: dict[str, str],
    *scopes: str,
    client: OAuthClient | None = None,
    **row: Any,
) -> TokenSet:
    given = registration(auth_type, client=client, **{"token_url": TOKEN_URL, **row})
    return await endpoint(http).renew(given, grant, scopes)


async def test_client_credentials_of_the_connection() -> None:
    http = tokens(refresh_token="not kept")
    renewed = await renew(http, AuthType.OAUTH2_CLIENT_CREDENTIALS, OWN, "read", "write", client=CLIENT)
    assert (renewed.access_token, renewed.refresh_token) == ("a", None)
    assert renewed.expires_at == NOW + timedelta(seconds=60)
    assert http.form == {"grant_type": "client_credentials", "scope": "read write", **OWN}


async def test_client_credentials_of_the_organization() -> None:
    http = tokens()
    row = {"token_endpoint_auth_method": "client_secret_basic", "scope_separator": ","}
    await renew(http, AuthType.OAUTH2_CLIENT_CREDENTIALS, {}, "read", "write", client=CLIENT, **row)
    assert http.form == {"grant_type": "client_credentials", "scope": "read,write"}
    assert http.sent[0].headers["authorization"].startswith("Basic ")


async def test_without_scopes_none_are_asked_for() -> None:
    http = tokens()
    await renew(http, AuthType.OAUTH2_CLIENT_CREDENTIALS, OWN)
    assert "scope" not in http.form


async def test_client_credentials_with_another_grant_type() -> None:
    """Zoom's server-to-server apps."""
    http = tokens()
    params = {"grant_type": "account_credentials", "account_id": "{account_id}"}
    await renew(http, AuthType.OAUTH2_CLIENT_CREDENTIALS, {**OWN, "account_id": "acc"}, token_params=params)
    assert http.form == {"grant_type": "account_credentials", "account_id": "acc", **OWN}


async def test_client_credentials_with_a_key() -> None:
    http = tokens()
    grant = {"client_id": "own-id", "client_secret": PEM}
    await renew(http, AuthType.OAUTH2_CLIENT_CREDENTIALS, grant, token_endpoint_auth_method="private_key_jwt")
    assertion = jwt.decode(http.form["client_assertion"], RSA, algorithms=["RS256"])
    assert (assertion.claims["iss"], assertion.claims["aud"]) == ("own-id", TOKEN_URL)


async def test_a_google_service_account() -> None:
    http = tokens()
    await renew(http, AuthType.JWT_BEARER, SERVICE_ACCOUNT, "mail", "drive", **GOOGLE)
    assert http.sent[0].url == GOOGLE["token_url"]
    assert http.form.keys() == {"grant_type", "assertion"}
    assert http.form["grant_type"] == JWT_BEARER
    assertion = jwt.decode(http.form["assertion"], RSA, algorithms=["RS256"])
    assert assertion.header == {"typ": "JWT", "alg": "RS256", "kid": "key-1"}
    assert len(assertion.claims.pop("jti")) >= 32
    assert assertion.claims == {
        "iss": SERVICE_ACCOUNT["client_email"],
        "scope": "mail drive",
        "aud": GOOGLE["token_url"],
        "iat": NOW_SECONDS,
        "exp": NOW_SECONDS + 3600,
    }


async def test_an_optional_member_is_a_claim_where_it_is_there() -> None:
    http = tokens()
    grant = {**SERVICE_ACCOUNT, "delegate": "ada@example.com"}
    await renew(http, AuthType.JWT_BEARER, grant, **GOOGLE)
    claims = jwt.decode(http.form["assertion"], RSA, algorithms=["RS256"]).claims
    assert claims["sub"] == "ada@example.com"
    assert "scope" not in claims


async def test_scopes_that_no_claim_has_are_a_parameter() -> None:
    http = tokens()
    row = {"jwt": {"claims": {"iss": "me", "number": 5, "flag": True}}}
    await renew(http, AuthType.JWT_BEARER, {"private_key": PEM}, "read", client=CLIENT, **row)
    assert http.form["scope"] == "read"
    assert (http.form["client_id"], http.form["client_secret"]) == ("client-id", "client-s3cret")
    claims = jwt.decode(http.form["assertion"], RSA, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["number"], claims["flag"]) == ("me", 5, True)


async def test_a_jwt_that_is_the_token() -> None:
    """App Store Connect: ES256, at most 20 minutes."""
    http = tokens()
    row: dict[str, Any] = {
        "token_url": None,
        "config": {"issuer_id": "team-1"},
        "jwt": {
            "algorithm": "ES256",
            "key": "{p8}",
            "headers": {"kid": "{key_id}"},
            "claims": {"iss": "{issuer_id}", "aud": "appstoreconnect-v1"},
            "lifetime_seconds": 1200,
        },
    }
    key = ECKey.import_key(A3_KEY)
    grant = {"p8": key.as_pem(private=True).decode(), "key_id": "K1"}
    made = await renew(http, AuthType.JWT_BEARER, grant, **row)
    assert http.sent == []
    assert made.expires_at == NOW + timedelta(seconds=1200)
    assert made.expires_at.tzinfo is UTC
    token = jwt.decode(made.access_token, key, algorithms=["ES256"])
    assert token.header["kid"] == "K1"
    assert (token.claims["iss"], token.claims["exp"]) == ("team-1", NOW_SECONDS + 1200)
    assert made == TokenSet(made.access_token, expires_at=made.expires_at)


async def test_a_jwt_signed_with_a_shared_secret() -> None:
    row: dict[str, Any] = {
        "token_url": None,
        "jwt": {"algorithm": "HS256", "key": "{api_secret}", "claims": {"iss": "{api_key}"}},
    }
    made = await renew(
        tokens(), AuthType.JWT_BEARER, {"api_key": "k", "api_secret": "a secret of its own"}, **row
    )
    read = jwt.decode(made.access_token, OctKey.import_key("a secret of its own"), algorithms=["HS256"])
    assert read.claims["iss"] == "k"


@pytest.mark.parametrize("key", ["no key at all", json.dumps(A3_KEY)])
async def test_a_key_that_is_none_is_refused_as_a_credential(key: str) -> None:
    http = tokens()
    with pytest.raises(TokenRequestRefused, match=r"^invalid_grant: .* sign with RS256\.$") as refused:
        await renew(http, AuthType.JWT_BEARER, {**SERVICE_ACCOUNT, "private_key": key}, **GOOGLE)
    assert (refused.value.error, http.sent) == ("invalid_grant", [])


async def test_a_login() -> None:
    http = tokens(refresh_token="not kept")
    renewed = await renew(http, AuthType.CUSTOM, PERSON, **LOGIN)
    assert (renewed.access_token, renewed.refresh_token) == ("a", None)
    request = http.sent[0]
    assert (request.method, request.url) == ("POST", "https://eu.example/login")
    assert request.headers == {"accept": "application/json", "content-type": "application/json"}
    assert json.loads(http.body) == {"user": {"name": "ada", "password": "p4ssword"}, "keep": True}
    assert not http.followed_redirects


async def test_a_login_by_form_with_further_members_in_the_answer() -> None:
    http = OneAnswer(answer({"result": {"sid": "the-session", "host": "eu7"}, "ttl": 1_800_000}))
    row = {
        **LOGIN,
        "login": {
            "url": "https://{region}.example/login",
            "method": "PUT",
            "encoding": "form",
            "parameters": {
                "login": "{username}",
                "role": ["a", "b"],
                "otp": "{otp}",
                "version": 2,
                "none": None,
            },
        },
        "token_headers": {"X-App": "{username}"},
        "token_response": {
            "access_token": "result.sid",
            "expires_in": "ttl",
            "expires_in_unit": "milliseconds",
            "members": {"host": "result.host"},
        },
    }
    renewed = await renew(http, AuthType.CUSTOM, PERSON, **row)
    assert (renewed.access_token, renewed.members) == ("the-session", {"host": "eu7"})
    assert renewed.expires_at == NOW + timedelta(minutes=30)
    assert (http.sent[0].method, http.body) == ("PUT", "login=ada&role=a&role=b&version=2")
    assert http.sent[0].headers["x-app"] == "ada"


@pytest.mark.parametrize(("method", "encoding"), [("GET", "json"), ("POST", "query")])
async def test_a_login_by_query(method: str, encoding: str) -> None:
    http = tokens()
    login = {
        "url": "https://a.example/login?v=2",
        "method": method,
        "encoding": encoding,
        "parameters": {"u": "{username}"},
    }
    await renew(http, AuthType.CUSTOM, PERSON, **{**LOGIN, "login": login})
    assert (http.sent[0].url, http.sent[0].body) == ("https://a.example/login?v=2&u=ada", None)


async def test_a_login_with_placement() -> None:
    http = tokens()
    placement = [
        {
            "in": "header",
            "name": "Authorization",
            "value": "{username}:{password}",
            "encoding": "base64",
            "scheme": "Basic",
        },
        {"in": "body", "name": "tenant", "value": "{region}"},
        {"in": "header", "name": "X-Otp", "value": "{otp}"},
    ]
    row = {**LOGIN, "login": {"url": "https://a.example/login", "placement": placement}}
    await renew(http, AuthType.CUSTOM, PERSON, **row)
    assert http.sent[0].headers["Authorization".lower()] == "Basic YWRhOnA0c3N3b3Jk"
    assert json.loads(http.body) == {"tenant": "eu"}
    assert "x-otp" not in http.sent[0].headers


LOGIN_REFUSALS: list[tuple[int, object, str]] = [
    (401, b"", "invalid_grant"),
    (401, b"<html>who are you</html>", "invalid_grant"),
    (401, {"message": "Wrong password"}, "invalid_grant"),
    (400, ["odd"], "invalid_grant"),
    (400, {"error": {"code": 17}}, "invalid_grant"),
    (401, {"error": "Unauthorized", "error_description": "No."}, "invalid_grant: Unauthorized: No."),
    (403, {"error": "locked"}, "invalid_grant: locked"),
    (200, {"error": "bad login"}, "invalid_grant: bad login"),
    (400, {"error": "invalid_grant", "error_description": "p4ssword is wrong"}, "invalid_grant: [redacted] is wrong"),
    (400, {"error": "invalid_request"}, "invalid_request"),
    (404, {"error": "Not Found"}, "Not Found"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "detail"), LOGIN_REFUSALS)
@pytest.mark.parametrize(
    "credentials",
    [
        (AuthType.CUSTOM, PERSON, LOGIN),
        (AuthType.JWT_BEARER, {**SERVICE_ACCOUNT, **PERSON}, GOOGLE),
        (AuthType.OAUTH2_CLIENT_CREDENTIALS, {**OWN, **PERSON}, {}),
    ],
    ids=["login", "JWT", "client"],
)
async def test_refused_credentials(
    credentials: tuple[AuthType, dict[str, str], dict[str, Any]], status: int, body: object, detail: str
) -> None:
    auth_type, grant, row = credentials
    with pytest.raises(TokenRequestRefused) as refused:
        await renew(OneAnswer(answer(body, status)), auth_type, grant, **row)
    assert refused.value.detail == detail
    assert refused.value.error == detail.partition(":")[0]


KEY = {"private_key": PEM}
OWN_OR_NOT: list[tuple[AuthType, dict[str, str], OAuthClient | None, dict[str, Any], bool]] = [
    (AuthType.OAUTH2_CLIENT_CREDENTIALS, OWN, CLIENT, {}, True),
    (AuthType.OAUTH2_CLIENT_CREDENTIALS, {}, CLIENT, {}, False),
    (AuthType.JWT_BEARER, {**KEY, **OWN}, CLIENT, GOOGLE, True),
    (AuthType.JWT_BEARER, KEY, None, GOOGLE, True),
    (AuthType.JWT_BEARER, KEY, CLIENT, GOOGLE, False),
    (AuthType.CUSTOM, PERSON, None, LOGIN, True),
    (AuthType.CUSTOM, PERSON, CLIENT, LOGIN, False),
]


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client"])
@pytest.mark.parametrize("whose", OWN_OR_NOT)
async def test_a_refused_client_is_the_connections_own_or_not(
    whose: tuple[AuthType, dict[str, str], OAuthClient | None, dict[str, Any], bool], error: str
) -> None:
    auth_type, grant, client, row, is_own = whose
    with pytest.raises(TokenRequestRefused) as refused:
        await renew(OneAnswer(answer({"error": error}, 401)), auth_type, grant, client=client, **row)
    assert refused.value.error == ("invalid_grant" if is_own else error)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"error": "invalid_grant"}),
        (503, b""),
        (429, {"error": "slow down"}),
        (400, {"error": "temporarily_unavailable"}),
        (404, b"<html>nothing here</html>"),
        (403, b"<html>a firewall</html>"),
        (302, b""),
        (200, b"<html>maintenance</html>"),
        (200, {"status": "ok"}),
    ],
)
async def test_a_failure_that_costs_no_connection(status: int, body: object) -> None:
    http = OneAnswer(answer(body, status))
    with pytest.raises(TokenEndpointUnavailable):
        await renew(http, AuthType.CUSTOM, PERSON, **LOGIN)
    with pytest.raises(TokenEndpointUnavailable):
        await renew(http, AuthType.OAUTH2_CLIENT_CREDENTIALS, OWN)


async def test_the_key_and_the_assertion_are_not_repeated() -> None:
    class Echo(OneAnswer):
        async def send(self, *args: Any, **more: Any) -> Any:
            await super().send(*args, **more)
            return answer(
                {"error": "invalid_grant", "error_description": f"{self.form['assertion']} {PEM}"}, 400
            )

    http = Echo(answer(b""))
    with pytest.raises(TokenRequestRefused) as refused:
        await renew(http, AuthType.JWT_BEARER, SERVICE_ACCOUNT, **GOOGLE)
    assert refused.value.detail == "invalid_grant: [redacted] [redacted]"


@pytest.mark.parametrize(
    ("auth_type", "row", "what"),
    [
        (AuthType.JWT_BEARER, {}, r"auth_config\.jwt is missing"),
        (AuthType.JWT_BEARER, {"jwt": {"key": "{other}"}}, r"auth_config\.jwt\.key needs `other`"),
        (AuthType.JWT_BEARER, {"jwt": {"algorithm": "none"}}, "algorithm"),
        (AuthType.CUSTOM, {}, r"auth_config\.login is missing"),
        (AuthType.CUSTOM, {"login": {"url": "https://{region}.example"}}, r"auth_config\.login\.url: .*`region`"),
        (AuthType.CUSTOM, {"login": {"url": "https://a.example", "encoding": "form", "parameters": {"a": {"b": 1}}}},
         "the parameter 'a' of a form"),
        (AuthType.CUSTOM, {"login": {"url": "https://a.example", "method": "GET",
                                     "placement": [{"in": "body", "name": "a", "value": "{username}"}]}}, "body"),
        (AuthType.OAUTH2_CLIENT_CREDENTIALS, {"token_url": None}, r"auth_config\.token_url is missing"),
    ],
)  # fmt: skip
async def test_broken_rows(auth_type: AuthType, row: dict[str, Any], what: str) -> None:
    http = tokens()
    with pytest.raises(InvalidIntegrationConfig, match=f"'example'.*{what}"):
        await renew(http, auth_type, {**PERSON, **SERVICE_ACCOUNT}, **row)
    assert http.sent == []


async def test_times_are_of_the_clock() -> None:
    made = await renew(
        tokens(), AuthType.JWT_BEARER, {"private_key": PEM}, token_url=None, jwt={"lifetime_seconds": 10}
    )
    assert made.expires_at == datetime(2026, 1, 2, 3, 4, 15, tzinfo=UTC)
