"""Rule: refresh an access token that expires in less than five minutes, before it is used."""

from datetime import datetime, timedelta

DEFAULT_MARGIN = timedelta(minutes=5)
_NOTHING = timedelta(0)


def refresh_margin(lifetime: timedelta | None, configured: timedelta | None = None) -> timedelta:
    """How long before its expiry a token is refreshed; never less than nothing.

    An integration may configure its own margin. None is longer than half of the token's life: one as long as the token
    lives would refresh it on every call. (So a token that lives for less than ten minutes has half of its life.)
    """
    margin = DEFAULT_MARGIN if configured is None else configured
    if lifetime is not None:
        margin = min(margin, lifetime / 2)
    return max(margin, _NOTHING)  # clocks differ: a token may seem to expire before it was issued


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
