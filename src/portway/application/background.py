"""Work that a caller does not wait for."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

MAX_TASKS = 256

_log = logging.getLogger(__name__)


class Background:
    """Runs coroutines beside the requests. Failures are logged by kind; nobody else learns of them."""

    def __init__(self, max_tasks: int = MAX_TASKS) -> None:
        self._max_tasks = max_tasks
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Starts it, or drops it, and says so in the log, while too much is under way."""
        if len(self._tasks) >= self._max_tasks:
            work.close()
            _log.warning("%s is dropped: %s tasks are under way", name, len(self._tasks))
            return
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def finish(self) -> None:
        """Waits for all that was started."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("%s failed: %s", task.get_name(), type(error).__qualname__)
