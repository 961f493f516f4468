import asyncio

import pytest

from portway.application.ports.token_endpoint import TokenEndpointUnavailable, TokenRequestRefused
from portway.application.renewal_sweeper import RenewalSweeper
from portway.domain.connection import ConnectionStatus
from portway.domain.errors import Unavailable
from tests.fakes.definitions import an_integration
from tests.fakes.gateway import FakeGateway


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


def sweeper(gateway: FakeGateway, concurrency: int = 8, chance: float = 0.5) -> RenewalSweeper:
    """That of another process, each time."""
    return RenewalSweeper(
        gateway.renewals,
        gateway.renewer,
        sleep=gateway.clock.sleep,
        chance=lambda: chance,
        concurrency=concurrency,
    )


async def test_an_idle_connection_is_renewed(gateway: FakeGateway) -> None:
    due, fresh = gateway.connect(expires_in=200), gateway.connect(expires_in=900)
    await sweeper(gateway).sweep()
    assert due.stored.secrets == {"access_token": "access-token-1", "refresh_token": "refresh-token-1"}
    assert gateway.world.connections[due.id].renewed_at == gateway.clock()
    assert fresh.stored.version == 1
    await sweeper(gateway).sweep()
    assert gateway.token_endpoint.refreshes == ["old-refresh-token"]


async def test_by_one_of_many_nodes(gateway: FakeGateway) -> None:
    for _ in range(20):
        gateway.connect(expires_in=200)
    await asyncio.gather(*(sweeper(gateway).sweep() for _ in range(4)))
    assert len(gateway.token_endpoint.refreshes) == 20
    assert {row.version for row in gateway.world.connections.values()} == {2}


async def test_not_more_at_a_time_than_it_may(gateway: FakeGateway) -> None:
    for _ in range(20):
        gateway.connect(expires_in=200)
    gateway.token_endpoint.gate.clear()
    sweep = asyncio.create_task(sweeper(gateway, concurrency=3).sweep())
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(gateway.token_endpoint.refreshes) == 3
    gateway.token_endpoint.gate.set()
    await sweep
    assert len(gateway.token_endpoint.refreshes) == 20


async def test_what_fails_is_left_alone_for_a_while(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=200)
    gateway.token_endpoint.script(*[TokenEndpointUnavailable("Down.")] * 3)
    await sweeper(gateway).sweep()
    await sweeper(gateway).sweep()
    assert len(gateway.token_endpoint.refreshes) == 3
    assert connected.stored.status is ConnectionStatus.ACTIVE
    gateway.clock.advance(3)
    await sweeper(gateway).sweep()
    assert connected.stored.version == 2


async def test_a_broken_row_is_not_tried_again_at_once(gateway: FakeGateway) -> None:
    gateway.connect(expires_in=200)
    gateway.environment.clear()
    await sweeper(gateway).sweep()
    assert gateway.world.leases == {}
    assert [row.renewal_failures for row in gateway.world.connections.values()] == [1]


async def test_one_connections_trouble_is_not_the_others(gateway: FakeGateway) -> None:
    gateway.token_endpoint.script(
        TokenRequestRefused("invalid_grant"), RuntimeError("a bug"), TokenRequestRefused("invalid_client")
    )
    connected = [gateway.connect(expires_in=200) for _ in range(4)]
    await sweeper(gateway).sweep()
    assert [each.stored.version for each in connected] == [1, 1, 1, 2]
    assert [each.stored.status.value for each in connected] == ["reauthorization_required"] + ["active"] * 3


async def test_tokens_go_to_no_new_place(gateway: FakeGateway) -> None:
    owner = gateway.world.add_person()
    integration = an_integration(organization_id=owner.organization_id)
    connected = gateway.connect(
        integration, owner=owner, expires_in=200, origins=("https://api.example:443",)
    )
    await sweeper(gateway).sweep()
    assert gateway.token_endpoint.refreshes == []
    assert connected.stored.status is ConnectionStatus.ACTIVE


async def test_sweeps_come_by_chance_a_little_earlier_or_later(gateway: FakeGateway) -> None:
    for chance, pause in ((0.0, 7.5), (1.0, 12.5)):
        running = asyncio.create_task(sweeper(gateway, chance=chance).run())
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert gateway.clock.pauses[-1] == pause


async def test_a_sweep_that_fails_is_not_the_last(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=200)
    gateway.renewals.failures["lease_due"] = [Unavailable(), RuntimeError("a bug")]
    running = asyncio.create_task(sweeper(gateway).run())
    for _ in range(100):
        await asyncio.sleep(0)
    assert connected.stored.version == 2
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert gateway.renewals.calls.count("lease_due") >= 3


async def test_a_server_that_stops_waits_for_what_is_on_its_way(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=200)
    gateway.token_endpoint.gate.clear()
    running = asyncio.create_task(sweeper(gateway).run())
    await gateway.token_endpoint.arrived.wait()
    running.cancel()
    for _ in range(20):
        await asyncio.sleep(0)
    assert not running.done()
    gateway.token_endpoint.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert connected.stored.version == 2
