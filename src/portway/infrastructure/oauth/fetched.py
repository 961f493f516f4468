"""What an issuer publishes, fetched when it is needed and not more often than is polite."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from portway.domain.errors import PortwayError, Unavailable

Value = TypeVar("Value")

MAX_STALE_SECONDS: Final = 3600.0
"""Until this age it serves on while its issuer does not answer."""

RENEWAL_PAUSE_SECONDS: Final = 30.0
"""Between two fetches while there is one."""

RETRY_PAUSE_SECONDS: Final = 2.0
"""Between two fetches while there is none."""

_log = logging.getLogger(__name__)


class Fetched(Generic[Value]):
    """The value that `fetch` had last; what it raises is logged, `what` being the words for it. One fetch at a time.

    `without` is what callers are told where there is no value.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Value]],
        *,
        what: str,
        without: str,
        monotonic: Callable[[], float],
    ) -> None:
        self._fetch = fetch
        self._what = what
        self._without = without
        self._monotonic = monotonic
        self._value: Value | None = None
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def get(self, max_age: float) -> Value:
        """At most `max_age` seconds old while the issuer answers. Raises Unavailable where there is none to be had."""
        if self._is_due(max_age):
            # Whoever waited here finds it done.
            async with self._fetching:
                if self._is_due(max_age):
                    await self._try()
        if self._value is None or self._monotonic() - self._fetched_at > MAX_STALE_SECONDS:
            raise Unavailable(self._without, retry_after_seconds=RETRY_PAUSE_SECONDS)
        return self._value

    def _is_due(self, max_age: float) -> bool:
        now = self._monotonic()
        pause = RETRY_PAUSE_SECONDS if self._value is None else RENEWAL_PAUSE_SECONDS
        return now - self._fetched_at >= max_age and now - self._tried_at >= pause

    async def _try(self) -> None:
        try:
            value = await self._fetch()
        except PortwayError as error:
            _log.warning("%s could not be fetched: %s", self._what, error.detail)
        else:
            self._value, self._fetched_at = value, self._monotonic()
        self._tried_at = self._monotonic()
