"""A limiter that lets everything pass, for tests that are about something else."""

from portway.application.ports.limits import Limit


class NoLimits:
    async def attempt(self, limit: Limit, key: str) -> None:
        pass

    async def forgive(self, limit: Limit, key: str) -> None:
        pass
