"""Check the row-level security of a freshly migrated database with pgrls: its rules, then its proofs.

pgrls proves isolation for policies that compare a column with one value of the session. Portway's compare with
lists (`workspace_id = ANY (current_workspaces())`), so the proofs are made on a model of the policies in a copy of
the database. Every step towards the model makes a policy admit the same rows or more, hence what is proven of the
model holds for the policies:

- A row is admitted by a list if and only if it is by one of the list's elements, as no policy negates a
  comparison. So each list becomes one arbitrary element of it.
- The lists of one column (current, administered, owned) become one: what the caller may reach at all.
- `has_scope('x')` becomes "some scope of the caller is x"; `column IS NULL` becomes true.
- Where that leaves two columns to compare, a second model drops the comparison with the user.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from portway.infrastructure.embedded_postgres import DatabaseUrls, EmbeddedPostgres
from portway.infrastructure.postgres.migrations import migrate

_Connection = psycopg.Connection[tuple[Any, ...]]

_ROOT = Path(__file__).resolve().parent.parent
_TRUSTED_ROLES = (["portway_owner"], ["portway_definer"])
_RULES_ON_TRUSTED_ROLES = ("SEC005", "SEC008", "SEC028", "SEC038")

# Read by people of other tenants on purpose.
_SHARED = {
    ("cross-tenant", "public.actions.read"): "actions of the global catalog are everybody's",
    ("cross-tenant", "public.integrations.read"): "integrations of the global catalog are everybody's",
    (
        "cross-tenant",
        "public.api_logs.read",
    ): "a refused call of no workspace is seen by the user who made it",
}

_LIST = re.compile(r"(\w+) = ANY \(\( ?SELECT app\.\w+\(\) AS \w+\)::uuid\[\]\)")
_USER = re.compile(r"(\w+) = \( ?SELECT app\.current_user_id\(\) AS \w+\)")
_SCOPE = re.compile(r"\( ?SELECT app\.has_scope\(('[\w:]+'::text)\) AS has_scope\)")
_NULL = re.compile(r"\(\w+ IS NULL\)")
_OWN_USER = re.compile(r"\(user_id = \( ?SELECT app\.own_user_id\(\) AS own_user_id\)\)")
_IDENTITIES = ("id", "user_id", "workspace_id", "organization_id")
_AUTH_FUNCTIONS = ("app.current_user_id", "app.own_scope", *(f"app.own_{column}" for column in _IDENTITIES))


def main() -> int:
    """Return 1 when a check fails; every check runs and prints its report."""
    with tempfile.TemporaryDirectory(prefix="portway-lint-") as directory:
        server = EmbeddedPostgres(Path(directory) / "data", settings={"fsync": "off"})
        try:
            urls = server.start()
            migrate(urls.admin, master_key_file=urls.master_key_file)
            config = Path(directory) / "pgrls.toml"
            config.write_text(_configuration(urls.superuser))
            checks = [_lint(config, urls.superuser), _prove(config, urls)]
        finally:
            server.stop()
    return 0 if all(checks) else 1


def _configuration(url: str) -> str:
    """Return pgrls.toml with the policies of roles that no server has on the allowlists."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT format('%%s.%%s.%%s', schemaname, tablename, policyname) FROM pg_policies"
            " WHERE schemaname = 'public' AND (roles::text[] = %s OR roles::text[] = %s)",
            _TRUSTED_ROLES,
        ).fetchall()
    text = (_ROOT / "pgrls.toml").read_text()
    if clash := set(_RULES_ON_TRUSTED_ROLES) & set(tomllib.loads(text)["lint"]["rules"]):
        raise SystemExit(f"pgrls.toml must leave {', '.join(sorted(clash))} to this script")
    allowed = json.dumps(sorted(row[0] for row in rows))
    return text + "".join(
        f"\n[lint.rules.{rule}]\nallowlist = {allowed}\n" for rule in _RULES_ON_TRUSTED_ROLES
    )


def _pgrls(config: Path, url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).with_name("pgrls")
    command = [str(program), *arguments, "--config", str(config), "--database-url", url]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _lint(config: Path, url: str) -> bool:
    checks = [
        ("lint", "--min-severity", "warning"),
        ("verify", "--mode", "escalation"),
        ("verify", "--mode", "reachability"),
    ]
    passed = True
    for check in checks:
        done = _pgrls(config, url, *check)
        print(f"pgrls {' '.join(check)}:\n{done.stdout}{done.stderr}")
        passed &= done.returncode == 0
    return passed


def _prove(config: Path, urls: DatabaseUrls) -> bool:
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        _model(connection)
    modes = ("anon", "cross-tenant", "write")
    unproven = {mode: _unproven(config, urls.superuser, mode) for mode in modes}
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        _forget_users(connection)
    passed = True
    for mode in modes:
        again = _unproven(config, urls.superuser, mode) if unproven[mode] else {}
        left = {policy: why for policy, why in unproven[mode].items() if policy in again}
        shared = {policy for policy in left if (mode, policy) in _SHARED}
        print(f"pgrls verify --mode {mode}: every policy proven, but for {len(left)}")
        for policy, why in sorted(left.items()):
            print(f"  {policy}: {_SHARED.get((mode, policy), 'FAILED: ' + why)}")
        passed &= shared == left.keys()
    return passed


def _unproven(config: Path, url: str, mode: str) -> dict[str, str]:
    functions = [word for function in _AUTH_FUNCTIONS for word in ("--auth-function", function)]
    done = _pgrls(config, url, "verify", "--mode", mode, "--format", "json", *functions)
    if not done.stdout.startswith("{"):
        raise SystemExit(f"pgrls verify failed: {done.stdout}{done.stderr}")
    found = {}
    for table in json.loads(done.stdout)["tables"]:
        for policy in table["policies"]:
            if policy["verdict"] != "isolated":
                found[f"{table['table']}.{policy['policy']}"] = f"{policy['verdict']}; {policy['reason']}"
    return found


def _model(connection: _Connection) -> None:
    """Turn the policies of the servers' roles into the model; drop those of roles that no server has."""
    for name, kind in (("scope", "text"), *((column, "uuid") for column in _IDENTITIES)):
        connection.execute(
            f"CREATE FUNCTION app.own_{name}() RETURNS {kind} STABLE RETURN NULL::{kind}".encode()
        )
    _rewrite(connection, _to_model)
    for table, policy in connection.execute(
        "SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'"
        " AND (roles::text[] = %s OR roles::text[] = %s)",
        _TRUSTED_ROLES,
    ).fetchall():
        statement = sql.SQL("DROP POLICY {} ON {}")
        connection.execute(statement.format(sql.Identifier(policy), sql.Identifier(table)))


def _forget_users(connection: _Connection) -> None:
    """Make the second model: where a policy compares another identity too, it no longer asks for the user."""

    def rewritten(predicate: str) -> str:
        others = any(f"app.own_{column}()" in predicate for column in _IDENTITIES if column != "user_id")
        return _OWN_USER.sub("true", predicate) if others else predicate

    _rewrite(connection, rewritten)


def _to_model(predicate: str) -> str:
    model = _LIST.sub(r"\1 = (SELECT app.own_\1())", predicate)
    model = _USER.sub(r"\1 = (SELECT app.own_\1())", model)
    model = _NULL.sub("true", _SCOPE.sub(r"((SELECT app.own_scope()) = \1)", model))
    if re.search(r"\bNOT\b(?! NULL)|\bANY\b|\bALL\b|has_scope|\bCASE\b", model):
        raise SystemExit(f"scripts/lint_database.py has no sound model of: {predicate}")
    return model


def _rewrite(connection: _Connection, rewritten: Callable[[str], str]) -> None:
    for table, policy, using, check in connection.execute(
        "SELECT tablename, policyname, qual, with_check FROM pg_policies WHERE schemaname = 'public'"
        " AND NOT (roles::text[] = %s OR roles::text[] = %s)",
        _TRUSTED_ROLES,
    ).fetchall():
        clauses = (("USING", using), ("WITH CHECK", check))
        changed = " ".join(f"{word} ({rewritten(clause)})" for word, clause in clauses if clause)
        statement = sql.SQL("ALTER POLICY {} ON {} ").format(sql.Identifier(policy), sql.Identifier(table))
        connection.execute(statement.as_bytes() + changed.encode())


if __name__ == "__main__":
    sys.exit(main())
