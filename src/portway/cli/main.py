"""The program: finds the command, and makes a line and an exit status of what goes wrong."""

import sys
from collections.abc import Sequence
from importlib import import_module

import typer
from typer.main import get_command

from portway import __version__
from portway.cli.output import tell

# Each is a module of this package with an `app` of several commands, or a function of its own name.
_COMMANDS = (
    *("up", "serve", "migrate", "doctor"),
    *("users", "keys", "connections", "catalog", "integrations", "db", "keyring"),
    *("execute", "logs"),
)


def main() -> None:
    """The entry point: runs the command of this process's arguments and exits."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs a command and returns its exit status: 2 for a command line that makes no sense, 130 after Ctrl-C."""
    try:
        command = get_command(_program(arguments))
        status = command(list(arguments), prog_name="portway", standalone_mode=False)
    except typer.TyperException as error:
        tell(_refusal(error))
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except Exception as error:  # noqa: BLE001 -- what is not the user's is raised again
        tell(f"portway: {_explained(error)}")
        return 1
    return status if isinstance(status, int) else 0


def _program(arguments: Sequence[str]) -> typer.Typer:
    """The program with the command that is asked for, or with all where help is asked for or none is named.

    Nobody should wait for what other commands import.
    """
    program = typer.Typer(
        help="Portway, an API integration gateway: one call runs one action of any connected service.",
        no_args_is_help=True,
        rich_markup_mode=None,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    program.callback()(_options)
    named = arguments[0] if arguments and arguments[0] in _COMMANDS else None
    for name in [named] if named else _COMMANDS:
        module = import_module(f"portway.cli.{name}")
        if hasattr(module, "app"):
            program.add_typer(module.app, name=name)
        else:
            program.command(name)(getattr(module, name))
    return program


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"portway {__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", callback=_print_version, is_eager=True
    ),
) -> None:
    pass


def _explained(error: Exception) -> str:
    """One line about the user's error; any other is a fault of ours, and raised again with its traceback."""
    from portway.cli.explanation import explanation  # noqa: PLC0415 -- it knows everybody's errors

    line = explanation(error)
    if line is None:
        raise error
    return line


def _refusal(error: typer.TyperException) -> str:
    """What to say of a command line that makes no sense: the help, where it names no command."""
    message = error.format_message()
    if message.startswith("Usage: "):
        return message
    context = getattr(error, "ctx", None)
    return f"portway: {message} (see `{getattr(context, 'command_path', 'portway')} --help`)"
