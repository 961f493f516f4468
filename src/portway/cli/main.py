"""The program's commands, and the one place where an error becomes a line and an exit status."""

import sys
from collections.abc import Sequence

import psycopg
import typer
from typer.main import get_command

from portway import __version__
from portway.cli import catalog, connections, db, doctor, execute, keys, logs, migrate, serve, up, users
from portway.cli.failure import CommandFailed, one_line, refusal
from portway.cli.output import tell
from portway.domain.errors import PortwayError
from portway.infrastructure.embedded_postgres import EmbeddedPostgresError
from portway.infrastructure.postgres.migrations import MigrationError
from portway.settings import SettingsError

_USERS_ERRORS = (
    CommandFailed,
    SettingsError,
    EmbeddedPostgresError,
    MigrationError,
    psycopg.Error,
)

app = typer.Typer(
    help="Portway, an API integration gateway: one call runs one action of any connected service.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(up.up)
app.command()(serve.serve)
app.command()(migrate.migrate)
app.add_typer(catalog.app, name="catalog")
app.add_typer(users.app, name="users")
app.add_typer(keys.app, name="keys")
app.add_typer(connections.app, name="connections")
app.command()(execute.execute)
app.command()(logs.logs)
app.add_typer(db.app, name="db")
app.command()(doctor.doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"portway {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", callback=_print_version, is_eager=True
    ),
) -> None:
    pass


def main() -> None:
    """The entry point: runs the command of this process's arguments and exits."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs a command and returns its exit status: 2 for a command line that makes no sense, 130 after Ctrl-C."""
    try:
        status = get_command(app)(list(arguments), prog_name="portway", standalone_mode=False)
    except typer.TyperException as error:
        tell(f"portway: {one_line(error.format_message())} (see `{_command_path(error)} --help`)")
        return error.exit_code
    except PortwayError as error:
        tell(f"portway: {refusal(error)}")
        return 1
    except _USERS_ERRORS as error:
        tell(f"portway: {one_line(error)}")
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return 130
    return status if isinstance(status, int) else 0


def _command_path(error: typer.TyperException) -> str:
    """The command that refused its arguments, as it is called."""
    context = getattr(error, "ctx", None)
    return str(getattr(context, "command_path", "portway"))
