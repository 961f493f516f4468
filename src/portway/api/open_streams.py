"""How many answers of a process never end by themselves, and their end."""

import asyncio
from collections import Counter
from contextlib import suppress
from uuid import UUID

from portway.domain.errors import RateLimited, Unavailable

BEFORE_STOPPING = "portway.before_stopping"
"""Under this name, the state of the ASGI lifespan has the function that ends them."""

MAX_STREAMS = 100
"""Of one process."""

MAX_STREAMS_OF_USER = 10
"""Of one process: as many as somebody has tabs, and fewer than all."""

_RETRY_SECONDS = 5.0


class OpenStreams:
    """The streams of a process: how many there are, and their end."""

    def __init__(self) -> None:
        self._of_user: Counter[UUID] = Counter()
        self._ended = asyncio.Event()

    def enter(self, user_id: UUID) -> None:
        """Takes a place. Raises RateLimited or Unavailable where there is none."""
        if self._ended.is_set() or self._of_user.total() >= MAX_STREAMS:
            raise Unavailable("There are too many streams open; try again shortly.", _RETRY_SECONDS)
        if self._of_user[user_id] >= MAX_STREAMS_OF_USER:
            raise RateLimited(
                _RETRY_SECONDS, f"You have {MAX_STREAMS_OF_USER} streams open; close one first."
            )
        self._of_user[user_id] += 1

    def leave(self, user_id: UUID) -> None:
        """Gives the place back."""
        self._of_user[user_id] -= 1
        if not self._of_user[user_id]:
            del self._of_user[user_id]

    def end(self) -> None:
        """Ends all streams, and lets none begin: the process is about to stop."""
        self._ended.set()

    @property
    def ended(self) -> bool:
        """Whether they were."""
        return self._ended.is_set()

    async def pause(self, seconds: float) -> None:
        """Waits, but not beyond the end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)
