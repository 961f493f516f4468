"""`http-request`: what it sends, and what it does not."""

import base64
import json
from typing import Any

import pytest

from portway.application.handlers.http_request import http_request
from portway.domain.builtin_actions import builtin_action
from portway.domain.errors import InvalidParameters
from portway.domain.integration import AuthType
from portway.infrastructure.json_schema import JsonSchemaParameters
from tests.fakes.action_context import RecordingContext
from tests.fakes.definitions import an_integration


def a_context() -> RecordingContext:
    integration = an_integration(
        AuthType.BEARER,
        base_url="https://{region}.api.example/v1",
        transform_config={"headers": {"x-version": "2"}},
    )
    action = builtin_action(integration, "http-request")
    assert action is not None
    return RecordingContext(integration, action, {"region": "eu"})


def faults(parameters: dict[str, Any]) -> list[str]:
    return [fault.pointer for fault in JsonSchemaParameters().faults(a_context().action, parameters)]


async def test_a_path_alone_is_a_get() -> None:
    context = a_context()
    response = await http_request(context, {"path": "/me"})
    (request,) = context.requests
    assert (request.method, request.url, request.body) == ("GET", "https://eu.api.example/v1/me", None)
    assert request.headers == {"accept": "application/json", "x-version": "2"}
    assert response.status_code == 200


async def test_query_headers_and_json() -> None:
    context = a_context()
    parameters: dict[str, Any] = {
        "method": "PATCH",
        "path": "/things/1",
        "query": {"q": "a b&c", "tag": ["x", 1, True], "none": None},
        "headers": {"X-Version": "3", "If-Match": '"1"'},
        "body": {"name": "ü", "list": [1, None]},
    }
    assert faults(parameters) == []
    await http_request(context, parameters)
    (request,) = context.requests
    assert request.method == "PATCH"
    assert request.url == "https://eu.api.example/v1/things/1?q=a%20b%26c&tag=x&tag=1&tag=true"
    assert request.headers == {
        "accept": "application/json",
        "content-type": "application/json",
        "if-match": '"1"',
        "x-version": "3",
    }
    assert isinstance(request.body, bytes)
    assert json.loads(request.body) == {"name": "ü", "list": [1, None]}


async def test_bytes() -> None:
    context = a_context()
    content = bytes(range(256))
    await http_request(
        context,
        {
            "method": "PUT",
            "path": "/file",
            "headers": {"content-type": "image/png"},
            "body_base64": base64.b64encode(content).decode(),
        },
    )
    (request,) = context.requests
    assert (request.body, request.headers["content-type"]) == (content, "image/png")


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({"path": "/../admin"}, "/parameters/path"),
        ({"path": "/a/%2e%2E/admin"}, "/parameters/path"),
        ({"path": "//evil.example"}, "/parameters/path"),
        ({"path": "/a b"}, "/parameters/path"),
        ({"path": "/a#b"}, "/parameters/path"),
        ({"path": "/\\evil.example"}, "/parameters/path"),
        ({"path": "/", "headers": {"host": "evil.example"}}, "/parameters/headers/host"),
        ({"path": "/", "headers": {"x": "1\r\ny: 2"}}, "/parameters/headers/x"),
        ({"path": "/", "headers": {"x y": "1"}}, "/parameters/headers/x y"),
        ({"path": "/", "body_base64": "?"}, "/parameters/body_base64"),
        ({"path": "/", "body_base64": "", "body": None}, "/parameters/body_base64"),
    ],
)
async def test_what_leaves_its_place_is_refused(parameters: dict[str, Any], pointer: str) -> None:
    context = a_context()
    with pytest.raises(InvalidParameters) as refused:
        await http_request(context, parameters)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]
    assert context.requests == []


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({}, "/parameters/path"),
        ({"path": "me"}, "/parameters/path"),
        ({"path": "/", "method": "TRACE"}, "/parameters/method"),
        ({"path": "/", "query": {"a": {"b": 1}}}, "/parameters/query/a"),
        ({"path": "/", "query": {"a": [[1]]}}, "/parameters/query/a/0"),
        ({"path": "/", "headers": {"a": 1}}, "/parameters/headers/a"),
        ({"path": "/", "url": "https://evil.example"}, "/parameters/url"),
    ],
)
def test_what_the_schema_refuses(parameters: dict[str, Any], pointer: str) -> None:
    assert faults(parameters) == [pointer]
