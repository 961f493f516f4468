"""Rule: an event is sent until its webhook takes it, ever more rarely, and to no address that is in the open."""

from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from portway.domain.errors import Fault, MalformedRequest

RETRY_PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""After each attempt, as the Standard Webhooks specification recommends ("Deliverability and reliability")."""

_JITTER = 0.1


def next_attempt_at(attempts: int, now: datetime, jitter: float) -> datetime | None:
    """When to try again after so many failed attempts; None when that was the last.

    `jitter`, between 0 and 1, spreads what failed together over a tenth of the pause.
    """
    if attempts > len(RETRY_PAUSES):
        return None
    return now + RETRY_PAUSES[attempts - 1] * (1 + _JITTER * jitter)


def is_taken(status_code: int) -> bool:
    """Whether this answer says that the event has arrived."""
    return 200 <= status_code < 300


def is_gone(status_code: int) -> bool:
    """Whether this answer says that nothing is to be sent there any more (RFC 9110, section 15.5.11)."""
    return status_code == 410


def check_webhook_url(url: str) -> None:
    """Raises MalformedRequest for an address that no event is sent to.

    Where the host leads is judged by the egress guard, at each attempt.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _refused("is not a URL.") from None
    if (
        parts.scheme not in {"http", "https"}
        or not host
        or not url.isascii()
        or not url.isprintable()
        or " " in url
    ):
        raise _refused("must be a URL with https, and percent-encoded.")
    if "@" in parts.netloc or parts.fragment:
        raise _refused(
            "must have neither a user name nor a fragment; deliveries are authenticated by their signature."
        )
    if parts.scheme == "http" and not _is_near(host):
        raise _refused("must begin with https://; http is for localhost and addresses of private networks.")


def _is_near(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


def _refused(message: str) -> MalformedRequest:
    return MalformedRequest(faults=[Fault("/url", message)])
