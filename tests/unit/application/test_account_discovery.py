"""What a service tells with a new credential, by the flow that connects."""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from portway.application.oauth_service import CallbackResult
from portway.domain.credential import TokenSet
from portway.domain.integration import AuthType
from tests.fakes.definitions import OAUTH2, an_integration
from tests.fakes.gateway import FakeGateway
from tests.fakes.http_client import json_answer
from tests.fakes.records import Person, StoredConnection

ACCESS, REFRESH = "the-access-token-itself", "the-refresh-token-itself"


def id_token(**claims: Any) -> str:
    parts = ({"alg": "none"}, {"aud": "the-client", **claims})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, "signature"])


class Flow:
    """Somebody signs in; the service answers the token request with `answer`."""

    def __init__(self, answer: dict[str, Any] | None = None, **auth_config: Any) -> None:
        self.gateway = FakeGateway()
        self.person: Person = self.gateway.world.add_person()
        members = {name: auth_config.pop(name) for name in ("base_url",) if name in auth_config}
        self.integration = an_integration(auth_config={**OAUTH2, **auth_config}, **members)
        self.gateway.world.add(self.integration)
        tokens = {"access_token": ACCESS, "refresh_token": REFRESH}
        self.gateway.token_endpoint.script(TokenSet(ACCESS, REFRESH, answer={**tokens, **(answer or {})}))

    async def connect(self, callback: dict[str, str] | None = None, **members: Any) -> CallbackResult:
        begun = await self.gateway.oauth.authorize(
            self.person.principal,
            workspace_id=self.person.workspace_id,
            integration=self.integration.slug,
            **members,
        )
        query = dict(parse_qsl(urlsplit(begun.authorization_url).query))
        parameters = {"state": query["state"], "code": "the-code-itself", **(callback or {})}
        return await self.gateway.oauth.callback(parameters, None)

    async def connected(self, callback: dict[str, str] | None = None, **members: Any) -> StoredConnection:
        result = await self.connect(callback, **members)
        assert result.error is None, result
        assert result.connection_id is not None
        stored = self.gateway.world.stored(result.connection_id)
        assert stored is not None
        return stored

    @property
    def urls(self) -> list[str]:
        return [request.url for request in self.gateway.http.sent]


# Where it is told


async def test_by_each_source() -> None:
    flow = Flow(
        {"team": {"id": "T1"}, "id_token": id_token(sub="ada")},
        introspection_url="https://auth.example/introspect",
        userinfo_url="https://auth.example/me",
        follow_up={"url": "https://api.example/sites/{team}"},
        verification={"path": "/check/{site}"} | {"path": "/check"},
        capture={
            "realm": "callback.realmId",
            "team": "token.team.id",
            "subject": "id_token.sub",
            "active": "introspection.active",
            "mail": "userinfo.email",
            "site": "follow_up[0].id",
            "plan": "verification.plan",
        },
        account={"id": "id_token.sub", "name": "userinfo.email"},
    )
    flow.gateway.http.script(
        json_answer({"sub": "ada", "email": "ada@example.com"}),
        json_answer([{"id": 7}]),
        json_answer({"plan": "free"}),
    )
    stored = await flow.connected({"realmId": "9130"})
    assert stored.config == {
        "realm": "9130", "team": "T1", "subject": "ada", "active": True, "mail": "ada@example.com", "site": 7,
        "plan": "free",
    }  # fmt: skip
    assert (stored.account_id, stored.account_name, stored.name) == ("ada",) + ("ada@example.com",) * 2
    assert flow.urls == [
        "https://auth.example/me",
        "https://api.example/sites/T1",
        "https://api.example/check",
    ]
    assert all(request.headers["authorization"] == f"Bearer {ACCESS}" for request in flow.gateway.http.sent)
    assert flow.gateway.token_endpoint.introspected == [ACCESS]


async def test_what_is_not_told_is_not_there() -> None:
    flow = Flow(capture={"team": "token.team.id"}, account={"id": "token.user.id"})
    stored = await flow.connected(config={"given": "x"})
    assert stored.config == {"given": "x"}
    assert (stored.account_id, stored.name) == (None, "Service")


async def test_a_number_may_be_an_account() -> None:
    assert (
        await Flow({"owner": {"id": 12345}}, account={"id": "token.owner.id"}).connected()
    ).account_id == "12345"


async def test_what_the_redirect_tells_is_known_to_the_token_endpoint() -> None:
    flow = Flow(
        token_url="https://{shop}.example/token",
        capture={"shop": "callback.shop"},
        base_url="https://{shop}.example",
    )
    stored = await flow.connected({"shop": "acme"})
    assert stored.origins == ("https://acme.example:443",)
    assert flow.gateway.token_endpoint.registrations[0].config == {"shop": "acme"}


@pytest.mark.parametrize("shop", ["evil.example/", "a.b", "a@b", "..", "a:1"])
async def test_a_redirect_leads_no_secret_elsewhere(shop: str) -> None:
    flow = Flow(
        token_url="https://{shop}.example/token",
        capture={"shop": "callback.shop"},
        base_url="https://{shop}.example",
    )
    result = await flow.connect({"shop": shop})
    assert result.error == "invalid_integration_config"
    assert flow.gateway.world.connections == {}


# Tokens stay out of what members of a workspace may read


@pytest.mark.parametrize(
    "capture",
    [
        "token.access_token",
        "token.refresh_token",
        "token.nested.again",
        "token.nested.bot_token",
        "token.nested.header",
        "token.id_token",
        "userinfo.echo",
        "userinfo.list[0]",
        "callback.code",
        "callback.state",
        "callback.also",
        "join('', [token.access_token || '', ''])",
        "keys(userinfo.by_token)[0]",
        "token",
    ],
)
async def test_no_token_is_captured(capture: str) -> None:
    nested = {"again": ACCESS, "bot_token": "another-one", "header": f"Bearer {ACCESS}"}
    flow = Flow(
        {"nested": nested, "id_token": id_token(sub="ada")},
        userinfo_url="https://auth.example/me",
        capture={"taken": capture},
    )
    flow.gateway.http.script(
        json_answer({"echo": f"you sent {ACCESS}", "list": [REFRESH], "by_token": {ACCESS: 1}})
    )
    stored = await flow.connected({"also": "the-code-itself"})
    for secret in (ACCESS, REFRESH, "another-one", "the-code-itself", "the-client-secret", "signature"):
        assert secret not in json.dumps(stored.config)
        assert secret not in f"{stored.account_id} {stored.account_name} {stored.name}"


async def test_a_secret_is_no_account_either() -> None:
    stored = await Flow(account={"id": "token.access_token", "name": "token.refresh_token"}).connected()
    assert (stored.account_id, stored.account_name) == (None, None)


async def test_but_a_user_name_that_was_entered_is() -> None:
    gateway = FakeGateway()
    person = gateway.world.add_person()
    integration = an_integration(
        AuthType.BASIC,
        auth_config={"verification": {"path": "/me"}, "account": {"id": "verification.login"}},
    )
    gateway.world.add(integration)
    gateway.http.script(json_answer({"login": "ada@example.com", "echo": "the-password"}))
    made = await gateway.connections.create(
        person.principal,
        workspace_id=person.workspace_id,
        integration=integration.slug,
        credentials={"username": "ada@example.com", "password": "the-password"},
    )
    assert (made.account_id, made.name) == ("ada@example.com", "ada@example.com")


# What does not fit


async def test_a_captured_value_is_held_against_the_schema_before_it_is_used() -> None:
    schema = {
        "properties": {"instance_url": {"type": "string", "pattern": r"https://[a-z0-9-]+\.my\.example"}}
    }
    members = {
        "base_url": "{instance_url}",
        "config_schema": schema,
        "capture": {"instance_url": "token.instance_url"},
        "verification": {"path": "/me"},
    }
    stored = await Flow({"instance_url": "https://acme.my.example"}, **members).connected()
    assert stored.origins == ("https://acme.my.example:443", "https://auth.example:443")
    for wrong in ("https://evil.example/?https://acme.my.example", "https://acme.my.example.evil.example", 7):
        flow = Flow({"instance_url": wrong}, **members)
        result = await flow.connect()
        assert result.error == "invalid_integration_config"
        assert "/config/instance_url" in str(result.error_description)
        assert flow.urls == []
        assert flow.gateway.world.connections == {}


async def test_what_is_required_must_have_been_told_in_the_end() -> None:
    schema = {"properties": {"site": {"type": "string"}}, "required": ["site"]}
    flow = Flow(config_schema=schema, capture={"site": "token.site"})
    result = await flow.connect()
    assert "/config/site is required" in str(result.error_description)
    assert (
        await Flow({"site": "s"}, config_schema=schema, capture={"site": "token.site"}).connected()
    ).config == {"site": "s"}


async def test_a_token_that_the_service_refuses_is_not_kept() -> None:
    flow = Flow(verification={"path": "/me"})
    flow.gateway.http.script(json_answer({"message": f"unknown token {ACCESS}"}, 401))
    result = await flow.connect()
    assert result.error == "upstream_error"
    assert "401" in str(result.error_description)
    assert ACCESS not in str(result)
    assert flow.gateway.world.connections == {}


async def test_userinfo_of_somebody_else_is_not_used() -> None:
    flow = Flow({"id_token": id_token(sub="ada")}, userinfo_url="https://auth.example/me")
    flow.gateway.http.script(json_answer({"sub": "bob"}))
    assert (await flow.connect()).error == "upstream_invalid_response"


@pytest.mark.parametrize("broken", ["", "a.b", "a.b.c", "a.!!.c", 7, None, {"sub": "ada"}])
async def test_what_is_no_id_token_tells_nothing(broken: Any) -> None:
    assert (await Flow({"id_token": broken}, account={"id": "id_token.sub"}).connected()).account_id is None


async def test_nor_does_one_for_another_client() -> None:
    token = id_token(sub="ada", aud=["another"])
    assert (await Flow({"id_token": token}, account={"id": "id_token.sub"}).connected()).account_id is None
