"""The catalog's integrations, and organizations' own OAuth clients at them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Query, status

from portway.api.definition_wire import (
    IntegrationChangesInput,
    IntegrationDetailOutput,
    IntegrationOutput,
    NewIntegrationInput,
    OAuthClientInput,
    OAuthClientOutput,
)
from portway.api.identity import CurrentPrincipal, requires
from portway.api.pagination import DEFAULT_LIMIT, Cursor, Limit, decode_cursor, not_a_cursor, page_of
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices, Services
from portway.api.wire import Page
from portway.application.catalog_service import chosen_organization
from portway.application.ports.catalog_records import (
    IntegrationChanges,
    IntegrationFilter,
    IntegrationSummary,
    NewIntegration,
    OAuthClientRecord,
)
from portway.application.ports.unit_of_work import UnitOfWork
from portway.domain.credential import OAuthClient
from portway.domain.errors import NotFound
from portway.domain.integration import AuthType, Integration
from portway.domain.principal import Principal, Scope

router = new_router("/integrations", "Integrations")

CatalogWriter = Annotated[Principal, Depends(requires(Scope.CATALOG_WRITE))]
OrganizationId = Annotated[
    UUID | None,
    Query(description="Whose integration is meant; needed only where several of your organizations have one"),
]
Search = Annotated[str | None, Query(max_length=200, description="Text to look for")]
_Category = Annotated[str | None, Query(max_length=100)]


@router.get("", responses=problem_responses(404))
async def list_integrations(
    principal: CurrentPrincipal,
    services: CurrentServices,
    *,
    organization_id: OrganizationId = None,
    query: Search = None,
    category: _Category = None,
    auth_type: AuthType | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[IntegrationOutput]:
    """Lists what can be connected, by slug. An organization's own integration stands in for the global one."""
    criteria = IntegrationFilter(organization_id, query, category, auth_type)
    async with services.unit_of_work(principal.sealed_pass) as work:
        if organization_id is not None:
            await work.organizations.get(organization_id)
        found = await work.integrations.list(criteria, after=_after(cursor), limit=limit + 1)
    return page_of(found, limit, _summary, _key)


@router.post("", status_code=status.HTTP_201_CREATED, responses=problem_responses(403, 404, 409, 413, 422))
async def create_integration(
    principal: CatalogWriter, services: CurrentServices, body: NewIntegrationInput
) -> IntegrationDetailOutput:
    """Makes an integration of your organization's own. One with a global one's slug takes its place there."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        organization_id = await chosen_organization(work, body.organization_id, "/organization_id")
    members = body.model_dump(exclude={"organization_id"})
    made = await services.catalog.create_integration(
        principal, NewIntegration(organization_id=organization_id, **members)
    )
    return _detail(services, made, 0, [], organization_id)


@router.get("/{slug}", responses=problem_responses(404))
async def get_integration(
    principal: CurrentPrincipal,
    services: CurrentServices,
    slug: str,
    organization_id: OrganizationId = None,
) -> IntegrationDetailOutput:
    """Shows one, with its redirect URI and your organization's OAuth client."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.integrations.resolve(slug, organization_id=organization_id)
        return await _detailed(services, work, found, organization_id)


@router.patch("/{slug}", responses=problem_responses(403, 404, 409, 413, 422))
async def change_integration(
    principal: CatalogWriter,
    services: CurrentServices,
    slug: str,
    body: IntegrationChangesInput,
    organization_id: OrganizationId = None,
) -> IntegrationDetailOutput:
    """Changes your organization's own. One moved to another address needs its connections authorized again."""
    changes = cast("IntegrationChanges", body.model_dump(exclude_unset=True))
    changed = await services.catalog.change_integration(principal, slug, organization_id, changes)
    async with services.unit_of_work(principal.sealed_pass) as work:
        return await _detailed(services, work, changed, organization_id)


@router.delete("/{slug}", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(403, 404, 409))
async def delete_integration(
    principal: CatalogWriter,
    services: CurrentServices,
    slug: str,
    organization_id: OrganizationId = None,
) -> None:
    """Deletes your organization's own with its actions, unless a connection uses it."""
    await services.catalog.delete_integration(principal, slug, organization_id)


@router.put("/{slug}/oauth-client", responses=problem_responses(403, 404, 413, 422))
async def set_oauth_client(
    principal: CatalogWriter,
    services: CurrentServices,
    slug: str,
    body: OAuthClientInput,
) -> OAuthClientOutput:
    """Sets the OAuth client that your organization connects this integration with. The secret is kept encrypted."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        organization = await chosen_organization(work, body.organization_id, "/organization_id")
    client = OAuthClient(body.client_id, body.client_secret)
    await services.connections.set_oauth_client(principal, slug, organization, client)
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.integrations.resolve(slug, organization_id=organization)
        record = _own(await work.integrations.oauth_clients(found.id), organization)
    if record is None:
        raise NotFound
    return OAuthClientOutput.model_validate(record)


@router.delete(
    "/{slug}/oauth-client", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(403, 404)
)
async def delete_oauth_client(
    principal: CatalogWriter,
    services: CurrentServices,
    slug: str,
    organization_id: OrganizationId = None,
) -> None:
    """Forgets your organization's OAuth client there. Connections made with it can no longer be refreshed."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        organization = await chosen_organization(work, organization_id, "/query/organization_id")
        found = await work.integrations.resolve(slug, organization_id=organization)
        await work.integrations.delete_oauth_client(organization, found.id)


async def _detailed(
    services: Services, work: UnitOfWork, found: Integration, organization_id: UUID | None
) -> IntegrationDetailOutput:
    count = await work.integrations.count_actions(found.id)
    clients = await work.integrations.oauth_clients(found.id)
    return _detail(services, found, count, clients, organization_id)


def _detail(
    services: Services,
    found: Integration,
    action_count: int,
    clients: Sequence[OAuthClientRecord],
    organization_id: UUID | None,
) -> IntegrationDetailOutput:
    client = _own(clients, organization_id or found.organization_id)
    return IntegrationDetailOutput.model_validate(
        asdict(found)
        | {
            "action_count": action_count,
            "redirect_uri": services.oauth.redirect_uri if found.auth_type is AuthType.OAUTH2 else None,
            "oauth_client": client,
        }
    )


def _own(clients: Sequence[OAuthClientRecord], organization_id: UUID | None) -> OAuthClientRecord | None:
    """That of the organization, or the only one."""
    if organization_id is None:
        return clients[0] if len(clients) == 1 else None
    return next((client for client in clients if client.organization_id == organization_id), None)


def _summary(found: IntegrationSummary) -> IntegrationOutput:
    return IntegrationOutput.model_validate(asdict(found.integration) | {"action_count": found.action_count})


def _key(found: IntegrationSummary) -> tuple[str, str]:
    return found.integration.slug, str(found.integration.id)


def _after(cursor: str | None) -> tuple[str, UUID] | None:
    if cursor is None:
        return None
    slug, last = decode_cursor(cursor, 2)
    try:
        return slug, UUID(last)
    except ValueError as error:
        raise not_a_cursor() from error
