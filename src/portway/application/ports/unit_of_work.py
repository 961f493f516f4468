"""One transaction as one caller, with the repositories in it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

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
from portway.application.ports.webhooks import WebhookRepository


class UnitOfWork(Protocol):
    """The repositories show and change only what the caller may; each speaks of that alone."""

    organizations: OrganizationRepository
    workspaces: WorkspaceRepository
    invitations: InvitationRepository
    api_keys: ApiKeyRepository
    integrations: IntegrationRepository
    actions: ActionRepository
    imports: ImportRepository
    connections: ConnectionRepository
    logs: LogRepository
    webhooks: WebhookRepository


UnitOfWorkFactory = Callable[[str], AbstractAsyncContextManager[UnitOfWork]]
"""Takes a sealed pass. Leaving the block commits, an exception in it rolls everything back."""
