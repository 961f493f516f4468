"""`portway db ...`."""

import typer

from portway.cli.database import configured_database, embedded_database
from portway.cli.failure import CommandFailed
from portway.cli.options import DataDir, settings_with
from portway.infrastructure.embedded_postgres import EmbeddedPostgres

app = typer.Typer(help="The database itself.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command()
def url(
    data_dir: DataDir = None,
    admin: bool = typer.Option(
        False,
        "--admin",
        help="The owner's, whose policies show every row, instead of the servers' (portway_app).",
    ),
) -> None:
    """Print the URL of the database in use, as psql takes it.

    It carries a password. Example: psql "$(portway db url --admin)"
    """
    settings = settings_with(data_dir)
    database = configured_database(settings)
    if database is None:
        urls = EmbeddedPostgres(settings.data_dir).running()
        if urls is None:
            raise CommandFailed(f"no database runs in {settings.data_dir}: start it with `portway up`")
        database = embedded_database(settings, urls)
    print(database.admin_url if admin else database.app_url)
