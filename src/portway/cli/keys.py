"""`portway keys ...`."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import typer

from portway.cli.database import connected, database_in_use
from portway.cli.failure import CommandFailed
from portway.cli.options import DataDir, UserEmail, settings_with
from portway.cli.output import print_json
from portway.cli.people import operator_principal
from portway.domain.principal import Scope
from portway.infrastructure.postgres.errors import translated

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

app = typer.Typer(help="API keys.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command()
def create(
    *,
    user: UserEmail,
    workspace: UUID | None = typer.Option(
        None, metavar="ID", help="Limit the key to one workspace.", show_default=False
    ),
    name: str = typer.Option("command line", help="What the key is for, to tell it from others."),
    scope: list[Scope] | None = typer.Option(
        None,
        help="What the key may be used for; may be repeated. By default all that the user's role allows.",
    ),
    expires_in: str | None = typer.Option(
        None, metavar="TIME", help="A number of minutes, hours, days or weeks, as in 90d; by default never."
    ),
    data_dir: DataDir = None,
) -> None:
    """Make an API key for a user, and print it as JSON: {"api_key", "id", "prefix"}.

    It is shown this once; the database keeps its hash.
    """
    expires_at = datetime.now(UTC) + _duration(expires_in) if expires_in else None
    scopes = [one.value for one in scope] if scope else None
    with database_in_use(settings_with(data_dir)) as database:
        principal = operator_principal(database, user)
        with connected(database.app_url) as connection, translated():
            row = connection.execute(
                "SELECT api_key, id, prefix FROM app.create_api_key(%s, %s, %s::text[], %s, %s)",
                [principal.sealed_pass, name, scopes, workspace, expires_at],
            ).fetchone()
    if row is None:
        raise CommandFailed("the database made no key")
    print_json(dict(zip(("api_key", "id", "prefix"), row, strict=True)))


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"([1-9][0-9]{0,5})([mhdw])", text)
    if not match:
        raise CommandFailed(f"--expires-in {text}: give a number of minutes, hours, days or weeks, as in 90d")
    return int(match[1]) * _UNITS[match[2]]
