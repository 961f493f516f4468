"""Imports over HTTP, as servers run them."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from portway.application.importing.preparation import MAX_DOCUMENT_BYTES
from tests.integration.api.whole import Caller, Whole
from tests.people import as_owner, join, new_person
from tests.serving import Answer

PATH = "/api/v2/integrations/import"
COLLECTION: dict[str, Any] = {
    "info": {
        "name": "Shop",
        "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
    },
    "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "top-s3cret", "type": "string"}]},
    "item": [
        {
            "name": "Get me",
            "request": {
                "method": "GET",
                "url": {"raw": "https://shop.example.com/me", "host": ["shop.example.com"], "path": ["me"]},
            },
        }
    ],
}


@pytest.fixture(scope="module")
def ann(whole: Whole) -> Caller:
    return whole.person("ann")


def outcome(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


async def upload(caller: Caller, options: dict[str, Any], content: bytes, part: str = "document") -> Answer:
    boundary = "portway-test"
    body = b"".join(
        [
            f'--{boundary}\r\nContent-Disposition: form-data; name="request"\r\n'.encode(),
            b"Content-Type: application/json\r\n\r\n",
            json.dumps(options).encode(),
            f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="{part}"; filename="shop.json"\r\n\r\n'.encode(),
            content,
            f"\r\n--{boundary}--\r\n".encode(),
        ]
    )

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]

    return await caller.api.post(
        PATH, data=chunks(), headers={"Content-Type": f"multipart/form-data; boundary={boundary}"}
    )


async def test_a_document_in_the_body(ann: Caller) -> None:
    made = await ann.api.post(PATH, {"slug": "inline", "document": COLLECTION, "name": "My shop"})
    assert made.status == 200, made.content
    assert made.json["created"] is True
    assert made.json["organization_id"] == str(ann.person.organization_id)
    assert made.json["added"] == [
        {
            "slug": "get-me", "operation": "GET /me", "name": "Get me", "description": "", "http_method": "GET",
            "endpoint_path": "/me",
        }
    ]  # fmt: skip
    assert made.json["integration"] == {
        "name": "My shop", "base_url": "https://shop.example.com", "auth_type": "bearer", "description": "",
        "documentation_url": None,
    }  # fmt: skip
    assert b"top-s3cret" not in made.content
    shown = (await ann.api.get("/api/v2/integrations/inline")).json
    assert (shown["name"], shown["auth_type"], shown["base_url"]) == (
        "My shop", "bearer", "https://shop.example.com",
    )  # fmt: skip
    again = await ann.api.post(PATH, {"slug": "inline", "document": json.dumps(COLLECTION)})
    assert again.json["unchanged"] == made.json["added"]
    assert again.json["members"] == ["name"] or again.json["kept"] == []


async def test_a_file(whole: Whole, ann: Caller) -> None:
    made = await upload(ann, {"slug": "uploaded"}, json.dumps(COLLECTION).encode())
    assert made.status == 200, made.content
    source = as_owner(whole.urls, "SELECT imported ->> 'source' FROM integrations WHERE slug = 'uploaded'")
    assert source == [("shop.json",)]
    assert (await upload(ann, {"slug": "uploaded"}, b"x", part="file")).code == "malformed_request"
    assert (await upload(ann, {"slug": "uploaded"}, b"")).json["errors"][0]["pointer"] == "/document"
    assert (
        await upload(ann, {"slug": "uploaded", "url": "https://x.example"}, b"{}")
    ).code == "malformed_request"


async def test_a_file_that_is_too_large(ann: Caller) -> None:
    refused = await upload(ann, {"slug": "large"}, b" " * (MAX_DOCUMENT_BYTES + 1))
    assert outcome(refused) == (413, "payload_too_large")


async def test_a_url_is_fetched_past_the_egress_guard(whole: Whole, ann: Caller) -> None:
    url = f"{whole.service.url}/nothing-there"
    assert outcome(await ann.api.post(PATH, {"slug": "fetched", "url": url})) == (
        422,
        "invalid_import_document",
    )
    for url in ("http://169.254.169.254/latest/meta-data", "http://10.0.0.1/openapi.json"):
        assert outcome(await ann.api.post(PATH, {"slug": "fetched", "url": url})) == (502, "egress_blocked")


async def test_who_may_import(whole: Whole, ann: Caller) -> None:
    body = {"slug": "whose", "document": COLLECTION}
    assert outcome(await whole.api.post(PATH, body)) == (401, "unauthenticated")
    limited = whole.limited(ann, "execute", "connections:write")
    assert outcome(await limited.post(PATH, body)) == (403, "forbidden")
    mate = whole.person("mate")
    join(whole.urls, mate.person, ann.person, "member")
    theirs = body | {"organization_id": str(ann.person.organization_id)}
    assert (await mate.api.post(PATH, theirs)).code == "forbidden"
    stranger = new_person(whole.urls)
    foreign = body | {"organization_id": str(stranger.organization_id)}
    assert outcome(await ann.api.post(PATH, foreign)) == (404, "not_found")
    assert as_owner(whole.urls, "SELECT id FROM integrations WHERE slug = 'whose'") == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"slug": "x"}, ""),
        ({"slug": "x", "url": "https://a.example", "document": {}}, ""),
        ({"slug": "X", "document": {}}, "/slug"),
        ({"slug": "x", "url": "file:///etc/passwd"}, "/url"),
        ({"slug": "x", "document": {}, "dry_run": "yes"}, "/dry_run"),
        ({"slug": "x", "document": {}, "colour": 1}, "/colour"),
        ({"slug": "x", "document": COLLECTION, "include": ["nothing"]}, "/include"),
    ],
)
async def test_a_request_that_makes_no_sense(ann: Caller, body: dict[str, Any], pointer: str) -> None:
    refused = await ann.api.post(PATH, body)
    assert outcome(refused) == (400, "malformed_request"), refused.content
    assert pointer in [fault["pointer"] for fault in refused.json["errors"]]


@pytest.mark.parametrize(
    "document",
    [{}, "", "[]", "{", {"info": {}, "item": []}, "a: &a [*a]", {"kind": "discovery#restDescription"}],
)
async def test_a_document_that_is_none(ann: Caller, document: Any) -> None:
    refused = await ann.api.post(PATH, {"slug": "none", "document": document})
    assert refused.code in ("invalid_import_document", "malformed_request"), refused.content


async def test_an_integration_that_was_made_by_hand_is_left_alone(ann: Caller) -> None:
    made = {"slug": "by-hand", "name": "Mine", "base_url": "https://a.example", "auth_type": "none"}
    await ann.api.post("/api/v2/integrations", made)
    refused = await ann.api.post(PATH, {"slug": "by-hand", "document": COLLECTION})
    assert outcome(refused) == (409, "conflict")


async def test_an_imported_action_runs_at_once(whole: Whole, ann: Caller) -> None:
    body = {"slug": "at-once", "document": COLLECTION, "base_url": whole.service.url}
    assert (await ann.api.post(PATH, body)).status == 200
    connected = await ann.api.post(
        "/api/v2/connections",
        {
            "workspace_id": str(ann.person.workspace_id),
            "integration": "at-once",
            "name": "Mine",
            "credentials": {"token": "a-valid-token"},
        },
    )
    assert connected.status == 201, connected.content
    done = await ann.api.post(
        "/api/v2/execute",
        {
            "workspace_id": str(ann.person.workspace_id),
            "connection_id": connected.json["id"],
            "action": "get-me",
            "parameters": {},
        },
    )
    assert done.json["data"] == {"name": "Ann"}
    # That it was executed, only its administrators are told.
    moved = json.loads(json.dumps(COLLECTION).replace('"me"', '"you"'))
    report = await ann.api.post(PATH, body | {"document": moved})
    assert report.json["breaking"] == [{"action": "get-me", "reason": "Its path was /me and is /you."}]


async def test_previewed_and_then_some_of_it_chosen(whole: Whole) -> None:
    cat = whole.person("cat")
    items = [
        {"name": name, "request": {"method": "GET", "url": f"https://shop.example.com/{path}"}}
        for name, path in (("Get me", "me"), ("List orders", "orders"), ("Odd one", "odd[1]"))
    ]
    document = COLLECTION | {"item": items}
    seen = await cat.api.post(PATH, {"document": document, "dry_run": True})
    assert seen.status == 200, seen.content
    assert (seen.json["slug"], seen.json["created"], seen.json["integration_id"]) == ("shop", True, None)
    assert [one["name"] for one in seen.json["added"]] == ["Get me", "List orders", "Odd one"]
    chosen = [one["operation"] for one in seen.json["added"][1:]]
    made = await cat.api.post(PATH, {"document": json.dumps(document), "include": chosen})
    assert [one["slug"] for one in made.json["added"]] == ["list-orders", "odd-one"]
    again = await cat.api.post(PATH, {"document": document, "include": ["get-me"]})
    assert [one["slug"] for one in again.json["added"]] == ["get-me"]
    assert again.json["removed"] == []
    unnamed = document | {"info": document["info"] | {"name": "!"}}
    refused = await cat.api.post(PATH, {"document": unnamed})
    assert (refused.code, refused.json["errors"][0]["pointer"]) == ("malformed_request", "/slug")


async def test_a_web_page_is_no_document(ann: Caller) -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<html>openapi: 3.1.0</html>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/docs", page)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/docs"
        refused = await ann.api.post(PATH, {"slug": "page", "url": url})
    finally:
        await runner.cleanup()
    assert outcome(refused) == (422, "invalid_import_document")
    assert "web page" in refused.json["detail"]
