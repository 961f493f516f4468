"""What comes of an execution."""

from dataclasses import dataclass, field
from uuid import UUID

from portway.application.ports.http import UpstreamResponse
from portway.domain.errors import PortwayError
from portway.domain.json_value import JsonValue


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """A successful execution. `data` is the mapped body, `raw` the body itself where it was just received."""

    execution_id: UUID
    status_code: int
    data: JsonValue
    duration_ms: float
    attempts: int
    refreshed: bool
    raw: UpstreamResponse | None = field(default=None, repr=False)


class ExecutionFailed(Exception):
    """An execution that has an audit row and no result; `error` says why."""

    def __init__(self, execution_id: UUID, error: PortwayError) -> None:
        super().__init__(str(error))
        self.execution_id = execution_id
        self.error = error
