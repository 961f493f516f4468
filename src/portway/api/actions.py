"""The actions of an integration."""

from dataclasses import asdict
from functools import partial
from typing import Annotated, cast

from fastapi import Query, status

from portway.api.definition_wire import (
    ActionChangesInput,
    ActionOutput,
    NewActionInput,
)
from portway.api.identity import CurrentPrincipal
from portway.api.integrations import CatalogWriter, OrganizationId, Search
from portway.api.pagination import DEFAULT_LIMIT, Cursor, Limit, decode_cursor, page_of
from portway.api.preview_wire import (
    DraftPreviewInput,
    PreviewedRequestOutput,
    PreviewInput,
    PreviewOutput,
)
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.api.wire import Page
from portway.application import action_listing
from portway.application.action_hints import hints_of
from portway.application.curl import curl_command
from portway.application.ports.catalog_records import ActionChanges, NewAction
from portway.application.previewed_request import PreviewedRequest
from portway.domain.action import Action
from portway.domain.builtin_actions import is_builtin
from portway.domain.integration import Integration

router = new_router("/integrations/{slug}/actions", "Actions")


@router.get("", responses=problem_responses(404))
async def list_actions(
    principal: CurrentPrincipal,
    services: CurrentServices,
    slug: str,
    *,
    organization_id: OrganizationId = None,
    query: Search = None,
    schemas: Annotated[
        bool,
        Query(
            description="false leaves `request_schema`, `transform_config` and `examples` empty, for lists"
        ),
    ] = True,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ActionOutput]:
    """Lists what the integration can do, by slug: its own actions, and those that every integration has."""
    after = None if cursor is None else decode_cursor(cursor, 1)[0]
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.integrations.resolve(slug, organization_id=organization_id)
        actions = await action_listing.list_actions(work, found, query=query, after=after, limit=limit + 1)
    return page_of(actions, limit, partial(_shown, found, schemas=schemas), lambda action: (action.slug,))


@router.post("", status_code=status.HTTP_201_CREATED, responses=problem_responses(403, 404, 409, 413, 422))
async def create_action(
    principal: CatalogWriter,
    services: CurrentServices,
    slug: str,
    body: NewActionInput,
    organization_id: OrganizationId = None,
) -> ActionOutput:
    """Adds an action to your organization's own integration. It can be executed at once."""
    new = NewAction(**body.model_dump())
    return _shown(*await services.catalog.create_action(principal, slug, organization_id, new))


@router.post("/preview", responses=problem_responses(403, 404, 413, 422))
async def preview_draft_action(
    principal: CatalogWriter,
    services: CurrentServices,
    slug: str,
    body: DraftPreviewInput,
    organization_id: OrganizationId = None,
) -> PreviewOutput:
    """Shows the request that an action would send if it were made as in the body. It is checked, and not stored.

    What is wrong with it is said by pointers into `action`, what is wrong with the parameters into `parameters`.
    """
    return _previewed(
        await services.preview.of_draft(
            principal,
            slug,
            organization_id,
            draft=NewAction(**body.action.model_dump()),
            parameters=body.parameters,
            config=body.config,
        )
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
        return _shown(found, await action_listing.find_action(work, found, action))


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
    return _previewed(request)


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
    return _shown(*await services.catalog.change_action(principal, slug, action, organization_id, changes))


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


def _shown(integration: Integration, action: Action, *, schemas: bool = True) -> ActionOutput:
    members = asdict(action)
    examples = action.request_schema.get("examples") if schemas else None
    if not schemas:
        members |= {"request_schema": {}, "transform_config": {}}
    return ActionOutput.model_validate(
        members
        | {
            "hints": hints_of(integration, action),
            "examples": [one for one in examples if isinstance(one, dict)]
            if isinstance(examples, list)
            else [],
            "editable": integration.organization_id is not None and not is_builtin(integration, action),
        }
    )


def _previewed(request: PreviewedRequest | None) -> PreviewOutput:
    if request is None:
        return PreviewOutput(request=None, curl=None)
    return PreviewOutput(request=PreviewedRequestOutput(**asdict(request)), curl=curl_command(request))
