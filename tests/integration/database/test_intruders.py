"""Genuine passes, links and ids in the wrong hands: what connects, renews and tells of events is walled as the rest is.

Each attempt is what somebody could run who has found an SQL injection in the gateway, and holds a pass or a link of
their own, and others' ids.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from tests.integration.database.conftest import Connection, World, new_integration
from tests.integration.database.executions import open_one
from tests.people import Person, as_app, as_owner, new_api_key

NO_SUCH = errors.NoDataFound
MAY_NOT = errors.InsufficientPrivilege
NO_PASS = errors.InvalidAuthorizationSpecification

CREATE_LINK: LiteralString = (
    "SELECT id, token FROM"
    " app.create_connect_link(%s, %s, %s, %s, %s, NULL, NULL, '{}', NULL, NULL, '1 hour')"
)
CREATE: LiteralString = (
    "SELECT app.create_connection(%s, %s, %s, 'x', '{}', '{}', '{}', NULL, p_oauth_client_id => %s)"
)
BEGIN: LiteralString = (
    "SELECT app.begin_authorization(%s, %s, %s, %s, 'x', '{}', '{}', NULL, gen_random_uuid()::text,"
    " 'v', NULL, %s)"
)
REPLACE: LiteralString = "SELECT app.replace_secret(%s, %s, '{\"token\": \"planted\"}', '{}', NULL)"


@dataclass(frozen=True)
class Estate:
    """What Ann has, for others to reach for: a client, a webhook and what was sent to it, links with their passes."""

    world: World
    client: UUID
    hook: UUID
    delivery: UUID
    link_pass: str
    mending_pass: str


@pytest.fixture(scope="module")
def estate(world: World) -> Estate:
    ann, urls = world.ann, world.urls
    as_app(
        urls,
        "SELECT app.set_oauth_client(%s, %s, %s, 'anns-client', 'anns-client-secret')",
        ann.sealed_pass,
        ann.organization_id,
        world.service,
    )
    [(hook,)] = as_app(
        urls,
        "SELECT id FROM app.create_webhook_endpoint(%s, %s, 'https://hook.example', NULL, ARRAY['connection.created'])",
        ann.sealed_pass,
        ann.organization_id,
    )
    [(delivery,)] = as_app(urls, "SELECT app.test_webhook_endpoint(%s, %s)", ann.sealed_pass, hook)
    passes: list[str] = []
    for connection in (None, world.connections["ann"]):
        [(_, token)] = as_app(
            urls, CREATE_LINK, ann.sealed_pass, ann.workspace_id, world.service, connection, "end-user"
        )
        passes += as_app(urls, "SELECT link_pass FROM app.open_connect_link(%s)", token)[0]
    client = as_owner(urls, "SELECT id FROM oauth_clients WHERE organization_id = %s", ann.organization_id)
    return Estate(world, client[0][0], hook, delivery, *passes)


@contextmanager
def nothing_changes(world: World) -> Iterator[None]:
    """Of the secrets, the connections and the authorizations that are there."""

    def all_of_it() -> list[list[tuple[Any, ...]]]:
        tables = ("encrypted_credentials", "connections", "oauth_authorizations", "oauth_clients")
        return [
            as_owner(world.urls, f"SELECT t::text FROM {table} AS t ORDER BY 1")
            for table in (*tables, "connect_links", "webhook_endpoints", "webhook_secrets")
        ]

    before = all_of_it()
    yield
    assert all_of_it() == before


def refused(estate: Estate, error: type[psycopg.Error], statement: LiteralString, *values: object) -> None:
    with nothing_changes(estate.world), pytest.raises(error):
        as_app(estate.world.urls, statement, *values)


def attempts_on_anns_connection(estate: Estate) -> list[tuple[LiteralString, list[object]]]:
    """What one would do with it, without the pass in front."""
    world = estate.world
    target, workspace = world.connections["ann"], world.ann.workspace_id
    return [
        (CREATE_LINK, [workspace, world.service, target, None]),
        (REPLACE, [target]),
        (BEGIN, [workspace, world.service, target, None]),
        ("SELECT app.lease_refresh(%s, %s, 0, 30)", [target]),
        ("SELECT app.mark_reauthorization_required(%s, %s, 1)", [target]),
    ]


@pytest.mark.parametrize("number", range(5))
class TestAnothersConnection:
    def test_of_another_tenant(self, estate: Estate, number: int) -> None:
        statement, values = attempts_on_anns_connection(estate)[number]
        refused(estate, NO_SUCH, statement, estate.world.bob.sealed_pass, *values)

    def test_of_a_colleague(self, estate: Estate, number: int) -> None:
        statement, values = attempts_on_anns_connection(estate)[number]
        refused(estate, MAY_NOT, statement, estate.world.mia.sealed_pass, *values)

    def test_with_ones_own_workspace_named(self, estate: Estate, number: int) -> None:
        """The ids of a request need not belong together."""
        world = estate.world
        statement, values = attempts_on_anns_connection(estate)[number]
        mixed = [world.bob.workspace_id if value == world.ann.workspace_id else value for value in values]
        refused(estate, NO_SUCH, statement, world.bob.sealed_pass, *mixed)

    def test_without_a_caller(self, estate: Estate, number: int) -> None:
        statement, values = attempts_on_anns_connection(estate)[number]
        for nobody in (None, "", "0" * 64 + '1:{"purpose": "user"}'):
            with nothing_changes(estate.world), pytest.raises((NO_SUCH, NO_PASS)):
                as_app(estate.world.urls, statement, nobody, *values)


class TestOAuthClients:
    def test_anothers_client_is_not_to_be_connected_with(self, estate: Estate) -> None:
        bob, service = estate.world.bob, estate.world.service
        refused(estate, NO_SUCH, CREATE, bob.sealed_pass, bob.workspace_id, service, estate.client)
        refused(estate, NO_SUCH, BEGIN, bob.sealed_pass, bob.workspace_id, service, None, estate.client)
        refused(
            estate,
            NO_SUCH,
            "SELECT app.replace_secret(%s, %s, '{}', '{}', NULL, p_oauth_client_id => %s)",
            bob.sealed_pass,
            estate.world.connections["bob"],
            estate.client,
        )

    def test_a_client_of_another_integration_neither(self, estate: Estate) -> None:
        """Its secret would go to that one's token endpoint, which Ann's admins choose."""
        ann = estate.world.ann
        refused(estate, NO_SUCH, CREATE, ann.sealed_pass, ann.workspace_id, estate.world.own, estate.client)

    def test_names_are_of_ones_own_organization(self, estate: Estate) -> None:
        """Also where a connection of the other's is named, whose client would be meant."""
        world = estate.world
        as_owner(
            world.urls,
            "UPDATE connections SET oauth_client_id = %s WHERE id = %s",
            estate.client,
            world.connections["ann"],
        )
        ask: LiteralString = "SELECT app.oauth_client(%s, %s, %s, %s, %s)"
        bob = world.bob
        for name, connection in (("default", None), (None, None), (None, world.connections["ann"])):
            found = as_app(
                world.urls, ask, bob.sealed_pass, bob.workspace_id, world.service, name, connection
            )
            assert found == [(None,)]
        refused(estate, NO_SUCH, ask, bob.sealed_pass, world.ann.workspace_id, world.service, "default", None)

    def test_a_viewer_gets_no_client(self, estate: Estate) -> None:
        vic = estate.world.vic
        ask: LiteralString = "SELECT app.oauth_client(%s, %s, %s)"
        refused(estate, MAY_NOT, ask, vic.sealed_pass, estate.world.ann.workspace_id, estate.world.service)

    def test_a_member_sets_none(self, estate: Estate) -> None:
        for person in (estate.world.mia, estate.world.bob):
            refused(
                estate,
                MAY_NOT,
                "SELECT app.set_oauth_client(%s, %s, %s, 'planted', 'planted')",
                person.sealed_pass,
                estate.world.ann.organization_id,
                estate.world.service,
            )


class TestConnectLinks:
    """Their passes are good for one connection, and nothing else."""

    def test_shows_no_row(self, estate: Estate, app: Connection, superuser: Connection) -> None:
        readable = superuser.execute(
            "SELECT c.oid::regclass::text FROM pg_class AS c WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p') AND has_any_column_privilege('portway_app', oid, 'SELECT')"
        ).fetchall()
        assert len(readable) > 10
        for table, link_pass in ((table, link) for (table,) in readable for link in links(estate)):
            with app.transaction(force_rollback=True):
                app.execute("SELECT set_config('portway.pass', %s, true)", [link_pass])
                assert app.execute(f"SELECT 1 FROM {table} LIMIT 1".encode()).fetchall() == [], table

    def test_executes_nothing(self, estate: Estate, app: Connection) -> None:
        for link_pass in links(estate):
            opened = open_one(app, estate.world.asked(sealed_pass=link_pass))
            assert opened.outcome == "unauthenticated"

    def test_is_no_users_pass(self, estate: Estate) -> None:
        world = estate.world
        target = world.connections["ann"]
        attempts: list[tuple[LiteralString, list[object]]] = [
            ("SELECT app.create_api_key(%s, 'x', NULL, NULL, NULL)", []),
            ("SELECT app.delete_connection(%s, %s)", [target]),
            ("SELECT app.set_connection_disabled(%s, %s, true)", [target]),
            ("SELECT app.lease_refresh(%s, %s, 0, 30)", [target]),
            ("SELECT app.create_webhook_endpoint(%s, %s, 'https://x', NULL, ARRAY['execution.failed'])",
             [world.ann.organization_id]),
            ("SELECT app.rotate_webhook_secret(%s, %s)", [estate.hook]),
            ("SELECT app.set_oauth_client(%s, %s, %s, 'x', 'x')", [world.ann.organization_id, world.service]),
            (CREATE_LINK, [world.ann.workspace_id, world.service, None, "x"]),
        ]  # fmt: skip
        for link_pass in links(estate):
            for statement, values in attempts:
                with nothing_changes(world), pytest.raises((NO_SUCH, MAY_NOT, NO_PASS)):
                    as_app(world.urls, statement, link_pass, *values)

    def test_is_for_its_integration_and_workspace(self, estate: Estate) -> None:
        world = estate.world
        other = new_integration(world.urls, "another")
        for place in ((world.ann.workspace_id, other), (world.bob.workspace_id, world.service)):
            refused(estate, NO_SUCH, CREATE, estate.link_pass, *place, None)
            refused(estate, NO_SUCH, BEGIN, estate.link_pass, *place, None, None)
            refused(estate, NO_SUCH, "SELECT app.oauth_client(%s, %s, %s)", estate.link_pass, *place)

    def test_a_new_connections_link_mends_none(self, estate: Estate) -> None:
        world = estate.world
        target = world.connections["ann"]
        refused(estate, MAY_NOT, REPLACE, estate.link_pass, target)
        refused(estate, MAY_NOT, BEGIN, estate.link_pass, world.ann.workspace_id, world.service, target, None)

    def test_a_mending_link_mends_its_own_alone(self, estate: Estate) -> None:
        world = estate.world
        place = (world.ann.workspace_id, world.service)
        for target in (world.connections["mia"], world.connections["own"], world.connections["bob"]):
            with nothing_changes(world), pytest.raises((NO_SUCH, MAY_NOT)):
                as_app(world.urls, REPLACE, estate.mending_pass, target)
        refused(estate, MAY_NOT, CREATE, estate.mending_pass, *place, None)
        refused(estate, MAY_NOT, BEGIN, estate.mending_pass, *place, world.connections["mia"], None)

    def test_an_end_user_does_not_become_another(self, estate: Estate) -> None:
        """Whatever the caller says: with another's id the connection would be used in the other's name."""
        world = estate.world
        with psycopg.connect(world.urls.app) as connection:
            [(made,)] = connection.execute(
                "SELECT app.create_connection(%s, %s, %s, 'x', '{}', '{}', '{}', NULL, p_end_user_id => 'other')",
                [estate.link_pass, world.ann.workspace_id, world.service],
            ).fetchall()
            connection.execute("SELECT set_config('portway.pass', %s, true)", [world.ann.sealed_pass])
            rows = connection.execute("SELECT end_user_id, user_id FROM connections WHERE id = %s", [made])
            assert rows.fetchall() == [("end-user", world.ann.user_id)]
            connection.rollback()

    def test_ends_with_what_its_maker_may(self, fresh_world: World) -> None:
        """A removed member's link would go on making connections that nobody watches."""
        world = fresh_world
        mia = world.mia
        place = (world.ann.workspace_id, world.service)
        [(_, token)] = as_app(world.urls, CREATE_LINK, mia.sealed_pass, *place, None, "end-user")
        [(link_pass,)] = as_app(world.urls, "SELECT link_pass FROM app.open_connect_link(%s)", token)
        as_owner(world.urls, "UPDATE workspace_members SET role = 'viewer' WHERE user_id = %s", mia.user_id)
        with pytest.raises(NO_SUCH):
            as_app(world.urls, CREATE, link_pass, *place, None)
        assert as_app(world.urls, "SELECT state, link_pass FROM app.open_connect_link(%s)", token) == [
            ("revoked", None)
        ]


def links(estate: Estate) -> tuple[str, str]:
    return estate.link_pass, estate.mending_pass


EVENT_TABLES = ("webhook_endpoints", "events", "webhook_deliveries")


class TestEvents:
    def outsiders(self, estate: Estate) -> list[str]:
        """A stranger, a member, a viewer; Ann's own keys for one workspace, and without the scope for it."""
        world = estate.world
        operator = as_owner(world.urls, "SELECT app.operator_pass(%s)", world.ann.user_id)[0][0]
        [(limited,)] = as_app(
            world.urls,
            "SELECT api_key FROM app.create_api_key(%s, 'limited', NULL, %s, NULL)",
            operator,
            world.ann.workspace_id,
        )
        [(limited_pass,)] = as_app(
            world.urls, "SELECT sealed_pass FROM app.authenticate(%s, 'closed')", limited
        )
        _, plain_pass = new_api_key(
            world.urls, world.ann.user_id, ["execute", "connections:write", "logs:read"]
        )
        others: list[Person] = [world.bob, world.mia, world.vic]
        return [*(person.sealed_pass for person in others), limited_pass, plain_pass]

    def test_are_for_who_administers_the_organization(self, estate: Estate, app: Connection) -> None:
        def seen(sealed_pass: str) -> list[object]:
            with app.transaction(force_rollback=True):
                app.execute("SELECT set_config('portway.pass', %s, true)", [sealed_pass])
                return [app.execute(f"SELECT 1 FROM {table}".encode()).rowcount for table in EVENT_TABLES]

        assert seen(estate.world.ann.sealed_pass) == [1, 1, 1]
        for sealed_pass in self.outsiders(estate):
            assert seen(sealed_pass) == [0, 0, 0]

    def test_webhooks_obey_nobody_else(self, estate: Estate) -> None:
        attempts: list[tuple[LiteralString, list[object]]] = [
            ("SELECT app.rotate_webhook_secret(%s, %s)", [estate.hook]),
            ("SELECT app.test_webhook_endpoint(%s, %s)", [estate.hook]),
            ("SELECT app.replay_webhook_delivery(%s, %s, %s)", [estate.hook, estate.delivery]),
            ("SELECT app.create_webhook_endpoint(%s, %s, 'https://x', NULL, ARRAY['execution.failed'])",
             [estate.world.ann.organization_id]),
        ]  # fmt: skip
        for sealed_pass in (*self.outsiders(estate), estate.link_pass):
            for statement, values in attempts:
                with nothing_changes(estate.world), pytest.raises((NO_SUCH, MAY_NOT)):
                    as_app(estate.world.urls, statement, sealed_pass, *values)

    def test_anothers_delivery_is_not_replayed_by_ones_own_webhook(self, estate: Estate) -> None:
        """Else Bob's endpoint would get Ann's event."""
        bob = estate.world.bob
        [(own,)] = as_app(
            estate.world.urls,
            "SELECT id FROM app.create_webhook_endpoint(%s, %s, 'https://bob', NULL, ARRAY['execution.failed'])",
            bob.sealed_pass,
            bob.organization_id,
        )
        refused(
            estate,
            NO_SUCH,
            "SELECT app.replay_webhook_delivery(%s, %s, %s)",
            bob.sealed_pass,
            own,
            estate.delivery,
        )

    def test_of_one_organization_reach_no_other(self, fresh_world: World) -> None:
        world = fresh_world
        for person in (world.ann, world.bob):
            as_app(
                world.urls,
                "SELECT app.create_webhook_endpoint(%s, %s, 'https://x', NULL, ARRAY['connection.created'])",
                person.sealed_pass,
                person.organization_id,
            )
        as_app(world.urls, CREATE, world.ann.sealed_pass, world.ann.workspace_id, world.service, None)
        told = as_owner(
            world.urls,
            "SELECT e.organization_id, w.organization_id, e.data::text FROM webhook_deliveries AS d"
            " JOIN events AS e ON e.id = d.event_id JOIN webhook_endpoints AS w ON w.id = d.endpoint_id",
        )
        assert [row[:2] for row in told] == [(world.ann.organization_id,) * 2]

    def test_the_queue_and_what_signs_are_out_of_reach(self, app: Connection, estate: Estate) -> None:
        for statement in (
            "SELECT * FROM jobs.procrastinate_jobs",
            "SELECT jobs.procrastinate_defer_jobs_v1('{}')",
            "SELECT * FROM webhook_secrets",
            "UPDATE webhook_deliveries SET endpoint_id = endpoint_id",
            "INSERT INTO events (organization_id, type, data) VALUES (gen_random_uuid(), 'x', '{}')",
            "UPDATE webhook_endpoints SET organization_id = organization_id",
            "SELECT app.add_webhook_secret(gen_random_uuid())",
            f"SELECT * FROM app.begin_delivery('{estate.delivery}')",
            "SELECT * FROM app.lease_due_renewals(4, 30)",
            "SELECT app.tidy_events()",
            "SELECT app.record_event('x', gen_random_uuid(), NULL, '{}', '{}')",
        ):
            with pytest.raises(MAY_NOT), app.transaction():
                app.execute(statement.encode())


class TestPassesThatEnded:
    """A call may outlast its pass, and then still renew its token; but one that had ended before opens nothing."""

    LEASE: LiteralString = "SELECT outcome FROM app.lease_refresh(%s, %s, 0, 30)"

    def ended(self, superuser: Connection, world: World, seconds: float) -> str:
        [(sealed,)] = superuser.execute(
            "SELECT keyring.seal(keyring.open_seal(%s) || jsonb_build_object('exp',"
            " extract(epoch FROM clock_timestamp()) - %s))",
            [world.ann.sealed_pass, seconds],
        ).fetchall()
        return str(sealed)

    @pytest.fixture
    def running(self, world: World, app: Connection) -> UUID:
        """Ann's connection, with an execution that goes on."""
        assert open_one(app, world.asked()).outcome == "granted"
        return world.connections["ann"]

    def test_a_moment_ago(self, world: World, superuser: Connection, running: UUID) -> None:
        sealed = self.ended(superuser, world, -0.05)
        time.sleep(0.1)
        assert as_app(world.urls, self.LEASE, sealed, running) == [("fresh",)]

    @pytest.mark.parametrize("seconds", [600, 86_400])
    def test_before_the_execution_was_opened(
        self, world: World, superuser: Connection, running: UUID, seconds: float
    ) -> None:
        with pytest.raises(NO_PASS):
            as_app(world.urls, self.LEASE, self.ended(superuser, world, seconds), running)
