"""Natural batching: what queues while a statement is in flight becomes the next batch."""

import asyncio
import copy
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Runs many single calls as few batched ones. No timer: a lone call is never kept waiting.

    `run` takes up to `max_size` items and returns their results in order; when it raises, each of its callers gets
    the exception. One of the types in `item_errors` says that some item was at fault and that nothing was done: then
    each item is run alone, so that nobody else's call fails of it.

    One batch is in flight. Another one is sent after it where at least `worth_sending_ahead` items wait, and as many as
    are in flight: then the next begins as soon as the first is done, and batches stay as large as they were.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        max_size: int,
        worth_sending_ahead: int,
        item_errors: tuple[type[Exception], ...] = (),
    ) -> None:
        self._run = run
        self._max_size = max_size
        self._worth_sending_ahead = worth_sending_ahead
        self._item_errors = item_errors
        self._queue: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._in_flight: list[int] = []  # the sizes of batches
        self._is_starting = False
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, item: Item) -> asyncio.Future[Result]:
        """The result for this item. A caller who is cancelled does not take the batch along."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append((item, future))
        if not self._is_starting and self._is_time():
            self._is_starting = True
            task = asyncio.create_task(self._drain())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return future

    def _is_time(self) -> bool:
        waiting = len(self._queue)
        if not self._in_flight:
            return waiting > 0
        return len(self._in_flight) == 1 and waiting >= max(self._worth_sending_ahead, self._in_flight[0])

    async def _drain(self) -> None:
        # Only now, so that what came within one turn of the loop goes together.
        self._is_starting = False
        while self._is_time():
            size = min(len(self._queue), self._max_size)
            self._in_flight.append(size)
            try:
                await self._run_batch([self._queue.popleft() for _ in range(size)])
            finally:
                self._in_flight.remove(size)

    async def _run_batch(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        futures = [future for _, future in batch]
        try:
            answers = list(zip(futures, await self._run([item for item, _ in batch]), strict=True))
        except asyncio.CancelledError:
            for future in futures:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001  it is the callers'
            if isinstance(error, self._item_errors) and len(batch) > 1:
                for one in batch:
                    await self._run_batch([one])
            else:
                _fail(futures, error)
        else:
            for future, result in answers:
                if not future.done():
                    future.set_result(result)


def _fail(futures: Sequence[asyncio.Future[Result]], error: Exception) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(_copy(error))


def _copy(error: Exception) -> Exception:
    """An exception for each caller: one object raised in several tasks would collect all their tracebacks."""
    try:
        twin = copy.copy(error)
    except TypeError:  # its constructor takes something else than its `args`
        return error
    twin.__cause__ = error
    return twin
