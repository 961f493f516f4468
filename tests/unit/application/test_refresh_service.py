import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portway.application import renewer
from portway.application.ports.credential_vault import Established
from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.application.ports.renewals import LeaseOutcome
from portway.application.ports.token_endpoint import TokenEndpointUnavailable, TokenRequestRefused
from portway.domain.connection import ConnectionStatus
from portway.domain.credential import Credential, OAuthClient
from portway.domain.errors import (
    EgressBlocked,
    InvalidIntegrationConfig,
    PortwayError,
    ReauthorizationRequired,
    Unauthenticated,
    Unavailable,
    UpstreamUnreachable,
)
from portway.domain.integration import AuthType
from tests.fakes.definitions import ENVIRONMENT, OAUTH2, an_integration
from tests.fakes.gateway import Connected, FakeGateway
from tests.fakes.http_client import UNAUTHORIZED, json_answer
from tests.replacing import replace

DOWN = TokenEndpointUnavailable("It does not answer.")


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


def due(gateway: FakeGateway, connected: Connected) -> bool:
    return gateway.refresh.is_due(connected.integration, connected.grant.credential or Credential({}, 0))


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError


# When


@pytest.mark.parametrize(
    ("margin", "expires_in", "expected"),
    [
        (30, 31, False), (30, 29, True), (0, 1, False), (1800, 1700, True), (0.5, 0.4, True),
        (None, 299, True), (None, 301, False),
    ],
)  # fmt: skip
async def test_an_integrations_own_margin(
    gateway: FakeGateway, margin: Any, expires_in: float, expected: bool
) -> None:
    integration = an_integration(auth_config={**OAUTH2, "refresh_margin_seconds": margin})
    assert due(gateway, gateway.connect(integration, expires_in=expires_in)) is expected


@pytest.mark.parametrize("margin", ["300", [], -5, 1e300, 10**400])
async def test_one_that_makes_no_sense(gateway: FakeGateway, margin: Any) -> None:
    connected = gateway.connect(an_integration(auth_config={**OAUTH2, "refresh_margin_seconds": margin}))
    with pytest.raises(InvalidIntegrationConfig, match="refresh_margin_seconds"):
        due(gateway, connected)


@pytest.mark.parametrize("auth_type", [AuthType.API_KEY, AuthType.BASIC, AuthType.CUSTOM, AuthType.AWS_SIGV4])
async def test_what_cannot_be_had_again_is_never_due(gateway: FakeGateway, auth_type: AuthType) -> None:
    assert not due(gateway, gateway.connect(an_integration(auth_type), expires_in=60))


async def test_a_token_that_lives_shortly_has_half_of_its_life(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=120)
    gateway.world.connections[connected.id].issued_at = gateway.clock() - timedelta(seconds=80)
    assert not due(gateway, connected)
    gateway.clock.advance(21)
    assert due(gateway, connected)


# The refresh


async def test_the_new_token_is_stored_and_returned(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    credential = await connected.refresh()
    assert credential.values == {"access_token": "access-token-1"}
    assert (credential.version, credential.issued_at) == (2, gateway.clock())
    assert gateway.token_endpoint.refreshes == ["old-refresh-token"]
    assert gateway.token_endpoint.clients == [OAuthClient("the-client", "the-client-secret")]
    assert connected.stored.secrets == {"access_token": "access-token-1", "refresh_token": "refresh-token-1"}
    assert gateway.world.leases == {}


async def test_the_organizations_own_client_is_preferred(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    own = OAuthClient("our-client", None)
    gateway.world.use_client(connected.id, own)
    await connected.refresh()
    assert gateway.token_endpoint.clients == [own]


async def test_a_grant_without_a_credential_needs_its_owner(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    grant = replace(connected.grant, credential=None)
    with pytest.raises(ReauthorizationRequired):
        await gateway.refresh.refresh(grant, connected.owner.sealed_pass)


# One at a time


async def test_sixty_four_callers_one_request(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    credentials = await asyncio.gather(*(connected.refresh() for _ in range(64)))
    assert {credential.values["access_token"] for credential in credentials} == {"access-token-1"}
    assert gateway.token_endpoint.refreshes == ["old-refresh-token"]
    assert gateway.renewals.calls.count("lease_refresh") == 1


async def test_over_eight_processes_too(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    grant = connected.grant
    services = [gateway.new_refresh_service() for _ in range(8)]
    credentials = await asyncio.gather(
        *(service.refresh(grant, connected.owner.sealed_pass) for service in services for _ in range(8))
    )
    assert {credential.values["access_token"] for credential in credentials} == {"access-token-1"}
    assert gateway.token_endpoint.refreshes == ["old-refresh-token"]


async def test_a_node_that_waits_gets_what_the_other_stores(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    grant, other = connected.grant, gateway.new_refresh_service()
    gateway.token_endpoint.gate.clear()
    first = asyncio.create_task(connected.refresh())
    await gateway.token_endpoint.arrived.wait()
    second = asyncio.create_task(other.refresh(grant, connected.owner.sealed_pass))
    await settle()
    assert not second.done()
    assert gateway.clock.pauses
    gateway.token_endpoint.gate.set()
    assert await second == await first
    assert len(gateway.token_endpoint.refreshes) == 1


async def test_a_node_does_not_wait_for_ever(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    await gateway.renewals.lease_refresh(connected.owner.sealed_pass, connected.id, 1, 10_000)
    with pytest.raises(UpstreamUnreachable, match="slow"):
        await connected.refresh()
    assert sum(gateway.clock.pauses) == pytest.approx(90, abs=1)


async def test_whoever_vanished_is_followed_after_their_lease(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    await gateway.renewals.lease_refresh(connected.owner.sealed_pass, connected.id, 1, 30)
    credential = await connected.refresh()
    assert credential.values == {"access_token": "access-token-1"}
    assert 30 <= sum(gateway.clock.pauses) < 31


async def test_what_is_newer_already_costs_no_request(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    old = connected.grant
    newer = await connected.refresh()
    again = await gateway.refresh.refresh(old, connected.owner.sealed_pass)
    assert again == newer
    assert len(gateway.token_endpoint.refreshes) == 1


async def test_two_connections_do_not_wait_for_each_other(gateway: FakeGateway) -> None:
    one, two = gateway.connect(expires_in=60), gateway.connect(expires_in=60)
    await asyncio.gather(one.refresh(), two.refresh())
    assert len(gateway.token_endpoint.refreshes) == 2


async def test_the_next_version_is_refreshed_anew(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    await connected.refresh()
    await connected.refresh()
    assert gateway.token_endpoint.refreshes == ["old-refresh-token", "refresh-token-1"]


# Callers who go away


async def test_a_cancelled_caller_does_not_take_the_refresh_along(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    gateway.token_endpoint.gate.clear()
    impatient = asyncio.create_task(connected.refresh())
    await gateway.token_endpoint.arrived.wait()
    patient = asyncio.create_task(connected.refresh())
    await settle()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    gateway.token_endpoint.gate.set()
    assert (await patient).values == {"access_token": "access-token-1"}


async def test_not_even_where_nobody_else_waits(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    gateway.token_endpoint.gate.clear()
    task = asyncio.create_task(connected.refresh())
    await gateway.token_endpoint.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gateway.token_endpoint.gate.set()
    await settle()
    assert connected.stored.secrets["refresh_token"] == "refresh-token-1"


async def test_while_the_token_lives_patience_is_short(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    grant = connected.grant
    service = gateway.new_refresh_service(patience_seconds=0.01)
    gateway.token_endpoint.gate.clear()
    assert await service.refresh(grant, connected.owner.sealed_pass) == grant.credential
    gateway.token_endpoint.gate.set()
    await settle()
    assert connected.stored.secrets["access_token"] == "access-token-1"


async def test_whoever_comes_late_does_not_wait_anew(gateway: FakeGateway) -> None:
    """Patience is with the refresh, not of each caller."""
    connected = gateway.connect(expires_in=60)
    service = gateway.new_refresh_service(patience_seconds=0.2)
    gateway.token_endpoint.gate.clear()
    mine = (connected.grant, connected.owner.sealed_pass)
    await service.refresh(*mine)
    began = asyncio.get_running_loop().time()
    for _ in range(3):
        assert await service.refresh(*mine) == connected.grant.credential
    assert asyncio.get_running_loop().time() - began < 0.2
    gateway.token_endpoint.gate.set()
    await service.finish()
    assert connected.stored.version == 2


async def test_a_refused_token_is_worth_waiting_for_another(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    service = gateway.new_refresh_service(patience_seconds=0.001)
    gateway.token_endpoint.gate.clear()
    task = asyncio.create_task(service.refresh(connected.grant, connected.owner.sealed_pass, refused=True))
    done, _ = await asyncio.wait({task}, timeout=0.02)
    assert not done
    gateway.token_endpoint.gate.set()
    assert (await task).values == {"access_token": "access-token-1"}


async def test_a_server_that_stops_waits_for_what_is_on_its_way(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    gateway.token_endpoint.gate.clear()
    task = asyncio.create_task(connected.refresh())
    await gateway.token_endpoint.arrived.wait()
    task.cancel()
    finishing = asyncio.create_task(gateway.refresh.finish())
    await settle()
    assert not finishing.done()
    gateway.token_endpoint.gate.set()
    await finishing
    assert connected.stored.secrets["refresh_token"] == "refresh-token-1"


async def test_it_does_not_wait_for_another_node(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    await gateway.renewals.lease_refresh(connected.owner.sealed_pass, connected.id, 1, 10_000)
    task = asyncio.create_task(connected.refresh())
    await asyncio.sleep(0)
    await gateway.refresh.finish()
    with pytest.raises(UpstreamUnreachable):
        await task
    assert sum(gateway.clock.pauses) < 1


# What goes wrong


async def test_a_token_endpoint_that_recovers(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    gateway.token_endpoint.script(DOWN, DOWN)
    assert (await connected.refresh()).values == {"access_token": "access-token-1"}
    assert gateway.clock.pauses == [0.5, 2.0]
    assert gateway.token_endpoint.refreshes == ["old-refresh-token"] * 3


FAULTS = [
    ([DOWN] * 3, UpstreamUnreachable),
    ([TokenRequestRefused("invalid_client", "Unknown.")], InvalidIntegrationConfig),
    ([TokenRequestRefused("temporarily_unavailable")], InvalidIntegrationConfig),
    ([EgressBlocked()], EgressBlocked),
    ([InvalidIntegrationConfig("No token_url.")], InvalidIntegrationConfig),
]


@pytest.mark.parametrize(("answers", "error"), FAULTS)
async def test_the_old_token_serves_as_long_as_it_lives(
    gateway: FakeGateway, answers: list[Exception], error: type[PortwayError]
) -> None:
    connected = gateway.connect(expires_in=60)
    old = connected.grant.credential
    gateway.token_endpoint.script(*answers)
    assert await connected.refresh() == old
    assert gateway.world.leases == {}
    assert connected.stored.status is ConnectionStatus.ACTIVE
    gateway.clock.advance(60)
    gateway.token_endpoint.script(*answers)
    with pytest.raises(error):
        await connected.refresh()


@pytest.mark.parametrize(("answers", "error"), FAULTS)
async def test_one_that_the_service_refused_does_not(
    gateway: FakeGateway, answers: list[Exception], error: type[PortwayError]
) -> None:
    connected = gateway.connect(expires_in=60)
    gateway.token_endpoint.script(*answers)
    with pytest.raises(error):
        await connected.refresh(refused=True)
    assert gateway.world.leases == {}
    assert connected.stored.status is ConnectionStatus.ACTIVE


async def test_a_server_that_took_its_time_is_not_asked_again_at_once(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have carried the request out, and a spent refresh token sent again would end the grant."""
    monkeypatch.setattr(renewer, "_QUICK_SECONDS", 0.0)
    connected = gateway.connect(expires_in=-1)
    gateway.token_endpoint.script(DOWN)
    with pytest.raises(UpstreamUnreachable):
        await connected.refresh()
    assert gateway.token_endpoint.refreshes == ["old-refresh-token"]


# The pause after a failure


async def test_in_the_pause_nobody_asks(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    old = connected.grant.credential
    gateway.token_endpoint.script(DOWN, DOWN, DOWN)
    for _ in range(5):
        assert await connected.refresh() == old
    assert len(gateway.token_endpoint.refreshes) == 3
    gateway.clock.advance(2.1)
    assert (await connected.refresh()).values == {"access_token": "access-token-1"}


async def test_whose_token_is_dead_is_told_when_to_come_back(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    gateway.token_endpoint.script(DOWN, DOWN, DOWN)
    with pytest.raises(UpstreamUnreachable):
        await connected.refresh()
    with pytest.raises(UpstreamUnreachable) as raised:
        await connected.refresh()
    assert raised.value.retry_after_seconds == pytest.approx(2)
    assert len(gateway.token_endpoint.refreshes) == 3
    gateway.clock.advance(2.1)
    assert (await connected.refresh()).version == 2


async def test_a_refused_token_is_worth_one_request_in_the_pause(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    gateway.token_endpoint.script(*[DOWN] * 6)
    await connected.refresh()
    for _ in range(3):
        with pytest.raises(UpstreamUnreachable):
            await connected.refresh(refused=True)
    assert len(gateway.token_endpoint.refreshes) == 6


async def test_a_broken_row_begins_no_pause(gateway: FakeGateway) -> None:
    """Nobody was asked; as soon as it is mended, all is well."""
    connected = gateway.connect(expires_in=-1)
    gateway.environment.clear()
    with pytest.raises(InvalidIntegrationConfig, match="No OAuth client"):
        await connected.refresh()
    gateway.environment.update(ENVIRONMENT)
    assert (await connected.refresh()).version == 2


# Other grants than a refresh token


CLIENT_CREDENTIALS = {"token_url": "https://auth.example/token"}


async def test_client_credentials_of_its_own(gateway: FakeGateway) -> None:
    integration = an_integration(AuthType.OAUTH2_CLIENT_CREDENTIALS, auth_config=CLIENT_CREDENTIALS)
    own = {"client_id": "own-id", "client_secret": "own-secret"}
    connected = gateway.connect(integration, secrets={"access_token": "old", **own}, expires_in=60)
    gateway.world.connections[connected.id].renewing = frozenset(own)
    gateway.token_endpoint.script(replace(gateway.token_endpoint.tokens(), refresh_token=None))
    assert (await connected.refresh()).values == {"access_token": "access-token-1"}
    assert (gateway.token_endpoint.refreshes, gateway.token_endpoint.clients) == ([own], [None])
    assert connected.stored.secrets == {"access_token": "access-token-1", **own}


async def test_client_credentials_of_the_client(gateway: FakeGateway) -> None:
    integration = an_integration(
        AuthType.OAUTH2_CLIENT_CREDENTIALS,
        auth_config={
            **CLIENT_CREDENTIALS, "clientIdEnv": "EXAMPLE_CLIENT_ID", "clientSecretEnv": "EXAMPLE_CLIENT_SECRET"
        },
    )  # fmt: skip
    connected = gateway.connect(
        integration, secrets={"access_token": "old"}, expires_in=60, granted=("read", "write")
    )
    assert (await connected.refresh()).version == 2
    assert gateway.token_endpoint.refreshes == [{}]
    assert gateway.token_endpoint.clients == [OAuthClient("the-client", "the-client-secret")]
    assert gateway.token_endpoint.scopes == [("read", "write")]


async def test_a_signed_assertion_needs_no_client(gateway: FakeGateway) -> None:
    integration = an_integration(AuthType.JWT_BEARER, auth_config=CLIENT_CREDENTIALS)
    connected = gateway.connect(
        integration, secrets={"access_token": "old", "private_key": "key"}, expires_in=60
    )
    gateway.world.connections[connected.id].renewing = frozenset({"private_key"})
    assert (await connected.refresh()).version == 2
    assert gateway.token_endpoint.refreshes == [{"private_key": "key"}]
    assert gateway.token_endpoint.clients == [None]


async def test_the_connections_config_goes_along(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    row = gateway.world.connections[connected.id]
    row.connection = replace(row.connection, config={"shop": "acme"})
    await connected.refresh()
    assert gateway.token_endpoint.registrations[0].config == {"shop": "acme"}


# The lease meanwhile


async def test_a_slow_answer_keeps_its_lease(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    gateway.token_endpoint.gate.clear()
    task = asyncio.create_task(connected.refresh())
    await gateway.token_endpoint.arrived.wait()
    for _ in range(3):
        gateway.clock.advance(29)
        gateway.renewals.calls.clear()
        await until(lambda: "renew_lease" in gateway.renewals.calls)
        lease = await gateway.renewals.lease_refresh(connected.owner.sealed_pass, connected.id, 1, 30)
        assert lease.outcome is LeaseOutcome.WAIT
    gateway.token_endpoint.gate.set()
    assert (await task).version == 2


async def test_a_database_that_is_away_meanwhile(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    gateway.renewals.failures["renew_lease"] = [Unavailable(), Unavailable()]
    gateway.token_endpoint.gate.clear()
    task = asyncio.create_task(connected.refresh())
    await until(lambda: gateway.renewals.calls.count("renew_lease") >= 3)
    gateway.token_endpoint.gate.set()
    assert (await task).version == 2


async def test_what_a_vanished_holder_may_have_spent_is_tried_once(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    await gateway.renewals.lease_refresh(connected.owner.sealed_pass, connected.id, 1, 30)
    gateway.token_endpoint.script(DOWN)
    with pytest.raises(UpstreamUnreachable):
        await connected.refresh()
    assert gateway.token_endpoint.refreshes == ["old-refresh-token"]


# The pass


async def test_an_execution_outlasts_its_pass(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=3600, timeout_ms=600_000)

    def slow(_: OutgoingRequest) -> UpstreamResponse:
        gateway.clock.advance(301)
        return UNAUTHORIZED

    gateway.http.script(slow, json_answer({"ok": True}))
    assert (await connected.execute()).refreshed


async def test_without_one_an_expired_pass_is_good_for_nothing(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    gateway.clock.advance(301)
    with pytest.raises(Unauthenticated):
        await connected.refresh()
    assert gateway.token_endpoint.refreshes == []


async def test_words_of_the_authorization_server(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    gateway.token_endpoint.script(TokenRequestRefused("invalid_client", "Unknown client."))
    with pytest.raises(InvalidIntegrationConfig, match="invalid_client: Unknown client"):
        await connected.refresh()


async def test_a_grant_that_is_gone_is_marked_at_once_and_for_all(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    gateway.token_endpoint.script(TokenRequestRefused("invalid_grant"))
    results = await asyncio.gather(*(connected.refresh() for _ in range(8)), return_exceptions=True)
    assert [type(result) for result in results] == [ReauthorizationRequired] * 8
    assert connected.stored.status is ConnectionStatus.REAUTHORIZATION_REQUIRED
    assert (gateway.token_endpoint.refreshes, gateway.world.leases) == (["old-refresh-token"], {})


async def test_without_a_refresh_token_the_access_token_is_good_to_its_end(gateway: FakeGateway) -> None:
    connected = gateway.connect(secrets={"access_token": "old-access-token"}, expires_in=60)
    assert (await connected.refresh()).values == {"access_token": "old-access-token"}
    for seconds, refused in ((0, True), (61, False)):
        gateway.clock.advance(seconds)
        with pytest.raises(ReauthorizationRequired):
            await connected.refresh(refused=refused)
    assert gateway.token_endpoint.refreshes == []


async def test_a_bug_gives_the_lease_back(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    gateway.token_endpoint.script(RuntimeError("a bug"))
    with pytest.raises(RuntimeError):
        await connected.refresh()
    assert gateway.world.leases == {}


async def test_a_database_that_is_away(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    old = connected.grant.credential
    gateway.renewals.failures["lease_refresh"] = [Unavailable(), Unavailable()]
    assert await connected.refresh() == old
    with pytest.raises(Unavailable):
        await connected.refresh(refused=True)


# Storing


async def test_a_new_token_is_stored_patiently(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    gateway.renewals.failures["store_refresh"] = [Unavailable() for _ in range(4)]
    assert (await connected.refresh()).version == 2
    assert gateway.renewals.calls.count("store_refresh") == 5
    assert gateway.clock.pauses == [0.1, 0.5, 2.0, 5.0]
    assert len(gateway.token_endpoint.refreshes) == 1


async def test_one_that_cannot_be_stored_is_not_used(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    gateway.renewals.failures["store_refresh"] = [Unavailable() for _ in range(5)]
    with pytest.raises(Unavailable):
        await connected.refresh()
    assert connected.stored.secrets["access_token"] == "old-access-token"
    assert (
        connected.id in gateway.world.leases
    )  # tells whoever comes next that the refresh token may be spent


async def test_a_late_answer_gives_way_to_a_new_authorization(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    gateway.token_endpoint.gate.clear()
    task = asyncio.create_task(connected.refresh())
    await gateway.token_endpoint.arrived.wait()
    await gateway.vault.replace_secret(
        connected.owner.sealed_pass, connected.id, Established({"access_token": "by hand"})
    )
    gateway.token_endpoint.gate.set()
    assert (await task).values == {"access_token": "by hand"}
    assert connected.stored.secrets == {"access_token": "by hand"}


async def test_a_late_answer_is_stored_where_it_is_the_newest(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    gateway.token_endpoint.gate.clear()
    task = asyncio.create_task(connected.refresh())
    await gateway.token_endpoint.arrived.wait()
    gateway.clock.advance(1000)  # its lease is long over
    gateway.token_endpoint.gate.set()
    assert (await task).version == 2
    assert connected.stored.secrets["refresh_token"] == "refresh-token-1"


async def test_a_late_answer_for_a_connection_that_was_disabled_meanwhile(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    gateway.token_endpoint.gate.clear()
    task = asyncio.create_task(connected.refresh())
    await gateway.token_endpoint.arrived.wait()
    mine = (connected.owner.sealed_pass, connected.id)
    await gateway.vault.replace_secret(*mine, Established({"access_token": "by hand"}))
    await gateway.vault.set_disabled(*mine, disabled=True)
    gateway.token_endpoint.gate.set()
    with pytest.raises(ReauthorizationRequired):
        await task


# Where refresh tokens and client secrets go


@pytest.mark.parametrize("variable", ["PORTWAY_JWT_SECRET", "portway_jwt_secret", "EXAMPLE_CLIENT_SECRET"])
async def test_an_organizations_integration_names_no_variable(gateway: FakeGateway, variable: str) -> None:
    owner = gateway.world.add_person()
    integration = an_integration(
        organization_id=owner.organization_id,
        auth_config={**OAUTH2, "clientIdEnv": "EXAMPLE_CLIENT_ID", "clientSecretEnv": variable},
    )
    connected = gateway.connect(integration, owner=owner, expires_in=-1)
    error = await connected.failure()
    assert isinstance(error, InvalidIntegrationConfig)
    assert "own-secret" not in error.detail
    assert gateway.token_endpoint.refreshes == []
    assert gateway.world.leases == {}


async def test_nor_does_a_global_one_name_portways_own(gateway: FakeGateway) -> None:
    integration = an_integration(auth_config={**OAUTH2, "clientSecretEnv": "PORTWAY_JWT_SECRET"})
    connected = gateway.connect(integration, expires_in=-1)
    assert isinstance(await connected.failure(), InvalidIntegrationConfig)
    assert gateway.token_endpoint.refreshes == []


@pytest.mark.parametrize(
    "moved",
    [
        {"token_url": "https://evil.example/token"},
        {"refresh_url": "https://evil.example/token"},
        {"token_url": "http://auth.example/token"},
        {"token_url": "https://auth.example:8443/token"},
        {"revocation_url": "https://evil.example/revoke"},
    ],
)
async def test_an_admin_who_moves_the_token_endpoint_gets_nothing(
    gateway: FakeGateway, moved: dict[str, str]
) -> None:
    owner = gateway.world.add_person()
    integration = an_integration(organization_id=owner.organization_id)
    connected = gateway.connect(integration, owner=owner, expires_in=-1)
    own = OAuthClient("our-client", "our-secret")
    gateway.world.use_client(connected.id, own)
    # Behind the back of the trigger that marks its connections, as if they had been disabled meanwhile.
    gateway.world.integrations[integration.id] = replace(
        integration, auth_config={**integration.auth_config, **moved}, version=integration.version + 1
    )
    with pytest.raises(ReauthorizationRequired, match="another address"):
        await connected.refresh()
    assert gateway.token_endpoint.refreshes == []
    gateway.world.integrations[integration.id] = integration
    assert (await connected.refresh()).version == 2


async def test_the_operator_may_move_that_of_a_global_one(gateway: FakeGateway) -> None:
    integration = an_integration()
    connected = gateway.connect(integration, expires_in=-1)
    gateway.world.move_integration(
        integration.id, auth_config={**OAUTH2, "token_url": "https://auth2.example/token"}
    )
    assert (await connected.refresh()).version == 2
