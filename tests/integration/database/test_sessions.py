"""Built-in users: signing up, in and out, refresh tokens, links by mail, API keys."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.database.conftest import Connection
from tests.people import as_owner, new_person

PROOF = b"what Argon2id makes of the password"


class Session(NamedTuple):
    access_token: str
    refresh_token: str
    access_expires_at: datetime
    refresh_expires_at: datetime
    user_id: UUID


@pytest.fixture
def app_of_its_own(fresh_database_urls: DatabaseUrls) -> Iterator[Connection]:
    """In a database without users."""
    with psycopg.connect(fresh_database_urls.app, autocommit=True) as connection:
        yield connection


def one(connection: Connection, statement: LiteralString, *values: Any) -> Any:
    row = connection.execute(statement, values).fetchone()
    return row[0] if row else None


def sign_up(
    app: Connection, email: str | None, *, policy: str | None = "open", token: str | None = None,
    first_needs_token: bool | None = False,
) -> str:  # fmt: skip
    outcome: str = one(
        app,
        "SELECT outcome FROM app.sign_up(%s, 'Name', %s, 'argon2id', %s, %s, %s, %s)",
        email,
        b"0123456789abcdef",
        hashlib.sha256(PROOF).digest(),
        token,
        policy,
        first_needs_token,
    )
    return outcome


def sign_in(app: Connection, email: str, proof: bytes = PROOF) -> Session:
    row = app.execute("SELECT * FROM app.sign_in(%s, %s)", [email, proof]).fetchone()
    assert row is not None
    return Session(*row)


def refresh(app: Connection, token: str) -> Session | None:
    row = app.execute("SELECT * FROM app.refresh_session(%s)", [token]).fetchone()
    return Session(*row) if row else None


def authenticate(app: Connection, bearer: str) -> str | None:
    sealed: str | None = one(app, "SELECT sealed_pass FROM app.authenticate(%s, 'closed')", bearer)
    return sealed


class TestSignUp:
    def test_the_first_needs_the_set_up_link_where_asked(
        self, app_of_its_own: Connection, fresh_database_urls: DatabaseUrls
    ) -> None:
        app = app_of_its_own
        assert sign_up(app, "a@example.com", policy="closed", first_needs_token=True) == "refused"
        assert sign_up(app, "a@example.com", token="guessed", first_needs_token=True) == "refused"
        ((token,),) = as_owner(fresh_database_urls, "SELECT app.create_set_up_token()")
        assert (
            sign_up(app, "a@example.com", policy="closed", token=token, first_needs_token=True) == "created"
        )
        assert (
            sign_up(app, "b@example.com", policy="closed", token=token, first_needs_token=True) == "refused"
        )
        assert as_owner(fresh_database_urls, "SELECT app.create_set_up_token()") == [(None,)]

    def test_the_first_may_come_without_any(self, app_of_its_own: Connection) -> None:
        assert sign_up(app_of_its_own, "a@example.com", policy="closed") == "created"
        assert sign_up(app_of_its_own, "b@example.com", policy="closed") == "refused"

    @pytest.mark.parametrize(
        ("policy", "outcome"),
        [("open", "created"), ("invite", "refused"), ("closed", "refused"), (None, "refused")],
    )
    def test_policies(
        self, app: Connection, database_urls: DatabaseUrls, policy: str | None, outcome: str
    ) -> None:
        new_person(database_urls)
        assert sign_up(app, f"{policy}@example.com", policy=policy) == outcome

    def test_by_invitation(self, app: Connection, database_urls: DatabaseUrls) -> None:
        host = new_person(database_urls, "host")
        tokens = [
            one(
                app,
                "SELECT token FROM app.create_invitation(%s, %s, 'Guest@example.com', 'member', %s)",
                host.sealed_pass,
                host.workspace_id,
                mailed,
            )
            for mailed in (False, True)
        ]
        for policy in ("closed", None):
            assert sign_up(app, "guest@example.com", policy=policy, token=tokens[0]) == "refused"
        assert sign_up(app, "other@example.com", policy="invite", token=tokens[0]) == "refused"
        assert sign_up(app, "other@example.com", policy="open", token="stale") == "refused"
        assert sign_up(app, "GUEST@example.com", policy="invite", token=tokens[0]) == "created"
        assert sign_up(app, "guest@example.com", policy="invite", token=tokens[1]) == "email_taken"
        rows = as_owner(
            database_urls,
            "SELECT u.email_verified_at, m.role, m.workspace_id FROM users AS u"
            " JOIN workspace_members AS m ON m.user_id = u.id WHERE u.email = 'guest@example.com'",
        )
        # A link that was shown, not mailed, proves nothing about the address.
        assert rows == [(None, "member", host.workspace_id)]

    def test_an_address_is_taken_whatever_its_case(
        self, app: Connection, database_urls: DatabaseUrls
    ) -> None:
        new_person(database_urls)
        assert sign_up(app, "twice@example.com") == "created"
        assert sign_up(app, "TWICE@example.com") == "email_taken"


class TestPasswords:
    def parameters(self, app: Connection, email: str, default: str = "argon2id") -> tuple[bytes, str]:
        row = app.execute("SELECT * FROM app.password_parameters(%s, %s)", [email, default]).fetchone()
        assert row is not None
        return bytes(row[0]), row[1]

    def test_unknown_addresses_look_like_known_ones(
        self, app: Connection, superuser: Connection, database_urls: DatabaseUrls
    ) -> None:
        new_person(database_urls)
        sign_up(app, "known@example.com")
        known = self.parameters(app, "Known@example.com")
        unknown = self.parameters(app, "unknown@example.com")
        assert known == (b"0123456789abcdef", "argon2id")
        assert (len(unknown[0]), unknown[1]) == (16, "argon2id")
        assert self.parameters(app, "UNKNOWN@example.com") == unknown
        assert self.parameters(app, "other@example.com")[0] != unknown[0]
        superuser.execute("SELECT keyring.add_key('seal')")
        assert self.parameters(app, "unknown@example.com") == unknown

    def test_wrong_ones_sign_nobody_in(self, app: Connection, database_urls: DatabaseUrls) -> None:
        new_person(database_urls)
        sign_up(app, "wrong@example.com")
        stored = as_owner(
            database_urls, "SELECT password_verifier FROM users WHERE email = 'wrong@example.com'"
        )
        for proof in (b"", b"wrong", bytes(stored[0][0]), None):
            rows = app.execute("SELECT * FROM app.sign_in('wrong@example.com', %s)", [proof]).fetchall()
            assert rows == []
        assert sign_in(app, "wrong@example.com").access_token

    def test_who_has_none_cannot_sign_in(self, app: Connection, database_urls: DatabaseUrls) -> None:
        person = new_person(database_urls)
        for proof in (b"", None):
            assert app.execute("SELECT * FROM app.sign_in(%s, %s)", [person.email, proof]).fetchall() == []


@pytest.fixture
def session(app: Connection, database_urls: DatabaseUrls, request: pytest.FixtureRequest) -> Session:
    """Of somebody who signed up for this test."""
    new_person(database_urls)
    email = f"{abs(hash(request.node.nodeid))}@example.com"
    sign_up(app, email)
    return sign_in(app, email)


class TestRefreshTokens:
    def test_rotate(self, app: Connection, session: Session) -> None:
        second = refresh(app, session.refresh_token)
        assert second is not None
        assert second.refresh_token != session.refresh_token
        assert second.refresh_expires_at == session.refresh_expires_at
        assert authenticate(app, second.access_token)
        third = refresh(app, second.refresh_token)
        assert third is not None

    def test_used_twice_within_ten_seconds_is_refused_and_the_session_stays(
        self, app: Connection, session: Session
    ) -> None:
        second = refresh(app, session.refresh_token)
        assert second is not None
        assert refresh(app, session.refresh_token) is None
        assert refresh(app, second.refresh_token) is not None

    def test_used_twice_later_ends_the_session(
        self, app: Connection, session: Session, database_urls: DatabaseUrls
    ) -> None:
        second = refresh(app, session.refresh_token)
        assert second is not None
        self.let_time_pass(database_urls, session)
        assert refresh(app, session.refresh_token) is None
        assert refresh(app, second.refresh_token) is None
        assert authenticate(app, second.access_token) is None

    def test_of_two_rotations_ago_ends_the_session_at_once(self, app: Connection, session: Session) -> None:
        second = refresh(app, session.refresh_token)
        assert second is not None
        third = refresh(app, second.refresh_token)
        assert third is not None
        assert refresh(app, session.refresh_token) is None
        assert refresh(app, third.refresh_token) is None

    @pytest.mark.parametrize("token", ["", ".", "guessed", "guessed.guessed", None])
    def test_guessed_are_nobodys(self, app: Connection, session: Session, token: str | None) -> None:
        assert refresh(app, token) is None  # type: ignore[arg-type]
        assert refresh(app, session.refresh_token) is not None

    def test_of_a_disabled_user_are_refused(
        self, app: Connection, session: Session, database_urls: DatabaseUrls
    ) -> None:
        as_owner(database_urls, "UPDATE users SET disabled_at = now() WHERE id = %s", session.user_id)
        assert refresh(app, session.refresh_token) is None
        assert authenticate(app, session.access_token) is None

    def test_end_with_the_session(
        self, app: Connection, session: Session, database_urls: DatabaseUrls
    ) -> None:
        as_owner(database_urls, "UPDATE sessions SET expires_at = now() WHERE user_id = %s", session.user_id)
        assert refresh(app, session.refresh_token) is None

    def test_are_kept_as_hashes(self, app: Connection, session: Session, database_urls: DatabaseUrls) -> None:
        refresh(app, session.refresh_token)
        (row,) = as_owner(
            database_urls, "SELECT to_jsonb(s)::text FROM sessions AS s WHERE user_id = %s", session.user_id
        )
        assert session.refresh_token.split(".")[0] not in row[0]
        assert session.refresh_token.split(".")[1] not in row[0]

    @staticmethod
    def let_time_pass(urls: DatabaseUrls, session: Session) -> None:
        as_owner(
            urls,
            "UPDATE sessions SET rotated_at = rotated_at - interval '11 seconds' WHERE user_id = %s",
            session.user_id,
        )


def test_signing_out_ends_the_session_at_once(app: Connection, session: Session) -> None:
    sealed = authenticate(app, session.access_token)
    app.execute("SELECT app.sign_out(%s)", [sealed])
    assert authenticate(app, session.access_token) is None
    assert refresh(app, session.refresh_token) is None
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute("SELECT app.create_api_key(%s, 'x', NULL, NULL, NULL)", [sealed])


class TestLinks:
    def token(self, urls: DatabaseUrls, email: str, purpose: str) -> str | None:
        with psycopg.connect(urls.sign_in, autocommit=True) as connection:
            made: str | None = one(connection, "SELECT app.create_email_token(%s, %s)", email, purpose)
        return made

    def email_of(self, urls: DatabaseUrls, session: Session) -> str:
        ((email,),) = as_owner(urls, "SELECT email FROM users WHERE id = %s", session.user_id)
        return str(email)

    def reset(self, app: Connection, token: str | None) -> bool:
        done: bool = one(
            app,
            "SELECT app.reset_password(%s, %s, 'argon2id', %s)",
            token,
            b"fedcba9876543210",
            hashlib.sha256(b"new proof").digest(),
        )
        return done

    def test_verify_once(self, app: Connection, session: Session, database_urls: DatabaseUrls) -> None:
        token = self.token(database_urls, self.email_of(database_urls, session), "verify_email")
        assert one(app, "SELECT app.verify_email(%s)", token) is True
        assert one(app, "SELECT app.verify_email(%s)", token) is False
        verified = as_owner(
            database_urls, "SELECT email_verified_at FROM users WHERE id = %s", session.user_id
        )
        assert verified[0][0]

    def test_are_good_for_their_purpose_and_their_address(
        self, app: Connection, session: Session, database_urls: DatabaseUrls
    ) -> None:
        email = self.email_of(database_urls, session)
        assert one(
            app, "SELECT app.verify_email(%s)", self.token(database_urls, email, "reset_password")
        ) is False  # fmt: skip
        assert not self.reset(app, self.token(database_urls, email, "verify_email"))
        assert self.token(database_urls, email, "set_up") is None
        assert self.token(database_urls, "nobody@example.com", "reset_password") is None
        moved = self.token(database_urls, email, "verify_email")
        as_owner(database_urls, "UPDATE users SET email = 'moved@example.com' WHERE id = %s", session.user_id)
        assert one(app, "SELECT app.verify_email(%s)", moved) is False

    def test_expire(self, app: Connection, session: Session, database_urls: DatabaseUrls) -> None:
        token = self.token(database_urls, self.email_of(database_urls, session), "reset_password")
        as_owner(database_urls, "UPDATE one_time_tokens SET expires_at = now()")
        assert not self.reset(app, token)

    @pytest.mark.parametrize("verified", [True, False])
    def test_a_reset_ends_sessions_and_what_a_squatter_may_hold(
        self, app: Connection, session: Session, database_urls: DatabaseUrls, *, verified: bool
    ) -> None:
        sealed = authenticate(app, session.access_token)
        api_key = one(app, "SELECT api_key FROM app.create_api_key(%s, 'k', NULL, NULL, NULL)", sealed)
        as_owner(
            database_urls,
            "INSERT INTO user_identities (issuer, subject, user_id) VALUES ('i', %s, %s)",
            str(verified),
            session.user_id,
        )
        if verified:
            as_owner(
                database_urls, "UPDATE users SET email_verified_at = now() WHERE id = %s", session.user_id
            )
        email = self.email_of(database_urls, session)
        assert self.reset(app, self.token(database_urls, email, "reset_password"))
        assert refresh(app, session.refresh_token) is None
        assert app.execute("SELECT * FROM app.sign_in(%s, %s)", [email, PROOF]).fetchall() == []
        assert sign_in(app, email, b"new proof")
        assert bool(authenticate(app, api_key)) is verified
        left = as_owner(
            database_urls, "SELECT count(*) FROM user_identities WHERE user_id = %s", session.user_id
        )
        assert left == [(int(verified),)]


class TestApiKeys:
    def test_end_when_revoked_or_expired(
        self, app: Connection, session: Session, database_urls: DatabaseUrls
    ) -> None:
        sealed = authenticate(app, session.access_token)
        soon = datetime.now(UTC) + timedelta(minutes=1)
        api_key = one(app, "SELECT api_key FROM app.create_api_key(%s, 'k', NULL, NULL, %s)", sealed, soon)
        row = app.execute("SELECT * FROM app.authenticate(%s, 'closed')", [api_key]).fetchone()
        assert row is not None
        assert row[5] <= soon
        as_owner(database_urls, "UPDATE api_keys SET expires_at = now() WHERE user_id = %s", session.user_id)
        assert authenticate(app, api_key) is None

    def test_made_by_a_key_live_no_longer(self, app: Connection, session: Session) -> None:
        sealed = authenticate(app, session.access_token)
        soon = datetime.now(UTC) + timedelta(minutes=1)
        parent = one(app, "SELECT api_key FROM app.create_api_key(%s, 'p', NULL, NULL, %s)", sealed, soon)
        by_parent = authenticate(app, parent)
        for wish in (None, soon + timedelta(days=1), soon - timedelta(seconds=1)):
            child = one(app, "SELECT id FROM app.create_api_key(%s, 'c', NULL, NULL, %s)", by_parent, wish)
            with app.transaction(force_rollback=True):
                app.execute("SELECT set_config('portway.pass', %s, true)", [sealed])
                expiry = one(app, "SELECT expires_at FROM api_keys WHERE id = %s", child)
            assert expiry == min(soon, wish or soon)

    def test_have_limits_that_those_made_by_them_have_too(self, app: Connection, session: Session) -> None:
        sealed = authenticate(app, session.access_token)
        make = "SELECT api_key FROM app.create_api_key(%s, 'k', NULL, NULL, NULL, %s)"
        outer, inner = {"requests": 5, "per_seconds": 60}, {"requests": 1, "per_seconds": 1}
        parent = one(app, make, sealed, Jsonb([outer]))
        child = one(app, make, authenticate(app, parent), Jsonb([inner, outer]))
        limits = "SELECT rate_limits FROM app.authenticate(%s, 'closed')"
        assert one(app, limits, parent) == [outer]
        assert sorted(one(app, limits, child), key=str) == sorted([inner, outer], key=str)
        assert one(app, limits, session.access_token) == []

    @pytest.mark.parametrize(
        "limits",
        [
            [{"requests": 1}],
            [{"requests": 0, "per_seconds": 1}],
            [{"requests": 1.5, "per_seconds": 1}],
            [{"requests": "1", "per_seconds": 1}],
            [{"requests": 1, "per_seconds": 86_401}],
            [1],
        ],
    )
    def test_have_no_limits_that_make_no_sense(
        self, app: Connection, session: Session, limits: object
    ) -> None:
        sealed = authenticate(app, session.access_token)
        with pytest.raises(errors.CheckViolation):
            app.execute("SELECT app.create_api_key(%s, 'k', NULL, NULL, NULL, %s)", [sealed, Jsonb(limits)])

    def test_that_cannot_administer_make_none(self, app: Connection, session: Session) -> None:
        sealed = authenticate(app, session.access_token)
        reader = one(
            app, "SELECT api_key FROM app.create_api_key(%s, 'r', '{logs:read,execute}', NULL, NULL)", sealed
        )
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute(
                "SELECT app.create_api_key(%s, 'x', '{admin}', NULL, NULL)", [authenticate(app, reader)]
            )
        with pytest.raises(errors.CheckViolation):
            app.execute("SELECT app.create_api_key(%s, 'x', '{everything}', NULL, NULL)", [sealed])
        with pytest.raises(errors.CheckViolation):
            app.execute("SELECT app.create_api_key(%s, 'x', '{}', NULL, NULL)", [sealed])

    @pytest.mark.parametrize("bearer", ["", "pw_", "pw_guessed", "pw\\_%", "%", "Bearer x", None])
    def test_guessed_are_nobodys(self, app: Connection, bearer: str | None) -> None:
        assert authenticate(app, bearer) is None  # type: ignore[arg-type]
