"""The authorization code flow: to the authorization server and back (RFC 6749, section 4.1; RFC 7636; RFC 9207)."""

import base64
import hashlib
import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from portway.application.destinations import expand_endpoint, recorded_origins
from portway.application.oauth_client import choose_client
from portway.application.ports.credential_vault import CredentialVault, NewAuthorization, PendingAuthorization
from portway.application.ports.token_endpoint import (
    TokenEndpoint,
    TokenRequestRefused,
)
from portway.application.ports.unit_of_work import UnitOfWorkFactory
from portway.domain.connection import Connection
from portway.domain.credential import OAuthClient
from portway.domain.errors import Forbidden, InvalidIntegrationConfig, MalformedRequest, PortwayError
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonObject
from portway.domain.principal import Principal
from portway.domain.rules.access_control import origin_of

_log = logging.getLogger(__name__)

CALLBACK_PATH = "/api/v2/oauth/callback"

_STATE = re.compile(r"[A-Za-z0-9_-]{1,100}")
_PLAIN_URL = re.compile(r"https?://[!-\[\]-~]+", re.IGNORECASE)  # visible ASCII without the backslash

# RFC 6749, section 4.1.2.1, in words for the person who sees them.
_WORDS = {
    "access_denied": "The access was not granted.",
    "invalid_scope": "The service does not know, or does not allow, a permission that was asked for.",
    "temporarily_unavailable": "The service cannot handle sign-ins at the moment; try again later.",
    "server_error": "The service had a fault of its own; try again.",
    "unauthorized_client": "The service does not allow this OAuth client to ask.",
    "redirect_uri_mismatch": "The redirect URI is not registered with the OAuth client.",
}


@dataclass(frozen=True, slots=True)
class Authorization:
    """Where to send the user, until when. `state` comes back with them."""

    authorization_url: str
    state: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CallbackResult:
    """How an authorization ended: with a connection, or with `error` (RFC 6749's or ours) and words for people."""

    connection_id: UUID | None = None
    return_url: str | None = None
    error: str | None = None
    error_description: str | None = None


class OAuthService:
    """`return_origins` are those that a `return_url` may lead to, besides Portway's own."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        vault: CredentialVault,
        token_endpoint: TokenEndpoint,
        environment: Mapping[str, str],
        public_url: str,
        return_origins: Sequence[str] = (),
    ) -> None:
        self._unit_of_work = unit_of_work
        self._vault = vault
        self._token_endpoint = token_endpoint
        self._environment = environment
        self._public_url = public_url.rstrip("/")
        self._return_origins = frozenset(origin_of(url) for url in (public_url, *return_origins))

    @property
    def redirect_uri(self) -> str:
        """The one redirect URI, to be registered with each provider."""
        return self._public_url + CALLBACK_PATH

    async def authorize(
        self,
        principal: Principal,
        *,
        workspace_id: UUID,
        integration: str,
        name: str,
        scopes: Sequence[str] | None = None,
        return_url: str | None = None,
        config: JsonObject | None = None,
        browser_secret: str | None = None,
    ) -> Authorization:
        """Begins a new connection. Without `scopes`, the integration's own are asked for.

        Raises NotFound, Forbidden, MalformedRequest for a `return_url` that is not allowed, and
        InvalidIntegrationConfig where the integration cannot be connected so.
        """
        self._check_return_url(return_url)
        async with self._unit_of_work(principal.sealed_pass) as work:
            found = await work.integrations.resolve(integration, workspace_id=workspace_id)
        return await self._begin(
            principal,
            found,
            workspace_id=workspace_id,
            name=name,
            scopes=tuple(scopes) if scopes is not None else _default_scopes(found),
            config=config or {},
            return_url=return_url,
            browser_secret=browser_secret,
        )

    async def reauthorize(
        self,
        principal: Principal,
        connection_id: UUID,
        *,
        scopes: Sequence[str] | None = None,
        return_url: str | None = None,
        browser_secret: str | None = None,
    ) -> Authorization:
        """Begins anew for the caller's own connection, with what it was granted so far and `scopes` besides."""
        self._check_return_url(return_url)
        connection, integration = await self._own(principal, connection_id)
        union = dict.fromkeys((*_default_scopes(integration), *connection.scopes, *(scopes or ())))
        return await self._begin(
            principal,
            integration,
            workspace_id=connection.workspace_id,
            name=connection.name,
            scopes=tuple(union),
            config=connection.config,
            return_url=return_url,
            browser_secret=browser_secret,
            connection_id=connection_id,
        )

    async def authorize_url(
        self, principal: Principal, connection_id: UUID, more_scopes: Sequence[str] = ()
    ) -> str:
        """Where the owner mends the connection: at the authorization server, or in the console where it is of another
        kind, or the caller holds a key that may not authorize.
        """
        try:
            _, integration = await self._own(principal, connection_id)
            if integration.auth_type is AuthType.OAUTH2:
                return (
                    await self.reauthorize(principal, connection_id, scopes=more_scopes)
                ).authorization_url
        except PortwayError as why:
            _log.info("connection %s cannot be authorized by this caller now: %s", connection_id, why)
        return f"{self._public_url}/connections/{connection_id}"

    async def callback(self, parameters: Mapping[str, str], browser_secret: str | None) -> CallbackResult:
        """Ends what `authorize` began, once, with the parameters of the redirect. Never raises what is the user's or
        the provider's doing: a person is looking at the answer.
        """
        state = parameters.get("state", "")
        pending = (
            await self._vault.take_authorization(state, browser_secret) if _STATE.fullmatch(state) else None
        )
        if pending is None:
            return CallbackResult(
                error="invalid_state",
                error_description="This sign-in is unknown, was used already, or was begun in another browser.",
            )
        if pending.expired or pending.integration is None:
            return _failed(pending, "expired", "This sign-in took longer than ten minutes; begin again.")
        try:
            code = _read_code(pending.integration, parameters)
            return await self._complete(pending, pending.integration, code)
        except _AuthorizationError as error:
            return _failed(pending, error.error, error.description)
        except TokenRequestRefused as error:
            return _failed(pending, error.error, f"The service did not accept the sign-in: {error.detail}")
        except PortwayError as error:
            _log.warning("an authorization of %s could not be completed: %s", pending.integration.slug, error)
            return _failed(pending, error.code, error.detail)

    async def _complete(
        self, pending: PendingAuthorization, integration: Integration, code: str
    ) -> CallbackResult:
        tokens = await self._token_endpoint.exchange_code(
            integration,
            choose_client(integration, pending.client, self._environment),
            code=code,
            redirect_uri=self.redirect_uri,
            code_verifier=pending.code_verifier,
        )
        connection_id = await self._vault.complete_authorization(
            pending.authorization_pass,
            tokens,
            recorded_origins(integration, pending.config),
            tokens.scopes if tokens.scopes is not None else pending.scopes,
        )
        return CallbackResult(connection_id=connection_id, return_url=pending.return_url)

    async def _begin(
        self,
        principal: Principal,
        integration: Integration,
        *,
        workspace_id: UUID,
        name: str,
        scopes: tuple[str, ...],
        config: JsonObject,
        return_url: str | None,
        browser_secret: str | None,
        connection_id: UUID | None = None,
    ) -> Authorization:
        endpoint = _authorization_endpoint(integration, config)
        recorded_origins(integration, config)  # what they lack is to be said now, not after the sign-in
        client_id = await self._vault.oauth_client_id(principal.sealed_pass, workspace_id, integration.id)
        own = OAuthClient(client_id, None) if client_id else None
        client = choose_client(integration, own, self._environment)
        state, code_verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
        expires_at = await self._vault.begin_authorization(
            principal.sealed_pass,
            NewAuthorization(
                workspace_id=workspace_id,
                integration_id=integration.id,
                name=name,
                scopes=scopes,
                config=config,
                return_url=return_url,
                connection_id=connection_id,
                state=state,
                code_verifier=code_verifier,
                browser_secret=browser_secret,
            ),
        )
        query = _authorization_query(integration.auth_config, scopes, code_verifier)
        query |= {"client_id": client.client_id, "redirect_uri": self.redirect_uri, "state": state}
        return Authorization(_with_query(endpoint, query), state, expires_at)

    async def _own(self, principal: Principal, connection_id: UUID) -> tuple[Connection, Integration]:
        async with self._unit_of_work(principal.sealed_pass) as work:
            connection = await work.connections.get(connection_id)
            if connection.user_id != principal.user_id:
                raise Forbidden("Only the owner of a connection may authorize it again.")
            return connection, await work.integrations.get(connection.integration_id)

    def _check_return_url(self, return_url: str | None) -> None:
        if return_url is None:
            return
        origin = _origin_of_web_page(return_url)
        if origin is None:
            raise MalformedRequest("return_url must be an http or https URL, without a user name, in ASCII.")
        if origin not in self._return_origins:
            raise MalformedRequest(
                f"return_url leads to {origin}, which PORTWAY_RETURN_ORIGINS does not allow."
            )


class _AuthorizationError(Exception):
    """What the redirect says, instead of bringing a code."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


def _origin_of_web_page(url: str) -> str | None:
    """None for what browsers may read otherwise than Python does, or not as a web page at all."""
    try:
        parts = urlsplit(url)
        if not _PLAIN_URL.fullmatch(url) or "@" in parts.netloc or not parts.hostname or parts.port == 0:
            return None
    except ValueError:
        return None
    return origin_of(url)


def _read_code(integration: Integration, parameters: Mapping[str, str]) -> str:
    """The code of a redirect that comes from the right server and brings one."""
    issuer = integration.auth_config.get("issuer")
    if issuer is not None and parameters.get("iss", issuer) != issuer:
        raise _AuthorizationError("invalid_issuer", "The answer came from another authorization server.")
    if error := parameters.get("error"):
        raise _AuthorizationError(error, _WORDS.get(error, parameters.get("error_description") or error))
    if not (code := parameters.get("code")):
        raise _AuthorizationError("invalid_response", "The service sent neither a code nor an error.")
    return code


def _failed(pending: PendingAuthorization, error: str, description: str) -> CallbackResult:
    return CallbackResult(return_url=pending.return_url, error=error, error_description=description)


def _default_scopes(integration: Integration) -> tuple[str, ...]:
    scopes = integration.auth_config.get("scopes", [])
    if not isinstance(scopes, list):
        raise InvalidIntegrationConfig(
            f"Integration {integration.slug!r}: auth_config.scopes must be a list."
        )
    return tuple(str(scope) for scope in scopes)


def _authorization_endpoint(integration: Integration, config: JsonObject) -> str:
    url = integration.auth_config.get("authorization_url")
    if integration.auth_type is not AuthType.OAUTH2 or not isinstance(url, str):
        raise InvalidIntegrationConfig(
            f"Integration {integration.slug!r} cannot be connected by redirect: that needs auth_type oauth2 and "
            "auth_config.authorization_url."
        )
    return expand_endpoint(url, config)


def _authorization_query(
    auth_config: JsonObject, scopes: Sequence[str], code_verifier: str
) -> dict[str, str]:
    separator, extra = auth_config.get("scope_separator", " "), auth_config.get("authorization_params", {})
    query = {
        str(name): str(value)
        for name, value in (extra.items() if isinstance(extra, dict) else ())
        # A challenge of the row's own would let its author redeem what the user grants.
        if not str(name).startswith("code_challenge")
    }
    query["response_type"] = "code"
    if scopes:
        query["scope"] = str(separator).join(scopes)
    if auth_config.get("pkce", True):
        digest = hashlib.sha256(code_verifier.encode("ascii")).digest()
        query["code_challenge"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
        query["code_challenge_method"] = "S256"
    return query


def _with_query(url: str, query: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *query.items()]
    return urlunsplit(parts._replace(query=urlencode(pairs)))
