"""Actions over HTTP."""

from typing import Any

import pytest

from tests.integration.api.whole import Caller, Whole
from tests.people import as_owner, join
from tests.serving import Answer

INTEGRATION = {"slug": "acting", "name": "Acting", "base_url": "https://api.example.com", "auth_type": "none"}
PATH = "/api/v2/integrations/acting/actions"


@pytest.fixture(scope="module")
async def ann(whole: Whole) -> Caller:
    ann = whole.person("ann")
    assert (await ann.api.post("/api/v2/integrations", INTEGRATION)).status == 201
    return ann


async def test_made_shown_changed_and_deleted(ann: Caller) -> None:
    minimal = await ann.api.post(PATH, {"slug": "get.me", "name": "Get me"})
    assert minimal.status == 201, minimal.content
    assert minimal.json | {"id": 0, "integration_id": 0, "updated_at": 0} == {
        "id": 0,
        "integration_id": 0,
        "updated_at": 0,
        "slug": "get.me",
        "name": "Get me",
        "http_method": "GET",
        "endpoint_path": "/",
        "description": "",
        "request_schema": {},
        "transform_config": {},
        "rate_limits": [],
        "scopes": [],
        "handler": None,
        "timeout_ms": 30000,
        "version": 1,
        "hints": {"read_only": True, "destructive": False, "idempotent": True},
        "examples": [],
        "editable": True,
    }
    full: dict[str, Any] = {
        "slug": "send",
        "name": "Send",
        "http_method": "POST",
        "endpoint_path": "/send/{id}",
        "description": "Sends.",
        "request_schema": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
        "transform_config": {"parameters": [{"op": "wrap_array", "parameter": "values"}]},
        "rate_limits": [{"requests": 5, "per_seconds": 60, "per": "organization"}],
        "scopes": ["a", "b"],
        "handler": "gmail.send_email",
        "timeout_ms": 1000,
    }
    made = await ann.api.post(PATH, full)
    assert made.status == 201, made.content
    assert made.json | full == made.json
    assert (await ann.api.get(f"{PATH}/send")).json == made.json
    assert (await ann.api.post(PATH, full)).code == "conflict"

    changed = await ann.api.patch(f"{PATH}/send", {"handler": None, "scopes": [], "timeout_ms": 5})
    assert changed.json == made.json | {
        "handler": None, "scopes": [], "timeout_ms": 5, "version": 2, "updated_at": changed.json["updated_at"],
    }  # fmt: skip
    assert (await ann.api.patch(f"{PATH}/send", {})).json == changed.json

    listed = await ann.api.get(f"{PATH}?limit=1")
    assert [entry["slug"] for entry in listed.json["data"]] == ["get.me"]
    rest = await ann.api.get(f"{PATH}?limit=2&cursor={listed.json['next_cursor']}")
    assert [entry["slug"] for entry in rest.json["data"]] == ["http-request", "send"]
    assert (rest.json["data"][1], rest.json["next_cursor"]) == (changed.json, None)
    assert [e["slug"] for e in (await ann.api.get(f"{PATH}?query=SEND")).json["data"]] == ["send"]
    assert (await ann.api.get("/api/v2/integrations/acting")).json["action_count"] == 2

    assert (await ann.api.delete(f"{PATH}/send")).status == 204
    for answer in (
        await ann.api.get(f"{PATH}/send"),
        await ann.api.delete(f"{PATH}/send"),
        await ann.api.patch(f"{PATH}/send", {"name": "x"}),
        await ann.api.get("/api/v2/integrations/nothing/actions"),
    ):
        assert answer.code == "not_found"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"slug": "UPPER"}, "malformed_request"),
        ({"http_method": "get"}, "malformed_request"),
        ({"timeout_ms": 0}, "malformed_request"),
        ({"timeout_ms": 300_001}, "malformed_request"),
        ({"timeout_ms": None}, "malformed_request"),
        ({"request_schema": True}, "malformed_request"),
        ({"scopes": [""]}, "malformed_request"),
        ({"more": 1}, "malformed_request"),
        ({"endpoint_path": "https://elsewhere.example/"}, "invalid_integration_config"),
        ({"endpoint_path": "/../up"}, "invalid_integration_config"),
        ({"request_schema": {"type": "rainbow"}}, "invalid_integration_config"),
        ({"request_schema": {"$ref": "https://elsewhere.example/schema"}}, "invalid_integration_config"),
        ({"transform_config": {"parameters": 1}}, "invalid_integration_config"),
        ({"transform_config": {"success": 1}}, "invalid_integration_config"),
        ({"handler": "os.system"}, "invalid_integration_config"),
    ],
)
async def test_rows_that_would_not_work_are_refused(
    ann: Caller, members: dict[str, object], code: str
) -> None:
    assert (await ann.api.post(PATH, {"slug": "broken", "name": "Broken"} | members)).code == code
    await ann.api.post(PATH, {"slug": "whole", "name": "Whole"})
    if "slug" not in members:
        assert (await ann.api.patch(f"{PATH}/whole", members)).code == code
    assert (await ann.api.get(f"{PATH}/broken")).status == 404


async def test_who_may(whole: Whole, ann: Caller) -> None:
    await ann.api.post(PATH, {"slug": "seen", "name": "Seen"})
    bob, eve = whole.person("bob"), whole.person("eve")
    join(whole.urls, bob.person, ann.person, "viewer")
    assert (await bob.api.get(f"{PATH}/seen")).status == 200
    assert (await bob.api.delete(f"{PATH}/seen")).code == "forbidden"
    assert (await bob.api.post(PATH, {"slug": "x", "name": "x"})).code == "forbidden"
    assert (await eve.api.get(f"{PATH}/seen")).code == "not_found"
    assert (await eve.api.post(PATH, {"slug": "x", "name": "x"})).code == "not_found"
    reader = whole.limited(ann, "execute")
    assert (await reader.get(f"{PATH}/seen")).status == 200
    assert (await reader.delete(f"{PATH}/seen")).code == "forbidden"
    assert (await whole.api.get(PATH)).code == "unauthenticated"


async def test_a_row_from_sql_shows_at_once(whole: Whole, ann: Caller) -> None:
    as_owner(
        whole.urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type)"
        " VALUES ('Gmail', 'gmail', 'https://gmail.googleapis.com', 'oauth2')",
    )
    as_owner(
        whole.urls,
        "INSERT INTO actions (integration_id, name, slug)"
        " VALUES ((SELECT id FROM integrations WHERE slug = 'gmail'), 'List', 'list')",
    )
    assert (await ann.api.get("/api/v2/integrations/gmail/actions/list")).json["http_method"] == "GET"


async def test_what_every_integration_has_is_listed_and_cannot_be_changed(whole: Whole) -> None:
    bob = whole.person("bob")
    await whole.integration(bob, "having", "bearer")
    path = "/api/v2/integrations/having/actions"
    mine = await bob.api.post(path, {"slug": "ping", "name": "Ping"})
    assert mine.status == 201, mine.content

    listed = (await bob.api.get(path)).json["data"]
    assert [entry["slug"] for entry in listed] == ["http-request", "ping", "verify-connection"]
    shown = (await bob.api.get(f"{path}/http-request")).json
    assert shown == listed[0]
    assert (shown["handler"], shown["request_schema"]["required"]) == ("portway.http_request", ["path"])
    assert (await bob.api.get(f"{path}/verify-connection")).json["endpoint_path"] == "/me"

    for query, slugs in {
        "limit=1": ["http-request"],
        "limit=2": ["http-request", "ping"],
        "query=PING": ["ping"],
        "query=verify": ["verify-connection"],
        "query=nothing": [],
    }.items():
        page = (await bob.api.get(f"{path}?{query}")).json
        assert [entry["slug"] for entry in page["data"]] == slugs, query
        assert (page["next_cursor"] is not None) == query.startswith("limit"), query
    cursor, seen = None, []
    while True:
        page = (await bob.api.get(f"{path}?limit=1" + (f"&cursor={cursor}" if cursor else ""))).json
        seen += [entry["slug"] for entry in page["data"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == ["http-request", "ping", "verify-connection"]

    assert (await bob.api.patch(f"{path}/http-request", {"name": "x"})).code == "forbidden"
    assert (await bob.api.delete(f"{path}/verify-connection")).code == "forbidden"
    assert (await bob.api.patch(f"{path}/nothing", {"name": "x"})).code == "not_found"


async def test_a_row_takes_its_place(whole: Whole) -> None:
    bob = whole.person("bob")
    await whole.integration(bob, "shadowing", "bearer")
    path = "/api/v2/integrations/shadowing/actions"
    own = await bob.api.post(path, {"slug": "http-request", "name": "Ours"})
    assert own.status == 201, own.content
    assert [(e["slug"], e["name"]) for e in (await bob.api.get(path)).json["data"]] == [
        ("http-request", "Ours"),
        ("verify-connection", "Verify connection"),
    ]
    # Neither does one show that the search would find, where the row is not what is looked for.
    assert (await bob.api.get(f"{path}?query=base_url")).json["data"] == []
    assert (await bob.api.delete(f"{path}/http-request")).status == 204
    assert (await bob.api.get(f"{path}/http-request")).json["name"] == "HTTP request"


async def test_broken_rate_limits_are_refused(ann: Caller) -> None:
    for broken in (
        {"requests": 0, "per_seconds": 1},
        {"requests": 1},
        {"requests": 1, "per_seconds": 1, "x": 1},
    ):
        answer = await ann.api.post(PATH, {"slug": "limited", "name": "Limited", "rate_limits": [broken]})
        assert answer.code == "invalid_integration_config", broken
        assert "rate_limits" in answer.json["detail"]


async def test_a_list_without_schemas(ann: Caller) -> None:
    schema = {"type": "object", "properties": {"q": {"type": "string"}}, "examples": [{"q": "x"}]}
    retry = {"retry": {"idempotent": True}}
    made = await ann.api.post(
        PATH,
        {
            "slug": "listed", "name": "Listed", "http_method": "POST", "request_schema": schema,
            "transform_config": retry,
        },
    )  # fmt: skip
    assert made.json["examples"] == [{"q": "x"}]
    hints = {"read_only": False, "destructive": False, "idempotent": True}
    assert made.json["hints"] == hints
    (entry,) = (await ann.api.get(f"{PATH}?query=listed&schemas=false")).json["data"]
    without: dict[str, object] = {"request_schema": {}, "transform_config": {}, "examples": []}
    assert entry == made.json | without
    builtin = (await ann.api.get(f"{PATH}/http-request")).json
    assert not builtin["editable"]
    assert builtin["request_schema"]["required"] == ["path"]


async def preview_of(caller: Caller, action: dict[str, Any], **members: Any) -> Answer:
    return await caller.api.post(f"{PATH}/preview", {"action": action, **members})


async def test_a_draft_is_previewed_and_not_stored(whole: Whole, ann: Caller) -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    draft = {"http_method": "PUT", "endpoint_path": "/things/{id}", "request_schema": schema}
    shown = await preview_of(ann, draft, parameters={"id": "a b", "n": 1})
    assert shown.status == 200, shown.content
    request = shown.json["request"]
    assert (request["method"], request["url"]) == ("PUT", "https://api.example.com/things/a%20b")
    assert request["body"] == '{"n":1}'
    assert shown.json["curl"].startswith("curl --request PUT")
    assert (await ann.api.get(f"{PATH}/draft")).code == "not_found"
    refused = await preview_of(ann, draft, parameters={})
    assert refused.code == "invalid_parameters"
    assert [fault["pointer"] for fault in refused.json["errors"]] == ["/parameters/id"]
    ben = whole.person("ben")
    assert (await preview_of(ben, draft)).code == "not_found"
    reader = whole.limited(ann, "connections:read")
    assert (await reader.post(f"{PATH}/preview", {"action": draft})).code == "forbidden"


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"endpoint_path": "https://elsewhere.example"}, "/endpoint_path"),
        ({"request_schema": {"type": 5}}, "/request_schema"),
        ({"transform_config": {"nonsense": 1}}, "/transform_config"),
        ({"transform_config": {"body": {"encoding": "smoke"}}}, "/transform_config/body"),
        ({"transform_config": {"parameters": [{"op": "nothing"}]}}, "/transform_config/parameters/0"),
        ({"rate_limits": [{"requests": -1}]}, "/rate_limits/0"),
        ({"handler": "nobody.wrote_it"}, "/handler"),
    ],
)
async def test_what_is_wrong_with_an_action_is_pointed_at(
    ann: Caller, members: dict[str, Any], pointer: str
) -> None:
    drafted = await preview_of(ann, members)
    made = await ann.api.post(PATH, {"slug": "wrong", "name": "Wrong", **members})
    for answer, before in ((drafted, "/action"), (made, "")):
        assert answer.code == "invalid_integration_config"
        (fault,) = answer.json["errors"]
        assert fault["pointer"].startswith(before + pointer)
        assert fault["message"] == answer.json["detail"]
