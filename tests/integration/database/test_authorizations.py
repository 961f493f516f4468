"""A user at an authorization server: once, in the browser that began, and not for long."""

from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from tests.integration.database.conftest import Connection, World
from tests.people import Person, as_owner, new_api_key

STATE, VERIFIER, BROWSER = "the state", "the code verifier", "the browser's secret"


class Taken(NamedTuple):
    authorization_pass: str | None
    integration_id: UUID
    client: dict[str, Any] | None
    code_verifier: str | None
    scopes: list[str]
    config: dict[str, Any]
    return_url: str | None
    expired: bool
    opener_origin: str | None


def begin(
    app: Connection, world: World, person: Person | str, *, state: str = STATE, browser: str | None = BROWSER,
    target: UUID | None = None, integration: UUID | None = None, client: UUID | None = None,
) -> None:  # fmt: skip
    sealed = person if isinstance(person, str) else person.sealed_pass
    app.execute(
        "SELECT app.begin_authorization(%s, %s, %s, %s, 'Made', '{mail}', '{}', '/done', %s, %s, %s, %s)",
        [
            sealed,
            world.ann.workspace_id,
            integration or world.service,
            target,
            state,
            VERIFIER,
            browser,
            client,
        ],
    )


def take(app: Connection, state: str = STATE, browser: str | None = BROWSER) -> Taken | None:
    row = app.execute("SELECT * FROM app.take_authorization(%s, %s)", [state, browser]).fetchone()
    return Taken(*row) if row else None


def taken(app: Connection, state: str = STATE, browser: str | None = BROWSER) -> Taken:
    found = take(app, state, browser)
    assert found is not None
    return found


def complete(app: Connection, authorization_pass: str | None) -> UUID:
    row = app.execute(
        "SELECT app.complete_authorization(%s, %s, %s, NULL, '{https://api.example.com:443}', '{mail}', '{}', NULL,"
        " NULL, 'Service')",
        [authorization_pass, '{"access_token": "access"}', '{"refresh_token": "refresh"}'],
    ).fetchone()
    assert row is not None
    made: UUID = row[0]
    return made


def test_from_the_beginning_to_the_end(world: World, app: Connection) -> None:
    begin(app, world, world.ann, state="end")
    pending = taken(app, "end")
    assert pending.code_verifier == VERIFIER
    assert (pending.integration_id, pending.return_url, pending.expired) == (world.service, "/done", False)
    shown = app.execute("SELECT app.authorization_integration(%s)", [pending.authorization_pass]).fetchone()
    assert shown is not None
    assert shown[0]["slug"] == "service"

    made = complete(app, pending.authorization_pass)

    (row,) = as_owner(
        world.urls,
        "SELECT user_id, workspace_id, name, status, origins, scopes, credential_version FROM connections"
        " WHERE id = %s",
        made,
    )
    assert row == (
        world.ann.user_id, world.ann.workspace_id, "Made", "active", ["https://api.example.com:443"], ["mail"], 1,
    )  # fmt: skip


def test_works_once(world: World, app: Connection) -> None:
    begin(app, world, world.ann, state="once")
    pending = taken(app, "once")
    assert take(app, "once") is None
    complete(app, pending.authorization_pass)
    with pytest.raises(errors.NoDataFound):
        complete(app, pending.authorization_pass)


@pytest.mark.parametrize("browser", ["another's", "", None])
def test_of_another_browser_is_refused_and_not_used_up(
    world: World, app: Connection, browser: str | None
) -> None:
    begin(app, world, world.ann, state=f"browser {browser}")
    assert take(app, f"browser {browser}", browser) is None
    assert take(app, f"browser {browser}", BROWSER) is not None


def test_begun_without_a_browser_by_a_program(world: World, app: Connection) -> None:
    begin(app, world, world.ann, state="program", browser=None)
    assert take(app, "program", "whichever") is not None


def test_after_ten_minutes_it_is_expired(world: World, app: Connection) -> None:
    begin(app, world, world.ann, state="slow")
    as_owner(
        world.urls,
        "UPDATE oauth_authorizations SET expires_at = expires_at - interval '10 minutes 1 second'"
        " WHERE state_hash = sha256('slow')",
    )
    pending = taken(app, "slow")
    assert pending.expired
    assert (pending.authorization_pass, pending.code_verifier, pending.client) == (None, None, None)


def test_an_unknown_state_is_nobodys(app: Connection) -> None:
    assert take(app, "guessed") is None


def test_its_pass_is_good_for_nothing_else(world: World, app: Connection) -> None:
    begin(app, world, world.ann, state="pass")
    sealed = taken(app, "pass").authorization_pass
    with app.transaction(force_rollback=True):
        app.execute("SELECT set_config('portway.pass', %s, true)", [sealed])
        assert app.execute("SELECT id FROM connections").fetchall() == []
    with pytest.raises(errors.NoDataFound):
        app.execute("SELECT app.delete_connection(%s, %s)", [sealed, world.connections["ann"]])
    with pytest.raises(errors.NoDataFound):
        complete(app, world.ann.sealed_pass)


def test_again_for_a_connection(world: World, app: Connection) -> None:
    begin(app, world, world.ann, state="first")
    made = complete(app, taken(app, "first").authorization_pass)
    app.execute("SELECT app.mark_reauthorization_required(%s, %s, 1)", [world.ann.sealed_pass, made])
    begin(app, world, world.ann, state="again", target=made)
    assert complete(app, taken(app, "again").authorization_pass) == made
    (row,) = as_owner(world.urls, "SELECT status, credential_version FROM connections WHERE id = %s", made)
    assert row == ("active", 2)


def test_only_for_ones_own_connection_and_its_own_integration(world: World, app: Connection) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        begin(app, world, world.mia, target=world.connections["ann"])
    with pytest.raises(errors.NoDataFound):
        begin(app, world, world.ann, target=world.connections["bob"])
    with pytest.raises(errors.NoDataFound):
        begin(app, world, world.ann, target=world.connections["ann"], integration=world.own)


def test_only_where_one_may_connect(world: World, app: Connection) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        begin(app, world, world.vic)
    with pytest.raises(errors.NoDataFound):
        begin(app, world, world.bob)
    with pytest.raises(errors.InsufficientPrivilege):
        begin(app, world, new_api_key(world.urls, world.ann.user_id, ["execute"])[1])


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM workspace_members WHERE user_id = %s",
        "UPDATE workspace_members SET role = 'viewer' WHERE user_id = %s",
        "UPDATE users SET disabled_at = now() WHERE id = %s",
    ],
)
def test_who_may_no_longer_connect_completes_nothing(fresh_world: World, change: str) -> None:
    world = fresh_world
    with (
        psycopg.connect(world.urls.app, autocommit=True) as app,
        psycopg.connect(world.urls.admin, autocommit=True) as owner,
    ):
        begin(app, world, world.mia)
        pending = taken(app)
        owner.execute(change.encode(), [world.mia.user_id])
        with pytest.raises(errors.InsufficientPrivilege):
            complete(app, pending.authorization_pass)


def test_an_organizations_own_client_is_used(world: World, app: Connection) -> None:
    app.execute(
        "SELECT app.set_oauth_client(%s, %s, %s, 'own id', 'own secret')",
        [world.ann.sealed_pass, world.ann.organization_id, world.own],
    )
    asked = [world.mia.sealed_pass, world.ann.workspace_id, world.own]
    row = app.execute("SELECT app.oauth_client(%s, %s, %s)", asked).fetchone()
    assert row is not None
    own = row[0]
    assert {"client_id": "own id", "client_secret": "own secret"}.items() <= own.items()
    begin(app, world, world.ann, state="client", integration=world.own, client=own["id"])
    assert taken(app, "client").client == own
    with pytest.raises(errors.NoDataFound):
        app.execute(
            "SELECT app.oauth_client(%s, %s, %s)",
            [world.bob.sealed_pass, world.ann.workspace_id, world.own],
        )
    with pytest.raises(errors.NoDataFound):  # it is for that integration alone
        begin(app, world, world.ann, state="elsewhere", client=own["id"])
