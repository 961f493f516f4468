"""What the calls of an execution came to, before it is recorded."""

from portway.application.ports.http import StreamedResponse, UpstreamResponse
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.record import Record


class Outcome(Record, frozen=True):
    """A success: `data` is what the caller gets and the log shows.

    `raw` is the body as it was received, `coming` one that is still to be received, for callers that want bytes; then
    `data` describes it. `next_parameters` are those of the page after the last one that was read.
    """

    status_code: int
    data: JsonValue
    raw: UpstreamResponse | None = None
    coming: StreamedResponse | None = None
    pages: int = 1
    truncated: bool = False
    next_parameters: JsonObject | None = None
