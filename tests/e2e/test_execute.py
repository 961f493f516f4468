"""What `POST /api/v2/execute` promises: its answers, its errors, and the audit row of each."""

import asyncio
import base64
import json
import re
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from tests.e2e.upstreams import Answer, Received, respond, speaking
from tests.e2e.worlds import Member, World, check_refusal, secret


async def test_the_answer_and_the_audit_row(world: World, ada: Member) -> None:
    service = world.integration()
    token = secret("token")
    connection = world.connect(ada, service, {"token": token})
    answer = await ada.execute(connection, parameters={"topic": "tea", "count": 2, "nothing": None})

    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json
    assert body.keys() == {"execution_id", "status", "status_code", "data", "duration_ms", "meta"}
    assert (body["status"], body["status_code"]) == ("success", 200)
    assert body["meta"] == {
        "attempts": 1, "refreshed": False, "pages": 1, "truncated": False, "rate_limit": {},
    }  # fmt: skip
    assert body["duration_ms"] > 0
    data = body["data"]
    assert (data["method"], data["path"]) == ("POST", "/echo")
    assert json.loads(data["body"]) == {"topic": "tea", "count": 2, "nothing": None}
    assert data["headers"]["authorization"] == f"Bearer {token}"
    assert data["headers"]["user-agent"].startswith("Portway/")

    row = world.log(answer)
    assert (row["status"], row["status_code"], row["error_code"], row["attempts"]) == (
        "success",
        200,
        None,
        1,
    )
    assert (row["user_id"], row["connection_id"]) == (ada.user_id, connection)
    assert (row["workspace_id"], row["organization_id"]) == (ada.workspace_id, ada.organization_id)
    assert row["integration_id"] == service
    assert row["action_id"] is not None
    assert row["request_payload"] == {"topic": "tea", "count": 2, "nothing": None}
    assert row["response_payload"]["path"] == "/echo"
    assert token not in json.dumps(row["response_payload"])
    assert row["duration_ms"] == pytest.approx(body["duration_ms"], abs=5)


@pytest.mark.parametrize("status", [200, 400])
async def test_where_the_time_went_is_told_to_whoever_asks(
    world: World, ada: Member, service: UUID, connection: UUID, status: int
) -> None:
    async def late(_: Received) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        return web.json_response({}, status=status)

    world.upstream.on(f"/late/{status}", late)
    world.action(service, f"late-{status}", f"/late/{status}", "GET")
    asked = await ada.execute(
        connection, f"late-{status}", headers={"Prefer": "respond-async, Server-Timing"}
    )
    silent = await ada.execute(connection, f"late-{status}")
    assert "server-timing" not in silent.headers
    entries = (entry.split(";dur=") for entry in asked.headers["server-timing"].split(", "))
    stages = {name: float(milliseconds) for name, milliseconds in entries}
    assert stages.keys() == {"open", "service", "close", "portway", "total"}
    assert 200 <= stages["service"] < stages["total"]
    assert stages["open"] > 0
    assert stages["close"] > 0
    assert stages["total"] == pytest.approx(sum(stages.values()) - stages["total"], abs=0.05)
    metrics = (await ada.caller.send("GET", "/metrics")).text
    counts = re.findall(r'stage_duration_seconds_count{stage="(\w+)"} ([0-9.]+)', metrics)
    assert {stage for stage, count in counts if float(count) > 0} == {"opening", "service", "closing"}


async def test_get_takes_its_parameters_into_path_and_query(
    world: World, ada: Member, service: UUID, connection: UUID
) -> None:
    world.action(service, "look", "/things/{thing}/parts", "GET")
    answer = await ada.execute(connection, "look", {"thing": "a/b c", "size": [1, 2], "deep": True})
    data = answer.json["data"]
    assert (data["method"], data["path"], data["body"]) == ("GET", "/things/a%2Fb%20c/parts", "")
    assert data["query"]["deep"] == "true"


def json_text(text: str, status: int = 200) -> dict[str, Any]:
    return {"text": text, "content_type": "application/json", "status": status}


BYTES = bytes(range(256))
UMLAUTS = "Grüße 你好 🎈"


FILE = {
    "content_type": "image/png",
    "filename": "ä.png",
    "size": 256,
    "base64": base64.b64encode(BYTES).decode(),
}


@pytest.mark.parametrize(
    ("answer", "status_code", "data"),
    [
        (json_text("[1, 2.5, null]"), 200, [1, 2.5, None]),
        ({"text": '"a"', "content_type": "application/problem+json"}, 200, "a"),
        (json_text("{}", status=201), 201, {}),
        (json_text(""), 200, None),
        (json_text('["\\ud800"]'), 200, ["\ufffd"]),
        (json_text('["a\\u0000b"]'), 200, ["a\0b"]),
        (json_text("[12345678901234567890123, 1e300]"), 200, [12345678901234567890123, 1e300]),
        ({"status": 204}, 204, None),
        ({"text": UMLAUTS, "content_type": "text/plain"}, 200, UMLAUTS),
        (
            {"body": b"Gr\xfc\xdfe", "headers": {"Content-Type": "text/plain; charset=latin-1"}},
            200,
            "Grüße",
        ),
        (
            {
                "body": BYTES,
                "headers": {
                    "Content-Type": "image/png",
                    "Content-Disposition": "attachment; filename=\"../a.png\"; filename*=UTF-8''%c3%a4.png",
                },
            },
            200,
            FILE,
        ),
    ],
)
async def test_every_kind_of_answer_becomes_data(
    world: World, ada: Member, answer: dict[str, Any], status_code: int, data: Any
) -> None:
    service = world.integration()
    slug = f"answers-{service.hex}"
    world.action(service, slug)
    world.upstream.on(f"/{slug}", respond(**answer))
    executed = await ada.execute(world.connect(ada, service), slug)
    assert executed.status == 200, executed.text
    assert executed.json["status_code"] == status_code
    assert executed.json["data"] == data
    assert world.log(executed)["status"] == "success"


async def test_bytes_come_through_where_they_are_asked_for(
    world: World, ada: Member, service: UUID, connection: UUID
) -> None:
    world.action(service, "raw")
    world.upstream.on("/raw", respond(body=BYTES, content_type="image/png"))
    answer = await ada.execute(connection, "raw", headers={"Accept": "application/octet-stream"})
    assert (answer.status, answer.body) == (200, BYTES)
    assert answer.headers["Content-Type"] == "image/png"
    (row,) = world.logs(id=answer.headers["X-Execution-Id"])
    assert row["status"] == "success"
    refused = await ada.execute(connection, "nope", headers={"Accept": "application/octet-stream"})
    assert refused.outcome == (404, "not_found")


async def test_a_content_type_of_any_quality_does_no_harm(world: World, ada: Member) -> None:
    # It hangs up, and says so: else the second request may meet a connection that is about to be closed.
    head = (
        'HTTP/1.1 200 OK\r\nContent-Type: text/plain; name="你好"\r\nContent-Length: 2\r\nConnection: close'
    )
    reply = f"{head}\r\n\r\nok"
    with speaking(reply.encode()) as url:
        connection = world.connect(ada, world.integration(base_url=url))
        assert (await ada.execute(connection)).json["data"] == "ok"
        raw = await ada.execute(connection, headers={"Accept": "application/octet-stream"})
    assert (raw.status, raw.body) == (200, b"ok")


async def test_an_error_of_the_service(world: World, ada: Member, service: UUID, connection: UUID) -> None:
    world.action(service, "teapot")
    world.upstream.on(
        "/teapot",
        respond(status=418, text='{"error": "short and stout"}', content_type="application/json",
                headers={"X-Request-Id": "up-1", "Set-Cookie": "session=hidden"}),
    )  # fmt: skip
    answer = await ada.execute(connection, "teapot", {"a": 1})
    assert answer.outcome == (502, "upstream_error")
    upstream = answer.json["upstream"]
    assert (upstream["status_code"], upstream["body"]) == (418, {"error": "short and stout"})
    assert upstream["headers"]["x-request-id"] == "up-1"
    assert "hidden" not in answer.text
    check_refusal(
        world, ada, answer, status="error", status_code=418, attempts=1,
        response_payload={"error": "short and stout"}, request_payload={"a": 1},
    )  # fmt: skip


async def test_a_limit_of_the_service_is_passed_on(
    world: World, ada: Member, service: UUID, connection: UUID
) -> None:
    world.action(service, "limited")
    world.upstream.on("/limited", respond(status=429, headers={"Retry-After": "17"}))
    answer = await ada.execute(connection, "limited")
    assert answer.outcome == (502, "upstream_error")
    assert answer.headers["Retry-After"] == "17"


async def test_a_header_of_an_error_of_any_quality(world: World, ada: Member) -> None:
    reply = "HTTP/1.1 429 No\r\nRetry-After: 你好\r\nX-Request-Id: \u2028\r\nContent-Length: 0\r\n\r\n"
    with speaking(reply.encode()) as url:
        answer = await ada.execute(world.connect(ada, world.integration(base_url=url)))
    assert answer.outcome == (502, "upstream_error")


async def test_a_broken_utf8_error_body(world: World, ada: Member, service: UUID, connection: UUID) -> None:
    world.action(service, "broken-text")
    world.upstream.on(
        "/broken-text", respond(status=500, body=b"\xff\xfe\x00\xd8", content_type="application/json")
    )
    answer = await ada.execute(connection, "broken-text")
    assert answer.outcome == (502, "upstream_error")
    assert world.log(answer)["status"] == "error"


@pytest.mark.parametrize(
    "reply",
    [
        b"this is not HTTP\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n{no}",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n[1e999]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
    ids=lambda reply: repr(reply[:40]),
)
async def test_an_answer_that_is_none(world: World, ada: Member, reply: bytes) -> None:
    with speaking(reply) as url:
        answer = await ada.execute(world.connect(ada, world.integration(base_url=url)))
    assert answer.outcome == (502, "upstream_invalid_response")
    check_refusal(world, ada, answer, status="error", attempts=1)


async def test_an_answer_over_the_limit(world: World, ada: Member, service: UUID, connection: UUID) -> None:
    async def flood(received: Received) -> web.StreamResponse:
        return web.Response(body=b"\0" * (32 * 1024 * 1024), content_type="application/octet-stream")

    world.action(service, "flood")
    world.upstream.on("/flood", flood)
    answer = await ada.execute(connection, "flood")
    assert answer.outcome == (502, "upstream_invalid_response")
    assert "larger" in answer.json["detail"]


async def test_a_slow_service(world: World, ada: Member, service: UUID, connection: UUID) -> None:
    async def never(_: Received) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    world.action(service, "slow", timeout_ms=300)
    world.upstream.on("/slow", never)
    answer = await ada.execute(connection, "slow")
    assert answer.outcome == (504, "upstream_timeout")
    check_refusal(world, ada, answer, status="error", attempts=1)
    assert 250 < world.log(answer)["duration_ms"] < 5000
    world.action(service, "slower")
    world.upstream.on("/slower", never)
    assert (await ada.execute(connection, "slower", timeout_ms=200)).outcome == (504, "upstream_timeout")


async def test_nobody_listens(world: World, ada: Member) -> None:
    connection = world.connect(ada, world.integration(base_url="http://127.0.0.1:9"))
    answer = await ada.execute(connection)
    assert answer.outcome == (502, "upstream_unreachable")
    assert world.log(answer)["error_code"] == "upstream_unreachable"


async def test_a_name_that_does_not_resolve(world: World, ada: Member) -> None:
    connection = world.connect(ada, world.integration(base_url="http://does-not-exist.invalid"))
    assert (await ada.execute(connection)).outcome == (502, "upstream_unreachable")


async def test_redirects(world: World, ada: Member, service: UUID, connection: UUID) -> None:
    def to(where: str) -> Answer:
        return respond(status=302, headers={"Location": where})

    world.action(service, "moved", method="GET")
    world.upstream.on("/moved", to("/target?x=1"))
    followed = await ada.execute(connection, "moved")
    assert followed.json["data"]["path"] == "/target"
    world.action(service, "moved-post", path="/moved")
    assert (await ada.execute(connection, "moved-post")).outcome == (502, "upstream_error")
    world.action(service, "round", method="GET")
    world.upstream.on("/round", to("/round"))
    assert (await ada.execute(connection, "round")).outcome == (502, "upstream_invalid_response")


async def test_a_request_id_of_the_caller_is_kept(ada: Member, connection: UUID) -> None:
    answer = await ada.execute(connection, headers={"X-Request-Id": "from-outside-1"})
    assert answer.headers["X-Request-Id"] == "from-outside-1"
    hostile = await ada.execute(connection, headers={"X-Request-Id": "x" * 5000})
    assert len(hostile.headers["X-Request-Id"]) < 300
