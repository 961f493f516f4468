"""A gateway as it is run, with a service behind it."""

from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import aiohttp
import pytest
import pytest_asyncio

from demo.standins import StandIns
from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.databases import cloned_database
from tests.e2e.gateways import Gateway, serving
from tests.e2e.upstreams import Upstream
from tests.e2e.worlds import Member, World


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client without limits of its own."""
    connector = aiohttp.TCPConnector(limit=0, force_close=False)
    async with aiohttp.ClientSession(connector=connector, skip_auto_headers=["Content-Type"]) as session:
        yield session


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    """A service that records and echoes."""
    with Upstream() as running:
        yield running


@pytest.fixture(scope="session")
def shared_database(migrated: DatabaseUrls) -> Iterator[DatabaseUrls]:
    """The database of the shared gateway."""
    with cloned_database(migrated) as urls:
        yield urls


@pytest.fixture(scope="session")
def shared_gateway(shared_database: DatabaseUrls) -> Iterator[Gateway]:
    """A gateway of two workers for all tests that do not harm it."""
    with serving(shared_database, workers=2) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def world(
    shared_database: DatabaseUrls, shared_gateway: Gateway, upstream: Upstream, http: aiohttp.ClientSession
) -> World:
    """The shared gateway with a service behind it."""
    return World(shared_database, shared_gateway, upstream, http)


@pytest.fixture(scope="session")
def standins() -> Iterator[StandIns]:
    """Google, Slack and an OAuth server."""
    with StandIns() as running:
        yield running


@pytest.fixture(scope="module")
def ada(world: World) -> Member:
    """Somebody new in each module."""
    return world.person("ada")


@pytest.fixture(scope="module")
def service(world: World) -> UUID:
    """An integration that wants a bearer token."""
    return world.integration()


@pytest.fixture(scope="module")
def connection(world: World, ada: Member, service: UUID) -> UUID:
    """Ada's connection with the service."""
    return world.connect(ada, service)
