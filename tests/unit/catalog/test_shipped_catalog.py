import json
from typing import Any

import pytest

from portway.catalog.definitions import IntegrationDefinition, load_definitions
from portway.catalog.handlers import handlers
from portway.catalog.validation import example_request, validate
from portway.domain.json_value import JsonValue
from portway.domain.rules.execution_logging import redact
from portway.infrastructure.json_schema import JsonSchemaParameters

DEFINITIONS = {definition.slug: definition for definition in load_definitions()}
DRIVE_FIELDS = "id%2Cname%2CmimeType%2Csize%2Cparents%2CmodifiedTime%2CwebViewLink"
GMAIL = "https://gmail.googleapis.com/gmail/v1/users/me/messages"
SHEETS = "https://sheets.googleapis.com/v4/spreadsheets/1AbC/values"


def each_action() -> list[tuple[str, str]]:
    return [(slug, action.slug) for slug, definition in DEFINITIONS.items() for action in definition.actions]


async def test_it_is_valid() -> None:
    assert await validate(list(DEFINITIONS.values()), JsonSchemaParameters(), handlers()) == []


def test_it_has_the_first_services() -> None:
    assert sorted(DEFINITIONS) == ["gmail", "google-drive", "google-sheets", "slack"]
    assert {(slug, action) for slug, action in each_action()} >= {
        ("gmail", "send-email"),
        ("google-drive", "upload-file"),
        ("google-sheets", "update-values"),
        ("google-sheets", "append-values"),
        ("slack", "send-message"),
    }


def test_every_handler_is_in_use() -> None:
    named = {action.handler for definition in DEFINITIONS.values() for action in definition.actions}
    assert named - {None} == set(handlers().names)


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=lambda definition: definition.slug)
def test_an_integration_is_complete(definition: IntegrationDefinition) -> None:
    assert definition.description
    assert definition.category
    assert str(definition.website).startswith("https://")
    assert str(definition.documentation_url).startswith("https://")
    assert definition.auth_config["clientIdEnv"]
    assert definition.auth_config["clientSecretEnv"]
    assert definition.checked["sources"]
    assert definition.checked["date"] == "2026-11-22"


@pytest.mark.parametrize(("slug", "action_slug"), each_action())
def test_an_action_is_complete(slug: str, action_slug: str) -> None:
    definition = DEFINITIONS[slug]
    action = next(action for action in definition.actions if action.slug == action_slug)
    assert action.description.endswith(".")
    assert action.request_schema["additionalProperties"] is False
    assert set(action.scopes) <= set(definition.auth_config["scopes"]), "a new connection could not run it"
    for example in action.examples:
        assert redact(dict(example), schema=action.request_schema) == example, (
            "the log would hide an ordinary value"
        )


@pytest.mark.parametrize(
    ("path", "parameters", "request_line", "body"),
    [
        ("gmail/list-messages", {}, f"GET {GMAIL}", None),
        (
            "gmail/list-messages",
            {
                "query": "is:unread",
                "label_ids": ["INBOX", "A"],
                "max_results": 5,
                "include_spam_trash": False,
            },
            f"GET {GMAIL}?q=is%3Aunread&labelIds=INBOX&labelIds=A&maxResults=5&includeSpamTrash=false",
            None,
        ),
        (
            "gmail/get-message",
            {"id": "18c1", "format": "raw"},
            f"GET {GMAIL}/18c1?format=raw",
            None,
        ),
        (
            "google-drive/list-files",
            {"query": "name contains 'a'", "fields": "files(id)"},
            "GET https://www.googleapis.com/drive/v3/files?fields=files%28id%29&q=name%20contains%20%27a%27",
            None,
        ),
        (
            "google-drive/get-file",
            {"file_id": "1/2"},
            f"GET https://www.googleapis.com/drive/v3/files/1%2F2?fields={DRIVE_FIELDS}%2Cdescription",
            None,
        ),
        (
            "google-sheets/update-values",
            {"spreadsheet_id": "1AbC", "range": "Sheet1!A1:C1", "values": [1, 2, 3]},
            f"PUT {SHEETS}/Sheet1%21A1%3AC1?valueInputOption=USER_ENTERED",
            {"values": [[1, 2, 3]]},
        ),
        (
            "google-sheets/append-values",
            {
                "spreadsheet_id": "1AbC",
                "range": "'Tab 1'!A1",
                "values": [["a"], [None]],
                "value_input_option": "RAW",
                "insert_data_option": "INSERT_ROWS",
                "major_dimension": "COLUMNS",
            },
            f"POST {SHEETS}/%27Tab%201%27%21A1:append?valueInputOption=RAW&insertDataOption=INSERT_ROWS",
            {"values": [["a"], [None]], "majorDimension": "COLUMNS"},
        ),
        (
            "google-sheets/get-values",
            {"spreadsheet_id": "1AbC", "range": "Sheet1"},
            f"GET {SHEETS}/Sheet1",
            None,
        ),
        (
            "slack/send-message",
            {"channel": "#general", "text": "Grüße", "unfurl_links": False},
            "POST https://slack.com/api/chat.postMessage",
            {"channel": "#general", "text": "Grüße", "unfurl_links": False},
        ),
        (
            "slack/list-channels",
            {"types": "public_channel,im", "exclude_archived": True},
            "GET https://slack.com/api/conversations.list?types=public_channel%2Cim&exclude_archived=true",
            None,
        ),
    ],
)
async def test_the_exact_request(
    path: str, parameters: dict[str, Any], request_line: str, body: JsonValue
) -> None:
    slug, action_slug = path.split("/")
    action = next(action for action in DEFINITIONS[slug].actions if action.slug == action_slug)
    request = await example_request(DEFINITIONS[slug], action, parameters, handlers())
    assert f"{request.method} {request.url}" == request_line
    assert (None if request.body is None else json.loads(request.body)) == body
