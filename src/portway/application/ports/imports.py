"""Storing what was imported. Rows of integrations and actions, many at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from portway.domain.json_value import JsonValue

INTEGRATION_MEMBERS = (
    "name",
    "base_url",
    "auth_type",
    "auth_config",
    "transform_config",
    "description",
    "documentation_url",
)
ACTION_MEMBERS = (
    "name",
    "http_method",
    "endpoint_path",
    "description",
    "request_schema",
    "transform_config",
    "scopes",
)
"""What an import writes; anything else of a row is a person's."""

Members = Mapping[str, JsonValue]
"""Values by the names above."""


@dataclass(frozen=True, slots=True)
class ImportMark:
    """What a row remembers of its import: where it came from, and digests of its members as they were imported.

    `origin` is the source of an integration, the operation of an action.
    """

    origin: str
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StoredIntegration:
    """`mark` is None for a row that a person made."""

    id: UUID
    members: Members
    mark: ImportMark | None


@dataclass(frozen=True, slots=True)
class StoredAction:
    """The same of an action."""

    id: UUID
    slug: str
    members: Members
    mark: ImportMark | None


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row to be made."""

    slug: str
    members: Members
    mark: ImportMark


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row with all of its members as they are to be."""

    id: UUID
    members: Members
    mark: ImportMark


class ImportRepository(Protocol):
    """Integrations of an organization, or with None global ones, that the transaction may change."""

    async def find(self, slug: str, organization_id: UUID | None) -> StoredIntegration | None:
        """The one of exactly this organization, but none of the shipped catalog.

        Until the end of the transaction nobody else imports one of this slug.
        """
        ...

    async def actions(self, integration_id: UUID) -> Sequence[StoredAction]:
        """All that have a row."""
        ...

    async def executed_recently(self, action_ids: Collection[UUID]) -> Collection[UUID]:
        """Those that somebody executed within the last 30 days."""
        ...

    async def add_integration(self, row: NewRow, organization_id: UUID | None) -> UUID: ...

    async def change_integration(self, row: ChangedRow) -> None: ...

    async def add_actions(self, integration_id: UUID, rows: Sequence[NewRow]) -> None: ...

    async def change_actions(self, rows: Sequence[ChangedRow]) -> None: ...

    async def remove_actions(self, action_ids: Collection[UUID]) -> None: ...
