"""Renewals in memory."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from portway.application.ports.renewals import LeaseOutcome, RefreshLease
from portway.domain.connection import ConnectionStatus
from portway.domain.credential import Credential, TokenSet
from tests.fakes.world import ConnectionRow, LeaseRow, World, members_of


@dataclass(frozen=True, slots=True)
class _RefreshPass:
    connection_id: UUID
    version: int


class InMemoryRenewals:
    """Keeps its rows in a world. `failures` are raised by the next calls of the method of that name, one each."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._refresh_passes: dict[str, _RefreshPass] = {}
        self.failures: dict[str, list[Exception]] = {}
        self.calls: list[str] = []

    async def lease_refresh(
        self, sealed_pass: str, connection_id: UUID, seen_version: int, lease_seconds: float
    ) -> RefreshLease:
        await self._called("lease_refresh")
        row = self._world.usable_connection(self._world.claims(sealed_pass), connection_id)
        unusable = (ConnectionStatus.REAUTHORIZATION_REQUIRED, ConnectionStatus.DISABLED)
        if row.connection.status in unusable or row.spoiled:
            return RefreshLease(LeaseOutcome.GONE)
        if row.version != seen_version:
            return RefreshLease(LeaseOutcome.FRESH, credential=row.credential())
        if "refresh_token" not in row.secrets:
            return RefreshLease(LeaseOutcome.GONE)
        earlier, now = self._world.leases.get(connection_id), self._world.clock()
        if earlier is not None and earlier.expires_at > now:
            return RefreshLease(LeaseOutcome.WAIT)
        refresh_pass = self._world.unique("refresh-pass")
        self._refresh_passes[refresh_pass] = _RefreshPass(connection_id, row.version)
        self._world.leases[connection_id] = LeaseRow(
            refresh_pass, row.version, now + timedelta(seconds=lease_seconds)
        )
        return RefreshLease(
            LeaseOutcome.LEASED,
            refresh_pass,
            row.secrets["refresh_token"],
            self._world.organization_client(row.connection),
            interrupted=earlier is not None and earlier.version == row.version,
        )

    async def store_refresh(self, refresh_pass: str, tokens: TokenSet) -> Credential | None:
        await self._called("store_refresh")
        row = self._refreshable(refresh_pass)
        if row is None:
            return None
        row.renew(members_of(tokens), tokens.expires_at, self._world.clock())
        if tokens.scopes is not None:
            row.connection = replace(row.connection, scopes=tokens.scopes)
        self._world.leases.pop(row.connection.id, None)
        return row.credential()

    async def release_refresh(self, refresh_pass: str, *, reauthorization_required: bool) -> None:
        await self._called("release_refresh")
        claims = self._refresh_passes.get(refresh_pass)
        lease = self._world.leases.get(claims.connection_id) if claims else None
        if claims and lease and lease.holder == refresh_pass:
            del self._world.leases[claims.connection_id]
        row = self._refreshable(refresh_pass)
        if row is not None and reauthorization_required:
            row.set_status(ConnectionStatus.REAUTHORIZATION_REQUIRED)

    async def mark_reauthorization_required(
        self, sealed_pass: str, connection_id: UUID, seen_version: int
    ) -> None:
        await self._called("mark_reauthorization_required")
        row = self._world.usable_connection(self._world.claims(sealed_pass), connection_id)
        if row.version == seen_version:
            row.set_status(ConnectionStatus.REAUTHORIZATION_REQUIRED)

    async def _called(self, method: str) -> None:
        self.calls.append(method)
        await asyncio.sleep(0)
        if self.failures.get(method):
            raise self.failures[method].pop(0)

    def _refreshable(self, refresh_pass: str) -> ConnectionRow | None:
        """The connection of a refresh, unless another version of its secrets is stored by now."""
        claims = self._refresh_passes.get(refresh_pass)
        row = self._world.connections.get(claims.connection_id) if claims else None
        return row if claims and row and row.version == claims.version else None
