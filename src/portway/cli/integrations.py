"""`portway integrations ...`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import UUID

import psycopg
import typer

from portway.application.importing.import_service import ImportService
from portway.application.importing.organization_imports import fetched, public_part
from portway.application.importing.preparation import MAX_DOCUMENT_BYTES, ImportRequest
from portway.application.importing.report import ImportReport
from portway.application.ports.imports import ImportRepository
from portway.catalog.handlers import handlers
from portway.cli.database import DatabaseInUse, as_owner, database_in_use
from portway.cli.failure import CommandFailed, one_line
from portway.cli.options import DataDir, Json, settings_with
from portway.cli.output import print_json, tell
from portway.infrastructure.http.client import AiohttpClient
from portway.infrastructure.http.egress_guard import EVERY_NETWORK, EgressGuard
from portway.infrastructure.importers.kinds import preparation
from portway.infrastructure.postgres.errors import translated
from portway.infrastructure.postgres.import_repository import PostgresImportRepository

_SHOWN = 20

app = typer.Typer(help="Integrations of your own.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command("import")
def import_(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A file, or a URL with http:// or https://.")
    ],
    *,
    slug: str = typer.Option(help="What the integration is called by programs."),
    name: str | None = typer.Option(
        None, help="What it is called by people, instead of the document's own name.", show_default=False
    ),
    base_url: str | None = typer.Option(
        None, help="Instead of the document's own address.", show_default=False
    ),
    include: list[str] | None = typer.Option(
        None,
        metavar="GLOB",
        help="Only actions whose slug or 'METHOD /path' matches; may be repeated.",
        show_default=False,
    ),
    organization: UUID | None = typer.Option(
        None, metavar="ID", help="Whose it is; without one it is for everybody.", show_default=False
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help="Report what would be, and change nothing."),
    prune: bool = typer.Option(False, "--prune", help="Delete actions that the document has no longer."),
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Make an integration with its actions of an OpenAPI 3.x, Swagger 2.0 or Google Discovery document, or a Postman
    collection v2.1; or bring one that was imported before up to date.

    Works as the owner. Servers that run know its actions at once.
    """
    with database_in_use(settings_with(data_dir)) as database:
        _check_organization(database, organization)
        content, origin = _document(source)
        request = ImportRequest(
            slug=slug,
            document=content,
            source=origin,
            organization_id=organization,
            name=name,
            base_url=base_url,
            include=tuple(include or ()),
            dry_run=dry_run,
            prune=prune,
        )
        report = asyncio.run(_run(database, request))
    if as_json:
        print_json(asdict(report))
    else:
        _show(report)


async def _run(database: DatabaseInUse, request: ImportRequest) -> ImportReport:
    @asynccontextmanager
    async def transaction() -> AsyncIterator[ImportRepository]:
        with translated():
            connection = await psycopg.AsyncConnection.connect(database.admin_url)
            async with connection:
                await connection.execute("SET LOCAL ROLE portway_owner")
                yield PostgresImportRepository(connection, as_owner=True)

    return await ImportService(preparation(handlers())).run(request, transaction)


def _check_organization(database: DatabaseInUse, organization: UUID | None) -> None:
    """Says what is missing before anything is read."""
    with as_owner(database) as connection:
        found = connection.execute(
            "SELECT FROM public.organizations WHERE id = %s", [organization]
        ).fetchone()
    if organization is not None and found is None:
        raise CommandFailed(f"there is no organization {organization}")


def _document(source: str) -> tuple[bytes, str]:
    """The document, and what may be kept of where it came from."""
    if source.startswith(("https://", "http://")):
        return asyncio.run(_fetched(source)), public_part(source)
    path = Path(source)
    try:
        with path.open("rb") as file:
            return file.read(MAX_DOCUMENT_BYTES + 1), path.name
    except OSError as error:
        raise CommandFailed(f"cannot read {source}: {one_line(error.strerror or error)}") from None


async def _fetched(url: str) -> bytes:
    """From anywhere: it is the operator who asks."""
    http = AiohttpClient(EgressGuard(EVERY_NETWORK))
    try:
        return await fetched(http, url)
    finally:
        await http.close()


def _show(report: ImportReport) -> None:
    """For people. What needs a look comes last, where it is seen."""
    verb = "would be" if report.dry_run else "is"
    state = f"{verb} made" if report.created else f"{verb} brought up to date"
    print(f"Integration {report.slug} {state}.")
    counts: dict[str, Sequence[object]] = {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "skipped": report.skipped,
    }
    print("Actions: " + ", ".join(f"{len(found)} {what}" for what, found in counts.items()) + ".")
    if report.members:
        print(f"Changed of the integration: {', '.join(report.members)}.")
    _list("Changed", [f"{one.slug}: {', '.join(one.members)}" for one in report.changed])
    _list(
        "Not in the document any more",
        [f"{one.slug}, {one.operation}: {'deleted' if one.deleted else 'kept'}" for one in report.removed],
    )
    _list("Skipped", [f"{one.operation} {one.reason}" for one in report.skipped])
    _list("Guessed", [f"{one.action} {one.pointer}: {one.reason}" for one in report.guesses])
    _list("Kept as changed by hand", [f"{one.action or 'integration'}: {one.member}" for one in report.kept])
    _list("Note", list(report.notes))
    _list("Breaking", [f"{one.action or 'integration'}: {one.reason}" for one in report.breaking])


def _list(title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    print(f"\n{title}:")
    for line in lines[:_SHOWN]:
        print(f"  {one_line(line)}")
    if len(lines) > _SHOWN:
        tell(f"  and {len(lines) - _SHOWN} more; --json has all")
