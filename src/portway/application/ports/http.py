"""Outgoing HTTP."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from portway.domain.record import Record

DEFAULT_MAX_RESPONSE_BYTES = 25 * 1024 * 1024
SLOWEST_UPLOAD_BYTES_PER_SECOND = 256_000
"""A large body has as much time beside a request's own."""


class StreamedBody(Protocol):
    """A body that is not held in memory, and can be sent more than once."""

    @property
    def size(self) -> int:
        """In bytes; sent as Content-Length."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The whole content, from its beginning, in pieces of at most some hundred kilobytes."""
        ...


class OutgoingRequest(Record, frozen=True):
    """A request to a service, complete: `url` is absolute and encoded, `headers` holds every field to send."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes | StreamedBody | None = None

    def upload_seconds(self) -> float:
        """The time that a large body has to be sent, beside the request's own."""
        body = self.body
        return 0 if body is None or isinstance(body, bytes) else body.size / SLOWEST_UPLOAD_BYTES_PER_SECOND


class UpstreamResponse(Record, frozen=True):
    """A service's answer, read whole and decoded (gzip, deflate). Header names are lower-case."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes


class StreamedResponse(Protocol):
    """A service's answer whose body is still to come. Whoever gets it reads it to its end, or closes it."""

    @property
    def status_code(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Names are lower-case."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body, decoded, in pieces. Raises UpstreamTimeout, UpstreamInvalidResponse."""
        ...

    async def read(self, *, max_bytes: int, deadline: float | None = None) -> UpstreamResponse:
        """All of it. Raises UpstreamTimeout, also at the `deadline` (by the event loop's clock), and
        UpstreamInvalidResponse where it is more than `max_bytes`.
        """
        ...

    async def close(self) -> None:
        """Gives the connection up; after the end of the body there is nothing to do."""
        ...


class HttpClient(Protocol):
    """Sends requests to the outside world, past the egress guard."""

    async def send(
        self,
        request: OutgoingRequest,
        *,
        timeout_seconds: float,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        follow_redirects: bool = True,
    ) -> UpstreamResponse:
        """The answer, of whatever status.

        A redirect is followed for GET and HEAD within the same origin with all headers, to another origin (checked
        by the guard again) without credentials; other redirects are returned as they are.

        To `timeout_seconds` a StreamedBody adds the time that it takes at a modest speed: a healthy upload is not cut.

        Raises EgressBlocked, UpstreamUnreachable, UpstreamTimeout, UpstreamInvalidResponse.
        """
        ...


class StreamingHttpClient(HttpClient, Protocol):
    """One that also hands out answers whose bodies are still to come."""

    async def open(
        self, request: OutgoingRequest, *, timeout_seconds: float, follow_redirects: bool = True
    ) -> StreamedResponse:
        """The same, with the body still to come.

        `timeout_seconds` is for the request and the head of the answer; the body may take its time, as long as it
        keeps coming.
        """
        ...
