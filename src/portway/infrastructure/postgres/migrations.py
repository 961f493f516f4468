"""Applies the SQL files of `portway.migrations`, and what of the set-up is not the same everywhere."""

import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from portway.infrastructure.postgres.job_schema import migrate_jobs

_LOCK = 0x706F727477617931  # "portway1": one node migrates, the others wait
_FILE_NAME = re.compile(r"^(\d{4})_\w+\.sql$")

# A statement that cannot have its lock soon gives up rather than stall everybody behind it.
_TIMEOUTS = "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '10min'"


class MigrationError(Exception):
    """The database cannot be brought to this version."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, name, text, and the SHA-256 of the text."""

    number: int
    name: str
    statements: str
    checksum: str


@dataclass(frozen=True, slots=True)
class OutsideIssuer:
    """An issuer whose HS256 tokens the database accepts. `issuer` "*" accepts any that the secret has signed."""

    issuer: str
    audience: str | None
    secret: str


def all_migrations() -> list[Migration]:
    """The shipped migrations, in order."""
    found = []
    for entry in resources.files("portway.migrations").iterdir():
        if match := _FILE_NAME.match(entry.name):
            text = entry.read_text(encoding="utf-8")
            checksum = hashlib.sha256(text.encode()).hexdigest()
            found.append(Migration(int(match[1]), entry.name, text, checksum))
    return sorted(found, key=lambda migration: migration.number)


def pending_migrations(connection: psycopg.Connection[tuple[object, ...]]) -> list[Migration]:
    """Those that this database lacks. Raises MigrationError where an applied one was changed since."""
    if connection.execute("SELECT to_regclass('app.migrations')").fetchone() == (None,):
        return all_migrations()
    rows = connection.execute("SELECT number, checksum FROM app.migrations").fetchall()
    applied = {int(str(number)): str(checksum) for number, checksum in rows}
    known = all_migrations()
    for migration in known:
        if applied.get(migration.number, migration.checksum) != migration.checksum:
            raise MigrationError(f"{migration.name} was applied with another content; restore that file.")
    if newer := applied.keys() - {migration.number for migration in known}:
        raise MigrationError(f"The database is newer than this Portway: it has migration {max(newer)!s}.")
    return [migration for migration in known if migration.number not in applied]


def migrate(
    admin_url: str,
    *,
    app_url: str | None = None,
    sign_in_url: str | None = None,
    worker_url: str | None = None,
    master_key_file: Path | None = None,
    outside_issuer: OutsideIssuer | None = None,
) -> list[str]:
    """Brings the database up to date; any number of nodes may do so at once. Returns the names of what was applied.

    With `app_url`, `sign_in_url` and `worker_url`, the roles portway_app, portway_sign_in and portway_worker may log
    in with the passwords written there. `master_key_file` is a path on the database host for the keyring's master key;
    without it, a new keyring keeps the key in a table.

    Raises MigrationError.
    """
    try:
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            done = [_apply(connection, migration) for migration in pending_migrations(connection)]
            migrate_jobs(connection)
            with connection.transaction():
                connection.execute("SET LOCAL ROLE portway_keyring")
                _initialize_keyring(connection, master_key_file)
                _accept_outside_issuer(connection, outside_issuer)
            with connection.transaction():
                connection.execute("SET LOCAL ROLE portway_owner")
                connection.execute("SELECT app.create_log_partitions()")
            logins = {"portway_app": app_url, "portway_sign_in": sign_in_url, "portway_worker": worker_url}
            for role, url in logins.items():
                if url is not None:
                    _allow_login(connection, role, url)
            return done
    except psycopg.Error as error:
        raise MigrationError(_explanation(error)) from error


def _apply(connection: psycopg.Connection[tuple[object, ...]], migration: Migration) -> str:
    with connection.transaction():
        connection.execute(_TIMEOUTS)
        try:
            connection.execute(migration.statements.encode())
        except psycopg.Error as error:
            raise MigrationError(f"{migration.name}: {_explanation(error)}") from error
        connection.execute("RESET ROLE")
        if migration.number == 1:
            connection.execute("SET LOCAL ROLE portway_owner")
            connection.execute(
                "CREATE TABLE app.migrations (number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
                " applied_at timestamptz NOT NULL DEFAULT now())"
            )
            connection.execute("GRANT SELECT ON app.migrations TO portway_app")
        connection.execute("SET LOCAL ROLE portway_owner")
        connection.execute(
            "INSERT INTO app.migrations (number, name, checksum) VALUES (%s, %s, %s)",
            [migration.number, migration.name, migration.checksum],
        )
    return migration.name


def _initialize_keyring(
    connection: psycopg.Connection[tuple[object, ...]], master_key_file: Path | None
) -> None:
    source, location = ("file", str(master_key_file)) if master_key_file else ("table", None)
    connection.execute("SELECT keyring.initialize(%s, %s)", [source, location])


def _accept_outside_issuer(
    connection: psycopg.Connection[tuple[object, ...]], outside: OutsideIssuer | None
) -> None:
    if outside is None:
        connection.execute("SELECT keyring.set_jwt_issuer(NULL, NULL, NULL)")
    else:
        connection.execute(
            "SELECT keyring.set_jwt_issuer(%s, %s, %s)", [outside.issuer, outside.audience, outside.secret]
        )


def _allow_login(connection: psycopg.Connection[tuple[object, ...]], role: str, url: str) -> None:
    """Lets the role log in with the URL's password, which is sent as a SCRAM verifier and so reaches no log."""
    parts = conninfo_to_dict(url)
    password = parts.get("password")
    if parts.get("user") != role or not password:
        return  # another role, or a password that comes from elsewhere: the operator's own arrangement
    verifier = connection.pgconn.encrypt_password(str(password).encode(), role.encode(), b"scram-sha-256")
    connection.execute(
        sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
            sql.Identifier(role), sql.Literal(verifier.decode())
        )
    )


def _explanation(error: psycopg.Error) -> str:
    hint = error.diag.message_hint
    return f"{error.diag.message_primary or error}" + (f" {hint}" if hint else "")
