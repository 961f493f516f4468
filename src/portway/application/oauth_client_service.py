"""OAuth clients at an integration: an organization's own, by name, and the one of the server's environment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portway.application.language.documents import auth_config
from portway.application.oauth_client import find_client
from portway.application.ports.catalog_records import IntegrationFilter, OAuthClientRecord
from portway.application.ports.credential_vault import CredentialVault
from portway.application.ports.unit_of_work import UnitOfWorkFactory
from portway.domain.credential import OAuthClient
from portway.domain.errors import Fault, InvalidIntegrationConfig, MalformedRequest, NotFound
from portway.domain.integration import Integration
from portway.domain.principal import Principal

DEFAULT_NAME = "default"
ORGANIZATION, ENVIRONMENT = "organization", "environment"
"""Whose a client is."""

_MOST = 1000  # integrations with a client in the environment

KeyCheck = Callable[[str, str], bool]
"""Whether a text is a private key, in PEM or as a JWK, with which the algorithm signs."""


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client without its secret. `organization_id` and `name` are None for that of the environment."""

    client_id: str
    has_secret: bool
    organization_id: UUID | None = None
    name: str | None = None
    updated_at: datetime | None = None

    @property
    def source(self) -> str:
        """Whose it is: the organization's, or the environment's."""
        return ENVIRONMENT if self.organization_id is None else ORGANIZATION


class OAuthClientService:
    """Shows secrets to nobody."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        vault: CredentialVault,
        environment: Mapping[str, str],
        can_sign: KeyCheck,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._vault = vault
        self._environment = environment
        self._can_sign = can_sign

    async def list(
        self, principal: Principal, integration: str, organization_id: UUID | None
    ) -> Sequence[KnownClient]:
        """Those of the organizations that the caller administers, by name, then that of the environment.

        Raises NotFound, and MalformedRequest where several organizations have an integration of this slug.
        """
        async with self._unit_of_work(principal.sealed_pass) as work:
            found = await work.integrations.resolve(integration, organization_id=organization_id)
            records = await work.integrations.oauth_clients(found.id)
        known = [_known(record) for record in records if organization_id in (None, record.organization_id)]
        environments = self._of_environment(found)
        return known if environments is None else [*known, environments]

    async def of_organization(
        self, principal: Principal, organization_id: UUID
    ) -> Sequence[tuple[Integration, KnownClient]]:
        """All of the organization's own, and those of the environment, by integration. Raises NotFound."""
        async with self._unit_of_work(principal.sealed_pass) as work:
            await work.organizations.get(organization_id)
            own = await work.integrations.clients_of(organization_id)
            offered = await work.integrations.list(
                IntegrationFilter(organization_id, with_environment=True), after=None, limit=_MOST
            )
        found = [(integration, _known(record)) for integration, record in own]
        for summary in offered:
            client = self._of_environment(summary.integration)
            found += [] if client is None else [(summary.integration, client)]
        return sorted(found, key=lambda pair: pair[0].slug)

    def source(self, integration: Integration, *, has_own: bool) -> str | None:
        """Whose client new connections of the integration use; None where there is none."""
        if has_own:
            return ORGANIZATION
        return None if self._of_environment(integration) is None else ENVIRONMENT

    async def set(
        self,
        principal: Principal,
        integration: str,
        organization_id: UUID,
        client: OAuthClient,
        *,
        name: str = DEFAULT_NAME,
    ) -> KnownClient:
        """Sets the organization's client of this name at the integration. With the same `client_id`, it gets the new
        secret; another one takes its place for new connections.

        Raises NotFound, Forbidden, and MalformedRequest for a secret that is no private key where the integration wants
        one.
        """
        async with self._unit_of_work(principal.sealed_pass) as work:
            found = await work.integrations.resolve(integration, organization_id=organization_id)
        self._check_key(found, client)
        await self._vault.set_oauth_client(
            principal.sealed_pass, organization_id, found.id, client, name=name
        )
        for known in await self.list(principal, integration, organization_id):
            if known.name == name:
                return known
        raise NotFound

    async def delete(
        self, principal: Principal, integration: str, organization_id: UUID, *, name: str = DEFAULT_NAME
    ) -> None:
        """Forgets the organization's client of this name. Raises NotFound."""
        async with self._unit_of_work(principal.sealed_pass) as work:
            found = await work.integrations.resolve(integration, organization_id=organization_id)
            await work.integrations.delete_oauth_client(organization_id, found.id, name)

    def _check_key(self, integration: Integration, client: OAuthClient) -> None:
        auth = auth_config(integration)
        if auth.token_endpoint_auth_method != "private_key_jwt" or client.client_secret is None:  # noqa: S105  a method
            return
        algorithm = auth.token_endpoint_auth_signing_alg
        if not self._can_sign(client.client_secret, algorithm):
            fault = Fault("/client_secret", f"must be a private key for {algorithm}, in PEM or as a JWK.")
            raise MalformedRequest(f"{integration.slug} knows its clients by signatures.", [fault])

    def _of_environment(self, integration: Integration) -> KnownClient | None:
        try:
            client = find_client(integration, None, self._environment)
        except InvalidIntegrationConfig:
            return None  # a broken row has none
        return None if client is None else KnownClient(client.client_id, client.client_secret is not None)


def _known(record: OAuthClientRecord) -> KnownClient:
    return KnownClient(
        record.client_id, record.has_secret, record.organization_id, record.name, record.updated_at
    )
