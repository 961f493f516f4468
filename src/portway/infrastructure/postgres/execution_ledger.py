"""The execution ledger on `app.open_executions` and `app.close_executions`."""

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from msgspec.structs import astuple

from portway.application.ports.execution_ledger import Closing, Grant, Opened, Opening
from portway.domain.action import Action
from portway.domain.connection import Connection, ConnectionStatus
from portway.domain.credential import Credential
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
from portway.domain.record import Record
from portway.infrastructure.postgres.array_literals import plain, quoted
from portway.infrastructure.postgres.batching import Batcher
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.rows import (
    action_from,
    integration_from,
)

_MAX_BATCH = 64  # the functions' own limit
# From here on, elements cost the database more than the statement itself.
_WORTH_SENDING_AHEAD = 12
_MAX_KNOWN_DEFINITIONS = 10_000
_MAX_NAMED_OF_A_SLUG = 16

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

_OPENED = (
    "ordinal, execution_id, executed_at, outcome, detail, definition_key, definition, connection, credential,"
    " replay, closing_key::text"
)


def _hexadecimal(values: Sequence[bytes]) -> str:
    return quoted([f"\\x{value.hex()}" for value in values])


def _codes(values: Sequence[PortwayError | None]) -> str:
    return quoted([value.code if value else None for value in values])


def _decoded(values: Sequence[bytes | None]) -> str:
    return quoted([value.decode() if value else None for value in values])


_Column = tuple[str, Callable[[Sequence[Any]], str]]
# For each member of a record, in their order: the type of its array, and who writes that.
_OPENING: Sequence[_Column] = (
    ("text[]", quoted), ("uuid[]", plain), ("uuid[]", plain), ("text[]", quoted), ("jsonb[]", quoted),
    ("integer[]", plain), ("text[]", quoted), ("bytea[]", _hexadecimal), ("text[]", _codes),
)  # fmt: skip
_CLOSING: Sequence[_Column] = (
    ("uuid[]", quoted), ("uuid[]", plain), ("timestamptz[]", plain), ("text[]", plain), ("jsonb[]", quoted),
    ("jsonb[]", quoted), ("boolean[]", plain), ("text[]", quoted), ("integer[]", plain), ("double precision[]", plain),
    ("integer[]", plain), ("text[]", _decoded), ("boolean[]", plain),
)  # fmt: skip
_KNOWN: _Column = ("text[]", quoted)


def _parameters(*columns: _Column) -> str:
    return ", ".join(f"${number}::{name}" for number, (name, _) in enumerate(columns, 1))


_OPEN = f"SELECT {_OPENED} FROM app.open_executions({_parameters(*_OPENING, _KNOWN)})"  # noqa: S608  of constants
_CLOSE = f"SELECT app.close_executions({_parameters(*_CLOSING)})"
_OPEN_AND_CLOSE = f"SELECT {_OPENED} FROM app.open_executions({_parameters(*_OPENING, _KNOWN, *_CLOSING)})"  # noqa: S608


def _arrays(columns: Sequence[_Column], records: Sequence[Record]) -> list[str]:
    members = zip(*map(astuple, records), strict=True)
    return [write(values) for (_, write), values in zip(columns, members, strict=True)]


class PostgresExecutionLedger:
    """Batches the calls of all tasks of this process; each batch is one statement, durable when it returns."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Both kinds together: a statement costs far more than an element, so that few large ones are worth a wait.
        self._batcher: Batcher[Opening | Closing, Any] = Batcher(
            self._run,
            max_size=_MAX_BATCH,
            worth_sending_ahead=_WORTH_SENDING_AHEAD,
            item_errors=_ITEM_ERRORS,
        )
        self._definitions = _Definitions()

    def open(self, opening: Opening) -> Awaitable[Opened]:
        """See the port."""
        return self._batcher.submit(opening)

    def close(self, closing: Closing) -> Awaitable[object]:
        """See the port."""
        return self._batcher.submit(closing)

    async def _run(self, items: Sequence[Opening | Closing]) -> list[Opened | None]:
        openings = [item for item in items if isinstance(item, Opening)]
        closings = [item for item in items if isinstance(item, Closing)]
        known = self._definitions.of({opening.action for opening in openings})
        if not closings:
            statement, parameters = _OPEN, [*_arrays(_OPENING, openings), quoted(list(known))]
        elif not openings:
            statement, parameters = _CLOSE, _arrays(_CLOSING, closings)
        else:
            statement = _OPEN_AND_CLOSE
            parameters = [*_arrays(_OPENING, openings), quoted(list(known)), *_arrays(_CLOSING, closings)]
        rows = await self._database.executions.run(statement, parameters)
        if not openings:
            return [None] * len(items)
        answers = iter(sorted(rows))
        return [
            self._opened(item, next(answers), known) if isinstance(item, Opening) else None for item in items
        ]

    def _opened(self, opening: Opening, row: tuple[Any, ...], known: Mapping[str, Definition]) -> Opened:
        _, execution_id, executed_at, outcome, detail, *granted, replay, closing_key = row
        if outcome == "granted":
            key, definition, connection, credential = granted
            # The database sends none that it was told we know.
            integration, action = known[key] if definition is None else self._definitions.add(key, definition)
            grant = _grant(closing_key, integration, action, connection, credential)
            return Opened(execution_id, executed_at, grant=grant)
        if outcome == "replay":
            return Opened(execution_id, executed_at, replay=replay.encode())
        return Opened(execution_id, executed_at, refusal=_refusal(opening, outcome, detail))


class _Definitions:
    """Parsed definitions by their versions. The database decides on each call which one is in force.

    By the action's slug, the latest keys: a batch names those that it may be answered with, and no more.
    """

    def __init__(self) -> None:
        self._parsed: OrderedDict[str, Definition] = OrderedDict()
        self._latest: OrderedDict[str, deque[str]] = OrderedDict()

    def of(self, slugs: Iterable[str | None]) -> dict[str, Definition]:
        """What is known of these actions, as far as it is worth telling the database."""
        keys = (key for slug in slugs if slug is not None for key in self._latest.get(slug, ()))
        return {key: self._parsed[key] for key in keys if key in self._parsed}

    def add(self, key: str, text: str) -> Definition:
        """The definition that the database sent, from now on known."""
        definition = self._parsed.get(key)
        if definition is None:
            row = msgspec.json.decode(text)
            definition = (integration_from(row["integration"]), action_from(row["action"]))
            self._parsed[key] = definition
        latest = self._latest.setdefault(definition[1].slug, deque(maxlen=_MAX_NAMED_OF_A_SLUG))
        if key not in latest:
            latest.append(key)
        memories: tuple[OrderedDict[str, Any], ...] = (self._parsed, self._latest)
        for memory in memories:
            if len(memory) > _MAX_KNOWN_DEFINITIONS:
                memory.popitem(last=False)
        return definition


class _ConnectionRow(msgspec.Struct):
    """A connection as `app.open_executions` returns it, with what is known of its credential. Typed, for it is read on
    every execution.
    """

    id: UUID
    user_id: UUID
    organization_id: UUID
    workspace_id: UUID
    integration_id: UUID
    integration_slug: str
    name: str
    status: ConnectionStatus
    origins: tuple[str, ...]
    scopes: tuple[str, ...]
    config: dict[str, Any]
    credential_version: int
    issued_at: datetime | None
    expires_at: datetime | None


_read_connection = msgspec.json.Decoder(_ConnectionRow).decode


def _grant(
    closing_key: str, integration: Integration, action: Action, text: str, secrets: str | None
) -> Grant:
    row = _read_connection(text)
    connection = Connection(
        id=row.id,
        user_id=row.user_id,
        workspace_id=row.workspace_id,
        organization_id=row.organization_id,
        integration_id=row.integration_id,
        name=row.name,
        status=row.status,
        integration_slug=row.integration_slug,
        origins=row.origins,
        scopes=row.scopes,
        config=row.config,
        expires_at=row.expires_at,
    )
    credential = None
    if secrets is not None:
        values = msgspec.json.decode(secrets)
        credential = Credential(values, row.credential_version, row.issued_at, row.expires_at)
    return Grant(closing_key, integration, action, connection, credential)


def _refusal(opening: Opening, outcome: str, detail: str | None) -> PortwayError:
    if opening.refusal is not None and opening.refusal.code == outcome:
        return opening.refusal
    return _REFUSALS[outcome](detail)
