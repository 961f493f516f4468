"""The credential vault: making, replacing, stopping and deleting connections, and OAuth clients."""

from datetime import timedelta
from uuid import uuid4

import pytest

from portway.domain.connection import ConnectionStatus
from portway.domain.credential import OAuthClient
from portway.domain.errors import Forbidden, NotFound, PortwayError
from portway.domain.integration import AuthType
from portway.domain.organization import Role
from tests.contract.arrangements import TOKENS, a_setting, granted, new_tokens
from tests.contract.worlds import ContractWorld
from tests.fakes.definitions import ORIGIN, an_integration
from tests.fakes.records import Person

CLIENT = OAuthClient("our-client", "our-client-secret")


async def create(
    world: ContractWorld, person: Person, sealed_pass: str | None = None, host: Person | None = None
) -> None:
    integration = an_integration()
    await world.add(integration)
    await world.vault.create_connection(
        sealed_pass if sealed_pass is not None else person.sealed_pass,
        workspace_id=(host or person).workspace_id,
        integration_id=integration.id,
        name="Mine",
        values=TOKENS,
        config={},
        origins=[ORIGIN],
        expires_at=None,
    )


async def test_a_new_connection_is_active_and_its_makers(world: ContractWorld) -> None:
    expires_at = world.now() + timedelta(hours=1)
    setting = await a_setting(world, expires_at=expires_at)
    stored = await setting.stored()
    owner = setting.owner
    assert (stored.user_id, stored.workspace_id) == (owner.user_id, owner.workspace_id)
    assert stored.organization_id == owner.organization_id
    assert (stored.name, stored.status) == ("My account", ConnectionStatus.ACTIVE)
    assert (stored.version, stored.expires_at, stored.scopes) == (1, expires_at, ())
    assert stored.secrets == TOKENS


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER])
async def test_members_connect(world: ContractWorld, role: Role) -> None:
    host, person = await world.person(), await world.person()
    await world.join(person, host, role)
    await create(world, person, host=host)


async def test_a_viewer_does_not(world: ContractWorld) -> None:
    host, person = await world.person(), await world.person()
    await world.join(person, host, Role.VIEWER)
    with pytest.raises(Forbidden):
        await create(world, person, host=host)


async def test_a_stranger_does_not(world: ContractWorld) -> None:
    host, person = await world.person(), await world.person()
    with pytest.raises(NotFound):
        await create(world, person, host=host)


async def test_a_key_without_the_scope_does_not(world: ContractWorld) -> None:
    person = await world.person()
    limited = await world.seal(person, scopes=["execute", "connections:read"])
    with pytest.raises(Forbidden):
        await create(world, person, limited)


async def test_a_pass_that_is_no_good_does_nothing(world: ContractWorld) -> None:
    setting = await a_setting(world)
    expired = await world.seal(setting.owner, lifetime=timedelta(seconds=-1))
    before = await setting.stored()
    vault, connection_id = world.vault, setting.connection_id
    for bad in (expired, "nobody's", ""):
        with pytest.raises(PortwayError):
            await create(world, setting.owner, bad)
        with pytest.raises(PortwayError):
            await vault.replace_secret(bad, connection_id, {"token": "x"}, [ORIGIN], None)
        with pytest.raises(PortwayError):
            await vault.set_disabled(bad, connection_id, disabled=True)
        with pytest.raises(PortwayError):
            await vault.delete_connection(bad, connection_id)
        with pytest.raises(PortwayError):
            await world.renewals.lease_refresh(bad, connection_id, 1, 60)
        with pytest.raises(PortwayError):
            await world.renewals.mark_reauthorization_required(bad, connection_id, 1)
        with pytest.raises(PortwayError):
            await vault.oauth_client_id(bad, setting.owner.workspace_id, setting.integration.id)
        with pytest.raises(PortwayError):
            await vault.set_oauth_client(bad, setting.owner.organization_id, setting.integration.id, CLIENT)
    assert await setting.stored() == before


async def test_another_organizations_integration_does_not_exist(world: ContractWorld) -> None:
    owner, other = await world.person(), await world.person()
    theirs = an_integration(organization_id=other.organization_id)
    with pytest.raises(NotFound):
        await a_setting(world, owner=owner, integration=theirs)
    with pytest.raises(NotFound):
        await world.vault.set_oauth_client(owner.sealed_pass, owner.organization_id, theirs.id, CLIENT)


# Replacing


async def test_new_secrets_take_the_place_of_all_old_ones(world: ContractWorld) -> None:
    setting = await a_setting(world)
    expires_at = world.now() + timedelta(hours=2)
    origins = ["https://api2.example:443", ORIGIN]
    await world.vault.replace_secret(
        setting.owner.sealed_pass,
        setting.connection_id,
        {"access_token": "brought along"},
        origins,
        expires_at,
    )
    stored = await setting.stored()
    assert stored.secrets == {"access_token": "brought along"}
    assert (stored.version, stored.expires_at, stored.origins) == (2, expires_at, tuple(origins))


async def test_with_them_a_lost_connection_works_again(world: ContractWorld) -> None:
    setting = await a_setting(world)
    mine = (setting.owner.sealed_pass, setting.connection_id)
    await world.renewals.mark_reauthorization_required(*mine, 1)
    await world.spoil(setting.connection_id)
    await world.vault.replace_secret(*mine, {"access_token": "a new one"}, [ORIGIN], None)
    assert (await setting.stored()).status is ConnectionStatus.ACTIVE
    credential = granted(await setting.open()).credential
    assert credential is not None
    assert credential.values == {"access_token": "a new one"}


async def test_but_one_that_was_disabled_stays_so(world: ContractWorld) -> None:
    setting = await a_setting(world)
    mine = (setting.owner.sealed_pass, setting.connection_id)
    await world.vault.set_disabled(*mine, disabled=True)
    await world.vault.replace_secret(*mine, {"access_token": "a new one"}, [ORIGIN], None)
    assert (await setting.stored()).status is ConnectionStatus.DISABLED


async def test_only_the_owner_replaces_them(world: ContractWorld) -> None:
    setting, admin, stranger = await a_setting(world), await world.person(), await world.person()
    await world.join(admin, setting.owner, Role.ADMIN)
    limited = await world.seal(setting.owner, scopes=["execute"])
    for sealed_pass, error in (
        (admin.sealed_pass, Forbidden), (limited, Forbidden), (stranger.sealed_pass, NotFound)
    ):  # fmt: skip
        with pytest.raises(error):
            await world.vault.replace_secret(
                sealed_pass, setting.connection_id, {"access_token": "x"}, [ORIGIN], None
            )
    assert (await setting.stored()).secrets == TOKENS


# Stopping and resuming


async def test_the_owner_stops_and_resumes(world: ContractWorld) -> None:
    setting = await a_setting(world)
    mine = (setting.owner.sealed_pass, setting.connection_id)
    await world.vault.set_disabled(*mine, disabled=True)
    assert (await setting.stored()).status is ConnectionStatus.DISABLED
    await world.vault.set_disabled(*mine, disabled=False)
    assert (await setting.stored()).status is ConnectionStatus.ACTIVE


async def test_what_an_admin_stopped_its_owner_does_not_resume(world: ContractWorld) -> None:
    setting, admin = await a_setting(world), await world.person()
    await world.join(admin, setting.owner, Role.ADMIN)
    await world.join(setting.owner, setting.owner, Role.MEMBER)
    # The owner of the organization administers all of its workspaces, so this takes somebody who is not.
    member = await world.person()
    await world.join(member, setting.owner, Role.MEMBER)
    theirs = await world.vault.create_connection(
        member.sealed_pass,
        workspace_id=setting.owner.workspace_id,
        integration_id=setting.integration.id,
        name="Theirs",
        values=TOKENS,
        config={},
        origins=[ORIGIN],
        expires_at=None,
    )
    await world.vault.set_disabled(admin.sealed_pass, theirs, disabled=True)
    with pytest.raises(Forbidden):
        await world.vault.set_disabled(member.sealed_pass, theirs, disabled=False)
    await world.vault.set_disabled(admin.sealed_pass, theirs, disabled=False)
    stored = await world.stored(theirs)
    assert stored is not None
    assert stored.status is ConnectionStatus.ACTIVE


async def test_nobody_else_stops_it(world: ContractWorld) -> None:
    setting, mate, stranger = await a_setting(world), await world.person(), await world.person()
    await world.join(mate, setting.owner, Role.MEMBER)
    limited = await world.seal(setting.owner, scopes=["execute"])
    for sealed_pass, error in (
        (mate.sealed_pass, Forbidden), (limited, Forbidden), (stranger.sealed_pass, NotFound)
    ):  # fmt: skip
        with pytest.raises(error):
            await world.vault.set_disabled(sealed_pass, setting.connection_id, disabled=True)
    assert (await setting.stored()).status is ConnectionStatus.ACTIVE


async def test_resuming_mends_no_lost_grant(world: ContractWorld) -> None:
    setting = await a_setting(world)
    mine = (setting.owner.sealed_pass, setting.connection_id)
    await world.renewals.mark_reauthorization_required(*mine, 1)
    for _ in range(2):
        await world.vault.set_disabled(*mine, disabled=False)
        assert (await setting.stored()).status is ConnectionStatus.REAUTHORIZATION_REQUIRED
        await world.vault.set_disabled(*mine, disabled=True)


async def test_nor_does_it_hide_that_the_service_was_moved_meanwhile(world: ContractWorld) -> None:
    owner = await world.person()
    integration = an_integration(organization_id=owner.organization_id)
    setting = await a_setting(world, owner=owner, integration=integration)
    mine = (owner.sealed_pass, setting.connection_id)
    await world.vault.set_disabled(*mine, disabled=True)
    await world.move(integration, base_url="https://evil.example")
    await world.vault.set_disabled(*mine, disabled=False)
    assert (await setting.stored()).status is ConnectionStatus.REAUTHORIZATION_REQUIRED


async def test_what_was_mended_meanwhile_is_good(world: ContractWorld) -> None:
    setting = await a_setting(world)
    mine = (setting.owner.sealed_pass, setting.connection_id)
    await world.renewals.mark_reauthorization_required(*mine, 1)
    await world.vault.set_disabled(*mine, disabled=True)
    await world.vault.replace_secret(*mine, {"access_token": "a new one"}, [ORIGIN], None)
    await world.vault.set_disabled(*mine, disabled=False)
    assert (await setting.stored()).status is ConnectionStatus.ACTIVE


# Deleting


@pytest.mark.parametrize("who", ["owner", "admin"])
async def test_deleting_leaves_what_is_to_be_revoked(world: ContractWorld, who: str) -> None:
    setting, admin = await a_setting(world), await world.person()
    await world.join(admin, setting.owner, Role.ADMIN)
    owner = setting.owner
    await world.vault.set_oauth_client(
        owner.sealed_pass, owner.organization_id, setting.integration.id, CLIENT
    )
    sealed_pass = {"owner": owner, "admin": admin}[who].sealed_pass
    left = await world.vault.delete_connection(sealed_pass, setting.connection_id)
    assert left.tokens == (TOKENS["refresh_token"], TOKENS["access_token"])
    assert left.client == CLIENT
    assert await world.stored(setting.connection_id) is None
    with pytest.raises(NotFound):
        await world.vault.delete_connection(sealed_pass, setting.connection_id)


async def test_there_may_be_nothing_to_revoke(world: ContractWorld) -> None:
    setting = await a_setting(
        world, integration=an_integration(AuthType.API_KEY), secrets={"api_key": "the-key"}
    )
    left = await world.vault.delete_connection(setting.owner.sealed_pass, setting.connection_id)
    assert (left.tokens, left.client) == ((), None)


async def test_what_does_not_decrypt_goes_all_the_same(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await world.spoil(setting.connection_id)
    left = await world.vault.delete_connection(setting.owner.sealed_pass, setting.connection_id)
    assert left.tokens == ()
    assert await world.stored(setting.connection_id) is None


async def test_nobody_else_deletes_it(world: ContractWorld) -> None:
    setting, mate, stranger = await a_setting(world), await world.person(), await world.person()
    await world.join(mate, setting.owner, Role.MEMBER)
    limited = await world.seal(setting.owner, scopes=["execute"])
    for sealed_pass, error in (
        (mate.sealed_pass, Forbidden), (limited, Forbidden), (stranger.sealed_pass, NotFound)
    ):  # fmt: skip
        with pytest.raises(error):
            await world.vault.delete_connection(sealed_pass, setting.connection_id)
    assert await world.stored(setting.connection_id) is not None
    with pytest.raises(NotFound):
        await world.vault.delete_connection(stranger.sealed_pass, uuid4())


# OAuth clients


async def test_an_organizations_own_client(world: ContractWorld) -> None:
    setting = await a_setting(world)
    owner, integration_id = setting.owner, setting.integration.id
    assert await world.vault.oauth_client_id(owner.sealed_pass, owner.workspace_id, integration_id) is None
    for client in (CLIENT, OAuthClient("public-client", None), OAuthClient("next", "s3cret")):
        await world.vault.set_oauth_client(owner.sealed_pass, owner.organization_id, integration_id, client)
        found = await world.vault.oauth_client_id(owner.sealed_pass, owner.workspace_id, integration_id)
        assert found == client.client_id
        lease = await setting.leased()
        assert lease.client == client
        await world.renewals.release_refresh(lease.refresh_pass, reauthorization_required=False)


async def test_another_organization_does_not_get_it(world: ContractWorld) -> None:
    setting, other = await a_setting(world), await world.person()
    await world.vault.set_oauth_client(
        setting.owner.sealed_pass, setting.owner.organization_id, setting.integration.id, CLIENT
    )
    found = await world.vault.oauth_client_id(other.sealed_pass, other.workspace_id, setting.integration.id)
    assert found is None
    with pytest.raises(NotFound):
        await world.vault.oauth_client_id(
            other.sealed_pass, setting.owner.workspace_id, setting.integration.id
        )


async def test_its_admins_alone_set_it(world: ContractWorld) -> None:
    setting, member, stranger = await a_setting(world), await world.person(), await world.person()
    await world.join(member, setting.owner, Role.ADMIN)  # of the workspace, not of the organization
    limited = await world.seal(setting.owner, scopes=["connections:write"])
    for sealed_pass in (member.sealed_pass, stranger.sealed_pass, limited):
        with pytest.raises(Forbidden):
            await world.vault.set_oauth_client(
                sealed_pass, setting.owner.organization_id, setting.integration.id, CLIENT
            )


async def test_a_client_of_one_integration_serves_no_other(world: ContractWorld) -> None:
    setting = await a_setting(world)
    other = await a_setting(world, owner=setting.owner)
    await world.vault.set_oauth_client(
        setting.owner.sealed_pass, setting.owner.organization_id, setting.integration.id, CLIENT
    )
    assert (await other.leased()).client is None
    assert (
        await world.renewals.store_refresh((await setting.leased()).refresh_pass, new_tokens(world))
    ) is not None
