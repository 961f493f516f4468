"""Whatever kills a server: no call that reached a service is missing in the log, and none is made twice."""

import asyncio
import itertools
import json
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID, uuid4

import aiohttp
import pytest
from aiohttp import web

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.callers import Answer, Caller
from tests.e2e.gateways import Gateway, portway, running, serving
from tests.e2e.upstreams import Received, Upstream
from tests.e2e.worlds import Member, World
from tests.people import as_owner

CALLERS = 24


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Looks again and again."""
    async with asyncio.timeout(seconds):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)


class Load:
    """Callers who execute one after the other, each call with a number of its own and an Idempotency-Key.

    `answers` are those that came; a call without one was cut off.
    """

    def __init__(self, person: Member, connection: UUID) -> None:
        self._person = person
        self._connection = connection
        self._number = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = False
        self.run = uuid4().hex
        self.sent: set[str] = set()
        self.answers: dict[str, Answer] = {}

    async def call(self, name: str) -> Answer:
        """One call; again with the same name is the same request."""
        return await self._person.execute(
            self._connection, parameters={"name": name}, headers={"Idempotency-Key": name}
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Under way until the block ends, and its last answers are there."""
        self._tasks = [asyncio.create_task(self._repeat()) for _ in range(CALLERS)]
        try:
            yield
        finally:
            self._stop = True
            await asyncio.gather(*self._tasks)

    async def until_answered(self, number: int) -> None:
        """Waits for so many answers."""
        await until(lambda: len(self.answers) >= number)

    async def _repeat(self) -> None:
        while not self._stop:
            name = f"{self.run}-{next(self._number)}"
            self.sent.add(name)
            try:
                self.answers[name] = await self.call(name)
            except aiohttp.ClientError:
                await asyncio.sleep(0.02)

    @property
    def cut_off(self) -> set[str]:
        """Calls without an answer."""
        return self.sent - self.answers.keys()


async def slowly(received: Received) -> web.StreamResponse:
    """Always something in flight."""
    await asyncio.sleep(0.03)
    return web.json_response({"name": json.loads(received.body)["name"]})


def counted(upstream: Upstream, load: Load) -> list[str]:
    names = [json.loads(each.body)["name"] for each in upstream.received("/echo")]
    return [name for name in names if name.startswith(load.run)]


def rows_by_name(world: World, load: Load) -> dict[str, list[dict[str, object]]]:
    """Rows of calls that were let through; not of what was answered by an earlier one."""
    rows: dict[str, list[dict[str, object]]] = {}
    for row in world.logs():
        name = (row["request_payload"] or {}).get("name", "")
        if name.startswith(load.run) and row["status"] != "refused":
            rows.setdefault(name, []).append(row)
    return rows


def check_log(world: World, load: Load) -> None:
    """Everything that the upstream counted is there, once; everything that was answered is complete."""
    seen = counted(world.upstream, load)
    assert len(seen) == len(set(seen)), "called twice"
    rows = rows_by_name(world, load)
    assert set(seen) <= rows.keys()
    assert all(len(found) == 1 for found in rows.values())
    for name, answer in load.answers.items():
        assert answer.status == 200, answer.text
        (row,) = rows[name]
        assert str(row["id"]) == answer.json["execution_id"]
        assert (row["status"], row["status_code"]) == ("success", 200)
        assert row["response_payload"] == {"name": name}


def let_time_pass(urls: DatabaseUrls) -> None:
    """As if every deadline of what is under way were past: half a minute and more after its time-out."""
    as_owner(urls, "UPDATE api_logs SET deadline = now() - interval '1 second' WHERE status = 'started'")
    as_owner(urls, "UPDATE idempotency_keys SET deadline = now() - interval '1 second'")


@pytest.fixture(scope="module")
def service_upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        upstream.on("/echo", slowly)
        yield upstream


def world_at(
    gateway: Gateway, urls: DatabaseUrls, upstream: Upstream, http: aiohttp.ClientSession
) -> tuple[World, Member, UUID]:
    world = World(urls, gateway, upstream, http)
    person = world.person("kim")
    return world, person, world.connect(person, world.integration())


async def test_kill_9_of_one_worker(
    fresh_database_urls: DatabaseUrls, service_upstream: Upstream, http: aiohttp.ClientSession
) -> None:
    """The others go on, a new one takes its place, and what it was at is in the log."""
    with serving(fresh_database_urls, workers=2) as gateway:
        world, person, connection = world_at(gateway, fresh_database_urls, service_upstream, http)
        load = Load(person, connection)
        async with load.running():
            await load.until_answered(60)
            gateway.kill_worker()
            await load.until_answered(len(load.answers) + 60)
            await until(lambda: len(gateway.workers) == 2)
    assert load.cut_off
    check_log(world, load)


async def test_kill_9_of_the_whole_server(
    fresh_database_urls: DatabaseUrls, service_upstream: Upstream, http: aiohttp.ClientSession
) -> None:
    urls = fresh_database_urls
    with serving(urls, workers=2) as gateway:
        world, person, connection = world_at(gateway, urls, service_upstream, http)
        load = Load(person, connection)
        async with load.running():
            await load.until_answered(60)
            gateway.kill()
    check_log(world, load)
    rows = rows_by_name(world, load)
    unfinished = {name for name, (row,) in rows.items() if row["status"] == "started"}
    assert unfinished
    assert unfinished <= load.cut_off
    called = set(counted(world.upstream, load))

    let_time_pass(urls)
    with serving(urls) as gateway:
        world = World(urls, gateway, service_upstream, http)
        # A server looks for what was cut off as soon as it starts.
        await until(lambda: len(world.logs(status="unknown")) >= len(unfinished))
        rows = rows_by_name(world, load)
        assert {row["status"] for name in unfinished for row in rows[name]} == {"unknown"}
        caller = person.caller.at(gateway.url)
        for name in sorted(unfinished):
            answer = await caller.execute(
                person.workspace_id, connection, "echo", {"name": name}, headers={"Idempotency-Key": name}
            )
            assert answer.outcome == (409, "idempotency_outcome_unknown")
            assert world.log(answer)["status"] == "refused"
        # What was answered is answered again, by the new server as well.
        name, first = next(iter(load.answers.items()))
        again = await caller.execute(
            person.workspace_id, connection, "echo", {"name": name}, headers={"Idempotency-Key": name}
        )
        assert again.json["execution_id"] == first.json["execution_id"]
        assert again.json["data"] == first.json["data"]
    assert set(counted(world.upstream, load)) == called


async def test_before_its_deadline_nothing_is_unknown(
    fresh_database_urls: DatabaseUrls, service_upstream: Upstream, http: aiohttp.ClientSession
) -> None:
    """A server that starts must not judge what another is still at."""
    urls = fresh_database_urls
    release = threading.Event()

    async def until_released(_: Received) -> web.StreamResponse:
        await until(release.is_set)
        return web.json_response({"done": True})

    with serving(urls) as gateway:
        world, person, connection = world_at(gateway, urls, service_upstream, http)
        (service,) = as_owner(urls, "SELECT integration_id FROM connections")[0]
        world.action(service, "held")
        service_upstream.on("/held", until_released)
        headers = {"Idempotency-Key": f"held-{uuid4()}"}
        held = asyncio.create_task(person.execute(connection, "held", headers=headers))
        await asyncio.to_thread(service_upstream.wait_for, "/held")
        with serving(urls) as other:
            at_other = person.caller.at(other.url)
            in_flight = await at_other.execute(person.workspace_id, connection, "held", headers=headers)
            assert in_flight.outcome == (409, "idempotency_in_flight")
            assert [row["status"] for row in world.logs(status="started")] == ["started"]
            release.set()
            answer = await held
            repeated = await at_other.execute(person.workspace_id, connection, "held", headers=headers)
        assert answer.status == repeated.status == 200
        assert answer.json["execution_id"] == repeated.json["execution_id"]
    assert len(service_upstream.received("/held")) == 1


async def test_sigterm_lets_every_call_finish(
    fresh_database_urls: DatabaseUrls, service_upstream: Upstream, http: aiohttp.ClientSession
) -> None:
    async def long(_: Received) -> web.StreamResponse:
        await asyncio.sleep(1.5)
        return web.json_response({"done": True})

    urls = fresh_database_urls
    with serving(urls, workers=2) as gateway:
        world, person, connection = world_at(gateway, urls, service_upstream, http)
        (service,) = as_owner(urls, "SELECT integration_id FROM connections")[0]
        world.action(service, "long")
        service_upstream.on("/long", long)
        calls = [asyncio.create_task(person.execute(connection, "long")) for _ in range(16)]
        await asyncio.to_thread(service_upstream.wait_for, "/long", 16)
        gateway.terminate()
        answers = await asyncio.gather(*calls)
        assert {answer.status for answer in answers} == {200}
        assert await asyncio.to_thread(gateway.wait) == 0
    assert {row["status"] for row in world.logs()} == {"success"}
    assert len(world.logs()) == 16


async def test_kill_9_of_everything_with_the_database(
    tmp_path_factory: pytest.TempPathFactory, service_upstream: Upstream, http: aiohttp.ClientSession
) -> None:
    """`portway up` with its own PostgreSQL, as safe as it is shipped: what was committed is there after the crash."""
    data_dir = tmp_path_factory.mktemp("up") / "data"
    environment = {"PORTWAY_DATA_DIR": str(data_dir), "PORTWAY_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8"}
    command = ("up", "--port", "0", "--workers", "2")
    with running(command, environment) as gateway:
        world, person, connection = world_at(gateway, up_urls(environment), service_upstream, http)
        load = Load(person, connection)
        async with load.running():
            await load.until_answered(60)
            gateway.kill()
            kill_postgres(data_dir)
    with running(command, environment) as gateway:
        world = World(up_urls(environment), gateway, service_upstream, http)
        check_log(world, load)
        caller = person.caller.at(gateway.url)
        await executes(caller, person, connection, "after the crash")

        kill_postgres(data_dir)  # This time the server lives; it starts its database anew.
        outcome: tuple[int, str] | None = None
        async with asyncio.timeout(30):
            while outcome != (200, "success"):
                answer = await caller.execute(
                    person.workspace_id, connection, "echo", {"name": "meanwhile"}, may_be_away=True
                )
                outcome = (answer.status, answer.json.get("code", "success"))
                assert outcome in ((503, "unavailable"), (200, "success")), answer.text
                if answer.status == 503:
                    assert int(answer.headers["Retry-After"]) >= 1
                    assert "execution_id" not in answer.json
                await asyncio.sleep(0.05)
    names = [json.loads(each.body)["name"] for each in service_upstream.received("/echo")]
    assert names.count("after the crash") == names.count("meanwhile") == 1


async def executes(caller: Caller, person: Member, connection: UUID, name: str) -> None:
    answer = await caller.execute(person.workspace_id, connection, "echo", {"name": name})
    assert answer.status == 200, answer.text


def up_urls(environment: dict[str, str]) -> DatabaseUrls:
    """As the commands beside `portway up` find its database."""
    app, admin = (
        portway("db", "url", *options, environment=environment).strip() for options in ((), ("--admin",))
    )
    nowhere = Path("/nonexistent")
    return DatabaseUrls(app, admin, "", "", "", master_key_file=nowhere, socket_directory=nowhere, port=0)


def kill_postgres(data_dir: Path) -> None:
    """SIGKILL for the server and every process of its."""
    postmaster = int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for pid in (postmaster, *map(int, children)):
        with suppress(ProcessLookupError):  # ended by itself since
            os.kill(pid, signal.SIGKILL)
