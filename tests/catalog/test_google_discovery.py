"""Do the requests to Google agree with Google's own Discovery documents? Those of the fixtures and of the examples."""

from functools import cache

import pytest

from portway.application.ports.http import OutgoingRequest
from portway.catalog.definitions import SHIPPED, ActionDefinition, IntegrationDefinition, load_definitions
from portway.catalog.fixtures import Fixture, load_fixtures
from portway.catalog.handlers import handlers
from portway.catalog.validation import example_request
from tests.catalog.discovery import Discovery
from tests.catalog.executions import recorded
from tests.fakes.action_context import content_of

DOCUMENTS = {
    "gmail": "gmail.v1",
    "google_drive": "drive.v3",
    "google_sheets": "sheets.v4",
    "google_calendar": "calendar.v3",
}
# What Portway does otherwise on purpose, and why.
DEVIATIONS = {
    "google_drive/share-file": {
        "body/domain is read-only": "the description of `type` says that a permission for a domain needs it",
        "body/emailAddress is read-only": "and one for a person this",
    },
}


@cache
def document(folder: str) -> Discovery:
    return Discovery(DOCUMENTS[folder])


@cache
def integration(folder: str) -> IntegrationDefinition:
    return load_definitions(SHIPPED / folder)[0]


def actions() -> list[tuple[str, ActionDefinition]]:
    return [(folder, action) for folder in DOCUMENTS for action in integration(folder).actions]


def fixtures(folder: str, action: ActionDefinition) -> list[Fixture]:
    return [fixture for fixture in load_fixtures(SHIPPED / folder) if fixture.action == action.slug]


async def requests(folder: str, action: ActionDefinition) -> list[OutgoingRequest]:
    """All that are known of, but for the chunks of an upload, whose address is not the API's."""
    found = [
        await example_request(integration(folder), action, example, handlers()) for example in action.examples
    ]
    for fixture in fixtures(folder, action):
        found += (await recorded(integration(folder), action, fixture)).requests
    return [request for request in found if "upload_id=" not in request.url]


@pytest.mark.parametrize(("folder", "action"), actions(), ids=lambda value: getattr(value, "slug", value))
async def test_each_action_agrees(folder: str, action: ActionDefinition) -> None:
    google = document(folder)
    faults = {
        fault
        for request in await requests(folder, action)
        for fault in google.faults(request, await content_of(request.body))
    }
    assert faults == set(DEVIATIONS.get(f"{folder}/{action.slug}", {}))


@pytest.mark.parametrize(("folder", "action"), actions(), ids=lambda value: getattr(value, "slug", value))
async def test_the_scopes_are_enough_and_none_is_too_many(folder: str, action: ActionDefinition) -> None:
    methods = [document(folder).method(request) for request in await requests(folder, action)]
    accepted = [method.scopes for method in methods if method is not None]
    assert all(scopes & set(action.scopes) for scopes in accepted)
    for scope in action.scopes:
        others = set(action.scopes) - {scope}
        assert not all(scopes & others for scopes in accepted), f"{scope} is not needed"


@pytest.mark.parametrize("folder", DOCUMENTS)
def test_each_scope_is_asked_for_and_used(folder: str) -> None:
    used = {scope for action in integration(folder).actions for scope in action.scopes}
    assert set(integration(folder).auth_config["scopes"]) == used


def test_the_deviations_are_of_actions_that_there_are() -> None:
    assert DEVIATIONS.keys() <= {f"{folder}/{action.slug}" for folder, action in actions()}


# The checker itself


@pytest.mark.parametrize(
    ("method", "path", "body", "fault"),
    [
        ("GET", "gmail/v1/users/me/messages?max_results=5", None, "query: `max_results` is unknown"),
        ("GET", "gmail/v1/users/me/messages?maxResults=five", None, "query: `maxResults` is no integer"),
        ("GET", "gmail/v1/users/me/messages?q=a&q=b", None, "query: `q` is there several times"),
        ("GET", "gmail/v1/users/me/messages/1?format=FULL", None, "query: `format` is none of its choices"),
        (
            "GET",
            "gmail/v1/users/me/messages?includeSpamTrash=1",
            None,
            "query: `includeSpamTrash` is no boolean",
        ),
        ("GET", "gmail/v1/users/me/messages", b"{}", "there is a body"),
        ("POST", "gmail/v1/users/me/messages/send", b'{"thread_id":"1"}', "body/thread_id is unknown"),
        ("POST", "gmail/v1/users/me/messages/send", b'{"raw":1}', "body/raw is no string"),
        ("POST", "gmail/v1/users/me/drafts", b'{"message":{"raw":true}}', "body/message/raw is no string"),
        ("POST", "gmail/v1/users/me/drafts", b'{"message":[]}', "body/message is no object"),
    ],
)
def test_a_fault_is_found(method: str, path: str, body: bytes | None, fault: str) -> None:
    url = f"https://gmail.googleapis.com/{path}"
    request = OutgoingRequest(method, url, {"content-type": "application/json"}, body)
    assert list(document("gmail").faults(request, body)) in ([fault], [fault, fault])


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("PUT", "https://gmail.googleapis.com/gmail/v1/users/me/messages"),
        ("GET", "https://gmail.googleapis.com/gmail/v2/users/me/messages"),
        ("GET", "https://gmail.example.com/gmail/v1/users/me/messages"),
        ("GET", "http://gmail.googleapis.com/gmail/v1/users/me/messages"),
    ],
)
def test_what_is_no_method_is_none(method: str, url: str) -> None:
    assert document("gmail").method(OutgoingRequest(method, url)) is None
