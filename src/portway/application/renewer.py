"""One renewal, from a lease to the stored token."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from portway.application.destinations import check_token_endpoints
from portway.application.language.documents import auth_config
from portway.application.oauth_client import choose_client, find_client
from portway.application.ports.renewals import RefreshLease, Release, Renewable, Renewals
from portway.application.ports.token_endpoint import (
    Registration,
    TokenEndpoint,
    TokenEndpointUnavailable,
    TokenRequestRefused,
)
from portway.domain.credential import Credential, OAuthClient, TokenSet
from portway.domain.errors import (
    EgressBlocked,
    InvalidIntegrationConfig,
    PortwayError,
    ReauthorizationRequired,
    Unavailable,
    UpstreamUnreachable,
)
from portway.domain.integration import AuthType, Integration

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

_log = logging.getLogger(__name__)

# Longer than the token endpoint is waited for, counted from the last time that the lease was prolonged: whoever takes
# over an expired one can be sure that no answer is on its way to somebody who could still use it.
LEASE_SECONDS = 30.0
_BEAT_SECONDS = 8.0

_ATTEMPT_PAUSES = (0.5, 2.0)
# A server that answers at once with a fault is asked again at once. One that takes its time is not: it may have carried
# the request out, and with rotating refresh tokens the same request again can end the grant.
_QUICK_SECONDS = 10.0
_STORE_PAUSES = (0.1, 0.5, 2.0, 5.0)

# RFC 6749, section 5.2. The grant itself is gone; anything else is about the request or the client.
_GRANT_GONE = "invalid_grant"

_WITH_CLIENT = frozenset({AuthType.OAUTH2, AuthType.OAUTH2_CLIENT_CREDENTIALS})
_RENEWABLE = _WITH_CLIENT | {AuthType.JWT_BEARER}


def is_renewable(integration: Integration) -> bool:
    """Whether its connections' tokens can be had again without a person. Raises InvalidIntegrationConfig."""
    return integration.auth_type in _RENEWABLE or auth_config(integration).login is not None


class Renewer:
    """Asks the authorization server for a new token, and stores it before anybody uses it.

    The lease is prolonged every `beat_seconds` meanwhile. No connection to the database is held while the
    authorization server is asked.
    """

    def __init__(
        self,
        renewals: Renewals,
        token_endpoint: TokenEndpoint,
        environment: Mapping[str, str],
        *,
        sleep: Sleep = asyncio.sleep,
        beat_seconds: float = _BEAT_SECONDS,
    ) -> None:
        self._renewals = renewals
        self._token_endpoint = token_endpoint
        self._environment = environment
        self._sleep = sleep
        self._beat_seconds = beat_seconds

    async def renew(
        self, target: Renewable, lease: RefreshLease, *, where_misconfigured: Release = Release.UNUSED
    ) -> Credential | None:
        """The stored credential; None where somebody stored another one meanwhile.

        Gives the lease back in any case, but for a token that could not be stored: that tells whoever comes next.
        `where_misconfigured`: as what, where the row lets nobody be asked.

        Raises ReauthorizationRequired, InvalidIntegrationConfig, UpstreamUnreachable, EgressBlocked, Unavailable.
        """
        if lease.interrupted:
            _log.warning("a renewal of connection %s was cut off; trying it again", target.connection_id)
        return await self._beating(lease, self._renew(target, lease, where_misconfigured))

    async def _renew(
        self, target: Renewable, lease: RefreshLease, where_misconfigured: Release
    ) -> Credential | None:
        try:
            tokens = await self._request(target, lease)
        except TokenRequestRefused as error:
            gone = error.error == _GRANT_GONE
            await self._release(lease, Release.GRANT_GONE if gone else Release.FAILED)
            if gone:
                raise ReauthorizationRequired from error
            raise InvalidIntegrationConfig(
                f"The authorization server refuses the refresh: {error.detail}"
            ) from error
        except TokenEndpointUnavailable as error:
            await self._release(lease, Release.FAILED)
            raise UpstreamUnreachable(f"The token could not be refreshed: {error.detail}") from error
        except (InvalidIntegrationConfig, EgressBlocked, ReauthorizationRequired):
            await self._release(lease, where_misconfigured)
            raise
        except Exception:
            await self._release(lease, Release.FAILED)
            raise
        return await self._store(lease, tokens)

    async def _request(self, target: Renewable, lease: RefreshLease) -> TokenSet:
        integration = target.integration
        check_token_endpoints(integration, target.origins, target.config)
        registration = Registration(integration, self._client(integration, lease), target.config)
        began = asyncio.get_running_loop().time()
        # What a vanished holder may have spent is tried once.
        for pause in () if lease.interrupted else _ATTEMPT_PAUSES:
            try:
                return await self._token_endpoint.renew(registration, lease.grant, target.scopes)
            except TokenEndpointUnavailable as error:
                if asyncio.get_running_loop().time() - began > _QUICK_SECONDS:
                    raise
                _log.warning("token endpoint of %s: %s; trying again", integration.slug, error.detail)
                await self._sleep(pause)
        return await self._token_endpoint.renew(registration, lease.grant, target.scopes)

    def _client(self, integration: Integration, lease: RefreshLease) -> OAuthClient | None:
        if "client_id" in lease.grant:
            return None
        choose = choose_client if integration.auth_type in _WITH_CLIENT else find_client
        return choose(integration, lease.client, self._environment)

    async def _store(self, lease: RefreshLease, tokens: TokenSet) -> Credential | None:
        """With a rotated refresh token, losing it would lose the grant."""
        for pause in _STORE_PAUSES:
            try:
                return await self._renewals.store_refresh(lease.refresh_pass, tokens)
            except Unavailable:
                _log.warning("a refreshed token could not be stored yet; trying again")
                await self._sleep(pause)
        return await self._renewals.store_refresh(lease.refresh_pass, tokens)

    async def _release(self, lease: RefreshLease, release: Release) -> None:
        try:
            await self._renewals.release_refresh(lease.refresh_pass, release)
        except Unavailable:
            # It expires by itself; what went wrong is said to the caller as it is.
            _log.warning("a lease could not be given back")

    async def _beating(self, lease: RefreshLease, work: Coroutine[Any, Any, T]) -> T:
        """The work's result. Its lease does not expire meanwhile."""
        task = asyncio.create_task(work)
        try:
            while True:
                done, _ = await asyncio.wait({task}, timeout=self._beat_seconds)
                if done:
                    return task.result()
                await self._prolong(lease)
        finally:
            task.cancel()

    async def _prolong(self, lease: RefreshLease) -> None:
        """Where it is lost the work goes on: its answer may be the only valid token."""
        try:
            if not await self._renewals.renew_lease(lease.refresh_pass, LEASE_SECONDS):
                _log.warning("the lease of a renewal that is under way was lost")
        except PortwayError as error:
            _log.warning("a lease could not be prolonged: %s", error)
