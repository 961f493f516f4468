"""The command: runs every check and says what it found."""

from collections.abc import Iterator
from dataclasses import asdict

import psycopg
import typer

from portway.cli.database import DatabaseInUse, connected, database_in_use
from portway.cli.doctor import database_checks, host_checks, keyring_checks, role_checks
from portway.cli.doctor.finding import Finding, Status, broken
from portway.cli.failure import CommandFailed, one_line
from portway.cli.options import DataDir, Json, settings_with
from portway.cli.output import print_json
from portway.infrastructure.embedded_postgres import EmbeddedPostgresError
from portway.settings import Settings


def doctor(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Check the database, its roles and row-level security, keyring, clock, Redis and disk; say what to do.

    Changes nothing. Exits with 1 if something is broken; a warning is for you to judge.
    """
    findings = list(_examine(settings_with(data_dir)))
    healthy = all(finding.status is not Status.BROKEN for finding in findings)
    if as_json:
        print_json({"healthy": healthy, "findings": [asdict(finding) for finding in findings]})
    else:
        _print(findings)
    if not healthy:
        raise typer.Exit(1)


def _examine(settings: Settings) -> Iterator[Finding]:
    yield from host_checks.environment(settings)
    try:
        with database_in_use(settings) as database:
            yield from host_checks.disk(settings, embedded=database.embedded)
            yield from _examine_database(database)
    except (CommandFailed, EmbeddedPostgresError) as error:
        yield broken("database", one_line(error), "without it nothing else can be checked")
    yield from host_checks.redis(settings)


def _examine_database(database: DatabaseInUse) -> Iterator[Finding]:
    with connected(database.app_url) as connection:
        for check in (*database_checks.AS_APP, *role_checks.AS_APP):
            yield from _guarded(check.__name__, check(connection))
    if database.sign_in is not None:
        with connected(database.sign_in) as connection:
            yield from _guarded("sign_in_role", role_checks.sign_in_role(connection))
    if database.worker is None:
        yield from role_checks.no_worker_role()
    else:
        with connected(database.worker) as connection:
            yield from _guarded("worker_role", role_checks.worker_role(connection))
    if database.admin is None:
        yield from keyring_checks.without_owner()
        return
    with connected(database.admin) as connection:
        for check in (*keyring_checks.AS_OWNER, *role_checks.AS_OWNER):
            yield from _guarded(check.__name__, check(connection))


def _guarded(name: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """A check that the database refuses is a finding as well."""
    try:
        yield from findings
    except psycopg.Error as error:
        yield broken(name, one_line(error), "if migrations are missing, run `portway migrate` first")


def _print(findings: list[Finding]) -> None:
    for finding in findings:
        print(f"{finding.status:<8} {finding.check}: {finding.message}")
        if finding.advice:
            print(f"{'':<8} -> {finding.advice}")
