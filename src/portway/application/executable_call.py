"""The calls of one execution: the credential, its origins, and one forced refresh when the service refuses it."""

import asyncio
from dataclasses import dataclass, field

from portway.application.credential_placement import authenticate
from portway.application.ports.credential_vault import CredentialVault
from portway.application.ports.execution_ledger import Grant
from portway.application.ports.http import HttpClient, OutgoingRequest, UpstreamResponse
from portway.application.refresh_service import RefreshService
from portway.application.url_template import expand_base_url
from portway.domain.action import Action
from portway.domain.credential import Credential
from portway.domain.errors import ReauthorizationRequired, UpstreamTimeout
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonObject
from portway.domain.rules.access_control import check_destination, origin_of

_UNAUTHORIZED = 401
_TOKEN_TYPES = frozenset({AuthType.OAUTH2, AuthType.OAUTH2_CLIENT_CREDENTIALS, AuthType.JWT_BEARER})


def allowed_origins(
    integration: Integration, recorded: tuple[str, ...], config: JsonObject
) -> frozenset[str]:
    """Where the credential may go: what was recorded when it was connected. A global row is the operator's, so its
    present address counts too.
    """
    if integration.organization_id is not None and integration.auth_type is not AuthType.NONE:
        return frozenset(recorded)
    return frozenset((*recorded, origin_of(expand_base_url(integration.base_url, config))))


@dataclass(slots=True)
class ExecutableCall:
    """What an `ActionHandler` sees as its ActionContext. Counts attempts; keeps the credential that is in use."""

    grant: Grant
    http: HttpClient
    refresh: RefreshService
    vault: CredentialVault
    sealed_pass: str = field(repr=False)
    deadline: float
    credential: Credential | None = field(repr=False)
    attempts: int = 0
    refreshed: bool = False

    @property
    def integration(self) -> Integration:
        """See ActionContext."""
        return self.grant.integration

    @property
    def action(self) -> Action:
        """See ActionContext."""
        return self.grant.action

    @property
    def config(self) -> JsonObject:
        """See ActionContext."""
        return self.grant.connection.config

    async def prepare(self) -> None:
        """Refreshes the credential where it is due."""
        if self._has_token and self.credential and self.refresh.is_due(self.integration, self.credential):
            await self._refresh(refused=False)

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        """See ActionContext."""
        response = await self._send_once(request)
        if response.status_code != _UNAUTHORIZED or not self._has_token:
            return response
        await self._refresh(refused=True)
        response = await self._send_once(request)
        if response.status_code == _UNAUTHORIZED:
            await self._give_up()
        return response

    @property
    def _has_token(self) -> bool:
        return self.integration.auth_type in _TOKEN_TYPES

    async def _send_once(self, request: OutgoingRequest) -> UpstreamResponse:
        connection = self.grant.connection
        check_destination(
            request.url, allowed_origins(self.integration, connection.origins, connection.config)
        )
        authenticated = authenticate(request, self.integration, self.credential)
        remaining = self.deadline - asyncio.get_running_loop().time()
        if remaining <= 0:
            raise UpstreamTimeout
        self.attempts += 1
        return await self.http.send(authenticated, timeout_seconds=remaining)

    async def _refresh(self, *, refused: bool) -> None:
        grant = Grant(self.integration, self.action, self.grant.connection, self.credential)
        before = self.credential
        try:
            async with asyncio.timeout_at(self.deadline):
                self.credential = await self.refresh.refresh(grant, self.sealed_pass, refused=refused)
        except TimeoutError:
            raise UpstreamTimeout("The access token could not be refreshed in time.") from None
        except ReauthorizationRequired:
            if refused:
                await self._give_up()
            raise
        self.refreshed = self.credential is not before

    async def _give_up(self) -> None:
        """The service refuses even a new token, or there is none to be had."""
        if self.credential is not None:
            await self.vault.mark_reauthorization_required(
                self.sealed_pass, self.grant.connection.id, self.credential.version
            )
        raise ReauthorizationRequired
