"""How Portway shows an authorization server which client it is (RFC 6749, section 2.3)."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from portway.domain.credential import OAuthClient

METHODS = ("client_secret_post", "client_secret_basic", "none")
"""The values of `token_endpoint_auth_method`, the default first."""


@dataclass(frozen=True, slots=True)
class ClientAuthentication:
    """What it adds to a token request."""

    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def authenticate(client: OAuthClient, method: str) -> ClientAuthentication:
    """By one of METHODS; a client without a secret is a public one, which only names itself."""
    if method == "none" or client.client_secret is None:
        return ClientAuthentication(parameters={"client_id": client.client_id})
    if method == "client_secret_post":
        return ClientAuthentication(
            parameters={"client_id": client.client_id, "client_secret": client.client_secret}
        )
    return ClientAuthentication(headers={"authorization": _basic(client.client_id, client.client_secret)})


def _basic(client_id: str, client_secret: str) -> str:
    # Form-encoded before it is joined, so that a colon in the id does not end it (RFC 6749, section 2.3.1).
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
    return f"Basic {b64encode(pair.encode()).decode()}"
