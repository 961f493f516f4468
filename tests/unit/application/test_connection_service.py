from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from portway.application.execution_result import ExecutionFailed
from portway.application.ports.http import UpstreamResponse
from portway.application.ports.token_endpoint import TokenEndpointUnavailable, TokenRequestRefused
from portway.domain.connection import Connection, ConnectionStatus
from portway.domain.credential import OAuthClient
from portway.domain.errors import (
    AccountMismatch,
    Forbidden,
    InvalidIntegrationConfig,
    MalformedRequest,
    NotFound,
    UpstreamError,
    UpstreamUnreachable,
)
from portway.domain.integration import AuthType, Integration
from portway.domain.organization import Role
from portway.domain.principal import Scope
from tests.fakes.definitions import OAUTH2, an_integration
from tests.fakes.gateway import TOKENS, FakeGateway
from tests.fakes.http_client import json_answer
from tests.fakes.records import Person, StoredConnection

VERIFICATION = {"verification": {"path": "/me"}}
REVOCATION = {**OAUTH2, "revocation_url": "https://auth.example/revoke"}


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def person(gateway: FakeGateway) -> Person:
    return gateway.world.add_person()


async def create(
    gateway: FakeGateway, person: Person, integration: Integration, credentials: Any, **members: Any
) -> Connection:
    gateway.world.add(integration)
    return await gateway.connections.create(
        person.principal,
        **{
            "workspace_id": person.workspace_id,
            "integration": integration.slug,
            "name": "Mine",
            "credentials": credentials,
            "config": {},
            **members,
        },
    )


def stored(gateway: FakeGateway, connection_id: UUID) -> StoredConnection:
    row = gateway.world.stored(connection_id)
    assert row is not None
    return row


# What a connection of each kind consists of


@pytest.mark.parametrize(
    ("auth_type", "credentials", "secrets"),
    [
        (AuthType.NONE, {}, {}),
        (AuthType.BEARER, {"token": "t"}, {"token": "t"}),
        (AuthType.API_KEY, {"api_key": "k"}, {"api_key": "k"}),
        (AuthType.BASIC, {"username": "u", "password": "p"}, {"username": "u", "password": "p"}),
        (AuthType.OAUTH2, {"access_token": "a"}, {"access_token": "a"}),
        (
            AuthType.OAUTH2,
            {"access_token": "a", "refresh_token": "r", "expires_in": 60},
            {"access_token": "a", "refresh_token": "r"},
        ),
    ],
)
async def test_credentials_of_each_kind(
    gateway: FakeGateway, person: Person, auth_type: AuthType, credentials: Any, secrets: dict[str, str]
) -> None:
    made = await create(gateway, person, an_integration(auth_type), credentials)
    assert (made.name, made.status, made.user_id) == ("Mine", ConnectionStatus.ACTIVE, person.user_id)
    row = stored(gateway, made.id)
    assert row.secrets == secrets
    is_short = "expires_in" in credentials
    assert row.expires_at == (gateway.clock() + timedelta(seconds=60) if is_short else None)
    assert gateway.http.sent == []


async def test_an_integrations_own_members(gateway: FakeGateway, person: Person) -> None:
    integration = an_integration(
        AuthType.CUSTOM, auth_config={"credential_fields": ["account_id", "secret_key"]}
    )
    made = await create(gateway, person, integration, {"account_id": "a", "secret_key": "s"})
    assert stored(gateway, made.id).secrets == {"account_id": "a", "secret_key": "s"}


async def test_where_they_may_go_is_recorded(gateway: FakeGateway, person: Person) -> None:
    integration = an_integration(
        auth_config={**OAUTH2, "revocation_url": "https://revoke.example:8443/"},
        base_url="https://{shop}.example/admin",
    )
    made = await create(gateway, person, integration, {"access_token": "a"}, config={"shop": "acme"})
    assert made.origins == (
        "https://acme.example:443",
        "https://auth.example:443",
        "https://revoke.example:8443",
    )
    assert made.config == {"shop": "acme"}


@pytest.mark.parametrize(
    ("auth_type", "credentials", "pointers"),
    [
        (AuthType.API_KEY, {}, ["/credentials/api_key"]),
        (AuthType.API_KEY, {"token": "x"}, ["/credentials/api_key", "/credentials/token"]),
        (AuthType.BASIC, {"username": "u"}, ["/credentials/password"]),
        (AuthType.API_KEY, {"api_key": ""}, ["/credentials/api_key"]),
        (AuthType.API_KEY, {"api_key": 7}, ["/credentials/api_key"]),
        (AuthType.API_KEY, {"api_key": None}, ["/credentials/api_key"]),
        (AuthType.API_KEY, {"api_key": "a\x00b"}, ["/credentials/api_key"]),
        (AuthType.NONE, {"api_key": "x"}, ["/credentials/api_key"]),
        (AuthType.OAUTH2, {"access_token": "a", "expires_in": "60"}, ["/credentials/expires_in"]),
        (AuthType.OAUTH2, {"access_token": "a", "expires_in": True}, ["/credentials/expires_in"]),
        (AuthType.OAUTH2, {"access_token": "a", "expires_in": -1}, ["/credentials/expires_in"]),
        (AuthType.OAUTH2, {"access_token": "a", "expires_in": 1e300}, ["/credentials/expires_in"]),
    ],
)
async def test_what_is_missing_unknown_or_no_text(
    gateway: FakeGateway, person: Person, auth_type: AuthType, credentials: Any, pointers: list[str]
) -> None:
    with pytest.raises(MalformedRequest) as raised:
        await create(gateway, person, an_integration(auth_type), credentials)
    assert [fault.pointer for fault in raised.value.faults] == pointers
    assert gateway.world.connections == {}
    assert gateway.http.sent == []


async def test_a_custom_kind_says_what_it_consists_of(gateway: FakeGateway, person: Person) -> None:
    with pytest.raises(InvalidIntegrationConfig, match="credential_fields"):
        await create(gateway, person, an_integration(AuthType.CUSTOM), {"access_key": "x"})


async def test_who_may_not_connect(gateway: FakeGateway, person: Person) -> None:
    host = gateway.world.add_person()
    integration = an_integration(AuthType.NONE)
    with pytest.raises(NotFound):
        await create(gateway, person, integration, {}, workspace_id=host.workspace_id)
    gateway.world.join(person, host, Role.VIEWER)
    with pytest.raises(Forbidden):
        await create(gateway, person, integration, {}, workspace_id=host.workspace_id)
    unknown = an_integration(organization_id=host.organization_id)
    with pytest.raises(NotFound):
        await create(gateway, gateway.world.add_person(), unknown, {})
    assert gateway.world.connections == {}


async def test_a_key_that_could_not_see_its_connection_makes_none(
    gateway: FakeGateway, person: Person
) -> None:
    integration = an_integration(AuthType.API_KEY, auth_config=VERIFICATION)
    gateway.world.add(integration)
    limited = replace(person.principal, scopes=frozenset({Scope.CONNECTIONS_WRITE}))
    with pytest.raises(Forbidden, match="connections:read"):
        await gateway.connections.create(
            limited,
            workspace_id=person.workspace_id,
            integration=integration.slug,
            name="Mine",
            credentials={"api_key": "the-api-key"},
            config={},
        )
    assert gateway.world.connections == {}
    assert gateway.http.sent == []


# What obtains tokens


CLIENT_CREDENTIALS = {"token_url": "https://auth.example/token", "scopes": ["read"]}
OWN_CLIENT = {"client_id": "my-client", "client_secret": "my-client-secret"}


async def test_the_first_token_is_obtained_at_once(gateway: FakeGateway, person: Person) -> None:
    integration = an_integration(AuthType.OAUTH2_CLIENT_CREDENTIALS, auth_config=CLIENT_CREDENTIALS)
    made = await create(gateway, person, integration, OWN_CLIENT)
    row = stored(gateway, made.id)
    assert row.secrets == {**OWN_CLIENT, "access_token": "access-token-1", "refresh_token": "refresh-token-1"}
    assert row.renewing == {"client_id", "client_secret", "refresh_token"}
    assert (row.scopes, row.oauth_client_id) == (("read",), None)
    assert row.expires_at == gateway.clock() + timedelta(hours=1)
    assert gateway.token_endpoint.refreshes == [OWN_CLIENT]
    assert gateway.token_endpoint.registrations[0].client is None


async def test_what_the_token_endpoint_refuses_is_said_in_words(gateway: FakeGateway, person: Person) -> None:
    integration = an_integration(AuthType.OAUTH2_CLIENT_CREDENTIALS, auth_config=CLIENT_CREDENTIALS)
    gateway.token_endpoint.script(TokenRequestRefused("invalid_grant", "Unknown client."))
    with pytest.raises(
        UpstreamError, match="does not accept these credentials: invalid_grant: Unknown client"
    ):
        await create(gateway, person, integration, OWN_CLIENT)
    gateway.token_endpoint.script(TokenEndpointUnavailable("It is down."))
    with pytest.raises(UpstreamUnreachable, match="It is down"):
        await create(gateway, person, integration, OWN_CLIENT)
    assert gateway.world.connections == {}


async def test_the_organizations_client_stands_in(gateway: FakeGateway, person: Person) -> None:
    integration = an_integration(AuthType.OAUTH2_CLIENT_CREDENTIALS, auth_config=CLIENT_CREDENTIALS)
    with pytest.raises(InvalidIntegrationConfig, match="No OAuth client"):
        await create(gateway, person, integration, {})
    own = OAuthClient("our-client", "our-secret")
    client_id = gateway.world.set_client(person.organization_id, integration.id, own)
    row = stored(gateway, (await create(gateway, person, integration, {})).id)
    assert (row.oauth_client_id, gateway.token_endpoint.clients) == (client_id, [own])
    assert row.secrets == {"access_token": "access-token-1", "refresh_token": "refresh-token-1"}
    second = OAuthClient("second", None)
    gateway.world.set_client(person.organization_id, integration.id, second, "second")
    await create(gateway, person, integration, {}, oauth_client="second")
    assert gateway.token_endpoint.clients == [own, second]
    with pytest.raises(MalformedRequest) as raised:
        await create(gateway, person, integration, {}, oauth_client="third")
    assert [fault.pointer for fault in raised.value.faults] == ["/oauth_client"]


async def test_scopes_of_ones_own(gateway: FakeGateway, person: Person) -> None:
    integration = an_integration(AuthType.OAUTH2_CLIENT_CREDENTIALS, auth_config=CLIENT_CREDENTIALS)
    made = await create(gateway, person, integration, OWN_CLIENT, scopes=["write"])
    assert (made.scopes, gateway.token_endpoint.scopes) == (("write",), [("write",)])


async def test_a_login_whose_user_is_part_of_calls_too(gateway: FakeGateway, person: Person) -> None:
    config: dict[str, Any] = {
        "credential_fields": [{"name": "user", "secret": False}, "password"],
        "login": {"url": "https://login.example/session"},
        "credential_placement": [
            {"in": "header", "name": "x-user", "value": "{user}"},
            {"in": "header", "name": "x-session", "value": "{access_token}"},
        ],
        **VERIFICATION,
    }
    entered = {"user": "ada", "password": "the-password"}
    made = await create(gateway, person, an_integration(AuthType.CUSTOM, auth_config=config), entered)
    row = stored(gateway, made.id)
    assert row.renewing == {"password", "refresh_token"}
    assert row.origins == ("https://api.example:443", "https://login.example:443")
    assert gateway.token_endpoint.refreshes == [entered]
    sent = gateway.http.sent[0].headers
    assert (sent["x-user"], sent["x-session"]) == ("ada", "access-token-1")


# Accounts and names


ACCOUNT = {**VERIFICATION, "account": {"id": "verification.id", "name": "verification.name"}}


async def test_the_same_account_is_the_same_connection(gateway: FakeGateway, person: Person) -> None:
    integration = an_integration(AuthType.API_KEY, auth_config=ACCOUNT)
    gateway.http.script(*(json_answer({"id": n, "name": f"Account {n}"}) for n in (1, 2, 1, 1)))
    made = [
        await create(gateway, person, integration, {"api_key": f"key-{n}"}, name=None, end_user_id=end_user)
        for n, end_user in ((1, None), (2, None), (3, None), (4, "theirs"))
    ]
    assert made[2].id == made[0].id
    assert len({connection.id for connection in made}) == 3
    assert [connection.name for connection in made] == [
        "Account 1",
        "Account 2",
        "Account 1",
        "Account 1 (2)",
    ]
    assert (made[0].account_id, made[3].end_user_id) == ("1", "theirs")
    assert stored(gateway, made[0].id).secrets == {"api_key": "key-3"}


async def test_without_an_account_it_is_called_by_the_service(gateway: FakeGateway, person: Person) -> None:
    integration = an_integration(AuthType.API_KEY)
    made = [await create(gateway, person, integration, {"api_key": "k"}, name=None) for _ in range(2)]
    assert [connection.name for connection in made] == ["Service", "Service (2)"]


async def test_a_connection_does_not_change_its_account(gateway: FakeGateway, person: Person) -> None:
    integration = an_integration(AuthType.API_KEY, auth_config=ACCOUNT)
    gateway.http.script(*(json_answer({"id": n, "name": f"Account {n}"}) for n in (1, 2)))
    made = await create(gateway, person, integration, {"api_key": "key-1"})
    with pytest.raises(AccountMismatch, match=r"Account 1.*Account 2"):
        await gateway.connections.replace_credentials(person.principal, made.id, {"api_key": "key-2"})
    assert stored(gateway, made.id).secrets == {"api_key": "key-1"}


# Verification


async def test_credentials_are_tried_before_they_are_kept(gateway: FakeGateway, person: Person) -> None:
    integration = an_integration(AuthType.API_KEY, auth_config=VERIFICATION)
    await create(gateway, person, integration, {"api_key": "the-api-key"})
    (sent,) = gateway.http.sent
    assert (sent.method, sent.url) == ("GET", "https://api.example/me")
    assert sent.headers["authorization"] == "Bearer the-api-key"


async def test_those_that_the_service_refuses_are_not_kept(gateway: FakeGateway, person: Person) -> None:
    integration = an_integration(AuthType.API_KEY, auth_config=VERIFICATION)
    gateway.http.script(
        json_answer({"message": "unknown key the-api-key"}, 401, x_request_id="for the-api-key")
    )
    with pytest.raises(UpstreamError) as raised:
        await create(gateway, person, integration, {"api_key": "the-api-key"})
    assert raised.value.status_code == 401
    assert raised.value.body == {"message": "unknown key [redacted]"}
    assert raised.value.headers["x-request-id"] == "for [redacted]"
    assert gateway.world.connections == {}


async def test_nor_those_that_cannot_be_tried(gateway: FakeGateway, person: Person) -> None:
    integration = an_integration(AuthType.API_KEY, auth_config=VERIFICATION)
    gateway.http.script(UpstreamUnreachable())
    with pytest.raises(UpstreamUnreachable):
        await create(gateway, person, integration, {"api_key": "the-api-key"})
    assert gateway.world.connections == {}


async def test_an_error_in_a_200_is_one(gateway: FakeGateway, person: Person) -> None:
    integration = an_integration(
        AuthType.BEARER,
        auth_config={"verification": {"path": "/auth.test"}},
        transform_config={"response": {"error": "!ok"}},
    )
    gateway.http.script(json_answer({"ok": False, "error": "invalid_auth"}))
    with pytest.raises(UpstreamError, match="invalid_auth"):
        await create(gateway, person, integration, {"token": "the-token"})
    assert gateway.world.connections == {}


async def test_a_test_of_what_is_stored_is_an_execution(gateway: FakeGateway) -> None:
    integration = an_integration(AuthType.API_KEY, auth_config=VERIFICATION)
    connected = gateway.connect(integration, secrets={"api_key": "the-api-key"}, expires_in=None)
    await gateway.connections.test(connected.principal, connected.id)
    assert gateway.http.sent[0].url == "https://api.example/me"
    gateway.http.script(json_answer({}, 401))
    with pytest.raises(ExecutionFailed):
        await gateway.connections.test(connected.principal, connected.id)
    assert [row.status_code for row in gateway.world.audit] == [200, 401]


async def test_there_may_be_nothing_to_test_with(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    with pytest.raises(InvalidIntegrationConfig):
        await gateway.connections.test(connected.principal, connected.id)
    assert gateway.world.audit == []


# Replacing


async def test_new_credentials_for_an_old_connection(gateway: FakeGateway) -> None:
    owner = gateway.world.add_person()
    integration = an_integration(
        AuthType.API_KEY, auth_config=VERIFICATION, organization_id=owner.organization_id
    )
    connected = gateway.connect(integration, owner=owner, secrets={"api_key": "the-old-key"}, expires_in=None)
    gateway.world.move_integration(integration.id, base_url="https://api2.example")
    found = await gateway.connections.replace_credentials(
        owner.principal, connected.id, {"api_key": "the-new-key"}
    )
    assert (found.id, found.status) == (connected.id, ConnectionStatus.ACTIVE)
    assert found.origins == ("https://api2.example:443",)
    assert gateway.http.sent[0].headers["authorization"] == "Bearer the-new-key"
    assert connected.stored.secrets == {"api_key": "the-new-key"}


async def test_the_old_ones_stay_where_the_new_ones_are_no_good(gateway: FakeGateway) -> None:
    integration = an_integration(AuthType.API_KEY, auth_config=VERIFICATION)
    connected = gateway.connect(integration, secrets={"api_key": "the-old-key"}, expires_in=None)
    gateway.http.script(json_answer({}, 403))
    with pytest.raises(UpstreamError):
        await gateway.connections.replace_credentials(
            connected.principal, connected.id, {"api_key": "the-new-key"}
        )
    with pytest.raises(MalformedRequest):
        await gateway.connections.replace_credentials(connected.principal, connected.id, {})
    assert connected.stored.secrets == {"api_key": "the-old-key"}


async def test_only_its_owner_replaces_them_and_nobody_else_tries_any(gateway: FakeGateway) -> None:
    integration = an_integration(AuthType.API_KEY, auth_config=VERIFICATION)
    connected = gateway.connect(integration, secrets={"api_key": "the-old-key"}, expires_in=None)
    admin, stranger = gateway.world.add_person(), gateway.world.add_person()
    gateway.world.join(admin, connected.owner, Role.ADMIN)
    for person, error in ((admin, Forbidden), (stranger, NotFound)):
        with pytest.raises(error):
            await gateway.connections.replace_credentials(
                person.principal, connected.id, {"api_key": "another-key"}
            )
    assert gateway.http.sent == []
    assert connected.stored.secrets == {"api_key": "the-old-key"}


# Stopping and deleting


async def test_stopped_and_resumed(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    await gateway.connections.set_disabled(connected.principal, connected.id, disabled=True)
    assert isinstance(await connected.failure(), Forbidden)
    await gateway.connections.set_disabled(connected.principal, connected.id, disabled=False)
    await connected.execute()


async def test_deleted_it_is_revoked_at_the_provider(gateway: FakeGateway) -> None:
    connected = gateway.connect(an_integration(auth_config=REVOCATION))
    await gateway.connections.delete(connected.principal, connected.id)
    assert gateway.world.stored(connected.id) is None
    await gateway.connections.finish()
    client = OAuthClient("the-client", "the-client-secret")
    assert gateway.token_endpoint.revoked == [
        (TOKENS["refresh_token"], client),
        (TOKENS["access_token"], client),
    ]
    assert gateway.token_endpoint.hints == ["refresh_token", "access_token"]


async def test_with_the_client_that_it_was_made_with(gateway: FakeGateway) -> None:
    connected = gateway.connect(an_integration(auth_config=REVOCATION))
    own = OAuthClient("ours", "our-secret")
    gateway.world.use_client(connected.id, own)
    gateway.world.set_client(
        connected.owner.organization_id, connected.integration.id, OAuthClient("new", None)
    )
    await gateway.connections.delete(connected.principal, connected.id)
    await gateway.connections.finish()
    assert {client for _, client in gateway.token_endpoint.revoked} == {own}


async def test_a_server_that_is_down_is_tried_three_times(gateway: FakeGateway) -> None:
    connected = gateway.connect(an_integration(auth_config=REVOCATION), secrets={"access_token": "a"})
    gateway.token_endpoint.script(*[TokenEndpointUnavailable("Down.")] * 3)
    await gateway.connections.delete(connected.principal, connected.id)
    await gateway.connections.finish()
    assert [token for token, _ in gateway.token_endpoint.revoked] == ["a"] * 3


async def test_a_provider_that_cannot_revoke(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    await gateway.connections.delete(connected.principal, connected.id)
    await gateway.connections.finish()
    assert gateway.token_endpoint.revoked == []


@pytest.mark.parametrize("failure", [TokenEndpointUnavailable("Down."), RuntimeError("a bug")])
async def test_a_revocation_that_fails_changes_nothing(gateway: FakeGateway, failure: Exception) -> None:
    connected = gateway.connect(an_integration(auth_config=REVOCATION))
    gateway.token_endpoint.script(failure)
    await gateway.connections.delete(connected.principal, connected.id)
    await gateway.connections.finish()
    assert gateway.world.stored(connected.id) is None


async def test_an_admin_who_adds_a_revocation_url_gets_no_token_by_deleting(gateway: FakeGateway) -> None:
    admin, member = gateway.world.add_person(), gateway.world.add_person()
    gateway.world.join(member, admin, Role.MEMBER)
    integration = an_integration(organization_id=admin.organization_id)
    theirs = replace(member, organization_id=admin.organization_id, workspace_id=admin.workspace_id)
    connected = gateway.connect(integration, owner=theirs)
    gateway.world.use_client(connected.id, OAuthClient("ours", None))
    gateway.world.move_integration(
        integration.id,
        auth_config={**integration.auth_config, "revocation_url": "https://evil.example/"},
    )
    await gateway.connections.delete(admin.principal, connected.id)
    await gateway.connections.finish()
    assert gateway.world.stored(connected.id) is None
    assert gateway.token_endpoint.revoked == []


async def test_whoever_may_not_read_it_may_delete_it_all_the_same(gateway: FakeGateway) -> None:
    connected = gateway.connect(an_integration(auth_config=REVOCATION))
    limited = gateway.world.seal(connected.owner.user_id, scopes=["connections:write"])
    await gateway.connections.delete(replace(connected.principal, sealed_pass=limited), connected.id)
    assert gateway.world.stored(connected.id) is None
    await gateway.connections.finish()
    assert len(gateway.token_endpoint.revoked) == 2


async def test_nobody_else_deletes_it(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    mate, stranger = gateway.world.add_person(), gateway.world.add_person()
    gateway.world.join(mate, connected.owner, Role.MEMBER)
    for person, error in ((mate, Forbidden), (stranger, NotFound)):
        with pytest.raises(error):
            await gateway.connections.delete(person.principal, connected.id)
    with pytest.raises(NotFound):
        await gateway.connections.delete(connected.principal, uuid4())
    assert connected.stored.status is ConnectionStatus.ACTIVE


# OAuth clients


async def test_the_organizations_client_is_for_what_it_calls_so(gateway: FakeGateway, person: Person) -> None:
    everybodys = an_integration()
    ours = an_integration(organization_id=person.organization_id, slug=everybodys.slug)
    gateway.world.add(everybodys)
    gateway.world.add(ours)
    client = OAuthClient("our-client", "our-secret")
    await gateway.oauth_clients.set(person.principal, everybodys.slug, person.organization_id, client)
    (row,) = gateway.world.oauth_clients.values()
    assert (row.organization_id, row.integration_id, row.client) == (person.organization_id, ours.id, client)


async def test_its_admins_alone_set_it(gateway: FakeGateway, person: Person) -> None:
    member, integration = gateway.world.add_person(), an_integration()
    gateway.world.add(integration)
    gateway.world.join(member, person, Role.ADMIN)
    with pytest.raises(Forbidden):
        await gateway.oauth_clients.set(
            member.principal, integration.slug, person.organization_id, OAuthClient("x", None)
        )


def test_an_answer_is_never_printed() -> None:
    assert "secret" not in repr(UpstreamResponse(200, {"a": "secret"}, b"secret"))
