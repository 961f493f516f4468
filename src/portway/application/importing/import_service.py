"""From a document to a stored integration, and from a newer one to the changes of it."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from uuid import UUID

from portway.application.importing.comparison import Comparison
from portway.application.importing.merge import mark_of
from portway.application.importing.preparation import ImportRequest, Preparation, Prepared, members_of
from portway.application.importing.report import BreakingChange, ImportReport, summary_of
from portway.application.ports.imports import (
    ChangedRow,
    ImportMark,
    ImportRepository,
    Members,
    NewRow,
    StoredAction,
    StoredIntegration,
)
from portway.domain.errors import Conflict

_AT_ONCE = 2

Transaction = Callable[[], AbstractAsyncContextManager[ImportRepository]]
"""Leaving the block commits, an exception in it rolls everything back."""


class ImportService:
    """Imports into whatever a transaction gives access to."""

    def __init__(self, preparation: Preparation) -> None:
        self._preparation = preparation
        # A large document takes a processor for seconds, and some hundred megabytes.
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def run(self, request: ImportRequest, transaction: Transaction) -> ImportReport:
        """Reads, checks, compares and stores; the last but for `dry_run`.

        Raises what `Preparation.prepare` does, and Conflict where the slug is that of an integration that was not
        imported.
        """
        async with self._turns:
            prepared = await asyncio.to_thread(self._preparation.prepare, request)
        request = replace(request, slug=prepared.slug)
        async with transaction() as imports:
            return await self._store(request, prepared, imports)

    async def _store(
        self, request: ImportRequest, prepared: Prepared, imports: ImportRepository
    ) -> ImportReport:
        stored = await imports.find(request.slug, request.organization_id)
        if stored is not None and stored.mark is None:
            raise Conflict(
                f"There is an integration {request.slug!r} that was not imported; choose another slug, or delete it."
            )
        report = ImportReport(
            slug=request.slug,
            organization_id=request.organization_id,
            dry_run=request.dry_run,
            created=stored is None,
            integration_id=stored.id if stored is not None else None,
            skipped=list(prepared.skipped),
            notes=prepared.notes,
        )
        comparison = Comparison(request, prepared, self._preparation, report)
        members = wanted = members_of(prepared.integration)
        rows: Sequence[StoredAction] = ()
        if stored is not None:
            members = comparison.integration(stored)
            rows = await imports.actions(stored.id)
        report.integration = summary_of(members)
        plan = await asyncio.to_thread(comparison.actions, rows)
        used = await imports.executed_recently(plan.endangered) if plan.endangered else ()
        report.breaking += [
            BreakingChange(*said) for action, said in plan.endangered.items() if action in used
        ]
        if not request.dry_run:
            mark = mark_of(request.source, wanted)
            report.integration_id = await _integration(request, stored, members, mark, imports)
            await imports.remove_actions(plan.removed)
            await imports.change_actions(plan.changed)
            await imports.add_actions(report.integration_id, plan.added)
        return report


async def _integration(
    request: ImportRequest,
    stored: StoredIntegration | None,
    members: Members,
    mark: ImportMark,
    imports: ImportRepository,
) -> UUID:
    """Makes it, or changes what is to be changed of it."""
    if stored is None:
        return await imports.add_integration(NewRow(request.slug, members, mark), request.organization_id)
    if members != stored.members or stored.mark != mark:
        await imports.change_integration(ChangedRow(stored.id, members, mark))
    return stored.id
