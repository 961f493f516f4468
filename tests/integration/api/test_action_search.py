"""Actions of all integrations, found over HTTP."""

from uuid import uuid4

import pytest

from tests.integration.api.whole import Caller, Whole

PATH = "/api/v2/actions"
INTEGRATION = {
    "slug": "parrot",
    "name": "Parrot",
    "base_url": "https://api.example.com",
    "auth_type": "none",
    "category": "birds",
}


@pytest.fixture(scope="module")
async def ann(whole: Whole) -> Caller:
    ann = whole.person("ann")
    assert (await ann.api.post("/api/v2/integrations", INTEGRATION)).status == 201
    for slug, name in (("repeat-phrase", "Repeat phrase"), ("repeat", "Repeat"), ("fly-away", "Fly away")):
        made = await ann.api.post(
            "/api/v2/integrations/parrot/actions",
            {"slug": slug, "name": name, "http_method": "POST", "scopes": ["fly"]},
        )
        assert made.status == 201
    return ann


async def found(caller: Caller, query: str) -> list[str]:
    answer = await caller.api.get(f"{PATH}?{query}")
    assert answer.status == 200, answer.content
    return [entry["slug"] for entry in answer.json["data"]]


async def test_what_is_found_names_its_integration(ann: Caller) -> None:
    entry = (await ann.api.get(f"{PATH}?query=parrot+fly")).json["data"][0]
    integration = entry.pop("integration")
    assert entry | {"id": 0} == {
        "id": 0,
        "slug": "fly-away",
        "name": "Fly away",
        "description": "",
        "http_method": "POST",
        "endpoint_path": "/",
        "scopes": ["fly"],
        "hints": {"read_only": False, "destructive": False, "idempotent": False},
    }
    assert integration | {"id": 0} == {
        "id": 0,
        "slug": "parrot",
        "name": "Parrot",
        "category": "birds",
        "organization_id": str(ann.person.organization_id),
    }


async def test_the_best_match_is_first_and_filters_hold(ann: Caller) -> None:
    assert await found(ann, "query=repeat") == ["repeat", "repeat-phrase"]
    assert await found(ann, "query=repeet") == ["repeat", "repeat-phrase"]
    assert await found(ann, "category=birds") == ["fly-away", "repeat", "repeat-phrase"]
    assert await found(ann, "category=birds&integration=parrot&query=away") == ["fly-away"]
    assert await found(ann, "category=fish&query=away") == []
    assert await found(ann, f"organization_id={ann.person.organization_id}&query=away") == ["fly-away"]


@pytest.mark.parametrize("query", ["category=birds", "query=parrot"])
async def test_page_by_page(ann: Caller, query: str) -> None:
    whole = await found(ann, query)
    paged: list[str] = []
    cursor = ""
    while True:
        page = (await ann.api.get(f"{PATH}?{query}&limit=1{cursor}")).json
        paged += [entry["slug"] for entry in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert paged == whole
    assert len(whole) == 3


async def test_a_stranger_finds_nothing_of_it(whole: Whole, ann: Caller) -> None:
    bob = whole.person("bob")
    for query in ("query=parrot", "query=repeat", "query=repeet", "category=birds", "integration=parrot"):
        assert await found(bob, query) == []
    refused = await bob.api.get(f"{PATH}?organization_id={ann.person.organization_id}")
    assert refused.code == "not_found"


@pytest.mark.parametrize(
    "wrong",
    [
        "cursor=x",
        "cursor=WyJhIiwiYiIsImMiXQ",  # ["a", "b", "c"]
        "cursor=WyItMSIsImEiLCJiIl0",  # ["-1", "a", "b"]
        "limit=0",
        f"query={'x' * 201}",
        "organization_id=1",
    ],
)
async def test_what_is_wrong_is_refused(ann: Caller, wrong: str) -> None:
    assert (await ann.api.get(f"{PATH}?{wrong}")).code == "malformed_request"


async def test_an_organization_that_is_none(ann: Caller) -> None:
    assert (await ann.api.get(f"{PATH}?organization_id={uuid4()}")).code == "not_found"
