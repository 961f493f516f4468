"""Connections to the database, and the transaction in which row-level security knows the caller."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from portway.domain.errors import Unauthenticated
from portway.infrastructure.postgres.errors import translated
from portway.infrastructure.postgres.kept_connection import KeptConnection
from portway.infrastructure.postgres.lost_servers import check_unless_silent, with_limits
from portway.infrastructure.postgres.poolers import is_direct

Connection = psycopg.AsyncConnection[TupleRow]

_POOL_WAIT_SECONDS = 5.0

# CASE, because only that promises the order: first the pass, then what it says.
_BECOME_CALLER = """
SELECT set_config('TimeZone', 'UTC', true),
    CASE WHEN set_config('portway.pass', %s, true) IS NOT NULL THEN app.current_user_id() END
"""


class Database:
    """Pools for the role that servers use, the sign-in path, the worker path, and a read replica where there is one.

    Nothing is kept in a session, and statements are prepared by name only where no pooler stands between: one in
    transaction mode may.
    """

    def __init__(
        self,
        app_url: str,
        *,
        sign_in_url: str | None = None,
        worker_url: str | None = None,
        read_url: str | None = None,
        max_size: int = 10,
    ) -> None:
        self._app = _pool(app_url, max_size)
        self._executions = _pool(app_url, 1, configure=_prepare_where_possible)
        self.executions = KeptConnection(self._executions)
        """As `connection`, for the two statements of every execution."""
        self._sign_in = _pool(sign_in_url, 2) if sign_in_url else None
        self._worker = _pool(worker_url, 3) if worker_url else None
        self._read = _pool(read_url, max_size) if read_url else None

    @property
    def has_sign_in_path(self) -> bool:
        """Whether a URL of the role portway_sign_in is configured."""
        return self._sign_in is not None

    @property
    def has_worker_path(self) -> bool:
        """Whether a URL of the role portway_worker is configured."""
        return self._worker is not None

    async def open(self) -> None:
        """Starts the pools; does not wait for the database to answer."""
        for pool in self._pools():
            await pool.open(wait=False)

    async def close(self) -> None:
        """Ends all connections."""
        for pool in self._pools():
            await pool.close()
        # Which a closed pool ends; before, somebody might take it once more.
        await self.executions.give_back()

    @asynccontextmanager
    async def transaction(self, sealed_pass: str) -> AsyncIterator[Connection]:
        """A transaction in which the policies see the pass's user; commits unless the block raises.

        Domain errors come out of it for whatever the database refuses: Unauthenticated where the pass is expired or
        revoked by now, Unavailable where it does not answer. Times come back in UTC.
        """
        async with self._transaction(self._app, sealed_pass) as connection:
            yield connection

    @asynccontextmanager
    async def reading(self, sealed_pass: str) -> AsyncIterator[Connection]:
        """The same on the read replica, where there is one: for logs and analytics."""
        async with self._transaction(self._read or self._app, sealed_pass) as connection:
            yield connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection without a caller, in autocommit: for functions that take a pass or need none."""
        with translated():
            async with self._app.connection() as connection:
                yield connection

    @asynccontextmanager
    async def sign_in_connection(self) -> AsyncIterator[Connection]:
        """The same as portway_sign_in. Only where `has_sign_in_path`."""
        if self._sign_in is None:
            raise RuntimeError("no sign-in path is configured")
        with translated():
            async with self._sign_in.connection() as connection:
                yield connection

    @asynccontextmanager
    async def worker_connection(self) -> AsyncIterator[Connection]:
        """The same as portway_worker: for work that has no caller. Only where `has_worker_path`."""
        if self._worker is None:
            raise RuntimeError("no worker path is configured")
        with translated():
            async with self._worker.connection() as connection:
                yield connection

    def _pools(self) -> list[AsyncConnectionPool[Connection]]:
        pools = (self._app, self._executions, self._sign_in, self._worker, self._read)
        return [pool for pool in pools if pool is not None]

    @asynccontextmanager
    async def _transaction(
        self, pool: AsyncConnectionPool[Connection], sealed_pass: str
    ) -> AsyncIterator[Connection]:
        with translated():
            async with pool.connection() as connection, connection.transaction():
                cursor = await connection.execute(_BECOME_CALLER, [sealed_pass])
                # A session or key that was revoked a moment ago must not look like one that owns nothing.
                if (row := await cursor.fetchone()) is None or row[1] is None:
                    raise Unauthenticated
                yield connection


def _pool(
    url: str, max_size: int, *, configure: Callable[[Connection], Awaitable[None]] | None = None
) -> AsyncConnectionPool[Connection]:
    return AsyncConnectionPool(
        with_limits(url),
        min_size=1,
        max_size=max_size,
        timeout=_POOL_WAIT_SECONDS,
        # Its attempts come ever more rarely, up to as long as the database was away; past this it waits for a
        # request, and then tries at once.
        reconnect_timeout=_POOL_WAIT_SECONDS,
        open=False,
        configure=configure,
        check=check_unless_silent,
        kwargs={
            "autocommit": True,
            "prepare_threshold": None,
            "application_name": "portway",
            "client_encoding": "utf8",
        },
    )


async def _prepare_where_possible(connection: Connection) -> None:
    """Lets statements be prepared whose callers ask for it."""
    if await is_direct(connection):
        connection.prepare_threshold = sys.maxsize
