"""Renewals in memory."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from portway.application.language.documents import auth_config
from portway.application.ports.renewals import LeaseOutcome, RefreshLease, Release, Renewable
from portway.application.renewer import is_renewable
from portway.domain.connection import ConnectionStatus
from portway.domain.credential import Credential, TokenSet
from portway.domain.integration import AuthType
from portway.domain.organization import Role
from portway.domain.rules.tenancy import at_least
from portway.domain.rules.token_refresh import needs_refresh
from tests.fakes.world import ConnectionRow, LeaseRow, World, members_of
from tests.replacing import replace

_UNUSABLE = (ConnectionStatus.REAUTHORIZATION_REQUIRED, ConnectionStatus.DISABLED)
_TOO_SHORT = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=5)


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
        self,
        sealed_pass: str,
        connection_id: UUID,
        seen_version: int,
        lease_seconds: float,
        *,
        refused: bool = False,
    ) -> RefreshLease:
        await self._called("lease_refresh")
        claims, now = self._world.renewing_claims(sealed_pass, connection_id), self._world.clock()
        row = self._world.usable_connection(claims, connection_id)
        if row.connection.status in _UNUSABLE or row.spoiled:
            return RefreshLease(LeaseOutcome.GONE)
        if row.version != seen_version:
            return RefreshLease(LeaseOutcome.FRESH, credential=row.credential())
        if self._is_leased(connection_id):
            return RefreshLease(LeaseOutcome.WAIT)
        is_paused = row.renewal_not_before is not None and row.renewal_not_before > now
        if row.renewal_not_before and is_paused:
            if not refused or row.renewal_forced_version == row.version:
                seconds = (row.renewal_not_before - now).total_seconds()
                return RefreshLease(LeaseOutcome.LATER, retry_seconds=seconds)
            row.renewal_forced_version = row.version
        return self._take(row, lease_seconds) or RefreshLease(LeaseOutcome.GONE)

    async def lease_due(self, limit: int, lease_seconds: float) -> list[tuple[Renewable, RefreshLease]]:
        await self._called("lease_due")
        leased: list[tuple[Renewable, RefreshLease]] = []
        for row in self._world.connections.values():
            lease = self._take(row, lease_seconds) if len(leased) < limit and self._is_due(row) else None
            if lease is not None:
                connection = row.connection
                target = Renewable(
                    connection.id,
                    self._world.integrations[connection.integration_id],
                    connection.config,
                    connection.origins,
                    connection.scopes,
                )
                leased.append((target, lease))
        return leased

    async def renew_lease(self, refresh_pass: str, lease_seconds: float) -> bool:
        await self._called("renew_lease")
        lease = self._lease_of(refresh_pass)
        if lease is not None:
            lease.expires_at = self._world.clock() + timedelta(seconds=lease_seconds)
        return lease is not None

    async def store_refresh(self, refresh_pass: str, tokens: TokenSet) -> Credential | None:
        await self._called("store_refresh")
        row = self._refreshable(refresh_pass)
        if row is None:
            return None
        row.renew(members_of(tokens), tokens.expires_at, self._world.clock())
        row.renewed_at = self._world.clock()
        if tokens.scopes is not None:
            row.connection = replace(row.connection, scopes=tokens.scopes)
        self._world.leases.pop(row.connection.id, None)
        return row.credential()

    async def release_refresh(self, refresh_pass: str, release: Release) -> None:
        await self._called("release_refresh")
        if self._lease_of(refresh_pass) is not None:
            del self._world.leases[self._refresh_passes[refresh_pass].connection_id]
        row = self._refreshable(refresh_pass)
        if row is not None and release is Release.GRANT_GONE:
            row.set_status(ConnectionStatus.REAUTHORIZATION_REQUIRED)
        if row is not None and release is Release.FAILED:
            row.renewal_failures += 1
            pause = min(timedelta(seconds=2**row.renewal_failures), _LONGEST_PAUSE)
            row.renewal_not_before = self._world.clock() + pause

    async def mark_reauthorization_required(
        self, sealed_pass: str, connection_id: UUID, seen_version: int
    ) -> None:
        await self._called("mark_reauthorization_required")
        claims = self._world.renewing_claims(sealed_pass, connection_id)
        row = self._world.usable_connection(claims, connection_id)
        if row.version == seen_version:
            row.set_status(ConnectionStatus.REAUTHORIZATION_REQUIRED)

    async def _called(self, method: str) -> None:
        self.calls.append(method)
        await asyncio.sleep(0)
        if self.failures.get(method):
            raise self.failures[method].pop(0)

    def _take(self, row: ConnectionRow, lease_seconds: float) -> RefreshLease | None:
        """The right to renew it, unless there is nothing to do that with."""
        grant = self._grant(row)
        if grant is None:
            return None
        connection = row.connection
        earlier = self._world.leases.get(connection.id)
        refresh_pass = self._world.unique("refresh-pass")
        self._refresh_passes[refresh_pass] = _RefreshPass(connection.id, row.version)
        self._world.leases[connection.id] = LeaseRow(
            refresh_pass, row.version, self._world.clock() + timedelta(seconds=lease_seconds)
        )
        return RefreshLease(
            LeaseOutcome.LEASED,
            refresh_pass,
            grant,
            self._world.organization_client(connection),
            interrupted=earlier is not None and earlier.version == row.version,
        )

    def _grant(self, row: ConnectionRow) -> dict[str, str] | None:
        integration = self._world.integrations[row.connection.integration_id]
        without_person = integration.auth_type is not AuthType.OAUTH2 and is_renewable(integration)
        if not (without_person or row.renewing & row.secrets.keys()):
            return None
        return {name: value for name, value in row.secrets.items() if name != "access_token"}

    def _is_leased(self, connection_id: UUID) -> bool:
        lease = self._world.leases.get(connection_id)
        return lease is not None and lease.expires_at > self._world.clock()

    def _is_due(self, row: ConnectionRow) -> bool:
        connection, now = row.connection, self._world.clock()
        seconds = auth_config(self._world.integrations[connection.integration_id]).refresh_margin_seconds
        margin = None if seconds is None else timedelta(seconds=seconds)
        role = self._world.workspace_roles.get((connection.workspace_id, connection.user_id))
        return (
            connection.status is ConnectionStatus.ACTIVE
            and not row.spoiled
            and connection.expires_at is not None
            and connection.expires_at - row.issued_at >= _TOO_SHORT
            and not self._is_leased(connection.id)
            and (row.renewal_not_before is None or row.renewal_not_before <= now)
            and at_least(role, Role.MEMBER)
            and needs_refresh(now, connection.expires_at, row.issued_at, margin)
        )

    def _lease_of(self, refresh_pass: str) -> LeaseRow | None:
        """That of a refresh, unless it is lost."""
        claims = self._refresh_passes.get(refresh_pass)
        lease = self._world.leases.get(claims.connection_id) if claims else None
        return lease if lease and lease.holder == refresh_pass else None

    def _refreshable(self, refresh_pass: str) -> ConnectionRow | None:
        """The connection of a refresh, unless another version of its secrets is stored by now."""
        claims = self._refresh_passes.get(refresh_pass)
        row = self._world.connections.get(claims.connection_id) if claims else None
        return row if claims and row and row.version == claims.version else None
