"""Events, and the webhooks of an organization that they are sent to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portway.domain.json_value import JsonObject

TEST_EVENT = "webhook.test"
"""The type of the event that is sent on request, to one webhook."""


class EventType(StrEnum):
    """What a webhook can ask for."""

    CONNECTION_CREATED = "connection.created"
    CONNECTION_REFRESHED = "connection.refreshed"
    CONNECTION_REAUTHORIZATION_REQUIRED = "connection.reauthorization_required"
    CONNECTION_DELETED = "connection.deleted"
    EXECUTION_FAILED = "execution.failed"


class DisabledReason(StrEnum):
    """Why nothing is sent to a webhook: its people said so, it answered 410, or it failed for days."""

    BY_USER = "by_user"
    GONE = "gone"
    FAILING = "failing"


class DeliveryStatus(StrEnum):
    """Where a delivery stands; `failed` is the end of all attempts."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that an organization's events of some types are sent to.

    `failing_since` is the first failed attempt since one succeeded.
    """

    id: UUID
    organization_id: UUID
    url: str
    description: str | None
    events: tuple[EventType, ...]
    disabled_at: datetime | None
    disabled_reason: DisabledReason | None
    failing_since: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, and that a webhook had asked for; `data` are ids, names and codes."""

    id: UUID
    organization_id: UUID
    workspace_id: UUID | None
    type: str
    data: JsonObject
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook. `status_code` and `error` are those of the last attempt."""

    id: UUID
    webhook_id: UUID
    event_id: UUID
    event_type: str
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    completed_at: datetime | None
    status_code: int | None
    error: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One request of a delivery; `answer` is how the answer's body began."""

    id: UUID
    attempted_at: datetime
    duration_ms: float
    status_code: int | None
    error: str | None
    answer: str | None
