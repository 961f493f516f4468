"""Connections that need no redirect, and what is done with any connection besides executing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

from portway.application.account_discovery import AccountDiscovery, Evidence
from portway.application.connection_config import ConnectionConfig
from portway.application.credential_input import EnteredCredentials, read_credentials
from portway.application.execute_action import ExecuteAction, ExecutionRequest
from portway.application.language.documents import auth_config
from portway.application.oauth_client import choose_client, find_client, find_named_client
from portway.application.ports.clock import Clock
from portway.application.ports.credential_vault import (
    CredentialVault,
    Established,
    NewConnection,
    OrganizationClient,
)
from portway.application.ports.token_endpoint import (
    Registration,
    TokenEndpoint,
    TokenEndpointUnavailable,
    TokenRequestRefused,
)
from portway.application.ports.unit_of_work import UnitOfWorkFactory
from portway.application.revocation import Revocation, RunningRevocation
from portway.application.verification import verification_action
from portway.domain.builtin_actions import VERIFY_CONNECTION
from portway.domain.connection import Connection
from portway.domain.credential import Credential, OAuthClient
from portway.domain.errors import Forbidden, InvalidIntegrationConfig, UpstreamError, UpstreamUnreachable
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.principal import Principal, Scope

_BAD_REQUEST = 400  # what RFC 6749, section 5.2 has for a refusal


class ConnectionService:
    """Secrets go to the vault and to the service they belong to, nowhere else."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        vault: CredentialVault,
        execute: ExecuteAction,
        token_endpoint: TokenEndpoint,
        config: ConnectionConfig,
        discovery: AccountDiscovery,
        environment: Mapping[str, str],
        clock: Clock,
        revocation: Revocation,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._vault = vault
        self._execute = execute
        self._token_endpoint = token_endpoint
        self._config = config
        self._discovery = discovery
        self._environment = environment
        self._clock = clock
        self._revocation = revocation

    async def create(
        self,
        principal: Principal,
        *,
        workspace_id: UUID,
        integration: str,
        credentials: Mapping[str, JsonValue],
        name: str | None = None,
        config: JsonObject | None = None,
        scopes: Sequence[str] | None = None,
        oauth_client: str | None = None,
        end_user_id: str | None = None,
    ) -> Connection:
        """A connection of the caller's own. Raises NotFound, Forbidden, and what `keep` raises."""
        if Scope.CONNECTIONS_READ not in principal.scopes:
            raise Forbidden(
                "This API key does not have the scope connections:read, so it could not see what it makes."
            )
        async with self._unit_of_work(principal.sealed_pass) as work:
            found = await work.integrations.resolve(integration, workspace_id=workspace_id)
        connection_id = await self.keep(
            principal.sealed_pass,
            found,
            workspace_id=workspace_id,
            name=name,
            credentials=credentials,
            config=config,
            scopes=scopes,
            oauth_client=oauth_client,
            end_user_id=end_user_id,
        )
        async with self._unit_of_work(principal.sealed_pass) as work:
            return await work.connections.get(connection_id)

    async def keep(
        self,
        sealed_pass: str,
        integration: Integration,
        *,
        workspace_id: UUID,
        credentials: Mapping[str, JsonValue],
        connection_id: UUID | None = None,
        name: str | None = None,
        config: JsonObject | None = None,
        scopes: Sequence[str] | None = None,
        oauth_client: str | None = None,
        end_user_id: str | None = None,
    ) -> UUID:
        """Keeps the credentials for the holder of a user's or a connect link's pass, once a token was obtained with
        them where it takes one, and the service has accepted it where it is asked. Returns the connection's id: a new
        one, `connection_id`, or one to the same account.

        Raises MalformedRequest for members that are missing or unknown, and an OAuth client that is not there,
        NotFound, Forbidden, AccountMismatch, UpstreamError for credentials that the service refuses,
        UpstreamUnreachable, and what the verification raises.
        """
        config = self._config.given(integration, config or {})
        entered = read_credentials(integration, credentials, self._clock())
        asked = tuple(scopes) if scopes is not None else auth_config(integration).scopes
        own: OrganizationClient | None = None
        if _takes_client(integration, entered):
            own = await find_named_client(
                self._vault,
                sealed_pass,
                integration,
                workspace_id=workspace_id,
                name=oauth_client,
                connection_id=connection_id,
            )
        established = await self._establish(integration, entered, config, asked, own)
        if connection_id is not None:
            await self._vault.replace_secret(sealed_pass, connection_id, established)
            return connection_id
        default_name = str(established.account or integration.name)
        place = NewConnection(workspace_id, integration.id, name, default_name, end_user_id)
        return await self._vault.create_connection(sealed_pass, place, established)

    async def replace_credentials(
        self, principal: Principal, connection_id: UUID, credentials: Mapping[str, JsonValue]
    ) -> Connection:
        """New credentials for the caller's own connection, tried as in `keep`."""
        connection, integration = await self._get(principal, connection_id)
        if connection.user_id != principal.user_id:
            raise Forbidden("Only the owner of a connection may change its credentials.")
        await self.keep(
            principal.sealed_pass,
            integration,
            workspace_id=connection.workspace_id,
            connection_id=connection_id,
            credentials=credentials,
            config=connection.config,
            scopes=connection.scopes,
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

    async def delete(self, principal: Principal, connection_id: UUID) -> RunningRevocation:
        """Deletes it here at once, and revokes its tokens at the provider in the background where it can."""
        return self._revocation.start(
            await self._vault.delete_connection(principal.sealed_pass, connection_id)
        )

    async def finish(self) -> None:
        """Waits for revocations that are under way."""
        await self._revocation.finish()

    async def _get(self, principal: Principal, connection_id: UUID) -> tuple[Connection, Integration]:
        async with self._unit_of_work(principal.sealed_pass) as work:
            connection = await work.connections.get(connection_id)
            return connection, await work.integrations.get(connection.integration_id)

    async def _establish(
        self,
        integration: Integration,
        entered: EnteredCredentials,
        config: JsonObject,
        scopes: tuple[str, ...],
        own: OrganizationClient | None,
    ) -> Established:
        client = self._client(integration, entered, own)
        registration = Registration(integration, client, config)
        values, grant = dict(entered.values), dict(entered.grant)
        answer: JsonObject = {}
        expires_at = entered.expires_at
        with _in_plain_words():
            if entered.needs_token:
                tokens = await self._token_endpoint.renew(registration, {**values, **grant}, scopes)
                values |= {"access_token": tokens.access_token, **tokens.members}
                grant |= {"refresh_token": tokens.refresh_token} if tokens.refresh_token else {}
                answer, expires_at = tokens.answer, tokens.expires_at
                scopes = tokens.scopes if tokens.scopes is not None else scopes
            evidence = Evidence(
                Credential(values, version=0, expires_at=expires_at),
                grant,
                answer,
                secrets=(client.client_secret,) if client and client.client_secret else (),
            )
            return await self._discovery.establish(
                registration, evidence, scopes=scopes, oauth_client_id=own.id if own else None
            )

    def _client(
        self, integration: Integration, entered: EnteredCredentials, own: OrganizationClient | None
    ) -> OAuthClient | None:
        """Client credentials that were not entered are those of an OAuth client. Other grants may have one."""
        if not _takes_client(integration, entered):
            return None
        found = own.client if own else None
        if integration.auth_type is AuthType.OAUTH2_CLIENT_CREDENTIALS:
            return choose_client(integration, found, self._environment)
        return find_client(integration, found, self._environment)


def _takes_client(integration: Integration, entered: EnteredCredentials) -> bool:
    brings_client = "client_id" in entered.values or "client_id" in entered.grant
    return not brings_client and (entered.needs_token or integration.auth_type is AuthType.OAUTH2)


@contextmanager
def _in_plain_words() -> Iterator[None]:
    """A token endpoint's refusal, for whoever entered the credentials."""
    try:
        yield
    except TokenRequestRefused as error:
        raise UpstreamError(
            _BAD_REQUEST,
            {"error": error.error},
            {},
            f"The service does not accept these credentials: {error.detail}",
        ) from None
    except TokenEndpointUnavailable as error:
        raise UpstreamUnreachable(error.detail) from None
