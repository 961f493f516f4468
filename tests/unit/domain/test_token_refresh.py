from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.domain.rules.token_refresh import needs_refresh, refresh_margin

NOW = datetime(2026, 1, 6, 9, 30, tzinfo=UTC)
SECONDS = st.integers(-100_000, 100_000).map(lambda seconds: timedelta(seconds=seconds))
POSITIVE = st.integers(1, 100_000).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("left", "due"),
    [
        (timedelta(hours=1), False),
        (timedelta(minutes=5, microseconds=1), False),
        (timedelta(minutes=5), False),
        (timedelta(minutes=5) - timedelta(microseconds=1), True),
        (timedelta(0), True),
        (-timedelta(days=1), True),
    ],
)
def test_a_token_is_due_when_less_than_five_minutes_are_left(left: timedelta, due: bool) -> None:
    assert needs_refresh(NOW, NOW + left) is due
    assert needs_refresh(NOW, NOW + left, issued_at=NOW + left - timedelta(hours=1)) is due


def test_a_token_without_an_expiry_is_never_due() -> None:
    assert not needs_refresh(NOW, None)
    assert not needs_refresh(NOW, None, NOW, timedelta(days=1000))


@pytest.mark.parametrize(
    ("lifetime", "margin"),
    [
        (timedelta(minutes=10), timedelta(minutes=5)),
        (timedelta(minutes=10) - timedelta(seconds=2), timedelta(minutes=5) - timedelta(seconds=1)),
        (timedelta(minutes=2), timedelta(minutes=1)),
        (timedelta(0), timedelta(0)),
        (-timedelta(minutes=1), timedelta(0)),
    ],
)
def test_a_short_lived_token_has_half_its_life_as_margin(lifetime: timedelta, margin: timedelta) -> None:
    assert refresh_margin(lifetime) == margin


def test_a_margin_of_the_integration_comes_first() -> None:
    assert refresh_margin(timedelta(minutes=2), timedelta(seconds=30)) == timedelta(seconds=30)
    assert not needs_refresh(NOW, NOW + timedelta(seconds=30), configured_margin=timedelta(seconds=30))
    assert needs_refresh(NOW, NOW + timedelta(seconds=29), configured_margin=timedelta(seconds=30))


def test_but_none_is_longer_than_half_of_a_tokens_life() -> None:
    assert refresh_margin(timedelta(hours=1), timedelta(hours=2)) == timedelta(minutes=30)
    assert refresh_margin(None, timedelta(hours=2)) == timedelta(hours=2)


@given(left=SECONDS, later=POSITIVE, lifetime=st.none() | SECONDS, margin=st.none() | SECONDS)
def test_what_is_due_stays_due(
    left: timedelta, later: timedelta, lifetime: timedelta | None, margin: timedelta | None
) -> None:
    expires_at = NOW + left
    issued_at = expires_at - lifetime if lifetime is not None else None
    if needs_refresh(NOW, expires_at, issued_at, margin):
        assert needs_refresh(NOW + later, expires_at, issued_at, margin)


@given(overdue=POSITIVE, lifetime=st.none() | SECONDS, margin=st.none() | SECONDS)
def test_an_expired_token_is_always_due(
    overdue: timedelta, lifetime: timedelta | None, margin: timedelta | None
) -> None:
    expires_at = NOW - overdue
    issued_at = expires_at - lifetime if lifetime is not None else None
    assert needs_refresh(NOW, expires_at, issued_at, margin)


@given(lifetime=POSITIVE, margin=st.none() | SECONDS)
def test_a_new_token_is_never_due(lifetime: timedelta, margin: timedelta | None) -> None:
    assert not needs_refresh(NOW, NOW + lifetime, issued_at=NOW, configured_margin=margin)
