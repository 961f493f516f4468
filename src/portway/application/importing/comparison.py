"""What an import changes of the rows that are there already. See docs/decisions/0026."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Any
from uuid import UUID

from portway.application.importing.imported import ImportedAction, SkippedOperation
from portway.application.importing.merge import Merged, mark_of, merged
from portway.application.importing.preparation import (
    ImportRequest,
    Preparation,
    Prepared,
    integration_row,
    members_of,
)
from portway.application.importing.report import (
    BreakingChange,
    ChangedAction,
    Guess,
    ImportReport,
    KeptMember,
    RemovedAction,
    named,
)
from portway.application.ports.imports import ChangedRow, Members, NewRow, StoredAction, StoredIntegration
from portway.domain.json_value import JsonValue

_ANOTHER_SERVICE = "The address or the kind of credential changes: connections need a new authorization."


@dataclass(slots=True)
class Plan:
    """What is to be written of actions. `endangered`: slug, and what callers have to know of, if there are any."""

    added: list[NewRow] = field(default_factory=list)
    changed: list[ChangedRow] = field(default_factory=list)
    removed: list[UUID] = field(default_factory=list)
    endangered: dict[UUID, tuple[str, str]] = field(default_factory=dict)


class Comparison:
    """Compares a document with rows, and writes down what it finds in the report."""

    def __init__(
        self, request: ImportRequest, prepared: Prepared, preparation: Preparation, report: ImportReport
    ) -> None:
        self._request = request
        self._prepared = prepared
        self._preparation = preparation
        self._report = report
        self._plan = Plan()

    def integration(self, stored: StoredIntegration) -> Members:
        """What becomes of the integration.

        Raises InvalidIntegrationConfig where what a person changed in it and what is new do not go together.
        """
        wanted = members_of(self._prepared.integration)
        found = self._with_what_is_asked_for(stored, merged(stored.members, stored.mark, wanted))
        if found.changed and found.members != wanted:
            values: Mapping[str, Any] = found.members
            self._preparation.check(
                integration_row(self._request.slug, replace(self._prepared.integration, **values))
            )
        self._report.members = found.changed
        self._report.kept += [KeptMember(None, name) for name in found.kept]
        if {"base_url", "auth_type"} & set(found.changed):
            self._report.breaking.append(BreakingChange(None, _ANOTHER_SERVICE))
        return found.members

    def actions(self, rows: Sequence[StoredAction]) -> Plan:
        """What becomes of the actions."""
        matches = _matches(self._prepared, rows)
        taken = {row.slug for row in rows}
        for action in self._prepared.actions:
            row = matches.get(action.operation)
            if row is None:
                self._add(action, taken)
            else:
                self._compare(replace(action, slug=row.slug), row)
        matched = {row.id for row in matches.values()}
        for row in rows:
            if (
                row.mark is not None
                and row.id not in matched
                and row.mark.origin not in self._prepared.operations
            ):
                self._remove(row, row.mark.origin)
        return self._plan

    def _with_what_is_asked_for(self, stored: StoredIntegration, found: Merged) -> Merged:
        """A name and an address that are given with the request go before what a person changed."""
        given = {"name": self._request.name, "base_url": self._request.base_url}
        asked: dict[str, JsonValue] = {
            name: getattr(self._prepared.integration, name)
            for name, value in given.items()
            if value is not None and getattr(self._prepared.integration, name) != stored.members[name]
        }
        return Merged(
            {**found.members, **asked},
            tuple(dict.fromkeys((*found.changed, *asked))),
            tuple(name for name in found.kept if name not in asked),
        )

    def _add(self, action: ImportedAction, taken: set[str]) -> None:
        """Beside an action that has its slug already it gets a longer one."""
        slug = action.slug
        if slug in taken:
            slug = f"{slug[:91]}-{sha256(action.operation.encode('utf-8', 'replace')).hexdigest()[:8]}"
        taken.add(slug)
        members = members_of(action)
        self._plan.added.append(NewRow(slug, members, mark_of(action.operation, members)))
        self._report.added.append(named(slug, action.operation, members))
        self._note_guesses(replace(action, slug=slug))

    def _compare(self, action: ImportedAction, row: StoredAction) -> None:
        wanted = members_of(action)
        found = merged(row.members, row.mark, wanted)
        if found.changed and (fault := self._fault(action, found)):
            reason = f"does not go together with what was changed by hand, and stays as it is: {fault}"
            self._report.skipped.append(SkippedOperation(action.operation, reason))
            return
        self._report.kept += [KeptMember(row.slug, name) for name in found.kept]
        self._note_guesses(action)
        mark = mark_of(action.operation, wanted)
        if row.mark != mark or found.changed:
            self._plan.changed.append(ChangedRow(row.id, found.members, mark))
        if not found.changed:
            self._report.unchanged.append(named(row.slug, action.operation, found.members))
            return
        shown = named(row.slug, action.operation, found.members)
        self._report.changed.append(ChangedAction(**asdict(shown), members=found.changed))
        if reasons := _breaking(row.members, found.members):
            self._plan.endangered[row.id] = (row.slug, f"{'; '.join(reasons)}.")

    def _fault(self, action: ImportedAction, found: Merged) -> str | None:
        """A row that is partly a person's has not been checked as a whole."""
        if found.members == members_of(action):
            return None
        values: Mapping[str, Any] = found.members
        mixed = replace(action, **{**values, "scopes": tuple(values["scopes"])})
        return self._preparation.fault(integration_row(self._request.slug, self._prepared.integration), mixed)

    def _remove(self, row: StoredAction, operation: str) -> None:
        is_pruned = self._request.prune
        shown = named(row.slug, operation, row.members)
        self._report.removed.append(RemovedAction(**asdict(shown), deleted=is_pruned))
        if is_pruned:
            self._plan.removed.append(row.id)
            self._plan.endangered[row.id] = (row.slug, "It is deleted, since the document has it no longer.")

    def _note_guesses(self, action: ImportedAction) -> None:
        self._report.guesses += [Guess(action.slug, pointer, reason) for pointer, reason in action.guesses]


def _matches(prepared: Prepared, rows: Sequence[StoredAction]) -> dict[str, StoredAction]:
    """The stored action of each operation: the one of this operation, whatever it is called; else the one of its slug
    whose own operation the document has no longer, so that it has moved.
    """
    imported = [(row, row.mark.origin) for row in rows if row.mark is not None]
    by_operation = {origin: row for row, origin in imported}
    gone = {row.slug: row for row, origin in imported if origin not in prepared.operations}
    found: dict[str, StoredAction] = {}
    for action in prepared.actions:
        row = by_operation.get(action.operation) or gone.get(action.slug)
        if row is not None:
            found[action.operation] = row
    return found


def _breaking(before: Members, after: Members) -> list[str]:
    """What of a change makes calls fail that have worked."""
    reasons = [
        f"{what} was {before[member]} and is {after[member]}"
        for member, what in (("http_method", "its method"), ("endpoint_path", "its path"))
        if before[member] != after[member]
    ]
    old, new = _parameters(before), _parameters(after)
    if added := sorted(new.required - old.required):
        reasons.append(f"it needs {', '.join(f'`{name}`' for name in added[:20])}")
    if gone := sorted(old.known - new.known) if new.is_complete else []:
        reasons.append(f"it does not take {', '.join(f'`{name}`' for name in gone[:20])} any more")
    return [
        f"{reason[0].upper()}{reason[1:]}" if place == 0 else reason for place, reason in enumerate(reasons)
    ]


@dataclass(frozen=True, slots=True)
class _Parameters:
    known: frozenset[str]
    required: frozenset[str]
    is_complete: bool


def _parameters(members: Members) -> _Parameters:
    schema = members["request_schema"]
    if not isinstance(schema, Mapping):
        return _Parameters(frozenset(), frozenset(), is_complete=False)
    properties, required = schema.get("properties"), schema.get("required")
    return _Parameters(
        frozenset(properties if isinstance(properties, dict) else ()),
        frozenset(name for name in required if isinstance(name, str))
        if isinstance(required, list)
        else frozenset(),
        is_complete=schema.get("additionalProperties") is False,
    )
