"""Rule: how often a caller may execute actions, by what the rows and the API key say."""

from collections.abc import Iterator
from dataclasses import dataclass

from portway.application.language.documents import read_rate_limits
from portway.application.ports.execution_ledger import Grant
from portway.application.ports.rate_limits import CountedLimit, RateLimiter, Standing
from portway.domain.action import Action
from portway.domain.connection import Connection
from portway.domain.errors import RateLimited
from portway.domain.integration import Integration
from portway.domain.principal import Principal
from portway.domain.rate_limit import RateState


@dataclass(frozen=True, slots=True)
class _Named:
    """A limit, and what its holder is told that it is."""

    counted: CountedLimit
    name: str


class RateGuard:
    """Counts executions, not the requests that one of them makes."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    async def check(self, principal: Principal, grant: Grant) -> RateState | None:
        """Takes one from every limit that applies, and returns how the tightest stands; None where there is none.

        Raises RateLimited, and takes nothing from any, where one is used up; InvalidIntegrationConfig.
        """
        named = {limit.counted.key: limit for limit in _limits(principal, grant)}
        if not named:
            return None
        limits = list(named.values())
        standings = await self._limiter.take([limit.counted for limit in limits])
        longest, refused = max(zip(standings, limits, strict=True), key=lambda one: one[0].wait_seconds)
        if longest.wait_seconds > 0:
            raise RateLimited(longest.wait_seconds, f"{refused.name}; try again later.", longest.state)
        return min(standings, key=_tightness).state


def _tightness(standing: Standing) -> tuple[int, float]:
    return standing.state.remaining, -standing.state.reset_seconds


def _limits(principal: Principal, grant: Grant) -> Iterator[_Named]:
    for limit in principal.rate_limits:
        key = f"key:{principal.credential_id}:{limit.requests}/{limit.per_seconds}"
        yield _Named(
            CountedLimit(key, limit.requests, limit.per_seconds),
            f"This API key allows {_words(limit.requests, limit.per_seconds)}",
        )
    for row in (grant.integration, grant.action):
        yield from _limits_of(row, grant.connection, grant.integration)


def _limits_of(
    row: Integration | Action, connection: Connection, integration: Integration
) -> Iterator[_Named]:
    kind = type(row).__name__.lower()
    for limit in read_rate_limits(row):
        whose = connection.id if limit.per == "connection" else f"{connection.organization_id}"
        key = f"{kind}:{row.id}:{limit.per}:{whose}:{limit.requests}/{limit.per_seconds}"
        yield _Named(
            CountedLimit(key, limit.requests, limit.per_seconds),
            f"The {kind} {row.slug} allows {_words(limit.requests, limit.per_seconds)} for each {limit.per}",
        )


def _words(requests: int, per_seconds: int) -> str:
    requests_ = f"{requests} execution{'' if requests == 1 else 's'}"
    return f"{requests_} in {per_seconds} second{'' if per_seconds == 1 else 's'}"
