"""Errors as problem documents."""

import inspect
from uuid import UUID

import pytest

from portway.api.problems import KNOWN_PROBLEMS, problem_of, status_of
from portway.domain import errors
from portway.domain.errors import Fault, PortwayError
from portway.domain.rate_limit import RateState

# As the contract has them.
STATUS = {
    "malformed_request": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "account_mismatch": 409,
    "reauthorization_required": 409,
    "insufficient_scope": 409,
    "idempotency_conflict": 409,
    "idempotency_in_flight": 409,
    "idempotency_outcome_unknown": 409,
    "payload_too_large": 413,
    "invalid_parameters": 422,
    "invalid_integration_config": 422,
    "invalid_import_document": 422,
    "rate_limited": 429,
    "upstream_error": 502,
    "upstream_unreachable": 502,
    "upstream_invalid_response": 502,
    "egress_blocked": 502,
    "unavailable": 503,
    "client_disconnected": 500,
    "upstream_timeout": 504,
}


def test_every_error_has_its_status() -> None:
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, PortwayError) and kind.code != PortwayError.code
    ]

    assert {kind.code: status_of(kind.__new__(kind)) for kind in kinds} == STATUS
    assert {code: status for code, (status, _) in KNOWN_PROBLEMS.items()} == STATUS
    assert all(meaning for _, meaning in KNOWN_PROBLEMS.values())


def test_an_error_that_should_not_come_so_far_is_our_own_fault() -> None:
    class Unheard(PortwayError):
        """x"""

    assert status_of(Unheard()) == 500


def test_faults_are_told_one_by_one() -> None:
    problem = problem_of(errors.InvalidParameters([Fault("/to/0", "is no address")]))

    assert problem.body["errors"] == [{"pointer": "/to/0", "message": "is no address"}]
    assert problem.status == problem.body["status"] == 422


def test_what_the_service_said_is_told() -> None:
    error = errors.UpstreamError(429, {"error": "slow down"}, {"Retry-After": "17"})

    problem = problem_of(error, execution_id=UUID(int=7))

    assert problem.body["upstream"] == {
        "status_code": 429,
        "body": {"error": "slow down"},
        "headers": {"Retry-After": "17"},
    }
    assert problem.body["execution_id"] == str(UUID(int=7))
    assert problem.headers["Retry-After"] == "17"


@pytest.mark.parametrize(("seconds", "header"), [(0, "1"), (0.2, "1"), (1.5, "2"), (60, "60")])
def test_waiting_is_told_in_whole_seconds(seconds: float, header: str) -> None:
    for error in (errors.RateLimited(seconds), errors.Unavailable(retry_after_seconds=seconds)):
        assert problem_of(error).headers["Retry-After"] == header


def test_a_limits_state_is_told() -> None:
    headers = problem_of(errors.RateLimited(1.2, state=RateState(10, 0, 61.2))).headers

    assert headers == {
        "Retry-After": "2",
        "RateLimit-Limit": "10",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "62",
    }


def test_where_to_authorize_again_is_told() -> None:
    error = errors.ReauthorizationRequired(authorize_url="https://portway.example/x")

    assert problem_of(error).body["authorize_url"] == "https://portway.example/x"
    assert "authorize_url" not in problem_of(errors.ReauthorizationRequired()).body
