"""An OpenID provider that describes itself (OpenID Connect Discovery 1.0), as a place where people sign in."""

import hashlib
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec

from portway.application.language.auth_config import TokenEndpointAuthMethod
from portway.application.ports.clock import Clock, system_clock
from portway.application.ports.http import HttpClient, OutgoingRequest
from portway.application.ports.identity_provider import SignInAttempt
from portway.application.ports.outside_tokens import OutsideClaims
from portway.domain.credential import OAuthClient
from portway.domain.errors import PortwayError, Unauthenticated, Unavailable
from portway.infrastructure.oauth.client_authentication import AuthenticationRules, authenticate
from portway.infrastructure.oauth.fetched import Fetched
from portway.infrastructure.oauth.jwks import JwksVerifier, VerifiedClaims

PROVIDER_ID: Final = "oidc"
SCOPE: Final = "openid email profile"
MAX_AGE_SECONDS: Final = 600.0
"""How long the provider's description of itself is good."""

_TIMEOUT_SECONDS = 10.0
_MAX_BYTES = 256 * 1024
_VISIBLE = re.compile(r"[!-~]+")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class _Description:
    """What of the provider's metadata is used."""

    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str | None
    auth_methods: tuple[str, ...]
    verifier: JwksVerifier


class OpenIdProvider:
    """Implements `application.ports.identity_provider.IdentityProvider`.

    The operator chose the issuer, so `http` may be one that reaches any address. A client without a secret is a public
    one.
    """

    def __init__(
        self,
        http: HttpClient,
        *,
        issuer: str,
        client: OAuthClient,
        name: str,
        clock: Clock = system_clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = PROVIDER_ID
        self.name = name
        self.issuer = issuer
        self._http = http
        self._client = client
        self._clock = clock
        self._monotonic = monotonic
        self._known = Fetched(
            self._described,
            what="the description of the sign-in provider",
            without="The sign-in provider cannot be asked what it is; the log says why.",
            monotonic=monotonic,
        )

    async def authorization_url(self, attempt: SignInAttempt, redirect_uri: str) -> str:
        """See the port."""
        described = await self._known.get(MAX_AGE_SECONDS)
        digest = hashlib.sha256(attempt.code_verifier.encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        endpoint = described.authorization_endpoint
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"

    async def redeem(self, code: str, attempt: SignInAttempt, redirect_uri: str) -> OutsideClaims:
        """See the port."""
        described = await self._known.get(MAX_AGE_SECONDS)
        tokens = await self._tokens(described, code, attempt, redirect_uri)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str):
            raise Unauthenticated(
                "The provider gave no ID token; its client must be allowed the scope `openid`."
            )
        claims = await described.verifier.verify_id_token(
            id_token, client_id=self._client.client_id, nonce=attempt.nonce
        )
        if not claims.email_verified and described.userinfo_endpoint and isinstance(access_token, str):
            claims = await self._with_userinfo(described.userinfo_endpoint, access_token, claims)
        return claims

    async def _tokens(
        self, described: _Description, code: str, attempt: SignInAttempt, redirect_uri: str
    ) -> Mapping[str, Any]:
        rules = AuthenticationRules(_method(described.auth_methods), "RS256", self.issuer)
        proof = authenticate(self._client, rules, self._clock())
        parameters = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": attempt.code_verifier,
            **proof.parameters,
        }
        headers = {"accept": "application/json", "content-type": "application/x-www-form-urlencoded"}
        request = OutgoingRequest(
            "POST",
            described.token_endpoint,
            headers | dict(proof.headers),
            urlencode(parameters).encode(),
        )
        status, answer = await self._ask(request)
        if status != 200:
            raise Unauthenticated(f"The provider refused the code: {str(answer.get('error', status))[:100]}.")
        return answer

    async def _with_userinfo(
        self, endpoint: str, access_token: str, claims: VerifiedClaims
    ) -> VerifiedClaims:
        """Many providers name the address, or that it is verified, only there (OpenID Connect Core, section 5.4)."""
        headers = {"accept": "application/json", "authorization": f"Bearer {access_token}"}
        status, answer = await self._ask(OutgoingRequest("GET", endpoint, headers))
        # Whose it is must be the same (section 5.3.2): the access token is not bound to the ID token otherwise.
        if status != 200 or answer.get("sub") != claims.subject:
            return claims
        told = VerifiedClaims.of(answer | {"iss": claims.issuer, "exp": claims.expires_at.timestamp()})
        if claims.email is not None and told.email != claims.email:
            return claims  # it says nothing of the address that the ID token has
        return replace(
            claims, email=told.email, email_verified=told.email_verified, name=claims.name or told.name
        )

    async def _described(self) -> _Description:
        url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        status, found = await self._ask(OutgoingRequest("GET", url, {"accept": "application/json"}))
        if status != 200 or found.get("issuer") != self.issuer:
            told = str(found.get("issuer", status))[:200]
            raise Unavailable(f"{url} should describe the issuer {self.issuer}, and says {told!r}.")
        methods = found.get("token_endpoint_auth_methods_supported")
        userinfo = found.get("userinfo_endpoint")
        return _Description(
            authorization_endpoint=_endpoint(found, "authorization_endpoint"),
            token_endpoint=_endpoint(found, "token_endpoint"),
            userinfo_endpoint=_endpoint(found, "userinfo_endpoint") if userinfo else None,
            auth_methods=tuple(map(str, methods)) if isinstance(methods, list) else (),
            verifier=JwksVerifier(
                self._http,
                _endpoint(found, "jwks_uri"),
                issuer=self.issuer,
                audience=self._client.client_id,
                clock=self._clock,
                monotonic=self._monotonic,
            ),
        )

    async def _ask(self, request: OutgoingRequest) -> tuple[int, dict[str, Any]]:
        """The status, and the members of what was answered; none where it is no JSON object."""
        try:
            # A redirect would carry the code and the client's secret to somewhere else.
            response = await self._http.send(
                request,
                timeout_seconds=_TIMEOUT_SECONDS,
                max_response_bytes=_MAX_BYTES,
                follow_redirects=False,
            )
        except PortwayError as error:
            raise Unavailable(f"The sign-in provider does not answer: {error.detail}") from error
        if response.status_code >= 500:
            raise Unavailable(f"The sign-in provider answered {response.status_code}.")
        try:
            answer = msgspec.json.decode(response.body)
        except (ValueError, RecursionError):
            answer = None
        return response.status_code, answer if isinstance(answer, dict) else {}


def _endpoint(found: Mapping[str, Any], name: str) -> str:
    """Who can alter what is sent to it, or answered, could sign anybody in: hence https, but on this machine."""
    url = found.get(name)
    parts = urlsplit(url) if isinstance(url, str) and _VISIBLE.fullmatch(url) else urlsplit("")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise Unavailable(f"The sign-in provider's {name} is not an https URL.")
    return str(url)


def _method(supported: tuple[str, ...]) -> TokenEndpointAuthMethod:
    """Basic is what a provider takes that says nothing (Discovery, section 3)."""
    if supported and "client_secret_basic" not in supported and "client_secret_post" in supported:
        return "client_secret_post"
    return "client_secret_basic"
