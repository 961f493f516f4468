"""What the use cases of executions and connections read in a unit of work."""

from datetime import timedelta
from uuid import uuid4

import pytest

from portway.domain.connection import ConnectionStatus
from portway.domain.errors import NotFound, Unauthenticated
from portway.domain.integration import Integration
from portway.domain.organization import Role
from tests.contract.arrangements import a_setting
from tests.contract.worlds import ContractWorld
from tests.fakes.definitions import ORIGIN, an_integration


def same(found: Integration, made: Integration) -> bool:
    return (found.id, found.slug, found.organization_id) == (made.id, made.slug, made.organization_id)


async def test_an_organizations_own_integration_shadows_the_global_one(world: ContractWorld) -> None:
    person, other = await world.person(), await world.person()
    everybodys = an_integration()
    ours = an_integration(organization_id=person.organization_id, slug=everybodys.slug)
    await world.add(everybodys)
    await world.add(ours)
    async with world.reading(person.sealed_pass) as work:
        assert same(await work.integrations.resolve(everybodys.slug, workspace_id=person.workspace_id), ours)
        assert same(
            await work.integrations.resolve(everybodys.slug, organization_id=person.organization_id), ours
        )
        assert same(await work.integrations.get(everybodys.id), everybodys)
    async with world.reading(other.sealed_pass) as work:
        assert same(
            await work.integrations.resolve(everybodys.slug, workspace_id=other.workspace_id), everybodys
        )
        with pytest.raises(NotFound):
            await work.integrations.get(ours.id)


async def test_what_nobody_has(world: ContractWorld) -> None:
    person, other = await world.person(), await world.person()
    made = an_integration()
    await world.add(made)
    async with world.reading(person.sealed_pass) as work:
        for workspace_id in (other.workspace_id, uuid4()):
            with pytest.raises(NotFound):
                await work.integrations.resolve(made.slug, workspace_id=workspace_id)
        with pytest.raises(NotFound):
            await work.integrations.resolve("nothing-of-the-kind", workspace_id=person.workspace_id)
        with pytest.raises(NotFound):
            await work.integrations.get(uuid4())
        with pytest.raises(NotFound):
            await work.connections.get(uuid4())


async def test_a_connection_is_seen_by_its_workspace(world: ContractWorld) -> None:
    setting = await a_setting(world, expires_at=world.now() + timedelta(hours=1))
    mate, stranger = await world.person(), await world.person()
    await world.join(mate, setting.owner, Role.VIEWER)
    for person in (setting.owner, mate):
        async with world.reading(person.sealed_pass) as work:
            found = await work.connections.get(setting.connection_id)
        assert (found.id, found.user_id) == (setting.connection_id, setting.owner.user_id)
        assert (found.workspace_id, found.status) == (setting.owner.workspace_id, ConnectionStatus.ACTIVE)
        assert (found.origins, found.config) == ((ORIGIN,), {"subdomain": "acme"})
        assert found.integration_id == setting.integration.id
        assert found.integration_slug == setting.integration.slug
    async with world.reading(stranger.sealed_pass) as work:
        with pytest.raises(NotFound):
            await work.connections.get(setting.connection_id)


async def test_not_by_a_key_without_the_scope(world: ContractWorld) -> None:
    setting = await a_setting(world)
    limited = await world.seal(setting.owner, scopes=["execute", "connections:write"])
    async with world.reading(limited) as work:
        assert same(await work.integrations.get(setting.integration.id), setting.integration)
        with pytest.raises(NotFound):
            await work.connections.get(setting.connection_id)


async def test_a_pass_that_is_no_good_reads_nothing(world: ContractWorld) -> None:
    person = await world.person()
    expired = await world.seal(person, lifetime=timedelta(seconds=-1))
    for sealed_pass in (expired, "nobody's"):
        with pytest.raises(Unauthenticated):
            async with world.reading(sealed_pass):
                raise AssertionError("it was let in")
