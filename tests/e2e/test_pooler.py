"""A gateway whose connections go through PgBouncer in transaction mode."""

import asyncio
from collections import Counter
from uuid import UUID

import aiohttp

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.gateways import serving
from tests.e2e.upstreams import Upstream
from tests.e2e.worlds import World
from tests.people import as_owner
from tests.poolers import pooled

_CALLERS = 100
_EXECUTIONS_OF_EACH = 15


async def test_executions_of_two_workers_on_two_connections(
    database_urls: DatabaseUrls, upstream: Upstream, http: aiohttp.ClientSession
) -> None:
    with pooled(database_urls, server_connections=2) as urls, serving(urls, workers=2) as gateway:
        world = World(database_urls, gateway, upstream, http)
        service = world.integration()
        people = [world.person(f"caller {number}") for number in range(4)]
        connections = {person.user_id: world.connect(person, service) for person in people}

        async def executions(number: int) -> list[tuple[int, str, UUID]]:
            person = people[number % len(people)]
            done = []
            for turn in range(_EXECUTIONS_OF_EACH):
                sent = f"{number}.{turn}." + "x" * 300  # a batch takes several reads of the pooler
                answer = await person.execute(connections[person.user_id], parameters={"sent": sent})
                assert f'"{sent}"' in answer.json["data"]["body"]
                done.append((answer.status, answer.json["execution_id"], person.user_id))
            return done

        done = [one for of in await asyncio.gather(*map(executions, range(_CALLERS))) for one in of]
        assert Counter(status for status, _, _ in done) == {200: _CALLERS * _EXECUTIONS_OF_EACH}
        logged = as_owner(database_urls, "SELECT id, user_id FROM api_logs WHERE status = 'success'")
        assert {(str(execution_id), user_id) for execution_id, user_id in logged} == {
            (execution_id, user_id) for _, execution_id, user_id in done
        }

        # What else a page of the console asks.
        (person, *_) = people
        listed = await person.caller.call("GET", f"/api/v2/logs?workspace_id={person.workspace_id}")
        assert listed.status == 200, listed.text
        assert listed.json["data"]
