"""What people are shown of integrations: what is connected, how, and what connecting asks for."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.integration.api.whole import CLIENT_ID, CLIENT_SECRET, Caller, Whole
from tests.people import as_owner, join, new_connection

PATH = "/api/v2/integrations"
CLIENTS = "/api/v2/oauth-clients"


@pytest.fixture(scope="module")
async def ann(whole: Whole) -> Caller:
    """Has `ones-own` (bearer, of the category `tools`) and `by-redirect` (oauth2 with a client)."""
    ann = whole.person("ann")
    own = await whole.integration(ann, "ones-own", "bearer")
    await whole.integration(ann, "by-redirect")
    changed = await ann.api.patch(
        f"{PATH}/ones-own", {"category": "tools", "website": "https://tools.example"}
    )
    assert changed.json["website"] == "https://tools.example"
    new_connection(whole.urls, ann.person, own)
    return ann


@pytest.fixture(scope="module")
async def shipped(whole: Whole) -> AsyncIterator[None]:
    """Two for everybody: `with-client`, whose OAuth client the environment has, and `without-client`."""
    for slug, variable in (("with-client", "GLOBAL_CLIENT_ID"), ("without-client", "NOBODYS_CLIENT_ID")):
        config = {
            "authorization_url": "https://auth.example/authorize",
            "token_url": "https://auth.example/token",
            "clientIdEnv": variable,
            "scopes": ["read"],
            "scope_descriptions": {"read": "Look.", "write": "Change."},
        }
        as_owner(
            whole.urls,
            "INSERT INTO integrations (name, slug, base_url, auth_type, auth_config, category)"
            " VALUES (%s, %s, 'https://{subdomain}.example', 'oauth2', %s, 'tools')",
            slug,
            slug,
            json.dumps(config),
        )
    yield
    as_owner(whole.urls, "DELETE FROM integrations WHERE organization_id IS NULL")


async def listed(caller: Caller, query: str) -> dict[str, dict[str, Any]]:
    answer = await caller.api.get(f"{PATH}?limit=200&{query}")
    assert answer.status == 200, answer.content
    return {entry["slug"]: entry for entry in answer.json["data"]}


async def test_a_workspaces_list_says_what_is_connected(whole: Whole, ann: Caller) -> None:
    workspace = f"workspace_id={ann.person.workspace_id}"
    found = await listed(ann, workspace)
    assert found["ones-own"]["connections"] == {"total": 1, "mine": 1, "needs_attention": 0}
    assert found["by-redirect"]["connections"] == {"total": 0, "mine": 0, "needs_attention": 0}
    assert (await listed(ann, ""))["ones-own"]["connections"] is None
    assert list(await listed(ann, f"{workspace}&connected=true")) == ["ones-own"]
    assert "ones-own" not in await listed(ann, f"{workspace}&connected=false")
    mate = whole.person("mate")
    join(whole.urls, mate.person, ann.person)
    assert (await listed(mate, workspace))["ones-own"]["connections"] == {
        "total": 1, "mine": 0, "needs_attention": 0,
    }  # fmt: skip
    one = await mate.api.get(f"{PATH}/ones-own?{workspace}")
    assert one.json["connections"] == {"total": 1, "mine": 0, "needs_attention": 0}


async def test_of_a_workspace_of_others_there_is_no_list(whole: Whole, ann: Caller) -> None:
    stranger = whole.person("stranger")
    for path in (PATH, f"{PATH}/ones-own"):
        refused = await stranger.api.get(f"{path}?workspace_id={ann.person.workspace_id}")
        assert refused.code == "not_found"
    unnamed = await ann.api.get(f"{PATH}?connected=true")
    assert (unnamed.code, unnamed.json["errors"][0]["pointer"]) == (
        "malformed_request", "/query/workspace_id",
    )  # fmt: skip
    mixed = f"workspace_id={ann.person.workspace_id}&organization_id={stranger.person.organization_id}"
    assert (await ann.api.get(f"{PATH}?{mixed}")).code == "malformed_request"


@pytest.mark.usefixtures("shipped")
async def test_how_it_is_connected_and_with_whose_client(ann: Caller) -> None:
    found = await listed(ann, "")
    told = {
        slug: (entry["connects_by"], entry["oauth_client_source"])
        for slug, entry in found.items()
        if slug in ("ones-own", "by-redirect", "with-client", "without-client")
    }
    assert told == {
        "ones-own": ("credentials", None),
        "by-redirect": ("redirect", "organization"),
        "with-client": ("redirect", "environment"),
        "without-client": ("redirect", None),
    }
    assert set(await listed(ann, "own=true")) == {"ones-own", "by-redirect"}
    assert not {"ones-own", "by-redirect"} & set(await listed(ann, "own=false"))


@pytest.mark.usefixtures("shipped")
async def test_a_member_knows_that_there_is_a_client_and_a_stranger_does_not(
    whole: Whole, ann: Caller
) -> None:
    mate, stranger = whole.person("mate"), whole.person("stranger")
    join(whole.urls, mate.person, ann.person)
    client = {"client_id": "anns-own", "organization_id": str(ann.person.organization_id)}
    set_up = await ann.api.request("PUT", f"{PATH}/without-client/oauth-client", client)
    assert set_up.status == 200, set_up.content
    workspace = f"workspace_id={ann.person.workspace_id}"
    shown = await mate.api.get(f"{PATH}/without-client?{workspace}")
    assert (shown.json["oauth_client_source"], shown.json["oauth_client"]) == ("organization", None)
    assert b"anns-own" not in shown.content
    own_place = f"{PATH}/without-client?workspace_id={mate.person.workspace_id}"
    assert (await mate.api.get(own_place)).json["oauth_client_source"] is None
    assert (await stranger.api.get(f"{PATH}/without-client")).json["oauth_client_source"] is None


@pytest.mark.usefixtures("shipped")
async def test_facets_count_what_the_query_finds(ann: Caller) -> None:
    query = f"workspace_id={ann.person.workspace_id}&facets=true"
    answer = (await ann.api.get(f"{PATH}?{query}&category=nothing&limit=1")).json
    facets = answer["facets"]
    assert answer["data"] == []
    assert {"value": "tools", "count": 3} in facets["categories"]
    assert {"value": "bearer", "count": 1} in facets["auth_types"]
    assert (facets["own"], facets["connected"]) == (2, 1)
    assert facets["total"] == sum(one["count"] for one in facets["categories"])
    narrowed = (await ann.api.get(f"{PATH}?{query}&query=ones-own")).json["facets"]
    assert (narrowed["total"], narrowed["categories"]) == (1, [{"value": "tools", "count": 1}])
    assert (await ann.api.get(f"{PATH}?limit=1")).json["facets"] is None


@pytest.mark.usefixtures("shipped")
async def test_what_connecting_asks_for(ann: Caller) -> None:
    own = (await ann.api.get(f"{PATH}/ones-own")).json
    assert own["credential_schema"] == {
        "type": "object",
        "properties": {
            "token": {
                "type": "string", "title": "Token", "minLength": 1, "writeOnly": True, "format": "password",
            }
        },
        "required": ["token"],
        "additionalProperties": False,
    }  # fmt: skip
    assert (own["config_schema"], own["scopes"], own["fault"]) == (None, [], None)
    shipped = (await ann.api.get(f"{PATH}/with-client")).json
    assert shipped["config_schema"]["required"] == ["subdomain"]
    assert shipped["config_schema"]["properties"]["subdomain"]["title"] == "Subdomain"
    assert shipped["scopes"] == [
        {"name": "read", "description": "Look.", "asked_for": True},
        {"name": "write", "description": "Change.", "asked_for": False},
    ]
    assert shipped["credential_schema"]["required"] == ["access_token"]


async def test_of_a_broken_row_it_is_said_what_is_broken(whole: Whole, ann: Caller) -> None:
    as_owner(
        whole.urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type, auth_config, organization_id)"
        " VALUES ('Broken', 'broken', 'https://b.example', 'oauth2', '{\"nonsense\": 1}', %s)",
        ann.person.organization_id,
    )
    shown = (await ann.api.get(f"{PATH}/broken")).json
    assert (shown["connects_by"], shown["credential_schema"]) == (None, None)
    assert "nonsense" in shown["fault"]
    assert (await listed(ann, "query=broken"))["broken"]["connects_by"] is None


@pytest.mark.usefixtures("shipped")
async def test_all_clients_of_an_organization(whole: Whole, ann: Caller) -> None:
    answer = await ann.api.get(CLIENTS)
    assert answer.status == 200, answer.content
    told = {(one["integration"], one["source"], one["client_id"]) for one in answer.json["data"]}
    assert {
        ("by-redirect", "organization", CLIENT_ID),
        ("with-client", "environment", CLIENT_ID),
    } <= told
    assert "without-client" not in {slug for slug, source, _ in told if source == "environment"}
    assert CLIENT_SECRET.encode() not in answer.content
    mate, stranger = whole.person("mate"), whole.person("stranger")
    join(whole.urls, mate.person, ann.person)
    ours = f"{CLIENTS}?organization_id={ann.person.organization_id}"
    seen = (await mate.api.get(ours)).json["data"]
    assert {one["source"] for one in seen} == {"environment"}
    assert (await stranger.api.get(ours)).code == "not_found"
    assert (await mate.api.get(CLIENTS)).code == "malformed_request"
