"""What a server process is told: never the owner's database URL, nor a secret that it has no use for."""

import os
from collections.abc import Mapping

from portway.cli.database import DatabaseInUse

# The database keeps the outside issuer's secret; the rest is for commands.
_NOT_FOR_SERVERS = (
    "PORTWAY_ADMIN_DATABASE_URL",
    "PORTWAY_JWT_SECRET",
    "PORTWAY_MASTER_KEY_FILE",
    "PORTWAY_API_KEY",
    "PORTWAY_URL",
)


def server_environment(
    database: DatabaseInUse,
    public_url: str,
    *,
    on_loopback: bool,
    environment: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """The environment of the worker processes, made of this process's own.

    `on_loopback` says that only this machine can reach the server.
    """
    told = {name: value for name, value in environment.items() if name.upper() not in _NOT_FOR_SERVERS}
    told["PORTWAY_DATABASE_URL"] = database.app_url
    told["PORTWAY_PUBLIC_URL"] = public_url
    if database.sign_in is not None:
        told["PORTWAY_SIGN_IN_DATABASE_URL"] = database.sign_in
    if database.worker is not None:
        told["PORTWAY_WORKER_DATABASE_URL"] = database.worker
    if not on_loopback:
        # Else whoever on the network comes first would have the first account.
        told.setdefault("PORTWAY_SET_UP_LINK_REQUIRED", "true")
    return told
