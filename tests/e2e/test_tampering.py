"""Whoever may write to the tables, and has no key, gains nothing: what was altered or moved is refused, and said to be.

Nothing of it reaches a service, none is a fault of the gateway's, and nobody else's connection suffers.
"""

import asyncio
from collections.abc import Callable
from typing import LiteralString
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from tests.e2e.callers import Answer
from tests.e2e.upstreams import respond
from tests.e2e.worlds import Member, World, check_refusal, secret
from tests.people import as_app, as_owner

DETAIL = "The stored credential of this connection cannot be decrypted; authorize it again."


def flipped(place: int) -> Callable[[bytes], bytes]:
    """The message with one other bit."""

    def alter(message: bytes) -> bytes:
        place_ = place % len(message)
        return message[:place_] + bytes([message[place_] ^ 1]) + message[place_ + 1 :]

    return alter


# What becomes of the ciphertext. It begins with the packet that says how its key is made (tag, length, version, cipher,
# S2K mode, hash, salt); from the fifteenth octet on it is the packet with the data (tag, length, version, data).
ALTERED: dict[str, Callable[[bytes], bytes]] = {
    "version": flipped(2),
    "cipher": flipped(3),
    "S2K mode": flipped(4),
    "hash": flipped(5),
    "salt": flipped(9),
    "tag": flipped(14),
    "not integrity protected": lambda message: message[:14] + b"\xc9" + message[15:],
    "prefix": flipped(20),
    "owner": flipped(50),
    "value": flipped(-30),
    "integrity code": flipped(-1),
    "cut": lambda message: message[:-22],
    "headless": lambda message: message[14:],
    "empty": lambda _: b"",
    "twice": lambda message: message * 2,
    "plaintext": lambda _: b"chosen",
}


async def check_refused(world: World, caller: Member, connection: UUID) -> None:
    """An execution is refused, its audit row is there, and the service hears of nothing."""
    before = len(world.upstream.received())
    answer = await caller.execute(connection, parameters={"q": 1})
    assert answer.outcome == (409, "reauthorization_required")
    assert answer.json["detail"] == DETAIL
    check_refusal(world, caller, answer, connection_id=connection, request_payload={"q": 1})
    assert len(world.upstream.received()) == before


def alter(
    world: World, connection: UUID, change: Callable[[bytes], bytes], credential_type: str = "token"
) -> None:
    which = (connection, credential_type)
    [(message,)] = as_owner(
        world.urls,
        "SELECT encrypted_value FROM encrypted_credentials WHERE connection_id = %s AND credential_type = %s",
        *which,
    )
    assert change(message) != message
    as_owner(
        world.urls,
        "UPDATE encrypted_credentials SET encrypted_value = %s WHERE connection_id = %s AND credential_type = %s",
        change(message),
        *which,
    )


def copy(world: World, source: UUID, to: UUID) -> None:
    as_owner(
        world.urls,
        "UPDATE encrypted_credentials AS e SET encrypted_value = s.encrypted_value FROM encrypted_credentials AS s"
        " WHERE s.connection_id = %s AND e.connection_id = %s",
        source,
        to,
    )


async def test_the_control_opens(world: World, ada: Member, service: UUID) -> None:
    token = secret("token")
    connection = world.connect(ada, service, {"token": token})
    answer = await ada.execute(connection)
    assert answer.status == 200, answer.text
    assert world.upstream.received()[-1].headers["authorization"] == f"Bearer {token}"


@pytest.mark.parametrize("where", ALTERED)
async def test_a_credential_that_was_altered(world: World, ada: Member, service: UUID, where: str) -> None:
    connection, other = world.connect(ada, service), world.connect(ada, service)
    alter(world, connection, ALTERED[where])
    await check_refused(world, ada, connection)
    assert (await ada.execute(other)).status == 200


@pytest.mark.parametrize(
    "key",
    [
        "(SELECT id FROM keyring.keys WHERE purpose = 'seal')",
        "(SELECT max(id) + 1 FROM keyring.keys)",
        "0",
        "-1",
    ],
)
async def test_a_credential_with_another_key_id(
    world: World, ada: Member, service: UUID, key: LiteralString
) -> None:
    connection = world.connect(ada, service)
    as_owner(
        world.urls,
        f"UPDATE encrypted_credentials SET key_id = {key} WHERE connection_id = %s",
        connection,
    )
    await check_refused(world, ada, connection)


async def test_a_credential_copied_from_another_connection(world: World, ada: Member, service: UUID) -> None:
    """Of the same person's, and of somebody else's."""
    eve = world.person("eve")
    connection, own = world.connect(ada, service), world.connect(ada, service)
    theirs = world.connect(eve, service)
    for source in (own, theirs):
        copy(world, source, connection)
        await check_refused(world, ada, connection)
    # The other way round, into the attacker's own connection: they learn nothing of Ada's.
    copy(world, own, theirs)
    await check_refused(world, eve, theirs)


async def test_a_credential_copied_to_another_type(world: World, ada: Member) -> None:
    """The password in the place of the user name would be in every log of the service."""
    service = world.integration(auth_type="basic")
    connection = world.connect(ada, service, {"username": "ada", "password": secret("password")})
    assert (await ada.execute(connection)).status == 200
    as_owner(
        world.urls,
        "UPDATE encrypted_credentials AS e SET encrypted_value = s.encrypted_value FROM encrypted_credentials AS s"
        " WHERE s.connection_id = %s AND e.connection_id = s.connection_id"
        " AND (e.credential_type, s.credential_type) = ('username', 'password')",
        connection,
    )
    await check_refused(world, ada, connection)


class Grant:
    """Ada's connection with an OAuth service, by a client of her organization's. Its token has a life of an hour."""

    def __init__(self, world: World, ada: Member, slug: str) -> None:
        self.world = world
        self.ada = ada
        self.slug = slug
        answer = respond(text='{"access_token": "new", "expires_in": 3600}', content_type="application/json")
        self.integration = world.integration(
            slug=slug,
            auth_type="oauth2",
            auth_config={
                "authorization_url": f"{world.upstream.url}/{slug}/authorize",
                "token_url": world.upstream.on(f"/{slug}/token", answer),
            },
        )
        self.connection = UUID(int=0)

    async def connect(self, expires_in: float) -> None:
        await self.set_client(self.ada)
        self.connection = as_app(
            self.world.urls,
            "SELECT app.create_connection(sealed_pass, %s, %s, 'Mine', %s, '{}', %s,"
            " now() + make_interval(secs => %s), p_grant => %s, p_oauth_client_id => %s)"
            " FROM app.authenticate(%s, 'closed')",
            self.ada.workspace_id,
            self.integration,
            '{"access_token": "old"}',
            [self.world.upstream.url],
            expires_in,
            '{"refresh_token": "refresh"}',
            self.client_of(self.ada),
            self.ada.api_key,
        )[0][0]
        as_owner(
            self.world.urls,
            "UPDATE connections SET issued_at = expires_at - interval '1 hour' WHERE id = %s",
            self.connection,
        )

    async def set_client(self, person: Member) -> None:
        client = {"client_id": "the-client", "client_secret": secret("client")}
        put = await person.caller.call("PUT", f"/api/v2/integrations/{self.slug}/oauth-client", client)
        assert put.status == 200, put.text

    def client_of(self, person: Member) -> UUID:
        found: UUID = as_owner(
            self.world.urls,
            "SELECT id FROM oauth_clients WHERE integration_id = %s AND organization_id = %s",
            self.integration,
            person.organization_id,
        )[0][0]
        return found

    async def steal_client(self) -> None:
        """Ada's organization has the ciphertext of another's secret for the same service."""
        eve = self.world.person("eve")
        await self.set_client(eve)
        as_owner(
            self.world.urls,
            "UPDATE oauth_clients AS o SET encrypted_client_secret = s.encrypted_client_secret"
            " FROM oauth_clients AS s WHERE s.id = %s AND o.id = %s",
            self.client_of(eve),
            self.client_of(self.ada),
        )

    @property
    def token_requests(self) -> int:
        return len(self.world.upstream.received(f"/{self.slug}/token"))

    async def begin(self) -> Answer:
        body = {"workspace_id": str(self.ada.workspace_id), "integration": self.slug, "name": "x"}
        return await self.ada.caller.call("POST", "/api/v2/connections/authorize", body)


async def test_a_refresh_token_that_was_altered(world: World, ada: Member) -> None:
    """It is not sent. An access token that lives is used until its end."""
    grant = Grant(world, ada, "altered-refresh")
    await grant.connect(expires_in=60)
    alter(world, grant.connection, flipped(60), "refresh_token")
    assert (await ada.execute(grant.connection)).status == 200
    as_owner(world.urls, "UPDATE connections SET expires_at = now() WHERE id = %s", grant.connection)
    answer = await ada.execute(grant.connection)
    assert answer.outcome == (409, "reauthorization_required")
    assert "authorize" in answer.json["detail"]
    check_refusal(world, ada, answer, connection_id=grant.connection)
    assert grant.token_requests == 0


async def test_an_oauth_client_copied_from_another_organization(world: World, ada: Member) -> None:
    grant = Grant(world, ada, "stolen-client")
    await grant.connect(expires_in=-5)
    await grant.steal_client()
    answer = await ada.execute(grant.connection)
    assert answer.status == 409, answer.text
    check_refusal(world, ada, answer, connection_id=grant.connection)
    begun = await grant.begin()
    assert 400 <= begun.status < 500, begun.text
    assert grant.token_requests == 0
    # Setting it again mends it.
    await grant.set_client(ada)
    assert (await grant.begin()).status == 200


async def finish(world: World, begun: Answer) -> Answer:
    """What the person's browser brings to the callback."""
    state = parse_qs(urlsplit(begun.json["authorization_url"]).query)["state"][0]
    return await world.stranger().send("GET", "/api/v2/oauth/callback", params={"state": state, "code": "c"})


async def test_a_code_verifier_that_was_altered(world: World, ada: Member) -> None:
    grant = Grant(world, ada, "altered-verifier")
    await grant.set_client(ada)
    begun = await grant.begin()
    assert begun.status == 200, begun.text
    altered = as_owner(
        world.urls,
        "UPDATE oauth_authorizations SET encrypted_code_verifier = encrypted_code_verifier || '\\x00' WHERE"
        " integration_id = %s RETURNING 1",
        grant.integration,
    )
    assert altered
    page = await finish(world, begun)
    assert 400 <= page.status < 500, page.text
    assert grant.token_requests == 0
    assert not as_owner(world.urls, "SELECT 1 FROM connections WHERE integration_id = %s", grant.integration)


async def test_an_oauth_client_copied_while_somebody_is_away(world: World, ada: Member) -> None:
    grant = Grant(world, ada, "stolen-while-away")
    await grant.set_client(ada)
    begun = await grant.begin()
    await grant.steal_client()
    page = await finish(world, begun)
    assert 400 <= page.status < 500, page.text
    assert grant.token_requests == 0


async def test_the_answer_kept_for_an_idempotency_key(world: World, ada: Member, service: UUID) -> None:
    """Copied from another key, or altered, it is not given; and nothing is called again."""
    connection = world.connect(ada, service)
    keys = [{"Idempotency-Key": secret("key")} for _ in range(2)]
    first, second = [
        (await ada.execute(connection, parameters={"n": n}, headers=key)).json["execution_id"]
        for n, key in enumerate(keys)
    ]
    assert (await ada.execute(connection, parameters={"n": 0}, headers=keys[0])).json["execution_id"] == first
    as_owner(
        world.urls,
        "UPDATE idempotency_keys AS k SET encrypted_answer = s.encrypted_answer FROM idempotency_keys AS s"
        " WHERE s.execution_id = %s AND k.execution_id = %s",
        second,
        first,
    )
    before = len(world.upstream.received())
    answer = await ada.execute(connection, parameters={"n": 0}, headers=keys[0])
    assert answer.outcome == (409, "idempotency_outcome_unknown")
    assert len(world.upstream.received()) == before


async def test_a_webhook_secret_copied_from_another_organization(world: World, ada: Member) -> None:
    """Or Eve, who knows her own secret, could forge what Ada's receiver gets."""
    eve = world.person("eve")
    hooks = []
    for person in (ada, eve):
        url = world.upstream.on(f"/hook-{person.user_id}", respond(status=204))
        made = await person.caller.call(
            "POST", "/api/v2/webhooks", {"url": url, "events": ["connection.created"]}
        )
        assert made.status == 201, made.text
        hooks.append(made.json["id"])
    as_owner(
        world.urls,
        "UPDATE webhook_secrets AS w SET encrypted_value = s.encrypted_value FROM webhook_secrets AS s"
        " WHERE s.endpoint_id = %s AND w.endpoint_id = %s",
        hooks[1],
        hooks[0],
    )
    for person, hook in zip((eve, ada), reversed(hooks), strict=True):
        assert (await person.caller.call("POST", f"/api/v2/webhooks/{hook}/test", {})).status in (
            200,
            201,
            202,
        )
    await asyncio.to_thread(world.upstream.wait_for, f"/hook-{eve.user_id}")
    for _ in range(100):
        if delivery_of(world, hooks[0]) != ("pending", None):
            break
        await asyncio.sleep(0.1)
    assert delivery_of(world, hooks[0]) == ("failed", "secret_unreadable")
    assert not world.upstream.received(f"/hook-{ada.user_id}")


def delivery_of(world: World, hook: str) -> tuple[object, ...]:
    """How the only delivery to a webhook stands."""
    [found] = as_owner(
        world.urls, "SELECT status, error FROM webhook_deliveries WHERE endpoint_id = %s", hook
    )
    return found
