"""`portway migrate`, `portway db` and which database commands work on."""

from pathlib import Path

import psycopg
import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls, EmbeddedPostgres
from tests.integration.cli.conftest import Portway


def configure(monkeypatch: pytest.MonkeyPatch, urls: DatabaseUrls) -> None:
    monkeypatch.setenv("PORTWAY_DATABASE_URL", urls.app)
    monkeypatch.setenv("PORTWAY_ADMIN_DATABASE_URL", urls.admin)


def test_migrating_and_checking(
    portway: Portway, monkeypatch: pytest.MonkeyPatch, empty_database_urls: DatabaseUrls
) -> None:
    configure(monkeypatch, empty_database_urls)
    assert "portway migrate" in portway("migrate", "--check", status=1).complaint
    assert "portway migrate" in portway("users", "create", "a@example.com", status=1).complaint
    assert portway("migrate").messages.startswith("Applied ")
    assert portway("migrate", "--check").messages == "The database is up to date.\n"
    assert portway("migrate").messages == "The database is up to date.\n"


def test_a_server_can_check_without_the_owner(
    portway: Portway, monkeypatch: pytest.MonkeyPatch, database: DatabaseUrls
) -> None:
    monkeypatch.delenv("PORTWAY_ADMIN_DATABASE_URL")
    portway("migrate", "--check")
    assert "PORTWAY_ADMIN_DATABASE_URL" in portway("migrate", status=1).complaint


def test_the_outside_issuer_is_put_into_the_keyring(
    portway: Portway, monkeypatch: pytest.MonkeyPatch, fresh_database_urls: DatabaseUrls
) -> None:
    configure(monkeypatch, fresh_database_urls)

    def issuers() -> list[tuple[object, ...]]:
        with psycopg.connect(fresh_database_urls.superuser) as connection:
            return connection.execute("SELECT issuer, audience FROM keyring.jwt_issuers").fetchall()

    monkeypatch.setenv("PORTWAY_JWT_SECRET", "s" * 32)
    portway("migrate")
    assert issuers() == [("*", None)]
    monkeypatch.setenv("PORTWAY_JWT_ISSUER", "https://id.example")
    monkeypatch.setenv("PORTWAY_JWT_AUDIENCE", "authenticated")
    portway("migrate")
    assert issuers() == [("https://id.example", "authenticated")]
    monkeypatch.delenv("PORTWAY_JWT_SECRET")
    portway("migrate")
    assert issuers() == []


def test_the_urls_of_a_configured_database(portway: Portway, database: DatabaseUrls) -> None:
    assert portway("db", "url").output == database.app + "\n"
    assert portway("db", "url", "--admin").output == database.admin + "\n"


def test_a_database_that_does_not_answer_is_told_in_one_line(
    portway: Portway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTWAY_ADMIN_DATABASE_URL", "postgresql://somebody:hush@127.0.0.1:1/x")
    refused = portway("users", "create", "a@example.com", status=1)
    assert refused.complaint.startswith("the database does not answer: ")
    assert "hush" not in refused.complaint


def test_settings_that_make_no_sense_are_told_in_one_line(
    portway: Portway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTWAY_SIGN_UP", "perhaps")
    assert portway("db", "url", status=1).complaint.startswith("PORTWAY_SIGN_UP input should be")


def test_commands_find_the_embedded_database(portway: Portway, tmp_path: Path) -> None:
    directory = str(tmp_path / "data")
    assert (
        "there is no database in"
        in portway("users", "create", "a@example.com", "--data-dir", directory, status=1).complaint
    )
    assert not Path(directory).exists()
    server = EmbeddedPostgres(Path(directory), settings={"fsync": "off"})
    try:
        urls = server.start()
        portway("migrate", "--data-dir", directory)
        portway("users", "create", "a@example.com", "--data-dir", directory)
        assert portway("db", "url", "--data-dir", directory).output == urls.app + "\n"
        assert portway("db", "url", "--admin", "--data-dir", directory).output == urls.admin + "\n"
        # The link names the address that `portway up` serves on, here another than the usual.
        (Path(directory) / "public-url").write_text("http://127.0.0.1:9000\n")
        reset = portway("users", "reset-password", "a@example.com", "--data-dir", directory)
        assert reset.output.startswith("http://127.0.0.1:9000/reset-password")
    finally:
        server.stop()
    assert "no database runs in" in portway("db", "url", "--data-dir", directory, status=1).complaint
    # Without anybody who runs it, a command starts it for as long as it needs it.
    assert portway("keys", "create", "--user", "a@example.com", "--data-dir", directory).json["api_key"]
    assert EmbeddedPostgres(Path(directory)).running() is None
