"""Strangers find nothing, whatever route they take; workspace mates see, and may not."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.e2e.callers import Answer
from tests.e2e.openapi import Operation, operations
from tests.e2e.worlds import Member, World
from tests.people import as_owner

Things = Mapping[str, str]
"""What a request can name, by the name of its parameter or member."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


@pytest.fixture(scope="module")
def bob(world: World) -> Member:
    return world.person("bob")


async def things_of(world: World, person: Member) -> Things:
    """One of everything that the person has."""
    slug = f"own-{uuid4().hex}"
    service = world.integration(slug=slug, organization_id=person.organization_id)
    connection = world.connect(person, service)
    executed = await person.execute(connection)
    assert executed.status == 200, executed.text
    invitation = {
        "workspace_id": str(person.workspace_id),
        "email": f"{uuid4().hex}@example.com",
        "role": "member",
    }
    invited = await person.caller.call("POST", "/api/v2/invitations", invitation)
    assert invited.status == 201, invited.text
    (key,) = as_owner(world.urls, "SELECT id FROM api_keys WHERE user_id = %s", person.user_id)[0]
    link = await person.caller.call("POST", "/api/v2/connect-links", {"connection_id": str(connection)})
    assert link.status == 201, link.text
    webhook = await person.caller.call(
        "POST", "/api/v2/webhooks", {"url": "http://127.0.0.1:9/events", "events": ["connection.created"]}
    )
    assert webhook.status == 201, webhook.text
    sent = await person.caller.call("POST", f"/api/v2/webhooks/{webhook.json['id']}/test")
    assert sent.status == 202, sent.text
    (session,) = as_owner(
        world.urls,
        "INSERT INTO sessions (user_id, expires_at) VALUES (%s, now() + interval '1 hour') RETURNING id",
        person.user_id,
    )[0]
    return {
        "session_id": str(session),
        "link_id": link.json["id"],
        "webhook_id": webhook.json["id"],
        "delivery_id": sent.json["id"],
        "connection_id": str(connection),
        "workspace_id": str(person.workspace_id),
        "organization_id": str(person.organization_id),
        "user_id": str(person.user_id),
        "execution_id": executed.json["execution_id"],
        "invitation_id": str(invited.json["id"]),
        "api_key_id": str(key),
        "slug": slug,
        "integration": slug,
        "action": "echo",
    }


def things_that_are_not() -> Things:
    slug = f"own-{uuid4().hex}"
    ids = (
        "connection_id",
        "workspace_id",
        "organization_id",
        "user_id",
        "execution_id",
        "invitation_id",
        "api_key_id",
        "link_id",
        "webhook_id",
        "delivery_id",
        "session_id",
    )
    return {name: str(uuid4()) for name in ids} | {"slug": slug, "integration": slug, "action": "echo"}


@dataclass(frozen=True)
class Attempt:
    """A request that names things: some in its path and body, or one in its query."""

    operation: Operation
    named: tuple[str, ...]
    in_query: str | None = None

    def __str__(self) -> str:
        return f"{self.operation} with {self.in_query or ', '.join(self.named) or 'its path'}"

    async def make(self, caller: Member, things: Things) -> Answer:
        """Everything named is of the things; the rest the caller's own, or made up."""
        body = None
        if self.operation.body_schema is not None:
            known = set(self.operation.body_members()) & things.keys()
            given = {name: things[name] for name in known} | {"return_url": f"{caller.caller.url}/done"}
            body = self.operation.body(given)
            if "credentials" in body:
                body["credentials"] = {"token": "a-token"}
            if self.operation.path == "/api/v2/connect-links":
                # Either to that connection, and all else is its own, or to a new one.
                mended = {"connection_id": body.pop("connection_id")}
                del body["oauth_client"]
                body = mended if "connection_id" in self.named else body
        return await caller.caller.call(
            self.operation.method,
            self.operation.path.format_map(things),
            body,
            params={self.in_query: things[self.in_query]} if self.in_query else None,
        )


def attempts(document: Mapping[str, Any]) -> Iterator[Attempt]:
    known = things_that_are_not().keys()
    for operation in operations(document):
        in_path = operation.parameters("path")
        if operation.path.startswith(("/api/v2/schemas/", "/api/v2/auth/providers/")):
            continue  # the same for everybody
        if operation.path.endswith("/stream"):
            continue  # has no end; who sees what of it is tested with it
        assert known >= set(in_path), f"{operation} names something that this test knows nothing of"
        # A slug in a body is the name of something new.
        in_body = (known - {"slug", "action"}) & set(operation.body_members())
        named = [*(name for name in in_path if name != "action"), *sorted(in_body)]
        if named:
            yield from (
                Attempt(operation, foreign)
                for number in range(1, len(named) + 1)
                for foreign in itertools.combinations(named, number)
            )
        elif operation.method != "GET":
            continue
        for name in operation.parameters("query"):
            if name in known and name != "action":
                yield Attempt(operation, (), name)


def shape(answer: Answer, things: Things) -> tuple[int, object]:
    """The answer without what differs from call to call, and without the names of things."""
    text = _TIME.sub("<now>", answer.text)
    for name, value in sorted(things.items(), key=lambda item: -len(item[1])):
        if name != "action":
            text = text.replace(value, f"<{name}>")
    try:
        body = json.loads(text)
    except ValueError:
        return answer.status, text
    if isinstance(body, dict):
        body.pop("execution_id", None)
    return answer.status, body


async def test_a_stranger_finds_nothing_by_any_route(world: World, ada: Member, bob: Member) -> None:
    """Each request is the same for what is Ada's as for what does not exist, with the rest being Bob's own."""
    document = await bob.caller.get("/api/v2/openapi.json")
    adas, bobs = await things_of(world, ada), await things_of(world, bob)
    tried = 0
    for attempt in attempts(document):
        nothing = things_that_are_not()
        foreign = attempt.named or tuple(adas)
        mixed = {**bobs, **{name: adas[name] for name in foreign}}
        absent = {**bobs, **{name: nothing[name] for name in foreign}}
        answer = await attempt.make(bob, mixed)
        again = await attempt.make(bob, absent)
        assert shape(answer, mixed) == shape(again, absent), str(attempt)
        if answer.status == 200:
            assert attempt.in_query is not None, str(attempt)
            assert is_empty(answer), (str(attempt), answer.text)
        else:
            assert answer.outcome == (404, "not_found"), (str(attempt), answer.text)
        tried += 1
    assert tried > 80


def is_empty(answer: Answer) -> bool:
    if answer.headers["Content-Type"].startswith("application/json"):
        return not answer.json["count"] if "count" in answer.json else bool(answer.json["data"] == [])
    return len(answer.text.splitlines()) <= 1


async def test_ada_finds_everything_by_the_same_requests(world: World, ada: Member) -> None:
    """The positive control: what is refused above is refused for who asks, not for how."""
    document = await ada.caller.get("/api/v2/openapi.json")
    adas = await things_of(world, ada)
    found = 0
    for operation in operations(document):
        named = {*operation.parameters("path"), *operation.body_members()} & adas.keys()
        if operation.method in ("GET", "POST") and named - {"action"}:
            answer = await Attempt(operation, ()).make(ada, adas)
            # The example of a body need not make sense: that it is looked at proves that the thing was found.
            assert answer.status != 404 or operation.path.endswith("/callback"), (str(operation), answer.text)
            found += 1
    assert found > 10


def in_workspace_of(host: Member, person: Member) -> Member:
    """The person, working in somebody else's workspace."""
    return replace(person, workspace_id=host.workspace_id)


async def try_everything(caller: Member, connection: UUID) -> dict[str, tuple[int, str | None]]:
    """What anybody may want to do with a connection, the harmless first."""
    path = f"/api/v2/connections/{connection}"
    requests: list[tuple[str, str, str, Any]] = [
        ("see", "GET", path, None),
        ("test", "POST", f"{path}/test", None),
        ("replace", "PUT", f"{path}/credentials", {"credentials": {"token": "another"}}),
        ("reauthorize", "POST", f"{path}/reauthorize", {}),
        ("rename", "PATCH", path, {"name": "Renamed"}),
        ("disable", "PATCH", path, {"disabled": True}),
        ("enable", "PATCH", path, {"disabled": False}),
        ("delete", "DELETE", path, None),
    ]
    executed = await caller.execute(connection)
    outcome: dict[str, tuple[int, str | None]] = {
        "execute": (executed.status, executed.json.get("code")),
    }
    for name, method, url, body in requests:
        answer = await caller.caller.call(method, url, body)
        outcome[name] = (answer.status, answer.json.get("code") if answer.body else None)
    return outcome


FORBIDDEN = (403, "forbidden")


@pytest.mark.parametrize("role", ["member", "viewer"])
async def test_a_mate_sees_and_may_not(world: World, ada: Member, role: str) -> None:
    mate = world.mate(ada, role)
    connection = world.connect(ada, world.integration(auth_config={"verification": {"path": "/verify"}}))
    before = len(world.upstream.received())
    here = in_workspace_of(ada, mate)
    outcome = await try_everything(here, connection)
    assert outcome.pop("see") == (200, None)
    assert set(outcome.values()) == {FORBIDDEN}, outcome
    assert len(world.upstream.received()) == before
    assert (await ada.execute(connection)).status == 200


async def test_an_admin_may_disable_and_delete_and_not_use(world: World, ada: Member) -> None:
    admin = in_workspace_of(ada, world.mate(ada, "admin"))
    connection = world.connect(ada, world.integration(auth_config={"verification": {"path": "/verify"}}))
    outcome = await try_everything(admin, connection)
    assert outcome == {
        "execute": FORBIDDEN, "see": (200, None), "test": FORBIDDEN, "replace": FORBIDDEN, "reauthorize": FORBIDDEN,
        "rename": (200, None), "disable": (200, None), "enable": (200, None), "delete": (204, None),
    }  # fmt: skip
    assert (await ada.execute(connection)).outcome == (404, "not_found")


async def test_what_an_admin_disabled_its_owner_does_not_enable(world: World, ada: Member) -> None:
    mate = in_workspace_of(ada, world.mate(ada))
    connection = world.connect(mate, world.integration())
    path = f"/api/v2/connections/{connection}"
    assert (await ada.caller.call("PATCH", path, {"disabled": True})).status == 200
    assert (await mate.execute(connection)).outcome == FORBIDDEN
    assert (await mate.caller.call("PATCH", path, {"disabled": False})).outcome == FORBIDDEN
    assert (await ada.caller.call("PATCH", path, {"disabled": False})).status == 200
    assert (await mate.execute(connection)).status == 200


async def test_mates_see_the_workspaces_log_and_strangers_do_not(
    world: World, ada: Member, bob: Member
) -> None:
    mate = world.mate(ada)
    answer = await ada.execute(world.connect(ada, world.integration()))
    path = f"/api/v2/logs/{answer.json['execution_id']}"
    assert (await mate.caller.call("GET", path)).status == 200
    assert (await bob.caller.call("GET", path)).outcome == (404, "not_found")


async def test_a_key_limited_to_a_workspace_ends_there(world: World, ada: Member) -> None:
    made = await ada.caller.call("POST", "/api/v2/organizations", {"name": "Second"})
    body = {"name": "limited", "workspace_id": made.json["workspace_id"]}
    key = await ada.caller.call("POST", "/api/v2/api-keys", body)
    limited = ada.caller.having(key.json["api_key"])
    connection = world.connect(ada, world.integration())
    assert (await limited.execute(ada.workspace_id, connection, "echo")).outcome == (404, "not_found")
    assert (await limited.call("GET", f"/api/v2/connections/{connection}")).outcome == (404, "not_found")
    listed = await limited.get("/api/v2/connections")
    assert listed["data"] == []
