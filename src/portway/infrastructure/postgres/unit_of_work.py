"""One transaction as one caller, on PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from portway.application.ports.imports import ImportRepository
from portway.application.ports.repositories import (
    ActionRepository,
    ApiKeyRepository,
    ConnectionRepository,
    IntegrationRepository,
    InvitationRepository,
    LogRepository,
    OrganizationRepository,
    WorkspaceRepository,
)
from portway.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from portway.application.ports.webhooks import WebhookRepository
from portway.infrastructure.postgres.action_repository import PostgresActionRepository
from portway.infrastructure.postgres.api_key_repository import PostgresApiKeyRepository
from portway.infrastructure.postgres.connection_repository import PostgresConnectionRepository
from portway.infrastructure.postgres.database import Connection, Database
from portway.infrastructure.postgres.import_repository import PostgresImportRepository
from portway.infrastructure.postgres.integration_repository import PostgresIntegrationRepository
from portway.infrastructure.postgres.invitation_repository import PostgresInvitationRepository
from portway.infrastructure.postgres.log_repository import PostgresLogRepository
from portway.infrastructure.postgres.organization_repository import PostgresOrganizationRepository
from portway.infrastructure.postgres.webhook_repository import PostgresWebhookRepository
from portway.infrastructure.postgres.workspace_repository import PostgresWorkspaceRepository


class PostgresUnitOfWork:
    """The repositories over one connection, in whose transaction the policies see the caller."""

    def __init__(self, connection: Connection) -> None:
        self.organizations: OrganizationRepository = PostgresOrganizationRepository(connection)
        self.workspaces: WorkspaceRepository = PostgresWorkspaceRepository(connection)
        self.invitations: InvitationRepository = PostgresInvitationRepository(connection)
        self.api_keys: ApiKeyRepository = PostgresApiKeyRepository(connection)
        self.integrations: IntegrationRepository = PostgresIntegrationRepository(connection)
        self.actions: ActionRepository = PostgresActionRepository(connection)
        self.imports: ImportRepository = PostgresImportRepository(connection)
        self.connections: ConnectionRepository = PostgresConnectionRepository(connection)
        self.logs: LogRepository = PostgresLogRepository(connection)
        self.webhooks: WebhookRepository = PostgresWebhookRepository(connection)


def unit_of_work_factory(database: Database, *, reading: bool = False) -> UnitOfWorkFactory:
    """Units of work over the database; with `reading`, over its replica where there is one."""

    @asynccontextmanager
    async def unit_of_work(sealed_pass: str) -> AsyncIterator[UnitOfWork]:
        transaction = database.reading if reading else database.transaction
        async with transaction(sealed_pass) as connection:
            yield PostgresUnitOfWork(connection)

    return unit_of_work
