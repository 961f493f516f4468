"""A limiter that lets everything pass, for tests that are about something else."""

from collections.abc import Sequence

from portway.application.ports.rate_limits import CountedLimit, RateState, Standing


class NoLimits:
    async def take(self, limits: Sequence[CountedLimit]) -> Sequence[Standing]:
        return [Standing(RateState(limit.requests, limit.requests, 0.0)) for limit in limits]

    async def forget(self, limit: CountedLimit) -> None:
        pass
