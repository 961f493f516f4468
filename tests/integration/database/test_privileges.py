"""Who may do what with each table and each function: everything that is there is named here, and tried."""

import re
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.database.conftest import Connection, World

SCHEMAS = ["public", "app", "keyring", "extensions"]

# Role, table, and what the role may do with it. Nothing else.
TABLES: dict[str, dict[str, str]] = {
    "portway_app": {
        "app.job_migrations": "SELECT",
        "app.migrations": "SELECT",
        "public.actions": (
            "SELECT, INSERT (integration_id, name, slug, http_method, endpoint_path, description, request_schema,"
            " transform_config, scopes, handler, timeout_ms, rate_limits, imported), UPDATE (name, http_method,"
            " endpoint_path, description, request_schema, transform_config, scopes, handler, timeout_ms, rate_limits,"
            " imported), DELETE"
        ),
        "public.api_keys": (
            "SELECT (id, user_id, workspace_id, name, prefix, scopes, created_at, expires_at, last_used_at,"
            " revoked_at, rate_limits), UPDATE (revoked_at)"
        ),
        "public.api_logs": (
            "SELECT (id, executed_at, status, user_id, organization_id, workspace_id, connection_id, integration_id,"
            " action_id, request_payload, response_payload, payload_truncated, status_code, error_code, duration_ms,"
            " attempts, deadline)"
        ),
        "public.connect_links": (
            "SELECT (id, user_id, organization_id, workspace_id, integration_id, connection_id, reconnect,"
            " end_user_id, name, scopes, config, oauth_client, return_url, created_at, expires_at, opened_at,"
            " used_at, revoked_at), UPDATE (revoked_at)"
        ),
        "public.connections": "SELECT, UPDATE (name)",
        "public.encrypted_credentials": (
            "SELECT (connection_id, workspace_id, credential_type, key_id, expires_at, updated_at, for_renewal)"
        ),
        "public.events": "SELECT",
        "public.integrations": (
            "SELECT, INSERT (organization_id, name, slug, base_url, auth_type, auth_config, description, category,"
            " documentation_url, transform_config, rate_limits, imported, website), UPDATE (name, base_url,"
            " auth_type, auth_config, description, category, documentation_url, transform_config, rate_limits,"
            " imported, website), DELETE"
        ),
        "public.invitations": (
            "SELECT (id, organization_id, workspace_id, email, role, mailed, invited_by, created_at, expires_at,"
            " accepted_at), DELETE"
        ),
        "public.oauth_clients": (
            "SELECT (organization_id, integration_id, client_id, key_id, created_at, updated_at, id, name,"
            " replaced_at), DELETE"
        ),
        "public.organization_members": "SELECT, UPDATE (role), DELETE",
        "public.organizations": "SELECT, UPDATE (name), DELETE",
        "public.usage_by_action": "SELECT",
        "public.usage_by_connection": "SELECT",
        "public.users": "SELECT (id, email, name, email_verified_at, created_at), UPDATE (name)",
        "public.webhook_attempts": "SELECT",
        "public.webhook_deliveries": "SELECT",
        "public.webhook_endpoints": (
            "SELECT, UPDATE (url, description, events, disabled_at, disabled_reason, failing_since), DELETE"
        ),
        "public.workspace_members": (
            "SELECT, INSERT (workspace_id, organization_id, user_id, role), UPDATE (role), DELETE"
        ),
        "public.workspaces": "SELECT, UPDATE (name), DELETE",
    },
    "portway_definer": {
        "public.actions": "SELECT",
        "public.api_keys": "SELECT, INSERT, UPDATE",
        "public.api_logs": "SELECT, INSERT, UPDATE",
        "public.connect_links": "SELECT, INSERT, UPDATE, DELETE",
        "public.connections": "SELECT, INSERT, UPDATE, DELETE",
        "public.encrypted_credentials": "SELECT, INSERT, UPDATE, DELETE",
        "public.events": "SELECT, INSERT, UPDATE, DELETE",
        "public.idempotency_keys": "SELECT, INSERT, UPDATE, DELETE",
        "public.integrations": "SELECT",
        "public.invitations": "SELECT, INSERT, UPDATE, DELETE",
        "public.oauth_authorizations": "SELECT, INSERT, UPDATE, DELETE",
        "public.oauth_clients": "SELECT, INSERT, UPDATE, DELETE",
        "public.one_time_tokens": "SELECT, INSERT, DELETE",
        "public.organization_members": "SELECT, INSERT, UPDATE",
        "public.organizations": "SELECT, INSERT, UPDATE",
        "public.refresh_leases": "SELECT, INSERT, UPDATE, DELETE",
        "public.sessions": "SELECT, INSERT, UPDATE, DELETE",
        "public.unfinished_usage": "SELECT, INSERT, UPDATE, DELETE",
        "public.usage_by_action": "SELECT, INSERT, UPDATE, DELETE",
        "public.usage_by_connection": "SELECT, INSERT, UPDATE, DELETE",
        "public.usage_progress": "SELECT, INSERT, UPDATE, DELETE",
        "public.user_identities": "SELECT, INSERT, UPDATE, DELETE",
        "public.users": "SELECT, INSERT, UPDATE",
        "public.webhook_attempts": "SELECT, INSERT, UPDATE, DELETE",
        "public.webhook_deliveries": "SELECT, INSERT, UPDATE, DELETE",
        "public.webhook_endpoints": "SELECT, INSERT, UPDATE, DELETE",
        "public.webhook_secrets": "SELECT, INSERT, UPDATE, DELETE",
        "public.workspace_members": "SELECT, INSERT, UPDATE",
        "public.workspaces": "SELECT, INSERT, UPDATE",
    },
    "portway_keyring": {
        f"keyring.{table}": "SELECT, INSERT, UPDATE, DELETE, TRUNCATE"
        for table in ("jwt_issuers", "keys", "master_key")
    },
    "portway_sign_in": {},
    "portway_worker": {},
    "test_stranger": {},
}

# Functions by name: none is overloaded. What a role may call, beside what every role may of PostgreSQL's own.
FUNCTIONS: dict[str, str] = {
    "portway_app": """
        app.accept_invitation app.administered_organizations app.administered_workspaces app.authenticate
        app.authorization_integration app.begin_authorization app.change_password app.close_executions
        app.complete_authorization
        app.create_api_key app.create_connect_link app.create_connection app.create_invitation
        app.create_log_partitions app.create_organization app.create_webhook_endpoint app.create_workspace
        app.current_organizations app.current_user_id app.current_workspaces app.delete_connection
        app.delete_expired app.describe_session app.drop_expired_log_partitions app.end_own_session
        app.erase_payloads app.executed_recently
        app.has_password app.has_scope app.has_users app.own_sessions app.own_oauth_clients app.renew_invitation
        app.lease_refresh
        app.mark_reauthorization_required app.mark_unfinished_executions app.oauth_client
        app.open_connect_link app.open_executions app.owned_organizations app.owned_workspaces
        app.password_parameters app.refresh_session app.release_refresh app.remove_oauth_client app.renew_lease
        app.replace_secret app.roll_up_usage app.usage_state app.duration_mark
        app.replay_webhook_delivery app.reset_password app.rotate_webhook_secret app.search_actions
        app.search_document app.search_integrations app.sensitive_parameters
        app.set_connection_disabled app.set_oauth_client app.sign_in app.sign_out app.sign_up
        app.store_refresh app.take_authorization app.test_webhook_endpoint app.uuid_v7 app.uuid_v7_time
        app.verify_email app.visible_users app.workspace_limit
    """,
    "portway_sign_in": "app.create_email_token app.register_outside_session app.start_outside_session",
    "portway_worker": "app.begin_delivery app.lease_due_renewals app.record_delivery_attempt app.tidy_events",
    "test_stranger": "",
}
# Keys stay among the keyring's own functions: what portway_definer may call takes and gives no key.
KEYRING_FOR_DEFINER = """
    keyring.base64url keyring.decrypt keyring.decrypt_all keyring.encrypt keyring.open_seal keyring.open_seals
    keyring.seal keyring.sign_jwt keyring.steady_hash keyring.verify_jwt
"""

COMMANDS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")


@contextmanager
def _stranger(superuser: Connection, urls: DatabaseUrls) -> Iterator[str]:
    """The URL of a role that has only what PUBLIC has."""
    password = secrets.token_hex(8)
    superuser.execute("DROP ROLE IF EXISTS test_stranger")
    superuser.execute(sql.SQL("CREATE ROLE test_stranger LOGIN PASSWORD {}").format(password))
    try:
        head, _, tail = urls.app.partition("portway_app:")
        yield f"{head}test_stranger:{password}@{tail.partition('@')[2]}"
    finally:
        superuser.execute("DROP OWNED BY test_stranger")
        superuser.execute("DROP ROLE test_stranger")


@pytest.fixture(scope="module")
def stranger_url(superuser: Connection, database_urls: DatabaseUrls) -> Iterator[str]:
    with _stranger(superuser, database_urls) as url:
        yield url


@pytest.fixture(scope="module")
def logins(
    superuser: Connection, world: World, stranger_url: str, app: Connection
) -> Iterator[dict[str, Connection]]:
    """A connection of each role that can have one."""
    with pytest.raises(psycopg.OperationalError, match="does not have CONNECT privilege"):
        psycopg.connect(stranger_url)
    database = sql.Identifier(world.urls.database)
    superuser.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO test_stranger").format(database))
    with (
        psycopg.connect(world.urls.sign_in, autocommit=True) as sign_in,
        psycopg.connect(world.urls.worker, autocommit=True) as worker,
        psycopg.connect(stranger_url, autocommit=True) as stranger,
    ):
        yield {
            "portway_app": app,
            "portway_sign_in": sign_in,
            "portway_worker": worker,
            "test_stranger": stranger,
        }


def _tables(superuser: Connection, *, partitions: bool) -> list[str]:
    found = superuser.execute(
        "SELECT format('%%s.%%s', n.nspname, c.relname) FROM pg_class AS c"
        " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = ANY (%s)"
        " AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND (%s OR NOT c.relispartition)",
        [SCHEMAS, partitions],
    )
    return [name for (name,) in found]


def _functions(superuser: Connection) -> dict[str, list[str]]:
    superuser.execute("SET search_path = ''")  # so that types are shown with their schema
    found = superuser.execute(
        "SELECT format('%%s.%%s', n.nspname, p.proname), p.proargtypes::oid[]::regtype[]::text[]"
        " FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = ANY (%s)"
        " AND p.prokind = 'f' AND p.prorettype <> 'trigger'::regtype",  # which nobody can call
        [SCHEMAS],
    ).fetchall()
    names = Counter(name for name, _ in found if not name.startswith("extensions."))
    # Whoever may call one of a name may call all: these serve the release before.
    overloaded = {name for name, count in names.items() if count > 1}
    assert overloaded == {"app.open_executions", "app.close_executions"}
    return {f"{name}({', '.join(types)})": types for name, types in found}


def _held(superuser: Connection, role: str, table: str) -> str:
    held = []
    for command in COMMANDS:
        if _one(superuser, "SELECT has_table_privilege(%s, %s, %s)", role, table, command):
            held.append(command)
        elif command in ("SELECT", "INSERT", "UPDATE"):
            columns = _one(
                superuser,
                "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute"
                " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
                " AND has_column_privilege(%s, attrelid, attnum, %s)",
                table,
                role,
                command,
            )
            held += [f"{command} ({columns})"] if columns else []
    return ", ".join(held)


def _one(connection: Connection, statement: str, *values: Any) -> Any:
    row = connection.execute(statement.encode(), values).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("role", TABLES)
def test_tables(superuser: Connection, logins: dict[str, Connection], role: str) -> None:
    del logins
    held = {table: _held(superuser, role, table) for table in _tables(superuser, partitions=True)}
    assert {table: privileges for table, privileges in held.items() if privileges} == TABLES[role]


@pytest.mark.parametrize("role", FUNCTIONS)
def test_functions(superuser: Connection, logins: dict[str, Connection], role: str) -> None:
    del logins
    assert _callable(superuser, role) == set(FUNCTIONS[role].split())


def test_the_keyring_gives_nobody_a_key(superuser: Connection) -> None:
    keyring = {name for name in _callable(superuser, "portway_definer") if name.startswith("keyring.")}
    assert keyring == set(KEYRING_FOR_DEFINER.split())


def _callable(superuser: Connection, role: str) -> set[str]:
    found = superuser.execute(
        "SELECT format('%%s.%%s', n.nspname, p.proname) FROM pg_proc AS p"
        " JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = ANY (%s)"
        " AND has_schema_privilege(%s, n.oid, 'USAGE') AND has_function_privilege(%s, p.oid, 'EXECUTE')"
        " AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')",
        [SCHEMAS, role, role],
    )
    return {name for (name,) in found}


@pytest.mark.parametrize("role", FUNCTIONS)
def test_every_table_tried(superuser: Connection, logins: dict[str, Connection], role: str) -> None:
    """Without a pass each command is refused, or finds nothing."""
    for table in _tables(superuser, partitions=True):
        if table in ("app.migrations", "app.job_migrations"):  # hold nothing of anybody's
            continue
        column = _one(
            superuser,
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " ORDER BY has_column_privilege(%s, attrelid, attnum, 'UPDATE') DESC, attnum LIMIT 1",
            table,
            role if _held(superuser, role, table) else "portway_owner",
        )
        # For some columns or for all; to select * it must be all.
        allowed = dict(re.findall(r"([A-Z]+)( \(.*?\))?", TABLES[role].get(table, "")))
        if columns := allowed.get("SELECT"):
            del allowed["SELECT"]
            assert _attempt(logins[role], f"SELECT {columns.strip(' ()')} FROM {table}") == "nothing", table
        for command, statement in {
            "SELECT": f"SELECT * FROM {table}",
            "INSERT": f"INSERT INTO {table} DEFAULT VALUES",
            "UPDATE": f"UPDATE {table} SET {column} = NULL",
            "DELETE": f"DELETE FROM {table}",
            "TRUNCATE": f"TRUNCATE {table}",
        }.items():
            outcome = _attempt(logins[role], statement)
            if command in allowed:
                # A global integration makes a shipped one step aside, which its trigger may not do for servers.
                wanted = (
                    ("denied",)
                    if (table, command) == ("public.integrations", "INSERT")
                    else ("nothing", "violates")
                )
                assert outcome in wanted, (table, command)
            else:
                assert outcome == "denied", (table, command)


def _attempt(connection: Connection, statement: str) -> str:
    with connection.transaction(force_rollback=True):
        try:
            with connection.transaction():
                cursor = connection.execute(statement.encode())
        except errors.InsufficientPrivilege as error:
            message = error.diag.message_primary or ""
            return "denied" if message.startswith("permission denied") else "violates"
        except errors.NotNullViolation:
            return "violates"
        return f"{cursor.rowcount} rows" if cursor.rowcount else "nothing"


# The planner knows the first's answer to NULL without calling it, and writes the second's into the statement.
STRICT = {"app.uuid_v7_time", "app.duration_mark"}
# What these answer to nothing but NULLs says nothing about anybody.
HARMLESS = {
    "app.uuid_v7",
    "app.has_users",
    "app.create_log_partitions",
    "app.roll_up_usage",
    "app.usage_state",
}


@pytest.mark.parametrize("role", FUNCTIONS)
def test_every_function_tried(superuser: Connection, logins: dict[str, Connection], role: str) -> None:
    """Called with NULLs, each is refused or answers nothing, by its own doing."""
    for signature, types in _functions(superuser).items():
        if "internal" in types:  # of an index; no SQL can call it
            continue
        name = signature.partition("(")[0]
        schema, _, function = name.partition(".")
        call = f'{schema}."{function}"({", ".join(f"NULL::{kind}" for kind in types)})'
        with logins[role].transaction(force_rollback=True):
            denied, answer = _call(logins[role], call)
        if name not in FUNCTIONS[role].split():
            assert denied or name in STRICT, signature
        else:
            assert not denied, signature
            assert name in HARMLESS or not any(answer), (signature, answer)


def _call(connection: Connection, call: str) -> tuple[bool, tuple[Any, ...]]:
    try:
        with connection.transaction():
            rows = connection.execute(f"SELECT * FROM {call}".encode()).fetchall()
    except errors.InsufficientPrivilege as error:
        return (error.diag.message_primary or "").startswith("permission denied"), ()
    except (
        errors.InvalidAuthorizationSpecification,
        errors.NoDataFound,
        errors.RaiseException,
        errors.NotNullViolation,
        psycopg.DataError,
    ):
        return False, ()
    return False, tuple(
        value for row in rows for value in row if value not in (b"", "", "refused", [], False, 0)
    )


@pytest.mark.parametrize(
    ("role", "privileges"),
    [
        ("portway_app", set()),
        ("portway_sign_in", set()),
        ("test_stranger", set()),
        ("portway_definer", {("procrastinate_jobs", "INSERT"), ("procrastinate_events", "INSERT")}),
    ],
)
def test_the_job_queue_is_the_workers(
    superuser: Connection, logins: dict[str, Connection], role: str, privileges: set[tuple[str, str]]
) -> None:
    """Triggers, as portway_definer, may add to it; nobody else knows of it."""
    del logins
    tables = [
        name for (name,) in superuser.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'jobs'")
    ]
    assert "procrastinate_jobs" in tables
    assert {
        (table, command)
        for table in tables
        for command in COMMANDS
        if _one(superuser, "SELECT has_table_privilege(%s, %s, %s)", role, f"jobs.{table}", command)
    } == privileges
    assert _one(superuser, "SELECT has_schema_privilege(%s, 'jobs', 'USAGE')", role) is bool(privileges)
    assert _one(superuser, "SELECT has_schema_privilege(%s, 'jobs', 'CREATE')", "portway_worker") is False


@pytest.mark.parametrize("partition", ["api_logs"])
def test_partitions_are_not_a_way_in(world: World, app: Connection, partition: str) -> None:
    names = app.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [partition]
    ).fetchall()
    assert len(names) >= 4
    for (name,) in names:
        with app.transaction(force_rollback=True):
            app.execute("SELECT set_config('portway.pass', %s, true)", [world.ann.sealed_pass])
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(f"SELECT id FROM {name}".encode())


def test_every_table_has_forced_row_level_security(superuser: Connection) -> None:
    lacking = superuser.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT (relrowsecurity AND relforcerowsecurity)"
    ).fetchall()
    assert lacking == []


def test_definer_functions_pin_their_search_path(superuser: Connection) -> None:
    loose = superuser.execute(
        "SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE p.prosecdef"
        " AND p.pronamespace = ANY (%s::text[]::regnamespace[])"
        " AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c WHERE c ~ '^search_path=.*pg_temp$')",
        [SCHEMAS],
    ).fetchall()
    assert loose == []


def test_no_server_role_is_a_member_of_another_or_stands_above_the_policies(superuser: Connection) -> None:
    roles = superuser.execute(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,"
        " (SELECT count(*) FROM pg_auth_members AS m WHERE m.member = r.oid)"
        " FROM pg_roles AS r WHERE rolname = ANY (%s)",
        [["portway_app", "portway_sign_in", "portway_worker", "portway_definer"]],
    ).fetchall()
    assert sorted(roles) == [
        (name, False, False, False, False, False, 0)
        for name in ("portway_app", "portway_definer", "portway_sign_in", "portway_worker")
    ]


@pytest.mark.parametrize("role", ["portway_definer", "portway_keyring"])
def test_the_inner_roles_cannot_log_in(world: World, superuser: Connection, role: str) -> None:
    assert _one(superuser, "SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", role) is False
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(world.urls.app.replace("portway_app:", f"{role}:"))
