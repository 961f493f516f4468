"""An authorization server that gives one answer, and remembers what it was asked."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.application.ports.token_endpoint import Registration
from portway.domain.credential import OAuthClient
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonObject
from portway.infrastructure.oauth.token_endpoint import HttpTokenEndpoint

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TOKEN_URL = "https://auth.example/token?tenant=s3cret"
CLIENT = OAuthClient("client-id", "client-s3cret")


class OneAnswer:
    """An HTTP client that gives one answer."""

    def __init__(self, answer: UpstreamResponse | Exception) -> None:
        self.answer = answer
        self.sent: list[OutgoingRequest] = []
        self.followed_redirects = False
        self.timeout_seconds = 0.0
        self.max_response_bytes = 0

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
        self.max_response_bytes = max_response_bytes
        self.followed_redirects = follow_redirects
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @property
    def body(self) -> str:
        body = self.sent[0].body or b""
        assert isinstance(body, bytes)
        return body.decode()

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body, keep_blank_values=True))

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.sent[0].url).query, keep_blank_values=True))


def answer(body: object, status: int = 200, **headers: str) -> UpstreamResponse:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return UpstreamResponse(status, names, body if isinstance(body, bytes) else json.dumps(body).encode())


def registration(
    auth_type: AuthType = AuthType.OAUTH2,
    *,
    client: OAuthClient | None = CLIENT,
    config: JsonObject | None = None,
    **auth_config: Any,
) -> Registration:
    """Of a row with a `token_url`, unless that is None."""
    row = {"token_url": TOKEN_URL, **auth_config}
    integration = Integration(
        id=uuid4(),
        slug="example",
        name="Example",
        base_url="https://api.example",
        auth_type=auth_type,
        auth_config={name: value for name, value in row.items() if value is not None},
    )
    return Registration(integration, client, config or {})


def endpoint(http: OneAnswer) -> HttpTokenEndpoint:
    return HttpTokenEndpoint(http, clock=lambda: NOW)
