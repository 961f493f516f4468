"""Keeps access tokens fresh: before they expire, once at a time, over all tasks, processes and nodes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from uuid import UUID

from portway.application.destinations import check_token_endpoints
from portway.application.oauth_client import choose_client
from portway.application.ports.clock import Clock
from portway.application.ports.execution_ledger import Grant
from portway.application.ports.renewals import LeaseOutcome, RefreshLease, Renewals
from portway.application.ports.token_endpoint import (
    TokenEndpoint,
    TokenEndpointUnavailable,
    TokenRequestRefused,
)
from portway.domain.credential import Credential, TokenSet
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

LEASE_SECONDS = 120.0  # longer than all attempts together may take
_WAIT_SECONDS = 90.0
_POLL_SECONDS = 0.1
_ATTEMPT_PAUSES = (0.5, 2.0)
_STORE_PAUSES = (0.1, 0.5, 2.0, 5.0)
_PATIENCE_SECONDS = 5.0
_LONGEST_MARGIN_SECONDS = 30 * 86_400.0

# RFC 6749, section 5.2. The grant itself is gone; anything else is about the request or the client.
_GRANT_GONE = "invalid_grant"

Sleep = Callable[[float], Awaitable[None]]


class _NoRefreshTokenError(ReauthorizationRequired):
    """The access token is good no more, and the service gave no refresh token; authorize the connection again."""


# With these an access token is as good as before, until its end.
_OUT_OF_ORDER = (
    UpstreamUnreachable, InvalidIntegrationConfig, EgressBlocked, Unavailable, _NoRefreshTokenError
)  # fmt: skip


class RefreshService:
    """One refresh per connection at a time. Within a process, callers share one task; between processes and nodes, a
    lease in the database lets one of them work while the others wait for what it stores.

    `patience_seconds` is how long a call whose token still lives waits for a new one.
    """

    def __init__(
        self,
        renewals: Renewals,
        token_endpoint: TokenEndpoint,
        environment: Mapping[str, str],
        clock: Clock,
        *,
        sleep: Sleep = asyncio.sleep,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        self._renewals = renewals
        self._token_endpoint = token_endpoint
        self._environment = environment
        self._clock = clock
        self._sleep = sleep
        self._patience_seconds = patience_seconds
        self._in_flight: dict[tuple[UUID, int], asyncio.Task[Credential]] = {}
        self._finishing = False

    def is_due(self, integration: Integration, credential: Credential) -> bool:
        """Whether the credential is to be refreshed before it is used."""
        return needs_refresh(
            self._clock(), credential.expires_at, credential.issued_at, _configured_margin(integration)
        )

    async def refresh(self, grant: Grant, sealed_pass: str, *, refused: bool = False) -> Credential:
        """A newer credential than the grant's.

        `refused` says that the service does not accept this one any more; else the old one is returned where the
        authorization server is slow or out of order and the token still lives. Raises ReauthorizationRequired,
        InvalidIntegrationConfig, UpstreamUnreachable, EgressBlocked, Unavailable.
        """
        seen = grant.credential
        if seen is None:
            raise ReauthorizationRequired
        task = self._task(grant, seen, sealed_pass)
        serves_yet = not refused and _lives(seen, self._clock)
        if serves_yet:
            await asyncio.wait({task}, timeout=self._patience_seconds)
            if not task.done() and _lives(seen, self._clock):
                return seen
        try:
            # A caller who gives up does not take the refresh along: its answer may be the only valid token.
            return await asyncio.shield(task)
        except _OUT_OF_ORDER:
            if serves_yet and _lives(seen, self._clock):
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
            await asyncio.wait(self._in_flight.values())

    def _task(self, grant: Grant, seen: Credential, sealed_pass: str) -> asyncio.Task[Credential]:
        """The refresh of this version that is under way, or a new one."""
        key = (grant.connection.id, seen.version)
        task = self._in_flight.get(key)
        if task is None:
            task = self._in_flight[key] = asyncio.create_task(self._refresh(grant, seen, sealed_pass))
            task.add_done_callback(partial(self._done, key))
        return task

    def _done(self, key: tuple[UUID, int], task: asyncio.Task[Credential]) -> None:
        self._in_flight.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.info("a refresh of connection %s failed: %s", key[0], error)

    async def _refresh(self, grant: Grant, seen: Credential, sealed_pass: str) -> Credential:
        check_token_endpoints(grant.integration, grant.connection.origins, grant.connection.config)
        lease = await self._lease(grant, seen, sealed_pass)
        if lease.credential is not None:
            return lease.credential
        try:
            tokens = await self._request(grant.integration, lease)
        except TokenRequestRefused as error:
            gone = error.error == _GRANT_GONE
            await self._renewals.release_refresh(lease.refresh_pass, reauthorization_required=gone)
            if gone:
                raise ReauthorizationRequired from error
            raise InvalidIntegrationConfig(
                f"The authorization server refuses the refresh: {error.detail}"
            ) from error
        except TokenEndpointUnavailable as error:
            await self._renewals.release_refresh(lease.refresh_pass, reauthorization_required=False)
            raise UpstreamUnreachable(f"The token could not be refreshed: {error.detail}") from error
        except Exception:
            await self._renewals.release_refresh(lease.refresh_pass, reauthorization_required=False)
            raise
        return await self._store(lease, tokens, grant, sealed_pass)

    async def _lease(self, grant: Grant, seen: Credential, sealed_pass: str) -> RefreshLease:
        """A lease, or one whose `credential` somebody else has refreshed meanwhile."""
        waited = 0.0
        while True:
            lease = await self._renewals.lease_refresh(
                sealed_pass, grant.connection.id, seen.version, LEASE_SECONDS
            )
            if lease.outcome in (LeaseOutcome.LEASED, LeaseOutcome.FRESH):
                if lease.interrupted:
                    _log.warning(
                        "a refresh of connection %s was interrupted; trying it again", grant.connection.id
                    )
                return lease
            if lease.outcome is LeaseOutcome.GONE:
                raise _NoRefreshTokenError
            if waited >= _WAIT_SECONDS or self._finishing:
                raise UpstreamUnreachable(
                    "The token is being refreshed, and the authorization server is slow."
                )
            await self._sleep(_POLL_SECONDS)
            waited += _POLL_SECONDS

    async def _request(self, integration: Integration, lease: RefreshLease) -> TokenSet:
        client = choose_client(integration, lease.client, self._environment)
        for pause in _ATTEMPT_PAUSES:
            try:
                return await self._token_endpoint.refresh(integration, client, lease.refresh_token)
            except TokenEndpointUnavailable as error:
                _log.warning("token endpoint of %s: %s; trying again", integration.slug, error.detail)
                await self._sleep(pause)
        return await self._token_endpoint.refresh(integration, client, lease.refresh_token)

    async def _store(
        self, lease: RefreshLease, tokens: TokenSet, grant: Grant, sealed_pass: str
    ) -> Credential:
        """Stores before anybody uses the new token. With a rotated refresh token, losing it would lose the grant."""
        stored = await self._store_patiently(lease.refresh_pass, tokens)
        if stored is not None:
            return stored
        # Somebody stored another version meanwhile, such as a new authorization: that one counts.
        newer = await self._renewals.lease_refresh(sealed_pass, grant.connection.id, -1, LEASE_SECONDS)
        if newer.credential is None:
            raise ReauthorizationRequired
        return newer.credential

    async def _store_patiently(self, refresh_pass: str, tokens: TokenSet) -> Credential | None:
        for pause in _STORE_PAUSES:
            try:
                return await self._renewals.store_refresh(refresh_pass, tokens)
            except Unavailable:
                _log.warning("a refreshed token could not be stored yet; trying again")
                await self._sleep(pause)
        return await self._renewals.store_refresh(refresh_pass, tokens)


def _configured_margin(integration: Integration) -> timedelta | None:
    seconds = integration.auth_config.get("refresh_margin_seconds")
    # Whoever writes a row may write any number.
    if not isinstance(seconds, int | float):
        return None
    return timedelta(seconds=max(0, min(seconds, _LONGEST_MARGIN_SECONDS)))


def _lives(credential: Credential, clock: Clock) -> bool:
    return credential.expires_at is not None and credential.expires_at > clock()
