"""The calls of one execution: the credential, its origins, and one forced refresh when the service refuses it."""

import asyncio
import logging
from dataclasses import dataclass, field, replace

from portway.application.credential_placement import authenticate, secrets_of
from portway.application.destinations import allowed_origins
from portway.application.ports.credential_vault import CredentialVault
from portway.application.ports.execution_ledger import Grant
from portway.application.ports.http import HttpClient, OutgoingRequest, UpstreamResponse
from portway.application.refresh_service import RefreshService
from portway.domain.credential import Credential
from portway.domain.errors import (
    EgressBlocked,
    InvalidIntegrationConfig,
    PortwayError,
    ReauthorizationRequired,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from portway.domain.integration import AuthType, Integration
from portway.domain.rules.access_control import check_destination

_log = logging.getLogger(__name__)

_UNAUTHORIZED = 401
_TOKEN_TYPES = frozenset({AuthType.OAUTH2, AuthType.OAUTH2_CLIENT_CREDENTIALS, AuthType.JWT_BEARER})
_NOT_SENT = (UpstreamUnreachable, EgressBlocked, InvalidIntegrationConfig)
"""After these errors of the HTTP client, the service knows nothing of the request."""


@dataclass(slots=True)
class ExecutableCall:
    """Counts attempts, and keeps the credential that is in use.

    `may_have_acted`: a request went out that the service did not answer with 401. `secrets` are the literals of all
    credentials that were in use.
    """

    grant: Grant
    http: HttpClient
    refresh: RefreshService
    vault: CredentialVault
    sealed_pass: str = field(repr=False)
    deadline: float
    credential: Credential | None = field(repr=False)
    attempts: int = 0
    refreshed: bool = False
    may_have_acted: bool = False
    secrets: list[str] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.secrets += secrets_of(self.credential)

    async def prepare(self) -> None:
        """Refreshes the credential where it is due."""
        if self._has_token and self.credential and self.refresh.is_due(self._integration, self.credential):
            await self._refresh(refused=False)

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        """The answer, of whatever status but two times 401, for which a token is refreshed in between.

        Raises what the HTTP client raises, and ReauthorizationRequired.
        """
        response = await self._send_once(request)
        if response.status_code != _UNAUTHORIZED or not self._has_token:
            return response
        await self._refresh(refused=True)
        response = await self._send_once(request)
        if response.status_code == _UNAUTHORIZED:
            await self._mark_refused()
            raise ReauthorizationRequired
        return response

    @property
    def _integration(self) -> Integration:
        return self.grant.integration

    @property
    def _has_token(self) -> bool:
        return self._integration.auth_type in _TOKEN_TYPES

    async def _send_once(self, request: OutgoingRequest) -> UpstreamResponse:
        connection = self.grant.connection
        check_destination(
            request.url, allowed_origins(self._integration, connection.origins, connection.config)
        )
        authenticated = authenticate(request, self._integration, self.credential)
        remaining = self.deadline - asyncio.get_running_loop().time()
        if remaining <= 0:
            raise UpstreamTimeout
        self.attempts += 1
        acted_before, self.may_have_acted = self.may_have_acted, True
        try:
            response = await self.http.send(authenticated, timeout_seconds=remaining)
        except _NOT_SENT:
            self.may_have_acted = acted_before
            raise
        if response.status_code == _UNAUTHORIZED:
            self.may_have_acted = acted_before
        return response

    async def _refresh(self, *, refused: bool) -> None:
        grant = replace(self.grant, credential=self.credential)
        before = self.credential
        try:
            async with asyncio.timeout_at(self.deadline):
                self.credential = await self.refresh.refresh(grant, self.sealed_pass, refused=refused)
        except TimeoutError:
            raise UpstreamTimeout("The access token could not be refreshed in time.") from None
        except ReauthorizationRequired:
            if refused:
                await self._mark_refused()
            raise
        if self.credential is not before:
            self.refreshed = True
            self.secrets += secrets_of(self.credential)

    async def _mark_refused(self) -> None:
        """The service refuses even a new token, or there is none to be had."""
        connection_id = self.grant.connection.id
        if self.credential is None:
            return
        try:
            await self.vault.mark_reauthorization_required(
                self.sealed_pass, connection_id, self.credential.version
            )
        except PortwayError as error:
            # The caller is told all the same; the next call finds out anew.
            _log.warning("connection %s could not be marked: %s", connection_id, error)


class HandlerContext:
    """The `ActionContext` of a call; the credential is no part of it."""

    __slots__ = ("_send", "action", "config", "integration")

    def __init__(self, call: ExecutableCall) -> None:
        self.integration = call.grant.integration
        self.action = call.grant.action
        self.config = call.grant.connection.config
        self._send = call.send

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        return await self._send(request)
