"""A connection that is kept, while it works."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from portway.domain.errors import MalformedRequest, Unavailable
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres import kept_connection
from portway.infrastructure.postgres.kept_connection import KeptConnection

_ITS_PID = "SELECT pg_backend_pid()"


@asynccontextmanager
async def kept(
    urls: DatabaseUrls, *, max_lifetime: float = 3600, prepares: bool = True
) -> AsyncIterator[KeptConnection]:
    pool: AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]] = AsyncConnectionPool(
        urls.app,
        min_size=1,
        max_size=1,
        max_lifetime=max_lifetime,
        timeout=5,
        open=False,
        kwargs={"autocommit": True, "prepare_threshold": 5 if prepares else None},
    )
    await pool.open()
    connection = KeptConnection(pool)
    try:
        yield connection
    finally:
        await connection.give_back()
        await pool.close()


async def pid_of(connection: KeptConnection) -> int:
    ((pid,),) = await connection.run(_ITS_PID, [])
    return int(pid)


async def test_it_is_kept(database_urls: DatabaseUrls) -> None:
    async with kept(database_urls, max_lifetime=0) as connection:
        assert await pid_of(connection) == await pid_of(connection)


@pytest.mark.parametrize("prepares", [True, False])
async def test_values_of_any_kind_and_length(database_urls: DatabaseUrls, prepares: bool) -> None:
    async with kept(database_urls, prepares=prepares) as connection:
        for text in ("", "a", "ä€😀", "x" * 20_000_000):  # the last one does not fit into the socket's buffer
            rows = await connection.run("SELECT $1::text, n, NULL FROM generate_series(1, 2) AS n", [text])
            assert rows == [(text, 1, None), (text, 2, None)]
        assert await connection.run("SELECT 1 WHERE false", []) == []
        names = await connection.run(
            "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'kept%'", []
        )
        assert names == [(3 if prepares else 0,)]


async def test_what_is_prepared_is_known_when_the_pool_gives_the_connection_again(
    database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_connection, "_KEPT_SECONDS", 0)
    async with kept(database_urls) as connection:
        pids = {await pid_of(connection) for _ in range(3)}
        assert len(pids) == 1
        assert await connection.run("SELECT count(*) FROM pg_prepared_statements", []) == [(2,)]


async def test_after_a_while_the_pool_may_renew_it(
    database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_connection, "_KEPT_SECONDS", 0)
    async with kept(database_urls, max_lifetime=0) as connection:
        assert await pid_of(connection) != await pid_of(connection)


async def test_two_tasks_wait_for_each_other(database_urls: DatabaseUrls) -> None:
    async with kept(database_urls) as connection:
        slow = asyncio.create_task(connection.run("SELECT pg_backend_pid() FROM pg_sleep($1)", ["0.2"]))
        await asyncio.sleep(0.05)
        assert [(await pid_of(connection),)] == await slow


async def test_a_value_that_the_database_refuses_costs_the_next_statement_nothing(
    database_urls: DatabaseUrls,
) -> None:
    async with kept(database_urls) as connection:
        with pytest.raises(MalformedRequest, match="no number"):
            await connection.run("SELECT $1::integer", ["no number"])
        with pytest.raises(MalformedRequest, match="U\\+0000"):
            await connection.run("SELECT $1::text", ["cut\0off"])
        assert await connection.run("SELECT 1", []) == [(1,)]


async def test_a_statement_whose_columns_changed_is_prepared_anew(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.superuser, autocommit=True) as superuser:
        superuser.execute("CREATE TABLE public.changing AS SELECT 1 AS one")
        superuser.execute("GRANT SELECT ON public.changing TO public")
        try:
            async with kept(database_urls) as connection:
                assert await connection.run("SELECT * FROM public.changing", []) == [(1,)]
                superuser.execute("ALTER TABLE public.changing ADD COLUMN two integer")
                with pytest.raises(psycopg.errors.FeatureNotSupported):
                    await connection.run("SELECT * FROM public.changing", [])
                assert await connection.run("SELECT * FROM public.changing", []) == [(1, None)]
        finally:
            superuser.execute("DROP TABLE public.changing")


async def test_a_connection_that_broke_while_nobody_needed_it_costs_no_statement(
    database_urls: DatabaseUrls,
) -> None:
    async with kept(database_urls) as connection:
        before = await pid_of(connection)
        with psycopg.connect(database_urls.superuser, autocommit=True) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
        await asyncio.sleep(0.1)
        # Who gets the number of the closed socket is left alone.
        loop, ours, theirs = asyncio.get_running_loop(), *socket.socketpair()
        received = asyncio.Event()
        loop.add_reader(ours, received.set)
        assert await pid_of(connection) != before
        theirs.send(b"x")
        await asyncio.wait_for(received.wait(), 5)
        loop.remove_reader(ours)
        ours.close()
        theirs.close()


async def test_a_server_that_goes_away_in_the_middle_of_a_statement(database_urls: DatabaseUrls) -> None:
    async with kept(database_urls) as connection:
        pid = await pid_of(connection)
        sleeping = asyncio.create_task(connection.run("SELECT pg_sleep($1)", ["60"]))
        await asyncio.sleep(0.2)
        with psycopg.connect(database_urls.superuser, autocommit=True) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        with pytest.raises(Unavailable):
            await sleeping
        assert await pid_of(connection) != pid


async def test_a_statement_that_is_cancelled_leaves_a_connection_that_works(
    database_urls: DatabaseUrls,
) -> None:
    async with kept(database_urls) as connection:
        sleeping = asyncio.create_task(connection.run("SELECT pg_sleep($1)", ["60"]))
        await asyncio.sleep(0.2)
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        assert await connection.run("SELECT 1", []) == [(1,)]
