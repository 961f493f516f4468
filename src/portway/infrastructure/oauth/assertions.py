"""The JWT of a row's `jwt`: the assertion of a grant (RFC 7523, section 2.1), or a token by itself."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from portway.application.language.auth_config import JwtAssertion
from portway.application.language.templates import MissingValueError, fill, names_in
from portway.application.ports.token_endpoint import TokenRequestRefused
from portway.infrastructure.oauth.authorization_server import AuthorizationServer
from portway.infrastructure.oauth.json_web_token import UnusableKeyError, sign_jwt
from portway.infrastructure.oauth.token_response import GRANT_GONE

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class SignedJwt:
    """The token, and when it expires."""

    token: str = field(repr=False)
    expires_at: datetime


def signed_jwt(server: AuthorizationServer, now: datetime) -> SignedJwt:
    """What the row says, signed now.

    Raises InvalidIntegrationConfig where the row says nothing, or the connection has no key, and TokenRequestRefused
    (`invalid_grant`) where the key is none: no other one than its owner can help there.
    """
    rules = said_jwt(server)
    issued_at = now.astimezone(UTC).replace(microsecond=0)
    expires_at = issued_at + timedelta(seconds=rules.lifetime_seconds)
    claims = {
        "iat": int(issued_at.timestamp()),
        "exp": int(expires_at.timestamp()),
        "jti": str(uuid4()),
        **server.filled(rules.claims),
    }
    try:
        token = sign_jwt(claims, _key(server, rules), rules.algorithm, server.filled(rules.headers))
    except UnusableKeyError as error:
        raise TokenRequestRefused(GRANT_GONE, f"The connection's key cannot be used. {error}") from None
    return SignedJwt(token, expires_at)


def said_jwt(server: AuthorizationServer) -> JwtAssertion:
    """Raises InvalidIntegrationConfig where there is none."""
    if server.config.jwt is None:
        raise server.broken("auth_config.jwt is missing")
    return server.config.jwt


def asks_for_scopes(rules: JwtAssertion) -> bool:
    """Whether the claims say what the token is to be for, so that no parameter has to."""
    return any("scopes" in names_in(claim) for claim in rules.claims.values() if isinstance(claim, str))


def _key(server: AuthorizationServer, rules: JwtAssertion) -> str:
    try:
        return fill(rules.key, server.values)
    except MissingValueError as missing:
        raise server.broken(
            f"auth_config.jwt.key needs `{missing.name}`, which the connection lacks"
        ) from None
