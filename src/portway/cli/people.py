"""Finding users, and acting for one of them as the operator."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from portway.cli.database import Connection, DatabaseInUse, as_owner
from portway.cli.failure import CommandFailed
from portway.domain.principal import Principal, Scope

# As app.operator_pass makes them.
_PASS_LIFETIME = timedelta(minutes=5)


def find_user(connection: Connection, email: str) -> UUID:
    """The user with this address; a connection as owner sees all. Raises CommandFailed."""
    row = connection.execute("SELECT id FROM public.users WHERE email = lower(%s)", [email]).fetchone()
    if row is None:
        raise CommandFailed(f"there is no user {email}: `portway users create` makes one")
    assert isinstance(row[0], UUID)  # noqa: S101 -- the column's type
    return row[0]


def operator_principal(database: DatabaseInUse, email: str) -> Principal:
    """The user as the operator may act for them for five minutes: with all scopes. Raises CommandFailed."""
    with as_owner(database) as connection:
        user_id = find_user(connection, email)
        row = connection.execute("SELECT app.operator_pass(%s)", [user_id]).fetchone()
    return Principal(
        user_id=user_id,
        credential_id=user_id,
        scopes=frozenset(Scope),
        workspace_id=None,
        sealed_pass=str(row[0]) if row else "",
        expires_at=datetime.now(UTC) + _PASS_LIFETIME,
    )
