"""How Portway shows an authorization server which client it is (RFC 6749, section 2.3; RFC 7523, section 2.2)."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote_plus
from uuid import uuid4

from portway.application.language.auth_config import SigningAlgorithm, TokenEndpointAuthMethod
from portway.domain.credential import OAuthClient
from portway.domain.errors import InvalidIntegrationConfig
from portway.infrastructure.oauth.json_web_token import UnusableKeyError, sign_jwt

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFETIME = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class ClientAuthentication:
    """What it adds to a request; `secrets` are what of it must not be repeated."""

    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class AuthenticationRules:
    """What a row says of it. `audience` is the authorization server, as assertions name it."""

    method: TokenEndpointAuthMethod
    algorithm: SigningAlgorithm
    audience: str


def authenticate(client: OAuthClient, rules: AuthenticationRules, now: datetime) -> ClientAuthentication:
    """A client without a secret is a public one, which only names itself.

    Raises InvalidIntegrationConfig where `private_key_jwt` has no usable key.
    """
    named = {"client_id": client.client_id}
    secret = client.client_secret
    if rules.method == "none" or secret is None:
        return ClientAuthentication(named)
    if rules.method == "client_secret_post":
        return ClientAuthentication({**named, "client_secret": secret}, secrets=(secret,))
    if rules.method == "client_secret_basic":
        pair = _basic(client.client_id, secret)
        # Without the padding, which an echo may have lost.
        return ClientAuthentication(
            headers={"authorization": f"Basic {pair}"}, secrets=(secret, pair.rstrip("="))
        )
    assertion = _assertion(client.client_id, secret, rules, now)
    parameters = {**named, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    return ClientAuthentication(parameters, secrets=(secret, assertion))


def _basic(client_id: str, client_secret: str) -> str:
    # Form-encoded before it is joined, so that a colon in the id does not end it (RFC 6749, section 2.3.1).
    return b64encode(f"{quote_plus(client_id)}:{quote_plus(client_secret)}".encode()).decode()


def _assertion(client_id: str, key: str, rules: AuthenticationRules, now: datetime) -> str:
    claims = {
        "iss": client_id,
        "sub": client_id,
        # One audience alone: an assertion must not be good at another server (draft-ietf-oauth-rfc7523bis).
        "aud": rules.audience,
        "jti": str(uuid4()),
        "iat": int(now.timestamp()),
        "exp": int((now + _ASSERTION_LIFETIME).timestamp()),
    }
    try:
        return sign_jwt(claims, key, rules.algorithm, {})
    except UnusableKeyError:
        raise InvalidIntegrationConfig(
            f"The secret of the OAuth client is not a private key (PEM or JWK) for {rules.algorithm}."
        ) from None
