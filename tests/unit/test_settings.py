"""The environment as settings, and what is said of one that makes no sense."""

import os
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import SecretStr

from portway.settings import (
    Settings,
    SettingsError,
    load_client_settings,
    load_settings,
    unknown_variables,
)

SECRET = "an-outside-issuer's-secret-of-40-bytes.."


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("PORTWAY_", "XDG_")):
            monkeypatch.delenv(name)


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(f"PORTWAY_{name}", value)
    return load_settings()


def complaint(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(monkeypatch, **variables)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_everything_has_a_default_and_no_default_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    found = load_settings()
    assert found.public_url == "http://127.0.0.1:8000"
    assert found.sign_up == "invite"
    assert found.log_level == "info"
    assert found.allow_private_networks == ()
    assert found.data_dir == Path("/home/somebody/.local/share/portway")
    secrets = (
        "database_url",
        "admin_database_url",
        "sign_in_database_url",
        "redis_url",
        "jwt_secret",
        "smtp_url",
    )
    assert [getattr(found, name) for name in secrets] == [None] * len(secrets)


def test_the_data_directory_follows_the_xdg_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/data")
    assert load_settings().data_dir == Path("/srv/data/portway")


def test_every_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(
        monkeypatch,
        DATABASE_URL="postgresql://portway_app:pw@db/portway",
        ADMIN_DATABASE_URL="postgres://portway_owner:pw@db/portway",
        SIGN_IN_DATABASE_URL="postgresql://portway_sign_in:pw@db/portway",
        WORKER_DATABASE_URL="postgresql://portway_worker:pw@db/portway",
        READ_DATABASE_URL="postgresql://portway_app:pw@replica/portway",
        REDIS_URL="rediss://:pw@cache:6380/1",
        PUBLIC_URL="https://portway.example/",
        JWT_SECRET=SECRET,
        JWT_JWKS_URL="https://id.example/jwks.json",
        JWT_ISSUER="https://id.example",
        JWT_AUDIENCE="authenticated",
        OIDC_ISSUER="https://sso.example/realms/a/",
        OIDC_CLIENT_ID="portway",
        OIDC_CLIENT_SECRET="hush",
        OIDC_NAME="Acme",
        DATA_DIR="/srv/portway",
        ALLOW_PRIVATE_NETWORKS="10.1.0.0/16, fd00::/8",
        SIGN_UP="closed",
        SMTP_URL="smtps://user:pw@mail.example",
        LOG_LEVEL="DEBUG",
        SET_UP_LINK_REQUIRED="true",
        MASTER_KEY_FILE="/etc/portway/master.key",
    )
    assert found.database_url is not None
    assert found.database_url.get_secret_value() == "postgresql://portway_app:pw@db/portway"
    assert found.public_url == "https://portway.example"
    assert found.allow_private_networks == (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert found.jwt_secret is not None
    assert found.jwt_secret.get_secret_value() == SECRET
    assert found.oidc_issuer == "https://sso.example/realms/a/"  # as the issuer itself writes it
    assert (found.oidc_client_id, found.oidc_name) == ("portway", "Acme")
    assert found.oidc_client_secret is not None
    assert found.oidc_client_secret.get_secret_value() == "hush"
    assert (found.sign_up, found.log_level) == ("closed", "debug")
    assert found.set_up_link_required is True
    assert found.data_dir == Path("/srv/portway")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://portway_app:pw@one:5432,two:5433/portway?target_session_attrs=read-write",
        "postgresql://portway_app:pw@one,two/portway",
        "postgresql:///portway?host=/run/postgresql",
    ],
)
def test_a_database_at_one_of_several_hosts_or_a_socket(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert settings(monkeypatch, DATABASE_URL=url).database_url == SecretStr(url)


def test_no_secret_is_part_of_the_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, DATABASE_URL="postgresql://portway_app:hush@db/portway", JWT_SECRET=SECRET)
    assert "hush" not in repr(found)
    assert SECRET not in f"{found!r} {found.model_dump()}"


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(monkeypatch, DATABASE_URL="", SIGN_UP="").sign_up == "invite"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (
            {"DATABASE_URL": "mysql://hush@db/x"},
            "PORTWAY_DATABASE_URL must be a URL that begins with postgresql://",
        ),
        ({"DATABASE_URL": "host=db password=hush"}, "PORTWAY_DATABASE_URL must be a URL"),
        ({"ADMIN_DATABASE_URL": "postgresql://u:hush@db:port/x"}, "PORTWAY_ADMIN_DATABASE_URL must be a URL"),
        ({"DATABASE_URL": "postgresql://u:hush@one,two:0/x"}, "PORTWAY_DATABASE_URL must be a URL"),
        ({"DATABASE_URL": "postgresql://u:pass@hush@db/x"}, "PORTWAY_DATABASE_URL must be a URL"),
        ({"READ_DATABASE_URL": "postgresql://u:hush@db/x?no=1"}, "PORTWAY_READ_DATABASE_URL must be a URL"),
        ({"REDIS_URL": "http://hush"}, "PORTWAY_REDIS_URL must be a URL that begins with redis://"),
        ({"SMTP_URL": "mail.example:25"}, "PORTWAY_SMTP_URL must be a URL that begins with smtp://"),
        ({"PUBLIC_URL": "portway.example"}, "PORTWAY_PUBLIC_URL must be an http or https URL"),
        ({"PUBLIC_URL": "https://portway.example/?a=1"}, "PORTWAY_PUBLIC_URL must have neither a query"),
        ({"SIGN_UP": "yes"}, "PORTWAY_SIGN_UP input should be 'open', 'invite' or 'closed'"),
        ({"LOG_LEVEL": "loud"}, "PORTWAY_LOG_LEVEL input should be"),
        ({"JWT_SECRET": "hush"}, "PORTWAY_JWT_SECRET must have at least 32 bytes"),
        (
            {"JWT_JWKS_URL": "http://id.example/jwks", "JWT_ISSUER": "x"},
            "PORTWAY_JWT_JWKS_URL must be an https URL",
        ),
        ({"JWT_JWKS_URL": "https://id.example/jwks"}, "PORTWAY_JWT_JWKS_URL needs PORTWAY_JWT_ISSUER"),
        (
            {"JWT_JWKS_URL": "https://id/jwks", "JWT_ISSUER": "x", "DATABASE_URL": "postgresql://db/x"},
            "PORTWAY_JWT_JWKS_URL needs PORTWAY_SIGN_IN_DATABASE_URL",
        ),
        (
            {"OIDC_ISSUER": "http://sso.example", "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "hush"},
            "PORTWAY_OIDC_ISSUER must be an https URL",
        ),
        ({"OIDC_ISSUER": "https://sso.example"}, "PORTWAY_OIDC_ISSUER needs PORTWAY_OIDC_CLIENT_ID"),
        ({"OIDC_CLIENT_ID": "x"}, "PORTWAY_OIDC_CLIENT_ID needs PORTWAY_OIDC_ISSUER"),
        (
            {"OIDC_ISSUER": "https://a", "OIDC_CLIENT_ID": "x", "DATABASE_URL": "postgresql://db/x"},
            "PORTWAY_OIDC_ISSUER needs PORTWAY_SIGN_IN_DATABASE_URL",
        ),
        (
            {"ALLOW_PRIVATE_NETWORKS": "10.0.0.1/8"},
            "PORTWAY_ALLOW_PRIVATE_NETWORKS 10.0.0.1/8 has host bits set",
        ),
        ({"ALLOW_PRIVATE_NETWORKS": "home"}, "PORTWAY_ALLOW_PRIVATE_NETWORKS 'home' does not appear to be"),
        ({"MASTER_KEY_FILE": "master.key"}, "PORTWAY_MASTER_KEY_FILE must be an absolute path"),
    ],
)
def test_a_fault_names_its_variable_in_one_line_without_the_value(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    message = complaint(monkeypatch, **variables)
    assert message.startswith(expected)
    assert "hush" not in message


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    message = complaint(monkeypatch, SIGN_UP="yes", JWT_SECRET="hush")
    assert "PORTWAY_SIGN_UP" in message
    assert "PORTWAY_JWT_SECRET" in message


def test_the_keys_of_an_issuer_on_this_machine_need_no_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://127.0.0.1:9999/jwks"
    assert settings(monkeypatch, JWT_JWKS_URL=url, JWT_ISSUER="http://127.0.0.1:9999").jwt_jwks_url == url


def test_client_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTWAY_URL", "http://127.0.0.1:8000/")
    monkeypatch.setenv("PORTWAY_API_KEY", "pw_hush")
    found = load_client_settings()
    assert found.url == "http://127.0.0.1:8000"
    assert "pw_hush" not in repr(found)
    monkeypatch.setenv("PORTWAY_URL", "gateway")
    with pytest.raises(SettingsError, match=r"^PORTWAY_URL must be an http or https URL$"):
        load_client_settings()


def test_misspelt_variables_are_found() -> None:
    environment = {"PORTWAY_SIGNUP": "open", "PORTWAY_SIGN_UP": "open", "PORTWAY_URL": "x", "PATH": "/bin"}
    assert unknown_variables(environment) == ["PORTWAY_SIGNUP"]
