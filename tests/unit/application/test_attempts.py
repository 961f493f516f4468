"""Whose attempts count together."""

import pytest

from portway.application.attempts import SIGN_UP_ADDRESS, AttemptGuard
from portway.domain.errors import RateLimited
from portway.infrastructure.rate_limits.memory import MemoryRateLimiter


async def exhausted(client: str) -> AttemptGuard:
    guard = AttemptGuard(MemoryRateLimiter())
    for _ in range(SIGN_UP_ADDRESS.attempts):
        await guard.sign_up(client)
    return guard


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "::ffff:192.0.2.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("unknown", "unknown"),
    ],
)
async def test_one_place(first: str, second: str) -> None:
    guard = await exhausted(first)

    with pytest.raises(RateLimited):
        await guard.sign_up(second)


@pytest.mark.parametrize(
    ("first", "second"), [("192.0.2.1", "192.0.2.2"), ("2001:db8:1:2::1", "2001:db8:1:3::1")]
)
async def test_two_places(first: str, second: str) -> None:
    guard = await exhausted(first)

    await guard.sign_up(second)
