"""`portway migrate`."""

import typer

from portway.cli.database import (
    DatabaseInUse,
    become_owner,
    check_migrations,
    connected,
    database_in_use,
    outside_issuer,
)
from portway.cli.options import DataDir, settings_with
from portway.cli.output import tell
from portway.infrastructure.postgres import migrations
from portway.settings import Settings


def migrate(
    data_dir: DataDir = None,
    check: bool = typer.Option(
        False, "--check", help="Change nothing; exit with 1 if migrations are missing."
    ),
) -> None:
    """Bring the database up to date.

    Works as the owner (PORTWAY_ADMIN_DATABASE_URL, or the embedded database), under a lock: any number of nodes may
    do it at once. Lets the roles of PORTWAY_DATABASE_URL, PORTWAY_SIGN_IN_DATABASE_URL and PORTWAY_WORKER_DATABASE_URL
    log in with the passwords given there, and puts PORTWAY_JWT_SECRET, or its absence, into the keyring.
    """
    settings = settings_with(data_dir)
    with database_in_use(settings, create=not check) as database:
        if check:
            _check(database)
            tell("The database is up to date.")
        else:
            tell(described(apply_migrations(database, settings)))


def apply_migrations(database: DatabaseInUse, settings: Settings) -> list[str]:
    """Migrates, and returns the names of what was applied. Raises MigrationError, CommandFailed."""
    with connected(database.admin_url):
        pass  # says more clearly than a migration what is wrong with the connection
    return migrations.migrate(
        database.admin_url,
        app_url=database.app,
        sign_in_url=database.sign_in,
        worker_url=database.worker,
        master_key_file=database.master_key_file,
        outside_issuer=outside_issuer(settings),
    )


def described(applied: list[str]) -> str:
    """A sentence about what `apply_migrations` did."""
    return f"Applied {len(applied)} migration(s)." if applied else "The database is up to date."


def _check(database: DatabaseInUse) -> None:
    if database.admin is None:
        with connected(database.app_url) as connection:
            check_migrations(connection)
        return
    with connected(database.admin_url) as connection, connection.transaction():
        become_owner(connection)
        check_migrations(connection)
