import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from portway.application.ports.execution_ledger import Opened
from portway.domain.builtin_actions import HTTP_REQUEST, VERIFY_CONNECTION, builtin_action
from portway.domain.errors import (
    Forbidden,
    MalformedRequest,
    NotFound,
    PayloadTooLarge,
    PortwayError,
    ReauthorizationRequired,
    Unauthenticated,
)
from portway.domain.execution import ExecutionStatus
from portway.domain.integration import AuthType
from portway.domain.organization import Role
from tests.contract.arrangements import TOKENS, Setting, a_setting, granted
from tests.contract.worlds import ContractWorld
from tests.fakes.definitions import ORIGIN, an_action, an_integration
from tests.replacing import replace


def refused(opened: Opened, error: type[PortwayError]) -> None:
    assert type(opened.refusal) is error
    assert opened.grant is None
    assert opened.replay is None


async def refused_row(setting: Setting, opened: Opened) -> None:
    row = await setting.audit(opened)
    assert opened.refusal is not None
    assert (row.status, row.error_code) == (ExecutionStatus.REFUSED, opened.refusal.code)
    assert (row.duration_ms, row.attempts, row.status_code, row.response_payload) == (0, 0, None, None)


# Opening


async def test_the_owner_gets_all_that_the_execution_needs(world: ContractWorld) -> None:
    expires_at = world.now() + timedelta(hours=1)
    setting = await a_setting(
        world,
        expires_at=expires_at,
        http_method="POST",
        endpoint_path="/things/{id}",
        description="Does it",
        request_schema={"type": "object", "properties": {"id": {"type": "string"}}},
        transform_config={"locations": {"id": "path"}},
        scopes=("read", "write"),
        handler="a.handler",
        timeout_ms=1234,
    )
    await world.set_scopes(setting.connection_id, "read", "write")

    grant = granted(await setting.open())

    assert grant.integration == setting.integration
    assert grant.action == setting.action
    connection = grant.connection
    assert (connection.id, connection.user_id) == (setting.connection_id, setting.owner.user_id)
    assert connection.workspace_id == setting.owner.workspace_id
    assert connection.organization_id == setting.owner.organization_id
    assert connection.integration_slug == setting.integration.slug
    assert (connection.origins, connection.scopes) == ((ORIGIN,), ("read", "write"))
    assert connection.config == {"subdomain": "acme"}
    assert grant.credential is not None
    assert grant.credential.version == 1
    assert grant.credential.expires_at == expires_at
    assert grant.credential.issued_at is not None
    assert abs(grant.credential.issued_at - world.now()) < timedelta(minutes=1)


async def test_no_grant_holds_the_refresh_token(world: ContractWorld) -> None:
    setting = await a_setting(world)
    grant = granted(await setting.open())
    assert grant.credential is not None
    assert grant.credential.values == {"access_token": TOKENS["access_token"]}


async def test_a_credential_of_several_members(world: ContractWorld) -> None:
    secrets = {"username": "ada", "password": "påss\nword\\"}
    setting = await a_setting(world, integration=an_integration(AuthType.BASIC), secrets=secrets)
    grant = granted(await setting.open())
    assert grant.credential is not None
    assert grant.credential.values == secrets


async def test_a_service_that_needs_no_credential(world: ContractWorld) -> None:
    setting = await a_setting(world, integration=an_integration(AuthType.NONE), secrets={})
    assert granted(await setting.open()).credential is None


async def test_an_opened_execution_has_its_row_before_anything_happens(world: ContractWorld) -> None:
    setting = await a_setting(world)
    opened = await setting.open()
    row = await setting.audit(opened)
    assert row.status is ExecutionStatus.STARTED
    assert row.executed_at == opened.executed_at
    assert row.user_id == setting.owner.user_id
    assert (row.organization_id, row.workspace_id) == (
        setting.owner.organization_id,
        setting.owner.workspace_id,
    )
    assert (row.connection_id, row.action_id) == (setting.connection_id, setting.action.id)
    assert row.integration_id == setting.integration.id
    assert row.request_payload == {"q": "hello"}
    assert (row.response_payload, row.error_code, row.status_code, row.duration_ms) == (None,) * 4
    assert not row.payload_truncated


async def test_a_change_of_the_integration_counts_at_once(world: ContractWorld) -> None:
    setting = await a_setting(world)
    before = granted(await setting.open()).integration
    await world.move(setting.integration, base_url="https://api2.example")
    after = granted(await setting.open()).integration
    assert (before.base_url, after.base_url) == ("https://api.example", "https://api2.example")
    assert after.version > before.version


async def test_an_organizations_admin_who_moves_it_stops_its_connections(world: ContractWorld) -> None:
    owner = await world.person()
    integration = an_integration(organization_id=owner.organization_id)
    setting = await a_setting(world, owner=owner, integration=integration)
    granted(await setting.open())
    await world.move(integration, base_url="https://evil.example")
    refused(await setting.open(), ReauthorizationRequired)


@pytest.mark.parametrize("member", ["token_url", "refresh_url", "revocation_url"])
async def test_so_does_another_place_for_its_tokens(world: ContractWorld, member: str) -> None:
    owner = await world.person()
    integration = an_integration(organization_id=owner.organization_id)
    setting = await a_setting(world, owner=owner, integration=integration)
    await world.move(integration, auth_config={**integration.auth_config, member: "https://evil.example"})
    refused(await setting.open(), ReauthorizationRequired)


# Refusals


async def test_a_stranger_learns_nothing_and_writes_into_nobodys_log(world: ContractWorld) -> None:
    setting, stranger = await a_setting(world), await world.person()
    opened = await setting.open(sealed_pass=stranger.sealed_pass)
    refused(opened, NotFound)
    await refused_row(setting, opened)
    row = await setting.audit(opened)
    assert row.user_id == stranger.user_id
    assert (row.organization_id, row.workspace_id, row.connection_id, row.integration_id, row.action_id) == (
        None,
    ) * 5


async def test_a_strangers_refusal_is_that_of_a_connection_that_does_not_exist(world: ContractWorld) -> None:
    setting, stranger = await a_setting(world), await world.person()
    theirs = await setting.open(sealed_pass=stranger.sealed_pass)
    nobodys = await setting.open(
        sealed_pass=stranger.sealed_pass, workspace_id=uuid4(), connection_id=uuid4(), action="whatever"
    )
    refused(nobodys, NotFound)
    assert str(theirs.refusal) == str(nobodys.refusal)


async def test_a_connection_is_used_in_its_own_workspace_only(world: ContractWorld) -> None:
    setting, host = await a_setting(world), await world.person()
    await world.join(setting.owner, host, Role.MEMBER)
    opened = await setting.open(workspace_id=host.workspace_id)
    refused(opened, NotFound)
    row = await setting.audit(opened)
    assert (row.workspace_id, row.connection_id) == (host.workspace_id, None)


async def test_a_connection_that_does_not_exist(world: ContractWorld) -> None:
    setting = await a_setting(world)
    opened = await setting.open(connection_id=uuid4())
    refused(opened, NotFound)
    await refused_row(setting, opened)
    assert (await setting.audit(opened)).workspace_id == setting.owner.workspace_id


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN, Role.MEMBER, Role.VIEWER])
async def test_nobody_uses_a_workspace_mates_connection(world: ContractWorld, role: Role) -> None:
    setting, mate = await a_setting(world), await world.person()
    await world.join(mate, setting.owner, role)
    opened = await setting.open(sealed_pass=mate.sealed_pass)
    refused(opened, Forbidden)
    await refused_row(setting, opened)
    row = await setting.audit(opened)
    assert (row.user_id, row.connection_id) == (mate.user_id, setting.connection_id)


async def test_an_owner_who_became_a_viewer(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await world.join(setting.owner, setting.owner, Role.VIEWER)
    refused(await setting.open(), Forbidden)


async def test_a_key_without_the_scope(world: ContractWorld) -> None:
    setting = await a_setting(world)
    limited = await world.seal(setting.owner, scopes=["connections:read", "logs:read"])
    opened = await setting.open(sealed_pass=limited)
    refused(opened, Forbidden)
    await refused_row(setting, opened)


async def test_a_key_with_the_scope_alone(world: ContractWorld) -> None:
    setting = await a_setting(world)
    granted(await setting.open(sealed_pass=await world.seal(setting.owner, scopes=["execute"])))


async def test_a_key_for_one_workspace(world: ContractWorld) -> None:
    setting, host = await a_setting(world), await world.person()
    await world.join(setting.owner, host, Role.MEMBER)
    here = await world.seal(setting.owner, workspace_id=setting.owner.workspace_id)
    elsewhere = await world.seal(setting.owner, workspace_id=host.workspace_id)
    granted(await setting.open(sealed_pass=here))
    refused(await setting.open(sealed_pass=elsewhere), NotFound)


async def test_an_unknown_action(world: ContractWorld) -> None:
    setting = await a_setting(world)
    other = an_integration()
    await world.add(other, an_action(other, "elsewhere"))
    for name in ("nothing", "elsewhere", ""):
        opened = await setting.open(action=name)
        refused(opened, NotFound)
        await refused_row(setting, opened)
        row = await setting.audit(opened)
        assert (row.connection_id, row.action_id) == (setting.connection_id, None)


async def test_a_disabled_connection(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await world.vault.set_disabled(setting.owner.sealed_pass, setting.connection_id, disabled=True)
    opened = await setting.open()
    refused(opened, Forbidden)
    await refused_row(setting, opened)


async def test_a_connection_that_needs_its_owner(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await world.renewals.mark_reauthorization_required(setting.owner.sealed_pass, setting.connection_id, 1)
    opened = await setting.open()
    refused(opened, ReauthorizationRequired)
    await refused_row(setting, opened)


async def test_a_connection_without_its_secret(world: ContractWorld) -> None:
    setting = await a_setting(world, secrets={"refresh_token": "only-that"})
    refused(await setting.open(), ReauthorizationRequired)


async def test_a_secret_that_does_not_decrypt(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await world.spoil(setting.connection_id)
    opened = await setting.open()
    refused(opened, ReauthorizationRequired)
    await refused_row(setting, opened)


@pytest.mark.parametrize("which", ["expired", "forged", "empty"])
async def test_a_pass_that_is_no_good_leaves_no_trace_of_what_was_asked(
    world: ContractWorld, which: str
) -> None:
    setting = await a_setting(world)
    sealed = {
        "expired": await world.seal(setting.owner, lifetime=timedelta(seconds=-1)),
        "forged": "0" * 64 + setting.owner.sealed_pass[64:] if which == "forged" else "",
        "empty": "",
    }[which]
    opened = await setting.open(sealed_pass=sealed)
    refused(opened, Unauthenticated)
    await refused_row(setting, opened)
    row = await setting.audit(opened)
    assert (row.user_id, row.workspace_id, row.connection_id, row.request_payload) == (None,) * 4


async def test_what_the_gateway_refuses_gets_its_row_and_nothing_else(world: ContractWorld) -> None:
    setting = await a_setting(world)
    refusal = PayloadTooLarge("Too large.")
    opened = await setting.open(
        workspace_id=None, connection_id=None, action=None, request_payload=None, refusal=refusal
    )
    assert opened.refusal is refusal
    await refused_row(setting, opened)
    row = await setting.audit(opened)
    assert (row.user_id, row.workspace_id, row.request_payload) == (setting.owner.user_id, None, None)


async def test_a_refusal_of_the_gateways_takes_precedence(world: ContractWorld) -> None:
    setting = await a_setting(world)
    opened = await setting.open(refusal=MalformedRequest(), idempotency_key="key", request_hash=b"1")
    refused(opened, MalformedRequest)
    granted(await setting.open(idempotency_key="key", request_hash=b"2"))


async def test_but_not_over_who_the_caller_is(world: ContractWorld) -> None:
    setting = await a_setting(world)
    opened = await setting.open(sealed_pass="nobody's", refusal=MalformedRequest())
    refused(opened, Unauthenticated)
    await refused_row(setting, opened)


# What is written down


async def test_the_credentials_own_literals_are_masked_before_the_call(world: ContractWorld) -> None:
    setting = await a_setting(world)
    opened = await setting.open(request_payload={"note": f"it is {TOKENS['access_token']}!", "n": [1, None]})
    payload = (await setting.audit(opened)).request_payload
    assert payload == {"note": "it is [redacted]!", "n": [1, None]}


async def test_so_is_what_the_schema_calls_a_secret(world: ContractWorld) -> None:
    schema: dict[str, Any] = {
        "properties": {
            "pin_code": {"type": "string", "writeOnly": True},
            "login": {"properties": {"phrase": {"type": "string", "format": "password"}}},
            "name": {"type": "string"},
        }
    }
    setting = await a_setting(world, request_schema=schema)
    opened = await setting.open(
        request_payload={"pin_code": "s3cret-1", "login": {"phrase": "s3cret-2"}, "name": "Ada"}
    )
    payload = (await setting.audit(opened)).request_payload
    assert isinstance(payload, dict)
    assert payload["name"] == "Ada"
    assert "s3cret" not in str(payload)


@pytest.mark.parametrize(
    "payload", [None, [], "text", 0, 1.5, False, {}, {"a": {"b": ["ü", "\u2028", "😀", '"\\']}}]
)
async def test_payloads_of_any_json(world: ContractWorld, payload: Any) -> None:
    setting = await a_setting(world)
    opened = await setting.open(request_payload=payload)
    assert (await setting.audit(opened)).request_payload == payload
    await setting.close(opened, request_payload=payload, response_payload=payload)
    row = await setting.audit(opened)
    assert (row.request_payload, row.response_payload) == (payload, payload)


VERIFICATION = {
    "verification": {"method": "POST", "path": "/me", "response": {"error": "!ok", "message": None}}
}


@pytest.mark.parametrize("slug", [HTTP_REQUEST, VERIFY_CONNECTION])
async def test_actions_without_a_row(world: ContractWorld, slug: str) -> None:
    integration = an_integration(AuthType.BEARER, auth_config=VERIFICATION)
    setting = await a_setting(world, integration=integration)
    opened = await setting.open(action=slug)
    action = granted(opened).action
    assert action == builtin_action(integration, slug)
    row = await setting.audit(opened)
    assert (row.connection_id, row.action_id) == (setting.connection_id, action.id)


async def test_several_of_them_in_one_batch(world: ContractWorld) -> None:
    integration = an_integration(AuthType.BEARER, auth_config=VERIFICATION)
    setting = await a_setting(world, integration=integration)
    slugs = [HTTP_REQUEST, VERIFY_CONNECTION, setting.action.slug, HTTP_REQUEST]
    opened = await asyncio.gather(*(setting.open(action=slug) for slug in slugs))
    assert [granted(one).action.slug for one in opened] == slugs


async def test_many_actions_of_one_name(world: ContractWorld) -> None:
    settings = [await a_setting(world) for _ in range(20)]
    for _ in range(3):
        for setting, opened in zip(
            settings, await asyncio.gather(*(setting.open() for setting in settings)), strict=True
        ):
            grant = granted(opened)
            assert (grant.integration, grant.action) == (setting.integration, setting.action)


async def test_openings_and_closings_at_once(world: ContractWorld) -> None:
    """One that cannot be stored, of either kind, takes nobody along of either kind."""
    setting = await a_setting(world)
    first = [await setting.open() for _ in range(3)]
    second, _, failed = await asyncio.gather(
        asyncio.gather(*(setting.open() for _ in range(3))),
        asyncio.gather(*(setting.close(opened) for opened in first)),
        asyncio.gather(setting.open(request_payload={"q": "\0"}), return_exceptions=True),
    )
    assert isinstance(failed[0], MalformedRequest | Opened)
    for opened in second:
        assert granted(opened).integration == setting.integration
        assert (await setting.audit(opened)).status is ExecutionStatus.STARTED
    for opened in first:
        assert (await setting.audit(opened)).status is ExecutionStatus.SUCCESS


async def test_no_verification_without_its_request(world: ContractWorld) -> None:
    setting = await a_setting(world)
    refused(await setting.open(action=VERIFY_CONNECTION), NotFound)


@pytest.mark.parametrize("slug", [HTTP_REQUEST, VERIFY_CONNECTION])
async def test_a_row_of_that_name_counts_more(world: ContractWorld, slug: str) -> None:
    integration = an_integration(AuthType.BEARER, auth_config=VERIFICATION)
    setting = await a_setting(world, integration=integration, slug=slug)
    assert granted(await setting.open()).action == setting.action


async def test_an_http_request_has_its_time_before_it_is_unknown(world: ContractWorld) -> None:
    setting = await a_setting(world, integration=an_integration(AuthType.BEARER))
    opened = await setting.open(action=HTTP_REQUEST)
    deadline = await world.deadline(opened.execution_id)
    assert 80 < (deadline - opened.executed_at).total_seconds() < 100


async def test_definitions_carry_what_integration_and_action_say(world: ContractWorld) -> None:
    limits = ({"requests": 5, "per_seconds": 60},)
    integration = an_integration(
        AuthType.BEARER, transform_config={"headers": {"x-version": "2"}}, rate_limits=limits
    )
    setting = await a_setting(
        world, integration=integration, rate_limits=limits, transform_config={"retry": {"max_attempts": 1}}
    )
    grant = granted(await setting.open())
    assert (grant.integration, grant.action) == (setting.integration, setting.action)


# Closing


async def test_success(world: ContractWorld) -> None:
    setting = await a_setting(world)
    opened = await setting.open()
    await setting.close(
        opened,
        request_payload={"q": "[redacted]"},
        response_payload={"id": 1},
        payload_truncated=True,
        status_code=201,
        duration_ms=41.75,
        attempts=2,
    )
    row = await setting.audit(opened)
    assert (row.status, row.status_code, row.error_code) == (ExecutionStatus.SUCCESS, 201, None)
    assert (row.request_payload, row.response_payload) == ({"q": "[redacted]"}, {"id": 1})
    assert (row.payload_truncated, row.duration_ms, row.attempts) == (True, 41.75, 2)
    assert (await setting.stored()).last_used_at is not None


@pytest.mark.parametrize("status", [ExecutionStatus.ERROR, ExecutionStatus.REFUSED])
async def test_failure(world: ContractWorld, status: ExecutionStatus) -> None:
    setting = await a_setting(world)
    opened = await setting.open()
    await setting.close(opened, status=status, error_code="upstream_error", status_code=500)
    row = await setting.audit(opened)
    assert (row.status, row.error_code, row.status_code) == (status, "upstream_error", 500)


async def test_a_finished_row_never_changes(world: ContractWorld) -> None:
    setting = await a_setting(world)
    opened = await setting.open()
    await setting.close(opened)
    before = await setting.audit(opened)
    await setting.close(opened, status=ExecutionStatus.ERROR, error_code="upstream_error", attempts=9)
    assert await setting.audit(opened) == before


async def test_a_refused_row_never_changes(world: ContractWorld) -> None:
    setting = await a_setting(world)
    opened = await setting.open(action="nothing")
    before = await setting.audit(opened)
    await setting.close(opened)
    assert await setting.audit(opened) == before


@pytest.mark.parametrize("status", [ExecutionStatus.STARTED, ExecutionStatus.UNKNOWN])
async def test_nothing_is_closed_as_unfinished(world: ContractWorld, status: ExecutionStatus) -> None:
    setting = await a_setting(world)
    opened = await setting.open()
    before = await setting.audit(opened)
    await setting.close(opened, status=status)
    assert await setting.audit(opened) == before


async def test_nobody_closes_an_execution_with_another_key(world: ContractWorld) -> None:
    setting = await a_setting(world)
    opened = await setting.open(idempotency_key="key", request_hash=b"1")
    before = await setting.audit(opened)
    for key in (granted(await setting.open()).closing_key, str(opened.execution_id), str(uuid4())):
        await setting.close(opened, closing_key=key, idempotent_answer=b"{}")
        await setting.close(opened, closing_key=key, frees_idempotency_key=True)
    assert await setting.audit(opened) == before
    again = await setting.open(idempotency_key="key", request_hash=b"1")
    assert again.refusal is not None
    assert again.refusal.code == "idempotency_in_flight"


async def test_what_was_never_opened_is_not_closed(world: ContractWorld) -> None:
    setting = await a_setting(world)
    opened = await setting.open()
    await setting.close(replace(opened, execution_id=uuid4()))
    await setting.close(replace(opened, executed_at=opened.executed_at + timedelta(milliseconds=1)))
    assert (await setting.audit(opened)).status is ExecutionStatus.STARTED
    assert len(await world.audit_of(setting.owner)) == 1


async def test_after_a_crash_it_is_unknown_until_somebody_knows(world: ContractWorld) -> None:
    setting = await a_setting(world)
    opened = await setting.open()
    await world.pass_deadline(opened.execution_id)
    assert (await setting.audit(opened)).status is ExecutionStatus.UNKNOWN
    await setting.close(opened)
    assert (await setting.audit(opened)).status is ExecutionStatus.SUCCESS


async def test_whose_time_is_not_over_is_not_given_up(world: ContractWorld) -> None:
    setting = await a_setting(world)
    cut_off, under_way = await setting.open(), await setting.open(timeout_ms=1)
    await world.pass_deadline(cut_off.execution_id)
    assert (await setting.audit(under_way)).status is ExecutionStatus.STARTED


# Idempotency keys


async def test_the_same_request_gets_the_first_answer(world: ContractWorld) -> None:
    setting = await a_setting(world)
    first = await setting.open(idempotency_key="key", request_hash=b"1")
    granted(first)
    await setting.close(first, idempotent_answer='{"data": "ü\\n"}'.encode())
    for _ in range(2):
        again = await setting.open(idempotency_key="key", request_hash=b"1")
        assert again.replay == '{"data": "ü\\n"}'.encode()
        assert (again.grant, again.refusal) == (None, None)
        assert (again.execution_id, again.executed_at) == (first.execution_id, first.executed_at)
    assert len(await world.audit_of(setting.owner)) == 1


async def test_another_request_with_the_same_key_is_a_conflict(world: ContractWorld) -> None:
    setting = await a_setting(world)
    first = await setting.open(idempotency_key="key", request_hash=b"1")
    for _ in range(2):
        again = await setting.open(idempotency_key="key", request_hash=b"2")
        assert again.refusal is not None
        assert again.refusal.code == "idempotency_conflict"
        assert again.execution_id != first.execution_id
        await refused_row(setting, again)
        await setting.close(first, idempotent_answer=b"{}")


async def test_while_the_first_is_under_way(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await setting.open(idempotency_key="key", request_hash=b"1")
    again = await setting.open(idempotency_key="key", request_hash=b"1")
    assert again.refusal is not None
    assert again.refusal.code == "idempotency_in_flight"
    await refused_row(setting, again)


async def test_of_many_at_once_one_is_the_first(world: ContractWorld) -> None:
    setting = await a_setting(world)
    openings = [setting.open(idempotency_key="key", request_hash=b"1") for _ in range(20)]
    opened = await asyncio.gather(*openings)
    assert sum(one.grant is not None for one in opened) == 1
    codes = {one.refusal.code for one in opened if one.refusal is not None}
    assert codes == {"idempotency_in_flight"}


async def test_after_a_crash_nobody_knows_and_nothing_is_called_again(world: ContractWorld) -> None:
    setting = await a_setting(world)
    first = await setting.open(idempotency_key="key", request_hash=b"1")
    await world.pass_deadline(first.execution_id)
    for _ in range(2):
        again = await setting.open(idempotency_key="key", request_hash=b"1")
        assert again.refusal is not None
        assert again.refusal.code == "idempotency_outcome_unknown"
        await refused_row(setting, again)


async def test_a_freed_key_may_be_tried_again(world: ContractWorld) -> None:
    setting = await a_setting(world)
    first = await setting.open(idempotency_key="key", request_hash=b"1")
    await setting.close(first, status=ExecutionStatus.REFUSED, frees_idempotency_key=True)
    second = await setting.open(idempotency_key="key", request_hash=b"2")
    granted(second)
    assert second.execution_id != first.execution_id


async def test_an_answer_is_given_once(world: ContractWorld) -> None:
    setting = await a_setting(world)
    first = await setting.open(idempotency_key="key", request_hash=b"1")
    await setting.close(first, idempotent_answer=b"1")
    await setting.close(first, idempotent_answer=b"2")
    await setting.close(first, frees_idempotency_key=True)
    assert (await setting.open(idempotency_key="key", request_hash=b"1")).replay == b"1"


async def test_a_key_lasts_for_a_day(world: ContractWorld) -> None:
    setting = await a_setting(world)
    first = await setting.open(idempotency_key="key", request_hash=b"1")
    await setting.close(first, idempotent_answer=b"1")
    await world.expire_idempotency_key(setting.owner, "key")
    granted(await setting.open(idempotency_key="key", request_hash=b"2"))


async def test_keys_are_each_users_own(world: ContractWorld) -> None:
    ours, theirs = await a_setting(world), await a_setting(world)
    first = await ours.open(idempotency_key="key", request_hash=b"1")
    await ours.close(first, idempotent_answer=b"ours")
    granted(await theirs.open(idempotency_key="key", request_hash=b"1"))


async def test_what_is_refused_takes_no_key(world: ContractWorld) -> None:
    setting = await a_setting(world)
    refused(await setting.open(idempotency_key="key", request_hash=b"1", action="nothing"), NotFound)
    granted(await setting.open(idempotency_key="key", request_hash=b"2"))


async def test_a_replay_is_for_those_who_may_still_execute(world: ContractWorld) -> None:
    setting = await a_setting(world)
    first = await setting.open(idempotency_key="key", request_hash=b"1")
    await setting.close(first, idempotent_answer=b"1")
    await world.vault.set_disabled(setting.owner.sealed_pass, setting.connection_id, disabled=True)
    refused(await setting.open(idempotency_key="key", request_hash=b"1"), Forbidden)


# Together


async def test_a_hundred_at_once_of_many_callers_know_nothing_of_each_other(world: ContractWorld) -> None:
    settings = [
        await a_setting(world, secrets={"access_token": f"access-token-of-{number}"}) for number in range(5)
    ]
    spoiled, stranger = await a_setting(world), await world.person()
    await world.spoil(spoiled.connection_id)
    expired = await world.seal(spoiled.owner, lifetime=timedelta(seconds=-1))
    members: list[dict[str, Any]] = [
        {},
        {"sealed_pass": stranger.sealed_pass},
        {"sealed_pass": expired},
        {"connection_id": spoiled.connection_id},
    ]
    openings = []
    for number in range(100):
        kind = number // 5 % 4
        setting = spoiled if kind == 3 else settings[number % 5]
        openings.append(setting.open(request_payload={"n": number}, **members[kind]))

    opened = await asyncio.gather(*openings)

    assert len({one.execution_id for one in opened}) == 100
    for number, one in enumerate(opened):
        setting, row = settings[number % 5], await world.audit(one.execution_id)
        assert row is not None
        match number // 5 % 4:
            case 0:
                grant = granted(one)
                assert grant.credential is not None
                assert grant.credential.values == {"access_token": f"access-token-of-{number % 5}"}
                assert grant.connection.id == row.connection_id == setting.connection_id
                assert row.user_id == setting.owner.user_id
                assert row.request_payload == {"n": number}
            case 1:
                refused(one, NotFound)
                assert (row.user_id, row.workspace_id, row.connection_id) == (stranger.user_id, None, None)
                assert row.request_payload == {"n": number}
            case 2:
                refused(one, Unauthenticated)
                assert (row.user_id, row.workspace_id, row.request_payload) == (None, None, None)
            case _:
                refused(one, ReauthorizationRequired)
                assert (row.user_id, row.connection_id) == (spoiled.owner.user_id, spoiled.connection_id)


async def test_a_hundred_are_closed_at_once(world: ContractWorld) -> None:
    setting = await a_setting(world)
    opened = [await setting.open() for _ in range(70)]
    closings = [
        setting.close(
            one,
            closing_key=str(uuid4()) if number % 7 == 0 else granted(one).closing_key,
            response_payload={"n": number},
        )
        for number, one in enumerate(opened)
    ]
    await asyncio.gather(*closings)
    for number, one in enumerate(opened):
        row = await setting.audit(one)
        if number % 7 == 0:
            assert (row.status, row.response_payload) == (ExecutionStatus.STARTED, None)
        else:
            assert (row.status, row.response_payload) == (ExecutionStatus.SUCCESS, {"n": number})


async def test_one_that_cannot_be_stored_takes_nobody_along(world: ContractWorld) -> None:
    setting = await a_setting(world)
    good = [setting.open(request_payload={"n": number}) for number in range(5)]
    bad = [
        setting.open(action="a\x00b"),
        setting.open(action="\ud800"),
        setting.open(request_payload={"a": "\x00"}),
        setting.open(idempotency_key="k" * 1000, request_hash=b"1"),
        setting.open(timeout_ms=2**40),
    ]
    results = await asyncio.gather(*bad, *good, return_exceptions=True)
    opened = [one for one in results[len(bad) :] if isinstance(one, Opened)]
    assert [(await setting.audit(one)).request_payload for one in opened] == [{"n": n} for n in range(5)]
    assert all(one.grant is not None for one in opened)

    closings = [setting.close(one) for one in opened]
    bad_closings = [
        setting.close(opened[0], error_code="a\x00b"),
        setting.close(opened[0], response_payload={"\x00": 1}),
        setting.close(opened[0], status_code=2**40),
    ]
    await asyncio.gather(*bad_closings, *closings, return_exceptions=True)
    assert {(await setting.audit(one)).status for one in opened} == {ExecutionStatus.SUCCESS}


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan"), 1e308, 10**400])
async def test_numbers_that_json_cannot_say(world: ContractWorld, number: float) -> None:
    setting = await a_setting(world)
    opened = await setting.open()
    await setting.close(opened, response_payload={"n": [number], "text": "x"})
    row = await setting.audit(opened)
    assert row.status is ExecutionStatus.SUCCESS
    assert isinstance(row.response_payload, dict)
    assert row.response_payload["text"] == "x"
