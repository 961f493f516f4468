"""Connections that need no redirect, and what is done with any connection besides executing."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from portway.application.credential_placement import authenticate, secrets_of
from portway.application.destinations import check_token_endpoints, recorded_origins
from portway.application.error_masking import without_secrets
from portway.application.execute_action import ExecuteAction, ExecutionRequest
from portway.application.language.documents import action_config
from portway.application.oauth_client import choose_client
from portway.application.ports.clock import Clock
from portway.application.ports.credential_vault import CredentialVault, Revocable
from portway.application.ports.http import HttpClient
from portway.application.ports.token_endpoint import TokenEndpoint
from portway.application.ports.unit_of_work import UnitOfWorkFactory
from portway.application.requests.request_builder import build_request
from portway.application.responses.response_mapping import read_response
from portway.application.verification import verification_action
from portway.domain.builtin_actions import VERIFY_CONNECTION
from portway.domain.connection import Connection
from portway.domain.credential import Credential, OAuthClient
from portway.domain.errors import (
    Fault,
    Forbidden,
    InvalidIntegrationConfig,
    MalformedRequest,
    NotFound,
    PortwayError,
    UpstreamError,
)
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.principal import Principal, Scope

_log = logging.getLogger(__name__)

_VERIFICATION_SECONDS = 15.0

# What a connection of each kind consists of, unless the integration's `auth_config.credential_fields` names its own
# members. OAuth 2 tokens that were obtained elsewhere can be brought along.
_MEMBERS: Mapping[AuthType, tuple[frozenset[str], frozenset[str]]] = {
    AuthType.NONE: (frozenset(), frozenset()),
    AuthType.BEARER: (frozenset({"token"}), frozenset()),
    AuthType.API_KEY: (frozenset({"api_key"}), frozenset()),
    AuthType.BASIC: (frozenset({"username", "password"}), frozenset()),
    AuthType.OAUTH2: (frozenset({"access_token"}), frozenset({"refresh_token", "expires_in"})),
}


class ConnectionService:
    """Secrets go to the vault and to the service they belong to, nowhere else."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        vault: CredentialVault,
        execute: ExecuteAction,
        token_endpoint: TokenEndpoint,
        http: HttpClient,
        environment: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._vault = vault
        self._execute = execute
        self._token_endpoint = token_endpoint
        self._http = http
        self._environment = environment
        self._clock = clock
        self._revocations: set[asyncio.Task[None]] = set()

    async def create(
        self,
        principal: Principal,
        *,
        workspace_id: UUID,
        integration: str,
        name: str,
        credentials: Mapping[str, JsonValue],
        config: JsonObject,
    ) -> Connection:
        """Keeps the credentials, once the service has accepted them where the integration has a verification request.

        Raises MalformedRequest for members that are missing or unknown, NotFound, Forbidden, and what the
        verification raises.
        """
        if Scope.CONNECTIONS_READ not in principal.scopes:
            raise Forbidden(
                "This API key does not have the scope connections:read, so it could not see what it makes."
            )
        async with self._unit_of_work(principal.sealed_pass) as work:
            found = await work.integrations.resolve(integration, workspace_id=workspace_id)
        values, expires_at = self._read(found, credentials)
        await self._verify(found, values, config)
        connection_id = await self._vault.create_connection(
            principal.sealed_pass,
            workspace_id=workspace_id,
            integration_id=found.id,
            name=name,
            values=values,
            config=config,
            origins=recorded_origins(found, config),
            expires_at=expires_at,
        )
        async with self._unit_of_work(principal.sealed_pass) as work:
            return await work.connections.get(connection_id)

    async def replace_credentials(
        self, principal: Principal, connection_id: UUID, credentials: Mapping[str, JsonValue]
    ) -> Connection:
        """New credentials for the caller's own connection, verified as in `create`."""
        connection, integration = await self._get(principal, connection_id)
        if connection.user_id != principal.user_id:
            raise Forbidden("Only the owner of a connection may change its credentials.")
        values, expires_at = self._read(integration, credentials)
        await self._verify(integration, values, connection.config)
        await self._vault.replace_secret(
            principal.sealed_pass,
            connection_id,
            values,
            recorded_origins(integration, connection.config),
            expires_at,
        )
        return (await self._get(principal, connection_id))[0]

    async def test(self, principal: Principal, connection_id: UUID) -> None:
        """Makes the integration's verification request with the stored credential, as an execution like any other.

        Raises ExecutionFailed, which says what is wrong.
        """
        connection, integration = await self._get(principal, connection_id)
        if verification_action(integration) is None:
            raise InvalidIntegrationConfig(
                f"Integration {integration.slug!r} has no auth_config.verification."
            )
        await self._execute.execute(
            principal, ExecutionRequest(connection.workspace_id, connection_id, VERIFY_CONNECTION, {})
        )

    async def set_disabled(self, principal: Principal, connection_id: UUID, *, disabled: bool) -> None:
        """Stops or resumes its use."""
        await self._vault.set_disabled(principal.sealed_pass, connection_id, disabled=disabled)

    async def delete(self, principal: Principal, connection_id: UUID) -> None:
        """Deletes it here at once, and revokes its tokens at the provider in the background where it can."""
        known: tuple[Connection, Integration] | None = None
        try:
            known = await self._get(principal, connection_id)
        except NotFound:
            _log.debug("connection %s is deleted by a caller who may not read it", connection_id)
        left = await self._vault.delete_connection(principal.sealed_pass, connection_id)
        if known is not None and left.tokens and "revocation_url" in known[1].auth_config:
            task = asyncio.create_task(self._revoke(*known, left))
            self._revocations.add(task)
            task.add_done_callback(self._revocations.discard)

    async def set_oauth_client(
        self,
        principal: Principal,
        integration: str,
        organization_id: UUID,
        client: OAuthClient,
    ) -> None:
        """Sets the organization's own client at the integration."""
        async with self._unit_of_work(principal.sealed_pass) as work:
            found = await work.integrations.resolve(integration, organization_id=organization_id)
        await self._vault.set_oauth_client(principal.sealed_pass, organization_id, found.id, client)

    async def finish(self) -> None:
        """Waits for revocations that are under way."""
        await asyncio.gather(*self._revocations, return_exceptions=True)

    async def _get(self, principal: Principal, connection_id: UUID) -> tuple[Connection, Integration]:
        async with self._unit_of_work(principal.sealed_pass) as work:
            connection = await work.connections.get(connection_id)
            return connection, await work.integrations.get(connection.integration_id)

    def _read(
        self, integration: Integration, credentials: Mapping[str, JsonValue]
    ) -> tuple[dict[str, str], datetime | None]:
        required, optional = _members(integration)
        faults = [
            Fault(f"/credentials/{name}", "is required.") for name in sorted(required - credentials.keys())
        ]
        faults += [
            Fault(
                f"/credentials/{name}",
                f"is unknown; {integration.slug} takes {_listed(required | optional)}.",
            )
            for name in sorted(credentials.keys() - required - optional)
        ]
        values: dict[str, str] = {}
        expires_at: datetime | None = None
        for name, value in credentials.items():
            if name == "expires_in" and name in optional:
                if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**9:
                    faults.append(Fault("/credentials/expires_in", "must be a number of seconds."))
                else:
                    expires_at = self._clock() + timedelta(seconds=value)
            elif not isinstance(value, str) or not value or "\x00" in value:
                faults.append(Fault(f"/credentials/{name}", "must be a text that is not empty."))
            else:
                values[name] = value
        if faults:
            raise MalformedRequest("The credentials are not what this integration needs.", faults)
        return values, expires_at

    async def _verify(self, integration: Integration, values: Mapping[str, str], config: JsonObject) -> None:
        action = verification_action(integration)
        if action is None:
            return
        request = build_request(integration, action, {}, config)
        credential = Credential(values=values, version=0)
        response = await self._http.send(
            authenticate(request, integration, credential), timeout_seconds=_VERIFICATION_SECONDS
        )
        try:
            read_response(response, action_config(integration, action))
        except UpstreamError as error:
            raise without_secrets(error, secrets_of(credential)) from None

    async def _revoke(self, connection: Connection, integration: Integration, left: Revocable) -> None:
        try:
            check_token_endpoints(integration, connection.origins, connection.config)
            client = choose_client(integration, left.client, self._environment)
            for token in left.tokens:
                await self._token_endpoint.revoke(integration, client, token)
        except PortwayError as error:
            _log.warning(
                "a deleted connection's token could not be revoked at %s: %s", integration.slug, error
            )


def _members(integration: Integration) -> tuple[frozenset[str], frozenset[str]]:
    own = integration.auth_config.get("credential_fields")
    if isinstance(own, list) and all(isinstance(name, str) for name in own):
        return frozenset(str(name) for name in own), frozenset()
    if integration.auth_type not in _MEMBERS:
        raise InvalidIntegrationConfig(
            f"Integration {integration.slug!r}: connections of auth_type {integration.auth_type} are not supported yet."
        )
    return _MEMBERS[integration.auth_type]


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "no credentials"
