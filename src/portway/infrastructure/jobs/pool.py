"""Connections for the library, in which the names of its SQL mean the schema `jobs`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from portway.infrastructure.postgres.lost_servers import with_limits
from portway.infrastructure.postgres.poolers import is_direct

Connection = psycopg.AsyncConnection[TupleRow]

_WAIT_SECONDS = 5.0


class JobsPool(AsyncConnectionPool[Connection]):
    """Sets the search path in each transaction and not in the session, which a pooler may share with others."""

    @asynccontextmanager
    async def connection(self, timeout: float | None = None) -> AsyncIterator[Connection]:  # noqa: ASYNC109
        """A connection in a transaction, which commits unless the block raises."""
        async with super().connection(timeout) as connection:
            await connection.execute("SELECT set_config('search_path', 'jobs', true)")
            yield connection

    async def can_listen(self) -> bool:
        """Whether notifications come, on a pool that was just opened: a pooler keeps them, or gives them to others."""
        try:
            async with self.connection() as connection:
                if not await is_direct(connection):
                    return False
                await connection.execute("LISTEN portway_jobs")
                await connection.execute("UNLISTEN portway_jobs")
        except psycopg.Error:
            return False
        return True


def jobs_pool(url: str) -> JobsPool:
    """A pool for the role portway_worker, not open yet."""
    return JobsPool(
        with_limits(url),
        min_size=1,
        max_size=2,
        timeout=_WAIT_SECONDS,
        reconnect_timeout=_WAIT_SECONDS,
        open=False,
        check=AsyncConnectionPool.check_connection,
        kwargs={"prepare_threshold": None, "application_name": "portway jobs"},
    )
