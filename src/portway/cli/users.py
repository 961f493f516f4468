"""`portway users ...`."""

import asyncio
import hashlib
import re
import secrets
import sys
from typing import Annotated

import typer

from portway.application.mails import RESET_PASSWORD_PATH, link
from portway.application.ports.accounts import EmailTokenPurpose, PasswordVerifier
from portway.cli.database import Connection, as_owner, database_in_use
from portway.cli.failure import CommandFailed
from portway.cli.options import DataDir, settings_with
from portway.cli.output import print_json, tell
from portway.cli.people import find_user
from portway.domain.errors import Conflict
from portway.domain.rules.passwords import check_password, normalized_password
from portway.infrastructure.argon2 import Argon2PasswordHasher

_SALT_BYTES = 16
_ADDRESS = re.compile(r"[^@\s\x00]+@[^@\s\x00]+")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The user's e-mail address.")]

app = typer.Typer(help="People's accounts.", no_args_is_help=True)


@app.command()
def create(
    email: Email,
    password_stdin: bool = typer.Option(
        False, "--password-stdin", help="Read the password from the first line of standard input."
    ),
    name: str | None = typer.Option(None, help="What the user is called.", show_default=False),
    data_dir: DataDir = None,
) -> None:
    """Make a user with an organization and a workspace of their own, and print their ids as JSON.

    {"user_id", "organization_id", "workspace_id"}. The address counts as verified. Without --password-stdin the user
    has no password yet, and can be given a link to choose one: `portway users reset-password`.
    """
    if not _ADDRESS.fullmatch(email):
        raise CommandFailed(f"{email} is not an e-mail address")
    password = _hashed(sys.stdin.readline().rstrip("\r\n"), email) if password_stdin else None
    with database_in_use(settings_with(data_dir)) as database:
        try:
            with as_owner(database) as connection:
                ids = _create(connection, email, name, password)
        except Conflict:
            raise CommandFailed(f"there is a user {email} already") from None
    print_json(dict(zip(("user_id", "organization_id", "workspace_id"), ids, strict=True)))
    if password is None:
        tell(
            f"{email} has no password yet; `portway users reset-password {email}` prints a link to choose one."
        )


@app.command("reset-password")
def reset_password(email: Email, data_dir: DataDir = None) -> None:
    """Print a link with which the user chooses a new password.

    It works once, for an hour, and ends all of the user's sessions. API keys stay.
    """
    with database_in_use(settings_with(data_dir)) as database:
        with as_owner(database) as connection:
            find_user(connection, email)
            row = connection.execute(
                "SELECT app.create_email_token(%s, %s)", [email, EmailTokenPurpose.RESET_PASSWORD.value]
            ).fetchone()
        token = row[0] if row else None
        if not isinstance(token, str):
            raise CommandFailed(f"{email} is disabled")
        print(link(database.public_url, RESET_PASSWORD_PATH, token))


def _create(
    connection: Connection, email: str, name: str | None, password: PasswordVerifier | None
) -> tuple[object, ...]:
    ids = connection.execute(
        "SELECT user_id, organization_id, workspace_id FROM app.create_person(%s, %s, true)", [email, name]
    ).fetchone()
    if ids is None:
        raise CommandFailed("the database made no user")
    if password is not None:
        connection.execute(
            "UPDATE public.users SET password_salt = %s, password_parameters = %s, password_verifier = %s"
            " WHERE id = %s",
            [password.salt, password.parameters, password.verifier, ids[0]],
        )
    return ids


def _hashed(password: str, email: str) -> PasswordVerifier:
    """As the account service makes it. Raises MalformedRequest for a password that will not do."""
    normalized = normalized_password(password)
    check_password(normalized, email)
    hasher = Argon2PasswordHasher()
    salt = secrets.token_bytes(_SALT_BYTES)
    proof = asyncio.run(hasher.hash(normalized, salt, hasher.parameters))
    hasher.close()
    return PasswordVerifier(salt, hasher.parameters, hashlib.sha256(proof).digest())
