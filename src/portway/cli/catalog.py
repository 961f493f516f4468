"""`portway catalog ...`."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from portway.catalog.definitions import IntegrationDefinition, load_definitions, load_folders
from portway.catalog.facts import by_category, stats_of
from portway.catalog.fixtures import load_fixtures
from portway.catalog.handlers import handlers
from portway.catalog.validation import validate as faults_in
from portway.catalog.vendor import load_vendor_checks
from portway.cli.catalog_output import print_list, print_stats
from portway.cli.database import DatabaseInUse, as_owner, database_in_use
from portway.cli.failure import CommandFailed
from portway.cli.options import DataDir, Json, settings_with
from portway.cli.output import tell
from portway.infrastructure.config_schema import JsonSchemaConfig
from portway.infrastructure.json_schema import JsonSchemaParameters
from portway.infrastructure.postgres.catalog_loader import load_catalog

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
    category: Annotated[
        str | None, typer.Option(help="Only those of this category.", show_default=False)
    ] = None,
    stats: bool = typer.Option(False, "--stats", help="Only how many there are, and how much is checked."),
    as_json: Json = False,
) -> None:
    """List the integrations that Portway ships. Needs no database.

    FACTS is how many of the facts that an integration states were found in the vendor's own documentation or
    specification.
    """
    definitions = load_definitions()
    if category is not None:
        groups = by_category(definitions)
        if category not in groups:
            raise CommandFailed(f"there is no category {category!r}; there are {', '.join(groups)}")
        definitions = groups[category]
    if stats:
        print_stats(definitions, as_json=as_json)
    else:
        print_list(definitions, as_json=as_json)


@app.command()
def validate(directory: Directory = None) -> None:
    """Check definitions without a database: their form, schemas, and that every example becomes a request.

    Where a folder's `vendor.yaml` names the vendor's own specification, it says so; the comparison itself is part of
    Portway's tests, since the specifications come with packages that only these install.
    """
    folders = load_folders(directory)
    definitions, checks = list(folders.values()), load_vendor_checks(folders)
    fixtures = sum(len(load_fixtures(folder)) for folder in folders)
    faults = asyncio.run(faults_in(definitions, JsonSchemaParameters(), JsonSchemaConfig(), handlers()))
    for fault in faults:
        tell(fault)
    if faults:
        raise CommandFailed(f"{len(faults)} fault(s) in {counted(definitions)}")
    for definition in definitions:
        if definition.slug in checks:
            tell(f"{definition.slug}: {checks[definition.slug].in_words(definition)}")
    if fixtures:
        tell(f"{fixtures} request(s) have their exact form in requests.yaml, which the tests compare.")
    if checks:
        tell(f"{len(checks)} integration(s) name a vendor's document, which the tests compare them with.")
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
    stats = stats_of(definitions)
    return f"{stats.integrations} integration(s) with {stats.actions} action(s)"
