"""`portway users` and `portway keys`."""

import io
from urllib.parse import parse_qs, urlsplit

import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.cli.conftest import Portway
from tests.people import as_app, as_owner, new_person

PASSWORD = "correct horse battery staple"


def test_a_user_gets_an_organization_and_a_workspace(portway: Portway, database: DatabaseUrls) -> None:
    made = portway("users", "create", "Ann@Example.com", "--name", "Ann")
    assert made.json.keys() == {"user_id", "organization_id", "workspace_id"}
    rows = as_owner(
        database,
        "SELECT u.email, u.name, u.email_verified_at IS NOT NULL, m.role, w.organization_id::text FROM users AS u"
        " JOIN workspace_members AS m ON m.user_id = u.id JOIN workspaces AS w ON w.id = m.workspace_id"
        " WHERE u.id::text = %s AND w.id::text = %s",
        made.json["user_id"],
        made.json["workspace_id"],
    )
    assert rows == [("ann@example.com", "Ann", True, "owner", made.json["organization_id"])]
    assert "portway users reset-password" in made.messages


def test_a_user_with_a_password_can_sign_in(
    portway: Portway, database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    made = portway("users", "create", "bob@example.com", "--password-stdin")
    assert made.messages == ""
    [(parameters, salt, verifier)] = as_owner(
        database,
        "SELECT password_parameters, password_salt, password_verifier FROM users WHERE email = 'bob@example.com'",
    )
    assert parameters.startswith("argon2id$")
    assert (len(salt), len(verifier)) == (16, 32)
    assert PASSWORD.encode() not in verifier


def test_a_bad_password_makes_no_user(
    portway: Portway, database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    refused = portway("users", "create", "carol@example.com", "--password-stdin", status=1)
    assert "at least 10 characters" in refused.complaint
    assert as_owner(database, "SELECT FROM users WHERE email = 'carol@example.com'") == []


def test_an_address_that_is_none_or_taken_is_refused(portway: Portway, database: DatabaseUrls) -> None:
    assert portway("users", "create", "nobody", status=1).complaint == "nobody is not an e-mail address"
    taken = new_person(database).email
    assert portway("users", "create", taken.upper(), status=1).complaint == (
        f"there is a user {taken.upper()} already"
    )


def test_a_link_to_choose_a_password(portway: Portway, database: DatabaseUrls) -> None:
    email = new_person(database).email
    link = portway("users", "reset-password", email).output.strip()
    assert link.startswith("http://127.0.0.1:8000/reset-password#token=")
    token = parse_qs(urlsplit(link).fragment)["token"][0]
    redeem = "SELECT app.reset_password(%s, '\\x00', 'argon2id', '\\x00')"
    assert as_app(database, redeem, token) == [(True,)]
    assert as_app(database, redeem, token) == [(False,)]


def test_the_link_begins_with_the_public_url(
    portway: Portway, database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTWAY_PUBLIC_URL", "https://portway.example/")
    link = portway("users", "reset-password", new_person(database).email).output
    assert link.startswith("https://portway.example/reset-password#token=")


def test_a_key_authenticates_its_user_with_all_scopes(portway: Portway, database: DatabaseUrls) -> None:
    person = new_person(database)
    made = portway("keys", "create", "--user", person.email.upper()).json
    assert made.keys() == {"api_key", "id", "prefix"}
    assert made["api_key"].startswith(made["prefix"])
    assert made["api_key"].startswith("pw_")
    [(user_id, scopes, workspace_id)] = as_app(
        database, "SELECT user_id, scopes, workspace_id FROM app.authenticate(%s, 'closed')", made["api_key"]
    )
    assert (user_id, workspace_id) == (person.user_id, None)
    assert {"execute", "connections:write", "logs:read", "catalog:write", "admin"} <= set(scopes)


def test_a_key_with_limits(portway: Portway, database: DatabaseUrls) -> None:
    person = new_person(database)
    limits = ("--scope", "execute", "--scope", "logs:read", "--expires-in", "2h", "--name", "bot")
    made = portway(
        "keys", "create", "--user", person.email, "--workspace", str(person.workspace_id), *limits
    ).json
    [(name, scopes, workspace_id, minutes)] = as_owner(
        database,
        "SELECT name, scopes, workspace_id, extract(epoch FROM expires_at - now()) / 60 FROM api_keys"
        " WHERE id::text = %s",
        made["id"],
    )
    assert (name, scopes, workspace_id) == ("bot", ["execute", "logs:read"], person.workspace_id)
    assert 118 < minutes < 121


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (["--user", "nobody@example.com"], 1, "there is no user nobody@example.com"),
        (["--expires-in", "soon"], 1, "--expires-in soon: give a number of minutes"),
        (["--expires-in", "0d"], 1, "--expires-in 0d"),
        (["--scope", "everything"], 2, "Invalid value for '--scope'"),
        (["--workspace", "mine"], 2, "Invalid value for '--workspace'"),
        (["--workspace", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"], 1, "not_found: No such workspace."),
    ],
)
def test_a_key_that_cannot_be_made(
    portway: Portway, database: DatabaseUrls, arguments: list[str], status: int, complaint: str
) -> None:
    user = [] if "--user" in arguments else ["--user", new_person(database).email]
    assert portway("keys", "create", *user, *arguments, status=status).complaint.startswith(complaint)


def test_a_key_for_somebody_elses_workspace_is_refused(portway: Portway, database: DatabaseUrls) -> None:
    one, other = new_person(database), new_person(database)
    refused = portway("keys", "create", "--user", one.email, "--workspace", str(other.workspace_id), status=1)
    assert refused.complaint == "not_found: No such workspace."
