"""A connection for statements that follow each other without an end."""

import asyncio
import time
from collections.abc import Sequence

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from portway.infrastructure.postgres.errors import translated

_KEPT_SECONDS = 60.0


class KeptConnection:
    """Runs one statement at a time on a connection that it keeps, prepared where the pool's connections allow it.

    To take one from the pool for each statement and give it back costs half as much as the statement itself. The pool
    gets it back after an error, to mend or replace it, and after a minute, to renew it when it is old.
    """

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]]) -> None:
        self._pool = pool
        self._connection: psycopg.AsyncConnection[TupleRow] | None = None
        self._until = 0.0
        self._one_at_a_time = asyncio.Lock()

    async def run(self, statement: str, parameters: Sequence[str]) -> list[TupleRow]:
        """Its rows. Domain errors come out of it for whatever the database refuses."""
        async with self._one_at_a_time:
            with translated():
                connection = self._connection or await self._take()
                try:
                    cursor = await connection.execute(statement, parameters, prepare=True)
                    rows = await cursor.fetchall()
                except BaseException:
                    await self.give_back()
                    raise
                if time.monotonic() >= self._until:
                    await self.give_back()
                return rows

    async def give_back(self) -> None:
        """Returns it to the pool, if it has one."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await self._pool.putconn(connection)

    async def _take(self) -> psycopg.AsyncConnection[TupleRow]:
        self._connection = await self._pool.getconn()
        self._until = time.monotonic() + _KEPT_SECONDS
        return self._connection
