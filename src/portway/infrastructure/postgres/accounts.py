"""Accounts on the database's own functions, which alone read what proves who somebody is."""

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import dict_row

from portway.application.ports.accounts import (
    EmailTokenPurpose,
    OpenSession,
    PasswordParameters,
    PasswordVerifier,
    Session,
    SignUpOutcome,
    SignUpPolicy,
    SignUpResult,
)
from portway.application.ports.outside_tokens import OutsideClaims
from portway.domain.errors import MalformedRequest, Unauthenticated
from portway.domain.organization import User
from portway.domain.principal import Principal
from portway.infrastructure.postgres.database import Connection, Database
from portway.infrastructure.postgres.rows import request_limits_from

_USER: LiteralString = """
SELECT u.id, u.email, u.name, u.email_verified_at IS NOT NULL AS email_verified, u.created_at,
    app.has_password() AS has_password
FROM public.users AS u WHERE u.id = (SELECT app.current_user_id())
"""


class PostgresAccountStore:
    """Each method is one function call in a statement of its own, but for those that take a pass."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def has_sign_in_path(self) -> bool:
        """See the port."""
        return self._database.has_sign_in_path

    async def authenticate(self, bearer: str, sign_up: SignUpPolicy) -> Principal | None:
        """See the port."""
        try:
            async with self._database.connection() as connection:
                row = await _one(connection, "SELECT * FROM app.authenticate(%s, %s)", bearer, sign_up.value)
        except MalformedRequest:
            return None  # a token with claims that no column can hold
        if row is None:
            return None
        return Principal(
            user_id=row["user_id"],
            credential_id=row["credential_id"],
            scopes=frozenset(row["scopes"]),
            workspace_id=row["workspace_id"],
            sealed_pass=row["sealed_pass"],
            expires_at=row["expires_at"],
            rate_limits=request_limits_from(row["rate_limits"]),
        )

    async def register_outside_session(
        self, claims: OutsideClaims, token_hash: bytes, sign_up: SignUpPolicy
    ) -> bool:
        """See the port."""
        try:
            async with self._database.sign_in_connection() as connection:
                row = await _one(
                    connection,
                    "SELECT app.register_outside_session(%s, %s, %s, %s, %s, %s, %s, %s) AS session",
                    claims.issuer, claims.subject, claims.email, claims.email_verified, claims.name, token_hash,
                    claims.expires_at, sign_up.value,
                )  # fmt: skip
        except MalformedRequest:
            return False  # as in `authenticate`
        return row is not None and row["session"] is not None

    async def start_outside_session(self, claims: OutsideClaims, sign_up: SignUpPolicy) -> Session | None:
        """See the port."""
        try:
            async with self._database.sign_in_connection() as connection:
                row = await _one(
                    connection,
                    "SELECT * FROM app.start_outside_session(%s, %s, %s, %s, %s, %s)",
                    claims.issuer, claims.subject, claims.email, claims.email_verified, claims.name, sign_up.value,
                )  # fmt: skip
        except MalformedRequest:
            return None  # as in `authenticate`
        return _session(row)

    async def create_email_token(self, email: str, purpose: EmailTokenPurpose) -> str | None:
        """See the port."""
        async with self._database.sign_in_connection() as connection:
            row = await _one(
                connection, "SELECT app.create_email_token(%s, %s) AS token", email, purpose.value
            )
        return row["token"] if row else None

    async def password_parameters(self, email: str, default: str) -> PasswordParameters:
        """See the port."""
        async with self._database.connection() as connection:
            row = await _one(connection, "SELECT * FROM app.password_parameters(%s, %s)", email, default)
        assert row is not None  # noqa: S101 - a function with OUT parameters returns one row
        return PasswordParameters(row["salt"], row["parameters"])

    async def sign_up(
        self,
        *,
        email: str,
        name: str | None,
        password: PasswordVerifier,
        token: str | None,
        policy: SignUpPolicy,
        first_needs_token: bool,
    ) -> SignUpResult:
        """See the port."""
        async with self._database.connection() as connection:
            row = await _one(
                connection,
                "SELECT * FROM app.sign_up(%s, %s, %s, %s, %s, %s, %s, %s)",
                email, name, password.salt, password.parameters, password.verifier, token, policy.value,
                first_needs_token,
            )  # fmt: skip
        assert row is not None  # noqa: S101 - as above
        return SignUpResult(
            SignUpOutcome(row["outcome"]), row["user_id"], row["organization_id"], row["workspace_id"]
        )

    async def sign_in(self, email: str, proof: bytes) -> Session | None:
        """See the port."""
        async with self._database.connection() as connection:
            return _session(await _one(connection, "SELECT * FROM app.sign_in(%s, %s)", email, proof))

    async def refresh(self, refresh_token: str) -> Session | None:
        """See the port."""
        async with self._database.connection() as connection:
            return _session(await _one(connection, "SELECT * FROM app.refresh_session(%s)", refresh_token))

    async def sign_out(self, sealed_pass: str) -> None:
        """See the port."""
        async with self._database.connection() as connection:
            await connection.execute("SELECT app.sign_out(%s)", [sealed_pass])

    async def has_users(self) -> bool:
        """See the port."""
        async with self._database.connection() as connection:
            row = await _one(connection, "SELECT app.has_users() AS found")
        return bool(row and row["found"])

    async def describe_session(self, sealed_pass: str, user_agent: str) -> None:
        """See the port."""
        async with self._database.connection() as connection:
            await connection.execute("SELECT app.describe_session(%s, %s)", [sealed_pass, user_agent])

    async def sessions(self, sealed_pass: str) -> Sequence[OpenSession]:
        """See the port."""
        async with (
            self._database.connection() as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            await cursor.execute("SELECT * FROM app.own_sessions(%s)", [sealed_pass])
            return [OpenSession(**row) for row in await cursor.fetchall()]

    async def end_session(self, sealed_pass: str, session_id: UUID) -> bool:
        """See the port."""
        async with self._database.connection() as connection:
            row = await _one(
                connection, "SELECT app.end_own_session(%s, %s) AS done", sealed_pass, session_id
            )
        return bool(row and row["done"])

    async def change_password(self, sealed_pass: str, proof: bytes, password: PasswordVerifier) -> bool:
        """See the port."""
        async with self._database.connection() as connection:
            row = await _one(
                connection,
                "SELECT app.change_password(%s, %s, %s, %s, %s) AS done",
                sealed_pass, proof, password.salt, password.parameters, password.verifier,
            )  # fmt: skip
        return bool(row and row["done"])

    async def user(self, sealed_pass: str) -> User:
        """See the port."""
        async with self._database.transaction(sealed_pass) as connection:
            row = await _one(connection, _USER)
        if row is None:
            raise Unauthenticated
        return User(**row)

    async def rename_user(self, sealed_pass: str, name: str | None) -> None:
        """See the port."""
        async with self._database.transaction(sealed_pass) as connection:
            await connection.execute(
                "UPDATE public.users SET name = %s WHERE id = (SELECT app.current_user_id())", [name]
            )

    async def verify_email(self, token: str) -> bool:
        """See the port."""
        async with self._database.connection() as connection:
            row = await _one(connection, "SELECT app.verify_email(%s) AS done", token)
        return bool(row and row["done"])

    async def reset_password(self, token: str, password: PasswordVerifier) -> bool:
        """See the port."""
        async with self._database.connection() as connection:
            row = await _one(
                connection,
                "SELECT app.reset_password(%s, %s, %s, %s) AS done",
                token, password.salt, password.parameters, password.verifier,
            )  # fmt: skip
        return bool(row and row["done"])


async def _one(connection: Connection, statement: LiteralString, *values: object) -> dict[str, Any] | None:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchone()


def _session(row: dict[str, Any] | None) -> Session | None:
    return Session(**row) if row else None
