"""Entities from the JSON that the database's functions return."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from portway.domain.action import Action
from portway.domain.credential import Credential, OAuthClient
from portway.domain.integration import AuthType, Integration
from portway.domain.rate_limit import RequestLimit

Row = Mapping[str, Any]


def integration_from(row: Row) -> Integration:
    """An integration from `app.integration_row`, or its part of a definition."""
    return Integration(
        id=UUID(row["id"]),
        slug=row["slug"],
        name=row["name"],
        base_url=row["base_url"],
        auth_type=AuthType(row["auth_type"]),
        auth_config=row["auth_config"],
        transform_config=row["transform_config"],
        rate_limits=tuple(row["rate_limits"]),
        organization_id=UUID(row["organization_id"]) if row["organization_id"] else None,
        description=row["description"],
        category=row["category"],
        documentation_url=row["documentation_url"],
        website=row.get("website"),
        version=row["version"],
    )


def action_from(row: Row) -> Action:
    """An action from its part of a definition."""
    return Action(
        id=UUID(row["id"]),
        integration_id=UUID(row["integration_id"]),
        slug=row["slug"],
        name=row["name"],
        http_method=row["http_method"],
        endpoint_path=row["endpoint_path"],
        description=row["description"],
        request_schema=row["request_schema"],
        transform_config=row["transform_config"],
        rate_limits=tuple(row["rate_limits"]),
        scopes=tuple(row["scopes"]),
        handler=row["handler"],
        timeout_ms=row["timeout_ms"],
        version=row["version"],
    )


def credential_from(row: Row) -> Credential:
    """A credential as `app.credential_of` returns it."""
    return Credential(
        values=row["values"] or {},
        version=row["version"],
        issued_at=_time(row["issued_at"]),
        expires_at=_time(row["expires_at"]),
    )


def oauth_client_from(row: Row | None) -> OAuthClient | None:
    """A client as `app.read_oauth_client` returns it."""
    return OAuthClient(row["client_id"], row["client_secret"]) if row else None


def request_limits_from(rows: Sequence[Row]) -> tuple[RequestLimit, ...]:
    """An API key's limits."""
    return tuple(RequestLimit(int(row["requests"]), int(row["per_seconds"])) for row in rows)


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
