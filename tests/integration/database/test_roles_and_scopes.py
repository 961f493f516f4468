"""What roles and the scopes of a key allow, and the ways in which somebody might help themselves to more."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from tests.integration.database.conftest import Connection, World
from tests.integration.database.executions import open_one
from tests.people import Person, as_app, as_owner, join, new_api_key, new_person

ALL = ["execute", "connections:read", "connections:write", "logs:read", "catalog:write", "admin"]


@contextmanager
def acting(app: Connection, person: Person | str) -> Iterator[Connection]:
    """In a transaction that is rolled back."""
    sealed = person if isinstance(person, str) else person.sealed_pass
    with app.transaction(force_rollback=True):
        app.execute("SELECT set_config('portway.pass', %s, true)", [sealed])
        yield app


def refused(
    app: Connection, person: Person | str, statement: LiteralString, *values: Any, silently: bool = False
) -> None:
    """A policy refuses a new row with an error; old rows it hides, so that nothing is changed."""
    with acting(app, person):
        if silently:
            assert app.execute(statement, values).rowcount == 0
        else:
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(statement, values)


def allowed(app: Connection, person: Person | str, statement: LiteralString, *values: Any) -> None:
    with acting(app, person):
        assert app.execute(statement, values).rowcount == 1


def with_scopes(world: World, *scopes: str) -> str:
    """A pass of Ann's with nothing but these."""
    return new_api_key(world.urls, world.ann.user_id, scopes)[1]


def limited_to(world: World, person: Person, workspace_id: UUID) -> str:
    """A pass of the person's for one workspace, with all scopes."""
    operator = as_owner(world.urls, "SELECT app.operator_pass(%s)", person.user_id)[0][0]
    api_key = as_app(
        world.urls, "SELECT api_key FROM app.create_api_key(%s, 'l', NULL, %s, NULL)", operator, workspace_id
    )[0][0]
    sealed: str = as_app(world.urls, "SELECT sealed_pass FROM app.authenticate(%s, 'closed')", api_key)[0][0]
    return sealed


@pytest.fixture(scope="module")
def adam(world: World) -> Person:
    """An admin of Ann's organization and workspace."""
    adam = new_person(world.urls, "adam")
    join(world.urls, adam, world.ann, "admin")
    return adam


class TestScopes:
    NEEDS: ClassVar[dict[str, tuple[str, LiteralString]]] = {
        "connections": ("connections:read", "SELECT id FROM connections"),
        "credentials": ("connections:read", "SELECT key_id FROM encrypted_credentials"),
        "logs": ("logs:read", "SELECT id FROM api_logs"),
        "keys": ("admin", "SELECT id FROM api_keys"),
        "rename a connection": ("connections:write", "UPDATE connections SET name = 'x'"),
        "rename a workspace": ("admin", "UPDATE workspaces SET name = 'x'"),
        "rename an organization": ("admin", "UPDATE organizations SET name = 'x'"),
        "rename oneself": ("admin", "UPDATE users SET name = 'x'"),
        "change a role": ("admin", "UPDATE workspace_members SET role = 'viewer' WHERE role = 'member'"),
        "remove a member": ("admin", "DELETE FROM workspace_members WHERE role = 'member'"),
        "remove a member of all": ("admin", "DELETE FROM organization_members WHERE role = 'member'"),
        "remove a workspace": ("admin", "DELETE FROM workspaces"),
        "remove an organization": ("admin", "DELETE FROM organizations"),
        "change an integration": ("catalog:write", "UPDATE integrations SET name = 'x'"),
        "change an action": ("catalog:write", "UPDATE actions SET name = 'x'"),
        "remove an action": ("catalog:write", "DELETE FROM actions"),
        "revoke a key": ("admin", "UPDATE api_keys SET revoked_at = now()"),
    }

    @pytest.mark.parametrize("what", NEEDS)
    def test_each_opens_its_own_and_no_other_does(self, world: World, app: Connection, what: str) -> None:
        open_one(app, world.asked())
        scope, statement = self.NEEDS[what]
        reading = {"connections:write": ["connections:read"]}.get(scope, [])
        with acting(app, with_scopes(world, scope, *reading)):
            assert app.execute(statement).rowcount > 0
        # The scope admin holds all the others.
        others = [other for other in ALL if other not in (scope, "admin")]
        with acting(app, with_scopes(world, *others)):
            assert app.execute(statement).rowcount == 0

    def test_execute_alone_executes_and_reads_nothing(self, world: World, app: Connection) -> None:
        only = with_scopes(world, "execute")
        assert open_one(app, world.asked(sealed_pass=only)).outcome == "granted"
        with acting(app, only):
            for statement in (
                "SELECT id FROM connections",
                "SELECT id FROM api_logs",
                "SELECT id FROM api_keys",
            ):
                assert app.execute(statement).rowcount == 0

    def test_without_execute_nothing_is_executed(self, world: World, app: Connection) -> None:
        others = with_scopes(world, *(scope for scope in ALL if scope not in ("execute", "admin")))
        opened = open_one(app, world.asked(sealed_pass=others))
        assert (opened.outcome, opened.credential) == ("forbidden", None)

    @pytest.mark.parametrize(
        ("scope", "statement"),
        [
            ("connections:write", "SELECT app.delete_connection(%(pass)s, %(connection)s)"),
            ("connections:write", "SELECT app.set_connection_disabled(%(pass)s, %(connection)s, true)"),
            ("connections:write", "SELECT app.replace_secret(%(pass)s, %(connection)s, '{}', '{}', NULL)"),
            (
                "connections:write",
                "SELECT app.create_connection(%(pass)s, %(workspace)s, %(integration)s, 'x', '{}', '{}', '{}', NULL)",
            ),
            (
                "catalog:write",
                "SELECT app.set_oauth_client(%(pass)s, %(organization)s, %(integration)s, 'i', 's')",
            ),
            ("admin", "SELECT app.create_workspace(%(pass)s, %(organization)s, 'x')"),
            ("admin", "SELECT app.create_organization(%(pass)s, 'x')"),
            (
                "admin",
                "SELECT app.create_invitation(%(pass)s, %(workspace)s, 'x@example.com', 'member', false)",
            ),
            ("admin", "SELECT app.erase_payloads(%(pass)s)"),
        ],
    )
    def test_of_functions(self, world: World, app: Connection, scope: str, statement: LiteralString) -> None:
        names: dict[str, Any] = {
            "connection": world.connections["ann"], "workspace": world.ann.workspace_id,
            "organization": world.ann.organization_id, "integration": world.service,
        }  # fmt: skip
        others = with_scopes(world, *(other for other in ALL if other not in (scope, "admin")))
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute(statement, {**names, "pass": others})
        with app.transaction(force_rollback=True):
            app.execute(statement, {**names, "pass": with_scopes(world, scope)})


class TestWorkspaceLimitedKeys:
    def test_reach_their_workspace_only(self, world: World, app: Connection) -> None:
        second = as_app(
            world.urls,
            "SELECT app.create_workspace(%s, %s, 'second')",
            as_owner(world.urls, "SELECT app.operator_pass(%s)", world.ann.user_id)[0][0],
            world.ann.organization_id,
        )[0][0]
        limited = limited_to(world, world.ann, second)
        assert open_one(app, world.asked(sealed_pass=limited)).outcome == "not_found"
        with acting(app, limited):
            assert app.execute("SELECT id FROM workspaces").fetchall() == [(second,)]
            assert app.execute("SELECT id FROM connections").fetchall() == []
            assert app.execute("SELECT id FROM api_logs WHERE workspace_id IS NOT NULL").fetchall() == []
            assert len(app.execute("SELECT id FROM api_keys").fetchall()) == 1
        here = limited_to(world, world.ann, world.ann.workspace_id)
        assert open_one(app, world.asked(sealed_pass=here)).outcome == "granted"

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE organizations SET name = 'x'",
            "DELETE FROM organizations",
            "UPDATE organization_members SET role = 'member'",
            "DELETE FROM organization_members",
            "UPDATE integrations SET base_url = 'https://evil.example'",
            "DELETE FROM actions",
            "UPDATE users SET name = 'x'",
            "DELETE FROM oauth_clients",
        ],
    )
    def test_touch_nothing_of_the_organizations(
        self, world: World, app: Connection, statement: LiteralString
    ) -> None:
        refused(app, limited_to(world, world.ann, world.ann.workspace_id), statement, silently=True)

    def test_make_only_their_like(self, world: World, app: Connection) -> None:
        limited = limited_to(world, world.ann, world.ann.workspace_id)
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute("SELECT app.create_organization(%s, 'x')", [limited])
        with pytest.raises((errors.InsufficientPrivilege, errors.NoDataFound)):
            app.execute("SELECT app.create_workspace(%s, %s, 'x')", [limited, world.ann.organization_id])
        row = app.execute(
            "SELECT id FROM app.create_api_key(%s, 'x', NULL, NULL, NULL)", [limited]
        ).fetchone()
        assert row is not None
        made = as_owner(world.urls, "SELECT workspace_id FROM api_keys WHERE id = %s", row[0])
        assert made == [(world.ann.workspace_id,)]
        assert app.execute("SELECT app.accept_invitation(%s, 'x')", [limited]).fetchone() == (None,)

    def test_are_not_made_for_a_foreign_workspace(self, world: World) -> None:
        with pytest.raises(errors.NoDataFound):
            limited_to(world, world.bob, world.ann.workspace_id)


class TestHelpingOneself:
    def test_an_admin_does_not_become_owner(self, world: World, app: Connection, adam: Person) -> None:
        workspace, organization = world.ann.workspace_id, world.ann.organization_id
        refused(
            app,
            adam,
            "UPDATE workspace_members SET role = 'owner' WHERE user_id = %s AND workspace_id = %s",
            adam.user_id,
            workspace,
        )
        statements: list[tuple[LiteralString, UUID]] = [
            ("UPDATE organization_members SET role = 'owner' WHERE organization_id = %s", organization),
            (
                "UPDATE workspace_members SET role = 'viewer' WHERE role = 'owner' AND workspace_id = %s",
                workspace,
            ),
            ("DELETE FROM workspace_members WHERE role = 'owner' AND workspace_id = %s", workspace),
            ("DELETE FROM organization_members WHERE role = 'owner' AND organization_id = %s", organization),
            ("DELETE FROM organizations WHERE id = %s", organization),
            ("DELETE FROM workspaces WHERE id = %s", workspace),
        ]
        for statement, target in statements:
            refused(app, adam, statement, target, silently=True)
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute(
                "SELECT app.create_invitation(%s, %s, 'me@example.com', 'owner', false)",
                [adam.sealed_pass, workspace],
            )
        allowed(app, adam, "UPDATE workspace_members SET role = 'admin' WHERE role = 'member'")

    def test_a_member_administers_nothing(self, world: World, app: Connection) -> None:
        workspace = world.ann.workspace_id
        statements: list[LiteralString] = [
            "UPDATE workspace_members SET role = 'admin' WHERE workspace_id = %s",
            "UPDATE workspaces SET name = 'x' WHERE id = %s",
            "DELETE FROM workspaces WHERE id = %s",
            "UPDATE organizations SET name = 'x' WHERE id = (SELECT organization_id FROM workspaces WHERE id = %s)",
            "UPDATE integrations SET name = 'x' WHERE %s IS NOT NULL",
        ]
        for person in (world.mia, world.vic):
            for statement in statements:
                refused(app, person, statement, workspace, silently=True)
            with acting(app, person):
                left = app.execute(
                    "DELETE FROM workspace_members WHERE workspace_id = %s RETURNING user_id", [workspace]
                )
                assert left.fetchall() == [(person.user_id,)]  # leaving is everybody's right
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(
                    "SELECT app.create_invitation(%s, %s, 'x@example.com', 'viewer', false)",
                    [person.sealed_pass, workspace],
                )

    def test_nobody_adds_a_stranger(self, world: World, app: Connection) -> None:
        add: LiteralString = (
            "INSERT INTO workspace_members (workspace_id, organization_id, user_id, role)"
            " VALUES (%s, %s, %s, 'member')"
        )
        ann, bob = world.ann, world.bob
        with pytest.raises(errors.ForeignKeyViolation), acting(app, ann):
            app.execute(add, [ann.workspace_id, ann.organization_id, bob.user_id])
        with pytest.raises(errors.ForeignKeyViolation), acting(app, ann):
            app.execute(add, [ann.workspace_id, bob.organization_id, bob.user_id])
        refused(app, bob, add, ann.workspace_id, ann.organization_id, bob.user_id)
        refused(app, bob, add, ann.workspace_id, bob.organization_id, bob.user_id)

    def test_columns_that_place_a_row_cannot_be_written(self, world: World, app: Connection) -> None:
        bobs = world.bob.organization_id
        for table in ("workspaces", "integrations", "actions", "connections", "workspace_members"):
            with acting(app, world.ann), pytest.raises(errors.InsufficientPrivilege):
                app.execute(f"UPDATE {table} SET organization_id = %s".encode(), [bobs])
        for statement in (
            "UPDATE connections SET user_id = gen_random_uuid()",
            "UPDATE connections SET origins = '{https://evil.example:443}'",
            "UPDATE connections SET status = 'active'",
            "UPDATE connections SET integration_id = gen_random_uuid()",
            "UPDATE actions SET integration_id = gen_random_uuid()",
            "UPDATE api_keys SET scopes = '{admin}'",
            "UPDATE api_keys SET user_id = gen_random_uuid()",
            "UPDATE api_keys SET expires_at = NULL",
            "UPDATE users SET email = 'x@example.com'",
            "UPDATE users SET email_verified_at = now()",
            "UPDATE users SET disabled_at = NULL",
        ):
            refused(app, world.ann, statement)

    def test_a_revoked_key_stays_revoked(self, world: World, app: Connection) -> None:
        api_key, _ = new_api_key(world.urls, world.ann.user_id)
        as_owner(
            world.urls,
            "UPDATE api_keys SET revoked_at = now() WHERE key_hash = sha256(convert_to(%s, 'UTF8'))",
            api_key,
        )
        refused(app, world.ann, "UPDATE api_keys SET revoked_at = NULL WHERE revoked_at IS NOT NULL")

    def test_global_rows_are_the_operators(self, world: World, app: Connection, adam: Person) -> None:
        service = world.service
        for person in (world.ann, adam):
            for statement in (
                "UPDATE integrations SET base_url = 'https://evil.example' WHERE id = %s",
                "DELETE FROM integrations WHERE id = %s",
                "UPDATE actions SET endpoint_path = '/evil' WHERE integration_id = %s",
                "DELETE FROM actions WHERE integration_id = %s",
            ):
                refused(app, person, statement, service, silently=True)
            refused(
                app, person, "INSERT INTO actions (integration_id, name, slug) VALUES (%s, 'x', 'x')", service
            )
            for organization in (None, world.bob.organization_id):
                refused(
                    app,
                    person,
                    "INSERT INTO integrations (name, slug, base_url, auth_type, organization_id)"
                    " VALUES ('x', 'service', 'https://evil.example', 'bearer', %s)",
                    organization,
                )

    def test_an_action_goes_where_its_integration_is(self, world: World, app: Connection) -> None:
        refused(
            app,
            world.bob,
            "INSERT INTO actions (integration_id, name, slug) VALUES (%s, 'x', 'x')",
            world.own,
        )
        allowed(
            app,
            world.ann,
            "INSERT INTO actions (integration_id, name, slug) VALUES (%s, 'x', 'x')",
            world.own,
        )

    def test_a_foreign_integration_cannot_be_connected(self, world: World, app: Connection) -> None:
        with pytest.raises(errors.NoDataFound):
            app.execute(
                "SELECT app.create_connection(%s, %s, %s, 'x', '{}', '{}', '{}', NULL)",
                [world.bob.sealed_pass, world.bob.workspace_id, world.own],
            )


class TestMovingAnIntegration:
    MOVES: tuple[LiteralString, ...] = (
        "UPDATE integrations SET base_url = 'https://evil.example' WHERE slug = 'own'",
        """UPDATE integrations SET auth_config = '{"token_url": "https://evil.example"}' WHERE slug = 'own'""",
        """UPDATE integrations SET auth_config = '{"refresh_url": "https://evil.example"}' WHERE slug = 'own'""",
        """UPDATE integrations SET auth_config = '{"revocation_url": "https://evil.example"}'
        WHERE slug = 'own'""",
        "UPDATE integrations SET auth_type = 'basic' WHERE slug = 'own'",
    )

    @pytest.mark.parametrize("move", MOVES)
    def test_ends_its_connections_and_no_others(
        self, world: World, app: Connection, adam: Person, move: LiteralString
    ) -> None:
        with acting(app, adam):
            assert app.execute(move).rowcount == 1
            rows: list[tuple[UUID, str]] = app.execute("SELECT id, status FROM connections").fetchall()
            assert dict(rows)[world.connections["own"]] == "reauthorization_required"
            assert {status for id_, status in rows if id_ != world.connections["own"]} == {"active"}
            own = world.asked(connection_id=world.connections["own"])
            opened = open_one(app, own)
            assert (opened.outcome, opened.credential) == ("reauthorization_required", None)

    def test_and_switching_them_off_and_on_does_not_help(
        self, world: World, app: Connection, adam: Person
    ) -> None:
        disable: LiteralString = "SELECT app.set_connection_disabled(%s, %s, %s)"
        target = world.connections["own"]
        for order in ((True, None, False), (None, True, False)):
            with acting(app, adam):
                for step in order:
                    if step is None:
                        app.execute(self.MOVES[0])
                    else:
                        app.execute(disable, [adam.sealed_pass, target, step])
                status = app.execute("SELECT status FROM connections WHERE id = %s", [target]).fetchone()
                assert status == ("reauthorization_required",)

    def test_a_new_name_ends_nothing(self, world: World, app: Connection, adam: Person) -> None:
        with acting(app, adam):
            app.execute("UPDATE integrations SET name = 'x', description = 'y' WHERE slug = 'own'")
            assert app.execute("SELECT DISTINCT status FROM connections").fetchall() == [("active",)]


def test_deleting_an_organization_takes_all_of_it_along(fresh_world: World) -> None:
    world = fresh_world
    with psycopg.connect(world.urls.app, autocommit=True) as app:
        opened = open_one(app, world.asked(key="k"))
        with app.transaction():
            app.execute("SELECT set_config('portway.pass', %s, true)", [world.ann.sealed_pass])
            deleted = app.execute("DELETE FROM organizations WHERE id = %s", [world.ann.organization_id])
            assert deleted.rowcount == 1
        assert open_one(app, world.asked()).outcome == "not_found"
        assert open_one(app, world.asked("bob")).outcome == "granted"
    left = as_owner(
        world.urls,
        "SELECT (SELECT count(*) FROM connections), (SELECT count(*) FROM integrations),"
        " (SELECT count(*) FROM api_logs WHERE id = %s)",
        opened.execution_id,
    )
    assert left == [(1, 1, 1)]  # history outlives what it names


def test_an_oauth_client_is_removed_by_admins_with_the_scope(
    world: World, app: Connection, adam: Person
) -> None:
    place = (world.ann.organization_id, world.service, "removed")
    as_app(
        world.urls,
        "SELECT app.set_oauth_client(%s, %s, %s, 'id', 'secret', %s)",
        world.ann.sealed_pass,
        *place,
    )
    mia = new_person(world.urls, "no-admin")
    join(world.urls, mia, world.ann)
    rest = with_scopes(world, "connections:write", "logs:read")
    for person, is_allowed in (
        (world.bob, False),
        (mia, False),
        (rest, False),
        (adam, True),
        (world.ann, True),
    ):
        with acting(app, person):
            removed = app.execute("SELECT app.remove_oauth_client(%s, %s, %s)", place).fetchone()
            assert removed == (is_allowed,)
            assert app.execute("SELECT app.remove_oauth_client(%s, %s, %s)", place).fetchone() == (False,)
