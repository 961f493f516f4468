"""Deliveries that are due: the fake and PostgreSQL alike."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, Protocol
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from portway.application.ports.webhooks import Attempt, Outcome, WebhookOutbox
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.webhook_outbox import PostgresWebhookOutbox
from tests.fakes.webhook_outbox import InMemoryWebhookOutbox
from tests.people import as_app, new_person

URL = "https://hooks.example/in"


class OutboxWorld(Protocol):
    """An outbox, and what may be arranged behind its back."""

    @property
    def outbox(self) -> WebhookOutbox: ...
    async def delivery(self) -> UUID:
        """A new one that is due, to a webhook of its own."""
        ...

    async def row(self, delivery_id: UUID) -> dict[str, Any]:
        """status, attempts, error, due, claimed, jobs, disabled_reason, failing."""
        ...

    async def pass_time(self, delivery_id: UUID, seconds: float) -> None: ...
    async def disable(self, delivery_id: UUID) -> None: ...


class MemoryOutboxWorld:
    """The fake's own."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.outbox = InMemoryWebhookOutbox(lambda: self.now)

    async def delivery(self) -> UUID:
        return self.outbox.add(URL, ("whsec_YQ==",))

    async def row(self, delivery_id: UUID) -> dict[str, Any]:
        found = self.outbox.deliveries[delivery_id]
        return {
            "status": found.status,
            "attempts": found.attempts,
            "error": found.error,
            "due": found.next_attempt_at is not None,
            "claimed": found.claimed_until is not None and found.claimed_until > self.now,
            "jobs": len(found.jobs),
            "disabled_reason": found.endpoint.disabled_reason,
            "failing": found.endpoint.failing_since is not None,
        }

    async def pass_time(self, delivery_id: UUID, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def disable(self, delivery_id: UUID) -> None:
        self.outbox.deliveries[delivery_id].endpoint.disabled_reason = "by_user"


class PostgresOutboxWorld:
    """The real one; its superuser turns clocks back."""

    def __init__(self, urls: DatabaseUrls, database: Database, superuser: psycopg.Connection[Any]) -> None:
        self.outbox = PostgresWebhookOutbox(database)
        self._urls = urls
        self._superuser = superuser

    @classmethod
    @asynccontextmanager
    async def on(cls, urls: DatabaseUrls) -> AsyncIterator["PostgresOutboxWorld"]:
        database = Database(urls.app, worker_url=urls.worker, max_size=2)
        await database.open()
        try:
            with psycopg.connect(urls.superuser, autocommit=True, row_factory=dict_row) as superuser:
                yield cls(urls, database, superuser)
        finally:
            await database.close()

    async def delivery(self) -> UUID:
        person = new_person(self._urls)
        ((webhook_id, _),) = as_app(
            self._urls,
            "SELECT * FROM app.create_webhook_endpoint(%s, %s, %s, NULL, '{connection.created}')",
            person.sealed_pass,
            person.organization_id,
            URL,
        )
        made = self._run(
            "SELECT unnest(app.record_event('connection.created', %s, NULL, '{}', ARRAY[%s]::uuid[])) AS id",
            person.organization_id,
            webhook_id,
        )
        delivery_id: UUID = made[0]["id"]
        return delivery_id

    async def row(self, delivery_id: UUID) -> dict[str, Any]:
        return self._run(
            "SELECT d.status, d.attempts, d.error, d.next_attempt_at IS NOT NULL AS due,"
            " coalesce(d.claimed_until > now(), false) AS claimed, w.disabled_reason,"
            " w.failing_since IS NOT NULL AS failing, (SELECT count(*) FROM jobs.procrastinate_jobs AS j"
            "  WHERE j.args ->> 'delivery_id' = d.id::text) AS jobs"
            " FROM webhook_deliveries AS d JOIN webhook_endpoints AS w ON w.id = d.endpoint_id WHERE d.id = %s",
            delivery_id,
        )[0]

    async def pass_time(self, delivery_id: UUID, seconds: float) -> None:
        self._run(
            "WITH moved AS (UPDATE webhook_deliveries"
            "  SET next_attempt_at = next_attempt_at - make_interval(secs => %s),"
            "  claimed_until = claimed_until - make_interval(secs => %s) WHERE id = %s RETURNING endpoint_id)"
            " UPDATE webhook_endpoints SET failing_since = failing_since - make_interval(secs => %s)"
            " WHERE id = (SELECT endpoint_id FROM moved) RETURNING id",
            seconds,
            seconds,
            delivery_id,
            seconds,
        )

    async def disable(self, delivery_id: UUID) -> None:
        self._run(
            "UPDATE webhook_endpoints SET disabled_at = now(), disabled_reason = 'by_user'"
            " WHERE id = (SELECT endpoint_id FROM webhook_deliveries WHERE id = %s) RETURNING id",
            delivery_id,
        )

    def _run(self, statement: LiteralString, *values: object) -> list[dict[str, Any]]:
        return self._superuser.execute(statement, values).fetchall()


@pytest.fixture(params=["memory", "postgres"])
async def outbox_world(request: pytest.FixtureRequest) -> AsyncIterator[OutboxWorld]:
    if request.param == "memory":
        yield MemoryOutboxWorld()
    else:
        async with PostgresOutboxWorld.on(request.getfixturevalue("database_urls")) as real:
            yield real


def attempt(outcome: Outcome = Outcome.FAILED, again_in: float | None = None, **members: Any) -> Attempt:
    now = datetime.now(UTC)
    again_at = None if again_in is None else now + timedelta(seconds=again_in)
    return Attempt(now, 12.5, outcome, error="upstream_error", next_attempt_at=again_at, **members)


async def test_a_due_delivery_is_claimed_by_one(outbox_world: OutboxWorld) -> None:
    delivery_id = await outbox_world.delivery()
    due = await outbox_world.outbox.begin(delivery_id)
    assert due is not None
    assert (due.url, due.event_type, due.attempts) == (URL, "connection.created", 0)
    assert len(due.secrets) == 1
    assert (await outbox_world.row(delivery_id))["claimed"]
    # Who comes second is sent away, and somebody looks again when the claim is over: its holder may have died.
    assert await outbox_world.outbox.begin(delivery_id) is None
    assert (await outbox_world.row(delivery_id))["jobs"] == 2
    await outbox_world.pass_time(delivery_id, 61)
    assert await outbox_world.outbox.begin(delivery_id) is not None


async def test_one_that_was_taken_is_done(outbox_world: OutboxWorld) -> None:
    delivery_id = await outbox_world.delivery()
    await outbox_world.outbox.begin(delivery_id)
    await outbox_world.outbox.record(delivery_id, attempt(Outcome.DELIVERED, status_code=204))
    row = await outbox_world.row(delivery_id)
    assert (row["status"], row["attempts"], row["due"], row["error"]) == ("delivered", 1, False, None)
    assert not row["failing"]
    assert await outbox_world.outbox.begin(delivery_id) is None


async def test_one_that_failed_waits_for_its_time(outbox_world: OutboxWorld) -> None:
    delivery_id = await outbox_world.delivery()
    await outbox_world.outbox.begin(delivery_id)
    await outbox_world.outbox.record(delivery_id, attempt(again_in=300))
    row = await outbox_world.row(delivery_id)
    assert (row["status"], row["error"], row["due"], row["claimed"]) == (
        "pending",
        "upstream_error",
        True,
        False,
    )
    assert row["failing"]
    assert row["jobs"] == 2
    assert await outbox_world.outbox.begin(delivery_id) is None
    assert (await outbox_world.row(delivery_id))["jobs"] == 2
    await outbox_world.pass_time(delivery_id, 300)
    due = await outbox_world.outbox.begin(delivery_id)
    assert due is not None
    assert due.attempts == 1
    await outbox_world.outbox.record(delivery_id, attempt(Outcome.DELIVERED))
    assert not (await outbox_world.row(delivery_id))["failing"]


async def test_the_last_attempt_is_the_end(outbox_world: OutboxWorld) -> None:
    delivery_id = await outbox_world.delivery()
    await outbox_world.outbox.begin(delivery_id)
    await outbox_world.outbox.record(delivery_id, attempt())
    row = await outbox_world.row(delivery_id)
    assert (row["status"], row["due"], row["disabled_reason"]) == ("failed", False, None)


async def test_a_webhook_that_is_gone_is_disabled(outbox_world: OutboxWorld) -> None:
    delivery_id = await outbox_world.delivery()
    await outbox_world.outbox.begin(delivery_id)
    await outbox_world.outbox.record(delivery_id, attempt(Outcome.GONE, again_in=5))
    row = await outbox_world.row(delivery_id)
    assert (row["status"], row["disabled_reason"]) == ("failed", "gone")


@pytest.mark.parametrize(("days", "reason"), [(4.9, None), (5.1, "failing")])
async def test_so_is_one_that_failed_for_five_days(
    outbox_world: OutboxWorld, days: float, reason: str | None
) -> None:
    delivery_id = await outbox_world.delivery()
    await outbox_world.outbox.begin(delivery_id)
    await outbox_world.outbox.record(delivery_id, attempt(again_in=5))
    await outbox_world.pass_time(delivery_id, days * 24 * 3600)
    await outbox_world.outbox.begin(delivery_id)
    await outbox_world.outbox.record(delivery_id, attempt(again_in=5))
    assert (await outbox_world.row(delivery_id))["disabled_reason"] == reason


async def test_nothing_is_sent_to_a_disabled_webhook(outbox_world: OutboxWorld) -> None:
    delivery_id = await outbox_world.delivery()
    await outbox_world.disable(delivery_id)
    assert await outbox_world.outbox.begin(delivery_id) is None
    row = await outbox_world.row(delivery_id)
    assert (row["status"], row["error"]) == ("failed", "webhook_disabled")


async def test_of_what_was_deleted_nothing_is_kept(outbox_world: OutboxWorld) -> None:
    stranger = uuid4()
    assert await outbox_world.outbox.begin(stranger) is None
    await outbox_world.outbox.record(stranger, attempt(Outcome.DELIVERED))
    assert await outbox_world.outbox.begin(stranger) is None
