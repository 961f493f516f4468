import json
from uuid import uuid4

import pytest
from hypothesis import given

from portway.application.execution_result import ExecutionFailed, ExecutionResult
from portway.application.idempotent_answer import dump_answer, load_answer
from portway.application.ports.http import UpstreamResponse
from portway.domain.errors import (
    EgressBlocked,
    Fault,
    InvalidIntegrationConfig,
    InvalidParameters,
    NotFound,
    PortwayError,
    ReauthorizationRequired,
    Unavailable,
    UpstreamError,
    UpstreamInvalidResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from portway.domain.json_value import JsonValue
from tests.unit.domain.json_values import VALUES

ID = uuid4()


def result(data: JsonValue) -> ExecutionResult:
    raw = UpstreamResponse(201, {}, b"{}")
    return ExecutionResult(ID, 201, data, 41.7, 2, refreshed=True, raw=raw)


@given(VALUES)
def test_a_result_comes_back_without_its_raw_body(data: JsonValue) -> None:
    again = load_answer(ID, dump_answer(result(data)))
    assert json.dumps(again.data) == json.dumps(data)
    assert (again.execution_id, again.status_code) == (ID, 201)
    assert (again.duration_ms, again.attempts, again.refreshed) == (41.7, 2, True)
    assert again.raw is None


def test_one_as_deep_as_json_may_be() -> None:
    deep: JsonValue = []
    for _ in range(800):
        deep = [deep]
    assert load_answer(ID, dump_answer(result(deep))).data == deep


@pytest.mark.parametrize(
    "error",
    [
        UpstreamError(429, {"e": ["ü"]}, {"retry-after": "3"}, "Slow down."),
        UpstreamError(500, None, {}),
        UpstreamTimeout("Slow."),
        UpstreamUnreachable(),
        UpstreamInvalidResponse("Garbage."),
        EgressBlocked(),
        InvalidIntegrationConfig("Broken."),
        ReauthorizationRequired("Gone."),
        NotFound(),
        Unavailable("Out of order."),
        PortwayError("A bug."),
        InvalidParameters([Fault("/parameters/a", "is bad."), Fault("", "is worse.")], "No."),
    ],
)
def test_a_failure_is_raised_again(error: PortwayError) -> None:
    with pytest.raises(ExecutionFailed) as raised:
        load_answer(ID, dump_answer(error))
    assert raised.value.execution_id == ID
    assert type(raised.value.error) is type(error)
    assert vars(raised.value.error) == vars(error)


def test_what_tells_nobody_where_to_go_is_not_kept() -> None:
    """The URL has a state that works once."""
    kept = dump_answer(ReauthorizationRequired("Gone.", "https://auth.example/authorize?state=1"))
    assert b"state" not in kept
