"""Renewing a connection's token: the right to do it, and what it brought."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from portway.domain.credential import Credential, OAuthClient, TokenSet


class LeaseOutcome(StrEnum):
    """What asking for the right to refresh came to."""

    LEASED = "leased"  # refresh now, then store or release
    WAIT = "wait"  # somebody else is refreshing
    FRESH = "fresh"  # the stored credential is newer than the one seen: use it
    GONE = "gone"  # there is no refresh token, or the connection needs its owner


@dataclass(frozen=True, slots=True)
class RefreshLease:
    """The answer to `lease_refresh`. With LEASED: the refresh token, the client, and a pass for this refresh alone.

    `interrupted` says that an earlier holder recorded its intent and vanished: the refresh token may be spent.
    """

    outcome: LeaseOutcome
    refresh_pass: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    client: OAuthClient | None = None
    credential: Credential | None = None
    interrupted: bool = False


class Renewals(Protocol):
    """One renewal of a connection at a time, over all processes and nodes. Takes passes, never user ids."""

    async def lease_refresh(
        self, sealed_pass: str, connection_id: UUID, seen_version: int, lease_seconds: float
    ) -> RefreshLease:
        """The right to refresh, for one holder at a time over all nodes; records the intent with it."""
        ...

    async def store_refresh(self, refresh_pass: str, tokens: TokenSet) -> Credential | None:
        """Stores by compare-and-set on the version that was leased; None where another version is stored by now."""
        ...

    async def release_refresh(self, refresh_pass: str, *, reauthorization_required: bool) -> None:
        """Gives the lease back after a failure; with `reauthorization_required` the connection is marked for good."""
        ...

    async def mark_reauthorization_required(
        self, sealed_pass: str, connection_id: UUID, seen_version: int
    ) -> None:
        """The service refused this version of the credential, and there is nothing to refresh it with."""
        ...
