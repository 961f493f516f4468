"""Every grant, client authentication, placement and quirk, from a row to a service that lets the caller in.

The table is in `cases/*.yaml`. Authorization servers, signatures and assertions are checked by others' programs.
"""

from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.credentials.cases import Case, read_table
from tests.e2e.credentials.oauth1_service import Consumer, OAuth1Service
from tests.e2e.credentials.run_secrets import AUDIENCE
from tests.e2e.credentials.services import Services
from tests.e2e.credentials.trial import Trial, tokens_from_elsewhere
from tests.e2e.gateways import Gateway, serving
from tests.e2e.upstreams import Upstream
from tests.e2e.worlds import Member, World

TABLE = read_table()


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with Services() as running:
        yield running
        assert not running.faults(), running.log()


@pytest.fixture(scope="module")
def oauth1(services: Services) -> Iterator[OAuth1Service]:
    secrets = services.secrets
    with OAuth1Service(
        Consumer("consumer-hmac", secrets.shared_key, methods=("HMAC-SHA1", "PLAINTEXT")),
        Consumer("consumer-netsuite", secrets.shared_key, methods=("HMAC-SHA256",), realm="1234567_SB1"),
        Consumer("consumer-rsa", "", public_key=secrets.rsa.public_pem, methods=("RSA-SHA1",)),
    ) as running:
        yield running


@pytest.fixture(scope="module")
def values(services: Services, oauth1: OAuth1Service) -> dict[str, Any]:
    """What `$name` in the table stands for."""
    secrets = services.secrets
    tokens = {
        name: oauth1.give_token(f"consumer-{consumer}", "ada")
        for name, consumer in (("oauth1", "hmac"), ("netsuite", "netsuite"), ("rsa", "rsa"))
    }
    return {
        "issuer": services.issuer,
        "port": services.port,
        "api": f"{services.issuer}/api",
        "vendors": f"{services.issuer}/vendors",
        "logins": f"{services.issuer}/logins",
        "oauth1": oauth1.url,
        "audience": AUDIENCE,
        "api_key": secrets.api_key,
        "app_key": secrets.app_key,
        "username": secrets.username,
        "password": secrets.password,
        "shared_key": secrets.shared_key,
        "consumer_secret": secrets.shared_key,
        "rsa_pem": secrets.rsa.pem,
        "ec_pem": secrets.ec.pem,
        "stranger_rsa": secrets.stranger_rsa.pem,
        "stranger_ec": secrets.stranger_ec.pem,
        "aws_secret": secrets.aws_secret,
        "aws_session_token": secrets.aws_session_token,
        "refresh_token": tokens_from_elsewhere(services, "unrotated"),
        **{f"client.{name}.id": client["client_id"] for name, client in secrets.clients.items()},
        **{f"client.{name}.secret": secrets.secret_of(name) for name in secrets.clients},
        **{f"{name}_token": token for name, (token, _) in tokens.items()},
        **{f"{name}_token_secret": secret for name, (_, secret) in tokens.items()},
    }


@pytest.fixture(scope="module")
def gateway(database_urls: DatabaseUrls, services: Services) -> Iterator[Gateway]:
    client = services.secrets.clients["post"]
    environment = {"TABLE_CLIENT_ID": client["client_id"], "TABLE_CLIENT_SECRET": client["client_secret"]}
    with serving(database_urls, environment=environment) as running:
        yield running


@pytest.fixture(scope="module")
def world(
    database_urls: DatabaseUrls, gateway: Gateway, upstream: Upstream, http: aiohttp.ClientSession
) -> World:
    return World(database_urls, gateway, upstream, http)


@pytest.fixture(scope="module")
def ada(world: World) -> Member:
    return world.person("ada")


@pytest.mark.parametrize("case", TABLE, ids=[case.name for case in TABLE])
async def test_a_service_lets_the_caller_in(
    case: Case, world: World, ada: Member, services: Services, values: dict[str, Any]
) -> None:
    account = f"{case.name}@example.com"
    own = {"account": account, "account_name": f"Account of {case.name}"}
    executed = len(world.logs())
    trial = Trial(case.filled(values | own), account, world, ada, services)
    await trial.prepare()
    await trial.be_refused()
    if case.connects:
        await trial.connect()
        await trial.execute()
        await trial.ask_for_more_scopes()
        await trial.renew_what_is_due()
        await trial.renew_what_is_refused()
        await trial.end()
        assert len(world.logs()) > executed
    no_secret_is_in_a_log(world, values)


def no_secret_is_in_a_log(world: World, values: dict[str, Any]) -> None:
    """Neither in the servers' own nor in the audit log, after all that was refused, renewed and sent."""
    names = (
        "api_key",
        "app_key",
        "password",
        "shared_key",
        "aws_secret",
        "client.post.secret",
        "refresh_token",
    )
    for log in (world.gateway.log(limit=10**9), str(world.logs())):
        assert [name for name in names if values[name] in log] == []
