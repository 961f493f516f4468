"""The actions of all integrations."""

from dataclasses import asdict
from typing import Annotated

from fastapi import Query

from portway.api.definition_wire import ActionSummaryOutput
from portway.api.identity import CurrentPrincipal
from portway.api.integrations import CategoryName, OrganizationId, Search
from portway.api.pagination import DEFAULT_LIMIT, Cursor, Limit, after_place, page_of, place_key
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.api.wire import Page
from portway.application.action_hints import hints_of_method
from portway.application.ports.catalog_records import ActionFilter, ActionSummary

router = new_router("/actions", "Actions")


@router.get("", responses=problem_responses(404))
async def find_actions(
    principal: CurrentPrincipal,
    services: CurrentServices,
    *,
    organization_id: OrganizationId = None,
    query: Search = None,
    integration: Annotated[str | None, Query(max_length=100, description="The slug of one")] = None,
    category: CategoryName = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ActionSummaryOutput]:
    """Finds actions of all integrations: by slug, or with a query, the best matches first and at most 1000.

    The query's words are looked for in the actions' slugs, names and descriptions, as they are or as the beginnings of
    words; some of them may be the integration's (`slack send message`). Where nothing has them, similar names are.
    """
    criteria = ActionFilter(organization_id, query, integration, category)
    async with services.unit_of_work(principal.sealed_pass) as work:
        if organization_id is not None:
            await work.organizations.get(organization_id)
        found = await work.actions.find(criteria, after=after_place(cursor), limit=limit + 1)
    return page_of(found, limit, _shown, lambda entry: place_key(entry.position))


def _shown(found: ActionSummary) -> ActionSummaryOutput:
    return ActionSummaryOutput.model_validate(asdict(found) | {"hints": hints_of_method(found.http_method)})
