"""What tests arrange and look at, the same in memory and on PostgreSQL."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from portway.domain.connection import ConnectionStatus
from portway.domain.execution import ExecutionStatus
from portway.domain.json_value import JsonValue
from portway.domain.principal import Principal, Scope


@dataclass(frozen=True, slots=True)
class Person:
    """A user, the organization and workspace that they own, and a pass with all scopes."""

    user_id: UUID
    organization_id: UUID
    workspace_id: UUID
    sealed_pass: str = field(repr=False)

    @property
    def principal(self) -> Principal:
        return principal_with(self, self.sealed_pass)


def principal_with(person: Person, sealed_pass: str) -> Principal:
    """The caller that a use case sees, with another pass of theirs."""
    return Principal(
        user_id=person.user_id,
        credential_id=person.user_id,
        scopes=frozenset(Scope),
        workspace_id=None,
        sealed_pass=sealed_pass,
        expires_at=datetime(2100, 1, 1, tzinfo=UTC),
    )


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A row of `api_logs`."""

    id: UUID
    executed_at: datetime
    status: ExecutionStatus
    user_id: UUID | None
    organization_id: UUID | None
    workspace_id: UUID | None
    connection_id: UUID | None
    integration_id: UUID | None
    action_id: UUID | None
    request_payload: JsonValue
    response_payload: JsonValue
    payload_truncated: bool
    status_code: int | None
    error_code: str | None
    duration_ms: float | None
    attempts: int


@dataclass(frozen=True, slots=True)
class StoredConnection:
    """A row of `connections` and the secrets that belong to it, in the clear; those in `renewing` renew its token."""

    user_id: UUID
    workspace_id: UUID
    organization_id: UUID
    integration_id: UUID
    name: str
    status: ConnectionStatus
    origins: tuple[str, ...]
    scopes: tuple[str, ...]
    config: JsonValue
    version: int
    issued_at: datetime | None
    expires_at: datetime | None
    last_used_at: datetime | None
    secrets: dict[str, str] = field(repr=False)
    renewing: frozenset[str] = frozenset()
    account_id: str | None = None
    account_name: str | None = None
    end_user_id: str | None = None
    oauth_client_id: UUID | None = None
