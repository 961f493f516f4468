"""What people are shown of connections: whose they are, why they are as they are, and what one may do with them."""

import asyncio
from typing import Any

import pytest

from tests.integration.api.whole import API_TOKEN, Caller, Whole
from tests.people import as_owner, join

PATH = "/api/v2/connections"


@pytest.fixture(scope="module")
async def ann(whole: Whole) -> Caller:
    """Has the integrations `keyed` (bearer) and `granted` (oauth2)."""
    ann = whole.person("ann")
    await whole.integration(ann, "keyed", "bearer")
    await whole.integration(ann, "granted")
    return ann


async def shown(caller: Caller, connection_id: str) -> dict[str, Any]:
    answer = await caller.api.get(f"{PATH}/{connection_id}")
    assert answer.status == 200, answer.content
    found: dict[str, Any] = answer.json
    return found


async def made(caller: Caller, **members: Any) -> str:
    answer = await caller.connect_directly("keyed", **members)
    assert answer.status == 201, answer.content
    return str(answer.json["id"])


async def test_a_key_that_the_service_refuses_leaves_nothing(whole: Whole, ann: Caller) -> None:
    before = as_owner(whole.urls, "SELECT count(*) FROM connections")
    refused = await ann.connect_directly("keyed", credentials={"token": "the-wrong-key"})
    assert (refused.status, refused.code) == (502, "upstream_error")
    assert refused.json["upstream"]["status_code"] == 401
    assert refused.json["upstream"]["body"] == {"error": "who are you?"}
    assert b"the-wrong-key" not in refused.content
    assert as_owner(whole.urls, "SELECT count(*) FROM connections") == before


async def test_whose_it_is_and_what_each_may_do(whole: Whole, ann: Caller) -> None:
    mate, admin, viewer = whole.person("mate"), whole.person("admin"), whole.person("viewer")
    for who, role in ((mate, "member"), (admin, "admin"), (viewer, "viewer")):
        join(whole.urls, who.person, ann.person, role)
    connection = await made(ann)
    everything = dict.fromkeys(("use", "authorize", "edit", "enable", "delete"), True)
    nothing = dict.fromkeys(everything, False)
    assert (await shown(ann, connection))["can"] == everything
    assert (await shown(mate, connection))["can"] == nothing
    assert (await shown(viewer, connection))["can"] == nothing
    of_admin = await shown(admin, connection)
    assert of_admin["can"] == everything | {"use": False, "authorize": False}
    assert of_admin["owner"] == {
        "id": str(ann.person.user_id), "email": ann.person.email, "name": "ann",
    }  # fmt: skip
    reader = Caller(ann.person, whole.limited(ann, "connections:read"))
    assert (await shown(reader, connection))["can"] == nothing
    assert (await admin.api.delete(f"{PATH}/{connection}")).status == 204

    mates = await made(mate, workspace_id=str(ann.person.workspace_id))
    disabled = await admin.api.patch(f"{PATH}/{mates}", {"disabled": True})
    assert (disabled.json["status_reason"], disabled.json["can"]["enable"]) == ("disabled_by_admin", True)
    assert (await shown(mate, mates))["can"] == everything | {"enable": False}
    assert (await admin.api.delete(f"{PATH}/{mates}")).status == 204


async def test_why_and_since_when(whole: Whole, ann: Caller) -> None:
    connection = await made(ann)
    first = await shown(ann, connection)
    assert (first["status_reason"], first["status_since"]) == (None, None)
    off = (await ann.api.patch(f"{PATH}/{connection}", {"disabled": True})).json
    assert off["status_reason"] == "disabled_by_owner"
    assert off["status_since"] > first["created_at"]
    on = (await ann.api.patch(f"{PATH}/{connection}", {"disabled": False})).json
    assert on["status_reason"] is None
    assert on["status_since"] > off["status_since"]
    assert (await ann.api.patch(f"{PATH}/{connection}", {"name": "Other"})).json == on | {"name": "Other"}
    await ann.api.delete(f"{PATH}/{connection}")


async def test_a_test_says_what_the_service_said(whole: Whole, ann: Caller) -> None:
    keyed, granted = await made(ann), await whole.connect(ann, "granted")
    accepted = set(whole.service.tokens)
    whole.service.tokens.clear()
    try:
        by_key = await ann.api.post(f"{PATH}/{keyed}/test")
        by_grant = await ann.api.post(f"{PATH}/{granted}/test")
    finally:
        whole.service.tokens |= accepted
    assert by_key.code == "upstream_error"
    assert by_key.json["upstream"]["body"] == {"error": "who are you?"}
    # Neither the token nor the one that is to renew it was accepted.
    assert by_grant.code == "reauthorization_required"
    after = await shown(ann, granted)
    assert (after["status"], after["status_reason"]) == ("reauthorization_required", "grant_refused")
    for connection in (keyed, granted):
        await ann.api.delete(f"{PATH}/{connection}")


async def test_an_integration_that_moves_is_the_reason(whole: Whole, ann: Caller) -> None:
    await whole.integration(ann, "moving", "bearer")
    made_there = await ann.connect_directly("moving")
    await ann.api.patch("/api/v2/integrations/moving", {"base_url": "https://elsewhere.example"})
    after = await shown(ann, made_there.json["id"])
    assert (after["status"], after["status_reason"]) == ("reauthorization_required", "integration_moved")
    workspace = f"workspace_id={ann.person.workspace_id}"
    listed = (await ann.api.get(f"/api/v2/integrations?query=moving&{workspace}")).json["data"]
    assert listed[0]["connections"]["needs_attention"] == 1


async def test_a_token_that_ran_out_says_when(whole: Whole, ann: Caller) -> None:
    brought = await ann.connect_directly("granted", credentials={"access_token": API_TOKEN, "expires_in": 60})
    as_owner(
        whole.urls,
        "UPDATE connections SET expires_at = now() - interval '1 minute' WHERE id = %s",
        brought.json["id"],
    )
    expired = await shown(ann, brought.json["id"])
    assert (expired["status"], expired["status_reason"]) == ("expired", "token_expired")
    assert expired["status_since"] == expired["expires_at"]
    await ann.api.delete(f"{PATH}/{brought.json['id']}")


async def test_several_statuses_and_what_is_looked_for(whole: Whole, ann: Caller) -> None:
    first, second, third = [
        await made(ann, name=f"Sought {n}", end_user_id=f"customer-{n}") for n in range(3)
    ]
    await ann.api.patch(f"{PATH}/{first}", {"disabled": True})
    as_owner(whole.urls, "UPDATE connections SET status = 'error' WHERE id = %s", second)
    for query, expected in (
        ("query=sought&status=disabled&status=error", [second, first]),
        ("query=sought&status=active", [third]),
        ("query=customer-2", [third]),
        ("query=sought&integration=keyed&end_user_id=customer-0", [first]),
        ("query=KEYED&status=error", [second]),
    ):
        answer = await ann.api.get(f"{PATH}?{query}")
        assert [one["id"] for one in answer.json["data"]] == expected, query
    wrong = await ann.api.get(f"{PATH}?status=active&status=fine")
    assert wrong.code == "malformed_request"
    assert wrong.json["errors"][0]["pointer"] == "/query/status/1"
    stranger = whole.person("stranger")
    assert (await stranger.api.get(f"{PATH}?query=sought")).json["data"] == []


async def test_deleting_says_what_the_service_said(whole: Whole, ann: Caller) -> None:
    granted = await whole.connect(ann, "granted")
    ended = await ann.api.delete(f"{PATH}/{granted}?report=true")
    assert (ended.status, ended.json) == (200, {"revocation": "revoked", "detail": None})
    async with asyncio.timeout(10):
        assert [await whole.service.revoked.get() for _ in range(2)]

    keyed = await made(ann)
    ended = await ann.api.delete(f"{PATH}/{keyed}?report=true")
    assert ended.json == {"revocation": "nothing_to_revoke", "detail": None}

    await whole.integration(ann, "unforgiving", revocation_url=f"{whole.service.url}/nothing-here")
    stubborn = await whole.connect(ann, "unforgiving")
    ended = await ann.api.delete(f"{PATH}/{stubborn}?report=true")
    assert ended.json["revocation"] == "failed"
    assert ended.json["detail"]
    assert not [secret for secret in whole.service.secrets if secret.encode() in ended.content]
    assert (await ann.api.get(f"{PATH}/{stubborn}")).code == "not_found"
