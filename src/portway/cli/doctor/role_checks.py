"""Whether the roles can do what they need and nothing that would undo row-level security."""

from collections.abc import Iterator

from portway.cli.database import Connection
from portway.cli.doctor.finding import Finding, broken, fine, warning

_INNER_ROLES = ("portway_owner", "portway_definer", "portway_keyring")


def app_role(connection: Connection) -> Iterator[Finding]:
    """The role that servers use."""
    yield from _powerless(connection, "PORTWAY_DATABASE_URL", "portway_app")


def sign_in_role(connection: Connection) -> Iterator[Finding]:
    """The role of the sign-in path."""
    yield from _powerless(connection, "PORTWAY_SIGN_IN_DATABASE_URL", "portway_sign_in")


def worker_role(connection: Connection) -> Iterator[Finding]:
    """The role of work without a caller."""
    yield from _powerless(connection, "PORTWAY_WORKER_DATABASE_URL", "portway_worker")


def no_worker_role() -> Iterator[Finding]:
    """What it means that the environment names none."""
    yield warning(
        "roles",
        "without PORTWAY_WORKER_DATABASE_URL no event is sent, and idle connections are not kept alive",
        "set it to the database's URL for the role portway_worker, and run `portway migrate`",
    )


def inner_roles(connection: Connection) -> Iterator[Finding]:
    """The roles that own tables, functions and keys."""
    rows = connection.execute(
        "SELECT rolname, rolcanlogin, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = ANY (%s) ORDER BY 1",
        [list(_INNER_ROLES)],
    ).fetchall()
    found = {str(name): (bool(login), bool(powerful)) for name, login, powerful in rows}
    for name in _INNER_ROLES:
        if name not in found:
            yield broken("roles", f"{name} does not exist", "run `portway migrate`")
        elif found[name][1]:
            yield broken(
                "roles",
                f"{name} passes row-level security by",
                f"ALTER ROLE {name} NOSUPERUSER NOBYPASSRLS",
            )
        elif name != "portway_owner" and found[name][0]:
            yield warning("roles", f"{name} may log in, which nobody needs", f"ALTER ROLE {name} NOLOGIN")
        else:
            yield fine("roles", f"{name} has no power that it does not need")


def _powerless(connection: Connection, variable: str, expected: str) -> Iterator[Finding]:
    row = connection.execute(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,"
        " pg_has_role(current_user, 'pg_read_server_files', 'MEMBER'),"
        " ARRAY(SELECT r.rolname FROM pg_roles AS r WHERE r.rolname = ANY (%s)"
        "  AND pg_has_role(current_user, r.oid, 'MEMBER'))"
        " FROM pg_roles WHERE rolname = current_user",
        [list(_INNER_ROLES)],
    ).fetchone()
    if row is None:
        return
    name, *powers, memberships = row
    words = ("SUPERUSER", "BYPASSRLS", "CREATEROLE", "CREATEDB", "REPLICATION", "pg_read_server_files")
    held = [word for word, has in zip(words, powers, strict=True) if has]
    held += [str(role) for role in memberships] if isinstance(memberships, list) else []
    if held:
        yield broken(
            "roles",
            f"{name}, which {variable} uses, holds {', '.join(held)}: that undoes what keeps tenants apart",
            f"use {expected} there, which has none of it",
        )
    elif name != expected:
        yield warning(
            "roles",
            f"{variable} uses the role {name}",
            f"policies and grants are made for {expected}: use that one",
        )
    else:
        yield fine("roles", f"{name} has no power that it does not need")


AS_APP = (app_role,)
AS_OWNER = (inner_roles,)
