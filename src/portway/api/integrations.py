"""The catalog's integrations, and organizations' own OAuth clients at them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Query, status

from portway.api.definition_wire import (
    FacetOutput,
    IntegrationChangesInput,
    IntegrationDetailOutput,
    IntegrationFacetsOutput,
    IntegrationOutput,
    IntegrationPage,
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
from portway.application import connect_schema
from portway.application.catalog_service import chosen_organization
from portway.application.oauth_client_service import DEFAULT_NAME, KnownClient
from portway.application.ports.catalog_records import (
    IntegrationChanges,
    IntegrationFacet,
    IntegrationFilter,
    IntegrationSummary,
    NewIntegration,
    OAuthClientRecord,
)
from portway.application.ports.unit_of_work import UnitOfWork
from portway.domain.credential import OAuthClient
from portway.domain.errors import Fault, MalformedRequest
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
WorkspaceId = Annotated[
    UUID | None,
    Query(
        description="Also stands for its organization, and counts the connections that it has of each integration"
    ),
]


@router.get("", responses=problem_responses(404))
async def list_integrations(
    principal: CurrentPrincipal,
    services: CurrentServices,
    *,
    organization_id: OrganizationId = None,
    query: Search = None,
    category: CategoryName = None,
    auth_type: AuthType | None = None,
    workspace_id: WorkspaceId = None,
    connected: Annotated[
        bool | None, Query(description="With or without a connection in the workspace, which has to be named")
    ] = None,
    own: Annotated[bool | None, Query(description="Your organizations' own, or those for everybody")] = None,
    facets: Annotated[bool, Query(description="Also count what the query finds, by each filter")] = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> IntegrationPage:
    """Lists what can be connected, by slug; with a query, the best matches first.

    The query's words are looked for in slug, name, description and category, as they are or as the beginnings of words;
    where nothing has them, similar names are found. An organization's own integration stands in for the global one.
    """
    if connected is not None and workspace_id is None:
        raise MalformedRequest(faults=[Fault("/query/workspace_id", "Say in which workspace.")])
    async with services.unit_of_work(principal.sealed_pass) as work:
        organization_id = await _organization(work, organization_id, workspace_id)
        criteria = IntegrationFilter(
            organization_id, query, category, auth_type, workspace_id, connected, own
        )
        found = await work.integrations.list(criteria, after=after_place(cursor), limit=limit + 1)
        counted = await work.integrations.facets(criteria) if facets else None
    page = page_of(found, limit, partial(_summary, services), lambda entry: place_key(entry.position))
    return IntegrationPage(
        data=page.data, next_cursor=page.next_cursor, facets=None if counted is None else _facets(counted)
    )


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
    async with services.unit_of_work(principal.sealed_pass) as work:
        return await _detailed(services, work, made, organization_id)


@router.get("/{slug}", responses=problem_responses(404))
async def get_integration(
    principal: CurrentPrincipal,
    services: CurrentServices,
    slug: str,
    organization_id: OrganizationId = None,
    workspace_id: WorkspaceId = None,
) -> IntegrationDetailOutput:
    """Shows one: what connecting it asks for, its redirect URI, and your organization's OAuth client."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        organization_id = await _organization(work, organization_id, workspace_id)
        found = await work.integrations.resolve(slug, organization_id=organization_id)
        return await _detailed(services, work, found, organization_id, workspace_id)


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


async def _organization(
    work: UnitOfWork, organization_id: UUID | None, workspace_id: UUID | None
) -> UUID | None:
    """The organization that is meant. Raises NotFound for one, or a workspace, that is not the caller's."""
    if workspace_id is not None:
        found = (await work.workspaces.get(workspace_id)).organization_id
        if organization_id not in (None, found):
            raise MalformedRequest(
                faults=[Fault("/query/workspace_id", "This workspace is another organization's.")]
            )
        return found
    if organization_id is not None:
        await work.organizations.get(organization_id)
    return organization_id


async def _detailed(
    services: Services,
    work: UnitOfWork,
    found: Integration,
    organization_id: UUID | None,
    workspace_id: UUID | None = None,
) -> IntegrationDetailOutput:
    summary = await work.integrations.summary(
        found, organization_id=organization_id, workspace_id=workspace_id
    )
    client = _own(await work.integrations.oauth_clients(found.id), organization_id or found.organization_id)
    of_actions = await work.integrations.scopes(found.id)
    fault = connect_schema.fault_of(found)
    connecting: dict[str, object] = {"credential_schema": None, "config_schema": None, "scopes": ()}
    if fault is None:
        connecting = {
            "credential_schema": connect_schema.credential_schema(found),
            "config_schema": connect_schema.config_schema(found),
            "scopes": connect_schema.offered_scopes(found, of_actions),
        }
    return IntegrationDetailOutput.model_validate(
        _members(services, summary)
        | connecting
        | {
            "fault": fault,
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


def _summary(services: Services, found: IntegrationSummary) -> IntegrationOutput:
    return IntegrationOutput.model_validate(_members(services, found))


def _members(services: Services, found: IntegrationSummary) -> dict[str, object]:
    integration = found.integration
    return asdict(integration) | {
        "action_count": found.action_count,
        "connects_by": connect_schema.connects_by(integration),
        "oauth_client_source": services.oauth_clients.source(integration, has_own=found.has_own_client),
        "connections": found.connections,
    }


def _facets(counted: Sequence[IntegrationFacet]) -> IntegrationFacetsOutput:
    categories: Counter[str] = Counter()
    auth_types: Counter[str] = Counter()
    for facet in counted:
        categories[facet.category] += facet.count
        auth_types[facet.auth_type.value] += facet.count
    return IntegrationFacetsOutput(
        total=sum(facet.count for facet in counted),
        own=sum(facet.count for facet in counted if facet.own),
        connected=sum(facet.count for facet in counted if facet.connected),
        categories=_by_value(categories),
        auth_types=_by_value(auth_types),
    )


def _by_value(counts: Counter[str]) -> list[FacetOutput]:
    return [FacetOutput(value=value, count=count) for value, count in sorted(counts.items())]
