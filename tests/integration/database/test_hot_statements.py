"""What every execution runs, planned at a size where it matters: each row is found by an index, in one partition."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.database.conftest import Connection, World, make_world
from tests.integration.database.executions import Opened, close_one, open_batch

# A hundred thousand connections of a fifth as many users, a catalog, and a year of the log, of which this month has its
# part on its first day, too. Triggers and foreign keys are left out for speed.
_GROW: LiteralString = """
SET session_replication_role = replica;
INSERT INTO users (id, email) SELECT md5('user ' || i)::uuid, i || '@example.com' FROM generate_series(1, 20000) AS i;
INSERT INTO workspace_members (workspace_id, organization_id, user_id, role)
SELECT md5('workspace ' || i)::uuid, md5('organization ' || i)::uuid, md5('user ' || i)::uuid, 'owner'
FROM generate_series(1, 20000) AS i;
INSERT INTO api_keys (user_id, name, prefix, key_hash, scopes)
SELECT md5('user ' || i)::uuid, 'key', 'pw_', sha256(i::text::bytea), ARRAY['execute']
FROM generate_series(1, 20000) AS i;
INSERT INTO sessions (user_id, expires_at)
SELECT md5('user ' || i)::uuid, now() + interval '1 day' FROM generate_series(1, 20000) AS i;
INSERT INTO integrations (id, name, slug, base_url, auth_type)
SELECT md5('integration ' || i)::uuid, 'Service', 'service-' || i, 'https://api.example.com', 'bearer'
FROM generate_series(1, 1000) AS i;
INSERT INTO actions (integration_id, name, slug)
SELECT md5('integration ' || i)::uuid, 'Action', 'action-' || a
FROM generate_series(1, 1000) AS i, generate_series(1, 20) AS a;
INSERT INTO connections (id, user_id, integration_id, organization_id, workspace_id, name)
SELECT md5('connection ' || i)::uuid, md5('user ' || i % 20000 + 1)::uuid, md5('integration ' || i % 1000 + 1)::uuid,
    md5('organization ' || i % 20000 + 1)::uuid, md5('workspace ' || i % 20000 + 1)::uuid, 'Account'
FROM generate_series(1, 100000) AS i;
INSERT INTO encrypted_credentials (connection_id, workspace_id, credential_type, encrypted_value, key_id)
SELECT md5('connection ' || i)::uuid, md5('workspace ' || i % 20000 + 1)::uuid, 'token', sha256(i::text::bytea), 1
FROM generate_series(1, 100000) AS i;
INSERT INTO idempotency_keys (user_id, key, request_hash, execution_id, deadline, expires_at)
SELECT md5('user ' || i)::uuid, 'key', '', gen_random_uuid(), now(), now() + interval '1 day'
FROM generate_series(1, 20000) AS i;
SELECT app.create_log_partition((now() - make_interval(months => m))::date) FROM generate_series(1, 12) AS m;
INSERT INTO api_logs (id, executed_at, status, user_id, workspace_id, connection_id, deadline)
SELECT gen_random_uuid(), now() - make_interval(mins => 5 * greatest(i - 8000, 0)), 'success',
    md5('user ' || i % 20000 + 1)::uuid, md5('workspace ' || i % 20000 + 1)::uuid, md5('connection ' || i)::uuid, now()
FROM generate_series(1, 100000) AS i;
RESET session_replication_role;
ANALYZE;
"""

# Of a row or few, in any database.
SMALL = {"keys", "master_key"}


@pytest.fixture(scope="module")
def large(database_urls: DatabaseUrls) -> World:
    """Ann and the others among a hundred thousand."""
    with psycopg.connect(database_urls.superuser, autocommit=True) as connection:
        connection.execute(_GROW)
    return make_world(database_urls)


class Explained:
    """A session whose statements are explained as they run, those within functions, too."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._messages: list[str] = []
        connection.execute("LOAD 'auto_explain'")
        for setting, value in (
            ("auto_explain.log_min_duration", "0"), ("auto_explain.log_nested_statements", "on"),
            ("auto_explain.log_format", "json"), ("auto_explain.log_analyze", "on"),
            ("auto_explain.log_timing", "off"), ("client_min_messages", "log"),
        ):  # fmt: skip
            connection.execute("SELECT set_config(%s, %s, false)", [setting, value])
        connection.add_notice_handler(lambda notice: self._messages.append(notice.message_primary or ""))
        self._messages.clear()

    def plans(self) -> list[dict[str, Any]]:
        """What ran since the last time: every node of every plan."""
        found = [json.loads(message.partition("plan:\n")[2]) for message in self._messages]
        self._messages.clear()
        return [node for plan in found for node in _nodes(plan["Plan"])]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


@pytest.fixture
def explained(large: World) -> Iterator[Explained]:
    with psycopg.connect(large.urls.superuser, autocommit=True) as connection:
        yield Explained(connection)


def by_indexes_alone(nodes: list[dict[str, Any]]) -> None:
    read = [node for node in nodes if "Relation Name" in node and node["Node Type"] != "ModifyTable"]
    scans = {(node["Node Type"], node["Relation Name"]) for node in read}
    kinds = {kind for kind, relation in scans if relation not in SMALL}
    assert kinds <= {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}, scans
    # An index that finds rows for a filter to remove is the wrong one; a filter on the row that was looked for is not.
    assert (
        max(node.get("Rows Removed by Filter", 0) for node in read if node["Relation Name"] not in SMALL) <= 1
    )
    # The policies of the definer's role name no function; those of the servers' role would, in InitPlans.
    assert "current_workspaces" not in json.dumps(nodes)
    assert "has_scope" not in json.dumps(nodes)


def batch(large: World, explained: Explained) -> list[Opened]:
    opened = open_batch(
        explained.connection,
        [large.asked(), large.asked("mia", key="key"), large.asked("bob", action="nope")],
    )
    assert [element.outcome for element in opened][::2] == ["granted", "not_found"]
    return opened


def test_opening(large: World, explained: Explained) -> None:
    batch(large, explained)
    nodes = explained.plans()
    by_indexes_alone(nodes)
    read = {node["Relation Name"] for node in nodes if node["Node Type"] == "Index Scan"}
    assert read >= {
        "users", "api_keys", "workspace_members", "connections", "integrations", "actions", "encrypted_credentials",
        "idempotency_keys",
    }  # fmt: skip


def test_what_forbids_sequential_scans_forbids_compiling_plans(superuser: Connection) -> None:
    """A scan that is forbidden and there all the same is planned as so dear that compiling would seem to pay."""
    rows = superuser.execute(
        "SELECT proname, proconfig FROM pg_proc WHERE 'enable_seqscan=off' = ANY (proconfig)"
    ).fetchall()
    assert {name for name, _ in rows} == {"open_executions", "close_executions"}
    assert all("jit=off" in settings for _, settings in rows)


def test_closing_opens_one_partition(large: World, explained: Explained) -> None:
    opened = batch(large, explained)[0]
    explained.plans()
    assert close_one(explained.connection, opened, answer="{}") == 1
    nodes = explained.plans()
    by_indexes_alone(nodes)
    logs = {node.get("Relation Name") for node in nodes if node["Node Type"] != "ModifyTable"} & partitions(
        large
    )
    assert logs == {f"api_logs_{datetime.now(UTC):%Y_%m}"}


def test_a_pass_for_a_key(large: World, explained: Explained) -> None:
    found = explained.connection.execute(
        "SELECT user_id FROM app.authenticate(%s, 'closed')", [large.ann.api_key]
    ).fetchall()
    assert found == [(large.ann.user_id,)]
    by_indexes_alone(explained.plans())


def test_closing_updates_in_place(large: World) -> None:
    with psycopg.connect(large.urls.superuser, autocommit=True) as connection:
        for _ in range(20):
            opened = open_batch(connection, [large.asked()])[0]
            assert close_one(connection, opened, response={"a": "b" * 200}) == 1
        connection.execute("SELECT pg_stat_force_next_flush()")
        updated = connection.execute(
            "SELECT sum(n_tup_upd), sum(n_tup_hot_upd) FROM pg_stat_user_tables WHERE relname LIKE 'api_logs%'"
        ).fetchone()
    assert updated is not None
    assert updated[0] == updated[1] >= 20


def partitions(large: World) -> set[str]:
    with psycopg.connect(large.urls.superuser) as connection:
        return {
            name
            for (name,) in connection.execute(
                "SELECT relid::regclass::text FROM pg_partition_tree('api_logs') WHERE isleaf"
            )
        }
