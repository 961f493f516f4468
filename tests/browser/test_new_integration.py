"""A new integration in the console: from a document, with its actions chosen, edited and run; or by hand."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.async_api import Page, expect

from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Visit
from tests.browser.stage import Stage, Visitor
from tests.browser.test_integrations import rows, write
from tests.browser.watch import Watch
from tests.e2e.upstreams import respond

PREVIEW = "Outgoing request"


def shop(stage: Stage, slug: str, **paths: Any) -> dict[str, Any]:
    """A document of an API at the upstream, below `/slug`."""
    order = {
        "type": "object",
        "required": ["title"],
        "properties": {"title": {"type": "string", "examples": ["Tea"]}, "express": {"type": "boolean"}},
    }
    body = {"required": True, "content": {"application/json": {"schema": order}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": slug, "version": "1", "description": "Orders of a shop."},
        "servers": [{"url": f"{stage.upstream.url}/{slug}"}],
        "security": [{"token": []}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/orders": {
                "get": {"operationId": "listOrders", "summary": "List orders", "responses": {}},
                "post": {
                    "operationId": "createOrder",
                    "summary": "Create an order",
                    "requestBody": body,
                    "responses": {},
                },
                "trace": {"responses": {}},
            },
            "/orders/{id}": {
                "delete": {
                    "operationId": "deleteOrder",
                    "summary": "Delete an order",
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                    ],
                    "responses": {},
                }
            },
            **paths,
        },
    }


def written(directory: Path, document: dict[str, Any]) -> Path:
    """The document as a file."""
    path = directory / "shop.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


async def imported(ada: Visitor, document: dict[str, Any], slug: str) -> dict[str, Any]:
    """What an import through the API reports."""
    made = await ada.caller.call("POST", "/api/v2/integrations/import", {"slug": slug, "document": document})
    assert made.status == 200, made.text
    report: dict[str, Any] = made.json
    return report


async def open_document(page: Page, ada: Visitor, path: Path, query: str = "") -> None:
    await page.goto(f"{ada.home}/integrations/new{query}")
    await page.get_by_label("Document", exact=True).set_input_files(path)
    await expect(page.get_by_text(re.compile("of . chosen"))).to_be_visible()


async def test_a_document_becomes_an_integration_whose_action_is_edited_and_run(
    stage: Stage, visit: Visit, watch: Watch, tmp_path: Path
) -> None:
    ada = stage.person()
    slug = f"shop-{ada.workspace_id.hex[-8:]}"
    page = await visit(ada)
    await open_document(page, ada, written(tmp_path, shop(stage, slug)))
    await expect(page.get_by_role("textbox", name="Slug")).to_have_value(slug)
    await expect(page.get_by_label("Base URL")).to_have_value(f"{stage.upstream.url}/{slug}")
    await expect(page.get_by_role("group").filter(has_text="Skipped")).to_contain_text("TRACE /orders")
    await rows(page).filter(has_text="Delete an order").click()
    await expect(page.get_by_text("2 of 3 chosen")).to_be_visible()
    await assert_accessible(page)
    await page.get_by_role("button", name="Import 2 actions").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(slug)
    await expect(rows(page).filter(has_text="create-order")).to_be_visible()
    await expect(rows(page).filter(has_text="delete-order")).to_have_count(0)

    await rows(page).filter(has_text="create-order").click()
    drawer = page.get_by_role("dialog", name="Create an order")
    await drawer.get_by_role("link", name="Edit").click()
    await edit_order(page, watch, f"{stage.upstream.url}/{slug}")
    await expect(page.get_by_role("dialog", name="Place an order")).to_be_visible()

    found = await ada.caller.get(f"/api/v2/integrations/{slug}")
    stage.upstream.on(
        f"/{slug}/v2/orders", respond(status=201, text='{"id": "o-1"}', content_type="application/json")
    )
    connection = stage.world.connect(ada, UUID(found["id"]))
    run = await ada.execute(connection, "create-order", {"title": "Coffee"})
    assert run.status == 200, run.text
    (request,) = stage.upstream.received(f"/{slug}/v2/orders")
    assert (request.method, json.loads(request.body)) == ("POST", {"title": "Coffee"})

    await page.get_by_role("button", name="Delete", exact=True).click()
    await page.get_by_role("button", name="Delete action").click()
    await expect(page.get_by_role("button", name="Delete action")).to_have_count(0)
    await expect(rows(page).filter(has_text="create-order")).to_have_count(0)
    assert (await ada.caller.call("GET", f"/api/v2/integrations/{slug}/actions/create-order")).status == 404


async def edit_order(page: Page, watch: Watch, base_url: str) -> None:
    """Another name and path, seen in the preview at once; faults are said at the member that has them."""
    preview = page.get_by_label(PREVIEW)
    await expect(preview).to_contain_text(f"{base_url}/orders")
    await expect(preview).to_contain_text("Bearer CREDENTIAL")
    await expect(preview).to_contain_text('"title": "Tea"')
    await page.get_by_label("Path").fill("/v2/orders")
    await expect(preview).to_contain_text(f"{base_url}/v2/orders")
    await assert_accessible(page)

    watch.expect(422, "/api/v2/integrations/*")
    await write(page, "Request and answer", '{"headers": {"X-Shop": "{{nothing"}, "nonsense": 1}')
    await expect(page.get_by_role("alert").filter(has_text="nonsense")).to_be_visible()
    await write(page, "Request and answer", "")
    await write(page, "With these parameters", '{"title": 7}')
    await expect(page.get_by_role("alert").filter(has_text="title")).to_be_visible()
    await page.get_by_role("button", name="From the schema").click()
    await expect(preview).to_contain_text('"title": "Tea"')
    await page.get_by_label("Name", exact=True).fill("Place an order")
    await page.get_by_role("button", name="Save changes").click()


async def test_an_action_is_made_by_hand(stage: Stage, visit: Visit, watch: Watch) -> None:
    ada = stage.person()
    slug = f"hand-{ada.workspace_id.hex[-8:]}"
    watch.expect(422, f"/api/v2/integrations/{slug}/actions/preview")
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations/new")
    await page.get_by_role("tab", name="By hand").click()
    await page.get_by_label("Name", exact=True).fill("Weather station")
    await expect(page.get_by_role("textbox", name="Slug")).to_have_value("weather-station")
    await page.get_by_role("textbox", name="Slug").fill(slug)
    await page.get_by_label("Base URL").fill(stage.upstream.url)
    await page.get_by_label("The key is sent as").select_option("a header")
    await page.get_by_label("Header").fill("X-Station-Key")
    await assert_accessible(page)
    await page.get_by_role("button", name="Create integration").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Weather station")
    row = await ada.caller.get(f"/api/v2/integrations/{slug}")
    assert row["auth_config"] == {
        "credential_placement": [{"in": "header", "name": "X-Station-Key", "value": "{api_key}"}]
    }
    await page.get_by_role("link", name="New action").click()
    await page.get_by_label("Name", exact=True).fill("Read a sensor")
    await page.get_by_label("Path").fill("/sensors/{sensor}")
    await page.get_by_role("button", name="Add to the parameters").click()
    await expect(page.get_by_label(PREVIEW)).to_contain_text(f"{stage.upstream.url}/sensors/text")
    await write(
        page,
        "Parameters",
        json.dumps(
            {
                "type": "object",
                "required": ["sensor"],
                "properties": {"sensor": {"type": "string", "examples": ["roof"]}},
            }
        ),
    )
    await expect(page.get_by_label(PREVIEW)).to_contain_text(f"{stage.upstream.url}/sensors/roof")
    await expect(page.get_by_label(PREVIEW)).to_contain_text("x-station-key:CREDENTIAL")
    await page.get_by_role("button", name="Create action").click()
    await expect(page.get_by_role("dialog", name="Read a sensor")).to_be_visible()
    action = await ada.caller.get(f"/api/v2/integrations/{slug}/actions/read-a-sensor")
    assert action["endpoint_path"] == "/sensors/{sensor}"


async def test_a_newer_document_shows_what_changes_and_what_breaks(
    stage: Stage, visit: Visit, tmp_path: Path
) -> None:
    ada = stage.person()
    slug = f"shop-{ada.workspace_id.hex[-8:]}"
    document = shop(stage, slug)
    report = await imported(ada, document, slug)
    connection = stage.world.connect(ada, UUID(report["integration_id"]))
    stage.upstream.on(f"/{slug}/orders", respond(text="{}", content_type="application/json"))
    assert (await ada.execute(connection, "create-order", {"title": "Tea"})).status == 200
    newer = shop(stage, slug, **{"/stock": {"get": {"operationId": "getStock", "responses": {}}}})
    del newer["paths"]["/orders/{id}"]
    schema = newer["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema["required"].append("express")

    page = await visit(ada)
    await open_document(page, ada, written(tmp_path, newer), f"?update={slug}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Update {slug}")
    await expect(page.get_by_role("textbox", name="Slug")).to_be_disabled()
    await expect(rows(page).filter(has_text="get-stock")).to_contain_text("New")
    await expect(rows(page).filter(has_text="create-order")).to_contain_text("Changed")
    await expect(rows(page).filter(has_text="list-orders")).to_contain_text("Unchanged")
    await expect(page.get_by_role("alert").filter(has_text="breaks")).to_contain_text("create-order")
    await page.get_by_role("checkbox", name=re.compile("no longer")).check()
    await assert_accessible(page)
    await page.set_viewport_size({"width": 375, "height": 800})
    await assert_fits(page)
    await page.get_by_role("button", name="Update 3 actions").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(slug)
    left = await ada.caller.get(f"/api/v2/integrations/{slug}/actions", schemas="false")
    slugs = {action["slug"] for action in left["data"]}
    assert {"get-stock", "create-order", "list-orders"} <= slugs
    assert "delete-order" not in slugs


async def test_a_document_is_fetched_from_its_address(stage: Stage, visit: Visit, watch: Watch) -> None:
    ada = stage.person()
    slug = f"shop-{ada.workspace_id.hex[-8:]}"
    text = json.dumps(shop(stage, slug))
    address = stage.upstream.on(f"/{slug}/openapi.json", respond(text=text, content_type="application/json"))
    watch.expect(422, "/api/v2/integrations/import")
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations/new")
    await page.get_by_role("radio", name="URL").check(force=True)
    await page.get_by_label("Address of the document").fill(f"{stage.upstream.url}/nothing-there")
    await page.get_by_role("button", name="Read the document").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("Address of the document").fill(address)
    await page.get_by_role("button", name="Read the document").click()
    await expect(page.get_by_text("3 of 3 chosen")).to_be_visible()
    await page.get_by_label("Name", exact=True).fill("Corner shop")
    await page.get_by_role("textbox", name="Slug").fill(f"corner-{slug}")
    await page.get_by_label(re.compile("Search the document.s actions")).fill("list")
    await page.get_by_role("button", name="Leave out this one").click()
    await page.get_by_role("button", name="Import 2 actions").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Corner shop")
    row = await ada.caller.get(f"/api/v2/integrations/corner-{slug}")
    assert (row["name"], row["action_count"]) == ("Corner shop", 2)


async def test_what_is_no_document_is_said_and_a_taken_slug_can_be_another(
    stage: Stage, visit: Visit, watch: Watch
) -> None:
    ada = stage.person()
    slug = f"shop-{ada.workspace_id.hex[-8:]}"
    made = await ada.caller.call(
        "POST",
        "/api/v2/integrations",
        {"slug": slug, "name": "Mine", "base_url": "https://example.com", "auth_type": "none"},
    )
    assert made.status == 201, made.text
    watch.expect(422, "/api/v2/integrations/import")
    watch.expect(409, "/api/v2/integrations/import")
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations/new")
    await page.get_by_role("radio", name="Text").check(force=True)
    await page.get_by_label("The document, as JSON or YAML").fill("just words")
    await page.get_by_role("button", name="Read the document").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("The document, as JSON or YAML").fill(json.dumps(shop(stage, slug)))
    await page.get_by_role("button", name="Read the document").click()
    await expect(page.get_by_role("alert")).to_contain_text("choose another slug")
    await page.get_by_label("Another slug").fill(f"{slug}-2")
    await page.get_by_role("button", name="Read the document").click()
    await expect(page.get_by_role("textbox", name="Slug")).to_have_value(f"{slug}-2")


async def test_what_was_entered_is_not_left_by_accident(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations/new?from=hand")
    await page.get_by_label("Name", exact=True).fill("Weather station")
    logs = page.get_by_role("navigation", name="Main").get_by_role("link", name="Logs")
    await logs.click()
    question = page.get_by_role("dialog", name="Leave without saving?")
    await expect(question).to_be_visible()
    await assert_accessible(page)
    await question.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Weather station")
    await logs.click()
    await question.get_by_role("button", name="Leave").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Logs")
    await page.go_back()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("")
    await logs.click()
    await expect(page).to_have_url(re.compile("/logs"))


async def test_an_action_is_saved_once_however_often_the_keys_are_pressed(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    slug = f"keys-{ada.workspace_id.hex[-8:]}"
    body = {"name": "Keys", "slug": slug, "base_url": stage.upstream.url, "auth_type": "none"}
    made = await ada.caller.call(
        "POST", "/api/v2/integrations", {**body, "organization_id": str(ada.organization_id)}
    )
    assert made.status == 201, made.text
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations/{slug}/new-action")
    await page.get_by_label("Path").fill("/press")
    await page.keyboard.press("Control+s")
    await expect(page.get_by_label("Name", exact=True)).to_be_focused()  # which is required
    await page.get_by_label("Name", exact=True).fill("Press")
    await page.keyboard.press("Control+s")
    await page.keyboard.press("Control+s")
    await expect(page.get_by_role("dialog", name="Press")).to_be_visible()


async def test_what_was_entered_by_hand_is_there_after_a_look_at_the_other_way(
    stage: Stage, visit: Visit
) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await page.goto(f"{ada.home}/integrations/new?from=hand")
    await page.get_by_role("textbox", name="Name").fill("Parcels")
    await page.get_by_role("tab", name="From a document").click()
    await expect(page.get_by_role("textbox", name="Name")).to_have_count(0)
    await page.get_by_role("tab", name="By hand").click()
    await expect(page.get_by_role("textbox", name="Name")).to_have_value("Parcels")
