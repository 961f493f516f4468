"""An organization's admin writes integrations, and gets neither the gateway's secrets nor the members' tokens."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest

from tests.e2e.upstreams import Upstream, respond
from tests.e2e.worlds import Member, World, secret
from tests.people import as_owner

TOKENS = json.dumps({"access_token": "a-new-token", "token_type": "Bearer", "expires_in": 3600})


@pytest.fixture(scope="module")
def mallory(world: World) -> Member:
    """Owner of an organization, and so its admin."""
    return world.person("mallory")


@pytest.fixture(scope="module")
def victim(world: World, mallory: Member) -> Member:
    """Works in Mallory's workspace, with accounts of their own."""
    return replace(world.mate(mallory), workspace_id=mallory.workspace_id)


@pytest.fixture
def attacker() -> Iterator[Upstream]:
    """Mallory's own server, which would answer like the service."""
    with Upstream() as upstream:
        upstream.on("/token", respond(text=TOKENS, content_type="application/json"))
        yield upstream


@dataclass(frozen=True)
class Trap:
    """An integration of Mallory's, with the victim's connection."""

    slug: str
    connection: UUID
    secrets: tuple[str, ...]


async def oauth_integration(mallory: Member, base_url: str, token_base: str, **more: Any) -> str:
    """Made over the API, with a client of the organization's own."""
    slug = f"trap-{uuid4().hex}"
    body = {
        "slug": slug,
        "name": "Trap",
        "base_url": base_url,
        "auth_type": "oauth2",
        "auth_config": {
            "authorization_url": f"{token_base}/authorize",
            "token_url": f"{token_base}/token",
            **more,
        },
    }
    made = await mallory.caller.call("POST", "/api/v2/integrations", body)
    assert made.status == 201, made.text
    action = {"slug": "echo", "name": "Echo", "http_method": "POST", "endpoint_path": "/echo"}
    added = await mallory.caller.call("POST", f"/api/v2/integrations/{slug}/actions", action)
    assert added.status == 201, added.text
    client = {"client_id": "mallory", "client_secret": secret("client")}
    put = await mallory.caller.call("PUT", f"/api/v2/integrations/{slug}/oauth-client", client)
    assert put.status == 200, put.text
    return slug


async def lure(victim: Member, slug: str) -> Trap:
    """The victim connects, with a token that lives, and one to refresh it with."""
    values = {"access_token": secret("access"), "refresh_token": secret("refresh")}
    body = {
        "workspace_id": str(victim.workspace_id),
        "integration": slug,
        "name": "Mine",
        "credentials": {**values, "expires_in": 3600},
    }
    made = await victim.caller.call("POST", "/api/v2/connections", body)
    assert made.status == 201, made.text
    return Trap(slug, UUID(made.json["id"]), tuple(values.values()))


def expire(world: World, connection: UUID) -> None:
    as_owner(
        world.urls,
        "UPDATE connections SET issued_at = now() - interval '1 hour', expires_at = now() - interval '1 second'"
        " WHERE id = %s",
        connection,
    )


def check_nothing_came(attacker: Upstream, trap: Trap) -> None:
    caught = str(attacker.received())
    assert not [value for value in trap.secrets if value in caught]


# The gateway's own secrets.


@pytest.mark.parametrize(
    "variable",
    ["PORTWAY_JWT_SECRET", "PORTWAY_DATABASE_URL", "portway_database_url", "HOME", "PATH", "NO_SUCH_NAME"],
)
@pytest.mark.parametrize("member", ["clientSecretEnv", "clientIdEnv"])
async def test_no_variable_is_read_for_a_tenants_integration(
    world: World, mallory: Member, attacker: Upstream, member: str, variable: str
) -> None:
    """Neither through the API nor where the row is there by whatever other way."""
    config = {
        "authorization_url": f"{attacker.url}/authorize",
        "token_url": f"{attacker.url}/token",
        member: variable,
    }
    body = {"slug": f"env-{uuid4().hex}", "name": "Env", "base_url": attacker.url, "auth_type": "oauth2"}
    refused = await mallory.caller.call("POST", "/api/v2/integrations", {**body, "auth_config": config})
    assert refused.outcome == (422, "invalid_integration_config")

    for organization_id in (mallory.organization_id, None):
        if organization_id is None and not variable.upper().startswith("PORTWAY_"):
            continue
        slug = f"env-{uuid4().hex}"
        service = world.integration(
            slug=slug,
            base_url=attacker.url,
            auth_type="oauth2",
            auth_config={"clientIdEnv": "HOME", **config},
            organization_id=organization_id,
        )
        begin = {"workspace_id": str(mallory.workspace_id), "integration": slug, "name": "Mine"}
        answer = await mallory.caller.call("POST", "/api/v2/connections/authorize", begin)
        assert answer.outcome == (422, "invalid_integration_config"), answer.text
        values = {"access_token": secret("access"), "refresh_token": secret("refresh")}
        connection = world.connect(mallory, service, values, expires_in=-5, origins=[attacker.url])
        executed = await mallory.execute(connection)
        assert executed.outcome == (422, "invalid_integration_config"), executed.text
        assert world.log(executed)["error_code"] == "invalid_integration_config"
    assert not attacker.received("/token")


# The members' tokens.


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "%(attacker)s"},
        {"base_url": "%(attacker)s", "auth_type": "bearer"},
        {"base_url": "%(attacker)s", "auth_type": "none"},
        {"auth_config": {"token_url": "%(attacker)s/token"}},
        {"auth_config": {"refresh_url": "%(attacker)s/token"}},
        {"auth_config": {"revocation_url": "%(attacker)s/token"}},
        {"auth_config": {"token_url": "%(attacker)s/token", "revocation_url": "%(attacker)s/revoke"}},
    ],
    ids=str,
)
async def test_an_admin_who_moves_an_integration_harvests_nothing(
    world: World, mallory: Member, victim: Member, attacker: Upstream, changes: Mapping[str, Any]
) -> None:
    honest = world.upstream.url
    slug = await oauth_integration(mallory, honest, honest)
    trap, other = await lure(victim, slug), await lure(victim, slug)
    assert (await victim.execute(trap.connection)).status == 200

    moved = json.loads(json.dumps(changes) % {"attacker": attacker.url})
    if "auth_config" in moved:
        endpoints = {"authorization_url": f"{honest}/authorize", "token_url": f"{honest}/token"}
        moved["auth_config"] = endpoints | moved["auth_config"]
    changed = await mallory.caller.call("PATCH", f"/api/v2/integrations/{slug}", moved)
    assert changed.status == 200, changed.text
    for each in (trap, other):
        shown = await victim.caller.get(f"/api/v2/connections/{each.connection}")
        assert shown["status"] == "reauthorization_required"
    assert (await victim.execute(trap.connection)).outcome == (409, "reauthorization_required")
    # Not even where the status is overlooked: what is recorded with the connection counts.
    as_owner(world.urls, "UPDATE connections SET status = 'active' WHERE id = %s", trap.connection)
    for _ in range(2):
        await victim.execute(trap.connection)
        expire(world, trap.connection)
    await mallory.caller.call("DELETE", f"/api/v2/connections/{trap.connection}")
    await mallory.caller.call("DELETE", f"/api/v2/connections/{other.connection}")
    await asyncio.sleep(0.3)  # Tokens are revoked after the answer.
    check_nothing_came(attacker, trap)
    check_nothing_came(attacker, other)


async def test_moving_it_back_does_not_bring_the_connections_back(
    world: World, mallory: Member, victim: Member, attacker: Upstream
) -> None:
    slug = await oauth_integration(mallory, world.upstream.url, world.upstream.url)
    trap = await lure(victim, slug)
    for base_url in (attacker.url, world.upstream.url):
        moved = await mallory.caller.call("PATCH", f"/api/v2/integrations/{slug}", {"base_url": base_url})
        assert moved.status == 200
    assert (await victim.execute(trap.connection)).outcome == (409, "reauthorization_required")
    check_nothing_came(attacker, trap)


@pytest.mark.parametrize(
    "path",
    ["http://%s/steal", "//%s/steal", "@%s/steal", ":80@%s/", ".%s/", "\\\\%s/steal", "/..//%s/", "/{to}",
     "{to}/steal"],
)  # fmt: skip
async def test_no_path_leads_elsewhere(
    world: World, mallory: Member, victim: Member, attacker: Upstream, path: str
) -> None:
    slug = await oauth_integration(mallory, world.upstream.url, world.upstream.url)
    trap = await lure(victim, slug)
    host = urlsplit(attacker.url).netloc
    (service,) = as_owner(world.urls, "SELECT id FROM integrations WHERE slug = %s", slug)[0]
    world.action(service, "elsewhere", path % host if "%s" in path else path, "GET")
    for to in (f"//{host}/", f"http://{host}", f"@{host}", f"..//{host}", f".{host}"):
        answer = await victim.execute(trap.connection, "elsewhere", {"to": to})
        assert answer.status in (200, 404, 409, 422, 502)
    assert not attacker.received()


async def test_a_slug_that_is_taken_over_takes_no_connection_along(
    world: World, mallory: Member, victim: Member, attacker: Upstream
) -> None:
    slug = f"popular-{uuid4().hex}"
    service = world.integration(slug=slug)
    token = secret("token")
    connection = world.connect(victim, service, {"token": token})
    body = {"slug": slug, "name": "Mine", "base_url": attacker.url, "auth_type": "bearer"}
    made = await mallory.caller.call("POST", "/api/v2/integrations", body)
    assert made.status == 201, made.text
    action = {"slug": "echo", "name": "Echo", "http_method": "POST", "endpoint_path": "/echo"}
    await mallory.caller.call("POST", f"/api/v2/integrations/{slug}/actions", action)
    answer = await victim.execute(connection)
    assert answer.json["data"]["headers"]["authorization"] == f"Bearer {token}"
    assert not attacker.received()
    # Nor does a plain member change what is everybody's, or the organization's.
    for caller in (victim, mallory):
        changed = await caller.caller.call(
            "PATCH", f"/api/v2/integrations/{slug}", {"base_url": world.upstream.url}
        )
        assert (changed.status == 200) == (caller is mallory)


async def test_nobody_changes_a_global_integration(world: World, mallory: Member, attacker: Upstream) -> None:
    slug = f"global-{uuid4().hex}"
    world.integration(slug=slug)
    path = f"/api/v2/integrations/{slug}"
    action = {"slug": "more", "name": "More", "http_method": "GET", "endpoint_path": "/more"}
    for method, url, body in (
        ("PATCH", path, {"base_url": attacker.url}),
        ("DELETE", path, None),
        ("POST", f"{path}/actions", action),
        ("PATCH", f"{path}/actions/echo", {"endpoint_path": "/other"}),
        ("DELETE", f"{path}/actions/echo", None),
    ):
        answer = await mallory.caller.call(method, url, body)
        assert answer.outcome == (403, "forbidden"), (method, url, answer.text)
