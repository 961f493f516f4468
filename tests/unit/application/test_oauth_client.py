from collections.abc import Mapping
from typing import Any

import pytest

from portway.application.oauth_client import choose_client
from portway.domain.credential import OAuthClient
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import Integration
from tests.fakes.definitions import an_integration

OWN = OAuthClient("our-client", "our-secret")
ENVIRONMENT = {
    "GMAIL_CLIENT_ID": "gmail-client",
    "GMAIL_CLIENT_SECRET": "gmail-secret",
    "PORTWAY_JWT_SECRET": "the-gateway's",
    "EMPTY": "",
}


def naming(organization_id: Any = None, **auth_config: Any) -> Integration:
    return an_integration(organization_id=organization_id, auth_config=auth_config)


def refusal(
    integration: Integration, own: OAuthClient | None = None, environment: Mapping[str, str] = ENVIRONMENT
) -> str:
    with pytest.raises(InvalidIntegrationConfig) as raised:
        choose_client(integration, own, environment)
    for secret in environment.values():
        assert not secret or secret not in raised.value.detail
    return raised.value.detail


def test_the_variables_that_a_global_integration_names() -> None:
    gmail = naming(clientIdEnv="GMAIL_CLIENT_ID", clientSecretEnv="GMAIL_CLIENT_SECRET")
    assert choose_client(gmail, None, ENVIRONMENT) == OAuthClient("gmail-client", "gmail-secret")


def test_the_organizations_own_client_comes_first() -> None:
    gmail = naming(clientIdEnv="GMAIL_CLIENT_ID", clientSecretEnv="GMAIL_CLIENT_SECRET")
    assert choose_client(gmail, OWN, ENVIRONMENT) is OWN
    assert choose_client(naming(), OWN, {}) is OWN


@pytest.mark.parametrize("secret", [{}, {"clientSecretEnv": "UNSET"}, {"clientSecretEnv": "EMPTY"}])
def test_a_public_client_has_no_secret(secret: dict[str, str]) -> None:
    public = naming(clientIdEnv="GMAIL_CLIENT_ID", **secret)
    assert choose_client(public, None, ENVIRONMENT) == OAuthClient("gmail-client", None)


@pytest.mark.parametrize(
    "name", ["PORTWAY_JWT_SECRET", "PORTWAY_ANYTHING", "portway_jwt_secret", "Portway_X"]
)
@pytest.mark.parametrize("member", ["clientIdEnv", "clientSecretEnv"])
@pytest.mark.parametrize("own", [None, OWN])
def test_nobody_names_portways_own(name: str, member: str, own: OAuthClient | None) -> None:
    named = {"clientIdEnv": "GMAIL_CLIENT_ID", "clientSecretEnv": "GMAIL_CLIENT_SECRET", member: name}
    assert "Portway's own" in refusal(naming(**named), own)


@pytest.mark.parametrize("name", ["PORTWAY_JWT_SECRET", "GMAIL_CLIENT_SECRET", "PATH", "UNSET"])
@pytest.mark.parametrize("member", ["clientIdEnv", "clientSecretEnv"])
@pytest.mark.parametrize("own", [None, OWN])
def test_an_organizations_integration_names_none(name: str, member: str, own: OAuthClient | None) -> None:
    organization_id = an_integration().id
    detail = refusal(naming(organization_id, **{member: name}), own)
    assert "for global integrations" in detail


@pytest.mark.parametrize("value", [1, True, ["GMAIL_CLIENT_ID"], {"a": 1}])
def test_what_is_no_name(value: object) -> None:
    refusal(naming(clientIdEnv=value))


@pytest.mark.parametrize("name", ["UNSET", "EMPTY"])
def test_without_a_client_it_says_how_to_set_one(name: str) -> None:
    integration = naming(clientIdEnv=name, clientSecretEnv="OTHER")
    detail = refusal(integration)
    assert f"PUT /api/v2/integrations/{integration.slug}/oauth-client" in detail
    assert f"{name} and OTHER" in detail
    assert "environment" not in refusal(naming())
