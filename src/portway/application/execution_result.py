"""What comes of an execution."""

from collections.abc import AsyncIterator
from typing import Protocol
from uuid import UUID

from portway.application.ports.http import UpstreamResponse
from portway.domain.errors import PortwayError
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.rate_limit import RateState
from portway.domain.record import Record


class RawAnswer(Protocol):
    """A service's body on its way to a caller who wants bytes.

    The audit row is complete before the last piece is handed out. Raises PortwayError in the middle where the service
    breaks off. Whoever does not read it to its end closes it.
    """

    @property
    def content_type(self) -> str: ...

    @property
    def content_length(self) -> int | None:
        """In bytes, where the service says so."""
        ...

    @property
    def filename(self) -> str | None: ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def __anext__(self) -> bytes: ...

    async def aclose(self) -> None: ...


class ExecutionResult(Record, frozen=True):
    """A successful execution. `data` is the mapped body, `raw` the body itself where it was just received.

    `stream` is a body that is still to be received; then `data` says what is known of it. `pages` were read, and
    `truncated` says that there are more, from `next_parameters` on. `rate_limit` is the tightest of Portway's own.
    """

    execution_id: UUID
    status_code: int
    data: JsonValue
    duration_ms: float
    attempts: int
    refreshed: bool
    raw: UpstreamResponse | None = None
    stream: RawAnswer | None = None
    pages: int = 1
    truncated: bool = False
    next_parameters: JsonObject | None = None
    rate_limit: RateState | None = None


class ExecutionFailed(Exception):
    """An execution that has an audit row and no result; `error` says why."""

    def __init__(self, execution_id: UUID, error: PortwayError) -> None:
        super().__init__(str(error))
        self.execution_id = execution_id
        self.error = error
