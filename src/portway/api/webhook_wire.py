"""Webhooks, events and deliveries on the wire."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from portway.api.definition_wire import absent
from portway.api.pagination import DEFAULT_LIMIT, MAX_LIMIT
from portway.api.wire import Input, Output
from portway.domain.webhook import TEST_EVENT, DeliveryStatus, DisabledReason, EventType

AnyEventType = EventType | Literal["webhook.test"]
"""The types that webhooks ask for, and that of the event which is sent on request."""

assert TEST_EVENT == "webhook.test"  # noqa: S101 - what the type above says

WebhookUrl = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
WebhookDescription = Annotated[str, StringConstraints(max_length=1000)]
EventTypes = Annotated[list[EventType], Field(min_length=1, max_length=len(EventType))]


class NewWebhookInput(Input):
    """A webhook to make: an address with https, and the types of events that are sent there.

    Somebody with several organizations names one.
    """

    url: WebhookUrl
    events: EventTypes
    description: WebhookDescription | None = None
    organization_id: UUID | None = None


class WebhookChangesInput(Input):
    """What is absent stays as it is."""

    url: WebhookUrl = absent()
    events: EventTypes = absent()
    description: WebhookDescription | None = absent()
    disabled: StrictBool = absent()


class PageQuery(BaseModel):
    """Which page of a list. A misspelt condition is refused."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many entries at most")
    cursor: str | None = Field(
        None, max_length=500, description="The `next_cursor` of the page before; opaque"
    )


class DeliveryQuery(PageQuery):
    """Which deliveries of a webhook."""

    status: DeliveryStatus | None = None
    event_type: AnyEventType | None = None


class EventQuery(PageQuery):
    """Which events."""

    organization_id: UUID | None = None
    workspace_id: UUID | None = None
    type: AnyEventType | None = None


class WebhookOutput(Output):
    """A webhook. `disabled_reason` says who disabled it; `failing_since` is when it began to take nothing any more."""

    id: UUID
    organization_id: UUID
    url: str
    description: str | None
    events: list[EventType]
    disabled_at: AwareDatetime | None
    disabled_reason: DisabledReason | None
    failing_since: AwareDatetime | None
    created_at: AwareDatetime


class CreatedWebhookOutput(WebhookOutput):
    """A new webhook. `secret`, which its deliveries are signed with, is shown only now."""

    secret: str


class WebhookSecretOutput(Output):
    """A new secret, which is shown only now."""

    secret: str


class EventOutput(Output):
    """Something that happened. `data` are ids, names and codes."""

    id: UUID
    organization_id: UUID
    workspace_id: UUID | None
    type: AnyEventType
    data: dict[str, Any]
    occurred_at: AwareDatetime


class DeliveryOutput(Output):
    """An event on its way to a webhook; `status_code` and `error` are those of the last attempt."""

    id: UUID
    webhook_id: UUID
    event_id: UUID
    event_type: AnyEventType
    status: DeliveryStatus
    attempts: int
    next_attempt_at: AwareDatetime | None
    completed_at: AwareDatetime | None
    status_code: int | None
    error: str | None
    created_at: AwareDatetime


class AttemptOutput(Output):
    """One request of a delivery; `answer` is how the body of the answer began."""

    id: UUID
    attempted_at: AwareDatetime
    duration_ms: float
    status_code: int | None
    error: str | None
    answer: str | None


class DeliveryDetailOutput(DeliveryOutput):
    """A delivery with its event and its last hundred attempts, oldest first."""

    event: EventOutput
    attempts_made: list[AttemptOutput]
