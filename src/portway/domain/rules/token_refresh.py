"""Rule: refresh an access token that expires in less than five minutes, before it is used."""

from datetime import datetime, timedelta

DEFAULT_MARGIN = timedelta(minutes=5)
SHORT_LIFETIME = 2 * DEFAULT_MARGIN
_NOTHING = timedelta(0)


def refresh_margin(lifetime: timedelta | None, configured: timedelta | None = None) -> timedelta:
    """How long before its expiry a token is refreshed; never less than nothing.

    An integration may configure its own margin. A token that lives for less than ten minutes gets half its
    lifetime: a margin as long as the token lives would refresh it on every call.
    """
    if configured is not None:
        return max(configured, _NOTHING)
    if lifetime is not None and lifetime < SHORT_LIFETIME:
        return max(lifetime / 2, _NOTHING)  # clocks differ: a token may seem to expire before it was issued
    return DEFAULT_MARGIN


def needs_refresh(
    now: datetime,
    expires_at: datetime | None,
    issued_at: datetime | None = None,
    configured_margin: timedelta | None = None,
) -> bool:
    """Whether a token is due at `now`. One without an expiry never is."""
    if expires_at is None:
        return False
    lifetime = expires_at - issued_at if issued_at is not None else None
    return expires_at - now < refresh_margin(lifetime, configured_margin)
