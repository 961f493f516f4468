"""Deliveries in memory."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from portway.application.ports.clock import Clock, system_clock
from portway.application.ports.webhooks import Attempt, DueDelivery, Outcome

CLAIM = timedelta(minutes=1)
FAILING_DAYS = timedelta(days=5)


@dataclass
class StoredEndpoint:
    """A webhook's row, as far as sending looks at it."""

    url: str
    secrets: tuple[str, ...]
    disabled_reason: str | None = None
    failing_since: datetime | None = None


@dataclass
class StoredDelivery:
    """A delivery's row. `jobs` are the times at which somebody will look at it."""

    endpoint: StoredEndpoint
    due: DueDelivery
    status: str = "pending"
    attempts: int = 0
    next_attempt_at: datetime | None = None
    claimed_until: datetime | None = None
    error: str | None = None
    log: list[Attempt] = field(default_factory=list)
    jobs: list[datetime | None] = field(default_factory=lambda: [None])


class InMemoryWebhookOutbox:
    """Implements WebhookOutbox."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self.deliveries: dict[UUID, StoredDelivery] = {}
        self._clock = clock

    def add(self, url: str, secrets: tuple[str, ...]) -> UUID:
        """A delivery that is due at once."""
        delivery_id = uuid4()
        due = DueDelivery(url, secrets, uuid4(), "connection.created", datetime.now(UTC), '{"n": 1}', 0)
        self.deliveries[delivery_id] = StoredDelivery(
            StoredEndpoint(url, secrets), due, next_attempt_at=self._clock()
        )
        return delivery_id

    async def begin(self, delivery_id: UUID) -> DueDelivery | None:
        found, now = self.deliveries.get(delivery_id), self._clock()
        if (
            found is None
            or found.next_attempt_at is None
            or found.next_attempt_at > now + timedelta(seconds=1)
        ):
            return None
        if found.endpoint.disabled_reason is not None:
            self._end(found, "failed", "webhook_disabled")
            return None
        if found.claimed_until is not None and found.claimed_until > now:
            found.jobs.append(found.claimed_until)
            return None
        found.claimed_until = now + CLAIM
        return replace(
            found.due, url=found.endpoint.url, secrets=found.endpoint.secrets, attempts=found.attempts
        )

    async def record(self, delivery_id: UUID, attempt: Attempt) -> None:
        found = self.deliveries.get(delivery_id)
        if found is None:
            return
        found.log.append(attempt)
        found.attempts += 1
        found.claimed_until, found.error = None, attempt.error
        if attempt.outcome is Outcome.DELIVERED:
            found.endpoint.failing_since = None
            self._end(found, "delivered", None)
            return
        self._failed(found.endpoint, attempt)
        if attempt.outcome is Outcome.GONE or attempt.next_attempt_at is None:
            self._end(found, "failed", attempt.error)
        else:
            found.next_attempt_at = attempt.next_attempt_at
            found.jobs.append(attempt.next_attempt_at)

    async def tidy(self) -> int:
        return 0

    def _failed(self, endpoint: StoredEndpoint, attempt: Attempt) -> None:
        endpoint.failing_since = endpoint.failing_since or attempt.attempted_at
        if attempt.outcome is Outcome.GONE:
            endpoint.disabled_reason = "gone"
        elif endpoint.failing_since < self._clock() - FAILING_DAYS:
            endpoint.disabled_reason = "failing"

    @staticmethod
    def _end(delivery: StoredDelivery, status: str, error: str | None) -> None:
        delivery.status, delivery.error = status, error
        delivery.next_attempt_at = delivery.claimed_until = None
