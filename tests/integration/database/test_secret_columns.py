"""Secrets, keys and files: every way to them that SQL offers to the servers' role is closed."""

from typing import LiteralString

import psycopg
import pytest
from psycopg import errors

from tests.integration.database.conftest import Connection, World

# With a genuine pass of the owner of the very credentials.
REFUSED: list[LiteralString] = [
    # The secret column, however it is asked for.
    "SELECT encrypted_value FROM encrypted_credentials",
    "SELECT * FROM encrypted_credentials",
    "SELECT e FROM encrypted_credentials AS e",
    "SELECT (e).encrypted_value FROM encrypted_credentials AS e",
    "SELECT e.*::text FROM encrypted_credentials AS e",
    "SELECT to_jsonb(e) FROM encrypted_credentials AS e",
    "SELECT key_id FROM encrypted_credentials WHERE encrypted_value > '\\x00'",
    "SELECT key_id FROM encrypted_credentials ORDER BY encrypted_value",
    "SELECT count(*) FROM encrypted_credentials GROUP BY encrypted_value",
    "SELECT 1 FROM encrypted_credentials AS e JOIN encrypted_credentials AS f USING (encrypted_value)",
    "TABLE encrypted_credentials",
    "EXPLAIN SELECT encrypted_value FROM encrypted_credentials",
    "EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM encrypted_credentials",
    "COPY encrypted_credentials TO STDOUT",
    "COPY encrypted_credentials (encrypted_value) TO STDOUT",
    "COPY (SELECT encrypted_value FROM encrypted_credentials) TO STDOUT",
    "DELETE FROM encrypted_credentials RETURNING encrypted_value",
    "UPDATE encrypted_credentials SET expires_at = now() RETURNING encrypted_value",
    "INSERT INTO encrypted_credentials SELECT * FROM encrypted_credentials RETURNING encrypted_value",
    """INSERT INTO encrypted_credentials (connection_id, workspace_id, credential_type, encrypted_value, key_id)
    VALUES (gen_random_uuid(), gen_random_uuid(), 'token', '', 1)
    ON CONFLICT (connection_id, credential_type) DO UPDATE SET key_id = 1 RETURNING encrypted_credentials.*""",
    "MERGE INTO encrypted_credentials AS e USING (VALUES (1)) AS v ON true WHEN MATCHED THEN DELETE",
    "SELECT query_to_xml('SELECT encrypted_value FROM public.encrypted_credentials', true, true, '')",
    "SELECT table_to_xml('public.encrypted_credentials', true, true, '')",
    "SELECT schema_to_xml('keyring', true, true, '')",
    "DECLARE c CURSOR FOR SELECT encrypted_value FROM encrypted_credentials",
    "PREPARE p AS SELECT encrypted_value FROM encrypted_credentials; EXECUTE p",
    "DO 'BEGIN PERFORM encrypted_value FROM public.encrypted_credentials; END'",
    "LOCK TABLE encrypted_credentials IN SHARE MODE",
    "SELECT key_hash FROM api_keys",
    "SELECT password_verifier FROM users",
    "SELECT password_salt FROM users",
    "SELECT token_hash FROM invitations",
    "SELECT encrypted_client_secret FROM oauth_clients",
    "SELECT refresh_token_hash FROM sessions",
    "SELECT closing_key FROM api_logs",
    "SELECT * FROM api_logs",
    "SELECT * FROM one_time_tokens",
    "SELECT * FROM oauth_authorizations",
    "SELECT * FROM idempotency_keys",
    "SELECT * FROM user_identities",
    "SELECT * FROM refresh_leases",
    # Keys.
    "SELECT * FROM keyring.keys",
    "SELECT * FROM keyring.master_key",
    "SELECT * FROM keyring.jwt_issuers",
    "SELECT keyring.unwrap(1, 'seal')",
    "SELECT keyring.seal('{}')",
    "SELECT keyring.decrypt('', 1, gen_random_uuid(), 'token')",
    "SELECT keyring.sign_jwt('{}')",
    "SELECT app.read_secrets(gen_random_uuid())",
    "SELECT app.operator_pass(gen_random_uuid())",
    "SELECT app.create_session(gen_random_uuid())",
    "SELECT app.create_email_token('ann@example.com', 'reset_password')",
    "SELECT app.register_outside_session('i', 's', 'ann@example.com', true, 'n', 'h', now(), 'open')",
    "SELECT app.start_outside_session('i', 's', 'ann@example.com', true, 'n', 'open')",
    "SELECT app.own_account_claims('')",
    "SELECT app.outside_person('i', 's', 'ann@example.com', true)",
    "SELECT app.create_set_up_token()",
    "SELECT app.seal_user_pass(gen_random_uuid(), gen_random_uuid(), 'operator', NULL, '{}', now())",
    # The host's files and programs.
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT pg_read_binary_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT pg_stat_file('PG_VERSION')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT lo_create(0)",
    "SELECT lo_creat(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_export(1, '/tmp/portway-test')",
    "COPY connections TO '/tmp/portway-test'",
    "COPY connections TO PROGRAM 'cat'",
    "SELECT pg_current_logfile()",
    "SELECT * FROM pg_hba_file_rules",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_statistic",
    "SELECT * FROM pg_user_mapping",
    # Becoming somebody else, or staying.
    "SET ROLE portway_owner",
    "SET ROLE portway_definer",
    "SET ROLE portway_keyring",
    "SET SESSION AUTHORIZATION portway_owner",
    "SET LOCAL session_replication_role = replica",
    "ALTER ROLE portway_app BYPASSRLS",
    "ALTER ROLE portway_owner PASSWORD 'x'",
    "GRANT portway_owner TO portway_app",
    "CREATE ROLE intruder",
    "GRANT SELECT ON encrypted_credentials TO portway_app",
    "ALTER TABLE connections DISABLE ROW LEVEL SECURITY",
    "DROP POLICY read ON connections",
    "CREATE POLICY mine ON connections USING (true)",
    "CREATE TEMP TABLE t (c integer)",
    "CREATE TEMP VIEW v AS SELECT 1",
    "CREATE TABLE public.t (c integer)",
    "CREATE TABLE app.t (c integer)",
    "CREATE VIEW app.v AS SELECT encrypted_value FROM encrypted_credentials",
    "CREATE SCHEMA intruder",
    "CREATE FUNCTION app.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE OPERATOR public.<<< (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)",
    "CREATE EXTENSION dblink",
    "CREATE TRIGGER t AFTER UPDATE ON connections FOR EACH ROW EXECUTE FUNCTION app.bump_version()",
    "ALTER FUNCTION app.current_user_id() OWNER TO portway_app",
    "CREATE OR REPLACE FUNCTION app.current_user_id() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
    "TRUNCATE api_logs",
    "UPDATE api_logs SET status = 'success'",
    "DELETE FROM api_logs",
    "INSERT INTO api_logs (id, executed_at, status, deadline) VALUES (gen_random_uuid(), now(), 'success', now())",
    "UPDATE settings SET log_retention = '1 day'",
    "SELECT * FROM settings",
    "SELECT app.create_log_partition('2020-01-01')",
]  # fmt: skip


@pytest.mark.parametrize("statement", REFUSED)
def test_refused(world: World, app: Connection, statement: LiteralString) -> None:
    with app.transaction(force_rollback=True):
        app.execute("SELECT set_config('portway.pass', %s, true)", [world.ann.sealed_pass])
        assert app.execute("SELECT count(*) FROM encrypted_credentials").fetchone() == (4,)
        run = _copy if statement.startswith("COPY") else _execute
        with pytest.raises((errors.InsufficientPrivilege, errors.WrongObjectType)), app.transaction():
            run(app, statement)


def _execute(connection: Connection, statement: LiteralString) -> None:
    connection.execute(statement)


def _copy(connection: Connection, statement: LiteralString) -> None:
    with connection.cursor().copy(statement) as copy:
        list(copy)


def test_settings_of_the_server_are_refused(app: Connection) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute("ALTER SYSTEM SET fsync = off")


@pytest.mark.parametrize("view", ["pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"])
def test_statistics_hold_no_sample_of_the_rows(
    world: World, app: Connection, superuser: Connection, view: LiteralString
) -> None:
    superuser.execute("ANALYZE")
    with app.transaction(force_rollback=True):
        app.execute("SELECT set_config('portway.pass', %s, true)", [world.ann.sealed_pass])
        seen = app.execute(
            f"SELECT tablename FROM {view} WHERE schemaname IN ('public', 'keyring')"
        ).fetchall()
    assert seen == [("migrations",)] or not seen


def test_nobody_elses_statements_show(app: Connection, owner: Connection) -> None:
    owner.execute("SELECT 'a statement of the owner''s'")
    shown = app.execute(
        "SELECT query FROM pg_stat_activity WHERE usename <> 'portway_app' AND query <> ''"
    ).fetchall()
    assert {query for (query,) in shown} <= {"<insufficient privilege>"}


def test_the_sign_in_role_reads_nothing(world: World) -> None:
    with psycopg.connect(world.urls.sign_in, autocommit=True) as connection:
        for statement in ("SELECT 1 FROM public.users", "SELECT 1 FROM app.migrations"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement)
