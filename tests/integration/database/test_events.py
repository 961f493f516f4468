"""Events are written where something happens and somebody wants to know, and nowhere else."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from tests.integration.database.conftest import Connection, World
from tests.people import Person, as_app, as_owner, new_connection

ALL = (
    "connection.created",
    "connection.refreshed",
    "connection.reauthorization_required",
    "connection.deleted",
    "execution.failed",
)


def new_webhook(world: World, person: Person, events: Sequence[str] = ALL) -> tuple[UUID, str]:
    """A webhook of the person's organization, and its secret."""
    ((webhook_id, secret),) = as_app(
        world.urls,
        "SELECT * FROM app.create_webhook_endpoint(%s, %s, 'https://hooks.example/', NULL, %s)",
        person.sealed_pass,
        person.organization_id,
        list(events),
    )
    return webhook_id, secret


def events_of(world: World, person: Person) -> list[tuple[str, dict[str, Any]]]:
    """Type and data, oldest first."""
    return as_owner(
        world.urls, "SELECT type, data FROM events WHERE organization_id = %s ORDER BY id", person.organization_id
    )  # fmt: skip


def fail(world: World, person: Person, status: str = "error", connection_id: UUID | None = None) -> None:
    """An execution that was begun and ends so."""
    as_owner(
        world.urls,
        "WITH begun AS (SELECT app.uuid_v7() AS id) INSERT INTO api_logs"
        " (id, executed_at, status, user_id, organization_id, workspace_id, connection_id, request_payload, deadline)"
        " SELECT id, now(), 'started', %s, %s, %s, %s, '{\"body\": \"a payload\"}', now() FROM begun",
        person.user_id,
        person.organization_id,
        person.workspace_id,
        connection_id,
    )
    as_owner(
        world.urls,
        "UPDATE api_logs SET status = %s, error_code = 'upstream_error', status_code = 500,"
        " response_payload = '{\"body\": \"a payload\"}' WHERE status = 'started' AND user_id = %s",
        status,
        person.user_id,
    )


def test_where_nobody_wants_them_there_are_none(fresh_world: World) -> None:
    ann, bob = fresh_world.ann, fresh_world.bob
    new_webhook(fresh_world, bob, ["connection.deleted"])
    disabled, _ = new_webhook(fresh_world, bob)
    as_owner(
        fresh_world.urls,
        "UPDATE webhook_endpoints SET disabled_at = now(), disabled_reason = 'by_user' WHERE id = %s",
        disabled,
    )
    for person in (ann, bob):
        new_connection(fresh_world.urls, person, fresh_world.service)
        fail(fresh_world, person)
    assert as_owner(fresh_world.urls, "SELECT count(*) FROM events") == [(0,)]
    assert as_owner(fresh_world.urls, "SELECT count(*) FROM jobs.procrastinate_jobs") == [(0,)]


def test_the_life_of_a_connection(fresh_world: World) -> None:
    ann = fresh_world.ann
    webhook, secret = new_webhook(fresh_world, ann)
    connection = new_connection(fresh_world.urls, ann, fresh_world.service, "Mine")
    for change in (
        "renewed_at = now()",
        "name = 'Renamed'",
        "status = 'reauthorization_required'",
        "status = 'reauthorization_required'",
        "status = 'active'",
    ):
        with psycopg.connect(fresh_world.urls.admin, autocommit=True) as owner:
            owner.execute(f"UPDATE connections SET {change} WHERE id = %s".encode(), [connection])
    as_app(fresh_world.urls, "SELECT app.delete_connection(%s, %s)", ann.sealed_pass, connection)
    found = events_of(fresh_world, ann)
    assert [kind for kind, _ in found] == [
        "connection.created",
        "connection.refreshed",
        "connection.reauthorization_required",
        "connection.deleted",
    ]
    data = found[0][1]
    assert data == {
        "organization_id": str(ann.organization_id),
        "workspace_id": str(ann.workspace_id),
        "connection_id": str(connection),
        "connection_name": "Mine",
        "integration_id": str(fresh_world.service),
        "integration": "service",
        "user_id": str(ann.user_id),
        "end_user_id": None,
        "account_id": None,
        "account_name": None,
        "status": "active",
    }
    deliveries = as_owner(
        fresh_world.urls, "SELECT id::text, endpoint_id, status FROM webhook_deliveries ORDER BY id"
    )
    assert [(endpoint, status) for _, endpoint, status in deliveries] == [(webhook, "pending")] * 4
    jobs = as_owner(fresh_world.urls, "SELECT args, queue_name FROM jobs.procrastinate_jobs ORDER BY id")
    assert jobs == [({"delivery_id": delivery_id}, "webhooks") for delivery_id, _, _ in deliveries]
    assert secret not in str(jobs) + str(found)


def test_a_new_connection_tells_its_account(fresh_world: World) -> None:
    ann = fresh_world.ann
    new_webhook(fresh_world, ann, ["connection.created"])
    as_app(
        fresh_world.urls,
        "SELECT app.create_connection(%s, %s, %s, NULL, '{}', '{}', '{}', NULL, p_account_id => '17',"
        " p_account_name => 'Ann', p_end_user_id => 'you', p_default_name => 'Ann')",
        ann.sealed_pass,
        ann.workspace_id,
        fresh_world.service,
    )
    ((_, data),) = events_of(fresh_world, ann)
    assert (data["account_id"], data["account_name"], data["end_user_id"]) == ("17", "Ann", "you")


@pytest.mark.parametrize(
    ("status", "expected"), [("error", 1), ("unknown", 1), ("success", 0), ("refused", 0)]
)
def test_an_execution_that_failed(fresh_world: World, status: str, expected: int) -> None:
    ann = fresh_world.ann
    new_webhook(fresh_world, ann)
    fail(fresh_world, ann, status, fresh_world.connections["ann"])
    found = events_of(fresh_world, ann)
    assert [kind for kind, _ in found] == ["execution.failed"] * expected
    for _, data in found:
        assert (data["status"], data["error_code"], data["status_code"]) == (status, "upstream_error", 500)
        assert data["connection_id"] == str(fresh_world.connections["ann"])
        assert "payload" not in str(data)


def test_a_log_partition_of_a_month_to_come_tells_of_failures_too(fresh_world: World) -> None:
    new_webhook(fresh_world, fresh_world.ann)
    as_owner(fresh_world.urls, "SELECT app.create_log_partition((now() + interval '9 months')::date)")
    as_owner(
        fresh_world.urls,
        "INSERT INTO api_logs (id, executed_at, status, organization_id, deadline)"
        " VALUES (app.uuid_v7(), now() + interval '9 months', 'started', %s, now())",
        fresh_world.ann.organization_id,
    )
    as_owner(fresh_world.urls, "UPDATE api_logs SET status = 'error' WHERE executed_at > now()")
    assert len(events_of(fresh_world, fresh_world.ann)) == 1


def test_what_is_rolled_back_has_not_happened(fresh_world: World) -> None:
    new_webhook(fresh_world, fresh_world.ann)
    with psycopg.connect(fresh_world.urls.admin) as owner:
        owner.execute("DELETE FROM connections WHERE id = %s", [fresh_world.connections["ann"]])
        assert owner.execute("SELECT count(*) FROM jobs.procrastinate_jobs").fetchone() == (1,)
        owner.rollback()
    assert as_owner(fresh_world.urls, "SELECT count(*) FROM jobs.procrastinate_jobs") == [(0,)]
    assert events_of(fresh_world, fresh_world.ann) == []


def test_an_organization_goes_with_its_events_and_a_workspace_without(fresh_world: World) -> None:
    ann = fresh_world.ann
    new_webhook(fresh_world, ann)
    as_owner(fresh_world.urls, "DELETE FROM workspaces WHERE id = %s", ann.workspace_id)
    assert {kind for kind, _ in events_of(fresh_world, ann)} == {"connection.deleted"}
    as_owner(fresh_world.urls, "DELETE FROM organizations WHERE id = %s", ann.organization_id)
    for table in ("events", "webhook_endpoints", "webhook_secrets", "webhook_deliveries"):
        with psycopg.connect(fresh_world.urls.admin) as owner:
            assert owner.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,)


def _seen(app: Connection, person: Person, table: str) -> int:
    with app.transaction():
        app.execute("SELECT set_config('portway.pass', %s, true)", [person.sealed_pass])
        row = app.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_only_those_who_administer_the_organization_see_them(world: World, app: Connection) -> None:
    webhook, _ = new_webhook(world, world.ann)
    as_app(world.urls, "SELECT app.test_webhook_endpoint(%s, %s)", world.ann.sealed_pass, webhook)
    delivery = as_owner(world.urls, "SELECT id FROM webhook_deliveries WHERE endpoint_id = %s", webhook)[0][0]
    with psycopg.connect(world.urls.worker, autocommit=True) as worker:
        assert worker.execute("SELECT url FROM app.begin_delivery(%s)", [delivery]).fetchall()
        worker.execute(
            "SELECT app.record_delivery_attempt(%s, now(), 1, 'delivered', 200, NULL, 'ok', NULL)", [delivery]
        )
    tables = ("webhook_endpoints", "events", "webhook_deliveries", "webhook_attempts")
    for table in tables:
        assert _seen(app, world.ann, table) == 1
        for person in (world.mia, world.vic, world.bob):  # a member, a viewer, a stranger
            assert _seen(app, person, table) == 0, (table, person.email)
        with app.transaction():
            app.execute("SELECT set_config('portway.pass', '', true)")
            assert app.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,)


@pytest.mark.parametrize("name", ["mia", "vic", "bob"])
def test_nobody_else_changes_them(world: World, app: Connection, name: str) -> None:
    webhook, _ = new_webhook(world, world.ann)
    person: Person = getattr(world, name)
    mine, ours = (person.sealed_pass, webhook), (person.sealed_pass, world.ann.organization_id)
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute(
            "SELECT app.create_webhook_endpoint(%s, %s, 'https://x.example/', NULL, '{execution.failed}')",
            ours,
        )
    for call in ("rotate_webhook_secret(%s, %s)", "test_webhook_endpoint(%s, %s)"):
        with pytest.raises(errors.NoDataFound):
            app.execute(f"SELECT app.{call}".encode(), mine)
    with pytest.raises(errors.NoDataFound):
        app.execute("SELECT app.replay_webhook_delivery(%s, %s, %s)", [*mine, webhook])
    with app.transaction():
        app.execute("SELECT set_config('portway.pass', %s, true)", [person.sealed_pass])
        for statement in (
            "UPDATE webhook_endpoints SET url = 'https://evil.example/' WHERE id = %s",
            "DELETE FROM webhook_endpoints WHERE id = %s",
        ):
            assert app.execute(statement.encode(), [webhook]).rowcount == 0


def test_servers_read_no_secret_and_send_nothing_by_themselves(world: World, app: Connection) -> None:
    """An injection in the gateway runs as portway_app, maybe with somebody's pass."""
    webhook, secret = new_webhook(world, world.ann)
    (stored,) = as_owner(
        world.urls, "SELECT encrypted_value FROM webhook_secrets WHERE endpoint_id = %s", webhook
    )
    assert secret.encode() not in stored[0]
    for statement in (
        "SELECT encrypted_value FROM webhook_secrets",
        "SELECT * FROM app.begin_delivery(app.uuid_v7())",
        "SELECT app.tidy_events()",
        "SELECT app.add_webhook_secret(app.uuid_v7())",
        "SELECT app.record_event('x', NULL, NULL, '{}', '{}')",
        "SELECT app.defer_delivery(app.uuid_v7(), NULL)",
        "SELECT * FROM jobs.procrastinate_jobs",
        "SELECT jobs.procrastinate_register_worker_v1()",
    ):
        with app.transaction(force_rollback=True):
            app.execute("SELECT set_config('portway.pass', %s, true)", [world.ann.sealed_pass])
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(statement.encode())


def test_a_replaced_secret_signs_for_a_day_beside_the_new_one(fresh_world: World) -> None:
    ann = fresh_world.ann
    webhook, first = new_webhook(fresh_world, ann)

    def rotate() -> str:
        new: str = as_app(
            fresh_world.urls, "SELECT app.rotate_webhook_secret(%s, %s)", ann.sealed_pass, webhook
        )[0][0]
        return new

    def signing() -> list[str]:
        delivery = as_app(
            fresh_world.urls, "SELECT app.test_webhook_endpoint(%s, %s)", ann.sealed_pass, webhook
        )[0][0]
        with psycopg.connect(fresh_world.urls.worker, autocommit=True) as worker:
            row = worker.execute("SELECT secrets FROM app.begin_delivery(%s)", [delivery]).fetchone()
        assert row is not None
        return list(row[0])

    assert signing() == [first]
    second = rotate()
    assert signing() == [second, first]
    third = rotate()
    assert signing() == [third, second]
    as_owner(fresh_world.urls, "UPDATE webhook_secrets SET expires_at = now() WHERE expires_at IS NOT NULL")
    assert signing() == [third]


def test_a_secret_that_was_tampered_with_signs_nothing(fresh_world: World) -> None:
    """A ciphertext of another webhook does not open here."""
    webhook, _ = new_webhook(fresh_world, fresh_world.ann)
    other, _ = new_webhook(fresh_world, fresh_world.bob)
    as_owner(
        fresh_world.urls,
        "UPDATE webhook_secrets AS s SET encrypted_value = o.encrypted_value FROM webhook_secrets AS o"
        " WHERE s.endpoint_id = %s AND o.endpoint_id = %s",
        webhook,
        other,
    )
    delivery = as_app(
        fresh_world.urls, "SELECT app.test_webhook_endpoint(%s, %s)", fresh_world.ann.sealed_pass, webhook
    )[0][0]
    with psycopg.connect(fresh_world.urls.worker, autocommit=True) as worker:
        assert worker.execute("SELECT * FROM app.begin_delivery(%s)", [delivery]).fetchall() == []
    assert as_owner(fresh_world.urls, "SELECT status, error FROM webhook_deliveries WHERE id = %s", delivery) == [
        ("failed", "secret_unreadable")
    ]  # fmt: skip


def test_a_slow_endpoint_keeps_no_more_than_eight_busy(fresh_world: World) -> None:
    webhook, _ = new_webhook(fresh_world, fresh_world.ann)
    ids = [
        as_app(
            fresh_world.urls, "SELECT app.test_webhook_endpoint(%s, %s)", fresh_world.ann.sealed_pass, webhook
        )[0][0]
        for _ in range(9)
    ]
    with psycopg.connect(fresh_world.urls.worker, autocommit=True) as worker:
        begun = [
            len(worker.execute("SELECT url FROM app.begin_delivery(%s)", [each]).fetchall()) for each in ids
        ]
    assert begun == [1] * 8 + [0]
    later = as_owner(
        fresh_world.urls,
        "SELECT args ->> 'delivery_id' FROM jobs.procrastinate_jobs WHERE scheduled_at > now()",
    )
    assert later == [(str(ids[-1]),)]


def test_old_events_go_and_lost_jobs_are_taken_up(fresh_world: World) -> None:
    new_webhook(fresh_world, fresh_world.ann)
    fail(fresh_world, fresh_world.ann)
    new_connection(fresh_world.urls, fresh_world.ann, fresh_world.service)
    as_owner(
        fresh_world.urls,
        "UPDATE events SET occurred_at = now() - interval '31 days' WHERE type = 'execution.failed'",
    )
    as_owner(fresh_world.urls, "DELETE FROM jobs.procrastinate_jobs")
    as_owner(fresh_world.urls, "UPDATE webhook_deliveries SET next_attempt_at = now() - interval '2 hours'")
    with psycopg.connect(fresh_world.urls.worker, autocommit=True) as worker:
        assert worker.execute("SELECT app.tidy_events()").fetchone() == (1,)
    assert [kind for kind, _ in events_of(fresh_world, fresh_world.ann)] == ["connection.created"]
    assert as_owner(fresh_world.urls, "SELECT count(*) FROM jobs.procrastinate_jobs") == [(1,)]
