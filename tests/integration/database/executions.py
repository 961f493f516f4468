"""`app.open_executions` and `app.close_executions` as rows instead of arrays."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

_OPEN = """
SELECT * FROM app.open_executions(
    %s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::jsonb[], %s::integer[], %s::text[], %s::bytea[], %s::text[]
) ORDER BY ordinal
"""
_CLOSE = """
SELECT app.close_executions(
    %s::text[], %s::uuid[], %s::timestamptz[], %s::text[], %s::jsonb[], %s::jsonb[], %s::boolean[], %s::text[],
    %s::integer[], %s::double precision[], %s::integer[], %s::text[], %s::boolean[]
)
"""


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


def open_batch(connection: Connection, elements: Sequence[Asked]) -> list[Opened]:
    """One call for all elements."""
    arrays = [
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
    return [Opened(*row) for row in connection.execute(_OPEN, arrays).fetchall()]


def open_one(connection: Connection, element: Asked) -> Opened:
    """A batch of one."""
    (opened,) = open_batch(connection, [element])
    return opened


def close_one(
    connection: Connection,
    sealed_pass: str | None,
    opened: Opened,
    *,
    status: str | None = "success",
    request: object = None,
    response: object = None,
    answer: str | None = None,
    free: bool | None = False,
) -> int:
    """Closes one execution; how many rows that finished."""
    row = connection.execute(
        _CLOSE,
        [
            [sealed_pass], [opened.execution_id], [opened.executed_at], [status], [json.dumps(request)],
            [json.dumps(response)], [None], [None], [200], [1.5], [None], [answer], [free],
        ],
    ).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])
