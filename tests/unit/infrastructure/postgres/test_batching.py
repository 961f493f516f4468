import asyncio
from collections.abc import Sequence

import pytest

from portway.domain.errors import MalformedRequest, Unavailable
from portway.infrastructure.postgres.batching import Batcher


class Statements:
    """Doubles numbers; each statement waits until it is let go."""

    def __init__(self, *, held: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.running = 0
        self.most_running = 0
        self.error: BaseException | None = None
        self.bad = -1
        self.gate = asyncio.Event()
        if not held:
            self.gate.set()

    async def run(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            await self.gate.wait()
        finally:
            self.running -= 1
        if self.error is not None:
            raise self.error
        if self.bad in items:
            raise MalformedRequest(f"{self.bad} is no good.")
        return [2 * item for item in items]

    def batcher(self, *, max_size: int = 64, worth_sending_ahead: int = 1000) -> Batcher[int, int]:
        return Batcher(
            self.run,
            max_size=max_size,
            worth_sending_ahead=worth_sending_ahead,
            item_errors=(MalformedRequest,),
        )


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_lone_call_is_not_kept_waiting() -> None:
    statements = Statements()
    assert await statements.batcher().submit(21) == 42
    assert statements.batches == [[21]]


async def test_what_queues_meanwhile_is_the_next_batch() -> None:
    statements = Statements(held=True)
    batcher = statements.batcher()
    first = batcher.submit(1)
    await settle()
    others = [batcher.submit(number) for number in range(2, 6)]
    await settle()
    assert statements.batches == [[1]]
    statements.gate.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8, 10]
    assert statements.batches == [[1], [2, 3, 4, 5]]


async def test_a_batch_is_never_larger_than_allowed() -> None:
    statements = Statements()
    results = await asyncio.gather(*map(statements.batcher(max_size=4).submit, range(11)))
    assert results == [2 * number for number in range(11)]
    assert [len(batch) for batch in statements.batches] == [4, 4, 3]


async def test_one_batch_is_sent_ahead_where_enough_wait() -> None:
    statements = Statements(held=True)
    batcher = statements.batcher(worth_sending_ahead=3)
    futures = [batcher.submit(1)]
    await settle()
    futures += [batcher.submit(number) for number in (2, 3)]
    await settle()
    assert statements.batches == [[1]]
    futures += [batcher.submit(4)]
    await settle()
    assert statements.batches == [[1], [2, 3, 4]]
    # And no third one.
    futures += [batcher.submit(number) for number in range(5, 15)]
    await settle()
    assert statements.running == 2
    statements.gate.set()
    assert await asyncio.gather(*futures) == [2 * number for number in range(1, 15)]
    assert statements.most_running == 2


async def test_what_is_sent_ahead_is_as_large_as_what_is_in_flight() -> None:
    statements = Statements(held=True)
    batcher = statements.batcher(worth_sending_ahead=2)
    futures = [batcher.submit(number) for number in range(5)]
    await settle()
    futures += [batcher.submit(number) for number in range(4)]
    await settle()
    assert [len(batch) for batch in statements.batches] == [5]
    futures.append(batcher.submit(4))
    await settle()
    assert [len(batch) for batch in statements.batches] == [5, 5]
    statements.gate.set()
    await asyncio.gather(*futures)


async def test_what_comes_within_one_turn_goes_together() -> None:
    statements = Statements()
    await asyncio.gather(*map(statements.batcher(worth_sending_ahead=2).submit, range(6)))
    assert [len(batch) for batch in statements.batches] == [6]


async def test_who_is_done_leaves_the_rest_to_who_is_not() -> None:
    """Fewer than are worth sending ahead wait while another batch is in flight."""
    gates = [asyncio.Event(), asyncio.Event()]
    batches: list[Sequence[int]] = []

    async def run(items: Sequence[int]) -> Sequence[int]:
        batches.append(items)
        await gates[min(len(batches), 2) - 1].wait()
        return items

    batcher: Batcher[int, int] = Batcher(run, max_size=64, worth_sending_ahead=2)
    first = batcher.submit(1)
    await settle()
    others = [batcher.submit(number) for number in (2, 3)]
    await settle()
    last = batcher.submit(4)
    gates[0].set()
    assert await first == 1
    await settle()
    assert batches == [[1], [2, 3]]
    gates[1].set()
    assert await asyncio.gather(*others, last) == [2, 3, 4]
    assert batches == [[1], [2, 3], [4]]


async def test_each_caller_gets_an_exception_of_their_own() -> None:
    statements = Statements()
    statements.error = Unavailable("Out of order.", retry_after_seconds=7)
    batcher = statements.batcher()
    results = await asyncio.gather(*(batcher.submit(number) for number in range(3)), return_exceptions=True)
    assert len({id(result) for result in results}) == 3
    for result in results:
        assert isinstance(result, Unavailable)
        assert (result.detail, result.retry_after_seconds) == ("Out of order.", 7)
        assert result.__cause__ is statements.error
    assert len(statements.batches) == 1


class TwoArgumentsError(Exception):
    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)


async def test_one_that_cannot_be_copied_is_shared() -> None:
    statements = Statements()
    statements.error = TwoArgumentsError("a", "b")
    with pytest.raises(TwoArgumentsError):
        await statements.batcher().submit(1)


async def test_it_works_on_after_a_failure() -> None:
    statements = Statements()
    statements.error = Unavailable()
    batcher = statements.batcher()
    with pytest.raises(Unavailable):
        await batcher.submit(1)
    statements.error = None
    assert await batcher.submit(2) == 4


async def test_a_bad_item_fails_alone() -> None:
    statements = Statements()
    statements.bad = 3
    batcher = statements.batcher()
    results = await asyncio.gather(*map(batcher.submit, range(5)), return_exceptions=True)
    assert isinstance(results.pop(3), MalformedRequest)
    assert results == [0, 2, 4, 8]
    assert statements.batches == [[0, 1, 2, 3, 4], [0], [1], [2], [3], [4]]


async def test_a_bad_item_on_its_own_is_not_tried_twice() -> None:
    statements = Statements()
    statements.bad = 3
    with pytest.raises(MalformedRequest):
        await statements.batcher().submit(3)
    assert statements.batches == [[3]]


async def test_a_caller_who_goes_away_takes_nobody_along() -> None:
    statements = Statements(held=True)
    batcher = statements.batcher()
    tasks = [batcher.submit(number) for number in range(3)]
    await settle()
    tasks[1].cancel()
    statements.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert (results[0], results[2]) == (0, 4)
    assert isinstance(results[1], asyncio.CancelledError)
    assert await batcher.submit(5) == 10


async def test_a_statement_that_is_cancelled_cancels_its_callers() -> None:
    statements = Statements()
    statements.error = asyncio.CancelledError()
    batcher = statements.batcher()
    results = await asyncio.gather(*map(batcher.submit, range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError] * 3
    statements.error = None
    assert await batcher.submit(1) == 2


async def test_too_few_results_leave_nobody_waiting() -> None:
    async def run(items: Sequence[int]) -> list[int]:
        return list(items)[1:]

    batcher: Batcher[int, int] = Batcher(run, max_size=64, worth_sending_ahead=1000)
    results = await asyncio.gather(*map(batcher.submit, range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError] * 3
