"""A connection for statements that follow each other without an end."""

import asyncio
import select
import time
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from weakref import WeakKeyDictionary

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from portway.infrastructure.postgres.errors import translated

_Connection = psycopg.AsyncConnection[TupleRow]

_KEPT_SECONDS = 60.0
# A pooler lives when the server behind it does not, so that the network has nothing to tell.
_PATIENCE_SECONDS = 12.0
_LAST_SECONDS = 2.0


class KeptConnection:
    """Runs statements on a connection that it keeps, prepared where the pool's connections allow it.

    To take one from the pool for each statement and give it back costs half as much as the statement itself. The pool
    gets it back when it broke, to replace it, and after a minute, to renew it when it is old.
    """

    def __init__(self, pool: AsyncConnectionPool[_Connection]) -> None:
        self._pool = pool
        self._pipeline: _Pipeline | None = None
        # Names of the statements that a connection has prepared, which it may bring back from the pool.
        self._prepared: WeakKeyDictionary[_Connection, dict[str, bytes]] = WeakKeyDictionary()
        self._one_at_a_time = asyncio.Lock()

    async def run(self, statement: str, parameters: Sequence[str]) -> list[TupleRow]:
        """Its rows. Parameters are `$1`, `$2` and so on in it. Statements are run in the order in which they come, each
        in a transaction of its own; the next ones are on their way while one is run, unless they go by a pooler.

        Domain errors come out for whatever the database refuses.
        """
        with translated():
            pipeline = self._pipeline
            if pipeline is None or not pipeline.takes_more():
                pipeline = await self._replaced(pipeline)
            try:
                return await pipeline.run(statement, parameters)
            finally:
                if pipeline.is_idle and not pipeline.takes_more():
                    await self._give_back(pipeline)

    async def give_back(self) -> None:
        """Returns the connection to the pool, if it has one. What is under way fails."""
        if self._pipeline is not None:
            await self._give_back(self._pipeline)

    async def _replaced(self, worn: "_Pipeline | None") -> "_Pipeline":
        async with self._one_at_a_time:
            if self._pipeline is not None and self._pipeline is not worn:
                return self._pipeline
            if worn is not None:
                if worn.is_idle:
                    await self._give_back(worn)
                # Else whoever is the last to read an answer does it, however long that takes.
                await worn.is_given_back.wait()
            connection = await self._pool.getconn()
            try:
                self._pipeline = _Pipeline(connection, self._prepared.setdefault(connection, {}))
            except BaseException:
                await self._pool.putconn(connection)
                raise
            return self._pipeline

    async def _give_back(self, pipeline: "_Pipeline") -> None:
        if self._pipeline is pipeline:
            self._pipeline = None
            try:
                await pipeline.leave()
            finally:
                try:
                    await self._pool.putconn(pipeline.connection)
                finally:
                    pipeline.is_given_back.set()


class _Pipeline:
    """A connection driven by libpq's asynchronous functions, in pipeline mode (PostgreSQL's manual, "Asynchronous
    Command Processing" and "Pipeline Mode").

    psycopg's cursor, and its wait that watches the socket anew each time, cost as much as all that is in a statement.
    """

    def __init__(self, connection: _Connection, prepared: dict[str, bytes]) -> None:
        self.connection = connection
        self.is_given_back = asyncio.Event()
        self._wire = connection.pgconn
        # libpq forgets it when the connection breaks.
        self._socket = self._wire.socket
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        # Neither preparing nor sending ahead works behind a pooler: it gives the server away with the answer to a
        # statement, even if it has passed on the beginning of the next one by then.
        self._may_prepare = connection.prepare_threshold is not None
        self._turn = nullcontext() if self._may_prepare else asyncio.Lock()
        self._prepared = prepared
        self._until = time.monotonic() + _KEPT_SECONDS
        self._is_open = True
        self._is_outdated = False
        self._callers = 0
        self._waiting: deque[asyncio.Future[list[PGresult]]] = deque()
        self._results: list[PGresult] = []
        self._loop = asyncio.get_running_loop()
        self._wire.enter_pipeline_mode()
        self._loop.add_reader(self._socket, self._receive)
        self._oldest: asyncio.Future[list[PGresult]] | None = None
        self._giving_up: asyncio.Task[None] | None = None
        self._timer = self._loop.call_later(_PATIENCE_SECONDS, self._look_after)

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for an answer, or is about to read one."""
        return not self._callers

    def takes_more(self) -> bool:
        """Whether it is to be used for another statement."""
        return self._is_open and not self._is_outdated and time.monotonic() < self._until

    async def leave(self) -> None:
        """Leaves the connection to whoever has it next; closed, where it is not fit for that."""
        if self._waiting:
            self._fail(psycopg.OperationalError("the connection was given back"))
        is_fit = self._is_open and not self._is_outdated
        if self._is_open:
            self._stop_watching()
            try:
                self._wire.exit_pipeline_mode()
            except psycopg.OperationalError:
                is_fit = False
        if not is_fit:
            await self.connection.close()

    async def run(self, statement: str, parameters: Sequence[str]) -> list[TupleRow]:
        values = [value.encode() for value in parameters]
        for value in values:
            if b"\0" in value:
                # libpq would cut it off there.
                raise psycopg.DataError("PostgreSQL's text cannot hold the character U+0000.")
        self._callers += 1
        try:
            result = (await self._results_of(statement, values))[-1]
            reader = Transformer(self.connection)
            reader.set_pgresult(result)
            return reader.load_rows(0, result.ntuples, tuple)
        finally:
            self._callers -= 1

    async def _results_of(self, statement: str, values: Sequence[bytes]) -> list[PGresult]:
        async with self._turn:
            results = await self._answered(statement, values)
        for number, result in enumerate(results):
            if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
                error = error_from_result(result)
                # A migration has changed what it gives, or it could not be prepared, here or for who came before.
                if (
                    isinstance(error, FeatureNotSupported | InvalidSqlStatementName)
                    or number < len(results) - 1
                ):
                    self._is_outdated = True
                raise error
        return results

    async def _answered(self, statement: str, values: Sequence[bytes]) -> list[PGresult]:
        if not self._is_open:
            raise psycopg.OperationalError("the connection was lost before this statement's turn")
        try:
            return await self._sent(statement, values)
        except asyncio.CancelledError:
            # Nobody should have to wait for the rest of it.
            self._fail(psycopg.OperationalError("a statement before this one was cancelled"))
            raise

    def _look_after(self) -> None:
        """Now and then, instead of a timer for each statement: whether the oldest one is still the one of last time."""
        oldest = self._waiting[0] if self._waiting else None
        if oldest is not None and oldest is self._oldest:
            self._giving_up = self._loop.create_task(self._give_up(oldest))
        self._oldest = oldest
        self._timer = self._loop.call_later(_PATIENCE_SECONDS, self._look_after)

    async def _give_up(self, answer: "asyncio.Future[list[PGresult]]") -> None:
        # If the server is only slow, it must not do what nobody waits for any more.
        with suppress(psycopg.Error):
            await self.connection.cancel_safe(timeout=_LAST_SECONDS)
        await asyncio.wait((answer,), timeout=_LAST_SECONDS)
        if not answer.done():
            self._fail(psycopg.OperationalError("the server does not answer"))

    def _sent(self, statement: str, values: Sequence[bytes]) -> "asyncio.Future[list[PGresult]]":
        """What will come back for it."""
        answer: asyncio.Future[list[PGresult]] = self._loop.create_future()
        try:
            if not self._may_prepare:
                self._wire.send_query_params(statement.encode(), values)
            else:
                if statement not in self._prepared:
                    self._prepared[statement] = f"kept_{len(self._prepared)}".encode()
                    self._wire.send_prepare(self._prepared[statement], statement.encode())
                self._wire.send_query_prepared(self._prepared[statement], values)
            self._wire.pipeline_sync()
        except psycopg.OperationalError as error:
            # libpq may have closed the socket, of which the loop would not hear.
            self._fail(error)
            raise
        self._waiting.append(answer)
        self._flush()
        return answer

    def _flush(self) -> None:
        """Sends as much as the socket takes, and the rest when it takes more."""
        try:
            is_sent = self._wire.flush() == 0
        except psycopg.OperationalError as error:
            self._fail(error)
            return
        if is_sent:
            self._loop.remove_writer(self._socket)
        else:
            self._loop.add_writer(self._socket, self._flush)

    def _receive(self) -> None:
        """Reads all that there is: uvloop tells but once of a connection that was reset."""
        try:
            self._wire.consume_input()
            self._take_results()
            while self._poll.poll(0):
                self._wire.consume_input()
                self._take_results()
        except psycopg.OperationalError as error:
            self._fail(error)

    def _take_results(self) -> None:
        was_result = True
        while not self._wire.is_busy():
            result = self._wire.get_result()
            if result is None:
                # After a statement's last result, and where there is nothing.
                if not was_result:
                    return
                was_result = False
                continue
            was_result = True
            if result.status != ExecStatus.PIPELINE_SYNC:
                self._results.append(result)
                continue
            results, self._results = self._results, []
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_result(results)

    def _fail(self, error: psycopg.OperationalError) -> None:
        # Once: libpq closes the socket of a connection that breaks, and its number may be another's by now.
        if self._is_open:
            self._stop_watching()
        while self._waiting:
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_exception(error)

    def _stop_watching(self) -> None:
        self._is_open = False
        self._timer.cancel()
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
