"""The credential vault: making, replacing, stopping and deleting connections, and OAuth clients."""

from datetime import timedelta
from uuid import uuid4

import pytest

from portway.application.ports.credential_vault import NewAuthorization
from portway.domain.connection import ConnectionStatus
from portway.domain.credential import OAuthClient
from portway.domain.errors import Forbidden, NotFound, PortwayError
from portway.domain.integration import AuthType
from portway.domain.organization import Role
from tests.contract.arrangements import TOKENS, a_place, a_setting, an_outcome, granted, new_tokens
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
        a_place(host or person, integration),
        an_outcome(),
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
            await vault.replace_secret(bad, connection_id, an_outcome())
        with pytest.raises(PortwayError):
            await vault.set_disabled(bad, connection_id, disabled=True)
        with pytest.raises(PortwayError):
            await vault.delete_connection(bad, connection_id)
        with pytest.raises(PortwayError):
            await world.renewals.lease_refresh(bad, connection_id, 1, 60)
        with pytest.raises(PortwayError):
            await world.renewals.mark_reauthorization_required(bad, connection_id, 1)
        with pytest.raises(PortwayError):
            await vault.oauth_client(bad, setting.owner.workspace_id, setting.integration.id)
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
    origins = ("https://api2.example:443", ORIGIN)
    await world.vault.replace_secret(
        setting.owner.sealed_pass,
        setting.connection_id,
        an_outcome(
            {"access_token": "brought along"}, origins=origins, expires_at=expires_at, config={"a": 1}
        ),
    )
    stored = await setting.stored()
    assert stored.secrets == {"access_token": "brought along"}
    assert (stored.version, stored.expires_at, stored.origins) == (2, expires_at, origins)
    assert stored.config == {"a": 1}


async def test_with_them_a_lost_connection_works_again(world: ContractWorld) -> None:
    setting = await a_setting(world)
    mine = (setting.owner.sealed_pass, setting.connection_id)
    await world.renewals.mark_reauthorization_required(*mine, 1)
    await world.spoil(setting.connection_id)
    await world.vault.replace_secret(*mine, an_outcome({"access_token": "a new one"}))
    assert (await setting.stored()).status is ConnectionStatus.ACTIVE
    credential = granted(await setting.open()).credential
    assert credential is not None
    assert credential.values == {"access_token": "a new one"}


async def test_but_one_that_was_disabled_stays_so(world: ContractWorld) -> None:
    setting = await a_setting(world)
    mine = (setting.owner.sealed_pass, setting.connection_id)
    await world.vault.set_disabled(*mine, disabled=True)
    await world.vault.replace_secret(*mine, an_outcome({"access_token": "a new one"}))
    assert (await setting.stored()).status is ConnectionStatus.DISABLED


async def test_only_the_owner_replaces_them(world: ContractWorld) -> None:
    setting, admin, stranger = await a_setting(world), await world.person(), await world.person()
    await world.join(admin, setting.owner, Role.ADMIN)
    limited = await world.seal(setting.owner, scopes=["execute"])
    for sealed_pass, error in (
        (admin.sealed_pass, Forbidden), (limited, Forbidden), (stranger.sealed_pass, NotFound)
    ):  # fmt: skip
        with pytest.raises(error):
            await world.vault.replace_secret(sealed_pass, setting.connection_id, an_outcome())
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
        member.sealed_pass, a_place(setting.owner, setting.integration), an_outcome()
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
    await world.vault.replace_secret(*mine, an_outcome({"access_token": "a new one"}))
    await world.vault.set_disabled(*mine, disabled=False)
    assert (await setting.stored()).status is ConnectionStatus.ACTIVE


# Deleting


@pytest.mark.parametrize("who", ["owner", "admin"])
async def test_deleting_leaves_what_is_to_be_revoked(world: ContractWorld, who: str) -> None:
    setting, admin = await a_setting(world), await world.person()
    await world.join(admin, setting.owner, Role.ADMIN)
    await setting.use_client(CLIENT)
    sealed_pass = {"owner": setting.owner, "admin": admin}[who].sealed_pass
    left = await world.vault.delete_connection(sealed_pass, setting.connection_id)
    assert list(left.tokens.items()) == [(name, TOKENS[name]) for name in ("refresh_token", "access_token")]
    assert left.client == CLIENT
    assert (left.integration, left.origins) == (setting.integration, (ORIGIN,))
    assert left.config == {"subdomain": "acme"}
    assert await world.stored(setting.connection_id) is None
    with pytest.raises(NotFound):
        await world.vault.delete_connection(sealed_pass, setting.connection_id)


async def test_there_may_be_nothing_to_revoke(world: ContractWorld) -> None:
    setting = await a_setting(
        world, integration=an_integration(AuthType.API_KEY), secrets={"api_key": "the-key"}
    )
    left = await world.vault.delete_connection(setting.owner.sealed_pass, setting.connection_id)
    assert (left.tokens, left.client) == ({}, None)


async def test_a_client_of_the_connections_own_revokes(world: ContractWorld) -> None:
    setting = await a_setting(world, secrets={"access_token": "t", "client_id": "i", "client_secret": "s"})
    left = await world.vault.delete_connection(setting.owner.sealed_pass, setting.connection_id)
    assert (left.tokens, left.client) == ({"access_token": "t"}, OAuthClient("i", "s"))


async def test_what_does_not_decrypt_goes_all_the_same(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await world.spoil(setting.connection_id)
    left = await world.vault.delete_connection(setting.owner.sealed_pass, setting.connection_id)
    assert (left.tokens, left.client) == ({}, None)
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
    assert await world.vault.oauth_client(owner.sealed_pass, owner.workspace_id, integration_id) is None
    clients = (CLIENT, OAuthClient("public-client", None), OAuthClient("next", "s3cret"))
    for version, client in enumerate(clients, start=2):
        await setting.use_client(client)
        lease = await setting.leased(seen_version=version)
        assert lease.client == client


async def test_clients_of_several_names(world: ContractWorld) -> None:
    setting = await a_setting(world)
    mine = (setting.owner.sealed_pass, setting.owner.workspace_id, setting.integration.id)
    second = await setting.use_client(OAuthClient("second", "s"), "second")
    assert await world.vault.oauth_client(*mine) is None
    assert await world.vault.oauth_client(*mine, name="nothing") is None
    first = await setting.use_client(CLIENT)
    assert first != second
    found = await world.vault.oauth_client(*mine)
    assert found is not None
    assert found.id == first


async def test_a_new_secret_of_the_same_client_is_its_connections_too(world: ContractWorld) -> None:
    setting = await a_setting(world)
    one = await setting.use_client(CLIENT)
    rotated = OAuthClient(CLIENT.client_id, "rotated")
    owner = setting.owner
    await world.vault.set_oauth_client(
        owner.sealed_pass, owner.organization_id, setting.integration.id, rotated
    )
    found = await world.vault.oauth_client(owner.sealed_pass, owner.workspace_id, setting.integration.id)
    assert found is not None
    assert (found.id, found.client) == (one, rotated)
    assert (await setting.leased(seen_version=2)).client == rotated


async def test_a_client_that_was_replaced_stays_for_its_connections(world: ContractWorld) -> None:
    setting = await a_setting(world)
    one = await setting.use_client(CLIENT)
    owner, other = setting.owner, OAuthClient("other", None)
    mine = (owner.sealed_pass, owner.organization_id, setting.integration.id)
    await world.vault.set_oauth_client(*mine, other)
    assert (await setting.leased(seen_version=2)).client == CLIENT
    place = (owner.sealed_pass, owner.workspace_id, setting.integration.id)
    for connection_id in (None, setting.connection_id):  # authorized again, it is the new one's
        found = await world.vault.oauth_client(*place, connection_id=connection_id)
        assert found is not None
        assert found.client == other
        assert found.id != one
    await world.vault.set_oauth_client(*mine, CLIENT)
    found = await world.vault.oauth_client(*place)
    assert found is not None
    assert (found.id, found.client) == (one, CLIENT)


async def test_authorized_again_it_is_the_client_of_the_same_name(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await setting.use_client(CLIENT)
    second = await setting.use_client(OAuthClient("second", None), "second")
    owner = setting.owner
    found = await world.vault.oauth_client(
        owner.sealed_pass, owner.workspace_id, setting.integration.id, connection_id=setting.connection_id
    )
    assert found is not None
    assert found.id == second


async def test_another_organization_does_not_get_it(world: ContractWorld) -> None:
    setting, other = await a_setting(world), await world.person()
    client_id = await setting.use_client(CLIENT)
    found = await world.vault.oauth_client(other.sealed_pass, other.workspace_id, setting.integration.id)
    assert found is None
    with pytest.raises(NotFound):
        await world.vault.oauth_client(other.sealed_pass, setting.owner.workspace_id, setting.integration.id)
    wanted = NewAuthorization(
        workspace_id=other.workspace_id,
        integration_id=setting.integration.id,
        name="x",
        scopes=(),
        config={},
        return_url=None,
        connection_id=None,
        state="a state that is nobody's",
        code_verifier="v",
        oauth_client_id=client_id,
    )
    with pytest.raises(NotFound):
        await world.vault.begin_authorization(other.sealed_pass, wanted)


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
