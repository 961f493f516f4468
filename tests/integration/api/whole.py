"""The whole gateway as it is put together for servers, with a service behind it that it can connect to."""

import asyncio
import base64
import hashlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

from aiohttp import web
from pydantic import SecretStr

from portway.bootstrap import Gateway
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.settings import Settings
from tests.people import Person, new_api_key, new_person
from tests.serving import Answer, ApiClient, api_client

PUBLIC_URL = "http://portway.test"
CALLBACK = "/api/v2/oauth/callback"
CLIENT_ID, CLIENT_SECRET = "the-client", "the-clients-secret"
API_TOKEN = "a-valid-token"

_count = itertools.count(1)


@dataclass
class Service:
    """An authorization server and an API. `token_answer` replaces the token endpoint's answer."""

    url: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=lambda: {API_TOKEN})
    revoked: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)
    secrets: list[str] = field(default_factory=list)
    token_answer: tuple[int, dict[str, Any]] | None = None

    def consent(self, authorization_url: str) -> dict[str, str]:
        """What the user's browser brings back after the user has said yes."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(authorization_url).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = self._secret("code")
        self.codes[code] = query
        return {"code": code, "state": query["state"]}

    def _secret(self, kind: str) -> str:
        made = f"secret-{kind}-{next(_count)}"
        self.secrets.append(made)
        return made

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if self.token_answer is not None:
            return web.json_response(self.token_answer[1], status=self.token_answer[0])
        asked = self.codes.pop(str(form.get("code")), None)
        digest = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        if (
            asked is None
            or form.get("client_id") != asked["client_id"]
            or form.get("client_secret") != CLIENT_SECRET
            or form.get("redirect_uri") != asked["redirect_uri"]
            or base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        access_token = self._secret("access")
        self.tokens.add(access_token)
        return web.json_response(
            {
                "access_token": access_token,
                "refresh_token": self._secret("refresh"),
                "token_type": "Bearer",
                "expires_in": 3600,
                "scope": asked.get("scope", ""),
            }
        )

    async def _revoke(self, request: web.Request) -> web.Response:
        self.revoked.put_nowait(str((await request.post()).get("token")))
        return web.Response()

    async def _me(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return web.json_response({"error": "who are you?"}, status=401)
        return web.json_response({"name": "Ann"})

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Service"]:
        app = web.Application()
        app.router.add_post("/token", self._token)
        app.router.add_post("/revoke", self._revoke)
        app.router.add_get("/me", self._me)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()


@dataclass(frozen=True)
class Whole:
    """`api` speaks as nobody."""

    api: ApiClient
    urls: DatabaseUrls
    service: Service

    def person(self, name: str = "someone") -> "Caller":
        """Somebody new, with all that their role allows."""
        person = new_person(self.urls, name)
        return Caller(person, self.api.signed_in(person.api_key))

    def limited(self, caller: "Caller", *scopes: str) -> ApiClient:
        """The same caller with a key of fewer scopes."""
        return self.api.signed_in(new_api_key(self.urls, caller.person.user_id, scopes)[0])

    async def integration(
        self, caller: "Caller", slug: str, auth_type: str = "oauth2", **auth_config: Any
    ) -> UUID:
        """An integration of the caller's organization that leads to the service, with an OAuth client."""
        config: dict[str, Any] = {"verification": {"path": "/me"}}
        if auth_type == "oauth2":
            config |= {
                "authorization_url": f"{self.service.url}/authorize",
                "token_url": f"{self.service.url}/token",
                "revocation_url": f"{self.service.url}/revoke",
                "scopes": ["read", "write"],
            }
        made = await caller.api.post(
            "/api/v2/integrations",
            {
                "slug": slug,
                "name": slug.title(),
                "base_url": self.service.url,
                "auth_type": auth_type,
                "auth_config": config | auth_config,
            },
        )
        assert made.status == 201, made.content
        if auth_type == "oauth2":
            client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
            set_up = await caller.api.request("PUT", f"/api/v2/integrations/{slug}/oauth-client", client)
            assert set_up.status == 200, set_up.content
        return UUID(made.json["id"])

    async def callback(self, parameters: dict[str, str], **headers: str) -> Answer:
        """The user's browser comes back."""
        return await self.api.get(f"{CALLBACK}?{urlencode(parameters)}", headers=headers)

    async def connect(self, caller: "Caller", slug: str, name: str = "Mine") -> str:
        """Connects by redirect; returns the connection's id."""
        begun = await caller.authorize(slug, name=name, return_url=f"{PUBLIC_URL}/back")
        assert begun.status == 200, begun.content
        ended = await self.callback(self.service.consent(begun.json["authorization_url"]))
        assert ended.status == 303, ended.content
        (connection_id,) = parse_qs(urlsplit(ended.headers["Location"]).query)["connection_id"]
        return connection_id


@dataclass(frozen=True)
class Caller:
    """A person, and a client that speaks as them."""

    person: Person
    api: ApiClient

    async def authorize(
        self, integration: str, headers: dict[str, str] | None = None, **members: Any
    ) -> Answer:
        """Begins connecting by redirect."""
        body = {
            "workspace_id": str(self.person.workspace_id),
            "integration": integration,
            "name": "Mine",
        } | members
        return await self.api.post("/api/v2/connections/authorize", body, headers=headers)

    async def connect_directly(self, integration: str, **members: Any) -> Answer:
        """Connects with a token."""
        body = {
            "workspace_id": str(self.person.workspace_id),
            "integration": integration,
            "name": "Mine",
            "credentials": {"token": API_TOKEN},
        } | members
        return await self.api.post("/api/v2/connections", body)


@asynccontextmanager
async def whole_gateway(urls: DatabaseUrls) -> AsyncIterator[Whole]:
    """A gateway on this database, allowed to call this machine."""
    settings = Settings(
        database_url=SecretStr(urls.app),
        sign_in_database_url=SecretStr(urls.sign_in),
        public_url=PUBLIC_URL,
        return_origins=("https://app.example",),
        allow_private_networks=(ip_network("127.0.0.0/8"),),
    )
    gateway = Gateway(settings, {"GLOBAL_CLIENT_ID": CLIENT_ID, "GLOBAL_CLIENT_SECRET": CLIENT_SECRET})
    async with (
        gateway.running(maintenance=False),
        Service().running() as service,
        api_client(gateway.app()) as api,
    ):
        yield Whole(api, urls, service)
