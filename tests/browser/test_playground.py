"""Actions are run by hand on the playground, and the same calls are copied from there."""

import asyncio
import base64
import json
import os
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from aiohttp import web
from playwright.async_api import Page, expect

from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Visit
from tests.browser.stage import Stage, Visitor
from tests.browser.test_connections import connect_gmail
from tests.browser.watch import Watch
from tests.e2e.upstreams import Answer, Received, respond
from tests.people import as_owner, join

EXECUTE = "/api/v2/execute"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40
TEXT = 'It\'s "quoted", costs $5; `ls` & Grüße 月報 \\ %s'


async def repeat(received: Received) -> web.StreamResponse:
    """The body alone: the header has the credential in it, which no browser may be sent."""
    return web.json_response({"body": received.body.decode()})


def service(
    stage: Stage,
    person: Visitor,
    path: str,
    schema: dict[str, Any],
    answer: Answer = repeat,
    **columns: Any,
) -> UUID:
    """A service of one action `act` at the upstream's `path`, connected."""
    stage.upstream.on(path, answer)
    made = stage.world.integration(slug=f"bench-{person.workspace_id.hex[-8:]}")
    stage.world.action(made, "act", path, request_schema=schema, **columns)
    return stage.world.connect(person, made)


async def open_action(
    page: Page, person: Visitor, connection: UUID | str, action: str = "act", parameters: object = None
) -> None:
    given = "" if parameters is None else f"&parameters={quote(json.dumps(parameters))}"
    await page.goto(f"{person.home}/playground?connection={connection}&action={action}{given}")
    await expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    await expect(page.locator("form#parameters")).to_be_attached()


async def run(page: Page) -> None:
    """By the keyboard, until the answer is there."""
    async with page.expect_response(f"**{EXECUTE}"):
        await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("tabpanel", name="Response")).not_to_have_attribute("aria-busy", "true")


def answer_of(stage: Stage, mark: int) -> Any:
    """What the browser was answered last."""
    *_, exchange = stage.recorder.find("POST", EXECUTE, mark)
    return exchange.json


async def test_an_email_is_sent_with_an_attachment(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await connect_gmail(page, ada)
    await page.get_by_role("button", name="Playground").click()
    await page.get_by_role("combobox", name="Action").click()
    await page.get_by_placeholder("Find an action").fill("send email")
    await expect(page.get_by_role("option").first).to_contain_text("Send email")
    await page.get_by_role("option").first.click()
    await page.get_by_role("textbox", name=re.compile("^To")).first.fill("grace@example.com")
    await page.get_by_role("textbox", name="Subject").fill("Grüße aus Zürich: 月報 ✓")
    await page.get_by_role("textbox", name="Text").fill("See the attachment.")
    await page.locator("form#parameters [id^=parameters_attachments][id$=add]").click()
    await page.locator("form#parameters input[type=file]").last.set_input_files(
        {"name": "report.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    await expect(page.get_by_text("report.pdf")).to_be_visible()
    await assert_accessible(page)
    mark = stage.recorder.mark()
    await run(page)
    await expect(page.get_by_role("tabpanel", name="Response")).to_contain_text("200")
    (sent,) = stage.recorder.find("POST", EXECUTE, mark)
    assert PDF in sent.request_body, "the file did not go beside the JSON"
    mail = message_from_bytes(
        base64.urlsafe_b64decode(stage.standins.requests("gmail")[-1]["json"]["raw"] + "=="),
        policy=policy.default,
    )
    assert isinstance(mail, EmailMessage)
    assert mail["Subject"] == "Grüße aus Zürich: 月報 ✓"
    (arrived,) = mail.iter_attachments()
    assert (arrived.get_filename(), arrived.get_content()) == ("report.pdf", PDF)
    await assert_accessible(page)
    link = page.get_by_role("link", name="In the log")
    assert sent.json["execution_id"] in str(await link.get_attribute("href"))


async def copied_command(page: Page) -> str:
    await page.get_by_role("tab", name="Call it").click()
    await page.get_by_role("tabpanel", name="Call it").get_by_role("button", name="Copy").click()
    return str(await page.evaluate("navigator.clipboard.readText()"))


async def in_a_shell(command: str, api_key: str, directory: Path) -> Any:
    """What the command prints, as JSON."""
    process = await asyncio.create_subprocess_exec(
        "sh",
        "-c",
        command,
        cwd=directory,
        env={"PATH": os.environ["PATH"], "PORTWAY_API_KEY": api_key},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, (output, errors)
    return json.loads(output)


async def test_the_copied_curl_does_the_same(stage: Stage, visit: Visit, tmp_path: Path) -> None:
    ada = stage.person("Ada Lovelace")
    schema = {"type": "object", "properties": {"text": {"type": "string"}, "count": {"type": "integer"}}}
    connection = service(stage, ada, "/bench/echo", schema)
    page = await visit(ada, permissions=["clipboard-read", "clipboard-write"])
    await open_action(page, ada, connection)
    await page.get_by_role("textbox", name="Text").fill(TEXT)
    await page.get_by_label("Count").fill("3")
    mark = stage.recorder.mark()
    await run(page)
    shown = answer_of(stage, mark)
    command = await copied_command(page)
    assert ada.api_key not in command
    assert "$PORTWAY_API_KEY" in command
    printed = await in_a_shell(command, ada.api_key, tmp_path)
    assert json.loads(printed["data"]["body"]) == {"text": TEXT, "count": 3}
    assert printed["data"]["body"] == shown["data"]["body"]


async def test_the_copied_curl_sends_the_file_too(stage: Stage, visit: Visit, tmp_path: Path) -> None:
    got: list[bytes] = []

    async def keep(received: Received) -> web.StreamResponse:
        got.append(received.body)
        return web.json_response({"size": len(received.body)})

    ada = stage.person("Ada Lovelace")
    transform = {"body": {"encoding": "raw", "file": "content"}}
    connection = service(stage, ada, "/bench/files", {"type": "object"}, keep, transform_config=transform)
    page = await visit(ada, permissions=["clipboard-read", "clipboard-write"])
    await open_action(page, ada, connection)
    await page.locator("form#parameters input[type=file]").set_input_files(
        {"name": "a b.bin", "mimeType": "application/pdf", "buffer": PDF}
    )
    await expect(page.get_by_text("a b.bin")).to_be_visible()
    await run(page)
    (tmp_path / "a b.bin").write_bytes(PDF)
    printed = await in_a_shell(await copied_command(page), ada.api_key, tmp_path)
    assert printed["data"] == {"size": len(PDF)}
    assert got == [PDF, PDF]


async def test_what_is_refused_stands_at_its_field(stage: Stage, visit: Visit, watch: Watch) -> None:
    ada = stage.person("Ada Lovelace")
    schema = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "limit": {"type": "integer", "maximum": 10}},
    }
    connection = service(stage, ada, "/bench/refused", schema)
    page = await visit(ada)
    await open_action(page, ada, connection, parameters={"limit": 99})
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("This is needed.")).to_be_visible()
    watch.expect(422, EXECUTE)
    await page.get_by_role("tab", name="JSON").click()
    await run(page)
    problem = page.get_by_role("alert").filter(has_text="invalid_parameters")
    await expect(problem).to_contain_text("/parameters/name")
    await expect(problem).to_contain_text("/parameters/limit")
    await page.get_by_role("tab", name="Form").click()
    form = page.locator("form#parameters")
    await expect(form.get_by_text(re.compile("required", re.IGNORECASE)).first).to_be_visible()
    await assert_accessible(page)


async def test_what_the_service_refuses_is_shown_as_it_said_it(
    stage: Stage, visit: Visit, watch: Watch
) -> None:
    ada = stage.person("Ada Lovelace")
    teapot = respond(text='{"reason": "No tea left."}', status=418, content_type="application/json")
    connection = service(stage, ada, "/bench/teapot", {"type": "object"}, teapot)
    page = await visit(ada)
    watch.expect(502, EXECUTE)
    await open_action(page, ada, connection)
    await run(page)
    panel = page.get_by_role("tabpanel", name="Response")
    await expect(panel).to_contain_text("upstream_error")
    await expect(panel).to_contain_text("No tea left.")
    await expect(panel).to_contain_text("answered 418")
    await assert_accessible(page)


async def test_the_outgoing_request_is_shown_without_its_credential(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    connection = service(stage, ada, "/bench/{topic}", {"type": "object", "required": ["topic"]})
    page = await visit(ada)
    await open_action(page, ada, connection, parameters={"topic": "tea", "cups": 2})
    await page.get_by_role("tab", name="Outgoing request").click()
    panel = page.get_by_role("tabpanel", name="Outgoing request")
    await expect(panel).to_contain_text(f"{stage.upstream.url}/bench/tea")
    await expect(panel).to_contain_text("Bearer CREDENTIAL")
    await expect(panel).to_contain_text('{"cups":2}')
    await assert_accessible(page)


async def test_a_list_is_a_table_and_a_file_is_saved(stage: Stage, visit: Visit, tmp_path: Path) -> None:
    ada = stage.person("Ada Lovelace")
    rows = [{"id": 1, "name": "Tea"}, {"id": 2, "name": "Cake"}]
    stage.upstream.on("/bench/rows", respond(text=json.dumps(rows), content_type="application/json"))
    stage.upstream.on("/bench/pdf", respond(body=PDF, content_type="application/pdf"))
    made = stage.world.integration(slug=f"bench-{ada.workspace_id.hex[-8:]}")
    stage.world.action(made, "rows", "/bench/rows", "GET")
    stage.world.action(made, "pdf", "/bench/pdf", "GET")
    connection = stage.world.connect(ada, made)
    page = await visit(ada)
    await open_action(page, ada, connection, "rows")
    await run(page)
    await page.get_by_role("button", name="Table").click()
    await expect(page.get_by_role("cell", name="Cake")).to_be_visible()
    await assert_accessible(page)
    await open_action(page, ada, connection, "pdf")
    await run(page)
    async with page.expect_download() as saved:
        await page.get_by_role("button", name="Download").click()
    await (await saved.value).save_as(tmp_path / "saved.pdf")
    assert (tmp_path / "saved.pdf").read_bytes() == PDF


async def test_the_address_and_the_history_bring_it_back(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    schema = {"type": "object", "properties": {"title": {"type": "string"}}}
    connection = service(stage, ada, "/bench/back", schema)
    page = await visit(ada)
    await open_action(page, ada, connection)
    title = page.get_by_role("textbox", name="Title")
    await title.fill("First")
    await page.wait_for_url(re.compile("parameters=.*First"))
    await page.reload()
    await expect(title).to_have_value("First")
    await run(page)
    await title.fill("Second")
    await run(page)
    await page.get_by_role("button", name=re.compile("^History")).click()
    await assert_accessible(page)
    await page.get_by_role("dialog", name="History").get_by_role("button").last.click()
    await expect(title).to_have_value("First")
    await expect(page.get_by_role("tabpanel", name="Response")).to_contain_text("First")


async def test_form_and_json_say_the_same(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    schema = {"type": "object", "properties": {"title": {"type": "string"}}}
    connection = service(stage, ada, "/bench/same", schema)
    page = await visit(ada)
    await open_action(page, ada, connection)
    await page.get_by_role("textbox", name="Title").fill("From the form")
    await page.get_by_role("tab", name="JSON").click()
    editor = page.get_by_role("textbox", name="Parameters as JSON")
    await expect(editor).to_contain_text("From the form")
    await editor.fill('{"title": "From JSON"}')
    await page.get_by_role("tab", name="Form").click()
    await expect(page.get_by_role("textbox", name="Title")).to_have_value("From JSON")


async def test_on_a_phone(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    connection = service(
        stage, ada, "/bench/phone", {"type": "object", "properties": {"a": {"type": "string"}}}
    )
    page = await visit(ada, width=375, theme="dark")
    await open_action(page, ada, connection)
    await page.get_by_role("button", name="Run", exact=True).click()
    await expect(page.get_by_role("tabpanel", name="Response")).to_contain_text("200")
    await expect(page.get_by_role("tab", name="Response")).to_be_in_viewport()
    await assert_fits(page)
    await assert_accessible(page)


async def test_without_a_connection_it_says_what_to_do(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    await page.goto(f"{ada.home}/playground")
    await expect(page.get_by_text("Connect a service first")).to_be_visible()
    await page.get_by_role("main").get_by_role("button", name="Connect", exact=True).click()
    await expect(page.get_by_placeholder("Find a service")).to_be_visible()


async def test_a_grant_that_lacks_a_scope_is_asked_for_more(stage: Stage, visit: Visit, watch: Watch) -> None:
    ada = stage.person("Ada Lovelace")
    page = await visit(ada)
    made = await connect_gmail(page, ada)
    lacking = "https://www.googleapis.com/auth/gmail.send"
    kept = [scope for scope in made["scopes"] if scope != lacking]
    as_owner(stage.urls, "UPDATE connections SET scopes = %s WHERE id = %s", kept, made["id"])
    watch.expect(409, EXECUTE)
    await open_action(page, ada, made["id"], "send-email", {"to": ["grace@example.com"], "text": "Hello"})
    await run(page)
    await expect(page.get_by_role("alert").filter(has_text="insufficient_scope")).to_be_visible()
    await page.get_by_role("button", name="Re-authorize").click()
    await expect(page.get_by_role("dialog")).to_contain_text("1 of 1")
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Continue to Gmail").click()
    await (await opened.value).get_by_role("button", name="Continue").click()
    await expect(page.get_by_text("Authorized again.")).to_be_visible()
    await run(page)
    await expect(page.get_by_role("tabpanel", name="Response")).to_contain_text("200")


async def test_nothing_is_run_behind_a_window_and_no_run_is_left_to_the_next_person(
    stage: Stage, visit: Visit
) -> None:
    ada = stage.person("Ada Lovelace")
    slug = ada.workspace_id.hex[-8:]
    connection = service(stage, ada, f"/kept/{slug}", {"type": "object", "properties": {}})
    page = await visit(ada)
    await open_action(page, ada, connection)
    await run(page)
    history = page.get_by_role("button", name="History")
    await expect(history).to_contain_text("1")
    await page.get_by_role("heading", level=1).click()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Control+Enter")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(history).to_contain_text("1")
    logged = await ada.caller.get("/api/v2/logs", workspace_id=str(ada.workspace_id))
    assert len(logged["data"]) == 1

    await page.evaluate("() => { window.inMemory = true }")
    await page.get_by_role("button", name="Account of Ada Lovelace").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert not await page.evaluate("() => window.inMemory"), "what was run is in the page's memory still"


async def test_an_entry_that_nothing_was_entered_for_is_not_sent(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    numbers = {"type": "array", "items": {"type": "number"}}
    connection = service(stage, ada, "/bench/entries", {"type": "object", "properties": {"counts": numbers}})
    page = await visit(ada)
    await open_action(page, ada, connection, parameters={"counts": [3]})
    await page.locator("form#parameters [id^=parameters_counts][id$=add]").click()
    entries = page.locator("form#parameters input")
    await expect(entries).to_have_count(2)
    mark = stage.recorder.mark()
    await run(page)
    assert json.loads(answer_of(stage, mark)["data"]["body"]) == {"counts": [3]}
    await expect(entries).to_have_count(1)


async def test_a_secret_does_not_come_into_the_address(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    secret = {"type": "string", "writeOnly": True}
    login = {"type": "object", "properties": {"code": secret}}
    properties = {"title": {"type": "string"}, "phrase": secret, "login": login}
    connection = service(stage, ada, "/bench/secret", {"type": "object", "properties": properties})
    page = await visit(ada)
    given = {"phrase": "lovelace-1815", "login": {"code": "babbage-1791"}}
    await open_action(page, ada, connection, parameters=given)
    await page.get_by_role("textbox", name="Title").fill("Engine")
    await page.wait_for_url(re.compile("parameters=.*Engine"))
    assert not re.search("1815|1791", page.url)
    mark = stage.recorder.mark()
    await run(page)
    assert json.loads(answer_of(stage, mark)["data"]["body"]) == {**given, "title": "Engine"}


async def test_ones_own_connection_is_offered_among_many_of_others_and_in_its_workspace_alone(
    stage: Stage, visit: Visit
) -> None:
    ada = stage.person("Ada Lovelace")
    grace = stage.mate(ada)
    made = stage.world.integration(slug=f"bench-{ada.workspace_id.hex[-8:]}")
    own = stage.world.connect(grace, made)
    for _ in range(51):
        stage.world.connect(ada, made)
    page = await visit(grace)
    await page.goto(f"{grace.home}/playground")
    await expect(page.get_by_role("combobox", name="Connection")).to_contain_text("Mine")
    await page.get_by_role("combobox", name="Connection").click()
    await expect(page.get_by_role("option")).to_have_count(1)

    elsewhere = stage.person("Mary Somerville")
    join(stage.urls, grace, elsewhere)
    await page.goto(f"{elsewhere.home}/playground?connection={own}")
    await expect(page.get_by_text("This workspace has no such connection")).to_be_visible()
    await page.get_by_role("button", name="Choose another connection").click()
    await expect(page.get_by_text("Connect a service first")).to_be_visible()


async def test_a_session_that_ends_leaves_nothing_in_the_page(
    stage: Stage, visit: Visit, watch: Watch
) -> None:
    ada = stage.person("Ada Lovelace")
    connection = service(stage, ada, "/bench/ends", {"type": "object", "properties": {}})
    page = await visit(ada)
    await open_action(page, ada, connection, parameters={"title": "Engine"})
    await page.evaluate("() => { window.inMemory = true }")
    watch.expect(401, "*")
    await page.context.clear_cookies()
    await page.keyboard.press("Control+Enter")
    await expect(page).to_have_url(re.compile(r"/sign-in\?return_to=.*playground"))
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "Engine" not in page.url
    assert not await page.evaluate("() => window.inMemory")


LONG = 1234567890123456789


async def test_a_number_longer_than_a_double_is_sent_and_shown_as_it_is(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    schema = {"type": "object", "properties": {"parcel": {"type": "integer"}, "name": {"type": "string"}}}

    async def same(received: Received) -> web.StreamResponse:
        return web.Response(body=received.body, content_type="application/json")

    connection = service(stage, ada, "/bench/long", schema, same)
    page = await visit(ada)
    await open_action(page, ada, connection)
    await page.get_by_label("Parcel").fill(str(LONG))
    await page.get_by_role("button", name="Run", exact=True).click()
    await expect(page.get_by_text("more digits than this field can keep")).to_be_visible()
    await page.get_by_role("tab", name="JSON").first.click()
    editor = page.get_by_role("textbox", name="Parameters as JSON")
    await editor.fill(f'{{"parcel": {LONG}}}')
    await run(page)
    response = page.get_by_role("tabpanel", name="Response")
    await expect(response).to_contain_text(f'"parcel": {LONG}')
    assert json.loads(stage.upstream.received("/bench/long")[-1].body)["parcel"] == LONG
    await expect(page).to_have_url(re.compile(str(LONG)))
    await page.get_by_role("tab", name="Form").click()
    await expect(page.get_by_text("more digits than a form can keep")).to_be_visible()
    await page.get_by_role("button", name="Edit it as JSON").click()
    await expect(editor).to_contain_text(str(LONG))
    await page.get_by_role("link", name="In the log").click()
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_role("region", name="Request")).to_contain_text(str(LONG))
    await expect(drawer.get_by_role("region", name="Response")).to_contain_text(str(LONG))


async def test_a_large_answer_does_not_stop_the_page(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    rows = [{"id": number, "name": "a name of some length"} for number in range(40_000)]

    async def many(_received: Received) -> web.StreamResponse:
        return web.json_response(rows)

    connection = service(stage, ada, "/bench/many", {"type": "object"}, many)
    page = await visit(ada)
    await open_action(page, ada, connection)
    await run(page)
    response = page.get_by_role("tabpanel", name="Response")
    await response.get_by_role("button", name="Raw").click()
    shown = response.locator("pre")
    await expect(shown).to_be_visible()
    assert len(str(await shown.text_content())) == 100_000
    await expect(response.get_by_text("The first 100,000 of")).to_be_visible()


async def test_what_is_no_json_yet_is_kept_and_led_to(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    schema = {"type": "object", "properties": {"anything": {"title": "Anything"}}}
    connection = service(stage, ada, "/bench/unfinished", schema)
    page = await visit(ada)
    await open_action(page, ada, connection)
    field = page.get_by_role("textbox", name="Anything")
    await field.fill('{"a": 1, half')
    await expect(page.get_by_text("This is not JSON yet.")).to_be_visible()
    await page.get_by_role("tab", name="JSON").first.click()
    await page.get_by_role("tab", name="Form").click()
    await expect(field).to_contain_text('{"a": 1, half')
    mark = stage.recorder.mark()
    await page.get_by_role("button", name="Run", exact=True).click()
    await expect(field).to_be_focused()
    assert not list(stage.recorder.find("POST", EXECUTE, mark))


async def test_options_take_what_can_be_sent(stage: Stage, visit: Visit) -> None:
    ada = stage.person("Ada Lovelace")
    connection = service(stage, ada, "/bench/options", {"type": "object"})
    page = await visit(ada)
    await open_action(page, ada, connection)
    await page.get_by_text("Options", exact=True).click()
    await page.get_by_label("Idempotency key").fill("clé-😀-1")
    await expect(page.get_by_label("Idempotency key")).to_have_value("cl--1")
    await page.get_by_label("Time limit in seconds").fill("2.01")
    mark = stage.recorder.mark()
    await run(page)
    (sent,) = stage.recorder.find("POST", EXECUTE, mark)
    assert sent.status == 200
    assert json.loads(sent.request_body)["timeout_ms"] == 2010
