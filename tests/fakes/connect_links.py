"""Connect links in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from portway.application.ports.connect_links import (
    ConnectLinkFilter,
    LinkedConnection,
    NewConnectLink,
    OpenedLink,
)
from portway.domain.connect_link import LONGEST_LIFETIME, SHORTEST_LIFETIME, ConnectLink, LinkStatus
from portway.domain.errors import Forbidden, MalformedRequest, NotFound
from portway.domain.organization import Role
from portway.domain.principal import Scope
from tests.fakes.world import PASS_LIFETIME, Claims, LinkClaims, World


@dataclass(slots=True)
class _Row:
    link: ConnectLink
    token: str


class InMemoryConnectLinks:
    """By the rules that the database keeps. What a link's pass does to the link is the database's alone."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rows: dict[UUID, _Row] = {}

    async def create(self, sealed_pass: str, link: NewConnectLink) -> tuple[UUID, str]:
        """See the port."""
        claims = self._world.claims(sealed_pass)
        if link.connection_id is not None:
            mine = self._world.own_connection(claims, link.connection_id).connection
            link = replace(
                link,
                workspace_id=mine.workspace_id,
                integration_id=mine.integration_id,
                end_user_id=mine.end_user_id,
            )
        role = self._world.role_in(claims, link.workspace_id)
        if claims is None or role is None or link.workspace_id is None or link.integration_id is None:
            raise NotFound
        if Scope.CONNECTIONS_WRITE not in claims.scopes or role is Role.VIEWER:
            raise Forbidden
        organization_id = self._world.workspaces[link.workspace_id]
        integration = self._world.visible_integration(link.integration_id, organization_id)
        if not SHORTEST_LIFETIME <= link.lifetime <= LONGEST_LIFETIME:
            raise MalformedRequest
        now = self._world.clock()
        made = ConnectLink(
            id=uuid4(),
            user_id=claims.user_id,
            workspace_id=link.workspace_id,
            organization_id=organization_id,
            integration_id=integration.id,
            integration_slug=integration.slug,
            end_user_id=link.end_user_id,
            created_at=now,
            expires_at=now + link.lifetime,
            reconnect=link.connection_id is not None,
            connection_id=link.connection_id,
            name=link.name,
            scopes=link.scopes,
            config=link.config,
            oauth_client=link.oauth_client,
            return_url=link.return_url,
        )
        token = uuid4().hex.ljust(43, "0")
        self._rows[made.id] = _Row(made, token)
        return made.id, token

    async def list(
        self, sealed_pass: str, criteria: ConnectLinkFilter, *, after: UUID | None, limit: int
    ) -> Sequence[ConnectLink]:
        """See the port."""
        claims = self._world.claims(sealed_pass)
        found = [row.link for row in reversed(self._rows.values()) if self._sees(claims, row.link)]
        if after is not None:
            found = found[[link.id for link in found].index(after) + 1 :]
        return [
            link
            for link in found
            if criteria.workspace_id in (None, link.workspace_id)
            and criteria.end_user_id in (None, link.end_user_id)
        ][:limit]

    async def get(self, sealed_pass: str, link_id: UUID) -> ConnectLink:
        """See the port."""
        row = self._rows.get(link_id)
        if row is None or not self._sees(self._world.claims(sealed_pass), row.link):
            raise NotFound
        return row.link

    async def revoke(self, sealed_pass: str, link_id: UUID) -> None:
        """See the port."""
        link, claims = await self.get(sealed_pass, link_id), self._world.claims(sealed_pass)
        if claims is None or Scope.CONNECTIONS_WRITE not in claims.scopes:
            raise Forbidden
        if claims.user_id != link.user_id and not self._world.administers(claims, link.workspace_id):
            raise Forbidden
        self._rows[link_id].link = replace(link, revoked_at=link.revoked_at or self._world.clock())

    async def open(self, token: str) -> OpenedLink | None:
        """See the port."""
        row = next((row for row in self._rows.values() if row.token == token), None)
        if row is None:
            return None
        row.link = replace(row.link, opened_at=row.link.opened_at or self._world.clock())
        link, status = row.link, self._status(row.link)
        return OpenedLink(
            id=link.id,
            status=status,
            sealed_pass=self._seal(link) if status is LinkStatus.READY else "",
            organization_name="Acme",
            workspace_name="Main",
            workspace_id=link.workspace_id,
            integration=self._world.integrations[link.integration_id],
            connection=self._connection(link),
            reconnect=link.reconnect,
            name=link.name,
            scopes=link.scopes,
            config=link.config,
            oauth_client=link.oauth_client,
            return_url=link.return_url,
        )

    def _sees(self, claims: Claims | None, link: ConnectLink) -> bool:
        return (
            claims is not None
            and Scope.CONNECTIONS_READ in claims.scopes
            and self._world.role_in(claims, link.workspace_id) is not None
        )

    def _status(self, link: ConnectLink) -> LinkStatus:
        role = self._world.workspace_roles.get((link.workspace_id, link.user_id))
        if link.used_at is None and role in (None, Role.VIEWER):
            return LinkStatus.REVOKED
        return link.status_at(self._world.clock())

    def _connection(self, link: ConnectLink) -> LinkedConnection | None:
        row = self._world.connections.get(link.connection_id) if link.connection_id else None
        if row is None:
            return None
        known = row.connection
        return LinkedConnection(known.id, known.name, known.account_name, known.scopes, known.config)

    def _seal(self, link: ConnectLink) -> str:
        sealed = self._world.unique("link pass")
        self._world.link_passes[sealed] = LinkClaims(
            user_id=link.user_id,
            scopes=frozenset({Scope.CONNECTIONS_WRITE}),
            workspace_id=link.workspace_id,
            expires_at=self._world.clock() + PASS_LIFETIME,
            integration_id=link.integration_id,
            end_user_id=link.end_user_id,
            connection_id=link.connection_id if link.reconnect else None,
        )
        return sealed
