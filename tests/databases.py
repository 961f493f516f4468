"""Databases for tests: clones of one that is made once."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from portway.infrastructure.embedded_postgres import DatabaseUrls


def clone_database(source: DatabaseUrls, name: str | None = None) -> DatabaseUrls:
    """Copies a database that nobody is connected to, on the same server, for the same roles."""
    clone = source.for_database(name or f"test_{secrets.token_hex(6)}")
    with psycopg.connect(source.for_database("postgres").superuser, autocommit=True) as connection:
        new = sql.Identifier(clone.database)
        template = sql.Identifier(source.database)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER portway_owner").format(new, template)
        )
        # A database's own privileges are not copied.
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM public").format(new))
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO portway_app, portway_sign_in, portway_worker").format(
                new
            )
        )
    return clone


def drop_database(urls: DatabaseUrls) -> None:
    """Drops it, connections and all."""
    with psycopg.connect(urls.for_database("postgres").superuser, autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(urls.database))
        )


@contextmanager
def cloned_database(source: DatabaseUrls) -> Iterator[DatabaseUrls]:
    """A copy that lives as long as the block."""
    clone = clone_database(source)
    try:
        yield clone
    finally:
        drop_database(clone)
