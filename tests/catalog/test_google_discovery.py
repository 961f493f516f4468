"""The scopes of the actions on Google's APIs are those that Google's own Discovery documents accept, and no more.

That the requests agree is in test_vendor_documents.py.
"""

import pytest

from portway.application.ports.http import OutgoingRequest
from portway.catalog.definitions import ActionDefinition
from portway.catalog.vendor import GOOGLE
from tests.catalog.discovery import Discovery
from tests.catalog.vendor import case_of, document_of, folders, requests_of

CASES = {
    name: case
    for name, case in ((folder.name, case_of(folder)) for folder in folders())
    if case.check.document.startswith(GOOGLE)
}
GMAIL = Discovery.read("gmail.v1")


def actions() -> list[tuple[str, ActionDefinition]]:
    return [(name, action) for name, case in CASES.items() for action in case.actions()]


@pytest.mark.parametrize(("folder", "action"), actions(), ids=lambda value: getattr(value, "slug", value))
async def test_the_scopes_are_enough_and_none_is_too_many(folder: str, action: ActionDefinition) -> None:
    document = document_of(CASES[folder].check)
    accepted = [document.scopes(request) for request in await requests_of(CASES[folder], action)]
    assert all(scopes & set(action.scopes) for scopes in accepted)
    for scope in action.scopes:
        others = set(action.scopes) - {scope}
        assert not all(scopes & others for scopes in accepted), f"{scope} is not needed"


@pytest.mark.parametrize("folder", CASES)
def test_each_scope_is_asked_for_and_used(folder: str) -> None:
    integration = CASES[folder].integration
    used = {scope for action in integration.actions for scope in action.scopes}
    assert set(integration.auth_config["scopes"]) == used


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
    assert list(GMAIL.faults(request, body)) in ([fault], [fault, fault])


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
    assert GMAIL.method(OutgoingRequest(method, url)) is None
