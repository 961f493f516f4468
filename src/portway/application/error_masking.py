"""A service's error must not hand a credential back to whoever sees it."""

from collections.abc import Iterable

from portway.domain.errors import PortwayError, UpstreamError
from portway.domain.json_value import JsonValue
from portway.domain.rules.execution_logging import REDACTED, mask_literals


def without_secrets(error: PortwayError, secrets: Iterable[str]) -> PortwayError:
    """The error with the secrets masked wherever the service echoes them."""
    if not isinstance(error, UpstreamError):
        return error
    literals = list(secrets)
    return UpstreamError(
        error.status_code,
        _masked(error.body, literals),
        {name: str(mask_literals(value, literals)) for name, value in error.headers.items()},
        str(mask_literals(error.detail, literals)),
    )


def _masked(body: JsonValue, literals: list[str]) -> JsonValue:
    try:
        return mask_literals(body, literals)
    except RecursionError:  # nested so deep that nothing sensible can be said of it
        return REDACTED
