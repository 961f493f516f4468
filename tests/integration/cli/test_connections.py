"""`portway connections create`."""

import io
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.cli.conftest import Portway
from tests.people import as_owner, join, new_person


@pytest.fixture(autouse=True)
def _integrations(database: DatabaseUrls) -> None:
    as_owner(
        database,
        "INSERT INTO integrations (name, slug, base_url, auth_type) VALUES"
        " ('Weather', 'weather', 'https://weather.example', 'bearer'),"
        " ('Mill', 'mill', 'https://mill.example', 'basic') ON CONFLICT DO NOTHING",
    )


def stored(urls: DatabaseUrls, connection_id: str) -> tuple[object, ...]:
    return as_owner(
        urls,
        "SELECT c.name, c.user_id, c.workspace_id, c.status, octet_length(e.encrypted_value) > 20"
        " FROM connections AS c JOIN encrypted_credentials AS e ON e.connection_id = c.id WHERE c.id = %s",
        UUID(connection_id),
    )[0]


def test_a_connection_in_the_users_only_workspace(portway: Portway, database: DatabaseUrls) -> None:
    person = new_person(database)
    user = ("--user", person.email)
    made = portway(
        "connections", "create", *user, "--integration", "weather", "--name", "Main", "--field", "token=t0p"
    )
    assert made.json.keys() == {"connection_id"}
    assert stored(database, made.json["connection_id"]) == (
        *("Main", person.user_id, person.workspace_id, "active"),
        True,
    )
    assert made.messages == ""


def test_secrets_from_a_file_and_standard_input(
    portway: Portway, database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = new_person(database)
    secret = tmp_path / "secret"
    secret.write_text("ann\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("hush hush\n"))
    fields = ("--field", f"username=@{secret}", "--field", "password=-")
    made = portway(
        "connections", "create", "--user", person.email, "--integration", "mill", "--name", "M", *fields
    ).json
    assert decrypted(database, made["connection_id"]) == {"username": "ann", "password": "hush hush"}


def decrypted(urls: DatabaseUrls, connection_id: str) -> dict[str, str]:
    """The credential's members, as only the superuser of a test can ask for them."""
    with psycopg.connect(urls.superuser) as connection:
        return dict(
            connection.execute(
                "SELECT credential_type, keyring.decrypt(encrypted_value, key_id, connection_id, credential_type)"
                " FROM encrypted_credentials WHERE connection_id = %s",
                [UUID(connection_id)],
            ).fetchall()
        )


def test_a_user_of_several_workspaces_chooses(portway: Portway, database: DatabaseUrls) -> None:
    person, other = new_person(database), new_person(database)
    join(database, person, other)
    given = (
        *("--user", person.email, "--integration", "weather", "--name", "Main"),
        *("--field", "token=t0p"),
    )
    refused = portway("connections", "create", *given, status=1)
    assert "choose with --workspace" in refused.complaint
    assert str(other.workspace_id) in refused.complaint
    made = portway("connections", "create", *given, "--workspace", str(other.workspace_id)).json
    assert stored(database, made["connection_id"])[2] == other.workspace_id


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--field", "t0p-secret"], "--field: give NAME=VALUE"),
        (["--field", "token=t0p-secret", "--field", "token=t0p-secret"], "--field token is there twice"),
        (["--field", "key=t0p-secret"], "malformed_request: The credentials are not what"),
        (["--field", "token=@/no/such/file"], "--field token: cannot read /no/such/file"),
        (["--integration", "nothing", "--field", "token=t0p-secret"], "not_found: "),
        (["--user", "nobody@example.com"], "there is no user nobody@example.com"),
    ],
)
def test_what_cannot_be(
    portway: Portway, database: DatabaseUrls, arguments: list[str], complaint: str
) -> None:
    given = ["--user", new_person(database).email, "--integration", "weather", "--name", "Main"]
    refused = portway("connections", "create", *given, *arguments, status=1)
    assert refused.complaint.startswith(complaint)
    assert "t0p-secret" not in refused.complaint
    assert as_owner(database, "SELECT FROM connections WHERE name = 'Nothing'") == []
