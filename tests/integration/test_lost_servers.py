"""Servers that are gone when somebody asks, or while somebody waits."""

import asyncio
import os
import signal
import socket

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.jobs.pool import jobs_pool
from portway.infrastructure.postgres import poolers
from portway.infrastructure.postgres.database import Connection, Database
from portway.infrastructure.postgres.readiness import PostgresReadiness
from tests.poolers import pooled


def limits_of(connection: Connection) -> tuple[int, ...]:
    """In seconds: until it is asked whether it lives, and how long it may owe an acknowledgement."""
    with socket.socket(fileno=connection.fileno()) as watched:
        try:
            idle = watched.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
            owing = watched.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) // 1000
        finally:
            watched.detach()
    return idle, owing


@pytest.mark.parametrize(("own", "expected"), [({}, (10, 20)), ({"keepalives_idle": "77"}, (77, 20))])
async def test_the_network_is_told_how_long_to_wait(
    database_urls: DatabaseUrls, own: dict[str, str], expected: tuple[int, ...]
) -> None:
    url = make_conninfo(database_urls.app, host="127.0.0.1", **own)
    database, jobs = Database(url), jobs_pool(url)
    await database.open()
    await jobs.open()
    try:
        async with database.connection() as one, jobs.connection() as other:
            assert (limits_of(one), limits_of(other)) == (expected, expected)
    finally:
        await database.close()
        await jobs.close()


async def test_connections_that_broke_while_nobody_needed_them_cost_nobody_an_error(
    database_urls: DatabaseUrls,
) -> None:
    database = Database(database_urls.app)
    await database.open()
    try:
        await database.executions.run("SELECT 1", [])
        async with database.connection() as one, database.connection() as two, database.connection() as three:
            pids = [connection.info.backend_pid for connection in (one, two, three)]
        await database.executions.give_back()
        with psycopg.connect(database_urls.superuser, autocommit=True) as superuser:
            superuser.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE usename = 'portway_app' AND datname = current_database()"
            )
        for _ in range(3):
            async with database.connection() as connection:
                await connection.execute("SELECT 1")
                assert connection.info.backend_pid not in pids
        assert await database.executions.run("SELECT 1", []) == [(1,)]
    finally:
        await database.close()


async def test_readiness_is_told_though_the_server_says_nothing(database_urls: DatabaseUrls) -> None:
    database = Database(database_urls.app, max_size=1)
    await database.open()
    async with database.connection() as connection:
        pid = connection.info.backend_pid
    os.kill(pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(8):
            found = await PostgresReadiness(database).check()
        assert found == {"database": "does not answer", "migrations": "unknown"}
    finally:
        os.kill(pid, signal.SIGCONT)
        await database.close()


@pytest.mark.parametrize("is_silent", [False, True])
async def test_of_several_hosts_the_one_that_serves_is_found(
    database_urls: DatabaseUrls, is_silent: bool
) -> None:
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        if is_silent:
            gone.listen()
        hosts = {"host": "127.0.0.1,127.0.0.1", "port": f"{gone.getsockname()[1]},{database_urls.port}"}
        url = make_conninfo(database_urls.app, **hosts, target_session_attrs="read-write", connect_timeout=2)
        database = Database(url)
        await database.open()
        try:
            async with database.connection() as connection:
                assert connection.info.port == database_urls.port
        finally:
            await database.close()


async def test_notifications_are_waited_for_on_the_server_itself_alone(
    database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def can_listen(url: str) -> bool:
        pool = jobs_pool(url)
        await pool.open(wait=True)
        try:
            return await pool.can_listen()
        finally:
            await pool.close()

    with pooled(database_urls, server_connections=1) as urls:
        assert [await can_listen(database_urls.worker), await can_listen(urls.worker)] == [True, False]
    # A pooler's process that has our number by chance is an older one.
    monkeypatch.setattr(poolers, "_YOUNG_SECONDS", 0)
    assert not await can_listen(database_urls.worker)
