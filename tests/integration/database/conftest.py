"""Two tenants in a database, and connections of the roles that the servers have."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.database.executions import Asked, Opened
from tests.people import Person, as_app, as_owner, join, new_connection, new_person

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class World:
    """Ann's workspace, with Mia as a member and Vic as a viewer; and Bob, who is nothing to them.

    `service` is a global integration with the action `list`; `own` is of Ann's organization, with the same action.
    """

    urls: DatabaseUrls
    ann: Person
    mia: Person
    vic: Person
    bob: Person
    service: UUID
    own: UUID
    connections: dict[str, UUID]

    def asked(self, name: str = "ann", **changes: Any) -> Asked:
        """What that person asks for with their own connection."""
        person: Person = getattr(self, name)
        workspace = person.workspace_id if name == "bob" else self.ann.workspace_id
        return Asked(person.sealed_pass, workspace, self.connections[name]).but(**changes)

    def log_of(self, opened: Opened) -> dict[str, Any]:
        """The row of an execution."""
        with psycopg.connect(self.urls.admin, row_factory=dict_row) as connection:
            (row,) = connection.execute(
                "SELECT * FROM api_logs WHERE id = %s", [opened.execution_id]
            ).fetchall()
        return row


def make_world(urls: DatabaseUrls) -> World:
    """A new world in a migrated database."""
    ann, mia, vic, bob = (new_person(urls, name) for name in ("ann", "mia", "vic", "bob"))
    join(urls, mia, ann, "member")
    join(urls, vic, ann, "viewer")
    service, own = (new_integration(urls, slug, owner) for slug, owner in (("service", None), ("own", ann)))
    connections = {
        "ann": new_connection(urls, ann, service, "Ann's secret name"),
        "own": new_connection(urls, ann, own, "Ann's of her own"),
        "mia": _connection_there(urls, mia, ann, service),
        "bob": new_connection(urls, bob, service, "Bob's"),
    }
    return World(urls, ann, mia, vic, bob, service, own, connections)


def new_integration(urls: DatabaseUrls, slug: str, owner: Person | None = None) -> UUID:
    """An integration with the action `list`, whose parameter `password` is not logged."""
    rows = as_owner(
        urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type, organization_id)"
        " VALUES (%s, %s, 'https://api.example.com', 'bearer', %s) RETURNING id",
        slug,
        slug,
        owner.organization_id if owner else None,
    )
    integration_id: UUID = rows[0][0]
    as_owner(
        urls,
        "INSERT INTO actions (integration_id, name, slug, request_schema) VALUES (%s, 'List', 'list', %s)",
        integration_id,
        '{"type": "object", "properties": {"q": {}, "password": {"type": "string", "writeOnly": true}}}',
    )
    return integration_id


def _connection_there(urls: DatabaseUrls, person: Person, workspace: Person, integration_id: UUID) -> UUID:
    made: UUID = as_app(
        urls,
        "SELECT app.create_connection(%s, %s, %s, 'Mia''s', %s, '{}', '{}', NULL, %s)",
        person.sealed_pass,
        workspace.workspace_id,
        integration_id,
        '{"token": "mias-secret-token"}',
        '{"refresh_token": "mias-refresh-token"}',
    )[0][0]
    return made


@pytest.fixture(scope="module")
def world(database_urls: DatabaseUrls) -> World:
    """A world that the tests of one module share: they read it, or change what they make themselves."""
    return make_world(database_urls)


@pytest.fixture
def fresh_world(fresh_database_urls: DatabaseUrls) -> World:
    """A world to be changed at will."""
    return make_world(fresh_database_urls)


@pytest.fixture(scope="module")
def app(database_urls: DatabaseUrls) -> Iterator[Connection]:
    """A connection of the servers' role, in autocommit."""
    with psycopg.connect(database_urls.app, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def owner(database_urls: DatabaseUrls) -> Iterator[Connection]:
    """A connection of the role that owns the tables, in autocommit."""
    with psycopg.connect(database_urls.admin, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def superuser(database_urls: DatabaseUrls) -> Iterator[Connection]:
    """A connection that may do anything: what an attacker cannot, a test can."""
    with psycopg.connect(database_urls.superuser, autocommit=True) as connection:
        yield connection
