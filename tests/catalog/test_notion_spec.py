"""Notion's actions agree with the OpenAPI document of Notion's own MCP server, and with Notion's own client.

The client knows the API's latest version; the document describes an older one, more exactly.
"""

import pytest

from portway.application.responses.pagination import Page
from portway.catalog.definitions import ActionDefinition
from portway.domain.json_value import JsonValue
from tests.catalog.notion_client import notion_client
from tests.catalog.pages import page_of
from tests.catalog.specifications import Specification, definition, example_faults

DEFINITION = definition("notion")
SPECIFICATION = Specification.read("@notionhq/notion-mcp-server/scripts/notion-openapi.json")

_NOT_TEXT = (
    "the document takes an object for a text; https://developers.notion.com/reference/post-page has objects"
)
DEVIATIONS = {
    "create-page": {
        "body: `markdown` is unknown": "newer than the document; the client knows it",
        'body/icon: {"emoji":"🚂"} is not of type "string"': _NOT_TEXT,
        'body/cover: {"external":{"url":"https://example.com/cover.png"}} is not of type "string"': _NOT_TEXT,
        'body/children/0: {"paragraph":{"rich_text":[{"text":{"content":"Works."},"type":"text"}]},'
        '"type":"paragraph"} is not of type "string"': _NOT_TEXT,
        'body/parent: {"data_source_id":"d9824bdc-8445-4327-be8b-5b47500af6ce"} is not valid under any of the '
        "schemas listed in the 'oneOf' keyword": "the document has still `database_id`, which 2025-09-03 renamed",
    },
    "append-block-children": {
        "body: `position` is unknown": "2026-03-11 has it in the place of `after`; the client knows it",
    },
    "create-comment": {
        'body: "parent" is a required property': "an answer in a discussion has none; the client knows it",
        "body: `discussion_id` is unknown": "missing in the document; the client knows it",
    },
}  # fmt: skip

LISTS = [action for action in DEFINITION.actions if "pagination" in action.transform_config]


@pytest.mark.parametrize("action", DEFINITION.actions, ids=lambda action: action.slug)
async def test_each_action_agrees(action: ActionDefinition) -> None:
    found = await example_faults(DEFINITION, action, SPECIFICATION)
    assert found == set(DEVIATIONS.get(action.slug, {}))


@pytest.mark.parametrize("action", DEFINITION.actions, ids=lambda action: action.slug)
async def test_the_client_knows_all_names(action: ActionDefinition) -> None:
    assert await example_faults(DEFINITION, action, notion_client()) == set()


@pytest.mark.parametrize("action", LISTS, ids=lambda action: action.slug)
def test_lists_go_on_at_their_cursor(action: ActionDefinition) -> None:
    items: list[JsonValue] = [{"id": "1"}]
    body: JsonValue = {"object": "list", "results": items, "next_cursor": "fe2cc560", "has_more": True}
    assert page_of(DEFINITION, action, body) == Page(items, next_parameters={"start_cursor": "fe2cc560"})
    last: JsonValue = {"object": "list", "results": items, "next_cursor": None, "has_more": False}
    assert page_of(DEFINITION, action, last) == Page(items)


def test_no_list_is_without_pages() -> None:
    assert [action.slug for action in LISTS] == [
        action.slug for action in DEFINITION.actions if "start_cursor" in action.request_schema["properties"]
    ]
