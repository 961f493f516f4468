"""Token requests and key sets over real sockets."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import BasicAuth, web
from joserfc import jwt
from joserfc.jwk import ECKey

from portway.application.ports.token_endpoint import (
    Registration,
    TokenEndpoint,
    TokenEndpointUnavailable,
    TokenRequestRefused,
)
from portway.domain.credential import OAuthClient, TokenSet
from portway.domain.errors import EgressBlocked, InvalidIntegrationConfig, Unavailable
from portway.domain.integration import AuthType, Integration
from portway.infrastructure.http.client import AiohttpClient
from portway.infrastructure.http.egress_guard import EVERY_NETWORK, EgressGuard
from portway.infrastructure.oauth.jwks import JwksVerifier
from portway.infrastructure.oauth.token_endpoint import HttpTokenEndpoint

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TRUST = ssl.create_default_context()
CLIENT = OAuthClient("client:id", "s3cret/+ä")


class AuthorizationServer:
    """A small one, which rotates its refresh tokens."""

    def __init__(self) -> None:
        self.base = ""
        self.refresh_token = "refresh-0"
        self.revoked: list[str] = []
        self.elsewhere: list[str] = []

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if not self._authenticates(request, form):
            return web.json_response({"error": "invalid_client"}, status=401)
        if form["grant_type"] == "authorization_code":
            good = (form["code"], form["code_verifier"], form["redirect_uri"]) == (
                "code",
                "verifier",
                "https://r/",
            )
        else:
            good = form["refresh_token"] == self.refresh_token
        if not good:
            body = {"error": "invalid_grant", "error_description": f"not good: {form.get('refresh_token')!s}"}
            return web.json_response(body, status=400)
        self.refresh_token = f"refresh-{int(self.refresh_token.rpartition('-')[2]) + 1}"
        return web.json_response(
            {"access_token": "access", "refresh_token": self.refresh_token, "expires_in": 60, "scope": "a b"}
        )

    async def revoke(self, request: web.Request) -> web.Response:
        self.revoked.append(str((await request.post())["token"]))
        return web.Response()

    async def redirect(self, _: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": f"{self.base}/elsewhere"})

    async def other_place(self, request: web.Request) -> web.Response:
        self.elsewhere.append(await request.text())
        return web.json_response({"access_token": "stolen"})

    @staticmethod
    def _authenticates(request: web.Request, form: Any) -> bool:
        if "Authorization" in request.headers:
            basic = BasicAuth.decode(request.headers["Authorization"])
            return (basic.login, basic.password) == ("client%3Aid", "s3cret%2F%2B%C3%A4")
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT.client_id, CLIENT.client_secret)


@asynccontextmanager
async def serving(routes: list[web.RouteDef]) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def server() -> AsyncIterator[AuthorizationServer]:
    server = AuthorizationServer()
    routes = [
        web.post("/token", server.token),
        web.post("/revoke", server.revoke),
        web.route("*", "/redirect", server.redirect),
        web.route("*", "/elsewhere", server.other_place),
    ]
    async with serving(routes) as server.base:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[AiohttpClient]:
    client = AiohttpClient(EgressGuard([ip_network("127.0.0.0/8")]), ssl_context=TRUST)
    yield client
    await client.close()


@pytest.fixture
def endpoint(http: AiohttpClient) -> TokenEndpoint:
    return HttpTokenEndpoint(http, clock=lambda: NOW, timeout_seconds=5)


def registration(token_url: str, client: OAuthClient = CLIENT, **auth_config: Any) -> Registration:
    integration = Integration(
        id=uuid4(),
        slug="example",
        name="Example",
        base_url="https://api.example",
        auth_type=AuthType.OAUTH2,
        auth_config={"token_url": token_url, **auth_config},
    )
    return Registration(integration, client, {})


async def refresh(endpoint: TokenEndpoint, given: Registration, refresh_token: str = "refresh-0") -> TokenSet:
    return await endpoint.renew(given, {"refresh_token": refresh_token}, ())


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
async def test_a_grants_life(server: AuthorizationServer, endpoint: TokenEndpoint, method: str) -> None:
    given = registration(
        f"{server.base}/token", token_endpoint_auth_method=method, revocation_url=f"{server.base}/revoke"
    )
    first = await endpoint.exchange_code(
        given, code="code", redirect_uri="https://r/", code_verifier="verifier"
    )
    assert (first.access_token, first.refresh_token) == ("access", "refresh-1")
    assert (first.expires_at, first.scopes) == (NOW + timedelta(seconds=60), ("a", "b"))
    assert (await refresh(endpoint, given, "refresh-1")).refresh_token == "refresh-2"
    with pytest.raises(TokenRequestRefused) as refused:
        await refresh(endpoint, given, "refresh-1")
    assert (refused.value.error, refused.value.detail) == (
        "invalid_grant",
        "invalid_grant: not good: [redacted]",
    )
    await endpoint.revoke(given, "refresh-2", "refresh_token")
    assert server.revoked == ["refresh-2"]


async def test_a_wrong_client_is_refused(server: AuthorizationServer, endpoint: TokenEndpoint) -> None:
    with pytest.raises(TokenRequestRefused, match=r"^invalid_client$"):
        await refresh(endpoint, registration(f"{server.base}/token", OAuthClient("client:id", "wrong")))


async def test_redirects_are_not_followed(server: AuthorizationServer, endpoint: TokenEndpoint) -> None:
    rows: list[dict[str, Any]] = [{}, {"token_request": {"method": "GET"}}]
    for row in rows:
        with pytest.raises(TokenEndpointUnavailable, match="307"):
            await refresh(endpoint, registration(f"{server.base}/redirect", **row))
    assert server.elsewhere == []


async def test_long_answers_are_not_read(endpoint: TokenEndpoint) -> None:
    async def much(_: web.Request) -> web.Response:
        return web.json_response({"access_token": "a" * 300_000})

    async with serving([web.post("/token", much)]) as base:
        with pytest.raises(TokenEndpointUnavailable):
            await refresh(endpoint, registration(f"{base}/token"))


@pytest.mark.parametrize(
    ("token_url", "error"),
    [
        ("http://10.0.0.1/token", EgressBlocked),
        ("http://169.254.169.254/latest/meta-data/", EgressBlocked),
        ("http://[::1]/token", EgressBlocked),
        ("smtp://127.0.0.1/token", EgressBlocked),
        ("ftp://127.0.0.1/token", InvalidIntegrationConfig),
        ("http://user:s3cret@127.0.0.1/token", InvalidIntegrationConfig),
        ("http://127.0.0.1:1/token", TokenEndpointUnavailable),
        ("http://does-not-exist.invalid/token", TokenEndpointUnavailable),
        ("https://{tenant}.example/token", InvalidIntegrationConfig),
        ("/token", InvalidIntegrationConfig),
    ],
)
async def test_places_without_a_token_endpoint(
    endpoint: TokenEndpoint, token_url: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        await refresh(endpoint, registration(token_url))
    assert "s3cret" not in str(caught.value)


async def test_an_outside_issuers_token_is_verified_by_its_published_keys() -> None:
    key = ECKey.generate_key("P-256", {"kid": "1"})

    async def jwks(_: web.Request) -> web.Response:
        return web.json_response({"keys": [key.as_dict(private=False)]})

    client = AiohttpClient(EgressGuard(EVERY_NETWORK))
    try:
        async with serving([web.get("/jwks", jwks)]) as base:
            claims = {"iss": base, "sub": "user-1", "exp": int(NOW.timestamp()) + 60}
            token = jwt.encode({"alg": "ES256", "kid": "1"}, claims, key)
            verifier = JwksVerifier(client, f"{base}/jwks", issuer=base, clock=lambda: NOW)
            assert (await verifier.verify(token)).subject == "user-1"
        unreachable = JwksVerifier(client, f"{base}/jwks", issuer=base, clock=lambda: NOW)
        with pytest.raises(Unavailable):
            await unreachable.verify(token)
    finally:
        await client.close()
