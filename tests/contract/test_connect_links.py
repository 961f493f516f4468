"""Connect links: who makes, sees and ends them, and what their token opens."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from portway.application.ports.connect_links import ConnectLinkFilter, NewConnectLink
from portway.application.ports.credential_vault import Established, NewConnection
from portway.domain.connect_link import LinkStatus
from portway.domain.errors import Forbidden, MalformedRequest, NotFound
from portway.domain.integration import Integration
from portway.domain.organization import Role
from portway.domain.principal import Scope
from tests.contract.worlds import ContractWorld
from tests.fakes.definitions import an_integration
from tests.fakes.records import Person

EVERY = ConnectLinkFilter()


async def a_maker(world: ContractWorld) -> tuple[Person, Integration]:
    person, integration = await world.person(), an_integration()
    await world.add(integration)
    return person, integration


def wanted(person: Person, integration: Integration, **members: Any) -> NewConnectLink:
    return NewConnectLink(
        **{
            "workspace_id": person.workspace_id,
            "integration_id": integration.id,
            "end_user_id": "customer-7",
            **members,
        }
    )


async def a_link(world: ContractWorld, **members: Any) -> tuple[Person, UUID, str]:
    person, integration = await a_maker(world)
    link_id, token = await world.links.create(person.sealed_pass, wanted(person, integration, **members))
    return person, link_id, token


async def test_a_link_is_as_it_was_wanted(world: ContractWorld) -> None:
    person, integration = await a_maker(world)
    new = wanted(
        person, integration, name="Billing", scopes=("read",), config={"region": "eu"},
        return_url="https://app.example/done", lifetime=timedelta(hours=2),
    )  # fmt: skip
    link_id, _ = await world.links.create(person.sealed_pass, new)
    link = await world.links.get(person.sealed_pass, link_id)
    assert (link.user_id, link.workspace_id, link.organization_id) == (
        person.user_id,
        person.workspace_id,
        person.organization_id,
    )
    assert (link.integration_id, link.integration_slug) == (integration.id, integration.slug)
    assert (link.end_user_id, link.name, link.scopes) == ("customer-7", "Billing", ("read",))
    assert (link.config, link.return_url) == ({"region": "eu"}, "https://app.example/done")
    assert (link.reconnect, link.connection_id) == (False, None)
    assert abs(link.expires_at - world.now() - timedelta(hours=2)) < timedelta(seconds=30)
    assert (link.opened_at, link.used_at, link.revoked_at) == (None, None, None)


async def test_its_token_opens_it(world: ContractWorld) -> None:
    person, link_id, token = await a_link(world, name="Billing", config={"region": "eu"})
    opened = await world.links.open(token)
    assert opened is not None
    assert (opened.id, opened.status) == (link_id, LinkStatus.READY)
    assert opened.sealed_pass
    assert opened.sealed_pass not in repr(opened)
    assert (opened.workspace_id, opened.name) == (person.workspace_id, "Billing")
    assert (opened.config, opened.scopes, opened.reconnect) == ({"region": "eu"}, None, False)
    assert (await world.links.get(person.sealed_pass, link_id)).opened_at is not None


async def test_another_token_opens_nothing(world: ContractWorld) -> None:
    await a_link(world)
    assert await world.links.open("0" * 43) is None


async def test_a_reconnect_link_has_what_its_connection_has(world: ContractWorld) -> None:
    person, integration = await a_maker(world)
    connection_id = await world.vault.create_connection(
        person.sealed_pass,
        NewConnection(person.workspace_id, integration.id, "Billing", integration.name, "customer-9"),
        Established({"token": "t"}, config={"region": "eu"}),
    )
    link_id, token = await world.links.create(person.sealed_pass, NewConnectLink(connection_id=connection_id))
    link = await world.links.get(person.sealed_pass, link_id)
    assert (link.reconnect, link.connection_id, link.end_user_id) == (True, connection_id, "customer-9")
    opened = await world.links.open(token)
    assert opened is not None
    assert opened.connection is not None
    assert (opened.connection.id, opened.connection.name) == (connection_id, "Billing")
    assert opened.connection.config == {"region": "eu"}


async def test_its_pass_makes_the_connection_that_it_is_for(world: ContractWorld) -> None:
    person, integration = await a_maker(world)
    _, token = await world.links.create(person.sealed_pass, wanted(person, integration))
    opened = await world.links.open(token)
    assert opened is not None
    place = NewConnection(person.workspace_id, integration.id, None, integration.name)
    made = await world.vault.create_connection(opened.sealed_pass, place, Established({"token": "t"}))
    async with world.reading(person.sealed_pass) as reading:
        connection = await reading.connections.get(made)
    assert (connection.user_id, connection.end_user_id) == (person.user_id, "customer-7")


async def test_its_pass_makes_nothing_else(world: ContractWorld) -> None:
    person, integration = await a_maker(world)
    _, token = await world.links.create(person.sealed_pass, wanted(person, integration))
    opened = await world.links.open(token)
    assert opened is not None
    another = an_integration()
    await world.add(another)
    place = NewConnection(person.workspace_id, another.id, None, another.name)
    with pytest.raises(NotFound):
        await world.vault.create_connection(opened.sealed_pass, place, Established({"token": "t"}))


@pytest.mark.parametrize("lifetime", [timedelta(seconds=59), timedelta(days=7, seconds=1)])
async def test_a_lifetime_has_bounds(world: ContractWorld, lifetime: timedelta) -> None:
    with pytest.raises(MalformedRequest):
        await a_link(world, lifetime=lifetime)


async def test_who_makes_links(world: ContractWorld) -> None:
    host, integration = await a_maker(world)
    viewer, stranger = await world.person(), await world.person()
    await world.join(viewer, host, Role.VIEWER)
    link = wanted(host, integration)
    with pytest.raises(Forbidden):
        await world.links.create(viewer.sealed_pass, link)
    with pytest.raises(NotFound):
        await world.links.create(stranger.sealed_pass, link)
    with pytest.raises(Forbidden):
        await world.links.create(await world.seal(host, [Scope.CONNECTIONS_READ]), link)


async def test_who_sees_them(world: ContractWorld) -> None:
    maker, link_id, _ = await a_link(world)
    member, stranger = await world.person(), await world.person()
    await world.join(member, maker, Role.VIEWER)
    seen = await world.links.list(member.sealed_pass, EVERY, after=None, limit=10)
    assert [link.id for link in seen] == [link_id]
    assert await world.links.list(stranger.sealed_pass, EVERY, after=None, limit=10) == []
    with pytest.raises(NotFound):
        await world.links.get(stranger.sealed_pass, link_id)
    with pytest.raises(NotFound):
        await world.links.get(maker.sealed_pass, uuid4())


async def test_a_list_goes_back_in_time(world: ContractWorld) -> None:
    person, integration = await a_maker(world)
    made = [
        (await world.links.create(person.sealed_pass, wanted(person, integration, end_user_id=name)))[0]
        for name in ("one", "two", "two")
    ]
    first = await world.links.list(person.sealed_pass, EVERY, after=None, limit=2)
    assert [link.id for link in first] == [made[2], made[1]]
    rest = await world.links.list(person.sealed_pass, EVERY, after=first[-1].id, limit=2)
    assert [link.id for link in rest] == [made[0]]
    ones = await world.links.list(
        person.sealed_pass, ConnectLinkFilter(end_user_id="one"), after=None, limit=5
    )
    assert [link.id for link in ones] == [made[0]]
    elsewhere = ConnectLinkFilter(workspace_id=uuid4())
    assert await world.links.list(person.sealed_pass, elsewhere, after=None, limit=5) == []


async def test_the_maker_ends_it(world: ContractWorld) -> None:
    maker, link_id, token = await a_link(world)
    await world.links.revoke(maker.sealed_pass, link_id)
    revoked_at = (await world.links.get(maker.sealed_pass, link_id)).revoked_at
    assert revoked_at is not None
    opened = await world.links.open(token)
    assert opened is not None
    assert (opened.status, opened.sealed_pass) == (LinkStatus.REVOKED, "")
    await world.links.revoke(maker.sealed_pass, link_id)
    assert (await world.links.get(maker.sealed_pass, link_id)).revoked_at == revoked_at


async def test_others_do_not_end_it(world: ContractWorld) -> None:
    maker, link_id, _ = await a_link(world)
    member, stranger = await world.person(), await world.person()
    await world.join(member, maker, Role.MEMBER)
    with pytest.raises(Forbidden):
        await world.links.revoke(member.sealed_pass, link_id)
    with pytest.raises(Forbidden):
        await world.links.revoke(await world.seal(maker, [Scope.CONNECTIONS_READ]), link_id)
    with pytest.raises(NotFound):
        await world.links.revoke(stranger.sealed_pass, link_id)
    assert (await world.links.get(maker.sealed_pass, link_id)).revoked_at is None


async def test_it_dies_with_its_makers_right(world: ContractWorld) -> None:
    host, integration = await a_maker(world)
    maker = await world.person()
    await world.join(maker, host, Role.MEMBER)
    _, token = await world.links.create(maker.sealed_pass, wanted(host, integration))
    await world.join(maker, host, Role.VIEWER)
    opened = await world.links.open(token)
    assert opened is not None
    assert opened.status is LinkStatus.REVOKED
