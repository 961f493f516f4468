import asyncio
from typing import Any

import pytest

from portway.application.handlers.action_handler import ActionContext
from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.domain.errors import (
    EgressBlocked,
    Fault,
    InvalidIntegrationConfig,
    InvalidParameters,
    PortwayError,
    ReauthorizationRequired,
    Unavailable,
    UpstreamInvalidResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from portway.domain.execution import ExecutionStatus
from portway.domain.integration import AuthType
from portway.domain.json_value import JsonObject
from tests.fakes.definitions import an_integration
from tests.fakes.gateway import FakeGateway
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


async def test_the_same_key_does_not_call_again(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    gateway.http.script(json_answer({"id": 1}, 201), json_answer({"id": 2}))
    first = await connected.execute(idempotency_key="key", request_hash=b"1")
    again = await connected.execute(idempotency_key="key", request_hash=b"1")
    assert again == replace(first, raw=None)
    assert len(gateway.http.sent) == 1
    assert len(gateway.world.audit) == 1


@pytest.mark.parametrize(
    "answer",
    [
        json_answer({"message": "no"}, 500, retry_after="3"),
        json_answer({}, 401),
        UpstreamTimeout("Slow."),
        UpstreamInvalidResponse("Garbage."),
        UpstreamResponse(200, {"content-type": "application/json"}, b"no json"),
    ],
)
async def test_a_failure_of_the_service_is_its_answer(gateway: FakeGateway, answer: Any) -> None:
    connected = gateway.connect(
        an_integration(AuthType.BEARER), secrets={"token": "the-token"}, expires_in=None
    )
    gateway.http.script(answer, json_answer({"id": 2}))
    first = await connected.failed(idempotency_key="key", request_hash=b"1")
    again = await connected.failed(idempotency_key="key", request_hash=b"1")
    assert again.execution_id == first.execution_id
    assert type(again.error) is type(first.error)
    assert vars(again.error) == vars(first.error)
    assert len(gateway.http.sent) == 1


@pytest.mark.parametrize("error", [UpstreamUnreachable(), EgressBlocked()])
async def test_what_was_not_sent_may_be_tried_again(gateway: FakeGateway, error: PortwayError) -> None:
    connected = gateway.connect()
    gateway.http.script(error)
    assert type(await connected.failure(idempotency_key="key", request_hash=b"1")) is type(error)
    gateway.http.script(json_answer({"id": 2}))
    result = await connected.execute(idempotency_key="key", request_hash=b"2")
    assert result.data == {"id": 2}


async def test_invalid_parameters_free_the_key(gateway: FakeGateway) -> None:
    connected = gateway.connect(request_schema=SCHEMA)
    await connected.failure({"to": 1}, idempotency_key="key", request_hash=b"1")
    await connected.execute({"to": "ada"}, idempotency_key="key", request_hash=b"2")


async def test_a_lost_grant_frees_the_key(gateway: FakeGateway) -> None:
    connected = gateway.connect(secrets={"access_token": "old-access-token"})
    gateway.http.script(UNAUTHORIZED)
    error = await connected.failure(idempotency_key="key", request_hash=b"1")
    assert isinstance(error, ReauthorizationRequired)
    assert gateway.world.idempotency_keys == {}


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("a bug"),
        InvalidParameters([Fault("/parameters/file", "is too large.")], "No."),
        ReauthorizationRequired("Elsewhere.", None),
        InvalidIntegrationConfig("Broken."),
        Unavailable("Out of order."),
        UpstreamUnreachable("Gone."),
        EgressBlocked("Not there."),
    ],
)
async def test_once_the_service_may_have_acted_nothing_is_called_again(error: Exception) -> None:
    async def handler(context: ActionContext, _: JsonObject) -> UpstreamResponse:
        await context.send(OutgoingRequest("POST", "https://api.example/one"))
        raise error

    gateway = FakeGateway({"the.handler": handler})
    connected = gateway.connect(handler="the.handler")
    first = await connected.failed(idempotency_key="key", request_hash=b"1")
    again = await connected.failed(idempotency_key="key", request_hash=b"1")
    assert again.execution_id == first.execution_id
    assert type(again.error) is type(first.error)
    assert again.error.detail == first.error.detail
    assert getattr(again.error, "faults", None) == getattr(first.error, "faults", None)
    assert len(gateway.http.sent) == 1
    assert connected.audit.status is ExecutionStatus.ERROR


async def test_a_success_that_the_row_cannot_tell(gateway: FakeGateway) -> None:
    """The service acted, then the action's own row proved broken."""
    connected = gateway.connect(transform_config={"response": {"data": "length(ok)"}})
    for _ in range(2):
        error = await connected.failure(idempotency_key="key", request_hash=b"1")
        assert isinstance(error, InvalidIntegrationConfig)
    assert len(gateway.http.sent) == 1


async def test_a_second_request_while_the_first_is_under_way(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    gateway.http.gate.clear()
    first = asyncio.create_task(connected.execute(idempotency_key="key", request_hash=b"1"))
    await gateway.http.arrived.wait()
    error = await connected.failure(idempotency_key="key", request_hash=b"1")
    assert error.code == "idempotency_in_flight"
    gateway.http.gate.set()
    assert (await first).status_code == 200
