"""The statements of every execution are prepared on the server itself, and never where a pooler stands between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from psycopg.conninfo import make_conninfo

from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.database import Database

_READY_KEY = b"K\x00\x00\x00\x0c"  # BackendKeyData: type, length, then the process number and the secret


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, renumbers: bool) -> None:
    # Either side may go without a word.
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            at = data.find(_READY_KEY) if renumbers else -1
            if at >= 0:
                data = data[: at + 5] + b"\x00\x00\x00\x01" + data[at + 9 :]
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def pooler(urls: DatabaseUrls, *, renumbers: bool) -> AsyncIterator[str]:
    """Passes everything on; as a pooler does, it may give its clients process numbers of its own."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        socket = urls.socket_directory / f".s.PGSQL.{urls.port}"
        server_reader, server_writer = await asyncio.open_unix_connection(socket)
        await asyncio.gather(
            _relay(reader, server_writer, renumbers=False), _relay(server_reader, writer, renumbers=renumbers)
        )

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield make_conninfo(urls.app, host="127.0.0.1", port=server.sockets[0].getsockname()[1])


@pytest.mark.parametrize(("renumbers", "prepared"), [(False, 1), (True, 0)])
async def test_only_on_the_server_itself(database_urls: DatabaseUrls, renumbers: bool, prepared: int) -> None:
    async with pooler(database_urls, renumbers=renumbers) as url:
        database = Database(url)
        await database.open()
        try:
            await database.executions.run("SELECT 1", [])
            (count,) = await database.executions.run(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 1'", []
            )
            assert count == (prepared,)
        finally:
            await database.close()
