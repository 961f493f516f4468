"""The audit log over HTTP."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from portway.api.log_formats import ndjson_lines
from tests.integration.api.whole import Caller, Whole
from tests.people import as_owner, join, new_log, uuid_v7

PATH = "/api/v2/logs"
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def ann(whole: Whole) -> Caller:
    return whole.person("ann")


@pytest.fixture(scope="module")
def log(whole: Whole, ann: Caller) -> list[UUID]:
    """Five executions, newest first."""
    (integration,) = as_owner(
        whole.urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type) VALUES ('L', 'logged', 'https://x.example', 'none')"
        " RETURNING id",
    )[0]
    (action,) = as_owner(
        whole.urls,
        "INSERT INTO actions (integration_id, name, slug) VALUES (%s, 'A', 'act') RETURNING id",
        integration,
    )[0]
    members: list[dict[str, Any]] = [
        {"integration_id": integration, "action_id": action},
        {"status": "error", "status_code": 503, "error_code": "upstream_error", "duration_ms": 12.5},
        {"status": "refused", "error_code": "forbidden", "connection_id": uuid4(), "response_payload": None},
        {"request_payload": json.dumps({"q": "=1+1", "ü": [1, None]}), "response_payload": '"=cmd()"'},
        {"status": "unknown", "status_code": None, "duration_ms": None, "error_code": "=HYPERLINK(1)"},
    ]
    return [
        new_log(whole.urls, ann.person, NOW - timedelta(hours=hours), **row)
        for hours, row in enumerate(members)
    ]


async def ids(caller: Caller, query: str = "") -> list[UUID]:
    answer = await caller.api.get(f"{PATH}?{query}")
    assert answer.status == 200, answer.content
    return [UUID(entry["id"]) for entry in answer.json["data"]]


async def test_one_is_shown_with_names_and_payloads(whole: Whole, ann: Caller, log: list[UUID]) -> None:
    shown = (await ann.api.get(f"{PATH}/{log[0]}")).json
    assert shown | {"action_id": 0, "integration_id": 0} == {
        "id": str(log[0]),
        "executed_at": NOW.isoformat().replace("+00:00", "Z"),
        "status": "success",
        "user_id": str(ann.person.user_id),
        "organization_id": str(ann.person.organization_id),
        "workspace_id": str(ann.person.workspace_id),
        "connection_id": None,
        "action_id": 0,
        "integration": "logged",
        "action": "act",
        "request_payload": {"q": 1},
        "response_payload": {"ok": True},
        "payload_truncated": False,
        "status_code": 200,
        "error_code": None,
        "duration_ms": 10.0,
        "attempts": 1,
        "integration_id": 0,
        "integration_name": "L",
        "action_name": "A",
        "connection_name": None,
        "end_user_id": None,
        "user_name": "ann",
        "user_email": ann.person.email,
    }
    assert (await ann.api.get(f"{PATH}?limit=1")).json["data"] == [shown]
    bare = (await ann.api.get(f"{PATH}?limit=1&payloads=false")).json["data"]
    assert bare == [shown | {"request_payload": None, "response_payload": None}]
    for missing in (uuid4(), uuid_v7(NOW), UUID(int=0)):
        assert (await ann.api.get(f"{PATH}/{missing}")).code == "not_found"
    assert (await ann.api.get(f"{PATH}/five")).code == "malformed_request"


async def test_filters(ann: Caller, log: list[UUID]) -> None:
    def at(hours: int) -> str:
        return (NOW - timedelta(hours=hours)).isoformat().replace("+00:00", "Z")

    (connection_id,) = {
        e["connection_id"] for e in (await ann.api.get(PATH)).json["data"] if e["connection_id"]
    }
    for query, expected in (
        ("", log),
        (f"from={at(3)}&to={at(1)}", log[2:4]),
        ("from=2020-01-01T00:00:00%2B14:00&to=2020-02-01T00:00:00Z", []),
        ("integration=logged", log[:1]),
        ("action=act&integration=logged", log[:1]),
        ("action=other", []),
        (f"connection_id={connection_id}", log[2:3]),
        (f"user_id={ann.person.user_id}", log),
        (f"user_id={ann.person.workspace_id}", []),
        (f"workspace_id={ann.person.workspace_id}", log),
        ("status=error", log[1:2]),
        ("status=error&status=unknown", [log[1], log[4]]),
        ("status_code=503", log[1:2]),
        ("error_code=forbidden", log[2:3]),
    ):
        assert await ids(ann, query) == expected, query


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=x", "cursor=x", "cursor=WyJhIiwiYiJd", "payloads=maybe"),
        *("from=yesterday", "from=2026-01-01", "from=0001-01-01T00:00:00Z", "to=9999-12-31T23:59:59Z"),
        *("status=fine", "status_code=1", "connection_id=x", "conection_id=x", "integration=%00", "action="),
    ],
)
async def test_what_cannot_be_asked(ann: Caller, query: str) -> None:
    assert (await ann.api.get(f"{PATH}?{query}")).code == "malformed_request"
    if not query.startswith(("limit", "cursor", "payloads")):
        assert (await ann.api.get(f"{PATH}/export?{query}")).code == "malformed_request"


async def test_pages(ann: Caller, log: list[UUID]) -> None:
    found: list[UUID] = []
    cursor = ""
    while True:
        page = (await ann.api.get(f"{PATH}?limit=2{cursor}")).json
        found += [UUID(entry["id"]) for entry in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == log


async def test_everyone_sees_their_workspaces(whole: Whole, ann: Caller, log: list[UUID]) -> None:
    mate, eve = whole.person("mate"), whole.person("eve")
    join(whole.urls, mate.person, ann.person, "viewer")
    assert await ids(mate) == log
    assert await ids(eve) == []
    assert await ids(eve, f"workspace_id={ann.person.workspace_id}") == []
    assert (await eve.api.get(f"{PATH}/{log[0]}")).code == "not_found"
    assert (await eve.api.get(f"{PATH}/export")).content == b""
    limited = whole.limited(ann, "execute", "connections:read")
    for path in (PATH, f"{PATH}/{log[0]}", f"{PATH}/export", "/api/v2/usage"):
        assert (await limited.get(path)).code == "forbidden"
        assert (await whole.api.get(path)).code == "unauthenticated"


async def test_exported_as_json_lines(ann: Caller, log: list[UUID]) -> None:
    answer = await ann.api.get(f"{PATH}/export")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="portway-logs-')
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert lines == (await ann.api.get(PATH)).json["data"]
    one = await ann.api.get(f"{PATH}/export?format=ndjson&status=error")
    assert [UUID(json.loads(line)["id"]) for line in one.content.splitlines()] == log[1:2]
    assert (await ann.api.get(f"{PATH}/export?format=xlsx")).code == "malformed_request"


async def test_exported_as_csv_that_no_spreadsheet_runs(ann: Caller, log: list[UUID]) -> None:
    answer = await ann.api.get(f"{PATH}/export?format=csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    assert [UUID(row["id"]) for row in rows] == log
    assert rows[0]["executed_at"] == NOW.isoformat().replace("+00:00", "Z")
    assert (rows[1]["status"], rows[1]["status_code"], rows[1]["duration_ms"]) == ("error", "503", "12.5")
    assert (rows[0]["error_code"], rows[0]["payload_truncated"]) == ("", "false")
    assert json.loads(rows[3]["request_payload"]) == {"q": "=1+1", "ü": [1, None]}
    assert rows[3]["response_payload"] == '"=cmd()"'
    assert rows[4]["error_code"] == "'=HYPERLINK(1)"
    assert (await ann.api.get(f"{PATH}/export?format=csv&status=started")).content.count(b"\r\n") == 1


async def test_a_long_export_is_whole(whole: Whole) -> None:
    bob = whole.person("bob")
    as_owner(
        whole.urls,
        "INSERT INTO api_logs (id, executed_at, status, user_id, workspace_id, deadline, request_payload)"
        " SELECT app.uuid_v7(), date_trunc('hour', now()) - (n / 7) * interval '1 ms', 'success', %s, %s, now(),"
        " jsonb_build_object('n', n) FROM generate_series(1, 2345) AS n",
        bob.person.user_id,
        bob.person.workspace_id,
    )
    answer = await bob.api.get(f"{PATH}/export")
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert {line["request_payload"]["n"] for line in lines} == set(range(1, 2346))
    assert len(lines) == 2345
    exactly = await bob.api.get(f"{PATH}/export?format=csv")
    assert exactly.content.count(b"\r\n") == 2346


async def test_an_export_of_somebody_revoked_breaks_off(
    whole: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aiohttp import ClientPayloadError

    from portway.api import logs as routes

    eve = whole.person("eve")
    for _ in range(3):
        new_log(whole.urls, eve.person, NOW)
    monkeypatch.setattr(routes, "_EXPORT_BATCH", 2)
    revoked = False

    def encode_and_revoke(batch: Any) -> bytes:
        nonlocal revoked
        if not revoked:
            as_owner(
                whole.urls, "UPDATE api_keys SET revoked_at = now() WHERE user_id = %s", eve.person.user_id
            )
            revoked = True
        return ndjson_lines(batch)

    monkeypatch.setitem(routes._ENCODERS, routes.ExportFormat.NDJSON, encode_and_revoke)
    with pytest.raises(ClientPayloadError):
        await eve.api.get(f"{PATH}/export")
    assert revoked


async def test_an_execution_is_in_the_log_when_its_answer_is_there(whole: Whole) -> None:
    bob = whole.person("bob")
    await whole.integration(bob, "run", "bearer")
    await bob.api.post(
        "/api/v2/integrations/run/actions",
        {"slug": "me", "name": "Me", "http_method": "GET", "endpoint_path": "/me"},
    )
    connection = (await bob.connect_directly("run")).json["id"]
    body = {
        "workspace_id": str(bob.person.workspace_id),
        "connection_id": connection,
        "action": "me",
        "parameters": {"password": "hunter22", "q": 1},
    }
    answer = await bob.api.post("/api/v2/execute", body)
    assert answer.status == 200, answer.content
    logged = (await bob.api.get(f"{PATH}/{answer.json['execution_id']}")).json
    assert (logged["status"], logged["action"], logged["integration"]) == ("success", "me", "run")
    assert logged["request_payload"]["q"] == 1
    assert "hunter22" not in json.dumps(logged)
    assert (await bob.api.get(f"/api/v2/connections/{connection}")).json["last_used_at"] is not None
    refused = await bob.api.post("/api/v2/execute", body | {"action": "nothing"})
    assert refused.status == 404
    logged = (await bob.api.get(f"{PATH}/{refused.json['execution_id']}")).json
    assert (logged["status"], logged["error_code"]) == ("refused", "not_found")
