"""All OAuth clients that an organization's connections can be made with. No answer ever holds a secret."""

from dataclasses import asdict

from portway.api.definition_wire import ConfiguredClientOutput
from portway.api.identity import CurrentPrincipal
from portway.api.integrations import OrganizationId
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.api.wire import Page
from portway.application.catalog_service import chosen_organization

router = new_router("/oauth-clients", "Integrations")


@router.get("", responses=problem_responses(404))
async def list_organization_oauth_clients(
    principal: CurrentPrincipal, services: CurrentServices, organization_id: OrganizationId = None
) -> Page[ConfiguredClientOutput]:
    """Lists the OAuth clients that connections of an organization can be made with, by integration: its own, if you
    administer it, and those of the server's environment. One is set and deleted at its integration.
    """
    async with services.unit_of_work(principal.sealed_pass) as work:
        organization = await chosen_organization(work, organization_id, "/query/organization_id")
    found = await services.oauth_clients.of_organization(principal, organization)
    redirect_uri = services.oauth.redirect_uri
    data = [
        ConfiguredClientOutput.model_validate(
            asdict(client)
            | {
                "source": client.source,
                "redirect_uri": redirect_uri,
                "integration_id": integration.id,
                "integration": integration.slug,
                "integration_name": integration.name,
            }
        )
        for integration, client in found
    ]
    return Page(data=data, next_cursor=None)
