"""`POST .../actions/{action}/preview`: the request that `POST /execute` would send, and nothing is sent."""

import base64
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import UUID

import pytest

from portway.catalog.definitions import SHIPPED, load_definitions
from tests.e2e.callers import Answer
from tests.e2e.upstreams import Received
from tests.e2e.worlds import Member, World, secret
from tests.people import as_owner

CREDENTIAL = "CREDENTIAL"
OF_THE_CLIENT = {"host", "user-agent", "accept-encoding", "content-length"}
PNG = base64.b64encode(bytes(range(256))).decode()


@dataclass
class Previewed:
    """An integration with an action `do`, and a connection with it."""

    world: World
    ada: Member
    id: UUID
    slug: str
    connection: UUID
    values: dict[str, str]
    config: dict[str, str]

    def action(self, slug: str = "do", path: str | None = None, method: str = "POST", **columns: Any) -> None:
        self.world.action(self.id, slug, path or f"/{self.slug}", method, **columns)

    async def preview(self, parameters: dict[str, Any] | None = None, action: str = "do") -> Answer:
        return await preview(self.ada, self.slug, action, parameters, self.config)

    async def sent(self, parameters: dict[str, Any] | None = None, action: str = "do") -> Received:
        """What the same execution sends."""
        answer = await self.ada.execute(self.connection, action, parameters)
        assert answer.status == 200, answer.text
        return self.world.upstream.received()[-1]


async def preview(
    member: Member,
    slug: str,
    action: str,
    parameters: dict[str, Any] | None = None,
    config: dict[str, str] | None = None,
) -> Answer:
    body = {"parameters": parameters or {}, "config": config or {}}
    return await member.caller.call("POST", f"/api/v2/integrations/{slug}/actions/{action}/preview", body)


def previewed(
    world: World, ada: Member, auth_type: str = "bearer", values: dict[str, str] | None = None, **auth: Any
) -> Previewed:
    slug = f"shown-{secret('x')[2:].lower().replace('_', '-').strip('-')}"
    made = world.integration(slug=slug, auth_type=auth_type, auth_config=auth)
    held = values or {"token": secret("token")}
    config = {"account": "acct-7"}
    connection = world.connect(ada, made, held, config=config)
    return Previewed(world, ada, made, slug, connection, held, config)


Auth = tuple[str, dict[str, str], dict[str, Any]]
"""`auth_type`, what the connection has, `auth_config`."""

BEARER: Auth = ("bearer", {"token": "s3cr3t-token-value"}, {})
BASIC: Auth = ("basic", {"username": "s3cr3t-user-value", "password": "s3cr3t-password-value"}, {})
IN_QUERY: Auth = (
    "api_key",
    {"api_key": "s3cr3t-key-value"},
    {"credential_placement": [{"in": "query", "name": "key", "value": "{api_key}"}]},
)
TWO_HEADERS: Auth = (
    "custom",
    {"one": "s3cr3t-one-value", "two": "s3cr3t-two-value"},
    {
        "credential_fields": ["one", "two"],
        "credential_placement": [
            {"in": "header", "name": "X-One", "value": "one={one}"},
            {"in": "header", "name": "X-Two", "value": "{two};{one}"},
        ],
    },
)
CONFIGS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "query": ("GET", {"query": {"style": "brackets"}}, {"a": [1, 2], "b": {"c": "d e&f"}, "g": None}),
    "json": ("POST", {}, {"a": {"b": [1, None, "é"]}}),
    "form": ("POST", {"body": {"encoding": "form", "style": "brackets"}}, {"a": {"b": [1, 2]}, "c": "é"}),
    "xml": ("PUT", {"body": {"encoding": "xml", "root": "order"}}, {"@id": 7, "tea": ["a", "<b>"]}),
    "graphql": ("POST", {"body": {"encoding": "graphql", "query": "{ a }"}}, {"id": 7}),
    "multipart": (
        "POST",
        {"body": {"encoding": "multipart", "files": ["file"]}},
        {"title": "é", "file": {"base64": PNG, "filename": "a.png", "content_type": "image/png"}},
    ),
    "raw": ("POST", {"body": {"encoding": "raw", "file": "file"}}, {"file": {"base64": PNG}}),
    "places": (
        "POST",
        {
            "locations": {"h": {"in": "header", "name": "X-H"}, "c": "cookie", "q": "query"},
            "headers": {"X-Account": "{account}"},
            "parameters": [{"op": "rename", "parameter": "/old", "to": "new"}],
        },
        {"h": "one", "c": "two", "q": "three", "old": 4},
    ),
}


def check_same(shown: dict[str, Any], sent: Received, credentials: list[tuple[str, str]]) -> None:
    """What was shown is what came, apart from the credential and the multipart boundary."""

    def hidden(text: str) -> str:
        for value, placeholder in credentials:
            text = text.replace(value, placeholder)
        return text

    url = urlsplit(shown["url"])
    assert (shown["method"], url.path) == (sent.method, sent.path)
    assert parse_qsl(url.query, keep_blank_values=True) == parse_qsl(
        hidden(sent.query_string), keep_blank_values=True
    )
    ours, theirs = boundary(shown["headers"]), boundary(sent.headers)
    came = {
        name: hidden(value).replace(theirs or "\0", ours or "\0")
        for name, value in sent.headers.items()
        if name not in OF_THE_CLIENT
    }
    assert came == shown["headers"]
    body = shown["body"].encode() if shown["body"] is not None else None
    if shown["body_base64"] is not None:
        body = base64.b64decode(shown["body_base64"])
    assert (body or b"") == sent.body.replace((theirs or "\0").encode(), (ours or "\0").encode())


def boundary(headers: dict[str, str]) -> str | None:
    found = re.search(r"boundary=\"?([^\";]+)", headers.get("content-type", ""))
    return found.group(1) if found else None


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("auth", [BEARER, BASIC, IN_QUERY, TWO_HEADERS], ids=lambda auth: auth[0])
async def test_what_is_shown_is_what_is_sent(world: World, ada: Member, kind: str, auth: Auth) -> None:
    method, document, parameters = CONFIGS[kind]
    auth_type, values, auth_config = auth
    one = previewed(world, ada, auth_type, values, **auth_config)
    one.action(method=method, transform_config=document)
    before = len(world.upstream.received())
    answer = await one.preview(parameters)
    assert answer.status == 200, answer.text
    assert len(world.upstream.received()) == before
    assert "s3cr3t" not in answer.text
    assert CREDENTIAL in answer.text
    pair = base64.b64encode(f"{values.get('username')}:{values.get('password')}".encode()).decode()
    credentials = [(pair, CREDENTIAL), *((value, CREDENTIAL) for value in values.values())]
    check_same(answer.json["request"], await one.sent(parameters), credentials)


async def test_the_shape_of_the_answer(world: World, ada: Member) -> None:
    one = previewed(world, ada)
    one.action(path="/users/{user}", method="PATCH", transform_config={"headers": {"X-Account": "{account}"}})
    answer = await one.preview({"user": "a/b", "name": "Ada"})
    shape = answer.json
    curl = shape.pop("curl")
    assert curl.splitlines()[0] == "curl --request PATCH \\"
    assert f"--header 'authorization: Bearer {CREDENTIAL}'" in curl
    assert shape == {
        "request": {
            "method": "PATCH",
            "url": f"{world.upstream.url}/users/a%2Fb",
            "headers": {
                "accept": "application/json",
                "authorization": f"Bearer {CREDENTIAL}",
                "content-type": "application/json",
                "x-account": "acct-7",
            },
            "body": '{"name":"Ada"}',
            "body_base64": None,
        }
    }
    # No execution, so no row.
    assert not world.logs(integration_id=one.id)


async def test_nothing_but_rows_is_needed(world: World) -> None:
    """Somebody without any connection may look."""
    nobody = world.person("nobody")
    slug = f"looked-{nobody.user_id.hex[-8:]}"
    world.integration(slug=slug)
    answer = await preview(nobody, slug, "echo", {"a": 1})
    assert answer.json["request"]["body"] == '{"a":1}'


async def test_a_handler(world: World, ada: Member) -> None:
    (gmail,) = load_definitions(SHIPPED / "gmail")
    send = next(action for action in gmail.actions if action.slug == "send-email")
    one = previewed(world, ada)
    one.action("send-email", send.endpoint_path, send.http_method, handler=send.handler,
               request_schema=send.request_schema, transform_config=send.transform_config)  # fmt: skip
    parameters = {"to": ["grace@example.com"], "subject": "Tea", "text": "At four."}
    before = len(world.upstream.received())
    answer = await one.preview(parameters, "send-email")
    assert answer.status == 200, answer.text
    shown = answer.json["request"]
    assert len(world.upstream.received()) == before
    assert shown["headers"]["authorization"] == f"Bearer {CREDENTIAL}"
    sent = await one.sent(parameters, "send-email")
    assert (shown["method"], urlsplit(shown["url"]).path) == (sent.method, sent.path)
    raw, came = (json.loads(body)["raw"] for body in (shown["body"], sent.body))
    for message in (raw, came):
        text = base64.urlsafe_b64decode(message + "==").decode()
        assert "To: grace@example.com" in text
        assert "At four." in text


async def test_http_request(world: World, ada: Member) -> None:
    one = previewed(world, ada, *BASIC[:2])
    parameters = {
        "method": "PUT",
        "path": "/any",
        "query": {"a": [1, 2]},
        "headers": {"X-A": "b"},
        "body": [1],
    }
    answer = await one.preview(parameters, "http-request")
    shown = answer.json["request"]
    assert (shown["method"], shown["url"]) == ("PUT", f"{world.upstream.url}/any?a=1&a=2")
    assert (shown["headers"]["x-a"], shown["body"]) == ("b", "[1]")
    assert shown["headers"]["authorization"] == f"Basic {CREDENTIAL}"


async def test_another_protocol_has_no_request(world: World, ada: Member) -> None:
    (smtp,) = load_definitions(SHIPPED / "smtp")
    (send,) = smtp.actions
    slug = f"mail-{ada.user_id.hex[-8:]}"
    made = world.integration(
        slug=slug, base_url=smtp.base_url, auth_type=smtp.auth_type, auth_config=smtp.auth_config
    )
    world.action(made, send.slug, send.endpoint_path, send.http_method, handler=send.handler,
                 request_schema=send.request_schema)  # fmt: skip
    parameters = {"to": ["grace@example.com"], "subject": "Hello", "text": "It works."}
    answer = await preview(ada, slug, send.slug, parameters)
    assert (answer.status, answer.json) == (200, {"request": None, "curl": None})


async def test_parameters_that_are_refused(world: World, ada: Member) -> None:
    one = previewed(world, ada)
    one.action(path="/x/{id}", request_schema={"type": "object", "properties": {"size": {"type": "integer"}}})
    for parameters, pointer in (({"id": 1, "size": "big"}, "/parameters/size"), ({}, "/parameters/id")):
        answer = await one.preview(parameters)
        assert answer.outcome == (422, "invalid_parameters")
        assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]


@pytest.mark.parametrize(
    "columns",
    [{"transform_config": {"nonsense": 1}}, {"handler": "no-such"}, {"request_schema": {"type": "x"}}],
)
async def test_a_broken_row(world: World, ada: Member, columns: dict[str, Any]) -> None:
    one = previewed(world, ada)
    one.action(**columns)
    answer = await one.preview({"a": 1})
    assert answer.outcome == (422, "invalid_integration_config")


async def test_a_connections_value_that_is_missing(world: World, ada: Member) -> None:
    one = previewed(world, ada)
    one.action(transform_config={"headers": {"X-Account": "{account}"}})
    answer = await preview(ada, one.slug, "do")
    assert answer.outcome == (422, "invalid_integration_config")
    assert "account" in answer.json["detail"]


async def test_the_rows_of_others(world: World, ada: Member) -> None:
    other = world.person("other")
    slug = f"private-{other.user_id.hex[-8:]}"
    world.integration(slug=slug, organization_id=other.organization_id)
    assert (await preview(other, slug, "echo")).status == 200
    for answer in (
        await preview(ada, slug, "echo"),
        await preview(ada, "no-such-integration", "echo"),
        await ada.caller.call(
            "POST",
            f"/api/v2/integrations/{slug}/actions/echo/preview?organization_id={other.organization_id}",
            {},
        ),
    ):
        assert answer.outcome == (404, "not_found")
    assert (await preview(other, slug, "no-such-action")).outcome == (404, "not_found")
    stranger = await world.stranger().call("POST", f"/api/v2/integrations/{slug}/actions/echo/preview", {})
    assert stranger.outcome == (401, "unauthenticated")


async def test_a_changed_row_is_shown_at_once(world: World, ada: Member) -> None:
    one = previewed(world, ada)
    one.action()
    assert "x-new" not in (await one.preview()).json["request"]["headers"]
    as_owner(
        world.urls,
        """UPDATE actions SET transform_config = '{"headers": {"X-New": "1"}}' WHERE integration_id = %s""",
        one.id,
    )
    for _ in range(6):
        assert (await one.preview()).json["request"]["headers"]["x-new"] == "1"


async def test_a_parameter_in_the_query_cannot_pass_for_the_credential(world: World, ada: Member) -> None:
    one = previewed(world, ada, *IN_QUERY[:2], **IN_QUERY[2])
    one.action(method="GET")
    shown = (await one.preview({"key": "mine"})).json["request"]
    assert parse_qs(urlsplit(shown["url"]).query) == {"key": [CREDENTIAL]}
    assert (await one.sent({"key": "mine"})).query == {"key": "s3cr3t-key-value"}
