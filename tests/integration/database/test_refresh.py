"""The right to refresh a connection: one holder at a time, and nothing newer is overwritten."""

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from tests.integration.database.conftest import Connection, World
from tests.people import Person, as_app, as_owner, new_api_key

VALUES = '{"access_token": "access 1"}'
GRANT = '{"refresh_token": "refresh 1"}'


class Lease(NamedTuple):
    outcome: str
    refresh_pass: str | None
    grant: dict[str, str] | None
    client: dict[str, Any] | None
    credential: dict[str, Any] | None
    interrupted: bool
    retry_seconds: float | None = None


class State(NamedTuple):
    status: str
    credential_version: int
    leases: int


@pytest.fixture
def connection_id(world: World) -> UUID:
    """A connection of Ann's with an access and a refresh token, version 1."""
    made: UUID = as_app(
        world.urls,
        "SELECT app.create_connection(%s, %s, %s, 'OAuth', %s, '{}', '{}', NULL, %s)",
        world.ann.sealed_pass,
        world.ann.workspace_id,
        world.service,
        VALUES,
        GRANT,
    )[0][0]
    return made


def lease(
    app: Connection, person: Person | str, connection_id: UUID, version: int = 1, seconds: float = 30
) -> Lease:
    sealed = person if isinstance(person, str) else person.sealed_pass
    row = app.execute(
        "SELECT * FROM app.lease_refresh(%s, %s, %s, %s)", [sealed, connection_id, version, seconds]
    ).fetchone()
    assert row is not None
    return Lease(*row)


def store(app: Connection, refresh_pass: str | None, access: str, refresh: str | None = None) -> Any:
    row = app.execute(
        "SELECT app.store_refresh(%s, %s, %s, NULL, NULL)", [refresh_pass, access, refresh]
    ).fetchone()
    assert row is not None
    return row[0]


def release(app: Connection, refresh_pass: str | None, *, gone: bool = False) -> None:
    app.execute("SELECT app.release_refresh(%s, %s)", [refresh_pass, "grant_gone" if gone else "unused"])


def state(world: World, connection_id: UUID) -> State:
    (row,) = as_owner(
        world.urls,
        "SELECT status, credential_version, (SELECT count(*) FROM refresh_leases WHERE connection_id = c.id)"
        " FROM connections AS c WHERE id = %s",
        connection_id,
    )
    return State(*row)


def expire(world: World, connection_id: UUID) -> None:
    as_owner(
        world.urls,
        "UPDATE refresh_leases SET expires_at = now() - interval '1 s' WHERE connection_id = %s",
        connection_id,
    )


def test_the_holder_gets_the_refresh_token_and_the_others_wait(
    world: World, app: Connection, connection_id: UUID
) -> None:
    first = lease(app, world.ann, connection_id)
    second = lease(app, world.ann, connection_id)

    assert first[0] == "leased"
    assert first.grant == {"refresh_token": "refresh 1"}
    assert not first.interrupted
    assert second == Lease("wait", None, None, None, None, interrupted=False)

    stored = store(app, first.refresh_pass, "access 2", "refresh 2")
    assert stored["values"] == {"access_token": "access 2"}
    assert stored["version"] == 2
    fresh = lease(app, world.ann, connection_id)
    assert (fresh.outcome, fresh.grant) == ("fresh", None)
    assert fresh.credential is not None
    assert fresh.credential["values"] == {"access_token": "access 2"}
    assert lease(app, world.ann, connection_id, version=2).grant == {"refresh_token": "refresh 2"}


def test_of_many_at_once_one_is_the_holder(world: World, connection_id: UUID) -> None:
    outcomes: list[str] = []

    def run() -> None:
        with psycopg.connect(world.urls.app, autocommit=True) as connection:
            outcomes.append(lease(connection, world.ann, connection_id).outcome)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["leased"] + ["wait"] * 5


def test_without_a_new_refresh_token_the_old_one_stays(
    world: World, app: Connection, connection_id: UUID
) -> None:
    store(app, lease(app, world.ann, connection_id).refresh_pass, "access 2")
    assert lease(app, world.ann, connection_id, version=2).grant == {"refresh_token": "refresh 1"}


def test_an_expired_lease_is_taken_over(world: World, app: Connection, connection_id: UUID) -> None:
    lost = lease(app, world.ann, connection_id)
    expire(world, connection_id)
    heir = lease(app, world.ann, connection_id)
    assert (heir.outcome, heir.interrupted, heir.grant) == ("leased", True, {"refresh_token": "refresh 1"})
    # What the first one got comes late, before the heir's: it is good.
    assert store(app, lost.refresh_pass, "late access", "late refresh")["version"] == 2
    # The heir's answer, from the same refresh token, must not overwrite it.
    assert store(app, heir.refresh_pass, "other access", "other refresh") is None
    assert lease(app, world.ann, connection_id, version=2).grant == {"refresh_token": "late refresh"}


def test_a_late_answer_is_dropped_where_something_newer_is_stored(
    world: World, app: Connection, connection_id: UUID
) -> None:
    lost = lease(app, world.ann, connection_id)
    expire(world, connection_id)
    heir = lease(app, world.ann, connection_id)
    assert store(app, heir.refresh_pass, "access 2", "refresh 2")["version"] == 2
    assert store(app, lost.refresh_pass, "late", "late") is None
    assert state(world, connection_id) == State("active", 2, 0)


def test_a_lease_after_a_finished_one_is_not_interrupted(
    world: World, app: Connection, connection_id: UUID
) -> None:
    release(app, lease(app, world.ann, connection_id).refresh_pass)
    again = lease(app, world.ann, connection_id)
    assert (again.outcome, again.interrupted) == ("leased", False)


def test_a_lost_holder_releases_nobody_elses_lease(
    world: World, app: Connection, connection_id: UUID
) -> None:
    lost = lease(app, world.ann, connection_id)
    expire(world, connection_id)
    lease(app, world.ann, connection_id)
    release(app, lost.refresh_pass)
    assert state(world, connection_id).leases == 1


def test_a_grant_that_is_gone(world: World, app: Connection, connection_id: UUID) -> None:
    held = lease(app, world.ann, connection_id)
    release(app, held.refresh_pass, gone=True)
    assert state(world, connection_id) == State("reauthorization_required", 1, 0)
    assert lease(app, world.ann, connection_id).outcome == "gone"


def test_a_grant_that_was_renewed_meanwhile_is_not_gone(
    world: World, app: Connection, connection_id: UUID
) -> None:
    lost = lease(app, world.ann, connection_id)
    expire(world, connection_id)
    store(app, lease(app, world.ann, connection_id).refresh_pass, "access 2", "refresh 2")
    release(app, lost.refresh_pass, gone=True)
    app.execute("SELECT app.mark_reauthorization_required(%s, %s, 1)", [world.ann.sealed_pass, connection_id])
    assert state(world, connection_id).status == "active"
    app.execute("SELECT app.mark_reauthorization_required(%s, %s, 2)", [world.ann.sealed_pass, connection_id])
    assert state(world, connection_id).status == "reauthorization_required"


def test_without_a_refresh_token_there_is_nothing_to_lease(world: World, app: Connection) -> None:
    assert lease(app, world.ann, world.connections["ann"]).outcome == "gone"


def test_a_spoiled_refresh_token_is_gone(world: World, app: Connection, connection_id: UUID) -> None:
    as_owner(
        world.urls,
        "UPDATE encrypted_credentials SET encrypted_value = '\\x00' WHERE connection_id = %s",
        connection_id,
    )
    gone = lease(app, world.ann, connection_id)
    assert gone == Lease("gone", None, None, None, None, interrupted=False)
    assert lease(app, world.ann, connection_id, version=7).outcome == "gone"


def test_only_the_owner_with_a_key_that_may_use_it(
    world: World, app: Connection, connection_id: UUID
) -> None:
    for stranger in (world.mia, world.vic):
        with pytest.raises(errors.InsufficientPrivilege):
            lease(app, stranger, connection_id)
    with pytest.raises(errors.NoDataFound):
        lease(app, world.bob, connection_id)
    for scopes in (["logs:read"], ["connections:read", "catalog:write"]):
        with pytest.raises(errors.InsufficientPrivilege):
            lease(app, new_api_key(world.urls, world.ann.user_id, scopes)[1], connection_id)
    for scopes in (["execute"], ["connections:write"]):
        held = lease(app, new_api_key(world.urls, world.ann.user_id, scopes)[1], connection_id)
        assert held.outcome == "leased"
        release(app, held.refresh_pass)


def test_a_lease_is_at_most_ten_minutes(world: World, app: Connection, connection_id: UUID) -> None:
    for seconds, most in ((1e9, 600), (-5.0, 1)):
        held = lease(app, world.ann, connection_id, seconds=seconds)
        ((left,),) = as_owner(
            world.urls,
            "SELECT extract(epoch FROM expires_at - taken_at) FROM refresh_leases WHERE connection_id = %s",
            connection_id,
        )
        # The two moments are read one after the other, microseconds apart.
        assert 0 < left < most + 0.5
        release(app, held.refresh_pass)


def test_a_refresh_pass_is_good_for_refreshing_only(
    world: World, app: Connection, connection_id: UUID
) -> None:
    held = lease(app, world.ann, connection_id)
    with app.transaction(force_rollback=True):
        app.execute("SELECT set_config('portway.pass', %s, true)", [held.refresh_pass])
        assert app.execute("SELECT id FROM connections").fetchall() == []
    with pytest.raises(errors.InvalidAuthorizationSpecification):
        lease(app, str(held.refresh_pass), connection_id)
    assert store(app, world.ann.sealed_pass, "by a user's pass") is None
    release(app, held.refresh_pass)


def test_the_clients_secret_comes_with_the_lease(world: World, app: Connection, connection_id: UUID) -> None:
    app.execute(
        "SELECT app.set_oauth_client(%s, %s, %s, 'id', 'secret')",
        [world.ann.sealed_pass, world.ann.organization_id, world.service],
    )
    as_owner(
        world.urls,
        "UPDATE connections SET oauth_client_id = (SELECT id FROM oauth_clients WHERE organization_id = %s)"
        " WHERE id = %s",
        world.ann.organization_id,
        connection_id,
    )
    held = lease(app, world.ann, connection_id)
    assert held.client == {"client_id": "id", "client_secret": "secret"}
    release(app, held.refresh_pass)


class TestWithoutACaller:
    """What only portway_worker may ask for."""

    @pytest.fixture
    def worker(self, world: World) -> Iterator[Connection]:
        """Nothing else is due, or under way."""
        as_owner(world.urls, "DELETE FROM refresh_leases")
        as_owner(world.urls, "UPDATE connections SET expires_at = NULL")
        with psycopg.connect(world.urls.worker, autocommit=True) as connection:
            yield connection

    def leased(self, worker: Connection, limit: int = 4) -> list[UUID]:
        rows = worker.execute("SELECT connection_id FROM app.lease_due_renewals(%s, 30)", [limit]).fetchall()
        return [row[0] for row in rows]

    def make_due(self, world: World, *connection_ids: UUID, left: float = 60) -> None:
        for connection_id in connection_ids:
            as_owner(
                world.urls,
                "UPDATE connections SET issued_at = now() - interval '1 hour',"
                " expires_at = now() + make_interval(secs => %s) WHERE id = %s",
                left,
                connection_id,
            )

    def another(self, world: World, name: str) -> UUID:
        made: UUID = as_app(
            world.urls,
            "SELECT app.create_connection(%s, %s, %s, %s, %s, '{}', '{}', NULL, %s)",
            world.ann.sealed_pass, world.ann.workspace_id, world.service, name, VALUES, GRANT,
        )[0][0]  # fmt: skip
        return made

    def test_the_next_to_expire_first_and_a_few_at_a_time(
        self, world: World, worker: Connection, connection_id: UUID
    ) -> None:
        others = [self.another(world, f"OAuth {number}") for number in range(6)]
        for left, each in enumerate((connection_id, *others)):
            self.make_due(world, each, left=left + 1)
        assert self.leased(worker, 3) == [connection_id, *others[:2]]
        assert self.leased(worker, 100) == others[2:6]
        # So many of one integration are under way that nobody may begin another.
        self.make_due(world, last := self.another(world, "OAuth last"))
        assert self.leased(worker) == []
        as_owner(world.urls, "DELETE FROM refresh_leases WHERE connection_id = ANY (%s)", others)
        as_owner(world.urls, "UPDATE connections SET expires_at = NULL WHERE id = ANY (%s)", others)
        assert self.leased(worker) == [last]

    def test_of_two_at_once_each_gets_its_own(
        self, world: World, worker: Connection, connection_id: UUID
    ) -> None:
        self.make_due(world, connection_id, other := self.another(world, "OAuth 2"))
        with psycopg.connect(world.urls.worker) as second:
            first = second.execute("SELECT connection_id FROM app.lease_due_renewals(1, 30)").fetchall()
            # The other transaction is open yet: what it took is passed over, not waited for.
            assert self.leased(worker) == [other]
        assert first == [(connection_id,)]

    def test_not_for_who_is_disabled_or_gone(
        self, world: World, worker: Connection, connection_id: UUID
    ) -> None:
        self.make_due(world, connection_id)
        as_owner(world.urls, "UPDATE users SET disabled_at = now() WHERE id = %s", world.ann.user_id)
        assert self.leased(worker) == []
        as_owner(world.urls, "UPDATE users SET disabled_at = NULL WHERE id = %s", world.ann.user_id)
        assert self.leased(worker) == [connection_id]

    def test_what_does_not_decrypt_is_left_alone_for_a_while(
        self, world: World, worker: Connection, connection_id: UUID
    ) -> None:
        self.make_due(world, connection_id)
        as_owner(
            world.urls,
            "UPDATE encrypted_credentials SET encrypted_value = '\\x00' WHERE connection_id = %s",
            connection_id,
        )
        assert self.leased(worker) == []
        (row,) = as_owner(
            world.urls, "SELECT status, renewal_failures FROM connections WHERE id = %s", connection_id
        )
        assert row == ("active", 1)

    def test_what_was_dead_for_a_month_is_left_to_its_callers(
        self, world: World, worker: Connection, connection_id: UUID
    ) -> None:
        month = 30 * 86_400
        for left, expected in ((-month - 60, []), (-month + 60, [connection_id])):
            self.make_due(world, connection_id, left=left)
            as_owner(
                world.urls,
                "UPDATE connections SET issued_at = expires_at - interval '1 hour' WHERE id = %s",
                connection_id,
            )
            assert self.leased(worker) == expected

    def test_servers_may_not(self, app: Connection) -> None:
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute("SELECT * FROM app.lease_due_renewals(4, 30)")

    @pytest.mark.parametrize("margin", ["1e400", "-5", '"300"', "null", "[1]", "{}", "1e-400"])
    def test_no_margin_that_a_row_may_have_stops_it(
        self, world: World, worker: Connection, connection_id: UUID, margin: str
    ) -> None:
        as_owner(
            world.urls,
            "UPDATE integrations SET auth_config = jsonb_set(auth_config, '{refresh_margin_seconds}', %s)"
            " WHERE id = %s",
            margin,
            world.service,
        )
        self.make_due(world, connection_id, left=-1)
        assert self.leased(worker) == [connection_id]


def test_the_renewal_is_dated(world: World, app: Connection, connection_id: UUID) -> None:
    store(app, lease(app, world.ann, connection_id).refresh_pass, "access 2")
    ((seconds,),) = as_owner(
        world.urls,
        "SELECT extract(epoch FROM now() - renewed_at) FROM connections WHERE id = %s",
        connection_id,
    )
    assert 0 <= seconds < 60


class TestDisabling:
    def disabled(self, app: Connection, person: Person, connection_id: UUID, *, disabled: bool) -> None:
        app.execute(
            "SELECT app.set_connection_disabled(%s, %s, %s)", [person.sealed_pass, connection_id, disabled]
        )

    @pytest.mark.parametrize("found_while_disabled", [False, True])
    def test_hides_no_fault(
        self, world: World, app: Connection, connection_id: UUID, *, found_while_disabled: bool
    ) -> None:
        if found_while_disabled:
            self.disabled(app, world.ann, connection_id, disabled=True)
        app.execute(
            "SELECT app.mark_reauthorization_required(%s, %s, 1)", [world.ann.sealed_pass, connection_id]
        )
        self.disabled(app, world.ann, connection_id, disabled=True)
        self.disabled(app, world.ann, connection_id, disabled=True)
        assert state(world, connection_id).status == "disabled"
        self.disabled(app, world.ann, connection_id, disabled=False)
        assert state(world, connection_id).status == "reauthorization_required"
        self.disabled(app, world.ann, connection_id, disabled=False)
        assert state(world, connection_id).status == "reauthorization_required"

    def test_new_secrets_do_not_enable(self, world: World, app: Connection, connection_id: UUID) -> None:
        app.execute(
            "SELECT app.mark_reauthorization_required(%s, %s, 1)", [world.ann.sealed_pass, connection_id]
        )
        self.disabled(app, world.ann, connection_id, disabled=True)
        app.execute(
            "SELECT app.replace_secret(%s, %s, %s, '{}', NULL)",
            [world.ann.sealed_pass, connection_id, VALUES],
        )
        assert state(world, connection_id).status == "disabled"
        self.disabled(app, world.ann, connection_id, disabled=False)
        assert state(world, connection_id).status == "active"

    def test_by_an_admin_only_an_admin_undoes(self, world: World, app: Connection) -> None:
        mias = world.connections["mia"]
        self.disabled(app, world.ann, mias, disabled=True)
        with pytest.raises(errors.InsufficientPrivilege):
            self.disabled(app, world.mia, mias, disabled=False)
        self.disabled(app, world.ann, mias, disabled=False)
        self.disabled(app, world.mia, mias, disabled=True)
        self.disabled(app, world.mia, mias, disabled=False)
        with pytest.raises(errors.InsufficientPrivilege):
            self.disabled(app, world.vic, mias, disabled=True)
