"""What the examples of docs/reference/auth-config.md come to: a row with what a connection brings, and what happens."""

import asyncio
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from joserfc.jwk import RSAKey

from portway.application.credential_placement import authenticate
from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.application.ports.token_endpoint import Registration, TemporaryCredentials
from portway.domain.credential import Credential, OAuthClient, TokenSet
from portway.domain.errors import PortwayError
from portway.domain.integration import AuthType, Integration
from portway.infrastructure.oauth.token_endpoint import HttpTokenEndpoint
from tests.docs.documents import Block
from tests.unit.infrastructure.oauth.published_keys import A2_KEY

NOW = datetime(2027, 1, 1, tzinfo=UTC)
CLIENT = OAuthClient("portway", "s3cret")
KEY = RSAKey.import_key(A2_KEY).as_pem(private=True).decode()
NO_ANSWER = "HTTP/1.1 200 OK\n"

_JWT = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+")
_VARYING = re.compile(r'((?:oauth_nonce|oauth_signature)=")[^"]*"')


@dataclass
class Example:
    """A row and what a connection brings; the request that comes of it, empty where it only has to be readable; the JWT
    in that; and answers with what they are read as.
    """

    row: dict[str, Any]
    request: str = ""
    jwt: dict[str, Any] = field(default_factory=dict)
    outcomes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def integration(self) -> Integration:
        return Integration(
            id=uuid4(),
            slug="example",
            name="Example",
            base_url=self.row.get("base_url", "https://api.example.com"),
            auth_type=AuthType(self.row.get("auth_type", "oauth2")),
            auth_config=self.row["auth_config"],
        )


def examples(found: list[Block]) -> list[Example]:
    """Each begins with a document that has an `auth_config`."""
    told: list[Example] = []
    answer = NO_ANSWER
    for block in found:
        if block.language == "http" and block.code.startswith("HTTP/"):
            answer = block.code
        elif block.language == "http":
            told[-1].request = block.code
        else:
            document = json.loads(block.code)
            if "auth_config" in document:
                told.append(Example(document))
            elif "claims" in document:
                told[-1].jwt = document
            else:
                told[-1].outcomes.append((answer, document))
                answer = NO_ANSWER
    return told


class Server:
    """Answers as the document says, and keeps what it was sent."""

    def __init__(self, answer: str) -> None:
        self._answer = _read(answer)
        self.sent: OutgoingRequest | None = None

    async def send(
        self,
        request: OutgoingRequest,
        *,
        timeout_seconds: float,
        max_response_bytes: int = 0,
        follow_redirects: bool = True,
    ) -> UpstreamResponse:
        self.sent = request
        return self._answer


def come_of(example: Example, answer: str = NO_ANSWER) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The request, the JWT in it (or in the token), and the outcome."""
    server = Server(answer)
    try:
        outcome, token = _told(asyncio.run(_ask(example, server)))
    except PortwayError as error:
        outcome, token = {"code": error.code, "detail": error.detail}, ""
    request = "" if server.sent is None else _written(server.sent)
    found = _JWT.search(request + token)
    return _JWT.sub("eyJ…", request), _parts(found[0]) if found else {}, outcome


async def _ask(example: Example, server: Server) -> Any:
    row, endpoint = example.row, HttpTokenEndpoint(server, clock=lambda: NOW)
    registration = Registration(example.integration, _client(row), row.get("config", {}))
    callback = "https://portway.example.com/api/v2/oauth/callback"
    held = TemporaryCredentials("temporary", "temporary-secret")
    asks: dict[str, Callable[[Any], Awaitable[Any]]] = {
        "code": lambda code: endpoint.exchange_code(
            registration, code=code, redirect_uri=callback, code_verifier="verifier"
        ),
        "grant": lambda grant: endpoint.renew(registration, _with_key(grant), row.get("scopes", ())),
        "revoke": lambda token: endpoint.revoke(registration, token, "refresh_token"),
        "introspect": lambda token: endpoint.introspect(registration, token),
        "callback": lambda given: endpoint.temporary_credentials(registration, given),
        "verifier": lambda verifier: endpoint.exchange_verifier(registration, held, verifier),
        "credential": lambda _: _call(example, server),
    }
    said = next(name for name in asks if name in row)
    return await asks[said](row[said])


def _client(row: dict[str, Any]) -> OAuthClient | None:
    if "client" not in row:
        return CLIENT
    return None if row["client"] is None else OAuthClient(**_with_key(row["client"]))


def _with_key(members: dict[str, Any]) -> dict[str, Any]:
    return {name: KEY if value == "…PEM…" else value for name, value in members.items()}


async def _call(example: Example, server: Server) -> None:
    """A call of the service with a credential."""
    request = OutgoingRequest("GET", "https://api.example.com/me")
    if "json" in example.row:
        body = json.dumps(example.row["json"]).encode()
        request = OutgoingRequest(
            "POST", "https://api.example.com/me", {"content-type": "application/json"}, body
        )
    credential = Credential(example.row["credential"], version=1)
    placed = authenticate(
        request, example.integration, credential, config=example.row.get("config", {}), now=lambda: NOW
    )
    await server.send(placed, timeout_seconds=1)


def _told(result: Any) -> tuple[dict[str, Any], str]:
    if isinstance(result, TemporaryCredentials):
        return {"token": result.token, "token_secret": result.token_secret}, ""
    if not isinstance(result, TokenSet):
        return result or {}, ""
    expires_at = None if result.expires_at is None else result.expires_at.isoformat().replace("+00:00", "Z")
    members = {
        "access_token": _JWT.sub("eyJ…", result.access_token),
        "refresh_token": result.refresh_token,
        "expires_at": expires_at,
        "scopes": None if result.scopes is None else list(result.scopes),
        "members": dict(result.members) or None,
    }
    return {name: value for name, value in members.items() if value is not None}, result.access_token


def _written(request: OutgoingRequest) -> str:
    """As the document writes it: parts of a form or a signature on lines of their own, what varies as `…`."""
    scheme, _, rest = request.url.partition("://")
    assert scheme == "https"
    host, slash, path = rest.partition("/")
    head = [f"{request.method} {slash}{path} HTTP/1.1", f"host: {host}"]
    head += (f"{name}: {value}".replace(", ", ",\n  ") for name, value in sorted(request.headers.items()))
    body = request.body or b""
    assert isinstance(body, bytes)
    text = body.decode()
    if request.headers.get("content-type") == "application/x-www-form-urlencoded":
        text = text.replace("&", "\n&")
    return _VARYING.sub('\\1…"', "\n".join(head) + (f"\n\n{text}" if text else "") + "\n")


def _read(text: str) -> UpstreamResponse:
    head, _, body = text.partition("\n\n")
    status, *fields = head.splitlines()
    headers = dict(line.lower().split(": ", 1) for line in fields)
    return UpstreamResponse(int(status.split()[1]), headers, body.strip().encode())


def _parts(token: str) -> dict[str, Any]:
    header, claims = (
        json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in token.split(".")[:2]
    )
    return {"header": header, "claims": {**claims, "jti": "…"}}
