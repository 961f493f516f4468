"""Rows that came in by SQL with documents that mean nothing: each is told by name, none is a fault of the gateway's."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.worlds import Member, World
from tests.people import as_owner

PAGES = {"type": "cursor", "items": "a", "cursor": "b", "parameter": "c"}
LIMIT = {"requests": 1, "per_seconds": 1}
PLACE = {"in": "header", "name": "X-Key", "value": "{token}"}

ACTIONS: list[tuple[Any, str]] = [
    ({"unknown": 1}, "unknown"),
    ({"parameters": {}}, "parameters"),
    ({"parameters": [5]}, "parameters[0]"),
    ({"parameters": [{}]}, "parameters[0]"),
    ({"parameters": [{"op": None}]}, "parameters[0].op"),
    ({"parameters": [{"op": "rename", "parameter": "/a", "to": 5}]}, "parameters[0].to"),
    ({"parameters": [{"op": "move", "parameter": "/~2", "to": "b"}]}, "parameters[0]"),
    ({"parameters": [{"op": "template", "parameter": "/a", "template": "{"}]}, "template"),
    ({"parameters": [{"op": "template", "parameter": "/a", "template": ""}]}, "template"),
    ({"parameters": [{"op": "format_date", "parameter": "/a", "format": "stardate"}]}, "format"),
    ({"parameters": [{"op": "split", "parameter": "/a", "separator": ""}]}, "separator"),
    ({"parameters": [{"op": "omit_empty"}] * 201}, "parameters"),
    ({"locations": []}, "locations"),
    ({"locations": {"a": None}}, "locations.a"),
    ({"locations": {"a": {"in": "attic"}}}, "locations.a"),
    ({"locations": {"a": {"in": "path"}}}, "locations.a"),
    ({"locations": {"a": {"in": "query", "style": "matrix"}}}, "locations.a.style"),
    ({"locations": {"a": {"in": "query", "explode": "yes"}}}, "locations.a.explode"),
    ({"locations": {"a": {"in": "body", "allow_reserved": True}}}, "locations.a.allow_reserved"),
    ({"locations": {"a": {"in": "body", "content_type": "text/plain"}}}, "locations.a.content_type"),
    ({"locations": {"Host": "header"}}, "host"),
    ({"locations": {"a b": "cookie"}}, "locations.a b"),
    ({"query": {"style": "simple"}}, "query.style"),
    ({"query": []}, "query"),
    ({"headers": []}, "headers"),
    ({"headers": {"X": 5}}, "headers.X"),
    ({"headers": {"X": "a\r\nY: b"}}, "headers.X"),
    ({"headers": {"": "a"}}, "header"),
    ({"headers": {"a b": "a"}}, "a b"),
    ({"headers": {"Content-Length": "5"}}, "content-length"),
    ({"headers": {"X": "{account}"}}, "headers.x"),
    ({"body": "json"}, "body"),
    ({"body": {}}, "body"),
    ({"body": {"encoding": "json", "file": "a"}}, "body"),
    ({"body": {"encoding": "json", "content_type": "json\r\n"}}, "body.content_type"),
    ({"body": {"encoding": "multipart", "files": "a"}}, "body.files"),
    ({"body": {"encoding": "raw"}}, "body"),
    ({"body": {"encoding": "raw", "file": "a"}, "locations": {"a": "query"}}, "body.file"),
    ({"body": {"encoding": "xml", "root": "<a>"}}, "transform_config.body: '<a>'"),
    ({"body": {"encoding": "xml", "root": "a", "attributes": {"x y": "1"}}}, "transform_config.body: 'x y'"),
    ({"body": {"encoding": "graphql", "query": ""}}, "body.query"),
    ({"body": {"encoding": "none"}, "locations": {"a": "body"}}, "locations.a"),
    ({"response": {"data": ""}}, "response.data"),
    ({"response": {"data": "a."}}, "response.data"),
    ({"response": {"data": "no_such_function(@)"}}, "response.data"),
    ({"response": {"data": "(" * 500}}, "response.data"),
    ({"response": {"message": "`{`"}}, "response.message"),
    ({"response": {"format": "yaml"}}, "response.format"),
    ({"response": {"max_bytes": 0}}, "response.max_bytes"),
    ({"response": {"max_bytes": 1e300}}, "response.max_bytes"),
    ({"pagination": {}}, "pagination"),
    ({"pagination": {"type": "scroll"}}, "pagination.type"),
    ({"pagination": PAGES | {"cursor": "]"}}, "pagination.cursor"),
    ({"pagination": PAGES | {"items": 5}}, "pagination.items"),
    ({"pagination": {"type": "page", "parameter": "p", "first": "1"}}, "pagination.first"),
    ({"retry": {"statuses": [200]}}, "retry.statuses"),
    ({"retry": {"max_attempts": 0}}, "retry.max_attempts"),
    ({"retry": {"first_delay_ms": -1}}, "retry.first_delay_ms"),
    ({"retry": {"idempotency_header": ""}}, "retry.idempotency_header"),
    ({"retry": {"idempotency_header": "a b"}}, "retry.idempotency_header"),
    ({"retry": {"idempotency_header": "Host"}}, "retry.idempotency_header"),
    ({"response": {"data": "[" * 3000}}, "response.data"),
]
LIMITS: list[tuple[Any, str]] = [
    ([5], "rate_limits[0]"),
    ([{}], "rate_limits[0]"),
    ([LIMIT | {"requests": 0}], "rate_limits[0].requests"),
    ([LIMIT, LIMIT | {"per_seconds": 1.5}], "rate_limits[1].per_seconds"),
    ([LIMIT | {"per_seconds": 10**12}], "rate_limits[0].per_seconds"),
    ([LIMIT | {"per": "planet"}], "rate_limits[0].per"),
    ([LIMIT | {"x": 1}], "rate_limits[0]"),
    ([LIMIT] * 11, "rate_limits"),
]
AUTH: list[tuple[Any, str]] = [
    ({"credential_placement": {}}, "credential_placement"),
    ({"credential_placement": []}, "credential_placement"),
    ({"credential_placement": [5]}, "credential_placement[0]"),
    ({"credential_placement": [PLACE | {"in": "cookie jar"}]}, "credential_placement[0].in"),
    ({"credential_placement": [PLACE | {"in": []}]}, "credential_placement[0].in"),
    ({"credential_placement": [PLACE, PLACE | {"value": 5}]}, "credential_placement[1]"),
    ({"credential_placement": [PLACE | {"name": "Host"}]}, "host"),
    ({"credential_placement": [PLACE | {"name": "a\r\nb"}]}, "header name"),
    ({"credential_placement": [PLACE | {"value": "{nothing}"}]}, "nothing"),
    ({"credential_placement": [PLACE | {"value": "a\r\nX: y"}]}, ""),
]


async def executed(world: World, ada: Member, table: str, column: str, document: Any) -> Any:
    """The answer of an action whose row, or whose integration's, has this document."""
    service = world.integration()
    world.action(service, "send")
    connection = world.connect(ada, service)
    put(world, table, column, document, service)
    return await ada.execute(connection, "send", {"a": 1})


def put(world: World, table: str, column: str, document: Any, service: UUID) -> None:
    text = json.dumps(document)
    match table, column:
        case "actions", "transform_config":
            statement = "UPDATE actions SET transform_config = %s WHERE slug = 'send' AND integration_id = %s"
            as_owner(world.urls, statement, text, service)
        case "actions", "rate_limits":
            statement = "UPDATE actions SET rate_limits = %s WHERE slug = 'send' AND integration_id = %s"
            as_owner(world.urls, statement, text, service)
        case _, "transform_config":
            as_owner(world.urls, "UPDATE integrations SET transform_config = %s WHERE id = %s", text, service)
        case _, "rate_limits":
            as_owner(world.urls, "UPDATE integrations SET rate_limits = %s WHERE id = %s", text, service)
        case _:
            as_owner(world.urls, "UPDATE integrations SET auth_config = %s WHERE id = %s", text, service)


INHERITED = ("query", "headers", "body", "response", "retry")
CASES = [
    *(("actions", "transform_config", document, words) for document, words in ACTIONS),
    *(
        ("integrations", "transform_config", document, words)
        for document, words in ACTIONS
        if set(document) <= set(INHERITED) or document == {"unknown": 1}
    ),
    *((table, "rate_limits", document, words) for table in ("actions", "integrations") for document, words in LIMITS),
    *(("integrations", "auth_config", document, words) for document, words in AUTH),
]  # fmt: skip


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{table}.{column} {json.dumps(document)[:50]}" for table, column, document, _ in CASES]
)  # fmt: skip
async def test_a_broken_document_is_told_by_name(
    world: World, ada: Member, case: tuple[str, str, Any, str]
) -> None:
    table, column, document, words = case
    before = len(world.upstream.received("/send"))
    answer = await executed(world, ada, table, column, document)
    assert answer.outcome == (422, "invalid_integration_config"), answer.text
    assert words in answer.json["detail"], answer.json["detail"]
    assert world.log(answer)["error_code"] == "invalid_integration_config"
    assert len(world.upstream.received("/send")) == before


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 2**70), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "a", "/a", "{a}", "a b", "\r\n", "@", "length(@)", "json", "header", "é", "x" * 3000]),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["a", "op", "in", "name", "encoding", "parameter", "to", "style", "type", "items"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
MEMBERS = ("parameters", "locations", "query", "headers", "body", "response", "pagination", "retry")
OUTCOMES = {None, "invalid_integration_config", "invalid_parameters"}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    document=st.dictionaries(st.sampled_from(MEMBERS), VALUES, min_size=1, max_size=2),
    table=st.sampled_from(["actions", "integrations"]),
)
async def test_no_document_is_a_fault_of_the_gateway(
    world: World, ada: Member, document: dict[str, Any], table: str
) -> None:
    answer = await executed(world, ada, table, "transform_config", document)
    assert (answer.code if answer.status != 200 else None) in OUTCOMES, answer.text
    assert world.log(answer)["status"] == ("success" if answer.status == 200 else "refused")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    auth=st.dictionaries(
        st.sampled_from(["credential_placement", "credential_fields", "verification", "token_url", "scopes",
                         "refresh_margin_seconds", "clientIdEnv", "token_params", "pkce"]),
        VALUES, min_size=1, max_size=3,
    )
)  # fmt: skip
async def test_no_auth_config_is_a_fault_of_the_gateway(
    world: World, ada: Member, auth: dict[str, Any]
) -> None:
    service = world.integration()
    connection = world.connect(ada, service)
    put(world, "integrations", "auth_config", auth, service)
    for action in ("echo", "verify-connection", "http-request"):
        answer = await ada.execute(connection, action, {"path": "/"} if action == "http-request" else {})
        assert (answer.code if answer.status != 200 else None) in OUTCOMES | {"not_found"}, answer.text
