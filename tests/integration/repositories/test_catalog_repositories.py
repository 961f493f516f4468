"""Integrations and actions on a real PostgreSQL, seen by people of several organizations."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest

from portway.application.ports.catalog_records import IntegrationFilter, NewAction, NewIntegration
from portway.domain.errors import Conflict, Forbidden, MalformedRequest, NotFound, Unauthenticated
from portway.domain.integration import AuthType, Integration
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.action_repository import PostgresActionRepository
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.integration_repository import PostgresIntegrationRepository
from tests.people import Person, as_owner, join, new_person


@pytest.fixture
async def database(database_urls: DatabaseUrls) -> AsyncIterator[Database]:
    opened = Database(database_urls.app, max_size=2)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def ann(database_urls: DatabaseUrls) -> Person:
    return new_person(database_urls, "ann")


@pytest.fixture(scope="module")
def global_id(database_urls: DatabaseUrls) -> UUID:
    """The mission's own statement."""
    made: UUID = as_owner(
        database_urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type)"
        " VALUES ('Gmail', 'gmail', 'https://gmail.googleapis.com', 'oauth2') RETURNING id",
    )[0][0]
    return made


@asynccontextmanager
async def integrations(database: Database, person: Person) -> AsyncIterator[PostgresIntegrationRepository]:
    async with database.transaction(person.sealed_pass) as connection:
        yield PostgresIntegrationRepository(connection)


async def own(database: Database, person: Person, slug: str, name: str = "Own") -> Integration:
    async with integrations(database, person) as repository:
        return await repository.create(
            NewIntegration(
                organization_id=person.organization_id,
                slug=slug,
                name=name,
                base_url="https://api.example.com",
                auth_type=AuthType.BEARER,
                auth_config={"scopes": ["a"], "nested": {"x": None}},
                category="tests",
            )
        )


async def test_an_own_integration_shadows_the_global_one(
    database: Database, database_urls: DatabaseUrls, ann: Person, global_id: UUID
) -> None:
    bob = new_person(database_urls, "bob")
    made = await own(database, ann, "gmail")
    async with integrations(database, ann) as repository:
        assert (await repository.resolve("gmail", workspace_id=ann.workspace_id)).id == made.id
        assert await repository.get(made.id) == made
        listed = await repository.list(IntegrationFilter(query="GMAIL"), after=None, limit=10)
        assert [entry.integration.id for entry in listed] == [made.id]
    async with integrations(database, bob) as repository:
        assert (await repository.resolve("gmail", organization_id=bob.organization_id)).id == global_id
        assert [
            entry.integration.id for entry in await repository.list(IntegrationFilter(), after=None, limit=10)
        ] == [global_id]
        with pytest.raises(NotFound):
            await repository.get(made.id)
        with pytest.raises(NotFound, match="workspace"):
            await repository.resolve("gmail", workspace_id=ann.workspace_id)
    async with integrations(database, ann) as repository:
        await repository.delete(made.id)
        assert (await repository.resolve("gmail")).id == global_id


async def test_two_organizations_with_one_slug_ask_which(
    database: Database, database_urls: DatabaseUrls, ann: Person
) -> None:
    bob = new_person(database_urls, "bob")
    join(database_urls, bob, ann)
    first, second = await own(database, ann, "twice", "Ann's"), await own(database, bob, "twice", "Bob's")
    async with integrations(database, bob) as repository:
        with pytest.raises(MalformedRequest, match="organization_id"):
            await repository.resolve("twice")
        assert await repository.resolve("twice", organization_id=ann.organization_id) == first
        assert await repository.resolve("twice", organization_id=bob.organization_id) == second
        both = await repository.list(IntegrationFilter(query="twice"), after=None, limit=10)
        assert {entry.integration.name for entry in both} == {"Ann's", "Bob's"}
        one = await repository.list(
            IntegrationFilter(query="twice", organization_id=ann.organization_id), after=None, limit=10
        )
        assert [entry.integration.name for entry in one] == ["Ann's"]
        with pytest.raises(Forbidden):
            await repository.change(first.id, {"name": "Bob was here"})


async def test_a_search_has_no_wildcards_and_its_pages_go_on(database: Database, ann: Person) -> None:
    for slug in ("page-a", "page-b", "page_c"):
        await own(database, ann, slug, f"Name 100% of {slug}")
    async with integrations(database, ann) as repository:
        found = await repository.list(IntegrationFilter(query="page_c"), after=None, limit=10)
        assert [entry.integration.slug for entry in found] == ["page_c"]
        assert len(await repository.list(IntegrationFilter(query="100% OF"), after=None, limit=10)) == 3
        assert len(await repository.list(IntegrationFilter(query="' | !page"), after=None, limit=10)) == 3
        for nothing in ("%", "' & '", "\\"):
            assert not await repository.list(IntegrationFilter(query=nothing), after=None, limit=10), nothing
        first = await repository.list(IntegrationFilter(query="Name 100%"), after=None, limit=2)
        rest = await repository.list(IntegrationFilter(query="Name 100%"), after=first[-1].position, limit=2)
        assert [entry.integration.slug for entry in (*first, *rest)] == ["page-a", "page-b", "page_c"]
        assert not await repository.list(IntegrationFilter(category="none"), after=None, limit=2)
        assert not await repository.list(
            IntegrationFilter(query="page", auth_type=AuthType.NONE), after=None, limit=2
        )


async def test_changes_leave_the_rest_and_count(database: Database, ann: Person) -> None:
    made = await own(database, ann, "changing")
    async with integrations(database, ann) as repository:
        changed = await repository.change(made.id, {"name": "New", "auth_config": {"scopes": []}})
        assert (changed.name, changed.auth_config, changed.base_url) == ("New", {"scopes": []}, made.base_url)
        assert changed.version == made.version + 1
    with pytest.raises(Conflict):
        await own(database, ann, "changing")


async def test_actions_belong_to_their_integration(
    database: Database, database_urls: DatabaseUrls, ann: Person, global_id: UUID
) -> None:
    made = await own(database, ann, "acting")
    async with database.transaction(ann.sealed_pass) as connection:
        actions = PostgresActionRepository(connection)
        action = await actions.create(
            made.id,
            NewAction("send", "Send", "POST", "/send", request_schema={"type": "object"}, scopes=("a", "b")),
        )
        await actions.create(made.id, NewAction("list", "List"))
        assert await actions.get(made.id, "send") == action
        assert [found.slug for found in await actions.list(made.id, query=None, after=None, limit=5)] == [
            "list",
            "send",
        ]
        assert [found.slug for found in await actions.list(made.id, query=None, after="list", limit=5)] == [
            "send"
        ]
        assert [found.slug for found in await actions.list(made.id, query="LIS", after=None, limit=5)] == [
            "list"
        ]
        changed = await actions.change(action.id, {"scopes": (), "handler": "x.y"})
        assert (changed.scopes, changed.handler, changed.version) == ((), "x.y", 2)
        summary = await PostgresIntegrationRepository(connection).list(
            IntegrationFilter(query="acting"), after=None, limit=5
        )
        assert summary[0].action_count == 2
    bob = new_person(database_urls, "bob")
    join(database_urls, bob, ann)
    async with database.transaction(bob.sealed_pass) as connection:
        actions = PostgresActionRepository(connection)
        assert (await actions.get(made.id, "send")).id == action.id
        with pytest.raises(Forbidden):
            await actions.delete(action.id)
    with pytest.raises(Forbidden):
        async with database.transaction(ann.sealed_pass) as connection:
            await PostgresActionRepository(connection).create(global_id, NewAction("mine", "Mine"))
    with pytest.raises(NotFound):
        async with database.transaction(ann.sealed_pass) as connection:
            await PostgresActionRepository(connection).get(uuid4(), "send")


async def test_a_revoked_key_is_refused_and_not_shown_an_empty_house(
    database: Database, database_urls: DatabaseUrls
) -> None:
    eve = new_person(database_urls, "eve")
    as_owner(database_urls, "UPDATE api_keys SET revoked_at = now() WHERE user_id = %s", eve.user_id)
    with pytest.raises(Unauthenticated):
        async with database.transaction(eve.sealed_pass):
            pass
    with pytest.raises(Unauthenticated):
        async with database.reading("no pass at all"):
            pass
