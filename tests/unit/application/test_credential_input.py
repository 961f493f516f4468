"""What is entered: which of it is part of calls, and which only renews a token."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from portway.application.credential_input import read_credentials
from portway.domain.errors import MalformedRequest
from portway.domain.integration import AuthType
from tests.fakes.definitions import an_integration

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CUSTOM: dict[str, Any] = {"credential_fields": ["user", "password"]}
LOGIN = {"login": {"url": "https://auth.example/login"}}
KEY_FILE: dict[str, Any] = {
    "type": "service_account",
    "project_id": "p",
    "private_key_id": "1",
    "private_key": "-----BEGIN PRIVATE KEY-----",
    "client_email": "robot@p.example",
    "client_id": "1234",
    "token_uri": "https://oauth2.example/token",
}
OF_KEY_FILE: dict[str, Any] = {
    name: KEY_FILE[name] for name in ("private_key_id", "private_key", "client_email")
}


@pytest.mark.parametrize(
    ("auth_type", "auth_config", "entered", "values", "grant", "needs_token"),
    [
        (AuthType.API_KEY, {}, {"api_key": "k"}, {"api_key"}, set(), False),
        (AuthType.BASIC, {}, {"username": "u", "password": "p"}, {"username", "password"}, set(), False),
        (AuthType.OAUTH2, {}, {"access_token": "a", "refresh_token": "r"}, {"access_token"}, {"refresh_token"}, False),
        (
            AuthType.OAUTH2_CLIENT_CREDENTIALS, {}, {"client_id": "i", "client_secret": "s"}, set(),
            {"client_id", "client_secret"}, True,
        ),
        (AuthType.OAUTH2_CLIENT_CREDENTIALS, {}, {}, set(), set(), True),
        (AuthType.JWT_BEARER, {}, OF_KEY_FILE, set(), OF_KEY_FILE.keys(), True),
        (AuthType.CUSTOM, CUSTOM, {"user": "u", "password": "p"}, {"user", "password"}, set(), False),
        (AuthType.CUSTOM, CUSTOM | LOGIN, {"user": "u", "password": "p"}, set(), {"user", "password"}, True),
        (
            AuthType.CUSTOM,
            CUSTOM | LOGIN | {"credential_placement": [
                {"in": "header", "name": "x-user", "value": "{user}"},
                {"in": "header", "name": "x-token", "value": "{access_token}"},
            ]},
            {"user": "u", "password": "p"}, {"user"}, {"password"}, True,
        ),
        (
            AuthType.OAUTH1, {},
            {"consumer_key": "a", "consumer_secret": "b", "token": "c", "token_secret": "d"},
            {"consumer_key", "consumer_secret", "token", "token_secret"}, set(), False,
        ),
    ],
)  # fmt: skip
def test_each_kind(  # noqa: PLR0917
    auth_type: AuthType, auth_config: Any, entered: Any, values: Any, grant: Any, needs_token: bool
) -> None:
    found = read_credentials(an_integration(auth_type, auth_config=auth_config), entered, NOW)
    assert (set(found.values), set(found.grant)) == (set(values), set(grant))
    assert {**found.values, **found.grant} == entered
    assert found.needs_token is needs_token
    assert all(repr(value) not in repr(found) for value in entered.values())


@pytest.mark.parametrize(
    "entered",
    [
        KEY_FILE,
        {"service_account": KEY_FILE},
        {"service_account": json.dumps(KEY_FILE, indent=2)},
        OF_KEY_FILE,
    ],
)
def test_a_service_accounts_key_file_is_taken_as_it_is(entered: Any) -> None:
    found = read_credentials(an_integration(AuthType.JWT_BEARER), entered, NOW)
    assert found.grant == OF_KEY_FILE


def test_a_member_beside_the_file_goes_before_the_files() -> None:
    entered: dict[str, Any] = {
        "service_account": KEY_FILE,
        "subject": "ada@example.com",
        "client_email": "other@p.example",
    }
    found = read_credentials(an_integration(AuthType.JWT_BEARER), entered, NOW)
    assert found.grant == OF_KEY_FILE | {"subject": "ada@example.com", "client_email": "other@p.example"}


@pytest.mark.parametrize(
    ("auth_type", "entered", "pointers"),
    [
        (AuthType.JWT_BEARER, {"service_account": "no JSON"}, ["/credentials/service_account"]),
        (AuthType.JWT_BEARER, {"service_account": "[1]"}, ["/credentials/service_account"]),
        (AuthType.JWT_BEARER, {"service_account": 7}, ["/credentials/service_account"]),
        (
            AuthType.JWT_BEARER,
            {"service_account": {}},
            ["/credentials/client_email", "/credentials/private_key"],
        ),
        (AuthType.JWT_BEARER, {**OF_KEY_FILE, "project_id": "p"}, ["/credentials/project_id"]),
        (AuthType.API_KEY, {"service_account": {}}, ["/credentials/api_key", "/credentials/service_account"]),
        (AuthType.OAUTH2_CLIENT_CREDENTIALS, {"client_secret": "s"}, ["/credentials/client_id"]),
        (AuthType.BEARER, {"token": {"a": 1}}, ["/credentials/token"]),
    ],
)
def test_faults_are_pointed_at(auth_type: AuthType, entered: Any, pointers: list[str]) -> None:
    with pytest.raises(MalformedRequest) as raised:
        read_credentials(an_integration(auth_type), entered, NOW)
    assert sorted({fault.pointer for fault in raised.value.faults}) == pointers
