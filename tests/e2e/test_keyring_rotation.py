"""New keys while executions and refreshes go on: none fails, and nothing is left under an old key."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web

from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.ciphertexts import COLUMNS
from tests.databases import cloned_database
from tests.e2e.callers import Answer
from tests.e2e.gateways import portway, serving
from tests.e2e.upstreams import Received, Upstream
from tests.e2e.worlds import Member, World, secret
from tests.people import as_app, as_owner

CONNECTIONS = 1_000
CALLERS = 12
ROTATIONS = 3
TOKEN_SECONDS = 6


class Service:
    """A service whose tokens live for seconds, with an authorization server that takes each refresh token once."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.faults: list[str] = []
        self.refreshes = 0
        self._access: dict[str, int] = {}
        self._refresh: dict[str, int] = {}
        self.token_url = upstream.on("/rotation/token", self._give)
        upstream.on("/rotation/call", self._serve)

    def tokens(self, account: int) -> dict[str, str]:
        """Those with which an account's connection begins."""
        access, refresh = secret("access"), secret("refresh")
        self._access[f"Bearer {access}"] = self._refresh[refresh] = account
        return {"access_token": access, "refresh_token": refresh}

    async def _give(self, received: Received) -> web.StreamResponse:
        form = dict(pair.split("=") for pair in received.body.decode().split("&"))
        account = self._refresh.pop(form["refresh_token"], None)
        if account is None:
            self.faults.append("a refresh token came twice")
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.refreshes += 1
        return web.json_response(
            {**self.tokens(account), "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        )

    async def _serve(self, received: Received) -> web.StreamResponse:
        account = self._access.get(received.headers["authorization"])
        if account is None:
            self.faults.append("an access token that was never given")
            return web.Response(status=401)
        return web.json_response({"account": account})


@pytest.fixture(scope="module")
def urls(migrated: DatabaseUrls) -> Iterator[DatabaseUrls]:
    with cloned_database(migrated) as urls:
        yield urls


@pytest.fixture(scope="module")
def world(urls: DatabaseUrls, upstream: Upstream, http: aiohttp.ClientSession) -> Iterator[World]:
    """A gateway of two workers on a database of its own."""
    with serving(urls, workers=2) as gateway:
        yield World(urls, gateway, upstream, http)


class Desk:
    """A person with many connections, and callers who use them at random."""

    def __init__(self, world: World, person: Member, service: Service, connections: list[UUID]) -> None:
        self.world = world
        self.person = person
        self.service = service
        self.connections = connections
        self.answers: list[Answer] = []

    async def execute(self, account: int, **members: Any) -> Answer:
        answer = await self.person.execute(self.connections[account], "call", **members)
        assert answer.status == 200, answer.text
        assert answer.json["data"] == {"account": account}
        return answer

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Callers use the connections as fast as they can, every fourth call with an idempotency key."""
        stop = asyncio.Event()

        async def call(number: int) -> None:
            while not stop.is_set():
                account = random.randrange(len(self.connections))
                turn = len(self.answers)
                headers = {"Idempotency-Key": f"{number}-{turn}"} if turn % 4 == 0 else None
                self.answers.append(await self.execute(account, headers=headers))

        async with asyncio.TaskGroup() as callers:
            for number in range(CALLERS):
                callers.create_task(call(number))
            try:
                yield
            finally:
                stop.set()


@pytest.fixture(scope="module")
async def desk(world: World) -> Desk:
    person = world.person("rita")
    service = Service(world.upstream)
    integration = world.integration(
        slug="rotating",
        auth_type="oauth2",
        auth_config={
            "authorization_url": f"{world.upstream.url}/authorize",
            "token_url": service.token_url,
        },
    )
    world.action(integration, "call", "/rotation/call")
    client = {"client_id": "the-client", "client_secret": secret("client")}
    put = await person.caller.call("PUT", "/api/v2/integrations/rotating/oauth-client", client)
    assert put.status == 200, put.text
    members = [service.tokens(account) for account in range(CONNECTIONS)]
    made = as_app(
        world.urls,
        "SELECT app.create_connection(sealed_pass, %s, %s, 'c' || m.place, m.tokens - 'refresh_token', '{}', %s,"
        " now() + make_interval(secs => %s), p_grant => m.tokens - 'access_token', p_oauth_client_id => %s)"
        " FROM app.authenticate(%s, 'closed'), jsonb_array_elements(%s) WITH ORDINALITY AS m (tokens, place)"
        " ORDER BY m.place",
        person.workspace_id,
        integration,
        [world.upstream.url],
        TOKEN_SECONDS,
        as_owner(world.urls, "SELECT id FROM oauth_clients WHERE integration_id = %s", integration)[0][0],
        person.api_key,
        json.dumps(members),
    )
    return Desk(world, person, service, [connection for (connection,) in made])


async def rotate(urls: DatabaseUrls) -> dict[str, Any]:
    environment = {"PORTWAY_ADMIN_DATABASE_URL": urls.admin}
    printed = await asyncio.to_thread(portway, "keyring", "rotate", "--json", environment=environment)
    rotated: dict[str, Any] = json.loads(printed)
    return rotated


def keys_in_use(urls: DatabaseUrls) -> dict[str, set[int]]:
    """By table; tables without a ciphertext are left out."""
    found = {
        column.table: {
            key_id
            for (key_id,) in as_owner(
                urls, f"SELECT DISTINCT key_id FROM {column.table} WHERE key_id IS NOT NULL"
            )
        }
        for column in COLUMNS
    }
    return {table: keys for table, keys in found.items() if keys}


async def test_no_execution_fails_and_no_ciphertext_is_left_behind(
    urls: DatabaseUrls, desk: Desk, record_property: Any
) -> None:
    replayed = {"headers": {"Idempotency-Key": "from-before"}}
    first = await desk.execute(0, **replayed)
    rotations = []
    async with desk.busy():
        for _ in range(400):  # until the first tokens become due
            if desk.service.refreshes:
                break
            await asyncio.sleep(0.05)
        for _ in range(ROTATIONS):
            await asyncio.sleep(1)
            calls, refreshes = len(desk.answers), desk.service.refreshes
            rotations.append(await rotate(urls))
            # There was something going on meanwhile.
            assert len(desk.answers) - calls >= 20
            assert desk.service.refreshes - refreshes >= 10
    assert desk.service.faults == []
    for rotated in rotations:
        assert rotated["unreadable"] == []
        number = rotated["renewed"]["public.encrypted_credentials"]
        assert number >= CONNECTIONS  # what was refreshed meanwhile is under the new key by itself
        record_property("seconds per 1,000 credentials", rotated["seconds"] * 1_000 / number)
    key = rotations[-1]["key_id"]
    in_use = keys_in_use(urls)
    assert in_use.keys() >= {
        "public.encrypted_credentials",
        "public.oauth_clients",
        "public.idempotency_keys",
    }
    assert set().union(*in_use.values()) == {key}

    # And all of it opens.
    for start in range(0, CONNECTIONS, 100):
        await asyncio.gather(*(desk.execute(account) for account in range(start, start + 100)))
    again = await desk.execute(0, **replayed)
    assert again.json["execution_id"] == first.json["execution_id"]
    assert desk.service.faults == []
    failed = as_owner(urls, "SELECT count(*) FROM api_logs WHERE status <> 'success'")
    assert failed == [(0,)]
