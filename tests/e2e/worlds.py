"""A gateway with a service behind it, and people who use both."""

import itertools
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from portway.domain.rules.access_control import origin_of
from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.callers import Answer, Caller
from tests.e2e.gateways import Gateway
from tests.e2e.upstreams import Upstream
from tests.people import Person, as_app, as_owner, join, new_person

_count = itertools.count(1)


@dataclass(frozen=True)
class Member(Person):
    """A person who calls the gateway."""

    caller: Caller = field(kw_only=True, repr=False)

    async def execute(
        self,
        connection_id: UUID,
        action: str = "echo",
        parameters: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> Answer:
        """Runs an action, in the person's own workspace unless told otherwise."""
        return await self.caller.execute(
            members.pop("workspace_id", self.workspace_id),
            connection_id,
            action,
            parameters,
            headers=headers,
            **members,
        )


@dataclass(frozen=True)
class World:
    """What the tests of a module share. Everything in it is made under fresh names."""

    urls: DatabaseUrls
    gateway: Gateway
    upstream: Upstream
    session: aiohttp.ClientSession

    def stranger(self) -> Caller:
        """Somebody without a bearer."""
        return Caller(self.session, self.gateway.url)

    def person(self, name: str = "someone", scopes: Sequence[str] | None = None) -> Member:
        """Somebody new, with an organization and a workspace of their own."""
        person = new_person(self.urls, name, scopes)
        return Member(
            **{name: getattr(person, name) for name in Person.__dataclass_fields__},
            caller=Caller(self.session, self.gateway.url, person.api_key),
        )

    def mate(self, of: Person, role: str = "member", name: str = "mate") -> Member:
        """Somebody new who is in the other's workspace as well."""
        mate = self.person(name)
        join(self.urls, mate, of, role)
        return mate

    def integration(
        self,
        *,
        slug: str | None = None,
        base_url: str | None = None,
        auth_type: str = "bearer",
        auth_config: Mapping[str, Any] | None = None,
        organization_id: UUID | None = None,
    ) -> UUID:
        """An integration at the upstream, for everybody unless it is an organization's, with an action `echo`."""
        made: UUID = self.insert(
            "integrations",
            name="Test",
            slug=slug or f"service-{next(_count)}-{secrets.token_hex(3)}",
            base_url=self.upstream.url if base_url is None else base_url,
            auth_type=auth_type,
            auth_config=json.dumps(auth_config or {}),
            organization_id=organization_id,
        )["id"]
        self.action(made, "echo")
        return made

    def action(
        self, integration_id: UUID, slug: str, path: str | None = None, method: str = "POST", **columns: Any
    ) -> None:
        """An action of it, at `/<slug>` by default."""
        given = {
            name: json.dumps(value) if isinstance(value, dict) else value for name, value in columns.items()
        }
        self.insert(
            "actions",
            integration_id=integration_id,
            name=slug,
            slug=slug,
            http_method=method,
            endpoint_path=f"/{slug}" if path is None else path,
            **given,
        )

    def connect(
        self,
        person: Person,
        integration_id: UUID,
        values: Mapping[str, str] | None = None,
        *,
        expires_in: float | None = None,
        origins: Sequence[str] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> UUID:
        """A connection of the person's in their own workspace; by default with some bearer token. A refresh token among
        the values renews.
        """
        members = {"token": secret("token")} if values is None else dict(values)
        grant = {name: members.pop(name) for name in ("refresh_token",) if name in members}
        if origins is None:
            base_url = as_owner(self.urls, "SELECT base_url FROM integrations WHERE id = %s", integration_id)[
                0
            ][0]
            origins = [origin_of(base_url)]
        made: UUID = as_app(
            self.urls,
            "SELECT app.create_connection(sealed_pass, %s, %s, 'Mine', %s, %s, %s,"
            " now() + make_interval(secs => %s), %s) FROM app.authenticate(%s, 'closed')",
            person.workspace_id,
            integration_id,
            json.dumps(members),
            json.dumps(config or {}),
            list(origins),
            expires_in,
            json.dumps(grant),
            person.api_key,
        )[0][0]
        # As if it had been made with the client that the organization has by now.
        as_owner(
            self.urls,
            "UPDATE connections AS c SET oauth_client_id = o.id FROM oauth_clients AS o WHERE c.id = %s"
            " AND o.organization_id = c.organization_id AND o.integration_id = c.integration_id"
            " AND o.replaced_at IS NULL",
            made,
        )
        return made

    def insert(self, table: str, **columns: Any) -> dict[str, Any]:
        """Inserts as the owner; the whole row."""
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING *").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
        )
        with psycopg.connect(self.urls.admin, autocommit=True, row_factory=dict_row) as connection:
            row = connection.execute(statement, list(columns.values())).fetchone()
        assert row is not None
        return row

    def logs(self, **conditions: object) -> list[dict[str, Any]]:
        """Rows of the audit log, oldest first, as the owner sees them."""
        statement = sql.SQL("SELECT * FROM api_logs WHERE true {} ORDER BY executed_at, id").format(
            sql.SQL(" ").join(
                sql.SQL("AND {} = {}").format(sql.Identifier(name), sql.Placeholder()) for name in conditions
            )
        )
        with psycopg.connect(self.urls.admin, autocommit=True, row_factory=dict_row) as connection:
            return connection.execute(statement, list(conditions.values())).fetchall()

    def log(self, answer: Answer) -> dict[str, Any]:
        """The row of an execution, by its answer."""
        (row,) = self.logs(id=answer.json["execution_id"])
        return row


def secret(kind: str) -> str:
    """A secret that no text holds by accident."""
    return f"{kind.replace(' ', '-')}-{secrets.token_urlsafe(18)}"


def check_refusal(world: World, caller: Person, answer: Answer, **columns: object) -> None:
    """What a known caller was refused has its audit row, which says the same: `refused` unless told otherwise."""
    row = world.log(answer)
    assert row["error_code"] == answer.code
    assert row["user_id"] == caller.user_id
    assert row["duration_ms"] is not None
    for name, value in ({"status": "refused"} | columns).items():
        assert row[name] == value, name
