"""A connection for statements that follow each other without an end."""

import asyncio
import time
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import FeatureNotSupported, error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from portway.infrastructure.postgres.errors import translated

_Connection = psycopg.AsyncConnection[TupleRow]

_KEPT_SECONDS = 60.0


class KeptConnection:
    """Runs one statement at a time on a connection that it keeps, prepared where the pool's connections allow it.

    To take one from the pool for each statement and give it back costs half as much as the statement itself. The pool
    gets it back after an error, to mend or replace it, and after a minute, to renew it when it is old.
    """

    def __init__(self, pool: AsyncConnectionPool[_Connection]) -> None:
        self._pool = pool
        self._watched: _WatchedConnection | None = None
        self._until = 0.0
        # Names of the statements that a connection has prepared, which it may bring back from the pool.
        self._prepared: WeakKeyDictionary[_Connection, dict[str, bytes]] = WeakKeyDictionary()
        self._one_at_a_time = asyncio.Lock()

    async def run(self, statement: str, parameters: Sequence[str]) -> list[TupleRow]:
        """Its rows. Parameters are `$1`, `$2` and so on in it. Domain errors come out for whatever the database
        refuses.
        """
        async with self._one_at_a_time:
            with translated():
                watched = self._watched
                if watched is None or not watched.is_open:
                    watched = await self._take()
                try:
                    rows = await watched.run(statement, parameters)
                except FeatureNotSupported:
                    # A migration has changed what a prepared statement gives.
                    await self.give_back(is_fit=False)
                    raise
                except BaseException:
                    await self.give_back()
                    raise
                if time.monotonic() >= self._until:
                    await self.give_back()
                return rows

    async def give_back(self, *, is_fit: bool = True) -> None:
        """Returns it to the pool, if it has one; closed, where it is not fit to be used again."""
        if self._watched is not None:
            watched, self._watched = self._watched, None
            watched.leave()
            if not is_fit:
                await watched.connection.close()
            await self._pool.putconn(watched.connection)

    async def _take(self) -> "_WatchedConnection":
        await self.give_back()  # one that broke while nobody needed it
        connection = await self._pool.getconn()
        try:
            self._watched = _WatchedConnection(connection, self._prepared.setdefault(connection, {}))
        except BaseException:
            await self._pool.putconn(connection)
            raise
        self._until = time.monotonic() + _KEPT_SECONDS
        return self._watched


class _WatchedConnection:
    """A connection driven by libpq's asynchronous functions (PostgreSQL's manual, "Asynchronous Command Processing").

    psycopg's cursor, and its wait that watches the socket anew each time, cost as much as all that is in a statement.
    """

    def __init__(self, connection: _Connection, prepared: dict[str, bytes]) -> None:
        self.connection = connection
        self.is_open = True
        """Whether its socket is watched; it is not any more once the connection broke."""
        self._wire = connection.pgconn
        # libpq forgets it when the connection breaks.
        self._socket = self._wire.socket
        self._may_prepare = connection.prepare_threshold is not None
        self._prepared = prepared
        self._results: list[PGresult] = []
        self._loop = asyncio.get_running_loop()
        self._answered: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(self._socket, self._receive)

    def leave(self) -> None:
        """Leaves the connection to whoever has it next."""
        # Once: libpq closes the socket of a connection that breaks, and its number may be another's by now.
        if self.is_open:
            self.is_open = False
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)

    async def run(self, statement: str, parameters: Sequence[str]) -> list[TupleRow]:
        values = [_as_text(value) for value in parameters]
        if self._may_prepare:
            name = self._prepared.get(statement) or await self._prepare(statement)
            self._wire.send_query_prepared(name, values)
        else:
            self._wire.send_query_params(statement.encode(), values)
        result = await self._result()
        reader = Transformer(self.connection)
        reader.set_pgresult(result)
        return reader.load_rows(0, result.ntuples, tuple)

    async def _prepare(self, statement: str) -> bytes:
        name = f"kept_{len(self._prepared)}".encode()
        self._wire.send_prepare(name, statement.encode())
        await self._result()
        self._prepared[statement] = name
        return name

    async def _result(self) -> PGresult:
        self._results = []
        self._answered = self._loop.create_future()
        self._send()
        await self._answered
        result = self._results[-1]  # the only one, but for the server's last words
        if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
            raise error_from_result(result)
        return result

    def _send(self) -> None:
        """Sends as much as the socket takes, and the rest when it takes more."""
        try:
            is_sent = self._wire.flush() == 0
        except psycopg.OperationalError as error:
            self._fail(error)
            return
        if is_sent:
            self._loop.remove_writer(self._socket)
        else:
            self._loop.add_writer(self._socket, self._send)

    def _receive(self) -> None:
        try:
            self._wire.consume_input()
            while not self._wire.is_busy():
                result = self._wire.get_result()
                if result is None:
                    if not self._answered.done():
                        self._answered.set_result(None)
                    return
                self._results.append(result)
        except psycopg.OperationalError as error:
            self._fail(error)

    def _fail(self, error: psycopg.OperationalError) -> None:
        self.leave()
        if not self._answered.done():
            self._answered.set_exception(error)


def _as_text(value: str) -> bytes:
    text = value.encode()
    if b"\0" in text:
        # libpq would cut it off there.
        raise psycopg.DataError("PostgreSQL's text cannot hold the character U+0000.")
    return text
