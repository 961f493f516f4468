"""What the routes work with: use cases and settings, made by the composition root."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from portway.api.open_streams import OpenStreams
from portway.application.account_service import AccountService
from portway.application.authenticator import Authenticator
from portway.application.catalog_service import CatalogService
from portway.application.connect_link_service import ConnectLinkService
from portway.application.connection_service import ConnectionService
from portway.application.importing.organization_imports import OrganizationImports
from portway.application.oauth_client_service import OAuthClientService
from portway.application.oauth_service import OAuthService
from portway.application.outside_sign_in import OutsideSignIn
from portway.application.ports.readiness import Readiness
from portway.application.ports.unit_of_work import UnitOfWorkFactory
from portway.application.preview import Preview
from portway.application.tenancy_service import TenancyService


@dataclass(frozen=True, slots=True)
class Services:
    """All that the API needs of the rest.

    `reading` is for logs and usage, which a replica may answer. `public_url` is where users reach the gateway, without
    a slash at the end. `registry` collects the metrics of the whole process; `streams` are those of its
    answers that go on until somebody ends them.
    """

    unit_of_work: UnitOfWorkFactory
    reading: UnitOfWorkFactory
    authenticator: Authenticator
    accounts: AccountService
    outside_sign_in: OutsideSignIn
    tenancy: TenancyService
    oauth: OAuthService
    oauth_clients: OAuthClientService
    connections: ConnectionService
    connect_links: ConnectLinkService
    catalog: CatalogService
    imports: OrganizationImports
    preview: Preview
    readiness: Readiness
    registry: CollectorRegistry
    public_url: str
    streams: OpenStreams = field(default_factory=OpenStreams)


def _services(request: Request) -> Services:
    found = request.app.state.services
    assert isinstance(found, Services)  # noqa: S101 - create_app put it there
    return found


CurrentServices = Annotated[Services, Depends(_services)]
"""A handler's parameter of this type gets the services."""
