"""Outgoing HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

DEFAULT_MAX_RESPONSE_BYTES = 25 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """A request to a service, complete: `url` is absolute and encoded, `headers` holds every field to send."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class UpstreamResponse:
    """A service's answer, read whole and decoded (gzip, deflate). Header names are lower-case."""

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


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

        Raises EgressBlocked, UpstreamUnreachable, UpstreamTimeout, UpstreamInvalidResponse.
        """
        ...
