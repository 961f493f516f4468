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
from portway.api.pagination import DEFAULT_LIMIT, Cursor, Limit, after_place, page_of, place_key
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices, Services
from portway.api.wire import Page
from portway.application.catalog_service import chosen_organization
from portway.application.oauth_client_service import DEFAULT_NAME, KnownClient
from portway.application.ports.catalog_records import (
    IntegrationChanges,
    IntegrationFilter,
    IntegrationSummary,
    NewIntegration,
    OAuthClientRecord,
)
from portway.application.ports.unit_of_work import UnitOfWork
from portway.domain.credential import OAuthClient
from portway.domain.integration import AuthType, Integration
from portway.domain.principal import Principal, Scope

router = new_router("/integrations", "Integrations")

CatalogWriter = Annotated[Principal, Depends(requires(Scope.CATALOG_WRITE))]
OrganizationId = Annotated[
    UUID | None,
    Query(description="Whose integration is meant; needed only where several of your organizations have one"),
]
Search = Annotated[str | None, Query(max_length=200, description="Text to look for")]
_WITH_REDIRECT = frozenset({AuthType.OAUTH2, AuthType.OAUTH1})
CategoryName = Annotated[str | None, Query(max_length=100)]


@router.get("", responses=problem_responses(404))
async def list_integrations(
    principal: CurrentPrincipal,
    services: CurrentServices,
    *,
    organization_id: OrganizationId = None,
    query: Search = None,
    category: CategoryName = None,
    auth_type: AuthType | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[IntegrationOutput]:
    """Lists what can be connected, by slug; with a query, the best matches first.

    The query's words are looked for in slug, name, description and category, as they are or as the beginnings of words;
    where nothing has them, similar names are found. An organization's own integration stands in for the global one.
    """
    criteria = IntegrationFilter(organization_id, query, category, auth_type)
    async with services.unit_of_work(principal.sealed_pass) as work:
        if organization_id is not None:
            await work.organizations.get(organization_id)
        found = await work.integrations.list(criteria, after=after_place(cursor), limit=limit + 1)
    return page_of(found, limit, _summary, lambda entry: place_key(entry.position))


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


@router.get("/{slug}/oauth-client", responses=problem_responses(404))
async def list_oauth_clients(
    principal: CurrentPrincipal,
    services: CurrentServices,
    slug: str,
    organization_id: OrganizationId = None,
) -> Page[OAuthClientOutput]:
    """Lists the OAuth clients that this integration can be connected with: those of organizations that you administer,
    and that of the server's environment.
    """
    found = await services.oauth_clients.list(principal, slug, organization_id)
    return Page(data=[_client(services, client) for client in found], next_cursor=None)


@router.put("/{slug}/oauth-client", responses=problem_responses(403, 404, 413, 422))
async def set_oauth_client(
    principal: CatalogWriter,
    services: CurrentServices,
    slug: str,
    body: OAuthClientInput,
) -> OAuthClientOutput:
    """Sets an OAuth client that your organization connects this integration with. The secret is kept encrypted.

    With the same `client_id`, the client gets the new secret. Connections that were made with another one keep that.
    """
    async with services.unit_of_work(principal.sealed_pass) as work:
        organization = await chosen_organization(work, body.organization_id, "/organization_id")
    client = OAuthClient(body.client_id, body.client_secret)
    known = await services.oauth_clients.set(principal, slug, organization, client, name=body.name)
    return _client(services, known)


@router.delete(
    "/{slug}/oauth-client", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(403, 404)
)
async def delete_oauth_client(
    principal: CatalogWriter,
    services: CurrentServices,
    slug: str,
    organization_id: OrganizationId = None,
    name: Annotated[str, Query(max_length=100)] = DEFAULT_NAME,
) -> None:
    """Forgets an OAuth client of your organization's. Until it is set again, its connections are not refreshed."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        organization = await chosen_organization(work, organization_id, "/query/organization_id")
    await services.oauth_clients.delete(principal, slug, organization, name=name)


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
            "redirect_uri": services.oauth.redirect_uri if found.auth_type in _WITH_REDIRECT else None,
            "oauth_client": None if client is None else _client(services, client),
        }
    )


def _own(clients: Sequence[OAuthClientRecord], organization_id: UUID | None) -> KnownClient | None:
    """The default one of the organization, or of the only one that has any."""
    records = [
        record
        for record in clients
        if record.name == DEFAULT_NAME and organization_id in (None, record.organization_id)
    ]
    if len(records) != 1:
        return None
    found = records[0]
    return KnownClient(found.client_id, found.has_secret, found.organization_id, found.name, found.updated_at)


def _client(services: Services, client: KnownClient) -> OAuthClientOutput:
    return OAuthClientOutput.model_validate(
        asdict(client) | {"source": client.source, "redirect_uri": services.oauth.redirect_uri}
    )


def _summary(found: IntegrationSummary) -> IntegrationOutput:
    return IntegrationOutput.model_validate(asdict(found.integration) | {"action_count": found.action_count})
