import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from portway.application.handlers.action_handler import ActionContext
from portway.application.handlers.steps import Steps
from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.application.ports.token_endpoint import TokenEndpointUnavailable, TokenRequestRefused
from portway.domain.connection import ConnectionStatus
from portway.domain.errors import (
    Fault,
    InvalidIntegrationConfig,
    InvalidParameters,
    PortwayError,
    ReauthorizationRequired,
    Unavailable,
    UpstreamError,
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


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


# Where the credential goes


async def test_an_organizations_integration_that_was_moved_gets_nothing(gateway: FakeGateway) -> None:
    owner = gateway.world.add_person()
    connected = gateway.connect(an_integration(organization_id=owner.organization_id), owner=owner)
    moved = replace(connected.integration, base_url="https://evil.example")
    gateway.world.integrations[moved.id] = (
        moved  # behind the back of the trigger, so that only this rule is left
    )
    error = await connected.failure()
    assert isinstance(error, ReauthorizationRequired)
    assert "another address" in error.detail
    assert gateway.http.sent == []
    assert connected.stored.status is ConnectionStatus.ACTIVE


@pytest.mark.parametrize(
    "base_url", ["http://api.example", "https://api.example:8443", "https://api.example.evil.example"]
)
async def test_neither_by_port_nor_scheme_nor_domain(gateway: FakeGateway, base_url: str) -> None:
    owner = gateway.world.add_person()
    connected = gateway.connect(an_integration(organization_id=owner.organization_id), owner=owner)
    gateway.world.integrations[connected.integration.id] = replace(connected.integration, base_url=base_url)
    assert isinstance(await connected.failure(), ReauthorizationRequired)
    assert gateway.http.sent == []


async def test_the_same_place_written_otherwise(gateway: FakeGateway) -> None:
    owner = gateway.world.add_person()
    connected = gateway.connect(an_integration(organization_id=owner.organization_id), owner=owner)
    gateway.world.integrations[connected.integration.id] = replace(
        connected.integration, base_url="https://API.example:443/v2"
    )
    await connected.execute()
    assert gateway.http.sent[0].url == "https://API.example:443/v2/things"


async def test_the_operator_moves_a_global_one(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    gateway.world.move_integration(connected.integration.id, base_url="https://api2.example")
    await connected.execute()
    assert gateway.http.sent[0].url == "https://api2.example/things"


# Handlers

Handler = Callable[[ActionContext, JsonObject], Any]


def with_handler(handler: Handler, **members: Any) -> tuple[FakeGateway, Any]:
    gateway = FakeGateway({"the.handler": handler})
    return gateway, gateway.connect(handler="the.handler", **members)


async def test_a_handler_sees_the_action_and_no_credential() -> None:
    seen: list[Any] = []

    async def handler(context: ActionContext, parameters: JsonObject) -> UpstreamResponse:
        seen.append(context)
        assert context.action.slug == "do-it"
        assert context.integration.base_url == "https://api.example"
        assert context.config == {}
        assert parameters == {"to": "ada"}
        first = await context.send(OutgoingRequest("GET", "https://api.example/one"))
        assert first.status_code == 200
        return await context.send(OutgoingRequest("POST", "https://api.example/two", {}, b"x"))

    gateway, connected = with_handler(handler)
    result = await connected.execute({"to": "ada"})
    assert result.attempts == 2
    assert gateway.http.bearers == ["old-access-token"] * 2
    (context,) = seen
    shown = [getattr(context, name) for name in dir(context) if not name.startswith("_")]
    assert "old-access-token" not in repr([context, *shown])
    assert not {"sealed_pass", "grant", "vault", "secrets"} & set(dir(context))
    assert seen[0].credential == {}


async def test_a_handler_sends_nowhere_else() -> None:
    async def handler(context: ActionContext, _: JsonObject) -> UpstreamResponse:
        return await context.send(OutgoingRequest("GET", "https://evil.example/"))

    gateway, connected = with_handler(handler)
    assert isinstance(await connected.failure(), ReauthorizationRequired)
    assert gateway.http.sent == []


async def test_a_handler_finds_fault_with_parameters() -> None:
    async def handler(context: ActionContext, _: JsonObject) -> UpstreamResponse:
        raise InvalidParameters([Fault("/parameters/to", "is no address.")])

    gateway, connected = with_handler(handler)
    assert isinstance(await connected.failure(idempotency_key="key", request_hash=b"1"), InvalidParameters)
    assert gateway.http.sent == []
    assert connected.audit.status is ExecutionStatus.REFUSED
    assert gateway.world.idempotency_keys == {}


async def test_a_handlers_answer_with_an_error_is_one() -> None:
    async def handler(context: ActionContext, _: JsonObject) -> UpstreamResponse:
        return await context.send(OutgoingRequest("GET", "https://api.example/"))

    gateway, connected = with_handler(handler)
    gateway.http.script(json_answer({"error": "quota"}, 403))
    error = await connected.failure()
    assert isinstance(error, UpstreamError)
    assert (error.status_code, error.body) == (403, {"error": "quota"})


async def test_a_handler_that_breaks_closes_its_row() -> None:
    async def handler(context: ActionContext, _: JsonObject) -> UpstreamResponse:
        raise KeyError("old-access-token")

    _, connected = with_handler(handler)
    error = await connected.failure()
    assert type(error) is PortwayError
    assert error.code == "internal_error"
    assert "old-access-token" not in str(error)
    row = connected.audit
    assert (row.status, row.error_code) == (ExecutionStatus.REFUSED, "internal_error")


# Before the call


@pytest.mark.parametrize(
    ("expires_in", "is_refreshed"),
    [
        (3600, False),
        (301, False),
        (300, False),
        (299, True),
        (1, True),
        (0, True),
        (-60, True),
        (None, False),
    ],
)
async def test_less_than_five_minutes_mean_a_new_token_first(
    gateway: FakeGateway, expires_in: float | None, is_refreshed: bool
) -> None:
    connected = gateway.connect(expires_in=expires_in)
    result = await connected.execute()
    assert result.refreshed is is_refreshed
    assert result.attempts == 1
    assert gateway.http.bearers == ["access-token-1" if is_refreshed else "old-access-token"]
    assert gateway.token_endpoint.refreshes == ["old-refresh-token"] * is_refreshed
    if is_refreshed:
        assert connected.stored.secrets == {
            "access_token": "access-token-1",
            "refresh_token": "refresh-token-1",
        }
        assert (connected.stored.version, connected.audit.status) == (2, ExecutionStatus.SUCCESS)


async def test_invalid_parameters_cost_no_token(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=10, endpoint_path="/things/{id}")
    assert isinstance(await connected.failure({}), InvalidParameters)
    assert gateway.token_endpoint.refreshes == []


async def test_a_key_is_never_refreshed(gateway: FakeGateway) -> None:
    connected = gateway.connect(
        an_integration(AuthType.API_KEY), secrets={"api_key": "the-api-key"}, expires_in=10
    )
    await connected.execute()
    assert gateway.token_endpoint.refreshes == []


async def test_the_old_token_serves_while_no_new_one_is_to_be_had(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    gateway.token_endpoint.script(*[TokenEndpointUnavailable("Down.")] * 3)
    result = await connected.execute()
    assert (result.refreshed, gateway.http.bearers) == (False, ["old-access-token"])


async def test_a_grant_that_is_gone_says_where_to_go(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    gateway.token_endpoint.script(TokenRequestRefused("invalid_grant"))
    error = await connected.failure()
    assert isinstance(error, ReauthorizationRequired)
    assert error.authorize_url is not None
    assert error.authorize_url.startswith("https://auth.example/authorize?")
    assert gateway.http.sent == []
    assert connected.stored.status is ConnectionStatus.REAUTHORIZATION_REQUIRED
    assert connected.audit.status is ExecutionStatus.REFUSED


async def test_no_new_token_to_be_had_for_an_expired_one(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1)
    gateway.token_endpoint.script(*[TokenEndpointUnavailable("Down.")] * 3)
    assert isinstance(await connected.failure(), UpstreamUnreachable)
    assert gateway.http.sent == []
    row = connected.audit
    assert (row.status, row.error_code, row.attempts) == (
        ExecutionStatus.REFUSED,
        "upstream_unreachable",
        0,
    )


async def test_a_new_token_does_not_outlast_the_callers_patience(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=-1, timeout_ms=20)
    gateway.token_endpoint.gate.clear()
    error = await connected.failure(idempotency_key="key", request_hash=b"1")
    assert isinstance(error, UpstreamTimeout)
    assert gateway.http.sent == []
    assert gateway.world.idempotency_keys == {}
    gateway.token_endpoint.gate.set()
    result = await connected.execute(timeout_ms=1000)
    assert (result.status_code, gateway.http.bearers) == (200, ["access-token-1"])
    assert len(gateway.token_endpoint.refreshes) == 1


# After a 401


async def test_a_refused_token_is_refreshed_once_and_the_call_repeated(gateway: FakeGateway) -> None:
    connected = gateway.connect(http_method="POST")
    gateway.http.script(UNAUTHORIZED, json_answer({"id": 1}))
    result = await connected.execute({"a": 1})
    assert (result.data, result.attempts, result.refreshed) == ({"id": 1}, 2, True)
    assert gateway.http.bearers == ["old-access-token", "access-token-1"]
    assert [sent.body for sent in gateway.http.sent] == [b'{"a":1}'] * 2
    assert (connected.audit.attempts, connected.stored.status) == (2, ConnectionStatus.ACTIVE)


async def test_a_second_401_is_the_end_of_it(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    gateway.http.script(UNAUTHORIZED)
    error = await connected.failure(idempotency_key="key", request_hash=b"1")
    assert isinstance(error, ReauthorizationRequired)
    assert error.authorize_url is not None
    assert error.authorize_url.startswith("https://auth.example/authorize?")
    assert gateway.http.bearers == ["old-access-token", "access-token-1"]
    assert len(gateway.token_endpoint.refreshes) == 1
    assert connected.stored.status is ConnectionStatus.REAUTHORIZATION_REQUIRED
    row = connected.audit
    assert (row.status, row.error_code, row.attempts) == (
        ExecutionStatus.ERROR,
        "reauthorization_required",
        2,
    )
    assert gateway.world.idempotency_keys == {}


async def test_a_401_without_a_refresh_token(gateway: FakeGateway) -> None:
    connected = gateway.connect(secrets={"access_token": "old-access-token"}, expires_in=None)
    gateway.http.script(UNAUTHORIZED)
    assert isinstance(await connected.failure(), ReauthorizationRequired)
    assert len(gateway.http.sent) == 1
    assert connected.stored.status is ConnectionStatus.REAUTHORIZATION_REQUIRED


async def test_a_401_whose_grant_is_gone(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    gateway.http.script(UNAUTHORIZED)
    gateway.token_endpoint.script(TokenRequestRefused("invalid_grant"))
    error = await connected.failure()
    assert isinstance(error, ReauthorizationRequired)
    assert error.authorize_url
    assert connected.stored.status is ConnectionStatus.REAUTHORIZATION_REQUIRED


async def test_a_401_while_the_token_endpoint_is_down_costs_nobody_the_grant(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    gateway.http.script(UNAUTHORIZED)
    gateway.token_endpoint.script(*[TokenEndpointUnavailable("Down.")] * 3)
    error = await connected.failure(idempotency_key="key", request_hash=b"1")
    assert isinstance(error, UpstreamUnreachable)
    assert len(gateway.http.sent) == 1
    assert connected.stored.status is ConnectionStatus.ACTIVE
    assert gateway.world.idempotency_keys == {}


async def test_a_mark_that_cannot_be_made_changes_no_answer(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    gateway.http.script(UNAUTHORIZED)
    gateway.renewals.failures["mark_reauthorization_required"] = [Unavailable()]
    assert isinstance(await connected.failure(), ReauthorizationRequired)
    assert connected.stored.status is ConnectionStatus.ACTIVE


async def test_what_another_call_refreshed_is_used_at_once(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    old = connected.grant

    async def meanwhile() -> None:
        await gateway.refresh.refresh(old, connected.owner.sealed_pass, refused=True)

    gateway.http.gate.clear()
    gateway.http.script(UNAUTHORIZED, json_answer({"id": 1}))
    task = asyncio.create_task(connected.execute())
    await gateway.http.arrived.wait()
    await meanwhile()
    gateway.http.gate.set()
    result = await task
    assert (result.refreshed, gateway.http.bearers[1]) == (True, "access-token-1")
    assert len(gateway.token_endpoint.refreshes) == 1


async def test_sixty_four_at_once_take_one_new_token(gateway: FakeGateway) -> None:
    connected = gateway.connect(expires_in=60)
    results = await asyncio.gather(*(connected.execute() for _ in range(64)))
    assert all(result.refreshed and result.attempts == 1 for result in results)
    assert len(gateway.token_endpoint.refreshes) == 1
    assert set(gateway.http.bearers) == {"access-token-1"}


async def test_so_do_sixty_four_that_are_refused(gateway: FakeGateway) -> None:
    connected = gateway.connect()

    def answer(request: OutgoingRequest) -> UpstreamResponse:
        is_new = request.headers["authorization"] == "Bearer access-token-1"
        return json_answer({}) if is_new else UNAUTHORIZED

    gateway.http.script(answer)
    results = await asyncio.gather(*(connected.execute() for _ in range(64)))
    assert all(result.refreshed and result.attempts == 2 for result in results)
    assert len(gateway.token_endpoint.refreshes) == 1


async def test_a_handlers_later_request_may_be_refused_too() -> None:
    async def handler(context: ActionContext, _: JsonObject) -> UpstreamResponse:
        await context.send(OutgoingRequest("POST", "https://api.example/one"))
        return await context.send(OutgoingRequest("POST", "https://api.example/two"))

    gateway, connected = with_handler(handler)
    gateway.http.script(json_answer({}), UNAUTHORIZED)
    for _ in range(2):
        error = await connected.failure(idempotency_key="key", request_hash=b"1")
        assert isinstance(error, ReauthorizationRequired)
    assert len(gateway.http.sent) == 3  # not once more: the first request was carried out


# Several steps


async def test_a_failed_step_says_which_steps_were_done() -> None:
    async def handler(context: ActionContext, _: JsonObject) -> UpstreamResponse:
        steps = Steps()
        await steps.run("reserve", context.send(context.request("POST", "/one")))
        return await steps.run("complete", context.send(context.request("POST", "/two")))

    gateway, connected = with_handler(handler)
    gateway.http.script(json_answer({"id": 1}), json_answer({"error": "no room"}, 400))
    for _ in range(2):  # the second time it is repeated from what was kept
        error = await connected.failure(idempotency_key="key", request_hash=b"1")
        assert isinstance(error, UpstreamError)
        assert (error.failed_step, error.steps_done) == ("complete", ("reserve",))
    assert len(gateway.http.sent) == 2


async def test_a_handler_that_returns_no_answer_is_named() -> None:
    async def handler(context: ActionContext, _: JsonObject) -> Any:
        return {"id": 1}

    _, connected = with_handler(handler)
    error = await connected.failure()
    assert isinstance(error, InvalidIntegrationConfig)
    assert "returned a dict" in error.detail


async def test_what_a_row_says_of_repetitions_is_not_said_of_other_places() -> None:
    async def handler(context: ActionContext, parameters: JsonObject) -> UpstreamResponse:
        request = OutgoingRequest(str(parameters["method"]), "https://elsewhere.example/upload")
        return await context.send_elsewhere(request)

    retry = {"idempotency_header": "Idempotency-Key", "idempotent": True}
    for method, sent in (("POST", 1), ("PUT", 3)):
        gateway, connected = with_handler(handler, transform_config={"retry": retry})
        gateway.http.script(json_answer({}, 503))
        await connected.failure({"method": method})
        assert len(gateway.http.sent) == sent
        assert all("idempotency-key" not in request.headers for request in gateway.http.sent)
        assert all("authorization" not in request.headers for request in gateway.http.sent)


async def test_a_large_body_has_time_of_its_own() -> None:
    class Large:
        size = 10 * 256_000

        async def chunks(self) -> AsyncIterator[bytes]:
            yield b""

    async def handler(context: ActionContext, _: JsonObject) -> UpstreamResponse:
        response = await context.send(context.request("POST", "/upload", body=Large()))
        await asyncio.sleep(0.1)  # past the action's own time
        return response

    gateway, connected = with_handler(handler, timeout_ms=50)
    await connected.execute()
    (given,) = gateway.http.timeouts
    assert given <= 0.05  # the client adds the body's time by itself
