"""`portway keyring ...`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import typer

from portway.cli.database import (
    Connection,
    DatabaseInUse,
    become_owner,
    check_migrations,
    connected,
    database_in_use,
)
from portway.cli.failure import CommandFailed
from portway.cli.options import DataDir, Json, settings_with
from portway.cli.output import print_json, tell
from portway.infrastructure.postgres.key_rotation import (
    Rotation,
    claim_rotation,
    make_keys,
    renew_ciphertexts,
)

app = typer.Typer(help="The keys that encrypt credentials and seal identities.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command()
def rotate(
    resume: bool = typer.Option(
        False, "--resume", help="Make no new keys: finish a rotation that was interrupted."
    ),
    at_once: bool = typer.Option(
        False,
        "--at-once",
        help="Refuse the passes and access tokens of the old keys now instead of after a day:"
        " for keys that somebody else may have.",
    ),
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Make new keys, and re-encrypt every credential while everything goes on.

    Exits with 1 if a ciphertext does not decrypt; it is named and left alone. JSON: {"key_id", "renewed": {table:
    number}, "unreadable": [{"table", "row"}], "seconds"}.
    """
    if resume and at_once:
        raise CommandFailed("--at-once is about new keys, and --resume makes none")
    began = time.monotonic()
    with database_in_use(settings_with(data_dir)) as database, _rotating(database) as connection:
        if not resume:
            make_keys(connection, at_once=at_once)
        rotation = renew_ciphertexts(connection, tell)
    seconds = round(time.monotonic() - began, 3)
    _report(rotation, seconds)
    if as_json:
        print_json(asdict(rotation) | {"seconds": seconds})
    if rotation.unreadable:
        raise typer.Exit(1)


@contextmanager
def _rotating(database: DatabaseInUse) -> Iterator[Connection]:
    """The owner's connection while nobody else rotates. Raises CommandFailed."""
    with connected(database.admin_url) as connection:
        with connection.transaction():
            become_owner(connection)
            check_migrations(connection)
            claim_rotation(connection)
        try:
            yield connection
        except KeyboardInterrupt:
            tell("Interrupted: old keys open what is left; `portway keyring rotate --resume` goes on.")
            raise


def _report(rotation: Rotation, seconds: float) -> None:
    for table, number in rotation.renewed.items():
        tell(f"{table}: {number} re-encrypted")
    for unreadable in rotation.unreadable:
        row = ", ".join(f"{name} = {value}" for name, value in unreadable.row.items())
        tell(f"{unreadable.table}: does not decrypt, left as it is: {row}")
    tell(f"Key {rotation.key_id} encrypts everything else, after {seconds:.1f} s.")
