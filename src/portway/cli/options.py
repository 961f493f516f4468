"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from portway.settings import Settings, load_settings

DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where the embedded PostgreSQL lives; PORTWAY_DATA_DIR does the same."
        " Not used where PORTWAY_DATABASE_URL is set.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs on standard output.")]
UserEmail = Annotated[str, typer.Option("--user", help="The user's e-mail address.")]


def settings_with(data_dir: Path | None) -> Settings:
    """The environment's settings, with this data directory where one is given. Raises SettingsError."""
    settings = load_settings()
    if data_dir is None:
        return settings
    return settings.model_copy(update={"data_dir": data_dir.expanduser().absolute()})
