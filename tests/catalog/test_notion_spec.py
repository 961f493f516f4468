"""Notion's actions agree with Notion's own client, which knows the API's latest version (the document does not)."""

import pytest

from portway.application.responses.pagination import Page
from portway.catalog.definitions import ActionDefinition
from portway.domain.json_value import JsonValue
from tests.catalog.notion_client import notion_client
from tests.catalog.pages import page_of
from tests.catalog.specifications import definition, example_faults

DEFINITION = definition("notion")
LISTS = [action for action in DEFINITION.actions if "pagination" in action.transform_config]


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
