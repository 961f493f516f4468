"""Time that passes when a test says so."""

import asyncio
from datetime import UTC, datetime, timedelta


class SettableClock:
    """A `Clock`. `sleep` takes no time but this clock's."""

    def __init__(self, now: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)) -> None:
        self.now = now
        self.pauses: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Lets the other tasks run once, `seconds` later."""
        self.pauses.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)
