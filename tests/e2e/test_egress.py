"""Integrations are user input: calls never reach the gateway's own networks, however the address is written."""

from collections.abc import Iterator

import aiohttp
import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.gateways import Gateway, serving
from tests.e2e.upstreams import Upstream, respond
from tests.e2e.worlds import Member, World, check_refusal


@pytest.fixture(scope="module")
def strict_gateway(shared_database: DatabaseUrls) -> Iterator[Gateway]:
    """One that may reach no private network, as they are by default."""
    with serving(shared_database, environment={"PORTWAY_ALLOW_PRIVATE_NETWORKS": ""}) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def strict(
    shared_database: DatabaseUrls, strict_gateway: Gateway, upstream: Upstream, http: aiohttp.ClientSession
) -> World:
    return World(shared_database, strict_gateway, upstream, http)


@pytest.fixture(scope="module")
def mallory(strict: World) -> Member:
    return strict.person("mallory")


def hosts(port: int) -> list[str]:
    return [
        f"127.0.0.1:{port}",
        f"localhost:{port}",
        f"LOCALHOST.:{port}",
        f"127.1:{port}",
        f"2130706433:{port}",
        f"0x7f000001:{port}",
        f"017700000001:{port}",
        f"0.0.0.0:{port}",
        f"[::1]:{port}",
        f"[::]:{port}",
        f"[::ffff:127.0.0.1]:{port}",
        f"[64:ff9b::7f00:1]:{port}",
        f"１２７.０.０.１:{port}",  # noqa: RUF001 - full-width digits are the point
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[fe80::1%25lo]",
        "10.0.0.1",
        "192.168.1.1",
        "100.100.100.200",
    ]


@pytest.mark.parametrize("place", range(len(hosts(0))), ids=hosts(0))
async def test_no_private_address_is_called(strict: World, mallory: Member, place: int) -> None:
    port = int(strict.upstream.url.rpartition(":")[2])
    before = len(strict.upstream.received())
    base_url = f"http://{hosts(port)[place]}/v1"
    service = strict.integration(base_url=base_url)
    origin = base_url.removesuffix("/v1")
    connection = strict.connect(mallory, service, origins=[origin, strict.upstream.url])
    answer = await mallory.execute(connection, timeout_ms=3000)
    # Some spellings are no name and no address to begin with, or lead nowhere.
    assert answer.code in (
        "egress_blocked", "invalid_integration_config", "upstream_unreachable", "reauthorization_required",
    ), answer.text  # fmt: skip
    assert len(strict.upstream.received()) == before


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1"])
async def test_the_refusal_says_so(strict: World, mallory: Member, host: str) -> None:
    connection = strict.connect(mallory, strict.integration(base_url=f"http://{host}:1"))
    answer = await mallory.execute(connection)
    assert answer.outcome == (502, "egress_blocked")
    check_refusal(strict, mallory, answer, status=strict.log(answer)["status"])


@pytest.mark.parametrize("target", hosts(0)[13:])
async def test_no_redirect_leads_there(world: World, ada: Member, target: str) -> None:
    """Where loopback is allowed, the other networks are still not."""
    service = world.integration()
    slug = f"to-{service.hex}"
    world.action(service, slug, method="GET")
    world.upstream.on(
        f"/{slug}", respond(status=302, headers={"Location": f"http://{target}/latest/meta-data"})
    )
    answer = await ada.execute(world.connect(ada, service), slug, timeout_ms=3000)
    assert answer.outcome == (502, "egress_blocked")


@pytest.mark.parametrize("scheme", ["file:///etc/passwd", "ftp://example.com/", "gopher://example.com/"])
async def test_no_redirect_leads_to_another_scheme(world: World, ada: Member, scheme: str) -> None:
    service = world.integration()
    slug = f"to-{service.hex}"
    world.action(service, slug, method="GET")
    world.upstream.on(f"/{slug}", respond(status=302, headers={"Location": scheme}))
    answer = await ada.execute(world.connect(ada, service), slug)
    assert answer.code in ("egress_blocked", "upstream_invalid_response")


async def test_the_credential_stays_behind_at_a_redirect_to_another_origin(world: World, ada: Member) -> None:
    service = world.integration()
    connection = world.connect(ada, service, {"token": "the-token-that-stays"})
    slug = f"away-{service.hex}"
    world.action(service, slug, method="GET")
    with Upstream() as other:
        world.upstream.on(f"/{slug}", respond(status=302, headers={"Location": f"{other.url}/caught?x=1"}))
        assert (await ada.execute(connection, slug)).status == 200
        (caught,) = other.received()
    assert "the-token-that-stays" not in str(caught)


@pytest.mark.parametrize("member", ["token_url", "authorization_url"])
async def test_no_token_request_goes_there(strict: World, mallory: Member, member: str) -> None:
    slug = f"inward-{member.replace('_', '-')}"
    path = f"/{slug}/token"  # other tests' tokens come from the same server
    service = strict.integration(
        slug=slug,
        base_url="https://api.example.com",
        auth_type="oauth2",
        auth_config={
            "authorization_url": "https://auth.example.com/",
            "token_url": f"{strict.upstream.url}{path}",
        },
        organization_id=mallory.organization_id,
    )
    client = {"client_id": "mallory", "client_secret": "mallorys-secret"}
    put = await mallory.caller.call("PUT", f"/api/v2/integrations/{slug}/oauth-client", client)
    assert put.status == 200
    connection = strict.connect(
        mallory,
        service,
        {"access_token": "an-access-token", "refresh_token": "a-refresh-token"},
        expires_in=-10,
        origins=["https://api.example.com", strict.upstream.url],
    )
    answer = await mallory.execute(connection)
    assert answer.outcome == (502, "egress_blocked")
    assert not strict.upstream.received(path)


async def test_verification_of_a_new_connection_is_guarded_too(strict: World, mallory: Member) -> None:
    strict.integration(
        slug="inward-verified",
        organization_id=mallory.organization_id,
        auth_config={"verification": {"path": "/verify-inward"}},
    )
    body = {
        "workspace_id": str(mallory.workspace_id),
        "integration": "inward-verified",
        "name": "Inward",
        "credentials": {"token": "anything"},
    }
    answer = await mallory.caller.call("POST", "/api/v2/connections", body)
    assert answer.outcome == (502, "egress_blocked")
    assert not strict.upstream.received("/verify-inward")
