"""A connection that is kept, while it works."""

import asyncio
import inspect
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import psycopg
import pytest
import uvloop
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from portway.domain.errors import MalformedRequest, Unavailable
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres import kept_connection
from portway.infrastructure.postgres.kept_connection import KeptConnection

_ITS_PID = "SELECT pg_backend_pid()"


@asynccontextmanager
async def kept(
    urls: DatabaseUrls, *, max_lifetime: float = 3600, prepares: bool = True, pool_seconds: float = 5
) -> AsyncIterator[KeptConnection]:
    pool: AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]] = AsyncConnectionPool(
        urls.app,
        min_size=1,
        max_size=1,
        max_lifetime=max_lifetime,
        timeout=pool_seconds,
        open=False,
        kwargs={"autocommit": True, "prepare_threshold": 5 if prepares else None},
    )
    await pool.open(wait=True)
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


@pytest.mark.parametrize("prepares", [True, False])
async def test_statements_that_are_sent_together_are_run_one_after_the_other(
    database_urls: DatabaseUrls, prepares: bool
) -> None:
    async with kept(database_urls, prepares=prepares) as connection:
        answers = await asyncio.gather(
            *(
                connection.run("SELECT $1::integer, pg_backend_pid(), clock_timestamp()", [str(number)])
                for number in range(50)
            )
        )
        rows = [row for (row,) in answers]
        assert [number for number, _, _ in rows] == list(range(50))
        assert len({pid for _, pid, _ in rows}) == 1
        assert sorted(rows, key=lambda row: row[2]) == rows


@pytest.mark.parametrize("prepares", [True, False])
async def test_what_is_sent_with_one_that_fails_is_not_harmed(
    database_urls: DatabaseUrls, prepares: bool
) -> None:
    """Each is a transaction of its own."""
    async with kept(database_urls, prepares=prepares) as connection:
        before = await pid_of(connection)
        for _ in range(2):  # prepared anew, and already
            first, bad, last = await asyncio.gather(
                connection.run("SELECT $1::integer", ["1"]),
                connection.run("SELECT $1::integer", ["no number"]),
                connection.run("SELECT $1::integer", ["2"]),
                return_exceptions=True,
            )
            assert (first, last) == ([(1,)], [(2,)])
            assert isinstance(bad, MalformedRequest)
        assert await pid_of(connection) == before


async def test_one_that_cannot_be_prepared_is_when_it_can(database_urls: DatabaseUrls) -> None:
    async with kept(database_urls) as connection:
        with pytest.raises(psycopg.errors.UndefinedTable):
            await connection.run("SELECT one FROM public.to_come", [])
        with psycopg.connect(database_urls.superuser, autocommit=True) as superuser:
            superuser.execute("CREATE TABLE public.to_come AS SELECT 1 AS one")
            superuser.execute("GRANT SELECT ON public.to_come TO public")
            try:
                assert await connection.run("SELECT one FROM public.to_come", []) == [(1,)]
            finally:
                superuser.execute("DROP TABLE public.to_come")


async def test_it_is_renewed_between_statements_that_never_pause(
    database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_connection, "_KEPT_SECONDS", 0.05)
    pids = set()

    async def statements(connection: KeptConnection) -> None:
        for _ in range(30):
            pids.add(await pid_of(connection))
            await connection.run("SELECT pg_sleep($1)", ["0.005"])

    async with kept(database_urls, max_lifetime=0) as connection:
        await asyncio.gather(*(statements(connection) for _ in range(3)))
    assert len(pids) > 2


async def test_who_reads_an_answer_late_gets_it_even_if_the_connection_is_old(
    database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_connection, "_KEPT_SECONDS", 0.1)
    async with kept(database_urls, max_lifetime=0) as connection:
        statements = [
            asyncio.create_task(connection.run("SELECT $1::integer, now()", [str(number)]))
            for number in range(3)
        ]
        await asyncio.sleep(0.05)
        statements += [asyncio.create_task(connection.run("SELECT pg_sleep($1)", ["0.1"])) for _ in range(2)]
        await asyncio.sleep(0.01)
        time.sleep(0.3)  # noqa: ASYNC251  busy, so that both answers are there at once, and the time is up
        answers = await asyncio.gather(*statements)
        assert [rows[0][0] for rows in answers] == [0, 1, 2, "", ""]


async def test_a_renewal_waits_for_a_slow_statement(
    database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_connection, "_KEPT_SECONDS", 0.1)
    async with kept(database_urls, pool_seconds=0.5) as connection:
        slow = asyncio.create_task(connection.run("SELECT pg_sleep($1)", ["1"]))
        await asyncio.sleep(0.2)
        assert await connection.run("SELECT 1", []) == [(1,)]
        await slow


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


@pytest.mark.parametrize("prepares", [True, False])
async def test_a_server_that_does_not_answer_is_given_up(
    database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, prepares: bool
) -> None:
    monkeypatch.setattr(kept_connection, "_PATIENCE_SECONDS", 1.5)
    monkeypatch.setattr(kept_connection, "_LAST_SECONDS", 0.3)
    async with kept(database_urls, prepares=prepares) as connection:
        pid = await pid_of(connection)
        os.kill(pid, signal.SIGSTOP)
        try:
            for statement in [asyncio.create_task(pid_of(connection)) for _ in range(2)]:
                with pytest.raises(Unavailable):
                    await statement
            monkeypatch.undo()
            assert await pid_of(connection) != pid
        finally:
            os.kill(pid, signal.SIGCONT)


async def test_a_statement_that_takes_too_long_is_not_done_later(
    database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_connection, "_PATIENCE_SECONDS", 1.5)
    async with kept(database_urls) as connection:
        pid = await pid_of(connection)
        for statement in [
            asyncio.create_task(connection.run("SELECT pg_sleep($1)", ["60"])) for _ in range(2)
        ]:
            with pytest.raises(Unavailable):
                await statement
        monkeypatch.undo()
        async with asyncio.timeout(10):
            assert await pid_of(connection) == pid, "the server answers, and goes on"


@pytest.mark.parametrize("prepares", [True, False])
async def test_a_server_that_goes_away_in_the_middle_of_a_statement(
    database_urls: DatabaseUrls, prepares: bool
) -> None:
    async with kept(database_urls, prepares=prepares) as connection:
        pid = await pid_of(connection)
        sleeping = asyncio.create_task(connection.run("SELECT pg_sleep($1)", ["60"]))
        behind_it = asyncio.create_task(connection.run("SELECT 1", []))
        await asyncio.sleep(0.2)
        with psycopg.connect(database_urls.superuser, autocommit=True) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        for statement in (sleeping, behind_it):
            with pytest.raises(Unavailable):
                await statement
        assert await pid_of(connection) != pid


@pytest.mark.parametrize("size", [1, 1_000_000])
@pytest.mark.parametrize("in_flight", [0, 1, 2])
async def test_a_server_that_goes_away_while_the_worker_is_busy(
    database_urls: DatabaseUrls, size: int, in_flight: int
) -> None:
    """So that whoever sends the next statement may be the first to notice."""
    async with kept(database_urls) as connection:
        with psycopg.connect(database_urls.superuser, autocommit=True) as superuser:
            for _ in range(5):
                pid = await pid_of(connection)
                statements = [
                    asyncio.create_task(connection.run("SELECT pg_sleep($1)", ["60"]))
                    for _ in range(in_flight)
                ]
                await asyncio.sleep(0.02)
                superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
                statements.append(
                    asyncio.create_task(connection.run("SELECT length($1::text)", ["x" * size]))
                )
                async with asyncio.timeout(10):
                    outcomes = await asyncio.gather(*statements, return_exceptions=True)
                *before, last = outcomes
                assert [type(outcome) for outcome in before] == [Unavailable] * in_flight
                # Sent to a server that is gone, or by a connection that was taken just in time.
                assert isinstance(last, Unavailable) or last == [(size,)]
                assert await pid_of(connection) != pid


async def test_a_server_that_goes_away_again_and_again(database_urls: DatabaseUrls) -> None:
    async with kept(database_urls) as connection:
        with psycopg.connect(database_urls.superuser, autocommit=True) as superuser:
            for _ in range(25):
                pid = await pid_of(connection)
                statements = [
                    asyncio.create_task(connection.run("SELECT pg_sleep($1)", ["60"])) for _ in range(2)
                ]
                await asyncio.sleep(0.02)
                superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
                async with asyncio.timeout(10):
                    outcomes = await asyncio.gather(*statements, return_exceptions=True)
                assert [type(outcome) for outcome in outcomes] == [Unavailable] * 2


@pytest.mark.parametrize("prepares", [True, False])
async def test_a_statement_that_is_cancelled_is_followed_by_a_connection_that_works(
    database_urls: DatabaseUrls, prepares: bool
) -> None:
    async with kept(database_urls, prepares=prepares) as connection:
        await pid_of(connection)
        sleeping = asyncio.create_task(connection.run("SELECT pg_sleep($1)", ["60"]))
        behind_it = asyncio.create_task(connection.run("SELECT 1", []))
        await asyncio.sleep(0.2)
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        with pytest.raises(Unavailable):
            await behind_it
        assert await connection.run("SELECT 1", []) == [(1,)]


async def test_one_that_is_cancelled_while_it_waits_for_its_turn_harms_no_other(
    database_urls: DatabaseUrls,
) -> None:
    async with kept(database_urls, prepares=False) as connection:
        await pid_of(connection)
        sleeping, waiting, last = (
            asyncio.create_task(connection.run("SELECT pg_sleep($1), $1", [seconds]))
            for seconds in ("0.3", "60", "0")
        )
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert [(await sleeping)[0][1], (await last)[0][1]] == [0.3, 0]


@pytest.mark.parametrize(
    "scenario",
    [
        test_values_of_any_kind_and_length,
        test_statements_that_are_sent_together_are_run_one_after_the_other,
        test_what_is_sent_with_one_that_fails_is_not_harmed,
        test_it_is_renewed_between_statements_that_never_pause,
        test_who_reads_an_answer_late_gets_it_even_if_the_connection_is_old,
        test_a_connection_that_broke_while_nobody_needed_it_costs_no_statement,
        test_a_server_that_does_not_answer_is_given_up,
        test_a_statement_that_takes_too_long_is_not_done_later,
        test_a_server_that_goes_away_in_the_middle_of_a_statement,
        test_a_server_that_goes_away_while_the_worker_is_busy,
        test_a_server_that_goes_away_again_and_again,
        test_a_statement_that_is_cancelled_is_followed_by_a_connection_that_works,
        test_one_that_is_cancelled_while_it_waits_for_its_turn_harms_no_other,
    ],
)
def test_on_the_loop_of_the_workers(
    scenario: Callable[..., Coroutine[None, None, None]],
    database_urls: DatabaseUrls,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """uvloop hears of a broken connection in other ways than asyncio's own."""
    arguments = {
        "database_urls": database_urls, "monkeypatch": monkeypatch, "prepares": True, "size": 1_000_000, "in_flight": 2,
    }  # fmt: skip
    uvloop.run(scenario(**{name: arguments[name] for name in inspect.signature(scenario).parameters}))
