"""Every contract test runs twice: on the fakes, and on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.postgres_world import PostgresWorld
from tests.contract.worlds import ContractWorld, MemoryWorld


@pytest.fixture(params=["memory", "postgres"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[ContractWorld]:
    """One of the two worlds. On PostgreSQL a module's tests share a database, and know only of what they made."""
    if request.param == "memory":
        yield MemoryWorld()
    else:
        async with PostgresWorld.on(request.getfixturevalue("database_urls")) as real:
            yield real
