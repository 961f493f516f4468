"""Opening and closing executions: the one way to a decrypted credential, and the audit row around every call."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portway.domain.action import Action
from portway.domain.connection import Connection
from portway.domain.credential import Credential
from portway.domain.errors import PortwayError
from portway.domain.execution import ExecutionStatus
from portway.domain.integration import Integration
from portway.domain.record import Record


class Opening(Record, frozen=True):
    """One execution to open. `request_payload` is JSON text, redacted already by name.

    `refusal` is set for a request that the gateway refuses itself (malformed, too large, rate limited): it gets its
    audit row and nothing else. `request_hash` is the SHA-256 of the body, for `idempotency_key`. `timeout_ms` is
    the caller's own limit: an execution found unfinished half a minute after it and the action's is `unknown`.
    """

    sealed_pass: str
    workspace_id: UUID | None
    connection_id: UUID | None
    action: str | None
    request_payload: str | None
    timeout_ms: int | None
    idempotency_key: str | None = None
    request_hash: bytes = b""
    refusal: PortwayError | None = None


class Grant(Record, frozen=True):
    """All that a permitted execution works with. `credential` is None for integrations of type `none`. Whoever has the
    `closing_key` may close the execution, and nobody else.
    """

    closing_key: str
    integration: Integration
    action: Action
    connection: Connection
    credential: Credential | None


class Opened(Record, frozen=True):
    """The result: exactly one of `grant`, `refusal` and `replay` is set.

    `replay` is the recorded answer (status and body as JSON bytes) of the first request with the idempotency key.
    """

    execution_id: UUID
    executed_at: datetime
    grant: Grant | None = None
    refusal: PortwayError | None = None
    replay: bytes | None = None


class Closing(Record, frozen=True):
    """How an execution ended. Payloads are redacted JSON text; a `request_payload` of None stays as it was opened.
    `idempotent_answer` is stored encrypted for replays.

    `frees_idempotency_key`: the service was not called, so the same key may be tried again.
    """

    closing_key: str
    execution_id: UUID
    executed_at: datetime
    status: ExecutionStatus
    request_payload: str | None
    response_payload: str | None
    payload_truncated: bool
    error_code: str | None
    status_code: int | None
    duration_ms: float
    attempts: int
    idempotent_answer: bytes | None = None
    frees_idempotency_key: bool = False


class ExecutionLedger(Protocol):
    """Both calls are durable when they return. How many of them share a statement is the adapter's affair; one never
    fails because of another. Raise Unavailable where the database does not answer.
    """

    def open(self, opening: Opening) -> Awaitable[Opened]:
        """Checks, decrypts, and writes the audit row, also for a refusal."""
        ...

    def close(self, closing: Closing) -> Awaitable[object]:
        """Completes the row. One that is finished already, or has another closing key, stays as it is.

        Goes on where the caller is cancelled meanwhile.
        """
        ...
