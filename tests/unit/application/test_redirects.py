"""Redirects as the rows of services describe them: names, separators, further parameters, and OAuth 1.0a."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from portway.application.oauth_service import Authorization, CallbackResult
from portway.domain.errors import InvalidIntegrationConfig, MalformedRequest
from portway.domain.integration import AuthType
from tests.fakes.definitions import OAUTH2, an_integration
from tests.fakes.gateway import PUBLIC_URL, FakeGateway

OAUTH1: dict[str, Any] = {
    **{name: OAUTH2[name] for name in ("authorization_url", "clientIdEnv", "clientSecretEnv")},
    "oauth1": {
        "temporary_credentials_url": "https://auth.example/request_token",
        "token_url": "https://auth.example/access_token",
    },
}


class Flow:
    def __init__(self, auth_type: AuthType = AuthType.OAUTH2, **auth_config: Any) -> None:
        self.gateway = FakeGateway()
        self.person = self.gateway.world.add_person()
        base = OAUTH1 if auth_type is AuthType.OAUTH1 else OAUTH2
        self.integration = an_integration(auth_type, auth_config={**base, **auth_config})
        self.gateway.world.add(self.integration)

    async def begin(self, **members: Any) -> Authorization:
        return await self.gateway.oauth.authorize(
            self.person.principal,
            workspace_id=self.person.workspace_id,
            integration=self.integration.slug,
            **members,
        )

    async def back(self, **parameters: str) -> CallbackResult:
        return await self.gateway.oauth.callback(parameters, None)


def query(begun: Authorization) -> dict[str, str]:
    return dict(
        parse_qsl(urlsplit(begun.authorization_url).query, keep_blank_values=True, strict_parsing=True)
    )


# OAuth 2


async def test_names_and_separators_of_the_services_own() -> None:
    names = {
        "client_id": "client_key",
        "scope": "permissions",
        "state": "memo",
        "code_challenge": "challenge",
    }
    flow = Flow(
        scopes=["a", "b"],
        scope_separator=",",
        parameter_names=names,
        callback_names={"code": "auth_code", "state": "memo"},
    )
    begun = await flow.begin()
    asked = query(begun)
    assert (asked["client_key"], asked["permissions"], asked["memo"]) == ("the-client", "a,b", begun.state)
    assert not asked.keys() & {"client_id", "scope", "state", "code_challenge"}
    assert asked["challenge"]
    result = await flow.back(memo=begun.state, auth_code="the-code")
    assert result.error is None
    assert flow.gateway.token_endpoint.exchanges[0].code == "the-code"


async def test_a_state_under_a_name_that_is_not_the_rows_is_found_and_its_code_is_not() -> None:
    flow = Flow()
    begun = await flow.begin()
    result = await flow.back(odd=begun.state, auth_code="the-code")
    assert result.error == "invalid_response"


async def test_further_parameters_take_values_of_the_config() -> None:
    params = {
        "access_type": "offline",
        "prompt": True,
        "team": "{team}",
        "org": "{org}",
        "user_scope": "{scopes}",
    }
    flow = Flow(
        authorization_params=params, authorization_url="https://auth.example/authorize?org=x&kept=1&state=old"
    )
    asked = query(await flow.begin(config={"team": "T1"}, scopes=["read", "write"]))
    assert (asked["access_type"], asked["prompt"], asked["team"]) == ("offline", "true", "T1")
    assert (asked["user_scope"], asked["org"], asked["kept"]) == ("read write", "x", "1")
    assert asked["state"] != "old"


@pytest.mark.parametrize("name", ["code_challenge", "code_challenge_method", "challenge"])
async def test_no_challenge_of_the_rows_own(name: str) -> None:
    flow = Flow(
        pkce=False, authorization_params={name: "mine"}, parameter_names={"code_challenge": "challenge"}
    )
    assert name not in query(await flow.begin())


async def test_what_the_row_says_besides_replaces_nothing_of_ours() -> None:
    params = {
        "state": "s",
        "redirect_uri": "https://evil.example",
        "client_id": "c",
        "response_type": "token",
    }
    asked = query(await (flow := Flow(authorization_params=params)).begin())
    assert asked["redirect_uri"] == f"{PUBLIC_URL}/api/v2/oauth/callback"
    assert (asked["client_id"], asked["response_type"]) == ("the-client", "code")
    assert flow.gateway.http.sent == []


async def test_without_scopes_none_are_asked_for() -> None:
    assert "scope" not in query(await Flow(scopes=[]).begin())


async def test_an_issuer_of_the_connections_own() -> None:
    flow = Flow(issuer="https://{tenant}.example", authorization_url="https://{tenant}.example/authorize")
    for iss, error in (("https://acme.example", None), ("https://evil.example", "invalid_issuer")):
        begun = await flow.begin(config={"tenant": "acme"})
        assert (await flow.back(state=begun.state, code="c", iss=iss)).error == error


async def test_a_config_that_does_not_fit_begins_nothing() -> None:
    flow = Flow(config_schema={"properties": {"site": {"type": "string", "default": "eu"}}})
    with pytest.raises(MalformedRequest) as raised:
        await flow.begin(config={"site": 1})
    assert [fault.pointer for fault in raised.value.faults] == ["/config/site"]
    begun = await flow.begin()
    result = await flow.back(state=begun.state, code="c")
    assert result.connection_id is not None
    stored = flow.gateway.world.stored(result.connection_id)
    assert stored is not None
    assert stored.config == {"site": "eu"}


# OAuth 1.0a (RFC 5849, section 2)


async def test_oauth1_there_and_back() -> None:
    flow = Flow(AuthType.OAUTH1, authorization_params={"name": "Portway"})
    begun = await flow.begin()
    asked, endpoint = query(begun), flow.gateway.token_endpoint
    assert asked.keys() == {"oauth_token", "name"}
    assert endpoint.callbacks == [f"{PUBLIC_URL}/api/v2/oauth/callback?state={begun.state}"]
    result = await flow.back(
        state=begun.state, oauth_token=asked["oauth_token"], oauth_verifier="the-verifier"
    )
    assert result.error is None
    ((temporary, verifier),) = endpoint.verifiers
    assert (temporary.token, verifier) == (asked["oauth_token"], "the-verifier")
    assert temporary.token_secret not in begun.authorization_url


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"denied": "$token"}, "access_denied"),
        ({"oauth_token": "another", "oauth_verifier": "v"}, "invalid_response"),
        ({"oauth_verifier": "v"}, "invalid_response"),
        ({"oauth_token": "$token"}, "invalid_response"),
        ({"error": "server_error"}, "server_error"),
    ],
)
async def test_oauth1_that_brings_nothing(parameters: dict[str, str], error: str) -> None:
    flow = Flow(AuthType.OAUTH1)
    begun = await flow.begin()
    token = query(begun)["oauth_token"]
    told = {name: value.replace("$token", token) for name, value in parameters.items()}
    assert (await flow.back(state=begun.state, **told)).error == error
    assert flow.gateway.token_endpoint.verifiers == []
    assert flow.gateway.world.connections == {}


async def test_oauth1_without_the_three_legs_is_entered() -> None:
    flow = Flow(AuthType.OAUTH1, oauth1={})
    with pytest.raises(InvalidIntegrationConfig, match="by redirect"):
        await flow.begin()
