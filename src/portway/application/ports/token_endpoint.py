"""The token endpoint of an authorization server (RFC 6749, section 3.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from portway.domain.credential import OAuthClient, TokenSet
from portway.domain.errors import PortwayError
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject


class TokenRequestRefused(PortwayError):
    """The authorization server refused the request."""

    code = "token_request_refused"

    def __init__(self, error: str, description: str | None = None) -> None:
        super().__init__(f"{error}: {description}" if description else error)
        self.error = error


class TokenEndpointUnavailable(PortwayError):
    """The authorization server did not answer, or answered with a fault of its own; trying again may help."""

    code = "token_endpoint_unavailable"


@dataclass(frozen=True, slots=True)
class Registration:
    """Whom the authorization server deals with: as which client, of which row, with a connection's own `config`.

    `client` is None for grants without one.
    """

    integration: Integration
    client: OAuthClient | None
    config: JsonObject


@dataclass(frozen=True, slots=True)
class TemporaryCredentials:
    """OAuth 1.0a: what stands for an authorization until the token is there (RFC 5849, section 2.1)."""

    token: str
    token_secret: str = field(repr=False)


class TokenEndpoint(Protocol):
    """Grants over the wire. All calls raise TokenRequestRefused, TokenEndpointUnavailable, EgressBlocked, and
    InvalidIntegrationConfig where the row, or the connection's `config`, does not say what is needed.
    """

    async def exchange_code(
        self, registration: Registration, *, code: str, redirect_uri: str, code_verifier: str
    ) -> TokenSet:
        """The authorization code grant (RFC 6749, section 4.1.3) with its PKCE verifier (RFC 7636)."""
        ...

    async def renew(
        self, registration: Registration, grant: Mapping[str, str], scopes: Sequence[str]
    ) -> TokenSet:
        """A new token without a person, by what the grant holds.

        With a `refresh_token`, the refresh token grant (RFC 6749, section 6). Else by `auth_type`: client credentials
        (section 4.4) with `client_id` and `client_secret`, or the registration's client; the JWT bearer grant (RFC
        7523) or a signed JWT that is the token itself; for `custom`, the row's `login`. Where such credentials of the
        connection itself are refused, the error is `invalid_grant`, whatever the service calls it.
        """
        ...

    async def revoke(self, registration: Registration, token: str, token_type_hint: str) -> None:
        """Revokes a token (RFC 7009) where the integration has a `revocation_url`."""
        ...

    async def introspect(self, registration: Registration, token: str) -> JsonObject:
        """What the server says of a token (RFC 7662). Only where the row has an `introspection_url`."""
        ...

    async def temporary_credentials(self, registration: Registration, callback: str) -> TemporaryCredentials:
        """OAuth 1.0a, the first step (RFC 5849, section 2.1)."""
        ...

    async def exchange_verifier(
        self, registration: Registration, temporary: TemporaryCredentials, verifier: str
    ) -> TokenSet:
        """OAuth 1.0a, the last step (section 2.3): `access_token` is `token`, `members` hold `token_secret`, and
        `consumer_key` and `consumer_secret` with which requests are signed.
        """
        ...
