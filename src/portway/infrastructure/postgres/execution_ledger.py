"""The execution ledger on `app.open_executions` and `app.close_executions`."""

import json
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg

from portway.application.ports.execution_ledger import Closing, Grant, Opened, Opening
from portway.domain.action import Action
from portway.domain.errors import (
    Forbidden,
    IdempotencyConflict,
    IdempotencyInFlight,
    IdempotencyOutcomeUnknown,
    MalformedRequest,
    NotFound,
    PortwayError,
    ReauthorizationRequired,
    Unauthenticated,
)
from portway.domain.integration import Integration
from portway.infrastructure.postgres.array_literals import bare, quoted
from portway.infrastructure.postgres.batching import Batcher
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.rows import (
    action_from,
    connection_from,
    credential_from,
    integration_from,
)

_MAX_BATCH = 64  # the functions' own limit
_MAX_KNOWN_DEFINITIONS = 10_000

_REFUSALS: dict[str, type[PortwayError]] = {
    error.code: error
    for error in (
        MalformedRequest, Unauthenticated, Forbidden, NotFound, ReauthorizationRequired,
        IdempotencyConflict, IdempotencyInFlight, IdempotencyOutcomeUnknown,
    )
}  # fmt: skip

# What the driver or the server makes of a value that cannot be stored. The statement had no effect then.
_ITEM_ERRORS = (MalformedRequest, UnicodeError, psycopg.Error)

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

_OPEN = """
SELECT execution_id, executed_at, outcome, detail, definition_key, definition, connection, credential, replay
FROM app.open_executions(
    %s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::jsonb[], %s::integer[], %s::text[], %s::bytea[], %s::text[]
) ORDER BY ordinal
"""

_CLOSE = """
SELECT app.close_executions(
    %s::text[], %s::uuid[], %s::timestamptz[], %s::text[], %s::jsonb[], %s::jsonb[], %s::boolean[], %s::text[],
    %s::integer[], %s::double precision[], %s::integer[], %s::text[], %s::boolean[]
)
"""


class PostgresExecutionLedger:
    """Batches the calls of all tasks of this process; each batch is one statement, durable when it returns."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._opening: Batcher[Opening, Opened] = Batcher(
            self._open, max_size=_MAX_BATCH, item_errors=_ITEM_ERRORS
        )
        self._closing: Batcher[Closing, None] = Batcher(
            self._close, max_size=_MAX_BATCH, item_errors=_ITEM_ERRORS
        )
        # Parsed definitions by their versions. The database decides on each call which one is in force.
        self._definitions: OrderedDict[str, tuple[Integration, Action]] = OrderedDict()

    async def open(self, opening: Opening) -> Opened:
        """See the port."""
        return await self._opening.submit(opening)

    async def close(self, closing: Closing) -> None:
        """See the port."""
        await self._closing.submit(closing)

    async def _open(self, openings: Sequence[Opening]) -> list[Opened]:
        parameters = [
            quoted(opening.sealed_pass for opening in openings),
            bare(opening.workspace_id for opening in openings),
            bare(opening.connection_id for opening in openings),
            quoted(opening.action for opening in openings),
            quoted(_json(opening.request_payload) for opening in openings),
            bare(opening.timeout_ms for opening in openings),
            quoted(opening.idempotency_key for opening in openings),
            quoted(f"\\x{opening.request_hash.hex()}" for opening in openings),
            quoted(opening.refusal.code if opening.refusal else None for opening in openings),
        ]
        async with self._database.connection() as connection:
            rows = await (await connection.execute(_OPEN, parameters)).fetchall()
        return [self._opened(opening, row) for opening, row in zip(openings, rows, strict=True)]

    def _opened(self, opening: Opening, row: tuple[Any, ...]) -> Opened:
        execution_id, executed_at, outcome, detail, key, definition, connection, credential, replay = row
        if outcome == "granted":
            integration, action = self._definition(key, definition)
            grant = _grant(integration, action, msgspec.json.decode(connection), credential)
            return Opened(execution_id, executed_at, grant=grant)
        if outcome == "replay":
            return Opened(execution_id, executed_at, replay=replay.encode())
        return Opened(execution_id, executed_at, refusal=_refusal(opening, outcome, detail))

    def _definition(self, key: str, text: str) -> tuple[Integration, Action]:
        known = self._definitions.get(key)
        if known is None:
            row = msgspec.json.decode(text)
            known = (integration_from(row["integration"]), action_from(row["action"]))
            self._definitions[key] = known
            if len(self._definitions) > _MAX_KNOWN_DEFINITIONS:
                self._definitions.popitem(last=False)
        return known

    async def _close(self, closings: Sequence[Closing]) -> list[None]:
        parameters = [
            quoted(closing.sealed_pass for closing in closings),
            bare(closing.execution_id for closing in closings),
            quoted(closing.executed_at.isoformat() for closing in closings),
            bare(closing.status.value for closing in closings),
            quoted(_json(closing.request_payload) for closing in closings),
            quoted(_json(closing.response_payload) for closing in closings),
            bare(closing.payload_truncated for closing in closings),
            quoted(closing.error_code for closing in closings),
            bare(closing.status_code for closing in closings),
            bare(closing.duration_ms for closing in closings),
            bare(closing.attempts for closing in closings),
            quoted(
                closing.idempotent_answer.decode() if closing.idempotent_answer else None
                for closing in closings
            ),
            bare(closing.frees_idempotency_key for closing in closings),
        ]
        async with self._database.connection() as connection:
            await connection.execute(_CLOSE, parameters)
        return [None] * len(closings)


def _grant(integration: Integration, action: Action, row: dict[str, Any], credential: str | None) -> Grant:
    connection = connection_from(row)
    if credential is None:
        return Grant(integration, action, connection, None)
    secret = {**row, "values": msgspec.json.decode(credential), "version": row["credential_version"]}
    return Grant(integration, action, connection, credential_from(secret))


def _refusal(opening: Opening, outcome: str, detail: str | None) -> PortwayError:
    if opening.refusal is not None and opening.refusal.code == outcome:
        return opening.refusal
    return _REFUSALS[outcome](detail)


def _json(value: object) -> str:
    try:
        return _encode(value)
    except ValueError:
        # An infinite number, such as 1e999 in a service's answer becomes. JSON has none.
        return _encode(json.loads(json.dumps(value), parse_constant=lambda _: None))
