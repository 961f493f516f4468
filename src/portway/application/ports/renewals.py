"""Renewing a connection's token: the right to do it, and what it brought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from portway.domain.credential import Credential, OAuthClient, TokenSet
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject


class LeaseOutcome(StrEnum):
    """What asking for the right to refresh came to."""

    LEASED = "leased"  # refresh now, then store or release
    WAIT = "wait"  # somebody else is refreshing
    FRESH = "fresh"  # the stored credential is newer than the one seen: use it
    LATER = "later"  # it failed a short while ago, and is not tried again yet
    GONE = "gone"  # there is nothing to refresh it with, or the connection needs its owner


class Release(StrEnum):
    """Why a lease is given back without a new token."""

    UNUSED = "unused"  # nobody was asked
    FAILED = "failed"  # begins a pause, longer after each failure
    GRANT_GONE = "grant_gone"  # for good: the connection needs its owner


@dataclass(frozen=True, slots=True)
class RefreshLease:
    """The answer to `lease_refresh`. With LEASED: what renews the token (see `TokenEndpoint.renew`), the organization's
    own client, and a pass for this refresh alone. With LATER: in how many seconds.

    `interrupted` says that an earlier holder recorded its intent and vanished: the refresh token may be spent.
    """

    outcome: LeaseOutcome
    refresh_pass: str = field(default="", repr=False)
    grant: Mapping[str, str] = field(default_factory=dict, repr=False)
    client: OAuthClient | None = None
    credential: Credential | None = None
    interrupted: bool = False
    retry_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Renewable:
    """What a renewal needs to know of a connection."""

    connection_id: UUID
    integration: Integration
    config: JsonObject
    origins: Sequence[str]
    scopes: Sequence[str]


class Renewals(Protocol):
    """One renewal of a connection at a time, over all processes and nodes. Takes passes, never user ids."""

    async def lease_refresh(
        self,
        sealed_pass: str,
        connection_id: UUID,
        seen_version: int,
        lease_seconds: float,
        *,
        refused: bool = False,
    ) -> RefreshLease:
        """The right to refresh, for one holder at a time over all nodes; records the intent with it.

        A pass that has expired is good for the connection of an execution that it opened and that goes on. `refused`
        says that the service does not accept this version: once, that counts more than the pause after a failure.
        Raises Unauthenticated, NotFound, Forbidden.
        """
        ...

    async def lease_due(self, limit: int, lease_seconds: float) -> list[tuple[Renewable, RefreshLease]]:
        """The right to refresh connections whose tokens are about to expire, for work without a caller."""
        ...

    async def renew_lease(self, refresh_pass: str, lease_seconds: float) -> bool:
        """Prolongs a lease, counted from now; False where it is lost."""
        ...

    async def store_refresh(self, refresh_pass: str, tokens: TokenSet) -> Credential | None:
        """Stores by compare-and-set on the version that was leased, lease or no lease; None where another version is
        stored by now. Without a new refresh token the old one stays.
        """
        ...

    async def release_refresh(self, refresh_pass: str, release: Release) -> None:
        """Gives the lease back. FAILED and GRANT_GONE count while the version that was leased is the stored one."""
        ...

    async def mark_reauthorization_required(
        self, sealed_pass: str, connection_id: UUID, seen_version: int
    ) -> None:
        """The service refused this version of the credential, and there is nothing to refresh it with."""
        ...
