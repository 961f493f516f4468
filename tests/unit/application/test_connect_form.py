from typing import Any

import pytest

from portway.application.connect_form import ConnectForm, connect_form, read_form
from portway.domain.errors import MalformedRequest
from portway.domain.integration import AuthType
from tests.fakes.definitions import an_integration

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "subdomain": {
            "type": "string",
            "title": "Your Zendesk address",
            "description": "The part before .zendesk.com",
            "pattern": "^[a-z]+$",
            "examples": ["acme"],
        },
        "region": {"enum": ["eu", "us"], "default": "eu"},
        "port": {"type": "integer"},
        "rate": {"type": "number"},
        "sandbox": {"type": "boolean", "title": "A test account"},
        "cloud_id": {"type": "string"},
    },
    "required": ["subdomain", "cloud_id"],
}


def form_of(auth_type: AuthType = AuthType.API_KEY, **auth_config: Any) -> ConnectForm:
    return connect_form(an_integration(auth_type=auth_type, auth_config=auth_config), {})


def faults_of(form: ConnectForm, config: dict[str, str], credentials: dict[str, str]) -> dict[str, str]:
    with pytest.raises(MalformedRequest) as refused:
        read_form(form, config, credentials)
    return {fault.pointer: fault.message for fault in refused.value.faults}


def test_properties_of_the_schema_are_asked_in_their_order() -> None:
    form = form_of(config_schema=SCHEMA, capture={"cloud_id": "token.cloud"})
    assert [field.name for field in form.config] == ["subdomain", "region", "port", "rate", "sandbox"]
    subdomain, region, *_ = form.config
    assert (subdomain.title, subdomain.description) == (
        "Your Zendesk address",
        "The part before .zendesk.com",
    )
    assert (subdomain.required, subdomain.pattern, subdomain.example) == (True, "^[a-z]+$", "acme")
    assert (region.title, region.required, region.choices, region.default) == (
        "Region",
        False,
        ("eu", "us"),
        "eu",
    )


def test_what_is_required_is_asked_first() -> None:
    properties = {"beta": {"type": "boolean"}, "region": {}, "subdomain": {}}
    form = form_of(config_schema={"properties": properties, "required": ["subdomain", "region", "other", 7]})
    assert [field.name for field in form.config] == ["subdomain", "region", "beta"]


def test_what_is_settled_is_not_asked() -> None:
    integration = an_integration(auth_config={"config_schema": SCHEMA}, auth_type=AuthType.API_KEY)
    assert "subdomain" not in {field.name for field in connect_form(integration, {"subdomain": "a"}).config}


def test_without_a_schema_the_names_in_urls_are_asked() -> None:
    integration = an_integration(
        base_url="https://{subdomain}.example.com/{account_id}",
        auth_type=AuthType.OAUTH2,
        auth_config={
            "authorization_url": "https://{subdomain}.example.com/authorize",
            "token_url": "https://{region}.example.com/token",
            "capture": {"account_id": "callback.account"},
        },
    )
    form = connect_form(integration, {})
    assert [(field.name, field.title, field.required) for field in form.config] == [
        ("subdomain", "Subdomain", True),
        ("region", "Region", True),
    ]
    assert form.by_redirect
    assert form.credentials == ()


def test_credentials_are_asked_where_nobody_is_sent_elsewhere() -> None:
    form = form_of(AuthType.BASIC)
    assert not form.by_redirect
    assert [(field.name, field.secret) for field in form.credentials] == [
        ("username", False),
        ("password", True),
    ]


def test_what_was_entered_is_read_by_its_kind() -> None:
    form = form_of(config_schema=SCHEMA, capture={"cloud_id": "token.cloud"})
    entered = {"subdomain": " acme ", "region": "us", "port": "8443", "rate": "1.5", "sandbox": "true"}
    config, credentials = read_form(form, entered, {"api_key": " key\n"})
    assert config == {"subdomain": "acme", "region": "us", "port": 8443, "rate": 1.5, "sandbox": True}
    assert credentials == {"api_key": "key"}


def test_what_was_left_empty_is_left_out() -> None:
    form = form_of(config_schema=SCHEMA, capture={"cloud_id": "token.cloud"})
    config, _ = read_form(form, {"subdomain": "acme", "region": ""}, {"api_key": "key"})
    assert config == {"subdomain": "acme", "sandbox": False}


def test_everything_wrong_is_said_at_once() -> None:
    form = form_of(config_schema=SCHEMA, capture={"cloud_id": "token.cloud"})
    assert faults_of(form, {"port": "many", "region": "moon"}, {"api_key": "  "}) == {
        "/config/subdomain": "Please fill this in.",
        "/config/region": "Please choose one of these.",
        "/config/port": "Please enter a number.",
        "/credentials/api_key": "Please fill this in.",
    }


def test_nothing_else_is_taken() -> None:
    config, credentials = read_form(form_of(), {"subdomain": "x"}, {"api_key": "key", "client_id": "other"})
    assert (config, credentials) == ({}, {"api_key": "key"})


def test_a_lifetime_is_a_number() -> None:
    form = form_of(AuthType.OAUTH2)
    _, credentials = read_form(form, {}, {"access_token": "t", "expires_in": "3600"})
    assert credentials == {"access_token": "t", "expires_in": 3600}
