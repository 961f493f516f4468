"""Deliveries that are due, read and kept by functions that portway_worker alone may call."""

from uuid import UUID

from psycopg import sql

from portway.application.ports.webhooks import Attempt, DueDelivery
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.statements import rows_of

_BEGIN = sql.SQL("""
SELECT url, secrets, event_id, event_type, occurred_at, data,
    attempts_in_row AS attempts
FROM app.begin_delivery(%s)
""")
_RECORD = sql.SQL("SELECT app.record_delivery_attempt(%s, %s, %s, %s, %s, %s, %s, %s)")
_TIDY = sql.SQL("SELECT app.tidy_events() AS gone")


class PostgresWebhookOutbox:
    """Only where the database has a worker path."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, delivery_id: UUID) -> DueDelivery | None:
        async with self._database.worker_connection() as connection:
            rows = await rows_of(connection, _BEGIN, [delivery_id])
        return DueDelivery(**rows[0] | {"secrets": tuple(rows[0]["secrets"])}) if rows else None

    async def record(self, delivery_id: UUID, attempt: Attempt) -> None:
        values = [
            delivery_id,
            attempt.attempted_at,
            attempt.duration_ms,
            attempt.outcome,
            attempt.status_code,
            attempt.error,
            attempt.answer,
            attempt.next_attempt_at,
        ]
        async with self._database.worker_connection() as connection:
            await connection.execute(_RECORD, values)

    async def tidy(self) -> int:
        async with self._database.worker_connection() as connection:
            return int((await rows_of(connection, _TIDY, []))[0]["gone"])
