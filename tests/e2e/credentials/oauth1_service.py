"""A service that OAuth 1.0a (RFC 5849) protects, and the server that authorizes for it, by oauthlib's endpoints.

Paths: `/initiate`, `/authorize`, `/token` (the three of section 2), and `/api/...`, which tells who came.
"""

import asyncio
import base64
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from oauthlib.oauth1 import RequestValidator, WebApplicationServer
from oauthlib.oauth1.rfc5849 import signature
from oauthlib.oauth1.rfc5849.errors import OAuth1Error

_DUMMY = "dummy"


@dataclass
class Token:
    """Temporary credentials, or those of an access token."""

    consumer: str
    secret: str = field(repr=False)
    callback: str = ""
    verifier: str = field(default="", repr=False)
    account: str = ""


@dataclass
class Consumer:
    """A registered client. `public_key` (PEM) is for RSA-SHA1; `methods` are those it may sign with."""

    key: str
    secret: str = field(repr=False)
    public_key: str = field(default="", repr=False)
    methods: tuple[str, ...] = ("HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT", "RSA-SHA1")
    realm: str | None = None


class _Validator(RequestValidator):
    """oauthlib asks; the service's memory answers."""

    enforce_ssl = False
    dummy_client = dummy_request_token = dummy_access_token = _DUMMY
    client_key_length = request_token_length = access_token_length = nonce_length = verifier_length = (5, 60)
    safe_characters: ClassVar[set[str]] = set(map(chr, range(0x21, 0x7F)))

    def __init__(self, consumers: dict[str, Consumer]) -> None:
        super().__init__()
        self.consumers = consumers
        self.temporary: dict[str, Token] = {}
        self.tokens: dict[str, Token] = {}
        self.nonces: set[tuple[str, str, str]] = set()

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        consumer = self.consumers.get(client_key)
        return consumer is not None and request.signature_method in consumer.methods

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return self.consumers[client_key].secret if client_key in self.consumers else _DUMMY

    def validate_timestamp_and_nonce(
        self, client_key: str, timestamp: str, nonce: str, request: Any, *_: Any, **__: Any
    ) -> bool:
        seen = (client_key, timestamp, nonce)
        if seen in self.nonces:
            return False
        self.nonces.add(seen)
        return True

    # The first step.

    def validate_redirect_uri(self, client_key: str, redirect_uri: str, request: Any) -> bool:
        return redirect_uri.startswith("http://127.0.0.1:")

    def get_default_realms(self, client_key: str, request: Any) -> list[str]:
        return []

    def validate_requested_realms(self, client_key: str, realms: list[str], request: Any) -> bool:
        return True

    def save_request_token(self, token: Any, request: Any) -> None:
        made = Token(request.client_key, token["oauth_token_secret"], callback=request.redirect_uri)
        self.temporary[token["oauth_token"]] = made

    # The person's.

    def verify_request_token(self, token: str, request: Any) -> bool:
        return token in self.temporary

    def get_redirect_uri(self, token: str, request: Any) -> str:
        return self.temporary[token].callback

    def save_verifier(self, token: str, verifier: dict[str, str], request: Any) -> None:
        self.temporary[token].verifier = verifier["oauth_verifier"]
        self.temporary[token].account = verifier["account"]

    # The last step.

    def validate_request_token(self, client_key: str, token: str, request: Any) -> bool:
        return token in self.temporary and self.temporary[token].consumer == client_key

    def get_request_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return self.temporary[token].secret if token in self.temporary else _DUMMY

    def validate_verifier(self, client_key: str, token: str, verifier: str, request: Any) -> bool:
        known = self.temporary.get(token)
        return known is not None and bool(known.verifier) and known.verifier == verifier

    def get_realms(self, token: str, request: Any) -> list[str]:
        return []

    def invalidate_request_token(self, client_key: str, request_token: str, request: Any) -> None:
        del self.temporary[request_token]

    def save_access_token(self, token: Any, request: Any) -> None:
        account = self.temporary[request.resource_owner_key].account
        self.tokens[token["oauth_token"]] = Token(
            request.client_key, token["oauth_token_secret"], account=account
        )

    # Every request.

    def validate_access_token(self, client_key: str, token: str, request: Any) -> bool:
        return token in self.tokens and self.tokens[token].consumer == client_key

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return self.tokens[token].secret if token in self.tokens else _DUMMY

    def validate_realms(self, client_key: str, token: str, request: Any, *_: Any, **__: Any) -> bool:
        wanted = self.consumers[client_key].realm if client_key in self.consumers else None
        return wanted is None or request.realm == wanted


class _Server(WebApplicationServer):
    """oauthlib verifies RSA-SHA1 by a package that is not here."""

    def _check_signature(self, request: Any, is_token_request: bool = False) -> bool:
        if request.signature_method != "RSA-SHA1":
            return bool(super()._check_signature(request, is_token_request))  # type: ignore[misc]
        consumer = self.request_validator.consumers.get(request.client_key)
        return consumer is not None and _signed_by(consumer.public_key, request)


def _signed_by(public_key: str, request: Any) -> bool:
    key = serialization.load_pem_public_key(public_key.encode())
    assert isinstance(key, rsa.RSAPublicKey)
    base = signature.signature_base_string(
        request.http_method,
        signature.base_string_uri(request.uri),
        signature.normalize_parameters(request.params),
    )
    try:
        given = base64.b64decode(request.signature)
        key.verify(given, base.encode(), padding.PKCS1v15(), hashes.SHA1())
    except (InvalidSignature, ValueError):
        return False
    return True


class OAuth1Service:
    """Runs in a thread of its own while the context is open."""

    def __init__(self, *consumers: Consumer) -> None:
        self.url = ""
        self._validator = _Validator({consumer.key: consumer for consumer in consumers})
        self._server = _Server(self._validator)
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="oauth1", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def give_token(self, consumer: str, account: str) -> tuple[str, str]:
        """A token that was had elsewhere, and its secret."""
        token, secret = f"token-{secrets.token_hex(8)}", secrets.token_urlsafe(20)
        self._validator.tokens[token] = Token(consumer, secret, account=account)
        return token, secret

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_post("/initiate", self._initiate)
        app.router.add_get("/authorize", self._ask)
        app.router.add_post("/authorize", self._grant)
        app.router.add_post("/token", self._token)
        app.router.add_route("*", "/api/{path:.*}", self._tell)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._started.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _initiate(self, request: web.Request) -> web.Response:
        return _answer(self._server.create_request_token_response(*await _parts(request)))

    async def _token(self, request: web.Request) -> web.Response:
        return _answer(self._server.create_access_token_response(*await _parts(request)))

    async def _ask(self, request: web.Request) -> web.Response:
        if request.query.get("oauth_token") not in self._validator.temporary:
            return web.Response(status=400, text="This sign-in is unknown.")
        page = f'<form action="{request.rel_url}"><input name="login"><input name="password"></form>'
        return web.Response(text=page, content_type="text/html")

    async def _grant(self, request: web.Request) -> web.Response:
        login = (await request.post())["login"]
        try:
            answer = self._server.create_authorization_response(
                str(request.url), credentials={"account": str(login)}
            )
        except OAuth1Error as error:
            return web.Response(status=400, text=str(error.description))
        return _answer(answer)

    async def _tell(self, request: web.Request) -> web.Response:
        parts = await _parts(request)
        good, seen = self._server.validate_protected_resource_request(*parts)
        if not good or "Authorization" not in request.headers:
            return web.json_response({"error": "the signature is not accepted"}, status=401)
        token = self._validator.tokens[seen.resource_owner_key]
        return web.json_response(
            {
                "account": token.account,
                "consumer": seen.client_key,
                "method": seen.signature_method,
                "query": dict(request.query),
                "sent": dict(parse_qsl(parts[2])) if parts[2] else None,
            }
        )


async def _parts(request: web.Request) -> tuple[str, str, str | None, dict[str, str]]:
    """The request as oauthlib takes it: its body is for forms only (section 3.4.1.3.1)."""
    form = request.content_type == "application/x-www-form-urlencoded"
    body = await request.text() if form else None
    return f"http://{request.host}{request.raw_path}", request.method, body, dict(request.headers)


def _answer(answer: tuple[dict[str, str], str | None, int]) -> web.Response:
    headers, body, status = answer
    return web.Response(status=status, headers=headers, text=body or "")
