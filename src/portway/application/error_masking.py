"""A service's error must not hand a credential back to whoever sees it."""

from collections.abc import Iterable

from portway.domain.errors import PortwayError, UpstreamError
from portway.domain.json_value import JsonValue
from portway.domain.rules.execution_logging import REDACTED, cut, mask_literals

MAX_ERROR_BODY_BYTES = 16_384


def without_secrets(error: PortwayError, secrets: Iterable[str]) -> PortwayError:
    """The error with the secrets masked wherever the service echoes them, and its body cut."""
    if not isinstance(error, UpstreamError):
        return error
    literals = list(secrets)
    masked = UpstreamError(
        error.status_code,
        _shown(error.body, literals),
        {name: str(mask_literals(value, literals)) for name, value in error.headers.items()},
        str(mask_literals(error.detail, literals)),
    )
    if error.failed_step is not None:
        masked.failed_step, masked.steps_done = error.failed_step, error.steps_done
    return masked


def _shown(body: JsonValue, literals: list[str]) -> JsonValue:
    """Cut to a size that fits into a problem, and not before it is masked: half a secret would not be found."""
    try:
        return cut(mask_literals(body, literals, enough=MAX_ERROR_BODY_BYTES + 1), MAX_ERROR_BODY_BYTES)[0]
    except RecursionError:  # nested so deep that nothing sensible can be said of it
        return REDACTED
