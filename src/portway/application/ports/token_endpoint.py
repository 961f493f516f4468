"""The token endpoint of an authorization server (RFC 6749, section 3.2)."""

from typing import Protocol

from portway.domain.credential import OAuthClient, TokenSet
from portway.domain.errors import PortwayError
from portway.domain.integration import Integration


class TokenRequestRefused(PortwayError):
    """The authorization server refused the request."""

    code = "token_request_refused"

    def __init__(self, error: str, description: str | None = None) -> None:
        super().__init__(f"{error}: {description}" if description else error)
        self.error = error


class TokenEndpointUnavailable(PortwayError):
    """The authorization server did not answer, or answered with a fault of its own; trying again may help."""

    code = "token_endpoint_unavailable"


class TokenEndpoint(Protocol):
    """Grants over the wire. All calls raise TokenRequestRefused, TokenEndpointUnavailable or EgressBlocked."""

    async def exchange_code(
        self,
        integration: Integration,
        client: OAuthClient,
        *,
        code: str,
        redirect_uri: str,
        code_verifier: str,
    ) -> TokenSet:
        """The authorization code grant (RFC 6749, section 4.1.3) with its PKCE verifier (RFC 7636)."""
        ...

    async def refresh(self, integration: Integration, client: OAuthClient, refresh_token: str) -> TokenSet:
        """The refresh token grant (RFC 6749, section 6)."""
        ...

    async def revoke(self, integration: Integration, client: OAuthClient, token: str) -> None:
        """Revokes a token (RFC 7009) where the integration has a `revocation_url`."""
        ...
