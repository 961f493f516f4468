"""Rule: how often a caller may execute actions, by what the rows and the API key say."""

from dataclasses import dataclass

from portway.application.language.documents import read_rate_limits
from portway.application.language.transform_config import RateLimit
from portway.application.per_version import PerVersion
from portway.application.ports.execution_ledger import Grant
from portway.application.ports.rate_limits import CountedLimit, RateLimiter, Standing
from portway.domain.action import Action
from portway.domain.errors import RateLimited
from portway.domain.integration import Integration
from portway.domain.principal import Principal
from portway.domain.rate_limit import RateState


@dataclass(frozen=True, slots=True)
class _Declared:
    """A limit of a row: whose it is comes between the two parts of its key."""

    limit: RateLimit
    before: str
    after: str
    holder: str


class RateGuard:
    """Counts executions, not the requests that one of them makes."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter
        # What depends on a row alone, read once for each version of it.
        self._declared: PerVersion[tuple[_Declared, ...]] = PerVersion()

    async def check(self, principal: Principal, grant: Grant) -> RateState | None:
        """Takes one from every limit that applies, and returns how the tightest stands; None where there is none.

        Raises RateLimited, and takes nothing from any, where one is used up; InvalidIntegrationConfig.
        """
        limits = self._limits(principal, grant)
        if not limits:
            return None
        standings = await self._limiter.take([counted for counted, _ in limits.values()])
        longest, (counted, declared) = max(
            zip(standings, limits.values(), strict=True), key=lambda one: one[0].wait_seconds
        )
        if longest.wait_seconds > 0:
            raise RateLimited(longest.wait_seconds, _sentence(counted, declared), longest.state)
        return min(standings, key=_tightness).state

    def _limits(self, principal: Principal, grant: Grant) -> dict[str, tuple[CountedLimit, _Declared | None]]:
        """By their keys; those of the API key are declared by no row."""
        found: dict[str, tuple[CountedLimit, _Declared | None]] = {}
        for limit in principal.rate_limits:
            key = f"key:{principal.credential_id}:{limit.requests}/{limit.per_seconds}"
            found[key] = (CountedLimit(key, limit.requests, limit.per_seconds), None)
        for row in (grant.integration, grant.action):
            for declared in self._declared_by(row) if row.rate_limits else ():
                of, connection = declared.limit, grant.connection
                whose = connection.id if of.per == "connection" else connection.organization_id
                key = f"{declared.before}{whose}{declared.after}"
                found[key] = (CountedLimit(key, of.requests, of.per_seconds), declared)
        return found

    def _declared_by(self, row: Integration | Action) -> tuple[_Declared, ...]:
        return self._declared.get((row.id.int, row.version), lambda: _read(row))


def _tightness(standing: Standing) -> tuple[int, float]:
    return standing.state.remaining, -standing.state.reset_seconds


def _read(row: Integration | Action) -> tuple[_Declared, ...]:
    kind = type(row).__name__.lower()
    return tuple(
        _Declared(
            limit,
            f"{kind}:{row.id}:{limit.per}:",
            f":{limit.requests}/{limit.per_seconds}",
            f"The {kind} {row.slug}",
        )
        for limit in read_rate_limits(row)
    )


def _sentence(counted: CountedLimit, declared: _Declared | None) -> str:
    words = _words(counted.requests, counted.per_seconds)
    if declared is None:
        return f"This API key allows {words}; try again later."
    return f"{declared.holder} allows {words} for each {declared.limit.per}; try again later."


def _words(requests: int, per_seconds: int) -> str:
    requests_ = f"{requests} execution{'' if requests == 1 else 's'}"
    return f"{requests_} in {per_seconds} second{'' if per_seconds == 1 else 's'}"
