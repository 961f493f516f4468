"""Who calls: the caller's identity as the database sealed it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portway.domain.rate_limit import RequestLimit


class Scope(StrEnum):
    """What an API key may be limited to. A person's session has them all."""

    EXECUTE = "execute"
    CONNECTIONS_READ = "connections:read"
    CONNECTIONS_WRITE = "connections:write"
    LOGS_READ = "logs:read"
    CATALOG_WRITE = "catalog:write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller.

    `sealed_pass` is what the database accepts as proof; it is as secret as a session and lives for minutes.
    `credential_id` is the session or API key behind it; `workspace_id` is set when the key is limited to one.
    `rate_limits` are the key's: for all that is executed with it.
    """

    user_id: UUID
    credential_id: UUID
    scopes: frozenset[str]
    workspace_id: UUID | None
    sealed_pass: str
    expires_at: datetime
    rate_limits: tuple[RequestLimit, ...] = ()

    def __repr__(self) -> str:
        return f"Principal(user_id={self.user_id}, credential_id={self.credential_id})"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as it is listed: `prefix` is its first characters, the rest is known to its holder alone."""

    id: UUID
    name: str
    prefix: str
    scopes: tuple[str, ...]
    workspace_id: UUID | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    rate_limits: tuple[RequestLimit, ...] = ()
