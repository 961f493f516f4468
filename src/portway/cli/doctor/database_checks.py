"""What can be said of the database as a whole. Every check takes a connection in autocommit."""

from collections.abc import Iterator
from datetime import UTC, datetime

from portway.cli.database import Connection
from portway.cli.doctor.finding import Finding, broken, fine, warning
from portway.infrastructure.postgres.migrations import MigrationError, pending_migrations

_OLDEST_VERSION = 150000
_SKEW_WARNING_SECONDS = 2.0
_SKEW_BROKEN_SECONDS = 30.0


def version(connection: Connection) -> Iterator[Finding]:
    """Whether the server is one that Portway works with."""
    name = connection.info.parameter_status("server_version") or "?"
    if connection.info.server_version < _OLDEST_VERSION:
        yield broken("database", f"PostgreSQL {name} answers", "Portway needs PostgreSQL 15 or newer")
    else:
        yield fine("database", f"PostgreSQL {name} answers")


def encryption(connection: Connection) -> Iterator[Finding]:
    """Whether passes and tokens travel to the database in the clear."""
    row = connection.execute(
        "SELECT inet_server_addr() IS NULL OR host(inet_server_addr()) IN ('127.0.0.1', '::1'),"
        " (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())"
    ).fetchone()
    is_local, is_encrypted = row or (True, False)
    if is_local:
        yield fine("encryption", "the database is on this machine")
    elif is_encrypted:
        yield fine("encryption", "the connection to the database uses TLS")
    else:
        yield warning(
            "encryption",
            "the connection to the database does not use TLS",
            "add sslmode=verify-full to PORTWAY_DATABASE_URL, unless the network is trusted",
        )


def clock(connection: Connection) -> Iterator[Finding]:
    """Whether this machine and the database agree on the time: both judge when passes and tokens expire."""
    before = datetime.now(UTC)
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    after = datetime.now(UTC)
    theirs = row[0] if row else before
    assert isinstance(theirs, datetime)  # noqa: S101 -- the function's type
    skew = (theirs - (before + (after - before) / 2)).total_seconds()
    advice = "let NTP (chrony, systemd-timesyncd) set the clocks of both machines"
    message = f"the database's clock differs from this machine's by {skew:+.1f} s"
    if abs(skew) > _SKEW_BROKEN_SECONDS:
        yield broken("clock", message, advice)
    elif abs(skew) > _SKEW_WARNING_SECONDS:
        yield warning("clock", message, advice)
    else:
        yield fine("clock", message)


def statement_logging(connection: Connection) -> Iterator[Finding]:
    """Whether the server writes statements' parameters, which are tokens and passes, to its log."""
    row = connection.execute(
        "SELECT current_setting('log_parameter_max_length'), current_setting('log_parameter_max_length_on_error'),"
        " current_setting('log_statement'), current_setting('log_min_duration_statement'),"
        " current_setting('log_min_duration_sample')"
    ).fetchone()
    length, on_error, statements, duration, sample = row or ("0",) * 5
    check = "statement logging"
    if on_error != "0":
        yield broken(
            check,
            "the server's log holds the parameters of statements that fail: passes, tokens and payloads",
            "set log_parameter_max_length_on_error = 0 in postgresql.conf, or with"
            " ALTER ROLE portway_app SET as a superuser",
        )
    if length == "0":
        yield fine(check, "the server's log never holds parameters (log_parameter_max_length is 0)")
        return
    advice = (
        "set log_parameter_max_length = 0 in postgresql.conf, or with"
        " ALTER ROLE portway_app SET as a superuser"
    )
    if statements in {"none", "ddl"} and duration == "-1" and sample == "-1":
        yield warning(
            check, "parameters would be logged if somebody turned the logging of statements on", advice
        )
    else:
        yield broken(
            check,
            f"statements are logged with their parameters, which are tokens (log_statement = {statements},"
            f" log_min_duration_statement = {duration})",
            advice,
        )


def durability(connection: Connection) -> Iterator[Finding]:
    """Whether what is committed, audit rows above all, survives a power failure."""
    row = connection.execute(
        "SELECT current_setting('fsync'), current_setting('synchronous_commit')"
    ).fetchone()
    fsync, commit = row or ("on", "on")
    if fsync == "off" or commit == "off":
        yield warning(
            "durability",
            f"fsync is {fsync}, synchronous_commit is {commit}: a crash may lose the audit rows of calls made",
            "turn both on",
        )
    else:
        yield fine("durability", f"fsync is {fsync}, synchronous_commit is {commit}")


def migrations(connection: Connection) -> Iterator[Finding]:
    """Whether the schema is this version's."""
    try:
        pending = pending_migrations(connection)
    except MigrationError as error:
        yield broken("migrations", str(error), "run the Portway version that fits this database")
        return
    if pending:
        names = ", ".join(migration.name for migration in pending)
        yield broken("migrations", f"missing: {names}", "run `portway migrate`")
    else:
        yield fine("migrations", "the database is up to date")


def row_level_security(connection: Connection) -> Iterator[Finding]:
    """Whether it is enabled and forced on every table."""
    rows = connection.execute(
        "SELECT c.oid::regclass::text, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class AS c"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND pg_get_userbyid(c.relowner) = 'portway_owner' ORDER BY 1"
    ).fetchall()
    bare = [str(name) for name, protected in rows if not protected]
    if bare:
        yield broken(
            "row-level security",
            f"not forced on {', '.join(bare)}",
            "ALTER TABLE ... ENABLE ROW LEVEL SECURITY, and FORCE ROW LEVEL SECURITY, for each",
        )
    elif rows:
        yield fine("row-level security", f"forced on all {len(rows)} tables")


def log_partitions(connection: Connection) -> Iterator[Finding]:
    """Whether the audit log has a partition for this month and the next."""
    row = connection.execute(
        "SELECT bool_and(to_regclass('public.api_logs_' || to_char(day, 'YYYY_MM')) IS NOT NULL)"
        " FROM unnest(ARRAY[now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC' + interval '1 month']) AS day"
    ).fetchone()
    if row and row[0]:
        yield fine("audit log", "this month's partition and the next are there")
    else:
        yield broken("audit log", "a partition of this month or the next is missing", "run `portway migrate`")


AS_APP = (
    version,
    encryption,
    clock,
    statement_logging,
    durability,
    migrations,
    row_level_security,
    log_partitions,
)
