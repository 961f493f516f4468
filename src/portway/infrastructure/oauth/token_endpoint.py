"""The token endpoint of any authorization server, as its integration's row describes it."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from portway.application.ports.clock import Clock, system_clock
from portway.application.ports.http import HttpClient, OutgoingRequest, UpstreamResponse
from portway.application.ports.token_endpoint import TokenEndpointUnavailable
from portway.domain.credential import OAuthClient, TokenSet
from portway.domain.errors import UpstreamInvalidResponse, UpstreamTimeout, UpstreamUnreachable
from portway.domain.integration import Integration
from portway.infrastructure.oauth import auth_config
from portway.infrastructure.oauth.client_authentication import METHODS, ClientAuthentication, authenticate
from portway.infrastructure.oauth.token_response import read_object, read_tokens, refusal

TOKEN_TIMEOUT_SECONDS: Final = 20.0
MAX_TOKEN_RESPONSE_BYTES: Final = 256 * 1024


class HttpTokenEndpoint:
    """Implements `application.ports.token_endpoint.TokenEndpoint`.

    Reads from `auth_config`: `token_url`, `refresh_url` (by default `token_url`), `revocation_url`,
    `token_endpoint_auth_method`, `token_params` and `refresh_params` (more parameters for either grant; they
    do not replace those of the grant itself) and `token_headers`. Raises InvalidIntegrationConfig where that
    is broken.
    """

    def __init__(
        self, http: HttpClient, *, clock: Clock = system_clock, timeout_seconds: float = TOKEN_TIMEOUT_SECONDS
    ) -> None:
        self._http = http
        self._clock = clock
        self._timeout_seconds = timeout_seconds

    async def exchange_code(
        self,
        integration: Integration,
        client: OAuthClient,
        *,
        code: str,
        redirect_uri: str,
        code_verifier: str,
    ) -> TokenSet:
        grant = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": code_verifier,
        }
        more = auth_config.read_strings(integration, "token_params")
        url = auth_config.require_url(integration, "token_url")
        return await self._grant(integration, client, url, {**more, **grant}, secrets=(code, code_verifier))

    async def refresh(self, integration: Integration, client: OAuthClient, refresh_token: str) -> TokenSet:
        grant = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        more = auth_config.read_strings(integration, "refresh_params")
        url = auth_config.require_url(integration, "refresh_url", "token_url")
        return await self._grant(integration, client, url, {**more, **grant}, secrets=(refresh_token,))

    async def revoke(self, integration: Integration, client: OAuthClient, token: str) -> None:
        url = auth_config.read_url(integration, "revocation_url")
        if url is None:
            return
        response = await self._post(integration, client, url, {"token": token})
        answer = read_object(response)
        # RFC 7009 wants success for a token that is not valid (any more); some servers see it differently.
        if response.status_code // 100 != 2 and answer.get("error") != "invalid_token":
            raise refusal(response, answer, url, _secrets(client, token))

    async def _grant(
        self,
        integration: Integration,
        client: OAuthClient,
        url: str,
        parameters: Mapping[str, str],
        *,
        secrets: tuple[str, ...],
    ) -> TokenSet:
        asked_at = self._clock()
        response = await self._post(integration, client, url, parameters)
        return read_tokens(response, url, asked_at, _secrets(client, *secrets))

    async def _post(
        self, integration: Integration, client: OAuthClient, url: str, parameters: Mapping[str, str]
    ) -> UpstreamResponse:
        method = auth_config.read_choice(integration, "token_endpoint_auth_method", METHODS)
        headers = auth_config.read_strings(integration, "token_headers")
        request = _form_request(url, parameters, headers, authenticate(client, method))
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


def _form_request(
    url: str, parameters: Mapping[str, str], headers: Mapping[str, str], authentication: ClientAuthentication
) -> OutgoingRequest:
    return OutgoingRequest(
        "POST",
        url,
        # Without this Accept some servers (GitHub) answer with a form.
        {
            "accept": "application/json",
            **{name.lower(): value for name, value in headers.items()},
            "content-type": "application/x-www-form-urlencoded",
            **authentication.headers,
        },
        urlencode({**parameters, **authentication.parameters}, errors="replace").encode(),
    )


def _secrets(client: OAuthClient, *sent: str) -> tuple[str, ...]:
    basic = (
        authenticate(client, "client_secret_basic").headers.get("authorization", "").removeprefix("Basic ")
    )
    return tuple(secret for secret in (client.client_secret, basic.rstrip("="), *sent) if secret)
