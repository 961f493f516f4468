"""The token endpoint of any authorization server, as its integration's row describes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from portway.application.language.auth_config import Parameters
from portway.application.ports.clock import Clock, system_clock
from portway.application.ports.http import HttpClient, OutgoingRequest, UpstreamResponse
from portway.application.ports.token_endpoint import (
    Registration,
    TemporaryCredentials,
    TokenEndpointUnavailable,
)
from portway.domain.credential import TokenSet
from portway.domain.errors import UpstreamInvalidResponse, UpstreamTimeout, UpstreamUnreachable
from portway.domain.integration import AuthType
from portway.domain.json_value import JsonObject
from portway.infrastructure.oauth.assertions import GRANT_TYPE, asks_for_scopes, said_jwt, signed_jwt
from portway.infrastructure.oauth.authorization_server import AuthorizationServer
from portway.infrastructure.oauth.login import login_request
from portway.infrastructure.oauth.oauth1_steps import OAuth1Steps
from portway.infrastructure.oauth.token_response import Asked, as_object, read_answer

TOKEN_TIMEOUT_SECONDS: Final = 20.0
MAX_TOKEN_RESPONSE_BYTES: Final = 256 * 1024

_ABOUT_THE_REQUEST = frozenset({"invalid_request", "unsupported_grant_type", "invalid_scope"})
_ABOUT_THE_CLIENT = frozenset({"invalid_client", "unauthorized_client"})


@dataclass(frozen=True, slots=True)
class _Question:
    """A request by the standards' names: `further` are the row's own parameters. See `Asked` for the others."""

    url: str
    parameters: Mapping[str, str] = field(repr=False)
    further: Parameters = field(default_factory=dict)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    own_credentials: frozenset[str] | None = None


class HttpTokenEndpoint:
    """Implements `application.ports.token_endpoint.TokenEndpoint`, by what the row's `auth_config` says.

    Where a connection's own credentials are refused (client credentials, the key of a JWT, a login), the error is
    `invalid_grant`, whatever the service calls it: nothing but other credentials will help. A login may be refused by a
    401 with any body. An OAuth client that is not the connection's own is another matter, and so is a request that the
    server does not understand.
    """

    def __init__(
        self, http: HttpClient, *, clock: Clock = system_clock, timeout_seconds: float = TOKEN_TIMEOUT_SECONDS
    ) -> None:
        self._http = http
        self._clock = clock
        self._timeout_seconds = timeout_seconds

    async def exchange_code(
        self, registration: Registration, *, code: str, redirect_uri: str, code_verifier: str
    ) -> TokenSet:
        server = AuthorizationServer(registration)
        parameters = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if server.config.pkce:
            parameters["code_verifier"] = code_verifier
        url, further = server.required_url("token_url"), server.config.token_params
        return await self._tokens(server, _Question(url, parameters, further, (code, code_verifier)))

    async def renew(
        self, registration: Registration, grant: Mapping[str, str], scopes: Sequence[str]
    ) -> TokenSet:
        server = AuthorizationServer(registration, grant, scopes)
        if grant.get("refresh_token"):
            return await self._refresh(server, grant)
        match registration.integration.auth_type:
            case AuthType.OAUTH2_CLIENT_CREDENTIALS:
                tokens = await self._client_credentials(server, grant)
            case AuthType.JWT_BEARER:
                tokens = await self._jwt_bearer(server, grant)
            case AuthType.CUSTOM:
                tokens = await self._login(server, grant)
            case other:
                raise server.broken(f"auth_type {other.value!r} renews a token by a refresh token alone")
        # Whoever can have a new token at any time needs no refresh token, which could go bad.
        return replace(tokens, refresh_token=None)

    async def revoke(self, registration: Registration, token: str, token_type_hint: str) -> None:
        server = AuthorizationServer(registration)
        url = server.url("revocation_url")
        if url is None:
            return
        reader, parameters = server.reader(), {"token": token, "token_type_hint": token_type_hint}
        response, asked = await self._ask(server, _Question(url, parameters, secrets=(token,)))
        # RFC 7009 wants success for a token that is not valid (any more); some servers see it differently.
        if not _is_good(response) and as_object(read_answer(response)).get("error") != "invalid_token":
            raise reader.refusal(response, asked)

    async def introspect(self, registration: Registration, token: str) -> JsonObject:
        server = AuthorizationServer(registration)
        reader, url = server.reader(), server.required_url("introspection_url")
        response, asked = await self._ask(server, _Question(url, {"token": token}, secrets=(token,)))
        answer = as_object(read_answer(response))
        if not _is_good(response) or not answer:
            raise reader.refusal(response, asked)
        return answer

    async def temporary_credentials(self, registration: Registration, callback: str) -> TemporaryCredentials:
        steps, now = OAuth1Steps(AuthorizationServer(registration)), self._clock()
        request = steps.ask_for_temporary(callback, now)
        return steps.read_temporary(await self._send(request), steps.asked(request.url, now))

    async def exchange_verifier(
        self, registration: Registration, temporary: TemporaryCredentials, verifier: str
    ) -> TokenSet:
        steps, now = OAuth1Steps(AuthorizationServer(registration)), self._clock()
        request = steps.ask_for_token(temporary, verifier, now)
        sent = (temporary.token, temporary.token_secret, verifier)
        return steps.read_token(await self._send(request), steps.asked(request.url, now, *sent))

    async def _refresh(self, server: AuthorizationServer, grant: Mapping[str, str]) -> TokenSet:
        parameters = {"grant_type": "refresh_token", "refresh_token": grant["refresh_token"]}
        url, further = server.required_url("refresh_url", "token_url"), server.config.refresh_params
        return await self._tokens(server, _Question(url, parameters, further, tuple(grant.values())))

    async def _client_credentials(self, server: AuthorizationServer, grant: Mapping[str, str]) -> TokenSet:
        parameters = {"grant_type": "client_credentials", **_scope(server)}
        url, further = server.required_url("token_url"), server.config.token_params
        secrets, others = tuple(grant.values()), _other_refusals(server, grant)
        return await self._tokens(server, _Question(url, parameters, further, secrets, others))

    async def _jwt_bearer(self, server: AuthorizationServer, grant: Mapping[str, str]) -> TokenSet:
        jwt, url = signed_jwt(server, self._clock()), server.url("token_url")
        if url is None:
            return TokenSet(jwt.token, expires_at=jwt.expires_at)
        parameters = {"grant_type": GRANT_TYPE, "assertion": jwt.token}
        if not asks_for_scopes(said_jwt(server)):
            parameters |= _scope(server)
        secrets, others = (jwt.token, *grant.values()), _other_refusals(server, grant)
        further = server.config.token_params
        return await self._tokens(server, _Question(url, parameters, further, secrets, others))

    async def _login(self, server: AuthorizationServer, grant: Mapping[str, str]) -> TokenSet:
        reader, request, now = server.reader(), login_request(server), self._clock()
        asked = Asked(request.url, now, tuple(grant.values()), _other_refusals(server, grant))
        return reader.read(await self._send(request), asked)

    async def _tokens(self, server: AuthorizationServer, question: _Question) -> TokenSet:
        reader = server.reader()
        return reader.read(*await self._ask(server, question))

    async def _ask(self, server: AuthorizationServer, question: _Question) -> tuple[UpstreamResponse, Asked]:
        now = self._clock()
        authentication = server.authentication(now)
        request = server.request(question.url, question.parameters, authentication, question.further)
        secrets = (*authentication.secrets, *question.secrets)
        asked = Asked(question.url, now, secrets, question.own_credentials)
        return await self._send(request), asked

    async def _send(self, request: OutgoingRequest) -> UpstreamResponse:
        try:
            return await self._http.send(
                request,
                timeout_seconds=self._timeout_seconds,
                max_response_bytes=MAX_TOKEN_RESPONSE_BYTES,
                # A redirect would carry the code, the token and the client's secret to somewhere else.
                follow_redirects=False,
            )
        except (UpstreamUnreachable, UpstreamTimeout, UpstreamInvalidResponse) as error:
            raise TokenEndpointUnavailable(error.detail) from error


def _other_refusals(server: AuthorizationServer, grant: Mapping[str, str]) -> frozenset[str]:
    """Refusals that say nothing against the connection's own credentials, of which the client may be one."""
    is_own_client = bool(grant.get("client_id")) or server.client is None
    return _ABOUT_THE_REQUEST if is_own_client else _ABOUT_THE_REQUEST | _ABOUT_THE_CLIENT


def _scope(server: AuthorizationServer) -> dict[str, str]:
    return {"scope": server.scope} if server.scope else {}


def _is_good(response: UpstreamResponse) -> bool:
    return response.status_code // 100 == 2
