"""Everything that Portway refuses or that fails, as one tree.

Each class is one stable code. It carries the data that a caller needs to act on it and knows nothing of HTTP; the
API turns it into an RFC 9457 problem.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from portway.domain.json_value import JsonValue
from portway.domain.rate_limit import RateState


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in the caller's input: where (RFC 6901 pointer) and what."""

    pointer: str
    message: str


class PortwayError(Exception):
    """Base of all errors; the class docstring is the default detail.

    `failed_step` and `steps_done` are set where an action consists of several steps.
    """

    code: ClassVar[str] = "internal_error"
    failed_step: str | None = None
    steps_done: tuple[str, ...] = ()

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip()
        super().__init__(self.detail)


class MalformedRequest(PortwayError):
    """The request is not valid JSON of the documented shape."""

    code = "malformed_request"

    def __init__(self, detail: str | None = None, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.faults = tuple(faults)


class Unauthenticated(PortwayError):
    """Send a token or API key as `Authorization: Bearer ...`; this one is missing, unknown, expired or revoked."""

    code = "unauthenticated"


class Forbidden(PortwayError):
    """You may see this, but not do this."""

    code = "forbidden"


class NotFound(PortwayError):
    """There is no such thing in a workspace that you belong to."""

    code = "not_found"


class Conflict(PortwayError):
    """This contradicts something that exists already."""

    code = "conflict"


class AccountMismatch(Conflict):
    """This is another account of the service than the one that the connection is for."""

    code = "account_mismatch"


class PayloadTooLarge(PortwayError):
    """The request is larger than the limit."""

    code = "payload_too_large"


class InvalidParameters(PortwayError):
    """The action's schema refuses these parameters."""

    code = "invalid_parameters"

    def __init__(self, faults: Sequence[Fault], detail: str | None = None) -> None:
        super().__init__(detail)
        self.faults = tuple(faults)


class InvalidIntegrationConfig(PortwayError):
    """The integration's or the action's own definition is broken.

    `faults` say where, for whoever is writing it.
    """

    code = "invalid_integration_config"

    def __init__(self, detail: str | None = None, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail or "The integration's or the action's own definition is broken.")
        self.faults = tuple(faults)


class InvalidImportDocument(PortwayError):
    """The document is not one of those that integrations are made of, or is too broken for it."""

    code = "invalid_import_document"


class ReauthorizationRequired(PortwayError):
    """The service no longer accepts this connection's grant; its owner must authorize it again."""

    code = "reauthorization_required"

    def __init__(self, detail: str | None = None, authorize_url: str | None = None) -> None:
        super().__init__(detail)
        self.authorize_url = authorize_url


class InsufficientScope(PortwayError):
    """The connection's grant lacks a scope that this action needs."""

    code = "insufficient_scope"

    def __init__(self, missing: Sequence[str], authorize_url: str | None = None) -> None:
        super().__init__(
            f"The connection was not granted {', '.join(missing)}, which this action needs; authorize it again."
        )
        self.missing = tuple(missing)
        self.authorize_url = authorize_url


class IdempotencyConflict(PortwayError):
    """This Idempotency-Key was used with another request body; use a new key for a new request."""

    code = "idempotency_conflict"


class IdempotencyInFlight(PortwayError):
    """The first request with this Idempotency-Key is still being executed; try again shortly."""

    code = "idempotency_in_flight"


class IdempotencyOutcomeUnknown(PortwayError):
    """The first request with this Idempotency-Key was cut off: the service may have acted, so it is not repeated."""

    code = "idempotency_outcome_unknown"


class RateLimited(PortwayError):
    """Too many requests."""

    code = "rate_limited"

    def __init__(
        self, retry_after_seconds: float, detail: str | None = None, state: RateState | None = None
    ) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds
        self.state = state


class UpstreamFailure(PortwayError):
    """Base of what goes wrong between Portway and the service."""


class UpstreamError(UpstreamFailure):
    """The service answered with an error."""

    code = "upstream_error"

    def __init__(
        self, status_code: int, body: JsonValue, headers: Mapping[str, str], detail: str | None = None
    ) -> None:
        super().__init__(detail or f"The service answered {status_code}; see `upstream`.")
        self.status_code = status_code
        self.body = body
        self.headers = headers


class UpstreamUnreachable(UpstreamFailure):
    """No connection to the service could be made."""

    code = "upstream_unreachable"

    def __init__(self, detail: str | None = None, retry_after_seconds: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds  # where it is known when trying again makes sense


class UpstreamInvalidResponse(UpstreamFailure):
    """The service's answer is not valid HTTP, or larger than the limit."""

    code = "upstream_invalid_response"


class UpstreamTimeout(UpstreamFailure):
    """The service did not answer in time."""

    code = "upstream_timeout"


class EgressBlocked(UpstreamFailure):
    """The service's address is not one that outgoing calls may reach."""

    code = "egress_blocked"


class ClientDisconnected(PortwayError):
    """The caller went away before the whole answer had been sent."""

    code = "client_disconnected"


class Unavailable(PortwayError):
    """Portway's database does not answer; try again shortly."""

    code = "unavailable"

    def __init__(self, detail: str | None = None, retry_after_seconds: float = 1.0) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds
