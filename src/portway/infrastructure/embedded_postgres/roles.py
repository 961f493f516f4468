"""The roles and the database that the migrations expect to find, as a managed service would provide them."""

from contextlib import suppress
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from portway.infrastructure.embedded_postgres.account import Account
from portway.infrastructure.embedded_postgres.files import write_durably
from portway.infrastructure.embedded_postgres.urls import (
    APP,
    DATABASE,
    LOGIN_ROLES,
    OWNER,
    SIGN_IN,
    SUPERUSER,
    WORKER,
    Credentials,
    DatabaseUrls,
)

KEYRING = "portway_keyring"
DEFINER = "portway_definer"

# The server may still be at the last statement of a process that was killed a moment ago.
_ALREADY_THERE = (
    psycopg.errors.DuplicateDatabase,
    psycopg.errors.DuplicateObject,
    psycopg.errors.UniqueViolation,
)
_MARKER = "portway.roles"
_VERSION = "3"
"""Raise it when the statements below change: they are run again on data directories that exist."""

_ATTRIBUTES: dict[str, LiteralString] = {
    # NOINHERIT: the owner may become the roles it manages, but has none of their rights by itself.
    OWNER: "LOGIN CREATEROLE NOINHERIT",
    APP: "LOGIN",
    SIGN_IN: "LOGIN",
    WORKER: "LOGIN",
    KEYRING: "NOLOGIN",
    DEFINER: "NOLOGIN",
}


def roles_are_made(pgdata: Path) -> bool:
    """Tell whether this data directory has the roles and the database of today's version."""
    try:
        return (pgdata / _MARKER).read_text() == _VERSION
    except FileNotFoundError:
        return False


def make_roles(account: Account, pgdata: Path, urls: DatabaseUrls, credentials: Credentials) -> None:
    """Create what is missing, as the superuser. All of it can be repeated: a first start may be killed."""
    with psycopg.connect(urls.for_database("postgres").superuser, autocommit=True) as connection:
        for role, attributes in _ATTRIBUTES.items():
            _make_role(connection, role, attributes, credentials)
        for role in (KEYRING, DEFINER, APP, SIGN_IN, WORKER):
            _run(connection, "GRANT {} TO {} WITH ADMIN OPTION", role, OWNER)
        _run(connection, "GRANT pg_read_server_files TO {}", KEYRING)
        _make_database(connection)
        _compress_with_lz4(connection)
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        # Before PostgreSQL 16, NOINHERIT also costs the rights that a database's owner has in it.
        _run(connection, "ALTER SCHEMA public OWNER TO {}", OWNER)
        # Membership in pg_read_server_files opens the paths, but not the function.
        _run(connection, "GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text) TO {}", KEYRING)
        # Everybody may make large objects, which no policy watches.
        for function in ("lo_creat(integer)", "lo_create(oid)", "lo_from_bytea(oid, bytea)"):
            connection.execute(f"REVOKE EXECUTE ON FUNCTION pg_catalog.{function} FROM PUBLIC".encode())
    write_durably(pgdata / _MARKER, _VERSION.encode(), mode=0o600, owner=(account.uid, account.gid))


def _run(connection: psycopg.Connection, statement: LiteralString, *identifiers: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, identifiers)))


def _make_role(
    connection: psycopg.Connection, role: str, attributes: LiteralString, credentials: Credentials
) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        with suppress(*_ALREADY_THERE):
            _run(connection, "CREATE ROLE {}", role)
    _run(connection, "ALTER ROLE {} " + attributes, role)
    if role in LOGIN_ROLES:
        # The verifier is made here, so the password itself never reaches the server or its log.
        verifier = connection.pgconn.encrypt_password(
            credentials.passwords[role].encode(), role.encode(), b"scram-sha-256"
        )
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
        connection.execute(statement.format(sql.Identifier(role), sql.Literal(verifier.decode())))


def _make_database(connection: psycopg.Connection) -> None:
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
        with suppress(*_ALREADY_THERE):
            _run(connection, "CREATE DATABASE {} OWNER {}", DATABASE, OWNER)
    for database in (DATABASE, SUPERUSER, "template1"):
        _run(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
    for role in (APP, SIGN_IN, WORKER):
        _run(connection, "GRANT CONNECT ON DATABASE {} TO {}", DATABASE, role)


def _compress_with_lz4(connection: psycopg.Connection) -> None:
    """Prefer lz4, several times faster than the built-in compression, in builds that have it."""
    for setting in ("default_toast_compression", "wal_compression"):
        if connection.execute(
            "SELECT 1 FROM pg_settings WHERE name = %s AND 'lz4' = ANY (enumvals)", [setting]
        ).fetchone():
            _run(connection, "ALTER SYSTEM SET {} = 'lz4'", setting)
    connection.execute("SELECT pg_reload_conf()")
