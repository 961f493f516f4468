"""`http-request`: any request to a service, with all that every action has: credential, checks, limits, log."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest

from tests.e2e.callers import Answer
from tests.e2e.upstreams import Received, Upstream, respond
from tests.e2e.worlds import Member, World, check_refusal, secret
from tests.people import as_owner


@pytest.fixture(scope="module")
def token() -> str:
    return secret("token")


@pytest.fixture(scope="module")
def connection(world: World, ada: Member, service: UUID, token: str) -> UUID:
    return world.connect(ada, service, {"token": token})


@pytest.fixture
def elsewhere() -> Iterator[Upstream]:
    """Another service, which must not get what belongs to the first one."""
    with Upstream() as running:
        yield running


async def request(ada: Member, connection: UUID, **parameters: Any) -> Answer:
    return await ada.execute(connection, "http-request", parameters)


def last(world: World) -> Received:
    return world.upstream.received()[-1]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_all_of_it_reaches_the_service(
    world: World, ada: Member, connection: UUID, token: str, method: str
) -> None:
    parameters = {
        "method": method,
        "path": "/v1/th%C3%AFngs/a%2Fb",
        "query": {"list": [1, "two", True], "none": None, "ä&=": "é+ %"},
        "headers": {"X-Trace": "t-1", "Accept": "text/csv"},
        "body": {"a": [None, 1.5, "é"]},
    }
    answer = await request(ada, connection, **parameters)
    assert answer.status == 200, answer.text
    sent = last(world)
    assert (sent.method, sent.path) == (method, "/v1/th%C3%AFngs/a%2Fb")
    assert unquote(sent.query_string) == "list=1&list=two&list=true&ä&==é+ %"
    assert sent.query["ä&="] == "é+ %"
    assert (sent.headers["x-trace"], sent.headers["accept"]) == ("t-1", "text/csv")
    assert sent.headers["authorization"] == f"Bearer {token}"
    assert sent.headers["content-type"] == "application/json"
    assert json.loads(sent.body) == parameters["body"]
    row = world.log(answer)
    assert (row["status"], row["status_code"], row["attempts"]) == ("success", 200, 1)
    assert row["request_payload"] == parameters
    assert token not in json.dumps(row["response_payload"])


async def test_the_log_names_it(world: World, ada: Member, service: UUID, connection: UUID) -> None:
    answer = await request(ada, connection, path="/named")
    shown = await ada.caller.get(f"/api/v2/logs/{answer.json['execution_id']}")
    assert shown["action"] == "http-request"
    row = world.log(answer)
    assert (row["integration_id"], row["connection_id"]) == (service, connection)
    # All that are executed without a row are told apart by their integration.
    again = world.log(await request(ada, connection, path="/again"))
    other = world.log(await request(ada, world.connect(ada, world.integration()), path="/"))
    assert row["action_id"] == again["action_id"] != other["action_id"]


async def test_bytes(world: World, ada: Member, connection: UUID) -> None:
    body = base64.b64encode(bytes(range(256))).decode()
    headers = {"Content-Type": "application/x-bytes"}
    answer = await request(ada, connection, method="POST", path="/b", body_base64=body, headers=headers)
    assert answer.status == 200, answer.text
    assert last(world).body == bytes(range(256))
    assert last(world).headers["content-type"] == "application/x-bytes"


async def test_an_error_of_the_service(world: World, ada: Member, connection: UUID) -> None:
    world.upstream.on(
        "/fails", respond(status=404, text='{"message": "No such tea"}', content_type="application/json")
    )
    answer = await request(ada, connection, path="/fails")
    assert answer.outcome == (502, "upstream_error")
    assert answer.json["detail"] == "The service answered 404: No such tea."
    check_refusal(world, ada, answer, status="error", status_code=404, attempts=1)


@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
async def test_the_callers_authorization_does_not_count(
    world: World, ada: Member, connection: UUID, token: str, name: str
) -> None:
    answer = await request(ada, connection, path="/own", headers={name: "Bearer mine"})
    assert answer.status == 200, answer.text
    assert last(world).headers["authorization"] == f"Bearer {token}"


async def test_a_credential_in_the_query_stays(world: World, ada: Member) -> None:
    key = secret("key")
    place = {"in": "query", "name": "key", "value": "{api_key}"}
    service = world.integration(auth_type="api_key", auth_config={"credential_placement": [place]})
    connection = world.connect(ada, service, {"api_key": key})
    answer = await request(ada, connection, path="/k", query={"key": ["mine", "too"], "a": 1})
    assert answer.status == 200
    assert sorted(last(world).query_string.split("&")) == ["a=1", f"key={key}"]
    assert key not in json.dumps(world.log(answer), default=str)


REFUSED: list[tuple[dict[str, Any], str]] = [
    *(({"path": "/x", "headers": {name: "1"}}, f"/parameters/headers/{name}")
      for name in ("Host", "content-length", "Transfer-Encoding", "Connection", "Upgrade", "TE", "Trailer", "Expect",
                   "Keep-Alive", "Proxy-Authorization", "a b", "", "a\r\nb")),
    *(({"path": "/x", "headers": {"X-A": value}}, "/parameters/headers/X-A") for value in ("a\r\nHost: b", "\x1f")),
    *(({"path": path}, "/parameters/path")
      for path in ("//evil", "//evil.example/x", "/../x", "/a/../x", "/a/..", "/./x", "/%2e%2e/x", "/a%2F..%2Fx",
                   "/..;/x", "/a\\..\\x", "http://evil.example/", "https:evil", "x", "", "@evil.example/", "/a b",
                   "/a\r\nX: y", "/ä", "/a?b=c", "/a#b", "/a\t", ".", "..")),
    ({}, "/parameters/path"),
    ({"path": 5}, "/parameters/path"),
    ({"path": "/x", "method": "TRACE"}, "/parameters/method"),
    ({"path": "/x", "method": "GET / HTTP/1.1\r\nX: y"}, "/parameters/method"),
    ({"path": "/x", "method": "get"}, "/parameters/method"),
    ({"path": "/x", "query": {"a": {"b": 1}}}, "/parameters/query/a"),
    ({"path": "/x", "query": "a=b"}, "/parameters/query"),
    ({"path": "/x", "headers": {"X-A": 5}}, "/parameters/headers/X-A"),
    ({"path": "/x", "url": "http://evil.example/"}, "/parameters/url"),
    ({"path": "/x", "body": 1, "body_base64": "YQ=="}, "/parameters/body_base64"),
    ({"path": "/x", "body_base64": "no base64!"}, "/parameters/body_base64"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "pointer"), REFUSED, ids=[json.dumps(one)[:60] for one, _ in REFUSED])
async def test_what_leaves_its_place_is_refused(
    world: World, ada: Member, connection: UUID, parameters: dict[str, Any], pointer: str
) -> None:
    before = len(world.upstream.received())
    answer = await request(ada, connection, **parameters)
    assert answer.outcome == (422, "invalid_parameters"), answer.text
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]
    assert world.log(answer)["error_code"] == "invalid_parameters"
    assert len(world.upstream.received()) == before


@pytest.mark.parametrize("path", ["/a..b", "/.well-known/x", "/...", "/a//b", "/x@y:5", "/%20", "/a;b=c"])
async def test_paths_that_only_look_odd(world: World, ada: Member, connection: UUID, path: str) -> None:
    answer = await request(ada, connection, path=path)
    assert answer.status == 200, answer.text
    assert last(world).path == path


async def test_it_stays_under_the_base_url(world: World, ada: Member) -> None:
    connection = world.connect(ada, world.integration(base_url=f"{world.upstream.url}/api/v1"))
    assert (await request(ada, connection, path="/things")).status == 200
    assert last(world).path == "/api/v1/things"
    assert (await request(ada, connection, path="/../admin")).outcome == (422, "invalid_parameters")


async def test_a_redirect_carries_no_credential_away(
    world: World, ada: Member, connection: UUID, token: str, elsewhere: Upstream
) -> None:
    world.upstream.on("/away", respond(status=302, headers={"Location": f"{elsewhere.url}/landed"}))
    answer = await request(
        ada, connection, path="/away", headers={"X-Own": "private"}, query={"q": "private"}
    )
    assert answer.status == 200, answer.text
    (landed,) = elsewhere.received()
    assert "authorization" not in landed.headers
    assert "x-own" not in landed.headers
    assert token not in repr(landed)
    posted = await request(ada, connection, method="POST", path="/away", body={"a": token})
    assert posted.outcome == (502, "upstream_error")
    assert len(elsewhere.received()) == 1


async def test_repeated_as_the_integration_says(world: World, ada: Member) -> None:
    service = world.integration()
    as_owner(
        world.urls,
        """UPDATE integrations SET transform_config = '{"retry": {"first_delay_ms": 1},
           "headers": {"X-Version": "7"}}' WHERE id = %s""",
        service,
    )
    connection = world.connect(ada, service)
    path = f"/flaky-{service.hex}"
    world.upstream.on(path, respond(status=503))
    answer = await request(ada, connection, path=path)
    check_refusal(world, ada, answer, status="error", attempts=3)
    answer = await request(ada, connection, path=path, method="POST")
    check_refusal(world, ada, answer, status="error", attempts=1)
    assert {one.headers["x-version"] for one in world.upstream.received(path)} == {"7"}


async def test_an_action_of_that_name_takes_its_place(world: World, ada: Member) -> None:
    service = world.integration()
    connection = world.connect(ada, service)
    world.action(service, "http-request", "/own-action")
    assert (await request(ada, connection, path="/elsewhere")).json["data"]["path"] == "/own-action"


async def test_a_row_with_four_columns_has_it(world: World, ada: Member, elsewhere: Upstream) -> None:
    slug = f"four-{ada.user_id.hex[-8:]}"
    as_owner(
        world.urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type) VALUES ('Four', %s, %s, 'bearer')",
        slug,
        elsewhere.url,
    )
    token = secret("token")
    body = {
        "workspace_id": str(ada.workspace_id),
        "integration": slug,
        "name": "Mine",
        "credentials": {"token": token},
    }
    made = await ada.caller.call("POST", "/api/v2/connections", body)
    assert made.status == 201, made.text
    answer = await request(ada, UUID(made.json["id"]), path="/anything")
    assert answer.status == 200, answer.text
    (one,) = elsewhere.received()
    assert (one.path, one.headers["authorization"]) == ("/anything", f"Bearer {token}")
    actions = await ada.caller.get(f"/api/v2/integrations/{slug}/actions")
    assert "http-request" in [action["slug"] for action in actions["data"]]
    paged = await ada.execute(UUID(made.json["id"]), "http-request", {"path": "/"}, paginate={"max_pages": 2})
    assert paged.outcome == (400, "malformed_request")


async def test_it_counts_against_the_limits(world: World, ada: Member) -> None:
    service = world.integration()
    as_owner(
        world.urls,
        """UPDATE integrations SET rate_limits = '[{"requests": 2, "per_seconds": 3600, "per": "organization"}]'
           WHERE id = %s""",
        service,
    )
    # Two workers count apart without Redis: five are more than both allow.
    connection = world.connect(ada, service)
    answers = [await request(ada, connection, path=f"/counted-{service.hex}") for _ in range(5)]
    refused = [answer for answer in answers if answer.status != 200]
    assert {answer.outcome for answer in refused} == {(429, "rate_limited")}
    sent = world.upstream.received(f"/counted-{service.hex}")
    assert len(sent) == len(answers) - len(refused) <= 4
    for answer in refused:
        check_refusal(world, ada, answer, attempts=0)
