"""Keeps access tokens fresh: before they expire, once at a time, over all tasks, processes and nodes."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from portway.application.language.documents import auth_config
from portway.application.ports.clock import Clock
from portway.application.ports.execution_ledger import Grant
from portway.application.ports.renewals import LeaseOutcome, RefreshLease, Renewable, Renewals
from portway.application.renewer import LEASE_SECONDS, Renewer, Sleep, is_renewable
from portway.domain.credential import Credential
from portway.domain.errors import (
    EgressBlocked,
    InvalidIntegrationConfig,
    PortwayError,
    ReauthorizationRequired,
    Unavailable,
    UpstreamUnreachable,
)
from portway.domain.integration import Integration
from portway.domain.rules.token_refresh import needs_refresh

_log = logging.getLogger(__name__)

_WAIT_SECONDS = 90.0
_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 5.0

_Key = tuple[UUID, int, bool]
"""A connection, the version of its credential, and whether the service refused it."""


class _NothingToRenewWithError(ReauthorizationRequired):
    """The access token is good no more, and nothing that is kept can renew it; authorize the connection again."""


# With these an access token is as good as before, until its end.
_OUT_OF_ORDER = (
    UpstreamUnreachable, InvalidIntegrationConfig, EgressBlocked, Unavailable, _NothingToRenewWithError
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Refresh:
    """One that is under way in this process, since `began` by the event loop's clock."""

    task: asyncio.Task[Credential]
    began: float


class RefreshService:
    """One refresh per connection at a time. Within a process, callers share one task; between processes and nodes, a
    lease in the database lets one of them work while the others wait for what it stores.

    `patience_seconds` is how long a refresh holds up calls whose token still lives.
    """

    def __init__(
        self,
        renewals: Renewals,
        renewer: Renewer,
        clock: Clock,
        *,
        sleep: Sleep = asyncio.sleep,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        self._renewals = renewals
        self._renewer = renewer
        self._clock = clock
        self._sleep = sleep
        self._patience_seconds = patience_seconds
        self._in_flight: dict[_Key, _Refresh] = {}
        self._finishing = False

    def is_due(self, integration: Integration, credential: Credential) -> bool:
        """Whether the credential is to be refreshed before it is used. Raises InvalidIntegrationConfig."""
        if credential.expires_at is None:
            return False
        seconds = auth_config(integration).refresh_margin_seconds
        margin = None if seconds is None else timedelta(seconds=seconds)
        return needs_refresh(
            self._clock(), credential.expires_at, credential.issued_at, margin
        ) and is_renewable(integration)

    async def refresh(self, grant: Grant, sealed_pass: str, *, refused: bool = False) -> Credential:
        """A newer credential than the grant's.

        `refused` says that the service does not accept this one any more; else the old one is returned where the
        authorization server is slow or out of order and the token still lives. Raises ReauthorizationRequired,
        InvalidIntegrationConfig, UpstreamUnreachable, EgressBlocked, Unavailable, Unauthenticated.
        """
        seen = grant.credential
        if seen is None:
            raise ReauthorizationRequired
        under_way = self._under_way(grant, seen, sealed_pass, refused=refused)
        serves_yet = not refused and self._lives(seen)
        if serves_yet:
            left = under_way.began + self._patience_seconds - asyncio.get_running_loop().time()
            await asyncio.wait({under_way.task}, timeout=max(left, 0))
            if not under_way.task.done() and self._lives(seen):
                return seen
        try:
            # A caller who gives up does not take the refresh along: its answer may be the only valid token.
            return await asyncio.shield(under_way.task)
        except _OUT_OF_ORDER:
            if serves_yet and self._lives(seen):
                return seen
            raise

    async def mark_refused(self, connection_id: UUID, refused: Credential, sealed_pass: str) -> None:
        """Marks the connection: the service refuses this credential, and there is no other to be had."""
        try:
            await self._renewals.mark_reauthorization_required(sealed_pass, connection_id, refused.version)
        except PortwayError as error:
            # The caller is told all the same; the next call finds out anew.
            _log.warning("connection %s could not be marked: %s", connection_id, error)

    async def finish(self) -> None:
        """Waits for refreshes that nobody waits for any more. What they bring may be the only valid token."""
        self._finishing = True
        while self._in_flight:
            await asyncio.wait([refresh.task for refresh in self._in_flight.values()])

    def _under_way(self, grant: Grant, seen: Credential, sealed_pass: str, *, refused: bool) -> _Refresh:
        """The refresh of this version, the one that is under way or a new one."""
        key = (grant.connection.id, seen.version, refused)
        found = self._in_flight.get(key)
        if found is None:
            task = asyncio.create_task(self._refresh(grant, seen, sealed_pass, refused=refused))
            found = self._in_flight[key] = _Refresh(task, asyncio.get_running_loop().time())
            task.add_done_callback(partial(self._done, key))
        return found

    def _done(self, key: _Key, task: asyncio.Task[Credential]) -> None:
        self._in_flight.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.info("a refresh of connection %s failed: %s", key[0], error)

    async def _refresh(
        self, grant: Grant, seen: Credential, sealed_pass: str, *, refused: bool
    ) -> Credential:
        connection = grant.connection
        lease = await self._lease(connection.id, seen, sealed_pass, refused=refused)
        if lease.credential is not None:
            return lease.credential
        target = Renewable(
            connection.id, grant.integration, connection.config, connection.origins, connection.scopes
        )
        stored = await self._renewer.renew(target, lease)
        if stored is not None:
            return stored
        # Somebody stored another version meanwhile, such as a new authorization: that one counts.
        newer = await self._renewals.lease_refresh(sealed_pass, connection.id, -1, LEASE_SECONDS)
        if newer.credential is None:
            raise ReauthorizationRequired
        return newer.credential

    async def _lease(
        self, connection_id: UUID, seen: Credential, sealed_pass: str, *, refused: bool
    ) -> RefreshLease:
        """A lease, or one whose `credential` somebody else has refreshed meanwhile."""
        waited = 0.0
        while True:
            lease = await self._renewals.lease_refresh(
                sealed_pass, connection_id, seen.version, LEASE_SECONDS, refused=refused
            )
            if lease.outcome in (LeaseOutcome.LEASED, LeaseOutcome.FRESH):
                return lease
            if lease.outcome is LeaseOutcome.GONE:
                raise _NothingToRenewWithError
            if lease.outcome is LeaseOutcome.LATER:
                raise UpstreamUnreachable(
                    "The token could not be refreshed a moment ago; it is tried again shortly.",
                    lease.retry_seconds,
                )
            if waited >= _WAIT_SECONDS or self._finishing:
                raise UpstreamUnreachable(
                    "The token is being refreshed, and the authorization server is slow."
                )
            await self._sleep(_POLL_SECONDS)
            waited += _POLL_SECONDS

    def _lives(self, credential: Credential) -> bool:
        return credential.expires_at is not None and credential.expires_at > self._clock()
