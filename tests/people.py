"""People with an organization, a workspace and an API key, for tests against PostgreSQL."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from portway.infrastructure.embedded_postgres import DatabaseUrls

_count = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """`sealed_pass` is that of `api_key`, which has all scopes unless told otherwise."""

    user_id: UUID
    organization_id: UUID
    workspace_id: UUID
    email: str
    api_key: str = field(repr=False)
    sealed_pass: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What authenticates them over HTTP."""
        return {"Authorization": f"Bearer {self.api_key}"}


def as_owner(urls: DatabaseUrls, statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
    """Runs a statement as the role that sees every row."""
    with psycopg.connect(urls.admin, autocommit=True) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def as_app(urls: DatabaseUrls, statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
    """Runs a statement as the servers' role, without a caller."""
    with psycopg.connect(urls.app, autocommit=True) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def new_person(urls: DatabaseUrls, name: str = "someone", scopes: Sequence[str] | None = None) -> Person:
    """Somebody new, with an organization and a workspace of their own."""
    email = f"{name}{next(_count)}@example.com"
    user_id, organization_id, workspace_id = as_owner(
        urls, "SELECT * FROM app.create_person(%s, %s, true)", email, name
    )[0]
    api_key, sealed_pass = new_api_key(urls, user_id, scopes)
    return Person(user_id, organization_id, workspace_id, email, api_key, sealed_pass)


def new_api_key(urls: DatabaseUrls, user_id: UUID, scopes: Sequence[str] | None = None) -> tuple[str, str]:
    """An API key of the user's, and a pass for it."""
    operator = as_owner(urls, "SELECT app.operator_pass(%s)", user_id)[0][0]
    (api_key,) = as_app(
        urls,
        "SELECT api_key FROM app.create_api_key(%s, 'test', %s, NULL, NULL)",
        operator,
        list(scopes) if scopes else None,
    )[0]
    (sealed_pass,) = as_app(urls, "SELECT sealed_pass FROM app.authenticate(%s, 'closed')", api_key)[0]
    return api_key, sealed_pass


def join(urls: DatabaseUrls, person: Person, workspace: Person, role: str = "member") -> None:
    """Makes the person a member of somebody else's organization and workspace."""
    as_owner(
        urls,
        "INSERT INTO organization_members VALUES (%s, %s, %s)",
        workspace.organization_id,
        person.user_id,
        role if role in ("admin", "owner") else "member",
    )
    as_owner(
        urls,
        "INSERT INTO workspace_members VALUES (%s, %s, %s, %s)",
        workspace.workspace_id,
        workspace.organization_id,
        person.user_id,
        role,
    )


def new_connection(
    urls: DatabaseUrls, person: Person, integration_id: UUID, name: str = "My account"
) -> UUID:
    """A connection of the person's own, with a token that is as good as any."""
    made: UUID = as_app(
        urls,
        "SELECT app.create_connection(%s, %s, %s, %s, %s, '{}', ARRAY['https://api.example.com:443'], NULL)",
        person.sealed_pass,
        person.workspace_id,
        integration_id,
        name,
        '{"token": "the-secret-token"}',
    )[0][0]
    return made


def uuid_v7(at: datetime) -> UUID:
    """A version 7 UUID of this time (RFC 9562, section 5.7)."""
    milliseconds = round(at.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | next(_count))


def new_log(urls: DatabaseUrls, person: Person, at: datetime, **members: object) -> UUID:
    """A row of the audit log, finished with success unless told otherwise. There is a partition for the past."""
    execution_id = uuid_v7(at)
    row = {
        "id": execution_id,
        "executed_at": datetime.fromtimestamp(round(at.timestamp() * 1000) / 1000, UTC),
        "status": "success",
        "user_id": person.user_id,
        "organization_id": person.organization_id,
        "workspace_id": person.workspace_id,
        "request_payload": '{"q": 1}',
        "response_payload": '{"ok": true}',
        "status_code": 200,
        "duration_ms": 10.0,
        "attempts": 1,
        "deadline": at,
    } | members
    with psycopg.connect(urls.admin, autocommit=True) as connection:
        if at < datetime.now(UTC):
            connection.execute("SELECT app.create_log_partition(%s)", [at.astimezone(UTC).date()])
        connection.execute(
            psycopg.sql.SQL("INSERT INTO api_logs ({}) VALUES ({})").format(
                psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, row)),
                psycopg.sql.SQL(", ").join([psycopg.sql.Placeholder()] * len(row)),
            ),
            list(row.values()),
        )
    return execution_id
