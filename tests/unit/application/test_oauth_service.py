import asyncio
import base64
import hashlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import uuid4

import pytest

from portway.application.oauth_service import Authorization, CallbackResult
from portway.application.ports.token_endpoint import TokenEndpointUnavailable, TokenRequestRefused
from portway.domain.connection import ConnectionStatus
from portway.domain.credential import OAuthClient, TokenSet
from portway.domain.errors import Forbidden, InvalidIntegrationConfig, MalformedRequest, NotFound
from portway.domain.integration import AuthType, Integration
from portway.domain.organization import Role
from tests.fakes.definitions import OAUTH2, an_integration
from tests.fakes.gateway import PUBLIC_URL, RETURN_ORIGIN, FakeGateway
from tests.fakes.records import Person


class Signer:
    """Somebody who connects a service."""

    def __init__(self, integration: Integration | None = None, **members: Any) -> None:
        self.gateway = FakeGateway()
        self.person: Person = self.gateway.world.add_person()
        self.integration = integration or an_integration(**members)
        self.gateway.world.add(self.integration)

    async def authorize(self, **members: Any) -> Authorization:
        return await self.gateway.oauth.authorize(
            self.person.principal,
            **{
                "workspace_id": self.person.workspace_id,
                "integration": self.integration.slug,
                "name": "My account",
                **members,
            },
        )

    async def callback(
        self, authorization: Authorization, browser_secret: str | None = None, **parameters: str
    ) -> CallbackResult:
        return await self.gateway.oauth.callback(
            {"state": authorization.state, "code": "the-code", **parameters}, browser_secret
        )


def query(authorization: Authorization) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(authorization.authorization_url).query, strict_parsing=True))


# To the authorization server


async def test_the_url_to_go_to() -> None:
    signer = Signer()
    authorization = await signer.authorize()
    url = urlsplit(authorization.authorization_url)
    assert (url.scheme, url.netloc, url.path) == ("https", "auth.example", "/authorize")
    asked = query(authorization)
    assert asked.pop("state") == authorization.state
    assert asked.pop("code_challenge")
    assert asked == {
        "response_type": "code",
        "client_id": "the-client",
        "redirect_uri": f"{PUBLIC_URL}/api/v2/oauth/callback",
        "scope": "read",
        "code_challenge_method": "S256",
    }
    assert authorization.state not in repr(authorization).replace(authorization.authorization_url, "")
    assert (authorization.expires_at - signer.gateway.clock()).total_seconds() == 600


async def test_the_challenge_is_that_of_the_verifier_and_the_verifier_stays_here() -> None:
    signer = Signer()
    authorization = await signer.authorize()
    await signer.callback(authorization)
    (exchange,) = signer.gateway.token_endpoint.exchanges
    digest = hashlib.sha256(exchange.code_verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert query(authorization)["code_challenge"] == challenge
    assert 43 <= len(exchange.code_verifier) <= 128
    assert exchange.code_verifier not in authorization.authorization_url


async def test_state_and_verifier_are_new_each_time() -> None:
    signer = Signer()
    one, two = await signer.authorize(), await signer.authorize()
    assert one.state != two.state
    assert len(base64.urlsafe_b64decode(one.state + "=")) >= 32
    assert query(one)["code_challenge"] != query(two)["code_challenge"]


async def test_without_pkce_where_a_provider_refuses_it() -> None:
    signer = Signer(auth_config={**OAUTH2, "pkce": False})
    assert not {"code_challenge", "code_challenge_method"} & query(await signer.authorize()).keys()


@pytest.mark.parametrize(
    ("scopes", "separator", "expected"),
    [(None, None, "read"), (["a", "b c"], None, "a b c"), (["a", "b"], ",", "a,b"), ([], None, None)],
)
async def test_scopes(scopes: Any, separator: str | None, expected: str | None) -> None:
    config = OAUTH2 if separator is None else {**OAUTH2, "scope_separator": separator}
    signer = Signer(auth_config=config)
    assert query(await signer.authorize(scopes=scopes)).get("scope") == expected


async def test_a_providers_own_parameters_take_nothing_over() -> None:
    extra = {
        "access_type": "offline",
        "state": "mine",
        "redirect_uri": "https://evil.example",
        "client_id": "x",
    }
    signer = Signer(auth_config={**OAUTH2, "authorization_params": extra})
    authorization = await signer.authorize()
    asked = query(authorization)
    assert (asked["access_type"], asked["state"]) == ("offline", authorization.state)
    assert (asked["client_id"], asked["redirect_uri"]) == ("the-client", signer.gateway.oauth.redirect_uri)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://auth.example/authorize/", "https://auth.example/authorize/?"),
        ("https://auth.example/authorize?tenant=a%20b", "https://auth.example/authorize?tenant=a+b&"),
        ("https://{subdomain}.example/authorize", "https://acme.example/authorize?"),
    ],
)
async def test_an_authorization_url_of_any_shape(url: str, expected: str) -> None:
    signer = Signer(auth_config={**OAUTH2, "authorization_url": url})
    authorization = await signer.authorize(config={"subdomain": "acme"})
    assert authorization.authorization_url.startswith(expected)


async def test_the_organizations_own_client() -> None:
    signer = Signer()
    own = OAuthClient("our-client", "our-secret")
    await signer.gateway.oauth_clients.set(
        signer.person.principal, signer.integration.slug, signer.person.organization_id, own
    )
    authorization = await signer.authorize()
    assert query(authorization)["client_id"] == "our-client"
    assert "our-secret" not in authorization.authorization_url
    await signer.callback(authorization)
    assert signer.gateway.token_endpoint.exchanges[0].client == own


# What cannot be connected so


async def test_an_organizations_integration_that_names_a_variable() -> None:
    gateway = FakeGateway()
    person = gateway.world.add_person()
    integration = an_integration(
        organization_id=person.organization_id,
        auth_config={**OAUTH2, "clientSecretEnv": "PORTWAY_JWT_SECRET"},
    )
    gateway.world.add(integration)
    with pytest.raises(InvalidIntegrationConfig):
        await gateway.oauth.authorize(
            person.principal, workspace_id=person.workspace_id, integration=integration.slug, name="x"
        )


@pytest.mark.parametrize(
    "members",
    [
        {"auth_config": {**OAUTH2, "clientSecretEnv": "PORTWAY_JWT_SECRET"}},
        {"auth_config": {**OAUTH2, "clientIdEnv": "UNSET"}},
        {"auth_config": {name: OAUTH2[name] for name in OAUTH2 if name != "authorization_url"}},
        {"auth_config": {**OAUTH2, "authorization_url": 7}},
        {"auth_config": {**OAUTH2, "authorization_url": "javascript:alert(1)"}},
        {"auth_config": {**OAUTH2, "scopes": "read"}},
        {"auth_config": {**OAUTH2, "authorization_url": "https://{subdomain}.example/"}},
        {"auth_config": {**OAUTH2, "token_url": "https://{subdomain}.example/"}},
        {"base_url": "https://{subdomain}.example"},
        {"auth_type": AuthType.API_KEY},
    ],
)
async def test_a_broken_integration_says_so_before_anybody_goes_anywhere(members: dict[str, Any]) -> None:
    signer = Signer(**members)
    with pytest.raises(InvalidIntegrationConfig) as raised:
        await signer.authorize()
    assert "own-secret" not in raised.value.detail


@pytest.mark.parametrize("subdomain", ["evil.example/", "a.b", "a@b", "", "a:1", "..", 7])
async def test_a_connections_own_values_lead_to_no_other_host(subdomain: Any) -> None:
    signer = Signer(auth_config={**OAUTH2, "authorization_url": "https://{subdomain}.example/"})
    with pytest.raises(InvalidIntegrationConfig):
        await signer.authorize(config={"subdomain": subdomain})


async def test_who_may_not_connect() -> None:
    signer = Signer()
    host, viewer = signer.gateway.world.add_person(), signer.person
    with pytest.raises(NotFound):
        await signer.authorize(workspace_id=host.workspace_id)
    signer.gateway.world.join(viewer, host, Role.VIEWER)
    with pytest.raises(Forbidden):
        await signer.authorize(workspace_id=host.workspace_id)
    with pytest.raises(NotFound):
        await signer.authorize(integration="nothing")


# Where to return to


@pytest.mark.parametrize(
    "return_url",
    [
        None,
        PUBLIC_URL,
        f"{PUBLIC_URL}/connections?tab=1#top",
        f"{RETURN_ORIGIN}/done",
        "HTTPS://APP.example:443/done?next=https://evil.example",
        "https://app.example/@evil.example",
    ],
)
async def test_allowed_places(return_url: str | None) -> None:
    signer = Signer()
    authorization = await signer.authorize(return_url=return_url)
    assert (await signer.callback(authorization)).return_url == return_url


@pytest.mark.parametrize(
    "return_url",
    [
        "",
        "/connections",
        "app.example/done",
        "//app.example/done",
        "///app.example/done",
        "https:app.example",
        "https:/app.example",
        "https:///app.example",
        "https://",
        "javascript:alert(1)//app.example",
        "data:text/html,https://app.example",
        "file://app.example/",
        "https://evil.example/",
        "https://evil.example/https://app.example",
        "https://evil.example?https://app.example",
        "https://evil.example#@app.example",
        "https://app.example.evil.example/",
        "https://evilapp.example/",
        "https://app.example@evil.example/",
        "https://evil.example@app.example/",
        "https://user:password@app.example/",
        "https://app.example:8443/",
        "https://app.example:0/",
        "https://app.example:99999/",
        "https://app.example:x/",
        "http://app.example/",
        "https://app.example./",
        "https://app.example\\@evil.example/",
        "https:\\\\app.example",
        "https://evil.example\\.app.example/",
        "https://app.example\\evil",
        "https://[app.example/",
        "https://[::1/",
        " https://app.example/",
        "https://app.example/ ",
        "https://app.example/\r\nSet-Cookie: a=b",
        "https://app.exa\nmple/",
        "https://app.example/\t",
        "https://app.example/\x00",
        "https://app.example\uff0fevil.example/",
        "https://\u0430pp.example/",
        "https://xn--pp-6kc.example/",
        "https://app\u3002example/",
        "https://app.example/ü",
        "https://app%2eexample/",
        "https://app.example%2f@evil.example/",
        "https://APP.EXAMPLE.evil.example",
    ],
)
async def test_no_other_place(return_url: str) -> None:
    signer = Signer()
    with pytest.raises(MalformedRequest):
        await signer.authorize(return_url=return_url)
    connected = signer.gateway.connect(owner=signer.person)
    with pytest.raises(MalformedRequest):
        await signer.gateway.oauth.reauthorize(signer.person.principal, connected.id, return_url=return_url)


# And back


async def test_a_code_becomes_a_connection() -> None:
    signer = Signer()
    authorization = await signer.authorize(
        scopes=["read", "write"], return_url=f"{RETURN_ORIGIN}/done", config={"a": "b"}
    )
    result = await signer.callback(authorization)
    assert (result.error, result.error_description) == (None, None)
    assert result.return_url == f"{RETURN_ORIGIN}/done"
    (exchange,) = signer.gateway.token_endpoint.exchanges
    assert exchange.code == "the-code"
    assert exchange.redirect_uri == f"{PUBLIC_URL}/api/v2/oauth/callback"
    assert exchange.client == OAuthClient("the-client", "the-client-secret")
    assert result.connection_id is not None
    stored = signer.gateway.world.stored(result.connection_id)
    assert stored is not None
    assert (stored.user_id, stored.name) == (signer.person.user_id, "My account")
    assert (stored.status, stored.scopes) == (ConnectionStatus.ACTIVE, ("read", "write"))
    assert stored.origins == ("https://api.example:443", "https://auth.example:443")
    assert stored.config == {"a": "b"}
    assert stored.secrets == {"access_token": "access-token-1", "refresh_token": "refresh-token-1"}


async def test_the_scopes_that_were_granted_count() -> None:
    signer = Signer()
    authorization = await signer.authorize(scopes=["read", "write"])
    signer.gateway.token_endpoint.script(TokenSet("t", None, None, scopes=("read",)))
    result = await signer.callback(authorization)
    assert result.connection_id is not None
    stored = signer.gateway.world.stored(result.connection_id)
    assert stored is not None
    assert stored.scopes == ("read",)


async def test_a_state_works_once() -> None:
    signer = Signer()
    authorization = await signer.authorize()
    results = await asyncio.gather(*(signer.callback(authorization) for _ in range(8)))
    assert sorted(str(result.error) for result in results) == ["None"] + ["invalid_state"] * 7
    assert len(signer.gateway.token_endpoint.exchanges) == 1


@pytest.mark.parametrize("state", ["", "unknown", "a" * 10_000, "\x00", "ü", "\ud800", "a b", "' OR 1=1"])
async def test_a_state_of_nobodys(state: str) -> None:
    signer = Signer()
    await signer.authorize(return_url=RETURN_ORIGIN)
    result = await signer.gateway.oauth.callback({"state": state, "code": "the-code"}, None)
    assert (result.error, result.return_url, result.connection_id) == ("invalid_state", None, None)
    assert result.error_description
    assert signer.gateway.token_endpoint.exchanges == []
    assert (await signer.gateway.oauth.callback({}, None)).error == "invalid_state"


async def test_a_state_that_cannot_be_one_does_not_reach_the_database() -> None:
    signer = Signer()
    await signer.gateway.oauth.callback({"state": "\x00"}, None)
    assert "take_authorization" not in signer.gateway.vault.calls


async def test_another_browser_gets_nothing_and_uses_nothing_up() -> None:
    signer = Signer()
    authorization = await signer.authorize(browser_secret="this one")
    for browser in (None, "another"):
        assert (await signer.callback(authorization, browser)).error == "invalid_state"
    assert signer.gateway.token_endpoint.exchanges == []
    assert (await signer.callback(authorization, "this one")).error is None


async def test_after_ten_minutes() -> None:
    signer = Signer()
    authorization = await signer.authorize(return_url=RETURN_ORIGIN)
    signer.gateway.clock.advance(601)
    result = await signer.callback(authorization)
    assert (result.error, result.return_url) == ("expired", RETURN_ORIGIN)
    assert "begin again" in str(result.error_description)
    assert signer.gateway.token_endpoint.exchanges == []


@pytest.mark.parametrize(
    ("parameters", "error", "words"),
    [
        ({"error": "access_denied"}, "access_denied", "not granted"),
        ({"error": "invalid_scope", "error_description": "x"}, "invalid_scope", "permission"),
        ({"error": "temporarily_unavailable"}, "temporarily_unavailable", "later"),
        ({"error": "their_own", "error_description": "Their words."}, "their_own", "Their words."),
        ({"error": "their_own"}, "their_own", "their_own"),
        ({"error": "access_denied", "code": "the-code"}, "access_denied", "not granted"),
        ({"code": ""}, "invalid_response", "neither a code nor an error"),
        ({"code": "", "error": ""}, "invalid_response", "neither a code nor an error"),
    ],
)
async def test_the_providers_errors_in_words(parameters: dict[str, str], error: str, words: str) -> None:
    signer = Signer()
    authorization = await signer.authorize(return_url=RETURN_ORIGIN)
    result = await signer.callback(authorization, **parameters)
    assert (result.error, result.return_url, result.connection_id) == (error, RETURN_ORIGIN, None)
    assert words in str(result.error_description)
    assert signer.gateway.token_endpoint.exchanges == []
    assert signer.gateway.world.connections == {}


@pytest.mark.parametrize(
    ("issuer", "iss", "error"),
    [
        ("https://auth.example", "https://auth.example", None),
        ("https://auth.example", None, None),
        (None, "https://anything.example", None),
        ("https://auth.example", "https://evil.example", "invalid_issuer"),
        ("https://auth.example", "https://auth.example/", "invalid_issuer"),
        ("https://auth.example", "", "invalid_issuer"),
    ],
)
async def test_the_answer_is_from_the_right_server(
    issuer: str | None, iss: str | None, error: str | None
) -> None:
    signer = Signer(auth_config={**OAUTH2, "issuer": issuer})
    authorization = await signer.authorize()
    result = await signer.callback(authorization, **({} if iss is None else {"iss": iss}))
    assert result.error == error
    assert len(signer.gateway.token_endpoint.exchanges) == (error is None)


@pytest.mark.parametrize(
    ("failure", "error", "words"),
    [
        (TokenRequestRefused("invalid_grant", "Code expired."), "invalid_grant", "Code expired."),
        (TokenRequestRefused("invalid_client"), "invalid_client", "did not accept"),
        (TokenEndpointUnavailable("No answer."), "token_endpoint_unavailable", "No answer."),
        (InvalidIntegrationConfig("No token_url."), "invalid_integration_config", "No token_url."),
    ],
)
async def test_a_code_that_is_not_taken(failure: Exception, error: str, words: str) -> None:
    signer = Signer()
    authorization = await signer.authorize(return_url=RETURN_ORIGIN)
    signer.gateway.token_endpoint.script(failure)
    result = await signer.callback(authorization)
    assert (result.error, result.return_url) == (error, RETURN_ORIGIN)
    assert words in str(result.error_description)
    assert (await signer.callback(authorization)).error == "invalid_state"
    assert signer.gateway.world.connections == {}


async def test_an_integration_that_began_to_name_portways_secret_meanwhile() -> None:
    signer = Signer()
    authorization = await signer.authorize()
    signer.gateway.world.integrations[signer.integration.id] = replace(
        signer.integration, auth_config={**OAUTH2, "clientSecretEnv": "PORTWAY_JWT_SECRET"}, version=2
    )
    result = await signer.callback(authorization)
    assert result.error == "invalid_integration_config"
    assert signer.gateway.token_endpoint.exchanges == []


# Again


async def test_reauthorizing_asks_for_all_that_was_granted_and_more() -> None:
    gateway = FakeGateway()
    connected = gateway.connect(granted=("read", "extra"))
    gateway.world.connections[connected.id].set_status(ConnectionStatus.REAUTHORIZATION_REQUIRED)
    authorization = await gateway.oauth.reauthorize(
        connected.principal, connected.id, scopes=["write", "extra"]
    )
    assert query(authorization)["scope"] == "read extra write"
    result = await gateway.oauth.callback({"state": authorization.state, "code": "c"}, None)
    assert result.connection_id == connected.id
    assert connected.stored.status is ConnectionStatus.ACTIVE
    assert connected.stored.scopes == ("read", "extra", "write")
    assert (connected.stored.version, connected.stored.name) == (2, "My account")


async def test_with_it_a_moved_integration_is_accepted() -> None:
    gateway = FakeGateway()
    owner = gateway.world.add_person()
    integration = an_integration(organization_id=owner.organization_id)
    connected = gateway.connect(integration, owner=owner)
    gateway.world.set_client(owner.organization_id, integration.id, OAuthClient("ours", None))
    gateway.world.move_integration(integration.id, base_url="https://api2.example")
    url = (await connected.failed()).error.authorize_url  # type: ignore[attr-defined]
    state = parse_qs(urlsplit(url).query)["state"][0]
    assert (await gateway.oauth.callback({"state": state, "code": "c"}, None)).error is None
    await connected.execute()
    assert gateway.http.sent[0].url == "https://api2.example/things"


async def test_only_its_owner_does_it() -> None:
    gateway = FakeGateway()
    connected = gateway.connect()
    mate, stranger = gateway.world.add_person(), gateway.world.add_person()
    gateway.world.join(mate, connected.owner, Role.ADMIN)
    with pytest.raises(Forbidden):
        await gateway.oauth.reauthorize(mate.principal, connected.id)
    with pytest.raises(NotFound):
        await gateway.oauth.reauthorize(stranger.principal, connected.id)
    with pytest.raises(NotFound):
        await gateway.oauth.reauthorize(connected.principal, uuid4())
