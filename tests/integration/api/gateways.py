"""The real application over a real server and a real database, as far as accounts and tenancy need it."""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from prometheus_client import CollectorRegistry

from portway.api.app import create_app
from portway.api.services import Services
from portway.application.account_service import AccountService
from portway.application.attempts import AttemptGuard
from portway.application.authenticator import Authenticator
from portway.application.background import Background
from portway.application.outside_sign_in import OutsideSignIn
from portway.application.ports.accounts import SignUpPolicy
from portway.application.ports.identity_provider import IdentityProvider
from portway.application.ports.outside_tokens import OutsideTokenVerifier
from portway.application.ports.rate_limits import RateLimiter
from portway.application.tenancy_service import TenancyService
from portway.infrastructure.argon2 import Argon2PasswordHasher
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.accounts import PostgresAccountStore
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.readiness import PostgresReadiness
from portway.infrastructure.postgres.unit_of_work import unit_of_work_factory
from tests.fakes.limits import NoLimits
from tests.fakes.mail import RecordingMailer
from tests.serving import ApiClient, api_client

PASSWORD = "correct horse battery"
# Argon2id all the same, but quick.
PARAMETERS = "argon2id$v=19$m=64,t=1,p=1"

NOWHERE = Path("/nowhere")

_count = itertools.count(1)


@dataclass(frozen=True)
class Account:
    """Somebody who signed up. `api` speaks as them."""

    email: str
    user_id: str
    organization_id: str
    workspace_id: str
    access_token: str
    refresh_token: str
    api: ApiClient


@dataclass(frozen=True)
class Arrangement:
    """How the gateway is set up."""

    sign_up: SignUpPolicy = SignUpPolicy.OPEN
    public_url: str = "http://127.0.0.1:8000"
    mailer: RecordingMailer | None = None
    limiter: RateLimiter = field(default_factory=NoLimits)
    verifier: OutsideTokenVerifier | None = None
    console_directory: Path = NOWHERE
    providers: Sequence[IdentityProvider] = ()


@dataclass(frozen=True)
class RunningGateway:
    """`api` speaks as nobody."""

    api: ApiClient
    services: Services
    background: Background

    async def account(self, email: str | None = None, **members: object) -> Account:
        """Somebody new."""
        email = email or f"person{next(_count)}@example.com"
        answer = await self.api.post("/api/v2/auth/sign-up", {"email": email, "password": PASSWORD} | members)
        assert answer.status == 201, answer.content
        made = answer.json
        return Account(
            email=email,
            user_id=made["user"]["id"],
            organization_id=made["organization_id"],
            workspace_id=made["workspace_id"],
            access_token=made["access_token"],
            refresh_token=made["refresh_token"],
            api=self.api.signed_in(made["access_token"]),
        )

    async def member(self, owner: Account, role: str = "member", email: str | None = None) -> Account:
        """Somebody new whom the owner invited into their workspace."""
        email = email or f"person{next(_count)}@example.com"
        invited = await owner.api.post(
            "/api/v2/invitations", {"workspace_id": owner.workspace_id, "email": email, "role": role}
        )
        assert invited.status == 201, invited.content
        return await self.account(email, invitation_token=invited.json["url"].partition("token=")[2])

    async def api_key(self, account: Account, **members: object) -> ApiClient:
        """Speaks with a new API key of the account."""
        answer = await account.api.post("/api/v2/api-keys", {"name": "test"} | members)
        assert answer.status == 201, answer.content
        return self.api.signed_in(answer.json["api_key"])


@asynccontextmanager
async def running(
    urls: DatabaseUrls, arrangement: Arrangement | None = None
) -> AsyncIterator[RunningGateway]:
    """A gateway on this database."""
    arrangement = arrangement or Arrangement()
    database = Database(urls.app, sign_in_url=urls.sign_in, worker_url=urls.worker, max_size=4)
    background = Background()
    hasher = Argon2PasswordHasher(PARAMETERS)
    services = _services(database, background, hasher, arrangement)
    await database.open()
    try:
        async with api_client(create_app(services, console_directory=arrangement.console_directory)) as api:
            yield RunningGateway(api, services, background)
        await background.finish()
    finally:
        hasher.close()
        await database.close()


def _services(
    database: Database, background: Background, hasher: Argon2PasswordHasher, arrangement: Arrangement
) -> Services:
    accounts = PostgresAccountStore(database)
    unit_of_work = unit_of_work_factory(database)
    service = AccountService(
        accounts=accounts,
        hasher=hasher,
        attempts=AttemptGuard(arrangement.limiter),
        mailer=arrangement.mailer,
        background=background,
        public_url=arrangement.public_url,
        sign_up=arrangement.sign_up,
    )
    elsewhere = cast("Any", None)  # what other tests are about
    return Services(
        unit_of_work=unit_of_work,
        reading=unit_of_work,
        authenticator=Authenticator(accounts, sign_up=arrangement.sign_up, verifier=arrangement.verifier),
        accounts=service,
        outside_sign_in=OutsideSignIn(
            arrangement.providers,
            service,
            AttemptGuard(arrangement.limiter),
            public_url=arrangement.public_url,
        ),
        tenancy=TenancyService(
            unit_of_work=unit_of_work, mailer=arrangement.mailer, public_url=arrangement.public_url
        ),
        oauth=elsewhere,
        oauth_clients=elsewhere,
        connections=elsewhere,
        connect_links=elsewhere,
        catalog=elsewhere,
        preview=elsewhere,
        imports=elsewhere,
        readiness=PostgresReadiness(database),
        registry=CollectorRegistry(),
        public_url=arrangement.public_url,
    )
