"""The audit log as a stream of events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from portway.api import log_stream, open_streams
from portway.api.pagination import encode_cursor
from tests.integration.api.whole import Caller, Whole
from tests.people import as_owner, join, new_log

PATH = "/api/v2/logs/stream"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_stream, "_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(log_stream, "_QUIET_PAUSE_SECONDS", 0.05)


@dataclass(frozen=True)
class Event:
    name: str
    data: Any
    id: str | None


class Stream:
    """Events as they come, and comments under the name `:`."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def event(self) -> Event:
        """The next; fails where none comes."""
        async with asyncio.timeout(10):
            while True:
                fields = {}
                while line := (await self.response.content.readuntil(b"\n")).decode().rstrip("\n"):
                    name, _, value = line.partition(":")
                    fields[name or ":"] = value.strip()
                if ":" in fields:
                    return Event(":", None, None)
                if "data" in fields:
                    return Event(fields["event"], json.loads(fields["data"]), fields.get("id"))

    async def execution(self) -> tuple[UUID, str]:
        event = await self.event()
        assert event.name == "execution", event
        return UUID(event.data["id"]), event.data["status"]

    async def is_over(self) -> bool:
        return await self.response.content.read() == b""


@asynccontextmanager
async def following(caller: Caller, query: str = "", last: str | None = None) -> AsyncIterator[Stream]:
    """An open stream that has looked once: what happens from here on is told."""
    headers = {"Authorization": f"Bearer {caller.api.bearer}"} | ({"Last-Event-ID": last} if last else {})
    async with caller.api.session.get(f"{caller.api.base_url}{PATH}?{query}", headers=headers) as response:
        assert response.status == 200, await response.read()
        assert response.headers["Content-Type"].startswith("text/event-stream")
        assert response.headers["Cache-Control"] == "no-store"
        await response.content.readuntil(b"\n\n")
        await asyncio.sleep(0.2)
        yield Stream(response)


def now() -> datetime:
    return datetime.now(UTC)


def close(whole: Whole, execution_id: UUID, status: str = "success") -> None:
    as_owner(whole.urls, "UPDATE api_logs SET status = %s WHERE id = %s", status, execution_id)


async def test_executions_are_told_when_they_start_and_when_they_end(whole: Whole) -> None:
    ann, eve = whole.person("ann"), whole.person("eve")
    new_log(whole.urls, ann.person, now())
    running = new_log(whole.urls, ann.person, now() - timedelta(minutes=2), status="started")
    async with following(ann) as stream:
        new_log(whole.urls, eve.person, now())
        quick = new_log(whole.urls, ann.person, now())
        first = await stream.event()
        assert first.name == "execution"
        assert first.data["id"] == str(quick)
        listed = (await ann.api.get("/api/v2/logs?limit=1&payloads=false")).json["data"]
        assert [first.data] == listed
        slow = new_log(whole.urls, ann.person, now(), status="started")
        assert await stream.execution() == (slow, "started")
        close(whole, running, "error")
        assert await stream.execution() == (running, "error")
        close(whole, slow)
        assert await stream.execution() == (slow, "success")
        last = new_log(whole.urls, ann.person, now(), status="refused")
        assert await stream.execution() == (last, "refused")


async def test_only_what_fits_is_told(whole: Whole) -> None:
    ann = whole.person("ann")
    connection_id = uuid4()
    async with following(ann, f"status=error&payloads=true&connection_id={connection_id}") as stream:
        new_log(whole.urls, ann.person, now(), connection_id=connection_id)
        slow = new_log(whole.urls, ann.person, now(), connection_id=connection_id, status="started")
        new_log(whole.urls, ann.person, now(), status="error")
        await asyncio.sleep(0.2)
        close(whole, slow, "error")
        event = await stream.event()
        assert (event.data["id"], event.data["request_payload"]) == (str(slow), {"q": 1})


async def test_it_goes_on_where_it_was(whole: Whole) -> None:
    ann = whole.person("ann")
    async with following(ann) as stream:
        slow = new_log(whole.urls, ann.person, now() - timedelta(seconds=30), status="started")
        event = await stream.event()
    meanwhile = new_log(whole.urls, ann.person, now())
    close(whole, slow)
    async with following(ann, last=event.id) as stream:
        assert {await stream.execution(), await stream.execution()} == {
            (slow, "success"),
            (meanwhile, "success"),
        }
    long_ago = encode_cursor((now() - timedelta(hours=2)).isoformat())
    async with following(ann, last=long_ago) as stream:
        assert (await stream.event()).name == "gap"
    for wrong in ("x", "WyJhIl0", encode_cursor("2026-01-01")):
        answer = await ann.api.get(PATH, headers={"Last-Event-ID": wrong})
        assert answer.code == "malformed_request", wrong
    assert (await ann.api.get(f"{PATH}?limit=3")).code == "malformed_request"


async def test_more_than_can_be_told_is_a_gap(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portway.application.log_follower.MAX_CHANGES", 2)
    ann = whole.person("ann")
    async with following(ann) as stream:
        as_owner(
            whole.urls,
            "INSERT INTO api_logs (id, executed_at, status, user_id, workspace_id, deadline)"
            " SELECT app.uuid_v7(), now() + n * interval '1 ms', 'success', %s, %s, now()"
            " FROM generate_series(1, 5) AS n",
            ann.person.user_id,
            ann.person.workspace_id,
        )
        assert [(await stream.event()).name for _ in range(3)] == ["gap", "execution", "execution"]


async def test_it_says_that_it_is_alive(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_stream, "HEARTBEAT_SECONDS", 0.1)
    async with following(whole.person("ann")) as stream:
        assert [(await stream.event()).name for _ in range(2)] == [":", ":"]


async def test_it_ends_with_the_key(whole: Whole) -> None:
    ann, mate = whole.person("ann"), whole.person("mate")
    join(whole.urls, mate.person, ann.person, "viewer")
    async with following(mate) as stream:
        seen = new_log(whole.urls, ann.person, now())
        assert (await stream.execution())[0] == seen
        as_owner(whole.urls, "DELETE FROM workspace_members WHERE user_id = %s AND workspace_id = %s",
                 mate.person.user_id, ann.person.workspace_id)  # fmt: skip
        new_log(whole.urls, ann.person, now())
        own = new_log(whole.urls, mate.person, now())
        assert (await stream.execution())[0] == own
        as_owner(whole.urls, "UPDATE api_keys SET revoked_at = now() WHERE user_id = %s", mate.person.user_id)
        ended = await stream.event()
        assert (ended.name, ended.data) == ("end", {"reason": "unauthenticated"})
        assert await stream.is_over()
    assert (await mate.api.get(PATH)).code == "unauthenticated"
    assert (await whole.limited(ann, "execute").get(PATH)).code == "forbidden"


async def test_there_are_only_so_many(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_streams, "MAX_STREAMS_OF_USER", 2)
    monkeypatch.setattr(open_streams, "MAX_STREAMS", 3)
    ann, bob = whole.person("ann"), whole.person("bob")
    async with following(ann), following(ann):
        refused = await ann.api.get(PATH)
        assert (refused.status, refused.code) == (429, "rate_limited")
        assert refused.headers["Retry-After"] == "5"
        async with following(bob):
            refused = await bob.api.get(PATH)
            assert (refused.status, refused.code) == (503, "unavailable")
    for _ in range(3):  # Whoever goes leaves their place.
        await asyncio.sleep(0.5)
        async with following(ann):
            pass
