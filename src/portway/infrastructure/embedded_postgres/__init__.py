"""PostgreSQL as a part of the gateway: no server to install, no database to create."""

from portway.infrastructure.embedded_postgres.errors import (
    CannotDropPrivileges,
    DataDirectoryInUse,
    EmbeddedPostgresError,
    PostgresFailed,
    PostgresNotFound,
)
from portway.infrastructure.embedded_postgres.server import EmbeddedPostgres
from portway.infrastructure.embedded_postgres.urls import DatabaseUrls

__all__ = [
    "CannotDropPrivileges",
    "DataDirectoryInUse",
    "DatabaseUrls",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "PostgresFailed",
    "PostgresNotFound",
]
