"""The statements of every execution are prepared on the server itself, and never where a pooler stands between."""

import asyncio

from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.database import Database
from tests.poolers import pooled

_PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 1'"


async def prepared_after_one(url: str) -> int:
    database = Database(url)
    await database.open()
    try:
        await database.executions.run("SELECT 1", [])
        ((count,),) = await database.executions.run(_PREPARED, [])
        return int(count)
    finally:
        await database.close()


async def test_on_the_server_itself(database_urls: DatabaseUrls) -> None:
    assert await prepared_after_one(database_urls.app) == 1


async def test_not_behind_a_pooler(database_urls: DatabaseUrls) -> None:
    with pooled(database_urls, server_connections=1) as urls:
        assert await prepared_after_one(urls.app) == 0


async def test_two_gateways_share_one_connection_of_a_pooler(database_urls: DatabaseUrls) -> None:
    """Each has many statements at once, and gets its own answers."""

    async def gets_its_own(database: Database, sender: int) -> bool:
        sent = [f"{sender}.{number}" for number in range(200)]
        answered = await asyncio.gather(
            *(database.executions.run("SELECT $1::text, pg_sleep(0.001)::text", [text]) for text in sent)
        )
        return [text for ((text, _),) in answered] == sent

    with pooled(database_urls, server_connections=1) as urls:
        databases = [Database(urls.app) for _ in range(2)]
        try:
            for database in databases:
                await database.open()
            assert await asyncio.gather(*(gets_its_own(one, n) for n, one in enumerate(databases))) == [
                True,
                True,
            ]
        finally:
            for database in databases:
                await database.close()


async def test_gateways_share_connections_of_a_pooler(database_urls: DatabaseUrls) -> None:
    """Each statement gets its own answer, also where the pooler reads it in pieces while the one before it ends."""

    async def get_their_own(database: Database, sender: int) -> None:
        for number in range(100):
            text = f"{sender}.{number}." + "x" * (311 * number)
            assert await database.executions.run("SELECT $1::text", [text]) == [(text,)]

    with pooled(database_urls, server_connections=2) as urls:
        databases = [Database(urls.app) for _ in range(4)]
        try:
            for database in databases:
                await database.open()
            async with asyncio.timeout(30):
                await asyncio.gather(
                    *(get_their_own(database, sender) for database in databases for sender in range(3))
                )
        finally:
            for database in databases:
                await database.close()
