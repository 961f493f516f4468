"""Connect links: made by a user, followed by a person without an account, who connects a service for that user."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

from portway.application.attempts import AttemptGuard
from portway.application.connect_form import ConnectForm, connect_form, connects_by_redirect, read_form
from portway.application.connection_config import ConnectionConfig
from portway.application.connection_service import ConnectionService
from portway.application.credential_input import obtains_tokens
from portway.application.language.documents import auth_config
from portway.application.oauth_service import Authorization, OAuthService
from portway.application.ports.connect_links import (
    ConnectLinkFilter,
    ConnectLinks,
    NewConnectLink,
    OpenedLink,
)
from portway.application.ports.unit_of_work import UnitOfWorkFactory
from portway.domain.connect_link import ConnectLink, LinkStatus
from portway.domain.errors import Fault, Forbidden, InvalidParameters, MalformedRequest, NotFound
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject
from portway.domain.parameter_pointer import config_pointer
from portway.domain.principal import Principal, Scope

PAGE_PATH = "/connect"
RETURN_PATH = f"{PAGE_PATH}/return"
"""Where the hosted page is taken up again after a sign-in at the service; the link's id follows."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class CreatedLink:
    """A new link, and the secret in its address, which is known only now."""

    link: ConnectLink
    url: str = field(repr=False)
    token: str = field(repr=False)


class ConnectLinkService:
    """Those who make links come with a principal, those who follow them with the link's token."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        links: ConnectLinks,
        oauth: OAuthService,
        connections: ConnectionService,
        config: ConnectionConfig,
        attempts: AttemptGuard,
        public_url: str,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._links = links
        self._oauth = oauth
        self._connections = connections
        self._config = config
        self._attempts = attempts
        self._public_url = public_url

    # For who makes them

    async def create(
        self, principal: Principal, link: NewConnectLink, integration: str | None = None
    ) -> CreatedLink:
        """A link to a new connection of `integration`, or to the caller's own connection that `link` names.

        Raises NotFound, Forbidden, MalformedRequest also for a `config` that does not fit, and InvalidIntegrationConfig
        where the integration's row is broken.
        """
        if Scope.CONNECTIONS_READ not in principal.scopes:
            raise Forbidden(
                "This API key does not have the scope connections:read, so it could not see what it makes."
            )
        self._oauth.check_return_url(link.return_url)
        async with self._unit_of_work(principal.sealed_pass) as work:
            if link.connection_id is not None:
                connection = await work.connections.get(link.connection_id)
                found = await work.integrations.get(connection.integration_id)
            else:
                found = await work.integrations.resolve(integration or "", workspace_id=link.workspace_id)
        self._check(found, link)
        link_id, token = await self._links.create(
            principal.sealed_pass, replace(link, integration_id=found.id)
        )
        made = await self._links.get(principal.sealed_pass, link_id)
        return CreatedLink(made, f"{self._public_url}{PAGE_PATH}/{token}", token)

    async def list(
        self, principal: Principal, criteria: ConnectLinkFilter, *, after: UUID | None, limit: int
    ) -> Sequence[ConnectLink]:
        """The links of the caller's workspaces, newest first."""
        return await self._links.list(principal.sealed_pass, criteria, after=after, limit=limit)

    async def get(self, principal: Principal, link_id: UUID) -> ConnectLink:
        """Raises NotFound."""
        return await self._links.get(principal.sealed_pass, link_id)

    async def revoke(self, principal: Principal, link_id: UUID) -> None:
        """Ends it. Raises NotFound, Forbidden."""
        await self._links.revoke(principal.sealed_pass, link_id)

    # For who follows them

    async def open(self, token: str) -> OpenedLink:
        """What the token opens, also where that can be used no more. Raises NotFound for a token of no link."""
        opened = await self._links.open(token) if _TOKEN.fullmatch(token) else None
        if opened is None:
            raise NotFound("This link leads nowhere.")
        return opened

    def form(self, link: OpenedLink) -> ConnectForm:
        """What to ask. Raises InvalidIntegrationConfig."""
        return connect_form(link.integration, _settled(link))

    async def begin(
        self, link: OpenedLink, config: Mapping[str, str], *, browser_secret: str
    ) -> Authorization:
        """Where the person signs in at the service. `config` are texts as they were entered.

        Raises RateLimited, MalformedRequest with faults at `/config/NAME`, NotFound for a link that is not ready, and
        InvalidIntegrationConfig, also where no OAuth client is set.
        """
        await self._take_attempt(link)
        values, _ = read_form(self.form(link), config, {})
        with _plain_faults():
            return await self._oauth.begin(
                link.sealed_pass,
                link.integration,
                workspace_id=link.workspace_id,
                connection_id=_mended(link),
                name=link.name,
                scopes=asked_scopes(link),
                config={**values, **_settled(link)},
                oauth_client=link.oauth_client,
                return_url=f"{self._public_url}{RETURN_PATH}/{link.id}",
                browser_secret=browser_secret,
            )

    async def submit(
        self, link: OpenedLink, config: Mapping[str, str], credentials: Mapping[str, str]
    ) -> UUID:
        """Connects with what was entered, once the service has accepted it; returns the connection's id.

        Raises as `begin`, with faults at `/credentials/NAME` besides, and what the verification raises.
        """
        await self._take_attempt(link)
        values, secrets = read_form(self.form(link), config, credentials)
        with _plain_faults():
            return await self._connections.keep(
                link.sealed_pass,
                link.integration,
                workspace_id=link.workspace_id,
                connection_id=_mended(link),
                name=link.name,
                scopes=asked_scopes(link),
                credentials=secrets,
                config={**values, **_settled(link)},
                oauth_client=link.oauth_client,
            )

    def _check(self, integration: Integration, link: NewConnectLink) -> None:
        """What is wrong with the link or with the row is for its maker to know, not for the end user to find out."""
        if link.scopes is not None and not (connects_by_redirect(integration) or obtains_tokens(integration)):
            raise MalformedRequest(faults=[Fault("/scopes", f"{integration.slug} knows no scopes.")])
        connect_form(integration, link.config)
        pointers = tuple(config_pointer(name) for name in link.config)
        try:
            self._config.given(integration, link.config)
        except MalformedRequest as error:
            # What is missing yet, the end user will enter.
            if faults := [fault for fault in error.faults if fault.pointer.startswith(pointers)]:
                raise MalformedRequest(error.detail, faults) from None

    async def _take_attempt(self, link: OpenedLink) -> None:
        if link.status is not LinkStatus.READY:
            raise NotFound("This link cannot be used any more.")
        await self._attempts.connect(link.id)


@contextmanager
def _plain_faults() -> Iterator[None]:
    """What a schema says of a value is for programmers; people have the field's own description."""
    try:
        yield
    except (MalformedRequest, InvalidParameters) as error:
        faults = [
            Fault(fault.pointer, "This does not look right. Please check it.") for fault in error.faults
        ]
        raise MalformedRequest(error.detail, faults) from error


def asked_scopes(link: OpenedLink) -> tuple[str, ...]:
    """What the person is asked to allow: the link's own scopes, else the integration's; a connection keeps those that
    it has.
    """
    own = link.scopes if link.scopes is not None else auth_config(link.integration).scopes
    had = link.connection.scopes if link.reconnect and link.connection is not None else ()
    return tuple(dict.fromkeys((*own, *had)))


def _settled(link: OpenedLink) -> JsonObject:
    """The config that nobody is asked for."""
    had = link.connection.config if link.reconnect and link.connection is not None else {}
    return {**had, **link.config}


def _mended(link: OpenedLink) -> UUID | None:
    return link.connection.id if link.reconnect and link.connection is not None else None
