"""Verifying the tokens of an outside issuer by the keys that it publishes (RFC 7517, RFC 7519)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any, Final, Self

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidKeyIdError, JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from portway.application.ports.clock import Clock, system_clock
from portway.application.ports.http import HttpClient
from portway.domain.errors import Unauthenticated
from portway.infrastructure.oauth.published_keys import PublishedKeys

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""Public keys only: with HS256 whoever reads a published key could sign, with `none` anybody."""

LEEWAY_SECONDS: Final = 30
"""How far the issuer's clock may be off."""

_MAX_TOKEN_CHARACTERS = 16 * 1024

# What parsers raise for nonsense that somebody made up.
_NONSENSE = (
    JoseError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    OSError,  # a time that the C library cannot express
)


@dataclass(frozen=True, slots=True)
class VerifiedClaims:
    """Who an outside issuer says its caller is. `email` proves nothing unless `email_verified`."""

    issuer: str
    subject: str
    email: str | None
    email_verified: bool
    name: str | None
    expires_at: datetime

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> Self:
        """From a token's claims, or those of a userinfo answer. Raises KeyError, TypeError or ValueError."""
        email, verified, name = claims.get("email"), claims.get("email_verified"), claims.get("name")
        return cls(
            issuer=claims["iss"],
            subject=claims["sub"],
            email=email if isinstance(email, str) and email else None,
            # Some issuers write their booleans as text.
            email_verified=verified is True or verified == "true",
            name=name if isinstance(name, str) and name else None,
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )


class JwksVerifier:
    """Verifies the tokens of one issuer.

    The operator chose `jwks_url`, so `http` may be one that reaches any address. A configured `issuer` or
    `audience` must be the token's; what is not configured may be anything.
    """

    def __init__(
        self,
        http: HttpClient,
        jwks_url: str,
        *,
        issuer: str | None = None,
        audience: str | None = None,
        clock: Clock = system_clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = PublishedKeys(http, jwks_url, monotonic)
        self._rules: dict[str, jwt.ClaimsOption] = {"sub": {"essential": True}, "exp": {"essential": True}}
        self._rules["iss"] = {"essential": True} if issuer is None else {"essential": True, "value": issuer}
        if audience is not None:
            self._rules["aud"] = {"essential": True, "value": audience}
        self._clock = clock

    async def verify(self, token: str) -> VerifiedClaims:
        """Raises Unauthenticated for anything wrong with the token, Unavailable where there are no keys."""
        return await self._verified(token, VerifiedClaims.of)

    async def verify_id_token(self, token: str, *, client_id: str, nonce: str) -> VerifiedClaims:
        """The same for an ID token that was asked for with this `nonce` (OpenID Connect Core 1.0, section 3.1.3.7)."""

        def checked(claims: Mapping[str, Any]) -> VerifiedClaims:
            audience = claims["aud"]
            is_for_others_too = isinstance(audience, list) and len(audience) > 1
            party = claims.get("azp")
            if client_id not in ([audience] if isinstance(audience, str) else audience):
                raise ValueError("aud")
            if party != client_id and (party is not None or is_for_others_too):
                raise ValueError("azp")
            if not compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
                raise ValueError("nonce")
            return VerifiedClaims.of(claims)

        return await self._verified(token, checked)

    async def _verified(
        self, token: str, read: Callable[[Mapping[str, Any]], VerifiedClaims]
    ) -> VerifiedClaims:
        if len(token) > _MAX_TOKEN_CHARACTERS:
            raise Unauthenticated
        claims = self._read(token, await self._keys.current(), read)
        if claims is None:
            # The issuer may have published a new key since.
            claims = self._read(token, await self._keys.renewed(), read)
        if claims is None:
            raise Unauthenticated
        return claims

    def _read(
        self, token: str, keys: KeySet, read: Callable[[Mapping[str, Any]], VerifiedClaims]
    ) -> VerifiedClaims | None:
        """None where the token names a key that is not among these."""
        try:
            claims = jwt.decode(token, keys, registry=_SIGNATURES).claims
            now = int(self._clock().timestamp())
            jwt.JWTClaimsRegistry(now=now, leeway=LEEWAY_SECONDS, **self._rules).validate(claims)
            return read(claims)
        except InvalidKeyIdError:
            return None
        except ExpiredTokenError:
            raise Unauthenticated("The token has expired.") from None
        except _NONSENSE:
            raise Unauthenticated from None


class _Signatures(JWSRegistry):
    """The allowed algorithms, without joserfc's warning about `EdDSA`, a name that issuers still use."""

    max_header_length = 4096

    def get_alg(self, name: str) -> JWSAlgModel:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


# Header members that nobody here knows are ignored, as RFC 7515 wants it (those named in `crit` are not).
_SIGNATURES = _Signatures(strict_check_header=False)
