"""Tokens of an outside issuer that are signed with its private key."""

from datetime import datetime
from typing import Protocol


class OutsideClaims(Protocol):
    """Who the issuer says its caller is. `email` proves nothing unless `email_verified`."""

    @property
    def issuer(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def email(self) -> str | None: ...
    @property
    def email_verified(self) -> bool: ...
    @property
    def name(self) -> str | None: ...
    @property
    def expires_at(self) -> datetime: ...


class OutsideTokenVerifier(Protocol):
    """Verifies signature (by the issuer's published keys), `iss`, `aud`, `exp` and `nbf` (RFC 8725)."""

    async def verify(self, token: str) -> OutsideClaims:
        """Raises Unauthenticated for a token that is not good, Unavailable where the issuer's keys cannot be had."""
        ...
