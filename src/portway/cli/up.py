"""`portway up`: everything at once."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from portway.application.mails import SET_UP_PATH, link
from portway.catalog.definitions import load_definitions
from portway.cli.catalog import load_into
from portway.cli.database import (
    DatabaseInUse,
    as_owner,
    check_migrations,
    configured_database,
    connected,
    embedded_database,
    keep_public_url,
)
from portway.cli.failure import CommandFailed
from portway.cli.migrate import apply_migrations, described
from portway.cli.options import DataDir, settings_with
from portway.cli.output import tell
from portway.cli.serve import Host, Port, TrustedProxies, Workers, run_server
from portway.cli.server.listener import reserve
from portway.infrastructure.embedded_postgres import EmbeddedPostgres
from portway.settings import Settings

_LOOK_SECONDS = 2.0


def up(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Workers = None,
    data_dir: DataDir = None,
    trusted_proxies: TrustedProxies = None,
) -> None:
    """Serve the API with all that it needs.

    Without PORTWAY_DATABASE_URL this starts a PostgreSQL of its own in the data directory, or takes over one that
    outlived its owner. It migrates the database and loads the catalog (for a database of yours: where
    PORTWAY_ADMIN_DATABASE_URL is set). While there is no user, it prints a link for the first account, which works
    once. SIGTERM finishes what is in flight, then stops everything that was started.
    """
    settings = settings_with(data_dir)
    signal.signal(signal.SIGTERM, _interrupt)
    with reserve(host, port) as listener, _running_database(settings) as (database, server):
        _prepare(database, settings)

        def welcome(public_url: str) -> None:
            if server is not None:
                keep_public_url(server.data_dir, public_url)
            if database.admin is not None:
                _offer_set_up(database, public_url)

        async def keep_database() -> None:
            while server is not None:
                await asyncio.sleep(_LOOK_SECONDS)
                await asyncio.to_thread(_revive, server)

        run_server(
            listener,
            settings,
            database,
            workers=workers,
            trusted_proxies=trusted_proxies,
            on_ready=welcome,
            companion=keep_database if server is not None else None,
        )


@contextmanager
def _running_database(settings: Settings) -> Iterator[tuple[DatabaseInUse, EmbeddedPostgres | None]]:
    configured = configured_database(settings)
    if configured is not None:
        if configured.app is None:
            raise CommandFailed(
                "PORTWAY_ADMIN_DATABASE_URL is set without PORTWAY_DATABASE_URL: set both or neither"
            )
        yield configured, None
        return
    server = EmbeddedPostgres(settings.data_dir)
    urls = server.start()
    try:
        tell(f"PostgreSQL runs in {server.data_dir}.")
        yield embedded_database(settings, urls), server
    finally:
        server.stop()


def _prepare(database: DatabaseInUse, settings: Settings) -> None:
    if database.admin is None:
        with connected(database.app_url) as connection:
            check_migrations(connection)
        return
    tell(described(apply_migrations(database, settings)))
    definitions = load_definitions()
    tell(load_into(database, definitions, shipped=True))


def _offer_set_up(database: DatabaseInUse, public_url: str) -> None:
    with as_owner(database) as connection:
        row = connection.execute("SELECT app.create_set_up_token()").fetchone()
    if row and row[0]:
        tell(
            "There is no user yet. Make the first account here (works once, for a day):\n"
            f"{link(public_url, SET_UP_PATH, str(row[0]))}"
        )


def _revive(server: EmbeddedPostgres) -> None:
    """Starts the server anew where it has been killed; its URLs stay the same."""
    if server.running() is None:
        tell("PostgreSQL has ended; starting it again.")
        server.stop()
        server.start()


def _interrupt(*_: object) -> NoReturn:
    """SIGTERM before there is a server: what is started by then is stopped on the way out."""
    raise SystemExit(0)
