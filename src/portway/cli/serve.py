"""`portway serve`, and how `portway up` serves as well."""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from portway.cli.database import DatabaseInUse, check_migrations, configured_database, connected
from portway.cli.failure import CommandFailed
from portway.cli.output import tell
from portway.cli.server.environment import server_environment
from portway.cli.server.listener import is_on_loopback, listen, local_url, reserve
from portway.cli.server.supervisor import Supervisor
from portway.settings import Settings, load_settings

Host = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 is every one.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 is any that is free.")]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Server processes. [default: one for each two processors]", show_default=False),
]
TrustedProxies = Annotated[
    str | None,
    typer.Option(
        help="Proxies in front of Portway, by address or network, separated by commas, whose X-Forwarded-For and"
        " X-Forwarded-Proto are believed; by default nobody's.",
        show_default=False,
    ),
]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Workers = None,
    trusted_proxies: TrustedProxies = None,
) -> None:
    """Serve the API, with the database of PORTWAY_DATABASE_URL.

    Changes nothing in the database; run `portway migrate` and `portway catalog load` before it, as its owner.
    SIGTERM finishes what is in flight, and stops.
    """
    settings = load_settings()
    database = configured_database(settings)
    if database is None or database.app is None:
        raise CommandFailed(
            "set PORTWAY_DATABASE_URL (role portway_app), or use `portway up`, which brings a database"
        )
    with reserve(host, port) as listener:
        with connected(database.app) as connection:
            check_migrations(connection)
        run_server(listener, settings, database, workers=workers, trusted_proxies=trusted_proxies)


def run_server(
    listener: socket.socket,
    settings: Settings,
    database: DatabaseInUse,
    *,
    workers: int | None,
    trusted_proxies: str | None,
    on_ready: Callable[[str], None] | None = None,
    companion: Callable[[], Coroutine[None, None, None]] | None = None,
) -> None:
    """Serves until a signal ends it. `on_ready` is called with the public URL; `companion` runs beside the server."""
    local = local_url(listener)
    public_url = settings.public_url if "public_url" in settings.model_fields_set else local

    def ready() -> None:
        tell(f"Portway serves {local} (reference: {local}/docs). Ctrl-C stops it.")
        if on_ready is not None:
            on_ready(public_url)

    number = workers or default_workers()
    with TemporaryDirectory(prefix="portway-metrics-") as shared:
        environment = server_environment(database, public_url, on_loopback=is_on_loopback(listener))
        if number > 1:
            # Whichever worker is asked for metrics answers for all.
            environment["PROMETHEUS_MULTIPROC_DIR"] = shared
        supervisor = Supervisor(
            listen(listener, number),
            environment,
            workers=number,
            on_ready=ready,
            companion=companion,
            trusted_proxies=trusted_proxies,
        )
        asyncio.run(supervisor.run())


def default_workers() -> int:
    """One for each two processors: PostgreSQL needs as much again, and batches grow with the load on a worker."""
    return max(1, (os.cpu_count() or 1) // 2)
