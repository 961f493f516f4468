"""Users of outside issuers: whose tokens are accepted, and which account they open."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.migrations import OutsideIssuer, migrate
from tests.integration.database.conftest import Connection
from tests.people import as_owner, new_person

ISSUER, AUDIENCE, SECRET = "https://issuer.example", "portway", "a secret that both sides know"


def encode(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(secret: str | bytes = SECRET, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token that is good unless told otherwise; a claim that is None is left out."""
    all_claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "subject", "exp": int(time.time()) + 3600} | claims
    body = {name: value for name, value in all_claims.items() if value is not None}
    signed = f"{encode(header or {'alg': 'HS256', 'typ': 'JWT'})}.{encode(body)}"
    key = secret if isinstance(secret, bytes) else secret.encode()
    return f"{signed}.{encode(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


@pytest.fixture(scope="module", autouse=True)
def _issuer(database_urls: DatabaseUrls) -> None:
    """The gateway's settings name the issuer at each start."""
    for _ in range(2):
        migrate(
            database_urls.admin,
            master_key_file=database_urls.master_key_file,
            outside_issuer=OutsideIssuer(ISSUER, AUDIENCE, SECRET),
        )


def user_of(app: Connection, bearer: str, sign_up: str = "invite") -> UUID | None:
    row = app.execute("SELECT user_id FROM app.authenticate(%s, %s)", [bearer, sign_up]).fetchone()
    return row[0] if row else None


def test_a_good_token_opens_an_account_of_its_own(app: Connection, database_urls: DatabaseUrls) -> None:
    user = user_of(app, token(sub="good", email="good@example.com", name="Good"))
    assert user
    assert user_of(app, token(sub="good", email="changed@example.com")) == user
    assert user_of(app, token(sub="other")) not in (None, user)
    rows = as_owner(database_urls, "SELECT email, name, email_verified_at FROM users WHERE id = %s", user)
    assert rows == [("good@example.com", "Good", None)]


def test_the_audience_may_be_one_of_several(app: Connection) -> None:
    assert user_of(app, token(aud=["other", AUDIENCE]))


FAR = 1e308
BAD_TOKENS = {
    "another secret": token("another secret"),
    "no signature": token().rpartition(".")[0] + ".",
    "alg none": token(header={"alg": "none"}).rpartition(".")[0] + ".",
    "alg none, signed": token(header={"alg": "none"}),
    "alg in another case": token(header={"alg": "hs256"}),
    "alg of another hash": token(header={"alg": "HS512"}),
    "alg of a public key": token(header={"alg": "RS256"}),
    "no alg": token(header={"typ": "JWT"}),
    "expired": token(exp=int(time.time()) - 1),
    "without an end": token(exp=None),
    "an end that is no number": token(exp="2999-01-01"),
    "an end beyond the calendar": token(exp=FAR),
    "not yet valid": token(nbf=int(time.time()) + 3600),
    "another audience": token(aud="other"),
    "no audience": token(aud=None),
    "an empty audience": token(aud=[]),
    "another issuer": token(iss="https://other.example"),
    "no issuer": token(iss=None),
    "Portway's own issuer": token(iss="portway", aud="portway"),
    "Portway's own issuer and a key": token(
        iss="portway", aud="portway", sid=str(UUID(int=1)), header={"alg": "HS256", "kid": "1"}
    ),
    "no subject": token(sub=None),
    "a subject that is no text": token(sub=7),
    "one part": "abc",
    "two parts": "abc.def",
    "four parts": token() + ".abc",
    "characters of another alphabet": token().replace(".", "+.", 1),
    "no base64": "a.b.c",
    "no JSON": f"{encode(b'no json')}.{encode(b'no json')}.x",
    "no UTF-8": f"{encode(b'{}')}.{encode(bytes([0xFF, 0xFE]))}.x",
    "NUL": token(name="a\0b"),
    "nested too deep": f"{encode(b'[' * 5000)}.{encode(b'[' * 5000)}.x",
    "too long": token(padding="x" * 20_000),
    "claims that are a list": f"{encode({'alg': 'HS256'})}.{encode([1])}.x",
    "a padded signature": token() + "=",
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
def test_bad_tokens_open_nothing(app: Connection, kind: str) -> None:
    assert user_of(app, BAD_TOKENS[kind], "open") is None
    assert user_of(app, token()) is not None


def test_closed_sign_up_lets_in_whom_it_knows(app: Connection) -> None:
    assert user_of(app, token(sub="new"), "closed") is None
    known = user_of(app, token(sub="new"), "invite")
    assert user_of(app, token(sub="new"), "closed") == known


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize("there", [True, False])
def test_an_address_links_only_where_both_sides_have_verified_it(
    app: Connection, database_urls: DatabaseUrls, *, here: bool, there: bool
) -> None:
    person = new_person(database_urls)
    if not here:
        as_owner(database_urls, "UPDATE users SET email_verified_at = NULL WHERE id = %s", person.user_id)
    user = user_of(app, token(sub=f"link {here} {there}", email=person.email.upper(), email_verified=there))
    assert (user == person.user_id) is (here and there)
    addresses = as_owner(database_urls, "SELECT email FROM users WHERE id = %s", user)
    assert addresses == [(person.email if here and there else None,)]


@pytest.mark.parametrize("verified", ["true", 1, {"yes": True}])
def test_only_true_is_verified(app: Connection, database_urls: DatabaseUrls, verified: object) -> None:
    person = new_person(database_urls)
    bearer = token(sub=f"odd {verified}", email=person.email, email_verified=verified)
    assert user_of(app, bearer) != person.user_id


def test_a_disabled_user_stays_out(app: Connection, database_urls: DatabaseUrls) -> None:
    user = user_of(app, token(sub="disabled"))
    as_owner(database_urls, "UPDATE users SET disabled_at = now() WHERE id = %s", user)
    assert user_of(app, token(sub="disabled")) is None


def test_signing_out_ends_the_token(app: Connection) -> None:
    bearer = token(sub="leaving")
    row = app.execute("SELECT sealed_pass FROM app.authenticate(%s, 'invite')", [bearer]).fetchone()
    assert row is not None
    app.execute("SELECT app.sign_out(%s)", [row[0]])
    assert user_of(app, bearer) is None


def test_without_a_configured_issuer_its_tokens_end(app: Connection, database_urls: DatabaseUrls) -> None:
    bearer = token(sub="was here")
    assert user_of(app, bearer)
    try:
        migrate(database_urls.admin, master_key_file=database_urls.master_key_file)
        assert user_of(app, bearer) is None
    finally:
        migrate(
            database_urls.admin,
            master_key_file=database_urls.master_key_file,
            outside_issuer=OutsideIssuer(ISSUER, AUDIENCE, SECRET),
        )
    assert user_of(app, bearer)


def test_any_issuer_of_the_secret_and_any_audience(app: Connection, database_urls: DatabaseUrls) -> None:
    def accept(issuer: OutsideIssuer) -> None:
        migrate(database_urls.admin, master_key_file=database_urls.master_key_file, outside_issuer=issuer)

    try:
        accept(OutsideIssuer("*", None, SECRET))
        assert user_of(app, token(iss="https://any.example", aud=None))
        assert user_of(app, token(iss=None, aud="any"))
        assert user_of(app, token("another secret", iss="https://any.example")) is None
        assert user_of(app, token(iss="portway", aud="portway")) is None
    finally:
        accept(OutsideIssuer(ISSUER, AUDIENCE, SECRET))


class TestVouchedByTheGateway:
    """Tokens whose signature the gateway checked itself, registered by the sign-in role."""

    def register(self, urls: DatabaseUrls, bearer: str, **changes: Any) -> UUID | None:
        values = {
            "issuer": "https://keys.example", "subject": "s", "email": None, "verified": False, "name": "N",
            "hash": hashlib.sha256(bearer.encode()).digest(), "sign_up": "invite",
        } | changes  # fmt: skip
        with psycopg.connect(urls.sign_in, autocommit=True) as connection:
            row = connection.execute(
                "SELECT app.register_outside_session(%(issuer)s, %(subject)s, %(email)s, %(verified)s, %(name)s,"
                " %(hash)s, now() + interval '1 hour', %(sign_up)s)",
                values,
            ).fetchone()
        assert row is not None
        made: UUID | None = row[0]
        return made

    def test_are_known_by_their_hash(self, app: Connection, database_urls: DatabaseUrls) -> None:
        bearer = token("a private key", header={"alg": "RS256"}, sub="vouched")
        assert user_of(app, bearer) is None
        first = self.register(database_urls, bearer, subject="vouched")
        assert first == self.register(database_urls, bearer, subject="vouched")
        assert user_of(app, bearer)
        assert user_of(app, bearer + "x") is None

    def test_end_with_their_session(self, app: Connection, database_urls: DatabaseUrls) -> None:
        bearer = "any opaque token"
        session = self.register(database_urls, bearer, subject="ending")
        assert user_of(app, bearer)
        as_owner(database_urls, "UPDATE sessions SET expires_at = now() WHERE id = %s", session)
        assert user_of(app, bearer) is None

    def test_closed_sign_up_registers_nobody_new(self, database_urls: DatabaseUrls) -> None:
        assert self.register(database_urls, "t", subject="new here", sign_up="closed") is None

    def test_the_servers_role_registers_none(self, app: Connection) -> None:
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute(
                "SELECT app.register_outside_session('i', 's', NULL, false, NULL, 'h', now(), 'open')"
            )
