"""Fixtures that every kind of test may use."""

from collections.abc import Iterator

import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls, EmbeddedPostgres


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseUrls]:
    """A real PostgreSQL with Portway's roles and an empty database; one for each test worker."""
    fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres") / "data", settings=fast)
    try:
        yield server.start()
    finally:
        server.stop()
