"""Connections over HTTP: with a credential of one's own, and everything that is done with one later."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration.api.whole import API_TOKEN, PUBLIC_URL, Caller, Whole
from tests.people import as_owner, join

PATH = "/api/v2/connections"


@pytest.fixture(scope="module")
async def ann(whole: Whole) -> Caller:
    """Has the integrations `direct` (bearer) and `oauth` (oauth2)."""
    ann = whole.person("ann")
    await whole.integration(ann, "direct", "bearer")
    await whole.integration(ann, "oauth")
    return ann


@pytest.fixture
async def connection(ann: Caller) -> AsyncIterator[str]:
    made = await ann.connect_directly("direct")
    assert made.status == 201, made.content
    yield f"{PATH}/{made.json['id']}"
    await ann.api.delete(f"{PATH}/{made.json['id']}")


async def test_connected_with_a_token_that_the_service_accepts(whole: Whole, ann: Caller) -> None:
    made = await ann.connect_directly("direct", name="  My account ")
    assert made.status == 201, made.content
    shown = made.json
    assert shown | {"id": 0, "created_at": 0, "integration_id": 0} == {
        "id": 0,
        "created_at": 0,
        "integration_id": 0,
        "user_id": str(ann.person.user_id),
        "workspace_id": str(ann.person.workspace_id),
        "organization_id": str(ann.person.organization_id),
        "integration": "direct",
        "integration_name": "Direct",
        "auth_type": "bearer",
        "owner": {"id": str(ann.person.user_id), "email": ann.person.email, "name": "ann"},
        "name": "My account",
        "status": "active",
        "status_reason": None,
        "status_since": None,
        "scopes": [],
        "config": {},
        "origins": [whole.service.url],
        "expires_at": None,
        "last_used_at": None,
        "account_id": None,
        "account_name": None,
        "end_user_id": None,
        "can": {"use": True, "authorize": True, "edit": True, "enable": True, "delete": True},
    }
    assert (await ann.api.get(f"{PATH}/{shown['id']}")).json == shown
    refused = await ann.connect_directly("direct", credentials={"token": "a wrong one"})
    assert refused.code == "upstream_error"
    assert refused.json["upstream"]["status_code"] == 401
    listed = await ann.api.get(f"{PATH}?integration=direct")
    assert listed.json["data"] == [shown]
    assert API_TOKEN.encode() not in made.content + listed.content
    assert (await ann.api.delete(f"{PATH}/{shown['id']}")).status == 204
    assert (await ann.api.get(f"{PATH}/{shown['id']}")).code == "not_found"


@pytest.mark.parametrize(
    ("members", "status", "pointer"),
    [
        ({"credentials": {}}, 400, "/credentials/token"),
        ({"credentials": {"token": "x", "more": "y"}}, 400, "/credentials/more"),
        ({"credentials": {"token": 5}}, 400, "/credentials/token"),
        ({"credentials": {"token": "\0"}}, 400, "/credentials/token"),
        ({"credentials": None}, 400, "/credentials"),
        ({"name": ""}, 400, "/name"),
        ({"surprise": 1}, 400, "/surprise"),
        ({"workspace_id": "mine"}, 400, "/workspace_id"),
        ({"workspace_id": "01a20446-1ada-71fe-a846-5c2bc3f1abe1"}, 404, None),
        ({"integration": "nothing"}, 404, None),
    ],
)
async def test_what_does_not_fit_is_pointed_at(
    ann: Caller, members: dict[str, Any], status: int, pointer: str | None
) -> None:
    answer = await ann.connect_directly(**{"integration": "direct"} | members)
    assert answer.status == status, answer.content
    if pointer is not None:
        assert pointer in [fault["pointer"] for fault in answer.json["errors"]]


async def test_renamed_disabled_and_enabled(ann: Caller, connection: str) -> None:
    before = (await ann.api.get(connection)).json
    assert (await ann.api.patch(connection, {})).json == before
    assert (await ann.api.patch(connection, {"name": "New"})).json == before | {"name": "New"}
    assert (await ann.api.patch(connection, {"disabled": True})).json["status"] == "disabled"
    assert [c["id"] for c in (await ann.api.get(f"{PATH}?status=disabled")).json["data"]] == [before["id"]]
    assert (await ann.api.patch(connection, {"disabled": False, "name": "Old"})).json["status"] == "active"
    for wrong in ({"name": None}, {"disabled": None}, {"disabled": "perhaps"}, {"status": "active"}):
        assert (await ann.api.patch(connection, wrong)).code == "malformed_request"


async def test_tested_with_its_own_credential(whole: Whole, ann: Caller, connection: str) -> None:
    passed = await ann.api.post(f"{connection}/test")
    assert passed.status == 200, passed.content
    assert passed.json["status"] == "active"
    whole.service.tokens.discard(API_TOKEN)
    try:
        failed = await ann.api.post(f"{connection}/test")
    finally:
        whole.service.tokens.add(API_TOKEN)
    assert failed.status in (409, 502), failed.content
    logged = await ann.api.get(f"/api/v2/logs/{failed.json['execution_id']}")
    assert logged.json["error_code"] == failed.code
    assert API_TOKEN.encode() not in failed.content + logged.content


async def test_new_credentials_take_the_old_ones_place(whole: Whole, ann: Caller, connection: str) -> None:
    whole.service.tokens.add("another-token")
    replaced = await ann.api.request(
        "PUT", f"{connection}/credentials", {"credentials": {"token": "another-token"}}
    )
    assert replaced.status == 200, replaced.content
    whole.service.tokens.discard(API_TOKEN)
    try:
        assert (await ann.api.post(f"{connection}/test")).status == 200
        refused = await ann.api.request(
            "PUT", f"{connection}/credentials", {"credentials": {"token": API_TOKEN}}
        )
        assert refused.code == "upstream_error"
    finally:
        whole.service.tokens.add(API_TOKEN)


async def test_who_may(whole: Whole, ann: Caller, connection: str) -> None:
    mate, admin, stranger = whole.person("mate"), whole.person("admin"), whole.person("stranger")
    join(whole.urls, mate.person, ann.person)
    join(whole.urls, admin.person, ann.person, "admin")
    new = {"credentials": {"token": API_TOKEN}}
    for who, expected in ((mate, "forbidden"), (stranger, "not_found")):
        for answer in (
            await who.api.patch(connection, {"name": "x"}),
            await who.api.patch(connection, {"disabled": True}),
            await who.api.delete(connection),
            await who.api.request("PUT", f"{connection}/credentials", new),
            await who.api.post(f"{connection}/reauthorize", {}),
            await who.api.post(f"{connection}/test"),
        ):
            assert answer.code == expected, (answer, answer.content)
    assert (await mate.api.get(connection)).status == 200
    assert (await stranger.api.get(connection)).code == "not_found"
    assert (await stranger.api.get(f"{PATH}?workspace_id={ann.person.workspace_id}")).json["data"] == []

    # An admin may stop a member's connection, and the member may not undo it; nor may the admin use it.
    made = await mate.connect_directly("direct", workspace_id=str(ann.person.workspace_id))
    mates = f"{PATH}/{made.json['id']}"
    changed = await admin.api.patch(mates, {"name": "By the admin", "disabled": True})
    assert (changed.json["name"], changed.json["status"]) == ("By the admin", "disabled")
    assert (await mate.api.patch(mates, {"disabled": False})).code == "forbidden"
    assert (await admin.api.request("PUT", f"{mates}/credentials", new)).code == "forbidden"
    assert (await admin.api.post(f"{mates}/test")).code == "forbidden"
    assert (await admin.api.patch(mates, {"disabled": False})).json["status"] == "active"
    assert (await admin.api.delete(mates)).status == 204

    reader = whole.limited(ann, "connections:read")
    assert (await reader.get(connection)).status == 200
    writer = whole.limited(ann, "connections:write")
    for answer in (
        await reader.patch(connection, {"name": "x"}),
        await reader.delete(connection),
        await reader.post(f"{connection}/test"),
        await writer.get(connection),
        await writer.patch(connection, {"name": "x"}),
        await whole.limited(ann, "execute").get(PATH),
    ):
        assert answer.code == "forbidden", answer.content
        assert "scope" in answer.json["detail"]
    assert (await whole.api.get(connection)).code == "unauthenticated"


async def test_the_list_is_filtered_and_paged_newest_first(whole: Whole, ann: Caller) -> None:
    bob = whole.person("bob")
    join(whole.urls, ann.person, bob.person)
    await whole.integration(bob, "bobs", "bearer")
    made = [(await ann.connect_directly("direct", name=f"Number {n}")).json["id"] for n in range(3)]
    made.append((await bob.connect_directly("bobs", name="Number 4")).json["id"])
    found: list[str] = []
    cursor = ""
    while True:
        page = (await ann.api.get(f"{PATH}?query=number&limit=3{cursor}")).json
        found += [connection["id"] for connection in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == made[::-1]
    for condition, expected in (
        (f"workspace_id={bob.person.workspace_id}", made[3:]),
        (f"user_id={ann.person.user_id}&query=number", made[2::-1]),
        ("integration=bobs", made[3:]),
        ("status=error&query=number", []),
    ):
        answer = await ann.api.get(f"{PATH}?{condition}")
        assert [connection["id"] for connection in answer.json["data"]] == expected, condition
    for wrong in ("status=fine", "cursor=x", "user_id=ann", "limit=1000"):
        assert (await ann.api.get(f"{PATH}?{wrong}")).code == "malformed_request"


async def test_reauthorized_for_more_and_revoked_when_deleted(whole: Whole, ann: Caller) -> None:
    connection = await whole.connect(ann, "oauth")
    shown = (await ann.api.get(f"{PATH}/{connection}")).json
    assert (shown["status"], shown["scopes"]) == ("active", ["read", "write"])
    as_owner(
        whole.urls, "UPDATE connections SET status = 'reauthorization_required' WHERE id = %s", connection
    )
    begun = await ann.api.post(
        f"{PATH}/{connection}/reauthorize", {"scopes": ["admin"], "return_url": f"{PUBLIC_URL}/x"}
    )
    assert begun.status == 200, begun.content
    asked = parse_qs(urlsplit(begun.json["authorization_url"]).query)["scope"]
    assert asked == ["read write admin"]
    ended = await whole.callback(whole.service.consent(begun.json["authorization_url"]))
    assert ended.headers["Location"] == f"{PUBLIC_URL}/x?connection_id={connection}"
    shown = (await ann.api.get(f"{PATH}/{connection}")).json
    assert (shown["status"], shown["scopes"]) == ("active", ["read", "write", "admin"])
    assert (await ann.api.post(f"{PATH}/{connection}/test")).status == 200
    assert (await ann.api.post(f"{PATH}/{connection}/reauthorize")).status == 200

    assert (await ann.api.delete(f"{PATH}/{connection}")).status == 204
    assert (await ann.api.get(f"{PATH}/{connection}")).status == 404
    async with asyncio.timeout(10):
        revoked = [await whole.service.revoked.get() for _ in range(2)]
    assert [token.rpartition("-")[0] for token in revoked] == ["secret-refresh", "secret-access"]


async def test_a_token_past_its_time_with_nothing_to_refresh_it_is_expired(whole: Whole, ann: Caller) -> None:
    brought = await ann.connect_directly("oauth", credentials={"access_token": API_TOKEN, "expires_in": 3600})
    assert brought.status == 201, brought.content
    connection = brought.json["id"]
    assert brought.json["status"] == "active"
    as_owner(
        whole.urls,
        "UPDATE connections SET expires_at = now() - interval '1 minute' WHERE id = %s",
        connection,
    )
    assert (await ann.api.get(f"{PATH}/{connection}")).json["status"] == "expired"
    assert [c["id"] for c in (await ann.api.get(f"{PATH}?status=expired")).json["data"]] == [connection]
    assert connection not in [c["id"] for c in (await ann.api.get(f"{PATH}?status=active")).json["data"]]
