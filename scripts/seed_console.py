"""A company that uses Portway: people, connections, API keys and a month of executions, for screenshots and tests."""

import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from demo.api import Api, check
from demo.browser import Browser
from scripts.seed_traffic import CONNECTIONS, NAMES, TRAFFIC, SeededConnection, Traffic

_SQL = Path(__file__).with_suffix(".sql")
_MATES = (
    ("grace", "Grace Hopper", "admin"),
    ("alan", "Alan Turing", "member"),
    ("katherine", "Katherine Johnson", "viewer"),
)
_KEYS = (
    ("Order service", ["execute"], None, -0.02),
    ("Nightly reports", ["execute", "logs:read"], 60, -9.0),
    ("Support agent", ["execute", "connections:read"], 5, -30.0),
    ("Terraform", ["admin", "catalog:write", "connections:write"], None, None),
)
_OAUTH = (("gmail", "Ada's mail", "ada@example.com"), ("slack", "Northwind Slack", ""))

Row = dict[str, Any]
Owner = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Company:
    """`users` are ids by first name; `connections`, by the connection's name; `domain` is that of their addresses."""

    user_id: UUID
    organization_id: UUID
    workspace_id: UUID
    users: dict[str, UUID]
    connections: dict[str, UUID]
    domain: str


@dataclass(frozen=True)
class Database:
    """Its URLs for the owner, who writes what no API makes (connections without a credential, and the past), and for
    the servers' role, which counts usage.
    """

    admin_url: str = field(repr=False)
    app_url: str = field(repr=False)


def seed(
    api: Api,
    database: Database,
    workspace_id: str,
    *,
    executions: int = 100_000,
    domain: str = "northwind.example",
) -> Company:
    """Fills the workspace of whoever `api` calls as, who must own it.

    The integrations gmail and slack must lead to the demonstration's stand-ins.
    """
    api.call("PATCH", f"/api/v2/workspaces/{workspace_id}", {"name": "Production"})
    organization_id = api.call("GET", f"/api/v2/workspaces/{workspace_id}").body["organization_id"]
    api.call("PATCH", f"/api/v2/organizations/{organization_id}", {"name": "Northwind Robotics"})
    me = api.call("GET", "/api/v2/auth/me").body["id"]
    staging = {"organization_id": organization_id, "name": "Staging"}
    api.call("POST", "/api/v2/workspaces", staging, expect=201)
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        company = Company(UUID(me), UUID(organization_id), UUID(workspace_id), {"ada": UUID(me)}, {}, domain)
        for first, name, role in _MATES:
            company.users[first] = _join(owner, company, (first, name, role))
        for slug, name, account in _OAUTH:
            company.connections[name] = _connect(api, workspace_id, slug, name, account)
        for connection in CONNECTIONS:
            company.connections[connection.name] = _insert_connection(owner, company, connection)
        _make_keys(api, owner)
        _invite(api, workspace_id)
        _execute(owner, company, executions)
    _count_usage(database.app_url)
    return company


def _join(owner: Owner, company: Company, mate: tuple[str, str, str]) -> UUID:
    """Somebody new in the company."""
    first, name, role = mate
    # Several companies may be in one database.
    email = f"{first}@{company.domain}"
    found: UUID = _one(owner, "SELECT user_id FROM app.create_person(%s, %s, true)", (email, name))
    owner.execute(
        "INSERT INTO organization_members VALUES (%s, %s, %s)",
        (company.organization_id, found, "admin" if role == "admin" else "member"),
    )
    owner.execute(
        "INSERT INTO workspace_members VALUES (%s, %s, %s, %s)",
        (company.workspace_id, company.organization_id, found, role),
    )
    return found


def _connect(api: Api, workspace_id: str, slug: str, name: str, account: str) -> UUID:
    """Through the OAuth redirect, as a person does: this connection works."""
    asked = {
        "workspace_id": workspace_id,
        "integration": slug,
        "name": name,
        "return_url": f"{api.url}/",
    }
    begun = api.call("POST", "/api/v2/connections/authorize", asked).body
    browser = Browser()
    page = browser.open(browser.authorize(begun["authorization_url"], account))
    told = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.location or "").query))
    check("connection_id" in told, f"{slug} was not connected: {page.status} {page.location}")
    return UUID(told["connection_id"])


def _insert_connection(owner: Owner, company: Company, connection: SeededConnection) -> UUID:
    found: UUID = _one(
        owner,
        """
        INSERT INTO connections (
            user_id, integration_id, organization_id, workspace_id, name, account_id, account_name, status,
            end_user_id, last_used_at, expires_at, issued_at, created_at
        )
        SELECT
            %(user_id)s, id, %(organization_id)s, %(workspace_id)s, %(name)s, %(account)s, %(account)s, %(status)s,
            %(end_user)s, now() + %(last_used)s * interval '1 hour', now() + %(expires)s * interval '1 hour',
            now() - interval '30 minutes', now() - interval '64 days'
        FROM integrations WHERE slug = %(slug)s AND organization_id IS NULL
        RETURNING id
        """,
        vars(connection) | vars(company) | {"user_id": company.users[connection.owner]},
    )
    return found


def _make_keys(api: Api, owner: Owner) -> None:
    for name, scopes, days, last_used in _KEYS:
        expires = None if days is None else (datetime.now(UTC) + timedelta(days=days)).isoformat()
        asked = {"name": name, "scopes": scopes, "expires_at": expires}
        made = api.call("POST", "/api/v2/api-keys", asked, expect=201).body
        owner.execute(
            "UPDATE api_keys SET last_used_at = now() + %s * interval '1 hour',"
            " created_at = now() - interval '40 days' WHERE id = %s",
            (last_used, made["id"]),
        )


def _invite(api: Api, workspace_id: str) -> None:
    asked = {"workspace_id": workspace_id, "email": "radia@northwind.example", "role": "member"}
    api.call("POST", "/api/v2/invitations", asked, expect=201)


def _execute(owner: Owner, company: Company, executions: int) -> None:
    """Fills the audit log of the last thirty days."""
    owner.execute(
        "CREATE TEMPORARY TABLE traffic (slug text, connection_id uuid, integration_id uuid, action_id uuid,"
        " user_id uuid, organization_id uuid, workspace_id uuid, low float8, high float8, base_ms float8,"
        " failure_rate float8, request text, response text)"
    )
    whole, low = sum(each.share for each in TRAFFIC), 0.0
    for each in TRAFFIC:
        high = low + each.share / whole
        _insert_traffic(owner, company, each, low, high)
        low = high
    statements = _SQL.read_text(encoding="utf-8")
    with owner.cursor() as cursor:
        # One statement at a time: those with values cannot come together.
        for statement in statements.split(";\n\n"):
            cursor.execute(
                statement.encode(),
                {"executions": executions, "names": NAMES} if "%(" in statement else None,
            )
    owner.execute("DROP TABLE traffic")
    owner.execute("ANALYZE api_logs")
    # The hours that are over were counted without these.
    owner.execute("UPDATE usage_progress SET counted_until = NULL")


def _count_usage(app_url: str) -> None:
    """As the servers do every minute, and not while one of them does (PostgresHousekeeping)."""
    with psycopg.connect(app_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('portway usage', 0))")
        while (row := connection.execute("SELECT app.roll_up_usage()").fetchone()) and row[0]:
            pass


def _insert_traffic(owner: Owner, company: Company, traffic: Traffic, low: float, high: float) -> None:
    found = owner.execute(
        """
        INSERT INTO traffic
        SELECT i.slug, c.id, i.id, a.id, c.user_id, c.organization_id, c.workspace_id, %(low)s, %(high)s, %(base_ms)s,
            %(failure_rate)s, %(request)s, %(response)s
        FROM connections AS c
        INNER JOIN integrations AS i ON i.id = c.integration_id
        INNER JOIN actions AS a ON a.integration_id = i.id AND a.slug = %(action)s
        WHERE c.id = %(connection_id)s
        """,
        vars(traffic)
        | {"connection_id": company.connections[traffic.connection], "low": low, "high": min(high, 1.0)},
    )
    check(found.rowcount == 1, f"{traffic.slug} has no action {traffic.action}")


def _one(owner: Owner, statement: str, values: Sequence[object] | Mapping[str, object]) -> Any:
    """The first column of the first row."""
    row = owner.execute(statement.encode(), values).fetchone()
    if row is None:
        raise LookupError(f"no row: {statement}")
    return row[0]
