"""An integration whose access tokens go out of use, with its token endpoint at the upstream."""

import itertools
import secrets
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiohttp import web

from tests.e2e.upstreams import Answer, Received
from tests.e2e.worlds import Member, World, secret

_count = itertools.count(1)


@dataclass
class OAuthService:
    """`tokens` are those that it gave out, the first one when the connection was made."""

    integration: UUID
    connection: UUID
    token_path: str
    tokens: list[str] = field(repr=False)

    def unless_expired(self, answer: Answer) -> Answer:
        """The answer for who has a token that was had by a refresh, 401 for others."""

        async def checked(received: Received) -> web.StreamResponse:
            if received.headers.get("authorization") == f"Bearer {self.tokens[0]}":
                return web.json_response({"error": "expired"}, status=401)
            return await answer(received)

        return checked


async def oauth_service(world: World, person: Member) -> OAuthService:
    """With a connection of the person's that can be refreshed."""
    slug = f"oauth-{next(_count)}-{secrets.token_hex(3)}"
    tokens = [secret("access")]

    async def give_token(_: Received) -> web.StreamResponse:
        tokens.append(secret("access"))
        return web.json_response({"access_token": tokens[-1], "token_type": "Bearer", "expires_in": 3600})

    path = f"/token-{slug}"
    endpoints: dict[str, Any] = {
        "authorization_url": f"{world.upstream.url}/authorize",
        "token_url": world.upstream.on(path, give_token),
    }
    integration = world.integration(slug=slug, auth_type="oauth2", auth_config=endpoints)
    client = {"client_id": "the-client", "client_secret": secret("client")}
    put = await person.caller.call("PUT", f"/api/v2/integrations/{slug}/oauth-client", client)
    assert put.status == 200, put.text
    values = {"access_token": tokens[0], "refresh_token": secret("refresh")}
    connection = world.connect(person, integration, values)
    return OAuthService(integration, connection, path, tokens)
