"""Webhooks: where an organization's events are sent to, and what became of each."""

from typing import Annotated, cast
from uuid import UUID

from fastapi import Query, status

from portway.api.identity import AdminPrincipal
from portway.api.pagination import DEFAULT_LIMIT, Cursor, Limit, after_id, page_of
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.api.webhook_wire import (
    AttemptOutput,
    CreatedWebhookOutput,
    DeliveryDetailOutput,
    DeliveryOutput,
    DeliveryQuery,
    EventOutput,
    EventQuery,
    NewWebhookInput,
    WebhookChangesInput,
    WebhookOutput,
    WebhookSecretOutput,
)
from portway.api.wire import Page
from portway.application.catalog_service import chosen_organization
from portway.application.ports.webhooks import DeliveryFilter, EventFilter, NewWebhook, WebhookChanges
from portway.domain.rules.webhook_delivery import check_webhook_url

router = new_router("/webhooks", "Webhooks")
events_router = new_router("/events", "Webhooks")

OrganizationId = Annotated[UUID | None, Query(description="Of this organization alone")]


@router.get("", responses=problem_responses(403))
async def list_webhooks(
    principal: AdminPrincipal,
    services: CurrentServices,
    organization_id: OrganizationId = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[WebhookOutput]:
    """The webhooks of the organizations that the caller owns or administers."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.webhooks.list(organization_id, after=after_id(cursor), limit=limit + 1)
    return page_of(found, limit, WebhookOutput.model_validate, lambda row: (str(row.id),))


@router.post("", status_code=status.HTTP_201_CREATED, responses=problem_responses(403, 404, 413))
async def create_webhook(
    body: NewWebhookInput, principal: AdminPrincipal, services: CurrentServices
) -> CreatedWebhookOutput:
    """Makes a webhook; for the organization's owners and admins. The answer has the secret of its signatures."""
    check_webhook_url(body.url)
    async with services.unit_of_work(principal.sealed_pass) as work:
        organization_id = await chosen_organization(work, body.organization_id, "/organization_id")
        events = tuple(dict.fromkeys(body.events))
        made = await work.webhooks.create(NewWebhook(organization_id, body.url, body.description, events))
    shown = WebhookOutput.model_validate(made.webhook)
    return CreatedWebhookOutput(**shown.model_dump(), secret=made.secret)


@router.get("/{webhook_id}", responses=problem_responses(403, 404))
async def get_webhook(
    webhook_id: UUID, principal: AdminPrincipal, services: CurrentServices
) -> WebhookOutput:
    """One webhook."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        return WebhookOutput.model_validate(await work.webhooks.get(webhook_id))


@router.patch("/{webhook_id}", responses=problem_responses(403, 404, 413))
async def change_webhook(
    webhook_id: UUID, body: WebhookChangesInput, principal: AdminPrincipal, services: CurrentServices
) -> WebhookOutput:
    """Changes it. One that is disabled gets nothing; one that is enabled again gets what happens from then on."""
    changes = cast("WebhookChanges", body.model_dump(exclude_unset=True))
    if "url" in changes:
        check_webhook_url(changes["url"])
    if "events" in changes:
        changes["events"] = tuple(dict.fromkeys(changes["events"]))
    async with services.unit_of_work(principal.sealed_pass) as work:
        return WebhookOutput.model_validate(await work.webhooks.change(webhook_id, changes))


@router.delete("/{webhook_id}", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(403, 404))
async def delete_webhook(webhook_id: UUID, principal: AdminPrincipal, services: CurrentServices) -> None:
    """Deletes it with its deliveries."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        await work.webhooks.delete(webhook_id)


@router.post("/{webhook_id}/rotate-secret", responses=problem_responses(403, 404))
async def rotate_webhook_secret(
    webhook_id: UUID, principal: AdminPrincipal, services: CurrentServices
) -> WebhookSecretOutput:
    """Makes a new secret. For 24 hours the one before signs as well: each delivery has two signatures."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        return WebhookSecretOutput(secret=await work.webhooks.rotate_secret(webhook_id))


@router.post(
    "/{webhook_id}/test", status_code=status.HTTP_202_ACCEPTED, responses=problem_responses(403, 404)
)
async def test_webhook(
    webhook_id: UUID, principal: AdminPrincipal, services: CurrentServices
) -> DeliveryOutput:
    """Sends it an event of the type `webhook.test`, even while it is disabled."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        return DeliveryOutput.model_validate(await work.webhooks.test(webhook_id))


@router.get("/{webhook_id}/deliveries", responses=problem_responses(403, 404))
async def list_deliveries(
    webhook_id: UUID,
    principal: AdminPrincipal,
    services: CurrentServices,
    asked: Annotated[DeliveryQuery, Query()],
) -> Page[DeliveryOutput]:
    """What was sent to it in the last 30 days, or is going to be, newest first."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        criteria = DeliveryFilter(asked.status, asked.event_type)
        after = after_id(asked.cursor)
        found = await work.webhooks.deliveries(webhook_id, criteria, after=after, limit=asked.limit + 1)
    return page_of(found, asked.limit, DeliveryOutput.model_validate, lambda row: (str(row.id),))


@router.get("/{webhook_id}/deliveries/{delivery_id}", responses=problem_responses(403, 404))
async def get_delivery(
    webhook_id: UUID, delivery_id: UUID, principal: AdminPrincipal, services: CurrentServices
) -> DeliveryDetailOutput:
    """One delivery, with its event and its attempts."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.webhooks.delivery(webhook_id, delivery_id)
        event = await work.webhooks.event(found.event_id)
        attempts = await work.webhooks.attempts(delivery_id)
    return DeliveryDetailOutput(
        **DeliveryOutput.model_validate(found).model_dump(),
        event=EventOutput.model_validate(event),
        attempts_made=[AttemptOutput.model_validate(attempt) for attempt in attempts],
    )


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/replay",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(403, 404),
)
async def replay_delivery(
    webhook_id: UUID, delivery_id: UUID, principal: AdminPrincipal, services: CurrentServices
) -> DeliveryOutput:
    """Sends it once more, whatever became of it, with the same `webhook-id`; again and again until it is taken."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        return DeliveryOutput.model_validate(await work.webhooks.replay(webhook_id, delivery_id))


@events_router.get("", responses=problem_responses(403))
async def list_events(
    principal: AdminPrincipal, services: CurrentServices, asked: Annotated[EventQuery, Query()]
) -> Page[EventOutput]:
    """What happened in the last 30 days and a webhook had asked for, newest first."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        criteria = EventFilter(asked.organization_id, asked.workspace_id, asked.type)
        found = await work.webhooks.events(criteria, after=after_id(asked.cursor), limit=asked.limit + 1)
    return page_of(found, asked.limit, EventOutput.model_validate, lambda row: (str(row.id),))
