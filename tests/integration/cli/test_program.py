"""The program as a whole: help, versions, and command lines that make no sense."""

import pytest

from portway import __version__
from portway.cli import main as program
from tests.integration.cli.conftest import Portway

COMMANDS = [
    "up",
    "serve",
    "migrate",
    "doctor",
    "catalog load",
    "catalog list",
    "catalog validate",
    "users create",
    "users reset-password",
    "keys create",
    "connections create",
    "db url",
    "execute",
    "logs",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(portway: Portway, command: str) -> None:
    shown = portway(*command.split(), "--help")
    usage, _, explanation, *_ = shown.output.splitlines()
    assert usage.startswith(f"Usage: portway {command} ")
    assert len(explanation) > 20
    assert shown.messages == ""


def test_all_commands_are_shown(portway: Portway) -> None:
    output = portway("--help").output
    assert {command.split()[0] for command in COMMANDS} <= set(output.split())


def test_the_version(portway: Portway) -> None:
    assert portway("--version").output == f"portway {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["upp"], "No such command 'upp'. Did you mean 'up'? (see `portway --help`)"),
        (["up", "--prt", "1"], "No such option: --prt"),
        (["keys", "create"], "Missing option '--user'. (see `portway keys create --help`)"),
        (["serve", "--port", "70000"], "Invalid value for '--port'"),
    ],
)
def test_a_command_line_that_makes_no_sense(portway: Portway, arguments: list[str], complaint: str) -> None:
    assert portway(*arguments, status=2).complaint.startswith(complaint)


@pytest.mark.parametrize("arguments", [[], ["keys"]])
def test_without_a_command_the_help_is_shown(portway: Portway, arguments: list[str]) -> None:
    assert portway(*arguments, status=2).messages.startswith(f"Usage: {' '.join(['portway', *arguments])} ")


def test_our_own_faults_keep_their_traceback(
    plain_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("portway.cli.db.settings_with", lambda _: fail())
    with pytest.raises(ZeroDivisionError):
        program.run(["db", "url"])
