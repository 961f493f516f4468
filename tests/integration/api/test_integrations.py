"""Integrations over HTTP."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc.jwk import RSAKey

from tests.integration.api.whole import CLIENT_ID, CLIENT_SECRET, PUBLIC_URL, Caller, Whole
from tests.people import as_owner, join, new_connection, new_person

PATH = "/api/v2/integrations"
MINIMAL = {"name": "Example", "base_url": "https://api.example.com", "auth_type": "bearer"}


@pytest.fixture(scope="module")
def ann(whole: Whole) -> Caller:
    return whole.person("ann")


@pytest.fixture(scope="module")
def global_id(whole: Whole) -> UUID:
    made: UUID = as_owner(
        whole.urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type, shipped, category)"
        " VALUES ('Everywhere', 'everywhere', 'https://everywhere.example', 'oauth2', true, 'mail') RETURNING id",
    )[0][0]
    return made


async def test_made_shown_changed_and_deleted(whole: Whole, ann: Caller) -> None:
    made = await ann.api.post(
        PATH, MINIMAL | {"slug": "life", "auth_config": {"scopes": ["a"]}, "category": "crm"}
    )
    assert made.status == 201, made.content
    assert made.json["organization_id"] == str(ann.person.organization_id)
    assert made.json["action_count"] == 0
    assert (made.json["redirect_uri"], made.json["oauth_client"]) == (None, None)
    shown = await ann.api.get(f"{PATH}/life")
    assert shown.json == made.json
    assert shown.json["updated_at"].endswith("Z")

    changed = await ann.api.patch(
        f"{PATH}/life", {"description": "Better", "documentation_url": "https://x.example"}
    )
    assert changed.status == 200, changed.content
    assert changed.json == made.json | {
        "description": "Better",
        "documentation_url": "https://x.example",
        "version": 2,
        "updated_at": changed.json["updated_at"],
    }
    assert (await ann.api.patch(f"{PATH}/life", {"documentation_url": None})).json[
        "documentation_url"
    ] is None
    assert (await ann.api.patch(f"{PATH}/life", {})).json["version"] == 3

    assert (await ann.api.post(PATH, MINIMAL | {"slug": "life"})).code == "conflict"
    assert (await ann.api.delete(f"{PATH}/life")).status == 204
    assert (await ann.api.get(f"{PATH}/life")).code == "not_found"
    assert (await ann.api.delete(f"{PATH}/life")).status == 404


async def test_what_holds_for_all_of_its_actions(ann: Caller) -> None:
    documents = {
        "transform_config": {"headers": {"x-version": "2"}, "response": {"error": "ok == `false`"}},
        "rate_limits": [{"requests": 5, "per_seconds": 60, "per": "organization"}],
    }
    made = await ann.api.post(PATH, MINIMAL | {"slug": "documents"} | documents)
    assert made.status == 201, made.content
    assert made.json == made.json | documents
    assert (await ann.api.get(f"{PATH}/documents")).json == made.json
    changed = await ann.api.patch(f"{PATH}/documents", {"rate_limits": []})
    assert (changed.json["rate_limits"], changed.json["transform_config"]) == (
        [],
        documents["transform_config"],
    )
    broken_ones: list[dict[str, Any]] = [
        {"transform_config": {"parameters": []}},
        {"rate_limits": [{"requests": 1}]},
    ]
    for broken in broken_ones:
        answer = await ann.api.patch(f"{PATH}/documents", broken)
        assert answer.code == "invalid_integration_config", broken
        assert next(iter(broken)) in answer.json["detail"]


async def test_the_list_is_searched_and_paged(whole: Whole, ann: Caller, global_id: UUID) -> None:
    for slug in ("zz-one", "zz-two", "zz-three"):
        await ann.api.post(PATH, MINIMAL | {"slug": slug, "category": "Zed"})
    found: list[str] = []
    cursor = ""
    while True:
        page = (await ann.api.get(f"{PATH}?query=zz-&limit=2{cursor}")).json
        found += [entry["slug"] for entry in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == ["zz-one", "zz-three", "zz-two"]
    assert [
        e["slug"] for e in (await ann.api.get(f"{PATH}?category=mail&auth_type=oauth2")).json["data"]
    ] == ["everywhere"]
    assert (await ann.api.get(f"{PATH}?category=mail&auth_type=basic")).json == {
        "data": [],
        "next_cursor": None,
        "facets": None,
    }
    mine = await ann.api.get(f"{PATH}?organization_id={ann.person.organization_id}&query=zed")
    assert len(mine.json["data"]) == 3
    assert (await ann.api.get(f"{PATH}?organization_id={uuid4()}")).code == "not_found"
    for wrong in (
        "cursor=x",
        "cursor=WyJhIiwiYiJd",
        "limit=0",
        "limit=201",
        "auth_type=magic",
        "organization_id=1",
    ):
        assert (await ann.api.get(f"{PATH}?{wrong}")).code == "malformed_request", wrong


async def test_a_global_integration_is_the_operators(whole: Whole, ann: Caller, global_id: UUID) -> None:
    for answer in (
        await ann.api.patch(f"{PATH}/everywhere", {"name": "Mine"}),
        await ann.api.delete(f"{PATH}/everywhere"),
        await ann.api.post(f"{PATH}/everywhere/actions", {"slug": "a", "name": "A"}),
    ):
        assert answer.code == "forbidden"
        assert "operator" in answer.json["detail"]
    shown = await ann.api.get(f"{PATH}/everywhere")
    assert (shown.json["id"], shown.json["organization_id"]) == (str(global_id), None)
    assert shown.json["redirect_uri"] == f"{PUBLIC_URL}/api/v2/oauth/callback"

    await ann.api.post(PATH, MINIMAL | {"slug": "everywhere"})
    assert (await ann.api.get(f"{PATH}/everywhere")).json["organization_id"] == str(
        ann.person.organization_id
    )
    assert (await whole.person().api.get(f"{PATH}/everywhere")).json["organization_id"] is None
    assert (await ann.api.delete(f"{PATH}/everywhere")).status == 204


async def test_only_admins_with_the_scope_write(whole: Whole, ann: Caller) -> None:
    await ann.api.post(PATH, MINIMAL | {"slug": "guarded"})
    bob = whole.person("bob")
    join(whole.urls, bob.person, ann.person)
    organization_id = str(ann.person.organization_id)
    organization = f"?organization_id={organization_id}"
    assert (await bob.api.get(f"{PATH}/guarded")).status == 200
    for answer in (
        await bob.api.patch(f"{PATH}/guarded{organization}", {"name": "Bob's"}),
        await bob.api.delete(f"{PATH}/guarded{organization}"),
        await bob.api.post(
            PATH, MINIMAL | {"slug": "more", "organization_id": str(ann.person.organization_id)}
        ),
        await bob.api.request(
            "PUT", f"{PATH}/guarded/oauth-client", {"client_id": "x", "organization_id": organization_id}
        ),
    ):
        assert answer.code == "forbidden", answer.content
    # Bob has two organizations by now.
    unsaid = await bob.api.post(PATH, MINIMAL | {"slug": "more"})
    assert unsaid.code == "malformed_request"
    assert unsaid.json["errors"][0]["pointer"] == "/organization_id"
    assert (
        await bob.api.post(
            PATH, MINIMAL | {"slug": "more", "organization_id": str(bob.person.organization_id)}
        )
    ).status == 201
    stranger = whole.person("eve")
    assert (await stranger.api.get(f"{PATH}/guarded")).code == "not_found"
    assert (
        await stranger.api.post(
            PATH, MINIMAL | {"slug": "more", "organization_id": str(ann.person.organization_id)}
        )
    ).code == "not_found"

    reader = whole.limited(ann, "execute", "connections:read")
    assert (await reader.get(f"{PATH}/guarded")).status == 200
    for answer in (
        await reader.post(PATH, MINIMAL | {"slug": "more"}),
        await reader.patch(f"{PATH}/guarded", {"name": "x"}),
        await reader.delete(f"{PATH}/guarded"),
        await reader.request("PUT", f"{PATH}/guarded/oauth-client", {"client_id": "x"}),
        await reader.delete(f"{PATH}/guarded/oauth-client"),
    ):
        assert answer.code == "forbidden"
        assert "catalog:write" in answer.json["detail"]
    assert (await whole.api.get(PATH)).code == "unauthenticated"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"slug": "Big Letters"}, "malformed_request"),
        ({"slug": None}, "malformed_request"),
        ({"name": "   "}, "malformed_request"),
        ({"auth_type": "magic"}, "malformed_request"),
        ({"auth_config": []}, "malformed_request"),
        ({"documentation_url": "javascript:alert(1)"}, "malformed_request"),
        ({"surprise": 1}, "malformed_request"),
        ({"name": "N\0"}, "malformed_request"),
        ({"auth_config": {"a\0": 1}}, "malformed_request"),
        ({"base_url": "ftp://example.com"}, "invalid_integration_config"),
        ({"base_url": "https://user:password@example.com"}, "invalid_integration_config"),
        ({"auth_config": {"token_url": 5}}, "invalid_integration_config"),
        ({"auth_config": {"token_url": "nonsense"}}, "invalid_integration_config"),
        ({"auth_config": {"clientSecretEnv": "PORTWAY_JWT_SECRET"}}, "invalid_integration_config"),
        ({"auth_config": {"clientIdEnv": "HOME"}}, "invalid_integration_config"),
        ({"auth_config": {"verification": {"method": "GET"}}}, "invalid_integration_config"),
        ({"auth_config": {"credential_placement": [{"in": "trunk"}]}}, "invalid_integration_config"),
    ],
)
async def test_rows_that_would_not_work_are_refused(
    ann: Caller, members: dict[str, object], code: str
) -> None:
    answer = await ann.api.post(PATH, MINIMAL | {"slug": "broken"} | members)
    assert answer.code == code, answer.content
    assert (await ann.api.get(f"{PATH}/broken")).status == 404


def nested(depth: int) -> dict[str, Any]:
    return {"d": nested(depth - 1)} if depth else {}


async def test_json_of_any_kind_comes_back_as_it_was(ann: Caller) -> None:
    values = [1, 1.5, None, True, 10**30, -0.0, "\U0001f600"]
    config = {"config_schema": {"ü": values, "deep": nested(60)}}
    assert (await ann.api.post(PATH, MINIMAL | {"slug": "json", "auth_config": config})).status == 201
    assert (await ann.api.get(f"{PATH}/json")).json["auth_config"] == config
    config = {"config_schema": {"deep": nested(70)}}
    assert (await ann.api.patch(f"{PATH}/json", {"auth_config": config})).code == "malformed_request"
    assert (
        await ann.api.patch(f"{PATH}/json", {"auth_config": {"a": "x" * 600_000}})
    ).code == "malformed_request"
    assert (await ann.api.patch(f"{PATH}/json", {"name": None})).code == "malformed_request"


async def test_an_oauth_client_is_kept_and_its_secret_never_shown(whole: Whole, ann: Caller) -> None:
    await whole.integration(ann, "clients")
    shown = await ann.api.get(f"{PATH}/clients")
    assert shown.json["oauth_client"]["client_id"] == CLIENT_ID
    put = await ann.api.request(
        "PUT", f"{PATH}/clients/oauth-client", {"client_id": "other", "client_secret": CLIENT_SECRET}
    )
    assert put.json["client_id"] == "other"
    assert CLIENT_SECRET.encode() not in put.content + (await ann.api.get(f"{PATH}/clients")).content
    (encrypted,) = as_owner(
        whole.urls, "SELECT encrypted_client_secret FROM oauth_clients WHERE client_id = 'other'"
    )[0]
    assert CLIENT_SECRET.encode() not in encrypted
    for wrong in (
        {},
        {"client_id": ""},
        {"client_id": "x", "client_secret": ""},
        {"client_id": "x", "more": 1},
    ):
        assert (
            await ann.api.request("PUT", f"{PATH}/clients/oauth-client", wrong)
        ).code == "malformed_request"
    assert (
        await ann.api.request("PUT", f"{PATH}/nothing/oauth-client", {"client_id": "x"})
    ).code == "not_found"
    bob = whole.person("bob")
    join(whole.urls, bob.person, ann.person)
    assert (await bob.api.get(f"{PATH}/clients")).json["oauth_client"] is None

    assert (await ann.api.delete(f"{PATH}/clients/oauth-client")).status == 204
    assert (await ann.api.delete(f"{PATH}/clients/oauth-client")).code == "not_found"
    assert (await ann.api.get(f"{PATH}/clients")).json["oauth_client"] is None


async def test_a_client_that_was_deleted_and_set_again_is_its_connections_again(
    whole: Whole, ann: Caller
) -> None:
    await whole.integration(ann, "forgotten")
    path, connection = f"{PATH}/forgotten/oauth-client", await whole.connect(ann, "forgotten")
    client_of = (
        "SELECT o.client_id, o.encrypted_client_secret IS NOT NULL, o.replaced_at IS NULL"
        " FROM connections AS c JOIN oauth_clients AS o ON o.id = c.oauth_client_id WHERE c.id = %s"
    )
    assert as_owner(whole.urls, client_of, connection) == [(CLIENT_ID, True, True)]
    assert (await ann.api.delete(path)).status == 204
    assert as_owner(whole.urls, client_of, connection) == [(CLIENT_ID, False, False)]
    await ann.api.request("PUT", path, {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})
    assert as_owner(whole.urls, client_of, connection) == [(CLIENT_ID, True, True)]


async def test_clients_of_several_names(whole: Whole, ann: Caller) -> None:
    await whole.integration(ann, "several")
    path = f"{PATH}/several/oauth-client"
    second = {"client_id": "second", "name": "second"}
    put = await ann.api.request("PUT", path, second)
    assert put.status == 200, put.content
    listed = (await ann.api.get(path)).json
    assert listed["next_cursor"] is None
    shown = [client | {"updated_at": None} for client in listed["data"]]
    assert shown == [
        {
            "organization_id": str(ann.person.organization_id),
            "name": name,
            "client_id": client_id,
            "source": "organization",
            "redirect_uri": f"{PUBLIC_URL}/api/v2/oauth/callback",
            "has_secret": has_secret,
            "updated_at": None,
        }
        for name, client_id, has_secret in (("default", CLIENT_ID, True), ("second", "second", False))
    ]
    begun = await ann.authorize("several", oauth_client="second")
    assert "client_id=second&" in begun.json["authorization_url"]
    unknown = await ann.authorize("several", oauth_client="third")
    assert (unknown.code, unknown.json["errors"][0]["pointer"]) == ("malformed_request", "/oauth_client")
    assert (await ann.api.delete(f"{path}?name=second")).status == 204
    assert (await ann.api.delete(f"{path}?name=second")).code == "not_found"
    assert [client["name"] for client in (await ann.api.get(path)).json["data"]] == ["default"]
    bob = whole.person("bob")
    join(whole.urls, bob.person, ann.person)
    assert (await bob.api.get(path)).json["data"] == []


async def test_that_of_the_environment_is_shown_without_a_name(whole: Whole, ann: Caller) -> None:
    config = {"clientIdEnv": "GLOBAL_CLIENT_ID", "clientSecretEnv": "GLOBAL_CLIENT_SECRET"}
    as_owner(
        whole.urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type, auth_config)"
        " VALUES ('Everybody''s', 'everybodys', 'https://api.example', 'oauth2', %s)",
        json.dumps(config),
    )
    (client,) = (await ann.api.get(f"{PATH}/everybodys/oauth-client")).json["data"]
    assert (client["source"], client["name"], client["organization_id"]) == ("environment", None, None)
    assert (client["client_id"], client["has_secret"]) == (CLIENT_ID, True)


async def test_a_client_that_signs_has_a_key(ann: Caller) -> None:
    config = {"token_endpoint_auth_method": "private_key_jwt", "token_url": "https://auth.example/token"}
    made = await ann.api.post(PATH, MINIMAL | {"slug": "signs", "auth_type": "oauth2", "auth_config": config})
    assert made.status == 201, made.content
    wrong = {"client_id": "x", "client_secret": "no key"}
    refused = await ann.api.request("PUT", f"{PATH}/signs/oauth-client", wrong)
    assert (refused.code, refused.json["errors"][0]["pointer"]) == ("malformed_request", "/client_secret")
    assert "no key" not in refused.content.decode()
    key = RSAKey.generate_key(2048, private=True).as_pem(private=True).decode()
    right = await ann.api.request("PUT", f"{PATH}/signs/oauth-client", wrong | {"client_secret": key})
    assert right.json["has_secret"] is True


async def test_one_in_use_is_not_deleted_and_one_moved_needs_new_authorization(
    whole: Whole, ann: Caller
) -> None:
    made = await ann.api.post(PATH, MINIMAL | {"slug": "used"})
    connection = new_connection(whole.urls, ann.person, UUID(made.json["id"]))
    assert (await ann.api.delete(f"{PATH}/used")).code == "conflict"
    await ann.api.patch(f"{PATH}/used", {"name": "Only the name"})
    assert (await ann.api.get(f"/api/v2/connections/{connection}")).json["status"] == "active"
    await ann.api.patch(f"{PATH}/used", {"base_url": "https://elsewhere.example"})
    assert (await ann.api.get(f"/api/v2/connections/{connection}")).json[
        "status"
    ] == "reauthorization_required"


async def test_a_revoked_key_is_refused_at_once(whole: Whole) -> None:
    eve = new_person(whole.urls, "eve")
    api = whole.api.signed_in(eve.api_key)
    assert (await api.get(PATH)).status == 200
    as_owner(whole.urls, "UPDATE api_keys SET revoked_at = now() WHERE user_id = %s", eve.user_id)
    assert (await api.get(PATH)).code == "unauthenticated"
