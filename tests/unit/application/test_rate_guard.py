"""Which limits an execution takes from."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from portway.application import rate_guard
from portway.application.language.documents import read_rate_limits
from portway.application.language.transform_config import RateLimit
from portway.application.ports.execution_ledger import Grant
from portway.application.rate_guard import RateGuard
from portway.domain.action import Action
from portway.domain.connection import Connection, ConnectionStatus
from portway.domain.errors import InvalidIntegrationConfig, RateLimited
from portway.domain.integration import AuthType, Integration
from portway.domain.principal import Principal
from portway.domain.rate_limit import RateState, RequestLimit
from portway.infrastructure.rate_limits.memory import MemoryRateLimiter
from tests.fakes.definitions import an_action, an_integration
from tests.replacing import replace


def a_principal(*limits: RequestLimit) -> Principal:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    return Principal(uuid4(), uuid4(), frozenset({"execute"}), None, "pass", soon, limits)


def limit(requests: int, per_seconds: int = 60, **members: Any) -> dict[str, Any]:
    return {"requests": requests, "per_seconds": per_seconds, **members}


def a_grant(
    *, integration: list[dict[str, Any]] | None = None, action: list[dict[str, Any]] | None = None
) -> Grant:
    service = an_integration(AuthType.BEARER, slug="acme", rate_limits=tuple(integration or ()))
    connection = Connection(
        id=uuid4(),
        user_id=uuid4(),
        workspace_id=uuid4(),
        organization_id=uuid4(),
        integration_id=service.id,
        name="Mine",
        status=ConnectionStatus.ACTIVE,
    )
    return Grant("", service, an_action(service, "send", rate_limits=tuple(action or ())), connection, None)


def of_another_connection(grant: Grant, *, organization_id: UUID | None = None) -> Grant:
    organization = organization_id or grant.connection.organization_id
    return replace(grant, connection=replace(grant.connection, id=uuid4(), organization_id=organization))


@pytest.fixture
def guard() -> RateGuard:
    return RateGuard(MemoryRateLimiter())


async def passes(guard: RateGuard, grant: Grant, principal: Principal | None = None) -> bool:
    try:
        await guard.check(principal or a_principal(), grant)
    except RateLimited:
        return False
    return True


async def test_without_limits_there_is_nothing_to_count() -> None:
    nobody: Any = None  # it is not asked
    assert await RateGuard(nobody).check(a_principal(), a_grant()) is None


async def test_each_connection_has_its_own(guard: RateGuard) -> None:
    grant = a_grant(integration=[limit(1)])
    assert [await passes(guard, grant) for _ in range(2)] == [True, False]
    assert await passes(guard, of_another_connection(grant))


async def test_all_connections_of_an_organization_share_one(guard: RateGuard) -> None:
    grant = a_grant(integration=[limit(2, per="organization")])
    assert await passes(guard, grant)
    assert await passes(guard, of_another_connection(grant))
    assert not await passes(guard, of_another_connection(grant))
    assert await passes(guard, of_another_connection(grant, organization_id=uuid4()))


async def test_the_actions_of_an_integration_share_its_limit_and_not_each_others(guard: RateGuard) -> None:
    grant = a_grant(integration=[limit(3)], action=[limit(1)])
    other = replace(grant, action=an_action(grant.integration, "other", rate_limits=(limit(1),)))
    third = replace(grant, action=an_action(grant.integration, "third"))
    assert [await passes(guard, grant) for _ in range(2)] == [True, False]
    assert [await passes(guard, other) for _ in range(2)] == [True, False]
    assert [await passes(guard, third) for _ in range(2)] == [True, False]


async def test_a_key_has_one_over_all_that_it_does(guard: RateGuard) -> None:
    principal = a_principal(RequestLimit(2, 60))
    assert [await passes(guard, a_grant(), principal) for _ in range(3)] == [True, True, False]
    assert await passes(guard, a_grant(), a_principal(RequestLimit(2, 60)))


async def test_the_tightest_is_told(guard: RateGuard) -> None:
    grant = a_grant(integration=[limit(100)], action=[limit(5), limit(50, 3600)])
    state = await guard.check(a_principal(RequestLimit(10, 60)), grant)
    assert state is not None
    assert (state.limit, state.remaining) == (5, 4)


async def test_a_refusal_takes_nothing_from_the_others(guard: RateGuard) -> None:
    principal = a_principal(RequestLimit(10, 60))
    grant = a_grant(action=[limit(1)])
    for _ in range(5):
        await passes(guard, grant, principal)
    state = await guard.check(principal, a_grant())
    assert isinstance(state, RateState)
    assert state.remaining == 8


@pytest.mark.parametrize(
    ("integration", "action", "key", "words"),
    [
        ([limit(1)], [], [], "The integration acme allows 1 execution in 60 seconds for each connection"),
        (
            [],
            [limit(2, 1, per="organization")],
            [],
            "The action send allows 2 executions in 1 second for each organization",
        ),
        ([], [], [RequestLimit(1, 5)], "This API key allows 1 execution in 5 seconds"),
        # Of two that are used up, the one that is waited for longest.
        ([limit(1, 10)], [limit(1, 3600)], [], "The action send allows 1 execution in 3600 seconds"),
    ],
)
async def test_a_refusal_names_the_limit(
    guard: RateGuard,
    integration: list[dict[str, Any]],
    action: list[dict[str, Any]],
    key: list[RequestLimit],
    words: str,
) -> None:
    grant, principal = a_grant(integration=integration, action=action), a_principal(*key)
    while await passes(guard, grant, principal):
        pass
    with pytest.raises(RateLimited) as refused:
        await guard.check(principal, grant)
    assert refused.value.detail.startswith(words)
    assert refused.value.state is not None
    assert refused.value.state.remaining == 0
    assert 0 < refused.value.retry_after_seconds <= 3600.1


async def test_a_limit_that_is_there_twice_counts_once(guard: RateGuard) -> None:
    grant = a_grant(action=[limit(2), limit(2)])
    assert [await passes(guard, grant) for _ in range(3)] == [True, True, False]


async def test_a_rows_limits_are_read_once_for_each_version(
    guard: RateGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def reading(row: Integration | Action) -> tuple[RateLimit, ...]:
        read.append(row.version)
        return read_rate_limits(row)

    monkeypatch.setattr(rate_guard, "read_rate_limits", reading)
    grant = a_grant(action=[limit(2)])
    changed = replace(
        grant,
        action=replace(grant.action, version=grant.action.version + 1, rate_limits=(limit(9),)),
    )
    assert [await passes(guard, grant) for _ in range(3)] == [True, True, False]
    assert await passes(guard, changed)
    assert read == [grant.action.version, changed.action.version]


@pytest.mark.parametrize(
    "broken", [limit(0), {"requests": 1}, limit(1, per="planet"), limit(1, burst=2), "many"]
)
async def test_broken_limits_are_the_rows_fault(guard: RateGuard, broken: Any) -> None:
    with pytest.raises(InvalidIntegrationConfig, match="Action 'send': rate_limits"):
        await guard.check(a_principal(), a_grant(action=[broken]))
