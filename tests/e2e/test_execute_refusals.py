"""What `POST /api/v2/execute` refuses before it calls anybody, and the audit row of each refusal."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest

from tests.e2e.worlds import Member, World, check_refusal, secret
from tests.people import as_owner

DEEP = '{"a":' * 50_000 + "1" + "}" * 50_000
RIGHT = '{"workspace_id": "%(workspace)s", "connection_id": "%(connection)s", "action": "echo", %(rest)s}'


@pytest.mark.parametrize(
    ("rest", "pointer"),
    [
        ('"parameters": []', "/parameters"),
        ('"parameters": null', "/parameters"),
        ('"parameters": {"a": NaN}', None),
        ('"parameters": {"a": -Infinity}', None),
        ('"parameters": {"a": 1e999}', None),
        ('"parameters": {"a": %s}' % ("9" * 5000), None),
        ('"parameters": {"a": "\\ud800"}', None),
        ('"parameters": {"a": "\\u0000"}', "/parameters/a"),
        ('"parameters": {"a": [{"b\\u0000": 1}]}', "/parameters/a/0"),
        ('"parameters": {"a": %s}' % ("[" * 200 + "]" * 200), None),
        (f'"parameters": {DEEP}', None),
        ('"unknown": 1', None),
        ('"action": 5', "/action"),
        ('"action": "a\\u0000"', "/action"),
        ('"connection_id": "not-a-uuid"', "/connection_id"),
        ('"timeout_ms": 0', "/timeout_ms"),
        ('"timeout_ms": -5', "/timeout_ms"),
        ('"timeout_ms": 99999999999999999999999', "/timeout_ms"),
        ('"timeout_ms": 1.5', "/timeout_ms"),
        ('"timeout_ms": "100"', "/timeout_ms"),
        ('"timeout_ms": true', "/timeout_ms"),
        ('"paginate": {}', "/paginate"),
        ('"paginate": {"max_pages": 0}', "/paginate/max_pages"),
        ('"paginate": {"max_pages": 2, "x": 1}', "/paginate"),
        ('"parameters": {}, ', None),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_malformed_members(
    world: World, ada: Member, connection: UUID, rest: str, pointer: str | None
) -> None:
    body = RIGHT % {"workspace": ada.workspace_id, "connection": connection, "rest": rest}
    answer = await ada.caller.send(
        "POST", "/api/v2/execute", data=body.encode(), headers={"Content-Type": "application/json"}
    )
    assert answer.outcome == (400, "malformed_request")
    if pointer is not None:
        assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]
    check_refusal(world, ada, answer, workspace_id=None, connection_id=None, request_payload=None)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {}),
        (b"{", {}),
        (b"null", {}),
        (b"[]", {}),
        (b'"text"', {}),
        (b"{}", {}),
        (b"{'a': 1}", {}),
        (b'{"a": "\xff"}', {}),
        ('{"a": 1}'.encode("utf-16"), {}),
        (b'{"workspace_id": 1}', {}),
        (b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}),
        (b"{}", {"Content-Type": "text/plain"}),
        (b"{}", {"Content-Type": ""}),
    ],
)
async def test_malformed_bodies(world: World, ada: Member, body: bytes, headers: dict[str, str]) -> None:
    sent = {"Content-Type": "application/json", **headers}
    answer = await ada.caller.send("POST", "/api/v2/execute", data=body, headers=sent)
    assert answer.outcome == (400, "malformed_request")
    check_refusal(world, ada, answer)


async def test_an_empty_media_type_is_json_where_none_is_said(ada: Member) -> None:
    answer = await ada.caller.send("POST", "/api/v2/execute", data=b"{}")
    assert answer.outcome == (400, "malformed_request")
    assert "workspace_id" in json.dumps(answer.json)


@pytest.mark.parametrize("key", ["a b", "ä", "x" * 256, ""])
async def test_a_malformed_idempotency_key(world: World, ada: Member, connection: UUID, key: str) -> None:
    answer = await ada.execute(connection, headers={"Idempotency-Key": key})
    assert answer.outcome == (400, "malformed_request")
    check_refusal(world, ada, answer)


async def test_numbers_and_texts_arrive_as_they_were_sent(
    world: World, ada: Member, connection: UUID
) -> None:
    parameters = {
        "big": 123456789012345678901234567890,
        "small": -1.5e-7,
        "text": "Grüße 你好 🎈",
        "deep": [[[[{}]]]],
    }
    answer = await ada.execute(connection, parameters=parameters)
    assert json.loads(answer.json["data"]["body"]) == parameters
    assert world.log(answer)["request_payload"]["big"] == parameters["big"]


async def test_of_duplicate_keys_the_last_counts(ada: Member, connection: UUID) -> None:
    rest = '"parameters": {"a": 1, "a": 2}'
    body = RIGHT % {"workspace": ada.workspace_id, "connection": connection, "rest": rest}
    answer = await ada.caller.send(
        "POST", "/api/v2/execute", data=body, headers={"Content-Type": "application/json"}
    )
    assert json.loads(answer.json["data"]["body"]) == {"a": 2}


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_over_the_limit(world: World, ada: Member, *, is_chunked: bool) -> None:
    before = len(world.logs(user_id=ada.user_id))
    size = 25 * 1024 * 1024 + 1

    async def pieces() -> Any:
        for start in range(0, size, 1 << 20):
            yield b" " * min(1 << 20, size - start)

    body = pieces() if is_chunked else b" " * size
    answer = await ada.caller.send(
        "POST", "/api/v2/execute", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.outcome == (413, "payload_too_large")
    check_refusal(world, ada, answer)
    assert len(world.logs(user_id=ada.user_id)) == before + 1


async def test_a_body_just_below_the_limit(world: World, ada: Member, connection: UUID) -> None:
    answer = await ada.execute(connection, parameters={"file": "x" * (25 * 1024 * 1024 - 1000)})
    assert answer.status == 200, answer.text[:1000]
    assert len(world.upstream.received("/echo")[-1].body) > 25 * 1024 * 1024 - 1000
    row = world.log(answer)
    assert row["payload_truncated"]
    assert len(json.dumps(row["request_payload"])) < 20_000


async def test_too_large_for_a_stranger_is_just_strange(world: World) -> None:
    answer = await world.stranger().send("POST", "/api/v2/execute", data=b" " * (25 * 1024 * 1024 + 1))
    assert answer.status in (401, 413)
    assert not {"execution_id"} & answer.json.keys()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods(world: World, ada: Member, method: str) -> None:
    answer = await ada.caller.send(method, "/api/v2/execute")
    assert answer.status == 405
    assert answer.headers["Allow"] == "POST"
    assert answer.code


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer pw_unknown", "Bearer a.b.c", "Basic dTpw", "Bearer ä",
     "Bearer " + "x" * 9000],
)  # fmt: skip
async def test_who_is_unknown_gets_nothing(world: World, authorization: str | None) -> None:
    before = as_owner(world.urls, "SELECT count(*) FROM api_logs WHERE user_id IS NULL")
    headers = {"Content-Type": "application/json"} | (
        {"Authorization": authorization} if authorization is not None else {}
    )
    for body in (b"{}", b"nonsense"):
        answer = await world.stranger().send("POST", "/api/v2/execute", data=body, headers=headers)
        assert answer.outcome == (401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "execution_id" not in answer.json
    assert as_owner(world.urls, "SELECT count(*) FROM api_logs WHERE user_id IS NULL") == before


async def test_what_there_is_not(world: World, ada: Member, connection: UUID) -> None:
    for answer in (
        await ada.execute(uuid4()),
        await ada.execute(connection, workspace_id=uuid4()),
        await ada.execute(connection, "no-such-action"),
        await ada.execute(connection, "no such\taction ä"),
        await ada.execute(connection, ""),
        await ada.execute(connection, "x" * 10_000),
    ):
        assert answer.outcome == (404, "not_found")
        check_refusal(world, ada, answer)


async def test_a_key_without_the_scope(world: World) -> None:
    reader = world.person("reader", ["connections:read", "connections:write"])
    answer = await reader.execute(world.connect(reader, world.integration()))
    assert answer.outcome == (403, "forbidden")
    check_refusal(world, reader, answer)


async def test_parameters_that_the_schema_refuses(
    world: World, ada: Member, service: UUID, connection: UUID
) -> None:
    schema = {
        "type": "object",
        "required": ["to"],
        "additionalProperties": False,
        "properties": {"to": {"type": "array", "items": {"type": "string", "format": "email"}},
                       "pin": {"type": "integer"}},
    }  # fmt: skip
    world.action(service, "checked", request_schema=schema)
    answer = await ada.execute(
        connection, "checked", {"to": ["a@example.com", 5], "pin": "12-secret", "x": 1}
    )
    assert answer.outcome == (422, "invalid_parameters")
    pointers = [fault["pointer"] for fault in answer.json["errors"]]
    assert len(pointers) == 3
    assert {"/parameters/to/1", "/parameters/pin"} < set(pointers)
    assert "12-secret" not in answer.text
    check_refusal(world, ada, answer, attempts=0)
    assert world.log(answer)["request_payload"]["pin"] == "[redacted]"
    assert not world.upstream.received("/checked")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"path": "/x/{", "method": "GET"}, "endpoint_path"),
        ({"request_schema": {"type": "nonsense"}}, "schema"),
        ({"transform_config": {"locations": {"a": "nowhere"}}}, "locations"),
        ({"transform_config": {"parameters": [{"op": "nonsense"}]}}, "nonsense"),
        ({"transform_config": {"success": 5}}, "unknown field `success`"),
        ({"transform_config": {"response": {"error": "ok =="}}}, "transform_config.response.error"),
        ({"transform_config": {"response": {"data": "length(@.ok)"}}}, "transform_config.response.data"),
        ({"transform_config": {"body": {"encoding": "yaml"}}}, "transform_config.body.encoding"),
        ({"transform_config": {"parameters": [{"op": "move", "parameter": "/a/*", "to": "b"}]}}, "`*`"),
        ({"handler": "no-such-handler"}, "no-such-handler"),
    ],
)
async def test_a_broken_action(world: World, ada: Member, columns: dict[str, Any], words: str) -> None:
    service = world.integration()
    world.action(service, "broken", **columns)
    answer = await ada.execute(world.connect(ada, service), "broken", {"a": 1})
    assert answer.outcome == (422, "invalid_integration_config")
    assert words in answer.json["detail"]
    check_refusal(world, ada, answer, status="error" if "response.data" in words else "refused")


@pytest.mark.parametrize(
    "base_url", ["", "not a url", "ftp://files.example.com", "http://", "https://user:pw@host/", "http://a b/",
                 "http://[::1", "http://host:99999", "http://exa\tmple.com", "http://{unknown}.example.com"]
)  # fmt: skip
async def test_a_broken_base_url(world: World, ada: Member, base_url: str) -> None:
    service = world.integration(base_url=base_url)
    connection = world.connect(ada, service, origins=["https://example.com:443"])
    answer = await ada.execute(connection)
    assert answer.code in ("invalid_integration_config", "egress_blocked"), answer.text
    assert world.log(answer)["error_code"] == answer.code


async def test_a_connection_that_needs_authorization(world: World, ada: Member, service: UUID) -> None:
    connection = world.connect(ada, service)
    as_owner(
        world.urls, "UPDATE connections SET status = 'reauthorization_required' WHERE id = %s", connection
    )
    answer = await ada.execute(connection)
    assert answer.outcome == (409, "reauthorization_required")
    check_refusal(world, ada, answer)


async def test_a_scope_that_was_not_granted(world: World, ada: Member) -> None:
    endpoints = {
        "authorization_url": "https://auth.example.com/authorize",
        "token_url": "https://auth.example.com/token",
    }
    service = world.integration(slug="with-scopes", auth_type="oauth2", auth_config=endpoints)
    world.action(service, "scoped", scopes=["read", "write"])
    connection = world.connect(ada, service, {"access_token": secret("token")})
    as_owner(world.urls, "UPDATE connections SET scopes = '{read}' WHERE id = %s", connection)
    client = {"client_id": "the-client", "client_secret": secret("client")}
    put = await ada.caller.call("PUT", "/api/v2/integrations/with-scopes/oauth-client", client)
    assert put.status == 200, put.text
    assert client["client_secret"] not in put.text
    answer = await ada.execute(connection, "scoped")
    assert answer.outcome == (409, "insufficient_scope")
    assert "write" in answer.json["detail"]
    url = answer.json["authorize_url"]
    assert url.startswith("https://auth.example.com/authorize?")
    assert parse_qs(urlsplit(url).query)["scope"] == ["read write"]
    check_refusal(world, ada, answer)
