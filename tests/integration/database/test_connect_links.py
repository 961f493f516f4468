"""Connect links: who may make and see them, and what the pass of one may do."""

import hashlib
from datetime import timedelta
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
import pytest
from psycopg import errors
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.integration.database.conftest import Connection, World
from tests.integration.database.executions import open_one
from tests.people import Person, as_app, as_owner, new_api_key

_CREATE: LiteralString = "SELECT * FROM app.create_connect_link(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


class Link(NamedTuple):
    id: UUID
    token: str


def make(
    world: World,
    person: Person | str,
    *,
    workspace: UUID | None = None,
    integration: UUID | None = None,
    connection: UUID | None = None,
    lifetime: timedelta = timedelta(hours=1),
) -> Link:
    sealed = person if isinstance(person, str) else person.sealed_pass
    rows = as_app(
        world.urls, _CREATE, sealed, workspace or world.ann.workspace_id, integration or world.service, connection,
        "customer-7", "Billing", None, Jsonb({"region": "eu"}), None, None, lifetime,
    )  # fmt: skip
    return Link(*rows[0])


def opened(world: World, token: str) -> dict[str, Any] | None:
    with psycopg.connect(world.urls.app, autocommit=True, row_factory=dict_row) as connection:
        return connection.execute("SELECT * FROM app.open_connect_link(%s)", [token]).fetchone()


def link_pass(world: World, link: Link) -> str:
    row = opened(world, link.token)
    assert row is not None
    assert row["state"] == "ready"
    return str(row["link_pass"])


def state(world: World, link: Link) -> str:
    row = opened(world, link.token)
    assert row is not None
    return str(row["state"])


def claims(world: World, sealed: str) -> dict[str, Any] | None:
    with psycopg.connect(world.urls.superuser, autocommit=True) as connection:
        row = connection.execute("SELECT app.connect_link_claims(%s)", [sealed]).fetchone()
        assert row is not None
        found: dict[str, Any] | None = row[0]
        return found


def use(world: World, link: Link, connection_id: UUID) -> None:
    with psycopg.connect(world.urls.superuser, autocommit=True) as connection:
        connection.execute("SELECT app.use_connect_link(%s, %s)", [link.id, connection_id])


def end_users_connection(world: World, end_user_id: str | None = "customer-7", **columns: object) -> UUID:
    """A connection of Ann's as a link of hers would make it."""
    made: UUID = as_owner(
        world.urls,
        "INSERT INTO connections (user_id, integration_id, organization_id, workspace_id, name, end_user_id)"
        " VALUES (%s, %s, %s, %s, 'Billing', %s) RETURNING id",
        columns.get("user_id", world.ann.user_id),
        columns.get("integration_id", world.service),
        world.ann.organization_id,
        world.ann.workspace_id,
        end_user_id,
    )[0][0]
    return made


def seen(world: World, sealed: str | None) -> set[UUID]:
    with psycopg.connect(world.urls.app) as connection:
        if sealed is not None:
            connection.execute("SELECT set_config('portway.pass', %s, true)", [sealed])
        return {row[0] for row in connection.execute("SELECT id FROM connect_links").fetchall()}


def test_what_the_page_needs(world: World) -> None:
    link = make(world, world.ann)
    row = opened(world, link.token)
    assert row is not None
    assert (row["id"], row["state"], row["workspace_id"]) == (link.id, "ready", world.ann.workspace_id)
    assert row["integration"]["slug"] == "service"
    assert (row["organization_name"], row["workspace_name"]) == ("ann", "ann")
    assert (row["name"], row["config"]) == ("Billing", {"region": "eu"})
    assert row["connection_id"] is None


def test_opening_is_noted_once(world: World) -> None:
    link = make(world, world.ann)
    question: LiteralString = "SELECT opened_at FROM connect_links WHERE id = %s"
    assert as_owner(world.urls, question, link.id) == [(None,)]
    opened(world, link.token)
    first = as_owner(world.urls, question, link.id)
    assert first != [(None,)]
    opened(world, link.token)
    assert as_owner(world.urls, question, link.id) == first


def test_only_the_hash_of_the_token_is_kept(world: World) -> None:
    link = make(world, world.ann)
    assert len(link.token) == 43  # 256 bits in base64url
    rows = as_owner(world.urls, "SELECT token_hash FROM connect_links WHERE id = %s", link.id)
    assert rows == [(hashlib.sha256(link.token.encode()).digest(),)]


@pytest.mark.parametrize("token", ["", "x", "0" * 43])
def test_an_unknown_token_opens_nothing(world: World, token: str) -> None:
    assert opened(world, token) is None


def test_viewers_strangers_and_keys_without_the_scope_make_none(world: World) -> None:
    with pytest.raises(errors.InsufficientPrivilege, match="viewer"):
        make(world, world.vic)
    with pytest.raises(errors.NoDataFound, match="no such workspace"):
        make(world, world.bob)
    _, weak = new_api_key(world.urls, world.ann.user_id, ["connections:read", "execute"])
    with pytest.raises(errors.InsufficientPrivilege, match="connections:write"):
        make(world, weak)


def test_an_integration_of_another_organization_is_not_linked_to(world: World) -> None:
    with pytest.raises(errors.NoDataFound, match="no such integration"):
        make(world, world.bob, workspace=world.bob.workspace_id, integration=world.own)


def test_a_reconnect_link_is_for_an_own_connection(world: World) -> None:
    mine = end_users_connection(world, "customer-9")
    link = make(world, world.ann, connection=mine)
    row = opened(world, link.token)
    assert row is not None
    assert (row["connection_id"], row["connection_name"]) == (mine, "Billing")
    found = claims(world, row["link_pass"])
    assert found is not None
    assert (found["connection"], found["end_user_id"]) == (str(mine), "customer-9")
    with pytest.raises(errors.InsufficientPrivilege, match="only the owner"):
        make(world, world.mia, connection=mine)
    with pytest.raises(errors.NoDataFound, match="no such connection"):
        make(world, world.bob, connection=mine)


@pytest.mark.parametrize("lifetime", [timedelta(seconds=1), timedelta(days=7, seconds=1)])
def test_a_lifetime_out_of_bounds_is_refused(world: World, lifetime: timedelta) -> None:
    with pytest.raises(errors.CheckViolation, match="one minute to seven days"):
        make(world, world.ann, lifetime=lifetime)


def test_the_pass_says_what_the_maker_may_do_with_this_link(world: World) -> None:
    link = make(world, world.ann)
    assert claims(world, link_pass(world, link)) == {
        "sub": str(world.ann.user_id),
        "scopes": ["connections:write"],
        "workspace": str(world.ann.workspace_id),
        "integration": str(world.service),
        "link": str(link.id),
        "oauth_client": None,
        "end_user_id": "customer-7",
        "connection": None,
    }


def test_no_other_pass_is_a_links(world: World) -> None:
    assert claims(world, world.ann.sealed_pass) is None
    assert claims(world, "") is None
    sealed = link_pass(world, make(world, world.ann))
    assert claims(world, sealed[:-1] + ("0" if sealed[-1] != "0" else "1")) is None


def test_the_pass_is_no_users(world: World) -> None:
    """It reads no row, executes nothing, and makes neither keys nor further links."""
    sealed = link_pass(world, make(world, world.ann))
    tables: list[LiteralString] = ["connect_links", "connections", "integrations", "workspaces", "api_logs"]
    with psycopg.connect(world.urls.app) as connection:
        connection.execute("SELECT set_config('portway.pass', %s, true)", [sealed])
        for table in tables:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    with pytest.raises(errors.NoDataFound):
        make(world, sealed)
    with pytest.raises(errors.NoDataFound):
        as_app(world.urls, "SELECT app.delete_connection(%s, %s)", sealed, world.connections["ann"])
    with pytest.raises(errors.InsufficientPrivilege):
        as_app(world.urls, "SELECT app.create_api_key(%s, 'k', NULL::text[], NULL, NULL, '[]')", sealed)


def test_the_pass_executes_nothing(world: World, app: Connection) -> None:
    sealed = link_pass(world, make(world, world.ann))
    refused = open_one(app, world.asked("ann", sealed_pass=sealed))
    assert (refused.outcome, refused.connection, refused.credential) == ("unauthenticated", None, None)


def test_the_pass_connects_what_the_link_is_for_and_nothing_else(world: World) -> None:
    create: LiteralString = "SELECT app.create_connection(%s, %s, %s, 'x', '{}', '{}', '{}', NULL)"
    begin: LiteralString = (
        "SELECT app.begin_authorization(%s, %s, %s, %s, 'x', '{}', '{}', NULL,"
        " gen_random_uuid()::text, 'verifier', 'browser')"
    )
    replace: LiteralString = "SELECT app.replace_secret(%s, %s, '{}', '{}', NULL)"
    mine, other = end_users_connection(world), end_users_connection(world)
    there, what = world.ann.workspace_id, world.service
    new, again = (
        link_pass(world, make(world, world.ann)),
        link_pass(world, make(world, world.ann, connection=mine)),
    )
    refused: list[tuple[LiteralString, tuple[object, ...]]] = [
        (create, (new, there, world.own)),
        (create, (new, world.bob.workspace_id, what)),
        (create, (again, there, what)),
        (begin, (new, there, world.own, None)),
        (begin, (new, there, what, mine)),
        (begin, (again, there, what, None)),
        (begin, (again, there, what, other)),
        (replace, (new, mine)),
        (replace, (again, other)),
        (replace, (again, world.connections["mia"])),
    ]
    for statement, values in refused:
        with pytest.raises((errors.NoDataFound, errors.InsufficientPrivilege)):
            as_app(world.urls, statement, *values)
    as_app(world.urls, begin, new, there, what, None)
    as_app(world.urls, begin, again, there, what, mine)
    as_app(world.urls, replace, again, mine)
    with pytest.raises(errors.NoDataFound):
        as_app(world.urls, replace, again, mine)
    as_app(world.urls, create, new, there, what)
    with pytest.raises(errors.NoDataFound):
        as_app(world.urls, create, new, there, what)


def test_a_used_link_is_used_once(world: World) -> None:
    link = make(world, world.ann)
    sealed = link_pass(world, link)
    made = end_users_connection(world)
    use(world, link, made)
    assert state(world, link) == "used"
    assert claims(world, sealed) is None
    rows = as_owner(world.urls, "SELECT connection_id FROM connect_links WHERE id = %s", link.id)
    assert rows == [(made,)]
    with pytest.raises(errors.NoDataFound, match="used or revoked"):
        use(world, link, made)
    row = opened(world, link.token)
    assert row is not None
    assert row["link_pass"] is None


def test_a_link_is_used_for_its_own_connection_alone(world: World) -> None:
    link = make(world, world.ann)
    for other in (
        world.connections["mia"],
        world.connections["bob"],
        end_users_connection(world, "somebody else"),
        end_users_connection(world, None),
        end_users_connection(world, integration_id=world.own),
        end_users_connection(world, user_id=world.mia.user_id),
    ):
        with pytest.raises(errors.NoDataFound, match="used or revoked"):
            use(world, link, other)
    mine, another = end_users_connection(world), end_users_connection(world)
    with pytest.raises(errors.NoDataFound, match="used or revoked"):
        use(world, make(world, world.ann, connection=mine), another)


def test_who_began_in_time_may_finish(world: World) -> None:
    link = make(world, world.ann)
    sealed = link_pass(world, link)
    as_owner(world.urls, "UPDATE connect_links SET expires_at = now() WHERE id = %s", link.id)
    assert state(world, link) == "expired"
    assert claims(world, sealed) is None
    use(world, link, end_users_connection(world))


def test_a_revoked_link_is_dead_also_for_who_began(world: World) -> None:
    link = make(world, world.ann)
    sealed = link_pass(world, link)
    revoke(world, world.ann.sealed_pass, link)
    assert state(world, link) == "revoked"
    assert claims(world, sealed) is None
    with pytest.raises(errors.NoDataFound, match="used or revoked"):
        use(world, link, end_users_connection(world))


def test_a_link_dies_with_its_makers_right(fresh_world: World) -> None:
    world, by_mia = fresh_world, make(fresh_world, fresh_world.mia)
    sealed = link_pass(world, by_mia)
    change: LiteralString = "UPDATE workspace_members SET role = %s WHERE workspace_id = %s AND user_id = %s"
    as_owner(world.urls, change, "viewer", world.ann.workspace_id, world.mia.user_id)
    assert (state(world, by_mia), claims(world, sealed)) == ("revoked", None)
    as_owner(world.urls, change, "member", world.ann.workspace_id, world.mia.user_id)
    assert state(world, by_mia) == "ready"
    as_owner(world.urls, "UPDATE users SET disabled_at = now() WHERE id = %s", world.mia.user_id)
    assert (state(world, by_mia), claims(world, sealed)) == ("revoked", None)
    as_owner(world.urls, "UPDATE users SET disabled_at = NULL WHERE id = %s", world.mia.user_id)
    as_owner(
        world.urls,
        "DELETE FROM workspace_members WHERE workspace_id = %s AND user_id = %s",
        world.ann.workspace_id,
        world.mia.user_id,
    )
    assert (state(world, by_mia), claims(world, sealed)) == ("revoked", None)


def test_a_reconnect_link_dies_with_its_connection(world: World) -> None:
    mine = end_users_connection(world)
    link = make(world, world.ann, connection=mine)
    as_owner(world.urls, "DELETE FROM connections WHERE id = %s", mine)
    assert state(world, link) == "revoked"


def test_a_link_outlives_the_key_that_made_it(world: World) -> None:
    api_key, sealed = new_api_key(world.urls, world.ann.user_id)
    link = make(world, sealed)
    revoked = as_owner(
        world.urls,
        "UPDATE api_keys SET revoked_at = now() WHERE key_hash = sha256(convert_to(%s, 'UTF8')) RETURNING 1",
        api_key,
    )
    assert revoked == [(1,)]
    assert state(world, link) == "ready"


def test_links_are_their_workspaces_affair(world: World) -> None:
    link = make(world, world.ann)
    for member in (world.ann, world.mia, world.vic):
        assert link.id in seen(world, member.sealed_pass)
    assert seen(world, world.bob.sealed_pass) == set()
    assert seen(world, None) == set()
    _, blind = new_api_key(world.urls, world.ann.user_id, ["execute"])
    assert seen(world, blind) == set()


@pytest.mark.parametrize("column", ["token_hash", "*"])
def test_nobody_reads_the_hash(world: World, column: LiteralString) -> None:
    with psycopg.connect(world.urls.app) as connection:
        connection.execute("SELECT set_config('portway.pass', %s, true)", [world.ann.sealed_pass])
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(f"SELECT {column} FROM connect_links")


def revoke(world: World, sealed: str, link: Link) -> int:
    with psycopg.connect(world.urls.app) as connection:
        connection.execute("SELECT set_config('portway.pass', %s, true)", [sealed])
        changed = connection.execute("UPDATE connect_links SET revoked_at = now() WHERE id = %s", [link.id])
        return changed.rowcount


def test_the_maker_and_admins_revoke(world: World) -> None:
    by_mia, by_ann = make(world, world.mia), make(world, world.ann)
    assert revoke(world, world.vic.sealed_pass, by_mia) == 0
    assert revoke(world, world.bob.sealed_pass, by_mia) == 0
    assert revoke(world, world.mia.sealed_pass, by_ann) == 0
    assert revoke(world, world.ann.sealed_pass, by_mia) == 1
    assert revoke(world, world.ann.sealed_pass, by_ann) == 1


def test_a_revoked_link_does_not_come_back(world: World) -> None:
    link = make(world, world.ann)
    with psycopg.connect(world.urls.app) as connection:
        connection.execute("SELECT set_config('portway.pass', %s, true)", [world.ann.sealed_pass])
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("UPDATE connect_links SET revoked_at = NULL WHERE id = %s", [link.id])


def test_those_long_past_are_deleted(fresh_world: World) -> None:
    kept, gone = make(fresh_world, fresh_world.ann), make(fresh_world, fresh_world.ann)
    as_owner(
        fresh_world.urls,
        "UPDATE connect_links SET expires_at = now() - interval '91 days' WHERE id = %s",
        gone.id,
    )
    as_app(fresh_world.urls, "SELECT app.delete_expired()")
    assert seen(fresh_world, fresh_world.ann.sealed_pass) == {kept.id}
