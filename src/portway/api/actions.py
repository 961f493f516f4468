"""The actions of an integration."""

from dataclasses import asdict
from typing import cast

from fastapi import status

from portway.api.definition_wire import (
    ActionChangesInput,
    ActionOutput,
    NewActionInput,
    PreviewedRequestOutput,
    PreviewInput,
    PreviewOutput,
)
from portway.api.identity import CurrentPrincipal
from portway.api.integrations import CatalogWriter, OrganizationId, Search
from portway.api.pagination import DEFAULT_LIMIT, Cursor, Limit, decode_cursor, page_of
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.api.wire import Page
from portway.application import action_listing
from portway.application.ports.catalog_records import ActionChanges, NewAction
from portway.domain.action import Action

router = new_router("/integrations/{slug}/actions", "Actions")


@router.get("", responses=problem_responses(404))
async def list_actions(
    principal: CurrentPrincipal,
    services: CurrentServices,
    slug: str,
    *,
    organization_id: OrganizationId = None,
    query: Search = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ActionOutput]:
    """Lists what the integration can do, by slug: its own actions, and those that every integration has."""
    after = None if cursor is None else decode_cursor(cursor, 1)[0]
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.integrations.resolve(slug, organization_id=organization_id)
        actions = await action_listing.list_actions(work, found, query=query, after=after, limit=limit + 1)
    return page_of(actions, limit, _shown, lambda action: (action.slug,))


@router.post("", status_code=status.HTTP_201_CREATED, responses=problem_responses(403, 404, 409, 413, 422))
async def create_action(
    principal: CatalogWriter,
    services: CurrentServices,
    slug: str,
    body: NewActionInput,
    organization_id: OrganizationId = None,
) -> ActionOutput:
    """Adds an action to your organization's own integration. It can be executed at once."""
    return _shown(
        await services.catalog.create_action(principal, slug, organization_id, NewAction(**body.model_dump()))
    )


@router.get("/{action}", responses=problem_responses(404))
async def get_action(
    principal: CurrentPrincipal,
    services: CurrentServices,
    slug: str,
    action: str,
    organization_id: OrganizationId = None,
) -> ActionOutput:
    """Shows one, with the JSON Schema of its parameters."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.integrations.resolve(slug, organization_id=organization_id)
        return _shown(await action_listing.find_action(work, found, action))


@router.post("/{action}/preview", responses=problem_responses(404, 413, 422))
async def preview_action(
    principal: CurrentPrincipal,
    services: CurrentServices,
    slug: str,
    *,
    action: str,
    body: PreviewInput,
    organization_id: OrganizationId = None,
) -> PreviewOutput:
    """Shows the request that the action would send for these parameters, and sends nothing.

    `CREDENTIAL` stands where the connection's credential would be.
    """
    request = await services.preview.of_action(
        principal, slug, action, organization_id, parameters=body.parameters, config=body.config
    )
    return PreviewOutput(request=None if request is None else PreviewedRequestOutput(**asdict(request)))


@router.patch("/{action}", responses=problem_responses(403, 404, 413, 422))
async def change_action(
    principal: CatalogWriter,
    services: CurrentServices,
    slug: str,
    *,
    action: str,
    body: ActionChangesInput,
    organization_id: OrganizationId = None,
) -> ActionOutput:
    """Changes an action of your organization's own integration."""
    changes = cast("ActionChanges", body.model_dump(exclude_unset=True))
    return _shown(await services.catalog.change_action(principal, slug, action, organization_id, changes))


@router.delete("/{action}", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(403, 404))
async def delete_action(
    principal: CatalogWriter,
    services: CurrentServices,
    slug: str,
    action: str,
    organization_id: OrganizationId = None,
) -> None:
    """Deletes an action of your organization's own integration. Its executions stay in the log."""
    await services.catalog.delete_action(principal, slug, action, organization_id)


def _shown(action: Action) -> ActionOutput:
    return ActionOutput.model_validate(asdict(action))
