"""Fixtures that every kind of test may use."""

from collections.abc import Iterator

import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls, EmbeddedPostgres
from portway.infrastructure.postgres.migrations import migrate
from tests.databases import clone_database, cloned_database
from tests.redis_servers import redis_server


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseUrls]:
    """A real PostgreSQL with Portway's roles and an empty database; one for each test worker."""
    fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres") / "data", settings=fast)
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def migrated(postgres: DatabaseUrls) -> DatabaseUrls:
    """A migrated database to make copies of; never connect to it."""
    template = clone_database(postgres, "migrated")
    migrate(template.admin, master_key_file=template.master_key_file)
    return template


@pytest.fixture(scope="module")
def database_urls(migrated: DatabaseUrls) -> Iterator[DatabaseUrls]:
    """A migrated database of this test module's own."""
    with cloned_database(migrated) as urls:
        yield urls


@pytest.fixture
def fresh_database_urls(migrated: DatabaseUrls) -> Iterator[DatabaseUrls]:
    """A migrated database of this test's own, for those that count users or change what all share."""
    with cloned_database(migrated) as urls:
        yield urls


@pytest.fixture
def empty_database_urls(postgres: DatabaseUrls) -> Iterator[DatabaseUrls]:
    """A database before any migration."""
    with cloned_database(postgres) as urls:
        yield urls


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis; one for each test worker."""
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url
