"""Keeps access tokens fresh: before they expire, once at a time, over all tasks, processes and nodes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from uuid import UUID

from portway.application.oauth_client import choose_client
from portway.application.ports.clock import Clock
from portway.application.ports.credential_vault import CredentialVault, LeaseOutcome, RefreshLease
from portway.application.ports.execution_ledger import Grant
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

# RFC 6749, section 5.2. The grant itself is gone; anything else is about the request or the client.
_GRANT_GONE = "invalid_grant"

Sleep = Callable[[float], Awaitable[None]]


class _NoRefreshTokenError(ReauthorizationRequired):
    """The access token has expired and the service gave no refresh token; authorize the connection again."""


class RefreshService:
    """One refresh per connection at a time. Within a process, callers share one task; between processes and nodes, a
    lease in the database lets one of them work while the others wait for what it stores.
    """

    def __init__(
        self,
        vault: CredentialVault,
        token_endpoint: TokenEndpoint,
        environment: Mapping[str, str],
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._vault = vault
        self._token_endpoint = token_endpoint
        self._environment = environment
        self._clock = clock
        self._sleep = sleep
        self._in_flight: dict[tuple[UUID, int], asyncio.Task[Credential]] = {}

    def is_due(self, integration: Integration, credential: Credential) -> bool:
        """Whether the credential is to be refreshed before it is used."""
        return needs_refresh(
            self._clock(), credential.expires_at, credential.issued_at, _configured_margin(integration)
        )

    async def refresh(self, grant: Grant, sealed_pass: str, *, refused: bool = False) -> Credential:
        """A newer credential than the grant's.

        `refused` says that the service does not accept this one any more; else the old one is returned where the
        authorization server is out of order and the token still lives. Raises ReauthorizationRequired,
        InvalidIntegrationConfig, UpstreamUnreachable, EgressBlocked, Unavailable.
        """
        seen = grant.credential
        if seen is None:
            raise ReauthorizationRequired
        key = (grant.connection.id, seen.version)
        task = self._in_flight.get(key)
        if task is None:
            task = asyncio.create_task(self._refresh(grant, seen, sealed_pass))
            self._in_flight[key] = task
            task.add_done_callback(lambda _: self._in_flight.pop(key, None))
        try:
            # A caller who gives up does not take the refresh along: its answer may be the only valid token.
            return await asyncio.shield(task)
        except (UpstreamUnreachable, InvalidIntegrationConfig, EgressBlocked, Unavailable):
            if not refused and _lives(seen, self._clock):
                return seen
            raise
        except _NoRefreshTokenError:
            # Then an access token is good until its end.
            if not refused and _lives(seen, self._clock):
                return seen
            raise

    async def _refresh(self, grant: Grant, seen: Credential, sealed_pass: str) -> Credential:
        lease = await self._lease(grant, seen, sealed_pass)
        if lease.credential is not None:
            return lease.credential
        try:
            tokens = await self._request(grant.integration, lease)
        except TokenRequestRefused as error:
            gone = error.error == _GRANT_GONE
            await self._vault.release_refresh(lease.refresh_pass, reauthorization_required=gone)
            if gone:
                raise ReauthorizationRequired from error
            raise InvalidIntegrationConfig(
                f"The authorization server refuses the refresh: {error.detail}"
            ) from error
        except TokenEndpointUnavailable as error:
            await self._vault.release_refresh(lease.refresh_pass, reauthorization_required=False)
            raise UpstreamUnreachable(f"The token could not be refreshed: {error.detail}") from error
        except PortwayError:
            await self._vault.release_refresh(lease.refresh_pass, reauthorization_required=False)
            raise
        return await self._store(lease, tokens, grant, sealed_pass)

    async def _lease(self, grant: Grant, seen: Credential, sealed_pass: str) -> RefreshLease:
        """A lease, or one whose `credential` somebody else has refreshed meanwhile."""
        waited = 0.0
        while True:
            lease = await self._vault.lease_refresh(
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
            if waited >= _WAIT_SECONDS:
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
        newer = await self._vault.lease_refresh(sealed_pass, grant.connection.id, -1, LEASE_SECONDS)
        if newer.credential is None:
            raise ReauthorizationRequired
        return newer.credential

    async def _store_patiently(self, refresh_pass: str, tokens: TokenSet) -> Credential | None:
        for pause in _STORE_PAUSES:
            try:
                return await self._vault.store_refresh(refresh_pass, tokens)
            except Unavailable:
                _log.warning("a refreshed token could not be stored yet; trying again")
                await self._sleep(pause)
        return await self._vault.store_refresh(refresh_pass, tokens)


def _configured_margin(integration: Integration) -> timedelta | None:
    seconds = integration.auth_config.get("refresh_margin_seconds")
    return timedelta(seconds=seconds) if isinstance(seconds, int | float) else None


def _lives(credential: Credential, clock: Clock) -> bool:
    return credential.expires_at is not None and credential.expires_at > clock()
