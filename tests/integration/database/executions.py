"""`app.open_executions` and `app.close_executions` as rows instead of arrays."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

OPENING: LiteralString = """
    %s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::jsonb[], %s::integer[], %s::text[], %s::bytea[], %s::text[]
"""
CLOSING: LiteralString = """
    %s::uuid[], %s::uuid[], %s::timestamptz[], %s::text[], %s::jsonb[], %s::jsonb[], %s::boolean[], %s::text[],
    %s::integer[], %s::double precision[], %s::integer[], %s::text[], %s::boolean[]
"""
_OPEN: LiteralString = f"SELECT * FROM app.open_executions({OPENING}) ORDER BY ordinal"
_CLOSE: LiteralString = f"SELECT app.close_executions({CLOSING})"
OPEN_AND_CLOSE: LiteralString = (
    f"SELECT * FROM app.open_executions({OPENING}, '{{}}', {CLOSING}) ORDER BY ordinal"
)
"""Of `opening_arrays` and `closing_arrays`."""


@dataclass(frozen=True)
class Asked:
    """One element of a batch."""

    sealed_pass: str | None
    workspace_id: UUID | None
    connection_id: UUID | None
    action: str | None = "list"
    payload: object = None
    timeout_ms: int | None = 30_000
    key: str | None = None
    request_hash: bytes | None = b"hash"
    refusal: str | None = None

    def but(self, **changes: Any) -> "Asked":
        """The same with other members."""
        return replace(self, **changes)


class Opened(NamedTuple):
    """What the database answers for it."""

    ordinal: int
    execution_id: UUID
    executed_at: datetime
    outcome: str
    detail: str | None
    definition_key: str | None
    definition: str | None
    connection: str | None
    credential: str | None
    replay: str | None
    closing_key: UUID | None


@dataclass(frozen=True)
class Ended:
    """An execution to close."""

    opened: Opened
    status: str | None = "success"
    request: object = None
    response: object = None
    answer: str | None = None
    free: bool | None = False


def open_batch(connection: Connection, elements: Sequence[Asked]) -> list[Opened]:
    """One call for all elements."""
    return [Opened(*row) for row in connection.execute(_OPEN, opening_arrays(elements)).fetchall()]


def open_and_close(connection: Connection, elements: Sequence[Asked], ended: Sequence[Ended]) -> list[Opened]:
    """One call that opens the former and closes the latter."""
    arrays = [*opening_arrays(elements), *closing_arrays(ended)]
    return [Opened(*row) for row in connection.execute(OPEN_AND_CLOSE, arrays).fetchall()]


def opening_arrays(elements: Sequence[Asked]) -> list[Any]:
    """What `app.open_executions` takes."""
    return [
        [element.sealed_pass for element in elements],
        [element.workspace_id for element in elements],
        [element.connection_id for element in elements],
        [element.action for element in elements],
        [json.dumps(element.payload) if element.payload is not None else None for element in elements],
        [element.timeout_ms for element in elements],
        [element.key for element in elements],
        [element.request_hash for element in elements],
        [element.refusal for element in elements],
    ]


def closing_arrays(ended: Sequence[Ended]) -> list[Any]:
    """What `app.close_executions` takes."""
    return [
        [one.opened.closing_key for one in ended],
        [one.opened.execution_id for one in ended],
        [one.opened.executed_at for one in ended],
        [one.status for one in ended],
        [json.dumps(one.request) for one in ended],
        [json.dumps(one.response) for one in ended],
        [None] * len(ended),
        [None] * len(ended),
        [200] * len(ended),
        [1.5] * len(ended),
        [None] * len(ended),
        [one.answer for one in ended],
        [one.free for one in ended],
    ]


def open_one(connection: Connection, element: Asked) -> Opened:
    """A batch of one."""
    (opened,) = open_batch(connection, [element])
    return opened


def close_one(connection: Connection, opened: Opened, **changes: Any) -> int:
    """Closes one execution; how many rows that finished."""
    row = connection.execute(_CLOSE, closing_arrays([Ended(opened, **changes)])).fetchone()
    assert row is not None
    return int(row[0])
