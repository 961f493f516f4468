"""Connect links over HTTP: made, shown, listed and ended by users."""

import re
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.api.hosted_pages import LINKS, make, maker, shown, wanted
from tests.integration.api.whole import PUBLIC_URL, Caller, Whole
from tests.people import join


@pytest.fixture(scope="module")
async def ann(whole: Whole) -> Caller:
    return await maker(whole)


async def test_a_link_and_what_is_shown_of_it(whole: Whole, ann: Caller) -> None:
    made = await make(ann, name="Billing", scopes=["read"], return_url="https://app.example/done")
    assert made["url"] == f"{PUBLIC_URL}/connect/{made['token']}"
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", made["token"])
    found = await shown(ann, made)
    assert found == {name: value for name, value in made.items() if name not in ("url", "token")}
    assert (found["status"], found["reconnect"], found["integration"]) == ("ready", False, "oauth")
    assert (found["end_user_id"], found["name"], found["scopes"]) == ("customer-7", "Billing", ["read"])
    assert found["connection_id"] is None


async def test_the_list(whole: Whole) -> None:
    bob = whole.person("bob")
    await whole.integration(bob, "oauth")
    made = [await make(bob, end_user_id=name) for name in ("one", "two", "three")]
    page = (await bob.api.get(f"{LINKS}?limit=2")).json
    assert [link["id"] for link in page["data"]] == [made[2]["id"], made[1]["id"]]
    rest = (await bob.api.get(f"{LINKS}?limit=2&cursor={page['next_cursor']}")).json
    assert ([link["id"] for link in rest["data"]], rest["next_cursor"]) == ([made[0]["id"]], None)
    ones = (await bob.api.get(f"{LINKS}?end_user_id=one")).json
    assert [link["id"] for link in ones["data"]] == [made[0]["id"]]
    assert "token" not in page["data"][0]
    assert page["data"][0]["integration_name"] == "Oauth"
    assert page["data"][0]["owner"]["email"] == bob.person.email
    assert (await bob.api.delete(f"{LINKS}/{made[1]['id']}")).status == 204
    for condition, expected in (
        ("status=revoked", [made[1]]),
        ("status=ready&integration=oauth", [made[2], made[0]]),
        ("status=used", []),
        ("integration=other", []),
    ):
        found = (await bob.api.get(f"{LINKS}?{condition}")).json["data"]
        assert [link["id"] for link in found] == [link["id"] for link in expected], condition
    assert {link["status"] for link in (await bob.api.get(LINKS)).json["data"]} == {"ready", "revoked"}


async def test_others_do_not_see_them(whole: Whole, ann: Caller) -> None:
    made, bob = await make(ann), whole.person("bob")
    assert (await bob.api.get(f"{LINKS}/{made['id']}")).status == 404
    assert (await bob.api.request("DELETE", f"{LINKS}/{made['id']}")).status == 404
    assert (await bob.api.get(LINKS)).json["data"] == []
    foreign = wanted(bob) | {"workspace_id": str(ann.person.workspace_id)}
    assert (await bob.api.post(LINKS, foreign)).status == 404


async def test_who_may_make_one(whole: Whole, ann: Caller) -> None:
    viewer = whole.person("vic")
    join(whole.urls, viewer.person, ann.person, "viewer")
    refused = await viewer.api.post(LINKS, wanted(ann))
    assert (refused.status, refused.code) == (403, "forbidden")
    for scopes in (["connections:read"], ["connections:write"], ["execute"]):
        refused = await whole.limited(ann, *scopes).post(LINKS, wanted(ann))
        assert (refused.status, refused.code) == (403, "forbidden")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"end_user_id": None}, "/end_user_id"),
        ({"workspace_id": None}, "/workspace_id"),
        ({"integration": None}, "/integration"),
        ({"connection_id": str(uuid4())}, "/workspace_id"),
        ({"expires_in": 59}, "/expires_in"),
        ({"expires_in": 7 * 86_400 + 1}, "/expires_in"),
        ({"expires_in": "3600"}, "/expires_in"),
        ({"end_user_id": ""}, "/end_user_id"),
        ({"unknown": 1}, "/unknown"),
        ({"integration": "token", "scopes": ["read"]}, "/scopes"),
        ({"integration": "shaped", "config": {"subdomain": "NOT OK"}}, "/config/subdomain"),
        ({"integration": "shaped", "config": {"other": "x"}}, "/config/other"),
    ],
)
async def test_what_is_wrong_is_pointed_to(ann: Caller, changes: dict[str, Any], pointer: str) -> None:
    refused = await ann.api.post(LINKS, wanted(ann) | changes)
    assert (refused.status, refused.code) == (400, "malformed_request")
    assert pointer in {fault["pointer"] for fault in refused.json["errors"]}


@pytest.mark.parametrize("return_url", ["https://elsewhere.example/", "javascript:alert(1)"])
async def test_a_return_url_of_another_origin_is_refused(ann: Caller, return_url: str) -> None:
    refused = await ann.api.post(LINKS, wanted(ann, return_url=return_url))
    assert (refused.status, refused.code) == (400, "malformed_request")


async def test_what_is_not_there_is_not_linked_to(ann: Caller) -> None:
    assert (await ann.api.post(LINKS, wanted(ann, "no-such-service"))).status == 404
    assert (await ann.api.post(LINKS, wanted(ann, oauth_client="other"))).status == 404
    assert (await ann.api.post(LINKS, {"connection_id": str(uuid4())})).status == 404


async def test_only_ones_own_connection_is_reconnected(whole: Whole, ann: Caller) -> None:
    made = await ann.connect_directly("token")
    assert made.status == 201, made.content
    mia = whole.person("mia")
    join(whole.urls, mia.person, ann.person, "member")
    refused = await mia.api.post(LINKS, {"connection_id": made.json["id"]})
    assert (refused.status, refused.code) == (403, "forbidden")
