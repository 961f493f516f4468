"""The credential vault: a user at the authorization server, and back."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from portway.application.ports.credential_vault import NewAuthorization, PendingAuthorization
from portway.application.ports.renewals import LeaseOutcome
from portway.domain.connection import Account, ConnectionStatus
from portway.domain.credential import OAuthClient
from portway.domain.errors import AccountMismatch, Forbidden, NotFound, Unauthenticated
from portway.domain.integration import Integration
from portway.domain.organization import Role
from tests.contract.arrangements import TOKENS, a_setting, an_outcome, new_tokens
from tests.contract.worlds import ContractWorld
from tests.fakes.definitions import ORIGIN, an_integration
from tests.fakes.records import Person

ADA = Account("ada", "Ada Lovelace")


def unique_state() -> str:
    return an_integration().slug


async def begin(
    world: ContractWorld, person: Person, integration: Integration, state: str, **members: Any
) -> None:
    wanted = NewAuthorization(
        **{
            "workspace_id": person.workspace_id,
            "integration_id": integration.id,
            "name": "My account",
            "scopes": ("read", "write"),
            "config": {"subdomain": "acme"},
            "return_url": "https://app.example/done",
            "connection_id": None,
            "state": state,
            "code_verifier": "the-code-verifier",
            **members,
        }
    )
    expires_at = await world.vault.begin_authorization(person.sealed_pass, wanted)
    assert abs(expires_at - world.now() - timedelta(minutes=10)) < timedelta(seconds=30)


async def begun(world: ContractWorld, **members: Any) -> tuple[str, Person, Integration]:
    person, integration, state = await world.person(), an_integration(), unique_state()
    await world.add(integration)
    await begin(world, person, integration, state, **members)
    return state, person, integration


async def taken(world: ContractWorld, state: str, browser_secret: str | None = None) -> PendingAuthorization:
    pending = await world.vault.take_authorization(state, browser_secret)
    assert pending is not None
    return pending


NEW_TOKENS = {"access_token": "second-access-token", "refresh_token": "second-refresh-token"}


async def complete(
    world: ContractWorld,
    pending: PendingAuthorization,
    secrets: Mapping[str, str] = NEW_TOKENS,
    **members: Any,
) -> UUID:
    established = an_outcome(secrets, **{"scopes": ("read",), "config": pending.config, **members})
    return await world.vault.complete_authorization(pending.authorization_pass, established, "Their service")


async def test_what_was_begun_is_taken_up(world: ContractWorld) -> None:
    person, integration, state = await world.person(), an_integration(), unique_state()
    await world.add(integration)
    client = OAuthClient("our-client", "our-client-secret")
    await world.vault.set_oauth_client(person.sealed_pass, person.organization_id, integration.id, client)
    own = await world.vault.oauth_client(person.sealed_pass, person.workspace_id, integration.id)
    assert own is not None
    opener = "https://app.example"
    await begin(world, person, integration, state, oauth_client_id=own.id, opener_origin=opener)
    pending = await taken(world, state)
    assert pending.integration == integration
    assert pending.client == own
    assert pending.client.client == client
    assert pending.opener_origin == opener
    assert pending.code_verifier == "the-code-verifier"
    assert (pending.scopes, pending.config) == (("read", "write"), {"subdomain": "acme"})
    assert pending.return_url == "https://app.example/done"
    assert not pending.expired


async def test_without_a_client_or_a_place_to_return_to(world: ContractWorld) -> None:
    state, _, _ = await begun(world, return_url=None)
    pending = await taken(world, state)
    assert (pending.client, pending.return_url) == (None, None)


async def test_it_is_taken_up_once(world: ContractWorld) -> None:
    state, _, _ = await begun(world)
    found = await asyncio.gather(*(world.vault.take_authorization(state, None) for _ in range(8)))
    assert sum(pending is not None for pending in found) == 1
    assert await world.vault.take_authorization(state, None) is None


async def test_an_unknown_state_says_nothing(world: ContractWorld) -> None:
    await begun(world)
    for state in ("", "unknown", unique_state()):
        assert await world.vault.take_authorization(state, None) is None


async def test_it_is_for_the_browser_that_began_it(world: ContractWorld) -> None:
    state, _, _ = await begun(world, browser_secret="this browser's")
    assert await world.vault.take_authorization(state, None) is None
    assert await world.vault.take_authorization(state, "another's") is None
    assert not (await taken(world, state, "this browser's")).expired


async def test_begun_by_a_program_it_is_for_any_browser(world: ContractWorld) -> None:
    state, _, _ = await begun(world, browser_secret=None)
    assert not (await taken(world, state, "any browser's")).expired


async def test_after_ten_minutes_it_is_good_for_saying_so(world: ContractWorld) -> None:
    state, _, _ = await begun(world)
    await world.expire_authorization(state)
    pending = await taken(world, state)
    assert pending.expired
    assert (pending.integration, pending.client) == (None, None)
    assert (pending.authorization_pass, pending.code_verifier) == ("", "")
    assert pending.return_url == "https://app.example/done"
    assert await world.vault.take_authorization(state, None) is None
    with pytest.raises(NotFound):
        await complete(world, pending)


async def test_completed_it_is_a_connection(world: ContractWorld) -> None:
    state, person, integration = await begun(world)
    expires_at = world.now() + timedelta(hours=1)
    connection_id = await complete(world, await taken(world, state), expires_at=expires_at)
    stored = await world.stored(connection_id)
    assert stored is not None
    assert (stored.user_id, stored.workspace_id) == (person.user_id, person.workspace_id)
    assert (stored.integration_id, stored.name) == (integration.id, "My account")
    assert (stored.status, stored.version) == (ConnectionStatus.ACTIVE, 1)
    assert (stored.scopes, stored.origins) == (("read",), (ORIGIN,))
    assert (stored.config, stored.expires_at) == ({"subdomain": "acme"}, expires_at)
    assert stored.secrets == {"access_token": "second-access-token", "refresh_token": "second-refresh-token"}


async def test_it_is_completed_once(world: ContractWorld) -> None:
    state, _, _ = await begun(world)
    pending = await taken(world, state)
    results = await asyncio.gather(*(complete(world, pending) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(result, UUID) for result in results) == 1
    assert sum(isinstance(result, NotFound) for result in results) == 3


async def test_no_other_pass_completes_it(world: ContractWorld) -> None:
    state, person, _ = await begun(world)
    pending = await taken(world, state)
    setting = await a_setting(world)
    refresh_pass = (await setting.leased()).refresh_pass
    for sealed_pass in (person.sealed_pass, refresh_pass, "nobody's", ""):
        with pytest.raises(NotFound):
            await world.vault.complete_authorization(sealed_pass, an_outcome(), "x")
    await complete(world, pending)


async def test_nor_is_its_pass_good_for_anything_else(world: ContractWorld) -> None:
    setting = await a_setting(world)
    state = unique_state()
    await begin(world, setting.owner, setting.integration, state, connection_id=setting.connection_id)
    stray = (await taken(world, state)).authorization_pass
    with pytest.raises(Unauthenticated):
        await world.renewals.lease_refresh(stray, setting.connection_id, 1, 60)
    with pytest.raises(NotFound):
        await world.vault.delete_connection(stray, setting.connection_id)
    assert (await setting.open(sealed_pass=stray)).grant is None
    assert await world.renewals.store_refresh(stray, new_tokens(world)) is None


# An existing connection again


async def test_authorized_again_it_stays_the_same_connection(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await world.renewals.mark_reauthorization_required(setting.owner.sealed_pass, setting.connection_id, 1)
    state = unique_state()
    await begin(
        world,
        setting.owner,
        setting.integration,
        state,
        connection_id=setting.connection_id,
        name="Another name",
        config={"subdomain": "other"},
    )
    assert await complete(world, await taken(world, state)) == setting.connection_id
    stored = await setting.stored()
    assert (stored.status, stored.version) == (ConnectionStatus.ACTIVE, 2)
    assert (stored.scopes, stored.config) == (("read",), {"subdomain": "other"})
    assert stored.secrets["access_token"] == "second-access-token"


async def test_without_a_new_refresh_token_the_old_one_stays(world: ContractWorld) -> None:
    setting = await a_setting(world)
    state = unique_state()
    await begin(world, setting.owner, setting.integration, state, connection_id=setting.connection_id)
    await complete(world, await taken(world, state), {"access_token": "second-access-token"})
    assert (await setting.stored()).secrets == {
        "access_token": "second-access-token",
        "refresh_token": TOKENS["refresh_token"],
    }


async def test_a_refresh_that_was_under_way_counts_no_more(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    state = unique_state()
    await begin(world, setting.owner, setting.integration, state, connection_id=setting.connection_id)
    await complete(world, await taken(world, state))
    assert await world.renewals.store_refresh(lease.refresh_pass, new_tokens(world, "late")) is None
    assert (await setting.stored()).secrets["access_token"] == "second-access-token"
    assert (await setting.lease(seen_version=2)).outcome is LeaseOutcome.LEASED


async def test_one_that_was_disabled_stays_so(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await world.vault.set_disabled(setting.owner.sealed_pass, setting.connection_id, disabled=True)
    state = unique_state()
    await begin(world, setting.owner, setting.integration, state, connection_id=setting.connection_id)
    await complete(world, await taken(world, state))
    assert (await setting.stored()).status is ConnectionStatus.DISABLED


async def test_a_refresh_token_of_another_client_does_not_stay(world: ContractWorld) -> None:
    setting = await a_setting(world)
    client_id = await setting.use_client(OAuthClient("our-client", None))
    await setting.use_client(OAuthClient("another", None), "another")
    state = unique_state()
    again = {"connection_id": setting.connection_id, "oauth_client_id": client_id}
    await begin(world, setting.owner, setting.integration, state, **again)
    await complete(world, await taken(world, state), {"access_token": "second-access-token"})
    stored = await setting.stored()
    assert stored.secrets == {"access_token": "second-access-token"}
    assert stored.oauth_client_id == client_id


async def test_not_with_another_account(world: ContractWorld) -> None:
    setting = await a_setting(world, established={"account": ADA})
    for account in (Account("bob", "Bob"), None, Account("ada", "Ada, Countess of Lovelace")):
        state = unique_state()
        await begin(world, setting.owner, setting.integration, state, connection_id=setting.connection_id)
        pending = await taken(world, state)
        if account and account.id == "bob":
            with pytest.raises(AccountMismatch, match=r"Ada Lovelace.*Bob"):
                await complete(world, pending, account=account)
            assert (await setting.stored()).secrets == TOKENS
        else:
            assert await complete(world, pending, account=account) == setting.connection_id
    stored = await setting.stored()
    assert (stored.account_id, stored.account_name) == ("ada", "Ada, Countess of Lovelace")


# Accounts


async def connect(
    world: ContractWorld, person: Person, integration: Integration, account: Account | None, **members: Any
) -> UUID:
    state = unique_state()
    await begin(world, person, integration, state, **members)
    return await complete(world, await taken(world, state), account=account)


async def test_two_accounts_are_two_connections_the_same_twice_is_one(world: ContractWorld) -> None:
    person, integration = await world.person(), an_integration()
    await world.add(integration)
    ada = await connect(world, person, integration, ADA)
    bob = await connect(world, person, integration, Account("bob"))
    again = await connect(world, person, integration, Account("ada", "New name"), name="Another")
    unknown = [await connect(world, person, integration, None) for _ in range(2)]
    assert again == ada
    assert len({ada, bob, *unknown}) == 4
    stored = await world.stored(ada)
    assert stored is not None
    assert (stored.account_id, stored.account_name, stored.name) == ("ada", "New name", "My account")
    assert stored.version == 2


async def test_the_same_account_at_the_same_time_is_one_connection(world: ContractWorld) -> None:
    person, integration = await world.person(), an_integration()
    await world.add(integration)
    made = await asyncio.gather(*(connect(world, person, integration, ADA) for _ in range(6)))
    assert len(set(made)) == 1


async def test_the_same_account_for_another_end_user_user_or_workspace(world: ContractWorld) -> None:
    person, mate, integration = await world.person(), await world.person(), an_integration()
    await world.add(integration)
    await world.join(mate, person, Role.MEMBER)
    made = [
        await connect(world, person, integration, ADA),
        await connect(world, person, integration, ADA, end_user_id="theirs"),
        await connect(world, person, integration, ADA, end_user_id="other"),
        await connect(world, mate, integration, ADA, workspace_id=person.workspace_id),
        await connect(world, mate, integration, ADA),
    ]
    assert len(set(made)) == 5
    assert await connect(world, person, integration, ADA, end_user_id="theirs") == made[1]
    stored = await world.stored(made[1])
    assert stored is not None
    assert stored.end_user_id == "theirs"


async def test_without_a_name_it_has_the_default_one_or_one_like_it(world: ContractWorld) -> None:
    person, integration = await world.person(), an_integration()
    await world.add(integration)
    names = []
    for account in ("a", "b", "c"):
        stored = await world.stored(await connect(world, person, integration, Account(account), name=None))
        assert stored is not None
        names.append(stored.name)
    assert names == ["Their service", "Their service (2)", "Their service (3)"]


# Who may begin, and end


async def test_who_was_made_a_viewer_meanwhile_does_not_connect(world: ContractWorld) -> None:
    state, person, _ = await begun(world)
    pending = await taken(world, state)
    await world.join(person, person, Role.VIEWER)
    with pytest.raises(Forbidden):
        await complete(world, pending)


async def test_nobody_authorizes_a_mates_connection(world: ContractWorld) -> None:
    setting, admin, stranger = await a_setting(world), await world.person(), await world.person()
    await world.join(admin, setting.owner, Role.ADMIN)
    theirs = {"workspace_id": setting.owner.workspace_id, "connection_id": setting.connection_id}
    with pytest.raises(Forbidden):
        await begin(world, admin, setting.integration, unique_state(), **theirs)
    with pytest.raises(NotFound):
        await begin(world, stranger, setting.integration, unique_state(), **theirs)
    with pytest.raises(NotFound):
        await begin(world, stranger, setting.integration, unique_state(), connection_id=setting.connection_id)


async def test_nor_their_own_with_another_service(world: ContractWorld) -> None:
    setting, other = await a_setting(world), an_integration()
    await world.add(other)
    with pytest.raises(NotFound):
        await begin(world, setting.owner, other, unique_state(), connection_id=setting.connection_id)


async def test_nor_with_another_organizations_service(world: ContractWorld) -> None:
    person, other = await world.person(), await world.person()
    theirs = an_integration(organization_id=other.organization_id)
    await world.add(theirs)
    with pytest.raises(NotFound):
        await begin(world, person, theirs, unique_state())


async def test_who_may_not_connect_does_not_begin(world: ContractWorld) -> None:
    host, viewer, integration = await world.person(), await world.person(), an_integration()
    await world.add(integration)
    await world.join(viewer, host, Role.VIEWER)
    with pytest.raises(Forbidden):
        await begin(world, viewer, integration, unique_state(), workspace_id=host.workspace_id)
    stranger = await world.person()
    with pytest.raises(NotFound):
        await begin(world, stranger, integration, unique_state(), workspace_id=host.workspace_id)
