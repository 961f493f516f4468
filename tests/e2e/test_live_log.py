"""The log's stream on a real server: executions appear in it, and it holds up nobody's stop."""

import asyncio
import time

import aiohttp

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.gateways import serving
from tests.e2e.upstreams import Upstream
from tests.e2e.worlds import World


async def test_executions_are_seen_and_sigterm_ends_the_stream(
    fresh_database_urls: DatabaseUrls, upstream: Upstream, http: aiohttp.ClientSession
) -> None:
    with serving(fresh_database_urls, workers=2) as gateway:
        world = World(fresh_database_urls, gateway, upstream, http)
        kim = world.person("kim")
        service = world.integration()
        world.action(service, "ping")
        connection = world.connect(kim, service)
        async with http.get(f"{gateway.url}/api/v2/logs/stream", headers=kim.headers) as stream:
            assert stream.status == 200
            answer = await kim.execute(connection, "ping")
            async with asyncio.timeout(10):
                while b'"status":"success"' not in (told := await stream.content.readuntil(b"\n\n")):
                    pass
            assert answer.json["execution_id"].encode() in told
            began = time.monotonic()
            gateway.terminate()
            rest = await stream.content.read()
            assert rest.endswith(b'event: end\ndata: {"reason":"shutdown"}\n\n')
        assert await asyncio.to_thread(gateway.wait) == 0
        assert time.monotonic() - began < 5
