"""Webhooks: as their organization's owners and admins see them, and as the worker that sends events does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypedDict
from uuid import UUID

from portway.domain.webhook import Delivery, DeliveryAttempt, DeliveryStatus, Event, EventType, Webhook


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook to make."""

    organization_id: UUID
    url: str
    description: str | None
    events: tuple[EventType, ...]


@dataclass(frozen=True, slots=True)
class CreatedWebhook:
    """A webhook and what its deliveries are signed with, which is known only now."""

    webhook: Webhook
    secret: str = field(repr=False)


class WebhookChanges(TypedDict, total=False):
    """What is absent stays as it is."""

    url: str
    description: str | None
    events: tuple[EventType, ...]
    disabled: bool


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; None means any."""

    organization_id: UUID | None = None
    workspace_id: UUID | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which of a webhook's deliveries; None means any."""

    status: DeliveryStatus | None = None
    event_type: str | None = None


class WebhookRepository(Protocol):
    """Webhooks of organizations that the caller administers. For all others it raises NotFound."""

    async def list(
        self, organization_id: UUID | None, *, after: UUID | None, limit: int
    ) -> Sequence[Webhook]:
        """At most `limit` of them, by id, of one organization or of all."""
        ...

    async def get(self, webhook_id: UUID) -> Webhook: ...

    async def create(self, webhook: NewWebhook) -> CreatedWebhook:
        """A new one. Raises Forbidden where the caller does not administer the organization."""
        ...

    async def change(self, webhook_id: UUID, changes: WebhookChanges) -> Webhook: ...

    async def delete(self, webhook_id: UUID) -> None:
        """Deletes it with its deliveries."""
        ...

    async def rotate_secret(self, webhook_id: UUID) -> str:
        """A new secret. The one before signs beside it for a day."""
        ...

    async def test(self, webhook_id: UUID) -> Delivery:
        """Sends it an event of the type TEST_EVENT."""
        ...

    async def deliveries(
        self, webhook_id: UUID, criteria: DeliveryFilter, *, after: UUID | None, limit: int
    ) -> Sequence[Delivery]:
        """At most `limit` of them, newest first."""
        ...

    async def delivery(self, webhook_id: UUID, delivery_id: UUID) -> Delivery: ...

    async def attempts(self, delivery_id: UUID) -> Sequence[DeliveryAttempt]:
        """The last hundred attempts of a delivery, oldest first."""
        ...

    async def replay(self, webhook_id: UUID, delivery_id: UUID) -> Delivery:
        """Sends it once more, from the beginning."""
        ...

    async def events(self, criteria: EventFilter, *, after: UUID | None, limit: int) -> Sequence[Event]:
        """At most `limit` of them, newest first."""
        ...

    async def event(self, event_id: UUID) -> Event: ...


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """What to send now. `data` is JSON; `attempts` have failed since the beginning or the last replay."""

    url: str
    secrets: tuple[str, ...] = field(repr=False)
    event_id: UUID
    event_type: str
    occurred_at: datetime
    data: str
    attempts: int


class Outcome(StrEnum):
    """How an attempt ended; after `gone` nothing is sent to that webhook any more."""

    DELIVERED = "delivered"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of sending. `next_attempt_at` is None where it is not tried again."""

    attempted_at: datetime
    duration_ms: float
    outcome: Outcome
    status_code: int | None = None
    error: str | None = None
    answer: str | None = None
    next_attempt_at: datetime | None = None


class WebhookOutbox(Protocol):
    """Deliveries that are due, for the worker. Every method raises Unavailable where the database does not answer."""

    async def begin(self, delivery_id: UUID) -> DueDelivery | None:
        """What to send, claimed for a minute; None where it is not to be sent, or not now."""
        ...

    async def record(self, delivery_id: UUID, attempt: Attempt) -> None:
        """Keeps an attempt, and has the next one made when its time comes.

        Disables a webhook that is gone, or that has failed for five days.
        """
        ...

    async def tidy(self) -> int:
        """Deletes events that occurred 30 days ago, with their deliveries; returns how many went.

        Takes up deliveries that nobody is going to make.
        """
        ...
