"""`portway catalog ...`."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from portway.catalog.definitions import IntegrationDefinition, load_definitions
from portway.catalog.handlers import handlers
from portway.catalog.validation import validate as faults_in
from portway.cli.database import DatabaseInUse, as_owner, database_in_use
from portway.cli.failure import CommandFailed
from portway.cli.options import DataDir, Json, settings_with
from portway.cli.output import print_json, print_table, tell
from portway.infrastructure.config_schema import JsonSchemaConfig
from portway.infrastructure.json_schema import JsonSchemaParameters
from portway.infrastructure.postgres.catalog_loader import load_catalog

# Every integration has this one; it is not counted.
_GENERAL_ACTION = "http-request"

Directory = Annotated[
    Path | None,
    typer.Argument(
        help="A folder with a folder for each integration, or one of these; by default what Portway ships.",
        show_default=False,
    ),
]

app = typer.Typer(help="Definitions of integrations and their actions.", no_args_is_help=True)


@app.command()
def load(directory: Directory = None, data_dir: DataDir = None) -> None:
    """Put definitions from YAML into the database, for everybody; one of the same slug is replaced.

    Works as the owner. Servers that run know them within a second. Nothing of a DIRECTORY of yours is removed later;
    where you have an integration of the same slug as a shipped one, yours is used.
    """
    definitions = load_definitions(directory)
    with database_in_use(settings_with(data_dir)) as database:
        with as_owner(database):
            pass  # says what is missing before anything is loaded
        tell(load_into(database, definitions, shipped=directory is None))


@app.command("list")
def list_(
    stats: bool = typer.Option(False, "--stats", help="Only how many there are."), as_json: Json = False
) -> None:
    """List the integrations that Portway ships. Needs no database."""
    definitions = load_definitions()
    if stats:
        _print_stats(_stats(definitions), as_json=as_json)
        return
    rows: list[dict[str, object]] = [
        {
            "slug": definition.slug,
            "name": definition.name,
            "auth_type": str(definition.auth_type),
            "category": definition.category,
            "actions": [action.slug for action in definition.actions],
        }
        for definition in definitions
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        row["actions"] = ", ".join(map(str, row["actions"])) if isinstance(row["actions"], list) else ""
    print_table(("slug", "name", "auth_type", "actions"), rows)


@app.command()
def validate(directory: Directory = None) -> None:
    """Check definitions without a database: their form, schemas, and that every example becomes a request."""
    definitions = load_definitions(directory)
    faults = asyncio.run(faults_in(definitions, JsonSchemaParameters(), JsonSchemaConfig(), handlers()))
    for fault in faults:
        tell(fault)
    if faults:
        raise CommandFailed(f"{len(faults)} fault(s) in {counted(definitions)}")
    tell(f"{counted(definitions)}: no fault.".capitalize())


def load_into(database: DatabaseInUse, definitions: Sequence[IntegrationDefinition], *, shipped: bool) -> str:
    """Upserts the definitions as the owner, and says what that came to."""
    changes = load_catalog(database.admin_url, definitions, shipped=shipped)
    return (
        f"The catalog has {counted(definitions)}; added or changed {changes.integrations} and {changes.actions},"
        f" removed {changes.removed_actions} action(s)."
    )


def counted(definitions: Sequence[IntegrationDefinition]) -> str:
    """How many there are, in words."""
    stats = _stats(definitions)
    return f"{stats['integrations']} integration(s) with {stats['actions']} action(s)"


def _stats(definitions: Sequence[IntegrationDefinition]) -> dict[str, int]:
    actions = [action for definition in definitions for action in definition.actions]
    return {
        "integrations": len(definitions),
        "actions": sum(action.slug != _GENERAL_ACTION for action in actions),
        "handlers": len(handlers().names),
    }


def _print_stats(stats: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        print_json(stats)
    else:
        print_table(tuple(stats), [stats])
