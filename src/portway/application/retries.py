"""When a request may be sent again, and after how long.

A loop of our own would be ten lines anywhere; here it also has to know the execution's deadline and the service's
Retry-After, and must cost nothing where the first answer is good.
"""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from portway.application.language.transform_config import Retry
from portway.application.requests.header_fields import header_name
from portway.domain.errors import InvalidIntegrationConfig

# RFC 9110, section 9.2.2.
_IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


def is_idempotent(method: str) -> bool:
    """Whether the method means that the same request twice is the same as once."""
    return method in _IDEMPOTENT_METHODS


def may_repeat(method: str, retry: Retry) -> bool:
    """Whether the service may get the same request twice."""
    return is_idempotent(method) or retry.idempotent or retry.idempotency_header is not None


def idempotency_key_header(method: str, retry: Retry) -> str | None:
    """The header that carries the key of a request; None for one that is idempotent by itself."""
    return None if is_idempotent(method) else retry.idempotency_header


def check_retry(retry: Retry, where: str) -> None:
    """Raises InvalidIntegrationConfig for an `idempotency_header` that cannot be sent, or is Portway's own."""
    if retry.idempotency_header is not None:
        try:
            header_name(retry.idempotency_header)
        except InvalidIntegrationConfig as error:
            reason = f"{where}: transform_config.retry.idempotency_header: {error.detail}"
            raise InvalidIntegrationConfig(reason) from None


def delay_seconds(retry: Retry, failures: int, headers: Mapping[str, str] | None = None) -> float:
    """How long to wait after so many failures in a row (from 1). `headers` are those of the last answer, if any.

    What Retry-After says (RFC 9110, section 10.2.3), and otherwise from a half to the whole of a time that doubles.
    """
    asked = retry_after_seconds(headers or {})
    if asked is not None:
        return asked
    longest = min(retry.max_delay_ms, retry.first_delay_ms * 2.0 ** (failures - 1)) / 1000
    return longest * random.uniform(0.5, 1)  # noqa: S311  no secret


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """What the header says, or None for one that is absent or makes no sense."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
