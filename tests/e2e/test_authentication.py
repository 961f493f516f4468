"""Every way to say who calls, over two workers; and an end of it that counts at once, on each of them."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import aiohttp
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.callers import Answer, Caller
from tests.e2e.gateways import portway, serving
from tests.e2e.upstreams import Upstream, respond
from tests.e2e.worlds import World, secret
from tests.people import as_owner

ISSUER, AUDIENCE = "https://auth.example.com", "authenticated"
SHARED_SECRET = secret("the shared secret of another issuer")
PASSWORD = secret("password")
RSA, EC = RSAKey.generate_key(2048, {"kid": "rsa-1"}), ECKey.generate_key("P-256", {"kid": "ec-1"})
UNAUTHENTICATED = (401, "unauthenticated")
FRESH = 16
"""New connections, so that a question reaches both workers."""


@pytest.fixture(scope="module")
def guarded(database_urls: DatabaseUrls, upstream: Upstream, http: aiohttp.ClientSession) -> Iterator[World]:
    """Two workers that accept an outside issuer's tokens, of both kinds."""
    published = json.dumps(KeySet([RSA, EC]).as_dict(private=False))
    jwks_url = upstream.on("/.well-known/jwks.json", respond(text=published, content_type="application/json"))
    issuer = {"PORTWAY_JWT_ISSUER": ISSUER, "PORTWAY_JWT_AUDIENCE": AUDIENCE}
    portway(
        "migrate",
        environment={
            **issuer,
            "PORTWAY_DATABASE_URL": database_urls.app,
            "PORTWAY_ADMIN_DATABASE_URL": database_urls.admin,
            "PORTWAY_JWT_SECRET": SHARED_SECRET,
        },
    )
    environment = {**issuer, "PORTWAY_JWT_JWKS_URL": jwks_url, "PORTWAY_SIGN_UP": "open"}
    with serving(database_urls, workers=2, environment=environment) as gateway:
        yield World(database_urls, gateway, upstream, http)


@pytest.fixture(scope="module")
def service(guarded: World) -> UUID:
    return guarded.integration()


@dataclass(frozen=True)
class Account:
    """Somebody who signed up over HTTP."""

    email: str
    caller: Caller
    refresh_token: str
    workspace_id: UUID
    connection: UUID

    async def execute(self, caller: Caller | None = None) -> Answer:
        return await (caller or self.caller).execute(self.workspace_id, self.connection, "echo")


async def everywhere(account: Account, caller: Caller | None = None) -> set[tuple[int, str | None]]:
    """What an execution and a list come to, on all workers."""
    asking = caller or account.caller
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        fresh = Caller(session, asking.url, asking.bearer)
        answers = await asyncio.gather(
            *(account.execute(fresh) for _ in range(FRESH)),
            *(fresh.call("GET", "/api/v2/connections") for _ in range(FRESH)),
        )
    return {(answer.status, answer.json.get("code")) for answer in answers}


async def sign_up(world: World, service: UUID) -> Account:
    email = f"{uuid4().hex}@example.com"
    stranger = world.stranger()
    made = await stranger.call("POST", "/api/v2/auth/sign-up", {"email": email, "password": PASSWORD})
    assert made.status == 201, made.text
    caller = stranger.having(made.json["access_token"])
    (integration,) = as_owner(world.urls, "SELECT slug FROM integrations WHERE id = %s", service)[0]
    body = {
        "workspace_id": made.json["workspace_id"],
        "integration": integration,
        "name": "Mine",
        "credentials": {"token": secret("token")},
    }
    connected = await caller.call("POST", "/api/v2/connections", body)
    assert connected.status == 201, connected.text
    return Account(
        email, caller, made.json["refresh_token"], UUID(made.json["workspace_id"]), UUID(connected.json["id"])
    )


async def new_key(account: Account, **members: Any) -> tuple[str, Caller]:
    made = await account.caller.call("POST", "/api/v2/api-keys", {"name": "k", **members})
    assert made.status == 201, made.text
    assert made.json["api_key"].startswith("pw_")
    return made.json["id"], account.caller.having(made.json["api_key"])


# Portway's own tokens.


async def test_a_session_from_sign_up_to_sign_out(guarded: World, service: UUID) -> None:
    ada = await sign_up(guarded, service)
    assert await everywhere(ada) == {(200, None)}
    credentials = {"email": ada.email, "password": PASSWORD}
    signed_in = await guarded.stranger().call("POST", "/api/v2/auth/sign-in", credentials)
    other = ada.caller.having(signed_in.json["access_token"])
    assert await everywhere(ada, other) == {(200, None)}

    assert (await ada.caller.call("POST", "/api/v2/auth/sign-out")).status == 204
    assert await everywhere(ada) == {UNAUTHENTICATED}
    assert await everywhere(ada, other) == {(200, None)}, "another session is another matter"
    refreshed = await guarded.stranger().call(
        "POST", "/api/v2/auth/refresh", {"refresh_token": ada.refresh_token}
    )
    assert refreshed.outcome == UNAUTHENTICATED


async def test_refresh_tokens_rotate(guarded: World, service: UUID) -> None:
    ada = await sign_up(guarded, service)
    body = {"refresh_token": ada.refresh_token}
    first = await guarded.stranger().call("POST", "/api/v2/auth/refresh", body)
    assert first.status == 200
    assert await everywhere(ada, ada.caller.having(first.json["access_token"])) == {(200, None)}
    again = await guarded.stranger().call("POST", "/api/v2/auth/refresh", body)
    assert again.outcome == UNAUTHENTICATED


async def test_a_wrong_password_and_an_unknown_address_look_alike(guarded: World, service: UUID) -> None:
    ada = await sign_up(guarded, service)
    answers = [
        await guarded.stranger().call(
            "POST", "/api/v2/auth/sign-in", {"email": email, "password": "wrong-password"}
        )
        for email in (ada.email, "nobody-at-all@example.com")
    ]
    assert {answer.outcome for answer in answers} == {UNAUTHENTICATED}
    assert answers[0].json == answers[1].json


async def test_an_altered_token_is_none(guarded: World, service: UUID) -> None:
    ada = await sign_up(guarded, service)
    head, claims, seal = str(ada.caller.bearer).split(".")
    somebody = base64.urlsafe_b64encode(json.dumps({"iss": "portway", "sub": str(uuid4())}).encode()).decode()
    nothing = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for altered in (
        f"{head}.{claims}.{'B' if seal.startswith('A') else 'A'}{seal[1:]}",
        f"{head}.{somebody.rstrip('=')}.{seal}",
        f"{nothing}.{claims}.",
        f"{nothing}.{claims}.{seal}",
        f"{head}.{claims}",
        f"{head}.{claims}.{seal}.{seal}",
    ):
        assert (await ada.execute(ada.caller.having(altered))).outcome == UNAUTHENTICATED


async def test_a_disabled_user_is_out_at_once(guarded: World, service: UUID) -> None:
    ada = await sign_up(guarded, service)
    _, key = await new_key(ada)
    assert await everywhere(ada, key) == {(200, None)}
    as_owner(guarded.urls, "UPDATE users SET disabled_at = now() WHERE email = %s", ada.email)
    assert await everywhere(ada) == {UNAUTHENTICATED}
    assert await everywhere(ada, key) == {UNAUTHENTICATED}


# API keys.


async def test_a_revoked_key_is_refused_at_once(guarded: World, service: UUID) -> None:
    ada = await sign_up(guarded, service)
    identifier, key = await new_key(ada)
    assert await everywhere(ada, key) == {(200, None)}
    assert (await ada.caller.call("DELETE", f"/api/v2/api-keys/{identifier}")).status == 204
    assert await everywhere(ada, key) == {UNAUTHENTICATED}
    assert await everywhere(ada) == {(200, None)}


async def test_a_key_expires(guarded: World, service: UUID) -> None:
    ada = await sign_up(guarded, service)
    expires_at = datetime.now(UTC) + timedelta(seconds=1.5)
    _, key = await new_key(ada, expires_at=expires_at.isoformat())
    assert (await ada.execute(key)).status == 200
    await asyncio.sleep(1.6)
    assert await everywhere(ada, key) == {UNAUTHENTICATED}


SCOPES: dict[str, tuple[str, str, Any]] = {
    "connections:read": ("GET", "/api/v2/connections", None),
    "connections:write": ("POST", "/api/v2/connections/authorize", {}),
    "logs:read": ("GET", "/api/v2/logs", None),
    "catalog:write": ("POST", "/api/v2/integrations", {}),
    "admin": ("GET", "/api/v2/api-keys", None),
}


@pytest.mark.parametrize("scope", ["execute", *SCOPES])
async def test_a_key_may_what_its_scopes_say(guarded: World, service: UUID, scope: str) -> None:
    ada = await sign_up(guarded, service)
    _, key = await new_key(ada, scopes=[scope])
    executed = await ada.execute(key)
    assert executed.status == (200 if scope in ("execute", "admin") else 403)
    for name, (method, path, body) in SCOPES.items():
        answer = await key.call(method, path, body)
        # An empty body is malformed, where the scope does not forbid to look at it.
        allowed = scope in (name, "admin")
        assert (answer.status in (200, 400)) == allowed, (scope, name, answer.text)
        assert (answer.status == 403) != allowed, (scope, name, answer.text)


# Outside issuers.


def token(key: Any, algorithm: str, **changes: Any) -> str:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": f"subject-{uuid4().hex}",
        "exp": int(time.time()) + 600,
        "email": f"{uuid4().hex}@example.com",
    }
    kept = {name: value for name, value in (claims | changes).items() if value is not None}
    header = {"alg": algorithm, **({"kid": key.kid} if key.kid else {})}
    return jwt.encode(header, kept, key, algorithms=[algorithm])


def keys() -> dict[str, tuple[Any, str]]:
    return {"shared": (OctKey.import_key(SHARED_SECRET), "HS256"), "RSA": (RSA, "RS256"), "EC": (EC, "ES256")}


@pytest.mark.parametrize("kind", keys())
async def test_an_outside_issuers_token(guarded: World, service: UUID, kind: str) -> None:
    """The first one makes the account; the next ones of the same subject are the same person."""
    key, algorithm = keys()[kind]
    subject = f"subject-{uuid4().hex}"
    visitor = guarded.stranger().having(token(key, algorithm, sub=subject))
    me = await visitor.get("/api/v2/auth/me")
    (workspace,) = (await visitor.get("/api/v2/workspaces"))["data"]
    (slug,) = as_owner(guarded.urls, "SELECT slug FROM integrations WHERE id = %s", service)[0]
    body = {
        "workspace_id": workspace["id"],
        "integration": slug,
        "name": "Mine",
        "credentials": {"token": "t" * 9},
    }
    made = await visitor.call("POST", "/api/v2/connections", body)
    assert made.status == 201, made.text
    again = visitor.having(token(key, algorithm, sub=subject))
    account = Account("", again, "", UUID(workspace["id"]), UUID(made.json["id"]))
    assert await everywhere(account) == {(200, None)}
    assert (await again.get("/api/v2/auth/me"))["id"] == me["id"]
    (row, *_) = guarded.logs(connection_id=UUID(made.json["id"]))
    assert str(row["user_id"]) == me["id"]

    as_owner(guarded.urls, "UPDATE sessions SET revoked_at = now() WHERE user_id = %s", UUID(me["id"]))
    assert await everywhere(account) == {UNAUTHENTICATED}


WRONG: dict[str, dict[str, Any]] = {
    "expired": {"exp": int(time.time()) - 600},
    "no expiry": {"exp": None},
    "another issuer": {"iss": "https://evil.example.com"},
    "no issuer": {"iss": None},
    "Portway itself": {"iss": "portway", "aud": "portway"},
    "another audience": {"aud": "somebody-else"},
    "no audience": {"aud": None},
    "no subject": {"sub": None},
    "not yet": {"nbf": int(time.time()) + 86400},  # it is worked out when the run begins
    "subject of another type": {"sub": 5},
    "NUL": {"sub": "a\0b"},
}


@pytest.mark.parametrize("fault", WRONG)
@pytest.mark.parametrize("kind", keys())
async def test_outside_tokens_that_are_wrong(guarded: World, kind: str, fault: str) -> None:
    key, algorithm = keys()[kind]
    answer = (
        await guarded.stranger().having(token(key, algorithm, **WRONG[fault])).call("GET", "/api/v2/auth/me")
    )
    assert answer.outcome == UNAUTHENTICATED, answer.text


async def test_outside_tokens_that_are_forged(guarded: World) -> None:
    """Signed by nobody, by somebody else, or with a published key taken for a shared secret."""
    stranger_key = RSAKey.generate_key(2048, {"kid": "rsa-1"})
    unknown_key = ECKey.generate_key("P-256", {"kid": "unknown"})
    genuine = token(RSA, "RS256")
    head, claims, signature = genuine.split(".")
    confused = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"rsa-1"}').rstrip(b"=").decode()
    forged = [
        token(stranger_key, "RS256"),
        token(unknown_key, "ES256"),
        token(OctKey.import_key("x" * 32), "HS256"),
        f"{head}.{claims}.{signature[:-4]}AAAA",
    ]
    for public in (RSA.as_pem(private=False), json.dumps(RSA.as_dict(private=False)).encode()):
        digest = hmac.digest(public, f"{confused}.{claims}".encode(), "sha256")
        forged.append(f"{confused}.{claims}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}")
    for bearer in forged:
        answer = await guarded.stranger().having(bearer).call("GET", "/api/v2/auth/me")
        assert answer.outcome == UNAUTHENTICATED, bearer
    assert (await guarded.stranger().having(genuine).call("GET", "/api/v2/auth/me")).status == 200


async def test_an_outside_token_ends_when_it_says(guarded: World) -> None:
    exp = int(time.time()) + 5
    visitors = [
        guarded.stranger().having(token(key, algorithm, exp=exp)) for key, algorithm in keys().values()
    ]
    for visitor in visitors:
        assert (await visitor.call("GET", "/api/v2/auth/me")).status == 200
    await asyncio.sleep(exp + 0.1 - time.time())
    for visitor in visitors:
        assert (await visitor.call("GET", "/api/v2/auth/me")).outcome == UNAUTHENTICATED


# Membership.


async def join_by_link(guarded: World, host: Account, guest: Account) -> str:
    """By an invitation, whose link the host hands over; the guest's user id."""
    me = await guest.caller.get("/api/v2/auth/me")
    invitation = {"workspace_id": str(host.workspace_id), "email": guest.email, "role": "member"}
    made = await host.caller.call("POST", "/api/v2/invitations", invitation)
    assert made.status == 201, made.text
    url = urlsplit(made.json["url"])
    (link_token,) = parse_qs(url.fragment or url.query)["token"]
    joined = await guest.caller.call("POST", "/api/v2/invitations/accept", {"token": link_token})
    assert joined.status == 200, joined.text
    return str(me["id"])


async def test_who_is_removed_from_a_workspace_is_out_at_once(guarded: World, service: UUID) -> None:
    ada, bob = await sign_up(guarded, service), await sign_up(guarded, service)
    bob_id = await join_by_link(guarded, ada, bob)
    (slug,) = as_owner(guarded.urls, "SELECT slug FROM integrations WHERE id = %s", service)[0]
    body = {
        "workspace_id": str(ada.workspace_id),
        "integration": slug,
        "name": "Bob's at Ada's",
        "credentials": {"token": secret("token")},
    }
    made = await bob.caller.call("POST", "/api/v2/connections", body)
    assert made.status == 201, made.text
    _, key = await new_key(bob)

    async def outcomes() -> set[tuple[int, str | None]]:
        connection = UUID(made.json["id"])
        answers = [
            await caller.execute(ada.workspace_id, connection, "echo")
            for caller in (bob.caller, key)
            for _ in range(4)
        ]
        answers += [await bob.caller.call("GET", f"/api/v2/connections/{connection}")]
        return {(answer.status, answer.json.get("code")) for answer in answers}

    member = f"/api/v2/workspaces/{ada.workspace_id}/members/{bob_id}"
    assert await outcomes() == {(200, None)}
    assert (await ada.caller.call("PATCH", member, {"role": "viewer"})).status == 200
    assert (403, "forbidden") in await outcomes()
    assert (await ada.caller.call("PATCH", member, {"role": "member"})).status == 200
    assert await outcomes() == {(200, None)}
    assert (await ada.caller.call("DELETE", member)).status == 204
    assert await outcomes() == {(404, "not_found")}
    assert (await bob.execute()).status == 200, "the own workspace is another matter"
