"""What an import has done, or would do."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from portway.application.importing.imported import SkippedOperation
from portway.application.ports.imports import Members


@dataclass(frozen=True, slots=True)
class IntegrationSummary:
    """What the integration is, or would be, after the import."""

    name: str
    base_url: str
    auth_type: str
    description: str
    documentation_url: str | None


@dataclass(frozen=True, slots=True)
class OperationAction:
    """An action as it is, or would be, and what the document calls it."""

    slug: str
    operation: str
    name: str
    description: str
    http_method: str
    endpoint_path: str


@dataclass(frozen=True, slots=True)
class ChangedAction(OperationAction):
    """An action some of whose members are others now."""

    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemovedAction(OperationAction):
    """An action whose operation the document has no longer; `deleted` where that was asked for."""

    deleted: bool


@dataclass(frozen=True, slots=True)
class KeptMember:
    """A member that a person changed since it was imported. It stays, although the document has another value by now.

    `action` is None for a member of the integration.
    """

    action: str | None
    member: str


@dataclass(frozen=True, slots=True)
class BreakingChange:
    """Something that whoever uses the integration has to know. `action` is None where it is about all of it."""

    action: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Guess:
    """What the document does not say, by JSON Pointer into the action."""

    action: str
    pointer: str
    reason: str


@dataclass(slots=True)
class ImportReport:
    """`created`: there was no integration of this slug. `members` are those of the integration that are others now."""

    slug: str
    organization_id: UUID | None
    dry_run: bool
    created: bool
    integration_id: UUID | None = None
    integration: IntegrationSummary | None = None
    members: tuple[str, ...] = ()
    added: list[OperationAction] = field(default_factory=list)
    changed: list[ChangedAction] = field(default_factory=list)
    unchanged: list[OperationAction] = field(default_factory=list)
    removed: list[RemovedAction] = field(default_factory=list)
    kept: list[KeptMember] = field(default_factory=list)
    breaking: list[BreakingChange] = field(default_factory=list)
    skipped: list[SkippedOperation] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)
    notes: tuple[str, ...] = ()


def summary_of(members: Members) -> IntegrationSummary:
    """The integration that has these."""
    values: Mapping[str, Any] = members
    return IntegrationSummary(**{field.name: values[field.name] for field in fields(IntegrationSummary)})


def named(slug: str, operation: str, members: Members) -> OperationAction:
    """The action that has these."""
    values: Mapping[str, Any] = members
    told = ("name", "description", "http_method", "endpoint_path")
    return OperationAction(slug, operation, **{name: values[name] for name in told})
