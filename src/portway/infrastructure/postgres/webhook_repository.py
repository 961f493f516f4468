"""Webhooks, events and deliveries on PostgreSQL. What deliveries are signed with leaves the database once."""

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

from psycopg import sql

from portway.application.ports.webhooks import (
    CreatedWebhook,
    DeliveryFilter,
    EventFilter,
    NewWebhook,
    WebhookChanges,
)
from portway.domain.errors import NotFound
from portway.domain.webhook import (
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    DisabledReason,
    Event,
    EventType,
    Webhook,
)
from portway.infrastructure.postgres.database import Connection
from portway.infrastructure.postgres.statements import rows_of

_WEBHOOK = """
SELECT w.id, w.organization_id, w.url, w.description, w.events, w.disabled_at, w.disabled_reason, w.failing_since,
    w.created_at
FROM public.webhook_endpoints AS w
"""
_LIST = sql.SQL(
    _WEBHOOK
    + """WHERE (%(organization_id)s::uuid IS NULL OR w.organization_id = %(organization_id)s)
    AND (%(after)s::uuid IS NULL OR w.id > %(after)s)
ORDER BY w.id LIMIT %(limit)s
"""
)
_GET = sql.SQL(_WEBHOOK + "WHERE w.id = %s")
_CREATE = sql.SQL("""
SELECT id, secret FROM app.create_webhook_endpoint(current_setting('portway.pass'), %s, %s, %s, %s)
""")
_DELETE = sql.SQL("DELETE FROM public.webhook_endpoints WHERE id = %s RETURNING id")
_ROTATE = sql.SQL("SELECT app.rotate_webhook_secret(current_setting('portway.pass'), %s) AS secret")
_TEST = sql.SQL("SELECT app.test_webhook_endpoint(current_setting('portway.pass'), %s) AS id")
_REPLAY = sql.SQL("SELECT app.replay_webhook_delivery(current_setting('portway.pass'), %s, %s)")

_SET: dict[str, LiteralString] = {
    "url": "url = %(url)s",
    "description": "description = %(description)s",
    "events": "events = %(events)s",
    # One that is enabled again has its five days again.
    "disabled": """
        disabled_at = CASE WHEN %(disabled)s THEN coalesce(disabled_at, now()) END,
        disabled_reason = CASE WHEN %(disabled)s THEN coalesce(disabled_reason, 'by_user') END,
        failing_since = CASE WHEN %(disabled)s THEN failing_since END
    """,
}

_DELIVERY = """
SELECT d.id, d.endpoint_id AS webhook_id, d.event_id, d.event_type, d.status, d.attempts, d.next_attempt_at,
    d.completed_at, d.status_code, d.error, d.created_at
FROM public.webhook_deliveries AS d WHERE d.endpoint_id = %(webhook_id)s
"""
_DELIVERIES = sql.SQL(
    _DELIVERY
    + """AND (%(status)s::text IS NULL OR d.status = %(status)s)
    AND (%(event_type)s::text IS NULL OR d.event_type = %(event_type)s)
    AND (%(after)s::uuid IS NULL OR d.id < %(after)s)
ORDER BY d.id DESC LIMIT %(limit)s
"""
)
_ONE_DELIVERY = sql.SQL(_DELIVERY + "AND d.id = %(delivery_id)s")
_ATTEMPTS = sql.SQL("""
SELECT * FROM (
    SELECT a.id, a.attempted_at, a.duration_ms, a.status_code, a.error, a.answer
    FROM public.webhook_attempts AS a WHERE a.delivery_id = %s ORDER BY a.id DESC LIMIT 100
) AS last ORDER BY id
""")

_EVENT = (
    "SELECT e.id, e.organization_id, e.workspace_id, e.type, e.data, e.occurred_at FROM public.events AS e "
)
_EVENTS = sql.SQL(
    _EVENT
    + """WHERE (%(organization_id)s::uuid IS NULL OR e.organization_id = %(organization_id)s)
    AND (%(workspace_id)s::uuid IS NULL OR e.workspace_id = %(workspace_id)s)
    AND (%(type)s::text IS NULL OR e.type = %(type)s)
    AND (%(after)s::uuid IS NULL OR e.id < %(after)s)
ORDER BY e.id DESC LIMIT %(limit)s
"""
)
_ONE_EVENT = sql.SQL(_EVENT + "WHERE e.id = %s")


class PostgresWebhookRepository:
    """The webhooks that row-level security lets the transaction's caller see and change."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list(
        self, organization_id: UUID | None, *, after: UUID | None, limit: int
    ) -> Sequence[Webhook]:
        values = {"organization_id": organization_id, "after": after, "limit": limit}
        return [_webhook(row) for row in await rows_of(self._connection, _LIST, values)]

    async def get(self, webhook_id: UUID) -> Webhook:
        return _webhook(_seen(await rows_of(self._connection, _GET, [webhook_id]), "webhook"))

    async def create(self, webhook: NewWebhook) -> CreatedWebhook:
        values = [webhook.organization_id, webhook.url, webhook.description, list(webhook.events)]
        made = (await rows_of(self._connection, _CREATE, values))[0]
        return CreatedWebhook(await self.get(made["id"]), made["secret"])

    async def change(self, webhook_id: UUID, changes: WebhookChanges) -> Webhook:
        found = await self.get(webhook_id)
        if not changes:
            return found
        statement = sql.SQL("UPDATE public.webhook_endpoints SET {} WHERE id = %(id)s").format(
            sql.SQL(", ").join(sql.SQL(_SET[name]) for name in changes)
        )
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in changes.items()}
        await self._connection.execute(statement, values | {"id": webhook_id})
        return await self.get(webhook_id)

    async def delete(self, webhook_id: UUID) -> None:
        _seen(await rows_of(self._connection, _DELETE, [webhook_id]), "webhook")

    async def rotate_secret(self, webhook_id: UUID) -> str:
        return str((await rows_of(self._connection, _ROTATE, [webhook_id]))[0]["secret"])

    async def test(self, webhook_id: UUID) -> Delivery:
        made = (await rows_of(self._connection, _TEST, [webhook_id]))[0]
        return await self.delivery(webhook_id, made["id"])

    async def deliveries(
        self, webhook_id: UUID, criteria: DeliveryFilter, *, after: UUID | None, limit: int
    ) -> Sequence[Delivery]:
        await self.get(webhook_id)
        values = {
            "webhook_id": webhook_id,
            "status": criteria.status,
            "event_type": criteria.event_type,
            "after": after,
            "limit": limit,
        }
        return [_delivery(row) for row in await rows_of(self._connection, _DELIVERIES, values)]

    async def delivery(self, webhook_id: UUID, delivery_id: UUID) -> Delivery:
        values = {"webhook_id": webhook_id, "delivery_id": delivery_id}
        return _delivery(_seen(await rows_of(self._connection, _ONE_DELIVERY, values), "delivery"))

    async def attempts(self, delivery_id: UUID) -> Sequence[DeliveryAttempt]:
        return [DeliveryAttempt(**row) for row in await rows_of(self._connection, _ATTEMPTS, [delivery_id])]

    async def replay(self, webhook_id: UUID, delivery_id: UUID) -> Delivery:
        await self._connection.execute(_REPLAY, [webhook_id, delivery_id])
        return await self.delivery(webhook_id, delivery_id)

    async def events(self, criteria: EventFilter, *, after: UUID | None, limit: int) -> Sequence[Event]:
        values = {
            "organization_id": criteria.organization_id,
            "workspace_id": criteria.workspace_id,
            "type": criteria.type,
            "after": after,
            "limit": limit,
        }
        return [Event(**row) for row in await rows_of(self._connection, _EVENTS, values)]

    async def event(self, event_id: UUID) -> Event:
        return Event(**_seen(await rows_of(self._connection, _ONE_EVENT, [event_id]), "event"))


def _seen(rows: Sequence[dict[str, Any]], kind: str) -> dict[str, Any]:
    if not rows:
        raise NotFound(f"There is no such {kind} of an organization that you administer.")
    return rows[0]


def _webhook(row: dict[str, Any]) -> Webhook:
    reason = row["disabled_reason"]
    return Webhook(
        **row
        | {
            "events": tuple(map(EventType, row["events"])),
            "disabled_reason": DisabledReason(reason) if reason else None,
        }
    )


def _delivery(row: dict[str, Any]) -> Delivery:
    return Delivery(**row | {"status": DeliveryStatus(row["status"])})
