"""An action: one operation of an integration."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from portway.domain.json_value import JsonObject, JsonValue

DEFAULT_TIMEOUT_MS = 30_000
MAX_TIMEOUT_MS = 300_000


@dataclass(frozen=True, slots=True)
class Action:
    """A row of `actions`.

    `request_schema` is a JSON Schema (2020-12) of the caller's parameters. `transform_config` says how they become
    the service's request (see `application.language`). `scopes` are what the connection's grant must hold.
    `handler` names custom code from the registry; None means that the row says it all.
    """

    id: UUID
    integration_id: UUID
    slug: str
    name: str
    http_method: str
    endpoint_path: str
    description: str = ""
    request_schema: JsonObject = field(default_factory=dict)
    transform_config: JsonObject = field(default_factory=dict)
    rate_limits: Sequence[JsonValue] = ()
    scopes: tuple[str, ...] = ()
    handler: str | None = None
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    version: int = 1
    updated_at: datetime | None = None
