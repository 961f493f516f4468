"""The two ways in which a person grants access at the service itself: OAuth 2.0 with a code, and OAuth 1.0a."""

import json
import secrets
from collections.abc import Mapping, Sequence

from portway.application.authorization_request import authorization_url, oauth1_authorization_url, with_state
from portway.application.authorization_response import read_code, read_verifier
from portway.application.ports.token_endpoint import (
    Registration,
    TemporaryCredentials,
    TokenEndpoint,
    TokenEndpointUnavailable,
    TokenRequestRefused,
)
from portway.domain.credential import TokenSet
from portway.domain.errors import InvalidIntegrationConfig, UpstreamUnreachable
from portway.domain.integration import AuthType


class RedirectFlows:
    """What `begin` returns beside the URL is a secret to keep for `end`: a code verifier, or temporary credentials."""

    def __init__(self, token_endpoint: TokenEndpoint, redirect_uri: str) -> None:
        self._token_endpoint = token_endpoint
        self._redirect_uri = redirect_uri

    async def begin(self, registration: Registration, scopes: Sequence[str], state: str) -> tuple[str, str]:
        """Where the person goes, and what is kept until they are back.

        Raises InvalidIntegrationConfig, UpstreamUnreachable, EgressBlocked.
        """
        if registration.integration.auth_type is AuthType.OAUTH1:
            temporary = await self._temporary_credentials(registration, state)
            kept = json.dumps([temporary.token, temporary.token_secret])
            return oauth1_authorization_url(registration, temporary), kept
        verifier = secrets.token_urlsafe(64)
        url = authorization_url(
            registration, redirect_uri=self._redirect_uri, scopes=scopes, state=state, code_verifier=verifier
        )
        return url, verifier

    async def end(
        self, registration: Registration, kept: str, parameters: Mapping[str, str]
    ) -> tuple[TokenSet, tuple[str, ...]]:
        """What the redirect is exchanged for, and the secrets that were sent for it.

        Raises AuthorizationError for a redirect that brings nothing, and as the token endpoint's port says.
        """
        integration = registration.integration
        if integration.auth_type is AuthType.OAUTH1:
            temporary = TemporaryCredentials(*json.loads(kept))
            verifier = read_verifier(integration, parameters, temporary.token)
            tokens = await self._token_endpoint.exchange_verifier(registration, temporary, verifier)
            return tokens, (temporary.token, temporary.token_secret, verifier)
        code = read_code(integration, registration.config, parameters)
        tokens = await self._token_endpoint.exchange_code(
            registration, code=code, redirect_uri=self._redirect_uri, code_verifier=kept
        )
        return tokens, (code, kept)

    async def _temporary_credentials(self, registration: Registration, state: str) -> TemporaryCredentials:
        callback = with_state(self._redirect_uri, state)
        try:
            return await self._token_endpoint.temporary_credentials(registration, callback)
        except TokenRequestRefused as error:
            raise InvalidIntegrationConfig(
                f"The service did not accept the OAuth client: {error.detail}"
            ) from None
        except TokenEndpointUnavailable as error:
            raise UpstreamUnreachable(error.detail) from None
