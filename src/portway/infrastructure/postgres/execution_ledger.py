"""The execution ledger on `app.open_executions` and `app.close_executions`."""

import json
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
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
_MAX_KNOWN_SLUGS = 10_000
_MAX_KNOWN_OF_A_SLUG = 16

_REFUSALS: dict[str, type[PortwayError]] = {
    error.code: error
    for error in (
        MalformedRequest, Unauthenticated, Forbidden, NotFound, ReauthorizationRequired,
        IdempotencyConflict, IdempotencyInFlight, IdempotencyOutcomeUnknown,
    )
}  # fmt: skip

Definition = tuple[Integration, Action]

# What the driver or the server makes of a value that cannot be stored. The statement had no effect then.
_ITEM_ERRORS = (MalformedRequest, UnicodeError, psycopg.Error)

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

_OPEN = """
SELECT execution_id, executed_at, outcome, detail, definition_key, definition, connection, credential, replay
FROM app.open_executions(
    %s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::jsonb[], %s::integer[], %s::text[], %s::bytea[], %s::text[],
    %s::text[]
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
        # One lane each: a batch costs far more than an element, so few large ones are worth a short wait.
        self._opening: Batcher[Opening, Opened] = Batcher(
            self._open, max_size=_MAX_BATCH, lanes=1, item_errors=_ITEM_ERRORS
        )
        self._closing: Batcher[Closing, None] = Batcher(
            self._close, max_size=_MAX_BATCH, lanes=1, item_errors=_ITEM_ERRORS
        )
        self._definitions = _Definitions()

    async def open(self, opening: Opening) -> Opened:
        """See the port."""
        return await self._opening.submit(opening)

    async def close(self, closing: Closing) -> None:
        """See the port."""
        await self._closing.submit(closing)

    async def _open(self, openings: Sequence[Opening]) -> list[Opened]:
        known = self._definitions.of({opening.action for opening in openings})
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
            quoted(known),
        ]
        async with self._database.execution_connection() as connection:
            rows = await (await connection.execute(_OPEN, parameters, prepare=True)).fetchall()
        return [self._opened(opening, row, known) for opening, row in zip(openings, rows, strict=True)]

    def _opened(self, opening: Opening, row: tuple[Any, ...], known: Mapping[str, Definition]) -> Opened:
        execution_id, executed_at, outcome, detail, key, definition, connection, credential, replay = row
        if outcome == "granted":
            # The database sends none that it was told we know.
            integration, action = known[key] if definition is None else self._definitions.add(key, definition)
            grant = _grant(integration, action, msgspec.json.decode(connection), credential)
            return Opened(execution_id, executed_at, grant=grant)
        if outcome == "replay":
            return Opened(execution_id, executed_at, replay=replay.encode())
        return Opened(execution_id, executed_at, refusal=_refusal(opening, outcome, detail))

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
        async with self._database.execution_connection() as connection:
            await connection.execute(_CLOSE, parameters, prepare=True)
        return [None] * len(closings)


class _Definitions:
    """Parsed definitions by their versions. The database decides on each call which one is in force.

    By the action's slug, too, so that a batch need only name those that it may be answered with.
    """

    def __init__(self) -> None:
        self._by_slug: OrderedDict[str, OrderedDict[str, Definition]] = OrderedDict()

    def of(self, slugs: Collection[str | None]) -> dict[str, Definition]:
        """What is known of these actions."""
        known: dict[str, Definition] = {}
        for slug in slugs:
            if slug is not None and (of_slug := self._by_slug.get(slug)) is not None:
                known.update(of_slug)
        return known

    def add(self, key: str, text: str) -> Definition:
        """The definition that the database sent, from now on known."""
        row = msgspec.json.decode(text)
        definition = (integration_from(row["integration"]), action_from(row["action"]))
        of_slug = self._by_slug.setdefault(definition[1].slug, OrderedDict())
        of_slug[key] = definition
        if len(of_slug) > _MAX_KNOWN_OF_A_SLUG:
            of_slug.popitem(last=False)
        if len(self._by_slug) > _MAX_KNOWN_SLUGS:
            self._by_slug.popitem(last=False)
        return definition


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
