import asyncio
import contextlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from portway.application import error_masking, recording
from portway.application.execution_result import ExecutionFailed
from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.domain.connection import ConnectionStatus
from portway.domain.errors import (
    EgressBlocked,
    Forbidden,
    InsufficientScope,
    InvalidIntegrationConfig,
    InvalidParameters,
    MalformedRequest,
    NotFound,
    PayloadTooLarge,
    PortwayError,
    ReauthorizationRequired,
    Unavailable,
    UpstreamError,
    UpstreamInvalidResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from portway.domain.execution import ExecutionStatus
from portway.domain.integration import AuthType
from portway.domain.json_value import JsonValue
from tests.fakes.definitions import an_integration
from tests.fakes.gateway import PUBLIC_URL, FakeGateway
from tests.fakes.http_client import UNAUTHORIZED, json_answer
from tests.replacing import replace

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "phrase": {"type": "string", "writeOnly": True}},
    "additionalProperties": False,
}


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


# Success


async def test_the_whole_of_it(gateway: FakeGateway) -> None:
    connected = gateway.connect(http_method="POST", endpoint_path="/mails", request_schema=SCHEMA)
    gateway.http.script(json_answer({"id": 7}, 201))

    result = await connected.execute({"to": "ada"})

    assert (result.status_code, result.data) == (201, {"id": 7})
    assert (result.attempts, result.refreshed) == (1, False)
    (sent,) = gateway.http.sent
    assert (sent.method, sent.url, sent.body) == ("POST", "https://api.example/mails", b'{"to":"ada"}')
    assert sent.headers["authorization"] == "Bearer old-access-token"
    row = connected.audit
    assert row.id == result.execution_id
    assert (row.status, row.status_code, row.error_code) == (ExecutionStatus.SUCCESS, 201, None)
    assert (row.request_payload, row.response_payload) == ({"to": "ada"}, {"id": 7})
    assert (row.attempts, row.payload_truncated) == (1, False)
    assert row.duration_ms == pytest.approx(result.duration_ms, abs=1000)


async def test_the_row_is_there_before_the_service_is_called(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    seen: list[ExecutionStatus] = []

    def answer(_: OutgoingRequest) -> UpstreamResponse:
        seen.append(connected.audit.status)
        return json_answer({})

    gateway.http.script(answer)
    await connected.execute()
    assert seen == [ExecutionStatus.STARTED]


async def test_a_service_that_needs_no_credential(gateway: FakeGateway) -> None:
    connected = gateway.connect(an_integration(AuthType.NONE), secrets={}, expires_in=None)
    await connected.execute()
    assert "authorization" not in gateway.http.sent[0].headers


async def test_parameters_are_transformed(gateway: FakeGateway) -> None:
    connected = gateway.connect(
        http_method="POST",
        transform_config={"parameters": [{"op": "wrap_array", "parameter": "values"}]},
    )
    await connected.execute({"values": [1, 2, 3]})
    assert gateway.http.sent[0].body == b'{"values":[[1,2,3]]}'


@pytest.mark.parametrize(("asked", "seconds"), [(None, 2.0), (500, 0.5), (60_000, 2.0)])
async def test_the_shorter_limit_counts(gateway: FakeGateway, asked: int | None, seconds: float) -> None:
    connected = gateway.connect(timeout_ms=2000)
    await connected.execute(timeout_ms=asked)
    assert gateway.http.timeouts[0] == pytest.approx(seconds, abs=0.4)
    assert gateway.http.timeouts[0] <= seconds


# Refusals


async def test_what_the_database_refuses_is_not_called(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    stranger = gateway.world.add_person()
    for members, error in (
        ({"connection_id": uuid4()}, NotFound),
        ({"workspace_id": uuid4()}, NotFound),
        ({"action": "nothing"}, NotFound),
        ({"workspace_id": stranger.workspace_id}, NotFound),
    ):
        assert type(await connected.failure(**members)) is error
        assert connected.audit.status is ExecutionStatus.REFUSED
    gateway.world.connections[connected.id].set_status(ConnectionStatus.DISABLED)
    assert isinstance(await connected.failure(), Forbidden)
    assert gateway.http.sent == []


async def test_invalid_parameters_never_reach_the_service(gateway: FakeGateway) -> None:
    connected = gateway.connect(request_schema=SCHEMA)
    error = await connected.failure({"to": 1, "cc": 2})
    assert isinstance(error, InvalidParameters)
    assert {fault.pointer for fault in error.faults} == {"/parameters/to", "/parameters/cc"}
    assert gateway.http.sent == []
    row = connected.audit
    assert (row.status, row.error_code, row.attempts) == (ExecutionStatus.REFUSED, "invalid_parameters", 0)
    assert row.request_payload == {"to": 1, "cc": 2}


async def test_a_path_that_lacks_its_parameter(gateway: FakeGateway) -> None:
    connected = gateway.connect(endpoint_path="/things/{id}")
    assert isinstance(await connected.failure({}), InvalidParameters)
    assert gateway.http.sent == []


async def test_pages_of_an_action_that_has_none(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    assert isinstance(await connected.failure(max_pages=3), MalformedRequest)
    assert gateway.http.sent == []


async def test_a_request_that_could_not_be_understood_has_its_row(gateway: FakeGateway) -> None:
    person = gateway.world.add_person()
    refusal = PayloadTooLarge("Too large.")
    failed = await gateway.execute.refuse(person.principal, refusal)
    assert failed.error is refusal
    (row,) = gateway.world.audit
    assert (row.id, row.error_code, row.user_id) == (failed.execution_id, "payload_too_large", person.user_id)


async def test_without_a_row_nothing_is_called(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    gateway.ledger.failures.append(Unavailable())
    with pytest.raises(Unavailable):
        await connected.execute()
    assert gateway.http.sent == []


@pytest.mark.parametrize(
    "action",
    [
        {"request_schema": {"type": "nonsense"}},
        {"transform_config": {"parameters": "nonsense"}},
        {"endpoint_path": "https://evil.example/"},
        {"handler": "nobody.knows"},
    ],
)
async def test_a_broken_action(gateway: FakeGateway, action: dict[str, Any]) -> None:
    connected = gateway.connect(**action)
    assert isinstance(await connected.failure(), InvalidIntegrationConfig)
    assert gateway.http.sent == []
    assert connected.audit.status is ExecutionStatus.REFUSED


async def test_a_placement_that_does_not_exist(gateway: FakeGateway) -> None:
    connected = gateway.connect(an_integration(auth_config={"credential_placement": [{"in": "moon"}]}))
    assert isinstance(await connected.failure(), InvalidIntegrationConfig)
    assert gateway.http.sent == []


# Scopes


async def test_a_scope_that_was_not_granted(gateway: FakeGateway) -> None:
    connected = gateway.connect(granted=("read", "extra"), scopes=("write", "read", "delete"))
    error = await connected.failure()
    assert isinstance(error, InsufficientScope)
    assert error.missing == ("write", "delete")
    assert gateway.http.sent == []
    assert connected.audit.status is ExecutionStatus.REFUSED
    assert error.authorize_url is not None
    url = urlsplit(error.authorize_url)
    assert url.hostname == "auth.example"
    assert parse_qs(url.query)["scope"] == ["read extra write delete"]


async def test_a_grant_whose_scopes_nobody_knows(gateway: FakeGateway) -> None:
    connected = gateway.connect(granted=(), scopes=("write",))
    await connected.execute()


# The service's errors


@pytest.mark.parametrize(
    "error", [UpstreamUnreachable, UpstreamTimeout, UpstreamInvalidResponse, EgressBlocked]
)
async def test_no_answer(gateway: FakeGateway, error: type[PortwayError]) -> None:
    connected = gateway.connect()
    gateway.http.script(error())
    assert type(await connected.failure()) is error
    row = connected.audit
    assert (row.status, row.error_code) == (ExecutionStatus.ERROR, error.code)
    # What did not leave may leave again.
    attempts = 3 if error is UpstreamUnreachable else 1
    assert (row.attempts, row.status_code, row.response_payload) == (attempts, None, None)


@pytest.mark.parametrize("status", [302, 400, 403, 404, 409, 422, 429, 500, 503])
async def test_an_answer_that_is_no_success(gateway: FakeGateway, status: int) -> None:
    connected = gateway.connect()
    gateway.http.script(json_answer({"message": "no"}, status, retry_after="7", set_cookie="session=1"))
    error = await connected.failure()
    assert isinstance(error, UpstreamError)
    assert (error.status_code, error.body) == (status, {"message": "no"})
    assert error.headers["retry-after"] == "7"
    assert "set-cookie" not in error.headers
    row = connected.audit
    assert (row.status, row.error_code, row.status_code) == (ExecutionStatus.ERROR, "upstream_error", status)
    assert row.response_payload == {"message": "no"}


async def test_a_401_without_a_token_to_refresh_is_the_services_answer(gateway: FakeGateway) -> None:
    connected = gateway.connect(
        an_integration(AuthType.API_KEY), secrets={"api_key": "the-api-key"}, expires_in=None
    )
    gateway.http.script(UNAUTHORIZED)
    error = await connected.failure()
    assert isinstance(error, UpstreamError)
    assert error.status_code == 401
    assert len(gateway.http.sent) == 1
    assert connected.stored.status is ConnectionStatus.ACTIVE


@pytest.mark.parametrize("status", [200, 400])
async def test_an_answer_nested_deeper_than_can_be_redacted(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """How deep that is depends on who calls."""

    def too_deep(value: JsonValue, *_: object, **__: object) -> JsonValue:
        if value == [[]]:
            raise RecursionError
        return value

    monkeypatch.setattr(
        recording, "logged_text", lambda value, *_, **__: (json.dumps(too_deep(value)), False)
    )
    monkeypatch.setattr(error_masking, "mask_literals", too_deep)
    connected = gateway.connect()
    gateway.http.script(json_answer([[]], status))
    if status == 200:
        assert (await connected.execute()).data == [[]]
    else:
        error = await connected.failure()
        assert isinstance(error, UpstreamError)
        assert error.body == "[redacted]"
    row = connected.audit
    assert (row.status_code, row.status is ExecutionStatus.SUCCESS) == (status, status == 200)
    assert "[[" not in json.dumps(row.response_payload)


async def test_one_as_deep_as_can_be_read(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    deep = b"[" * 900 + b"]" * 900
    gateway.http.script(UpstreamResponse(200, {"content-type": "application/json"}, deep))
    for _ in range(2):
        with contextlib.suppress(ExecutionFailed):
            await connected.execute(idempotency_key="key", request_hash=b"1")
    assert connected.audit.status in (ExecutionStatus.SUCCESS, ExecutionStatus.ERROR)


# The way to mend a connection


async def test_a_lost_connection_says_where_to_go(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    gateway.world.connections[connected.id].set_status(ConnectionStatus.REAUTHORIZATION_REQUIRED)
    error = await connected.failure()
    assert isinstance(error, ReauthorizationRequired)
    assert error.authorize_url is not None
    assert error.authorize_url.startswith("https://auth.example/authorize?")


async def test_of_another_kind_the_console_is_the_place(gateway: FakeGateway) -> None:
    connected = gateway.connect(an_integration(AuthType.API_KEY), secrets={"api_key": "the-api-key"})
    gateway.world.connections[connected.id].spoiled = True
    error = await connected.failure()
    assert isinstance(error, ReauthorizationRequired)
    assert error.authorize_url == f"{PUBLIC_URL}/connections/{connected.id}"


async def test_so_it_is_for_a_key_that_may_only_execute(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    gateway.world.connections[connected.id].set_status(ConnectionStatus.REAUTHORIZATION_REQUIRED)
    limited = gateway.world.seal(connected.owner.user_id, scopes=["execute"])
    connected = replace(connected, owner=replace(connected.owner, sealed_pass=limited))
    error = await connected.failure()
    assert isinstance(error, ReauthorizationRequired)
    assert error.authorize_url == f"{PUBLIC_URL}/connections/{connected.id}"


async def test_a_fault_on_the_way_there_does_not_hide_the_error(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> str:
        raise RuntimeError("a bug")

    connected = gateway.connect(secrets={"access_token": "old-access-token"})
    gateway.http.script(UNAUTHORIZED)
    monkeypatch.setattr(gateway.oauth, "authorize_url", broken)
    error = await connected.failure()
    assert isinstance(error, ReauthorizationRequired)
    assert error.authorize_url is None
    assert connected.audit.error_code == "reauthorization_required"


# Callers who go away


async def test_a_caller_who_goes_away_at_the_end_takes_no_row_along(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    gateway.ledger.gate.clear()
    task = asyncio.create_task(connected.execute())
    await gateway.ledger.closing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gateway.ledger.gate.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert connected.audit.status is ExecutionStatus.SUCCESS


async def test_cut_off_during_the_call_nobody_pretends_to_know(gateway: FakeGateway) -> None:
    connected = gateway.connect(timeout_ms=1000)
    gateway.http.gate.clear()
    task = asyncio.create_task(connected.execute(idempotency_key="key", request_hash=b"1"))
    await gateway.http.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    before = connected.audit.status
    gateway.clock.advance(60)
    gateway.world.mark_unfinished()
    assert (before, connected.audit.status) == (ExecutionStatus.STARTED, ExecutionStatus.UNKNOWN)
    assert (await connected.failure(idempotency_key="key", request_hash=b"1")).code == (
        "idempotency_outcome_unknown"
    )
    assert len(gateway.http.sent) == 1


async def test_a_row_that_cannot_be_completed_is_no_success(gateway: FakeGateway) -> None:
    connected = gateway.connect()

    def answer(_: OutgoingRequest) -> UpstreamResponse:
        gateway.ledger.failures.append(Unavailable())
        return json_answer({})

    gateway.http.script(answer)
    with pytest.raises(Unavailable):
        await connected.execute()
    assert connected.audit.status is ExecutionStatus.STARTED
