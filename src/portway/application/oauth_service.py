"""Connecting by redirect: to the service, where a person grants access, and back.

OAuth 2.0 with the authorization code (RFC 6749, section 4.1; RFC 7636; RFC 9207), and OAuth 1.0a (RFC 5849, section 2).
"""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from portway.application.account_discovery import AccountDiscovery, Evidence
from portway.application.authorization_request import authorization_endpoint
from portway.application.authorization_response import (
    AuthorizationError,
    further_parameters,
    possible_states,
)
from portway.application.connect_form import connects_by_redirect
from portway.application.connection_config import ConnectionConfig
from portway.application.destinations import recorded_origins
from portway.application.language.documents import auth_config
from portway.application.oauth_client import choose_client, find_named_client
from portway.application.ports.credential_vault import CredentialVault, NewAuthorization, PendingAuthorization
from portway.application.ports.token_endpoint import Registration, TokenEndpoint, TokenRequestRefused
from portway.application.ports.unit_of_work import UnitOfWorkFactory
from portway.application.redirect_flows import RedirectFlows
from portway.application.return_origins import ReturnOrigins
from portway.domain.connection import Connection
from portway.domain.credential import Credential
from portway.domain.errors import Forbidden, PortwayError
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject
from portway.domain.principal import Principal

_log = logging.getLogger(__name__)

CALLBACK_PATH = "/api/v2/oauth/callback"


@dataclass(frozen=True, slots=True)
class Authorization:
    """Where to send the user, until when. `state` comes back with them."""

    authorization_url: str
    state: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CallbackResult:
    """How an authorization ended: with a connection, or with `error` (RFC 6749's or ours) and words for people.

    `opener_origin` is that of the page that waits for a popup, where one does.
    """

    connection_id: UUID | None = None
    return_url: str | None = None
    error: str | None = None
    error_description: str | None = None
    opener_origin: str | None = None


class OAuthService:
    """`return_origins` are those that a `return_url` may lead to, besides Portway's own."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        vault: CredentialVault,
        token_endpoint: TokenEndpoint,
        config: ConnectionConfig,
        discovery: AccountDiscovery,
        environment: Mapping[str, str],
        public_url: str,
        return_origins: Sequence[str] = (),
    ) -> None:
        self._unit_of_work = unit_of_work
        self._vault = vault
        self._config = config
        self._discovery = discovery
        self._environment = environment
        self._public_url = public_url.rstrip("/")
        self._origins = ReturnOrigins(public_url, return_origins)
        self._flows = RedirectFlows(token_endpoint, self.redirect_uri)

    @property
    def redirect_uri(self) -> str:
        """The one redirect URI, to be registered with each provider."""
        return self._public_url + CALLBACK_PATH

    def check_return_url(self, return_url: str | None) -> None:
        """Raises MalformedRequest for one that leads to an origin which is not allowed."""
        self._origins.check(return_url)

    async def authorize(
        self,
        principal: Principal,
        *,
        workspace_id: UUID,
        integration: str,
        name: str | None = None,
        scopes: Sequence[str] | None = None,
        return_url: str | None = None,
        config: JsonObject | None = None,
        oauth_client: str | None = None,
        end_user_id: str | None = None,
        opener_origin: str | None = None,
        browser_secret: str | None = None,
    ) -> Authorization:
        """Begins a new connection. Without `scopes`, the integration's own are asked for.

        Raises NotFound, and what `begin` raises.
        """
        self.check_return_url(return_url)
        async with self._unit_of_work(principal.sealed_pass) as work:
            found = await work.integrations.resolve(integration, workspace_id=workspace_id)
        return await self.begin(
            principal.sealed_pass,
            found,
            workspace_id=workspace_id,
            name=name,
            scopes=scopes,
            config=config,
            oauth_client=oauth_client,
            end_user_id=end_user_id,
            return_url=return_url,
            opener_origin=opener_origin,
            browser_secret=browser_secret,
        )

    async def reauthorize(
        self,
        principal: Principal,
        connection_id: UUID,
        *,
        scopes: Sequence[str] | None = None,
        return_url: str | None = None,
        opener_origin: str | None = None,
        browser_secret: str | None = None,
    ) -> Authorization:
        """Begins anew for the caller's own connection, with what it was granted so far and `scopes` besides."""
        self.check_return_url(return_url)
        connection, integration = await self._own(principal, connection_id)
        union = dict.fromkeys((*auth_config(integration).scopes, *connection.scopes, *(scopes or ())))
        return await self.begin(
            principal.sealed_pass,
            integration,
            workspace_id=connection.workspace_id,
            connection_id=connection_id,
            name=connection.name,
            scopes=tuple(union),
            config=connection.config,
            return_url=return_url,
            opener_origin=opener_origin,
            browser_secret=browser_secret,
        )

    async def authorize_url(
        self, principal: Principal, connection_id: UUID, more_scopes: Sequence[str] = ()
    ) -> str:
        """Where the owner mends the connection: at the service, or in the console where it is of another kind, or the
        caller holds a key that may not authorize.
        """
        try:
            _, integration = await self._own(principal, connection_id)
            if connects_by_redirect(integration):
                begun = await self.reauthorize(principal, connection_id, scopes=more_scopes)
                return begun.authorization_url
        except PortwayError as why:
            _log.info("connection %s cannot be authorized by this caller now: %s", connection_id, why)
        return f"{self._public_url}/connections/{connection_id}"

    async def begin(
        self,
        sealed_pass: str,
        integration: Integration,
        *,
        workspace_id: UUID,
        connection_id: UUID | None = None,
        name: str | None = None,
        scopes: Sequence[str] | None = None,
        config: JsonObject | None = None,
        oauth_client: str | None = None,
        end_user_id: str | None = None,
        return_url: str | None = None,
        opener_origin: str | None = None,
        browser_secret: str | None = None,
    ) -> Authorization:
        """Begins a connection, or one anew, for the holder of a user's or a connect link's pass. `oauth_client` is the
        name of one of the organization's.

        Raises NotFound, Forbidden, MalformedRequest for a `return_url` that is not allowed, a config that does not fit
        and an OAuth client that is not there, InvalidIntegrationConfig where the integration cannot be connected so,
        and UpstreamUnreachable where an OAuth 1.0a service does not answer.
        """
        self.check_return_url(return_url)
        opener = self._origins.opener(opener_origin, return_url)
        config = self._config.given(integration, config or {})
        asked = tuple(scopes) if scopes is not None else auth_config(integration).scopes
        _check_addresses(Registration(integration, None, config))
        own = await find_named_client(
            self._vault,
            sealed_pass,
            integration,
            workspace_id=workspace_id,
            name=oauth_client,
            connection_id=connection_id,
        )
        client = choose_client(integration, own.client if own else None, self._environment)
        state = secrets.token_urlsafe(32)
        url, kept = await self._flows.begin(Registration(integration, client, config), asked, state)
        expires_at = await self._vault.begin_authorization(
            sealed_pass,
            NewAuthorization(
                workspace_id=workspace_id,
                integration_id=integration.id,
                name=name,
                scopes=asked,
                config=config,
                return_url=return_url,
                connection_id=connection_id,
                state=state,
                code_verifier=kept,
                browser_secret=browser_secret,
                oauth_client_id=own.id if own else None,
                end_user_id=end_user_id,
                opener_origin=opener,
            ),
        )
        return Authorization(url, state, expires_at)

    async def callback(self, parameters: Mapping[str, str], browser_secret: str | None) -> CallbackResult:
        """Ends what `begin` began, once, with the parameters of the redirect. Never raises what is the user's or the
        provider's doing: a person is looking at the answer.
        """
        pending = await self._take(parameters, browser_secret)
        if pending is None:
            return CallbackResult(
                error="invalid_state",
                error_description="This sign-in is unknown, was used already, or was begun in another browser.",
                opener_origin=self._origins.own,
            )
        if pending.expired or pending.integration is None:
            return _failed(pending, "expired", "This sign-in took longer than ten minutes; begin again.")
        slug = pending.integration.slug
        try:
            return await self._complete(pending, pending.integration, parameters)
        except AuthorizationError as error:
            return _failed(pending, error.error, error.description)
        except TokenRequestRefused as error:
            return _failed(pending, error.error, f"The service did not accept the sign-in: {error.detail}")
        except PortwayError as error:
            _log.warning("an authorization of %s could not be completed: %s", slug, error)
            return _failed(pending, error.code, error.detail)

    async def _take(
        self, parameters: Mapping[str, str], browser_secret: str | None
    ) -> PendingAuthorization | None:
        for state in possible_states(parameters):
            pending = await self._vault.take_authorization(state, browser_secret)
            if pending is not None:
                return pending
        return None

    async def _complete(
        self, pending: PendingAuthorization, integration: Integration, parameters: Mapping[str, str]
    ) -> CallbackResult:
        own = pending.client.client if pending.client else None
        client = choose_client(integration, own, self._environment)
        registration = Registration(integration, client, pending.config)
        told = further_parameters(integration, parameters)
        brought = tuple(value for name, value in parameters.items() if name not in told and value)
        config = self._discovery.told_by_redirect(registration, told, brought)
        registration = replace(registration, config=config)
        tokens, sent = await self._flows.end(registration, pending.code_verifier, parameters)
        values = {"access_token": tokens.access_token, **tokens.members}
        evidence = Evidence(
            Credential(values, version=0, expires_at=tokens.expires_at),
            {"refresh_token": tokens.refresh_token} if tokens.refresh_token else {},
            tokens.answer,
            told,
            secrets=tuple(filter(None, (client.client_secret, *brought, *sent))),
        )
        scopes = tokens.scopes if tokens.scopes is not None else pending.scopes
        established = await self._discovery.establish(registration, evidence, scopes=scopes)
        default_name = str(established.account or integration.name)
        connection_id = await self._vault.complete_authorization(
            pending.authorization_pass, established, default_name
        )
        return CallbackResult(connection_id, pending.return_url, opener_origin=pending.opener_origin)

    async def _own(self, principal: Principal, connection_id: UUID) -> tuple[Connection, Integration]:
        async with self._unit_of_work(principal.sealed_pass) as work:
            connection = await work.connections.get(connection_id)
            if connection.user_id != principal.user_id:
                raise Forbidden("Only the owner of a connection may authorize it again.")
            return connection, await work.integrations.get(connection.integration_id)


def _check_addresses(registration: Registration) -> None:
    """What they lack is to be said now, and not after the sign-in; but for what the sign-in is to tell."""
    authorization_endpoint(registration)
    integration, config = registration.integration, registration.config
    if config.keys() >= auth_config(integration).capture.keys():
        recorded_origins(integration, config)


def _failed(pending: PendingAuthorization, error: str, description: str) -> CallbackResult:
    return CallbackResult(None, pending.return_url, error, description, pending.opener_origin)
