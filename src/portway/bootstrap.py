"""The composition root: the only place where adapters meet ports."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pydantic import SecretStr
from starlette.types import ASGIApp

from portway.api.app import create_app
from portway.api.execute import PATH as EXECUTE_PATH
from portway.api.execute import execute_route
from portway.api.metrics import new_registry
from portway.api.open_streams import OpenStreams
from portway.api.services import Services
from portway.application.account_discovery import AccountDiscovery
from portway.application.account_service import AccountService
from portway.application.attempts import AttemptGuard
from portway.application.authenticator import Authenticator
from portway.application.background import Background
from portway.application.catalog_service import CatalogService
from portway.application.connect_link_service import ConnectLinkService
from portway.application.connection_config import ConnectionConfig
from portway.application.connection_service import ConnectionService
from portway.application.execute_action import ExecuteAction
from portway.application.importing.import_service import ImportService
from portway.application.importing.organization_imports import OrganizationImports
from portway.application.maintenance import Maintenance
from portway.application.oauth_client_service import OAuthClientService
from portway.application.oauth_service import OAuthService
from portway.application.outside_sign_in import OutsideSignIn
from portway.application.ports.accounts import SignUpPolicy
from portway.application.ports.clock import system_clock
from portway.application.ports.mail import Mailer
from portway.application.ports.outside_tokens import OutsideTokenVerifier
from portway.application.preview import Preview
from portway.application.rate_guard import RateGuard
from portway.application.refresh_service import RefreshService
from portway.application.renewal_sweeper import RenewalSweeper
from portway.application.renewer import Renewer
from portway.application.revocation import Revocation
from portway.application.tenancy_service import TenancyService
from portway.application.webhook_delivery import WebhookDelivery
from portway.catalog.handlers import handlers
from portway.domain.credential import OAuthClient
from portway.infrastructure.argon2 import Argon2PasswordHasher
from portway.infrastructure.config_schema import JsonSchemaConfig
from portway.infrastructure.http.client import AiohttpClient
from portway.infrastructure.http.egress_guard import EVERY_NETWORK, EgressGuard
from portway.infrastructure.importers.kinds import preparation
from portway.infrastructure.jobs.runner import JobRunner
from portway.infrastructure.json_schema import JsonSchemaParameters
from portway.infrastructure.mail import SmtpMailer, smtp_server
from portway.infrastructure.oauth.jwks import JwksVerifier
from portway.infrastructure.oauth.key_check import can_sign
from portway.infrastructure.oauth.openid_provider import OpenIdProvider
from portway.infrastructure.oauth.token_endpoint import HttpTokenEndpoint
from portway.infrastructure.postgres.accounts import PostgresAccountStore
from portway.infrastructure.postgres.connect_links import PostgresConnectLinks
from portway.infrastructure.postgres.credential_vault import PostgresCredentialVault
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.execution_ledger import PostgresExecutionLedger
from portway.infrastructure.postgres.housekeeping import PostgresHousekeeping
from portway.infrastructure.postgres.readiness import PostgresReadiness
from portway.infrastructure.postgres.renewals import PostgresRenewals
from portway.infrastructure.postgres.unit_of_work import unit_of_work_factory
from portway.infrastructure.postgres.webhook_outbox import PostgresWebhookOutbox
from portway.infrastructure.rate_limits.choice import OpenRateLimiter, rate_limiter
from portway.infrastructure.sockets import GuardedSockets
from portway.settings import Settings, SettingsError


class Gateway:
    """Every use case of one process, on its adapters. Open it before use, close it after.

    Raises SettingsError where the environment names no database.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str] = os.environ) -> None:
        if settings.database_url is None:
            raise SettingsError("PORTWAY_DATABASE_URL is not set; `portway up` brings a database of its own")
        self._settings = settings
        self._database = Database(
            settings.database_url.get_secret_value(),
            sign_in_url=_revealed(settings.sign_in_database_url),
            worker_url=_revealed(settings.worker_database_url),
            read_url=_revealed(settings.read_database_url),
        )
        guard = EgressGuard(settings.allow_private_networks)
        self._http = AiohttpClient(guard)
        self._sockets = GuardedSockets(guard)
        # Whom the operator names as issuer may be anywhere.
        self._issuer_http = AiohttpClient(EgressGuard(EVERY_NETWORK))
        self._hasher = Argon2PasswordHasher()
        self._background = Background()
        self._streams = OpenStreams()
        # One each, so that strangers who try to sign in push nobody else's counts out of memory.
        self._attempts = _rate_limiter(settings)
        self._rates = _rate_limiter(settings)
        self._chores: list[Maintenance | JobRunner | RenewalSweeper] = [
            Maintenance(PostgresHousekeeping(self._database))
        ]
        if settings.worker_database_url is not None:
            deliveries = WebhookDelivery(PostgresWebhookOutbox(self._database), self._http, system_clock)
            self._chores.append(JobRunner(settings.worker_database_url.get_secret_value(), deliveries))
        self.unit_of_work = unit_of_work_factory(self._database)
        accounts = PostgresAccountStore(self._database)
        sign_up = SignUpPolicy(settings.sign_up)
        self.authenticator = Authenticator(accounts, sign_up=sign_up, verifier=self._verifier())
        mailer = _mailer(settings)
        self._tenancy = TenancyService(
            unit_of_work=self.unit_of_work, mailer=mailer, public_url=settings.public_url
        )
        self.accounts = AccountService(
            accounts=accounts,
            hasher=self._hasher,
            attempts=AttemptGuard(self._attempts),
            mailer=mailer,
            background=self._background,
            public_url=settings.public_url,
            sign_up=sign_up,
            set_up_link_required=settings.set_up_link_required,
        )
        vault = PostgresCredentialVault(self._database)
        token_endpoint = HttpTokenEndpoint(self._http)
        config_schema = JsonSchemaConfig()
        connection_config = ConnectionConfig(config_schema)
        discovery = AccountDiscovery(self._http, token_endpoint, connection_config)
        self.oauth = OAuthService(
            unit_of_work=self.unit_of_work,
            vault=vault,
            token_endpoint=token_endpoint,
            config=connection_config,
            discovery=discovery,
            environment=environment,
            public_url=settings.public_url,
            return_origins=settings.return_origins,
        )
        self._oauth_clients = OAuthClientService(
            unit_of_work=self.unit_of_work, vault=vault, environment=environment, can_sign=can_sign
        )
        schema, registry = JsonSchemaParameters(), handlers()
        renewals = PostgresRenewals(self._database)
        renewer = Renewer(renewals, token_endpoint, environment)
        self._refresh = RefreshService(renewals, renewer, system_clock)
        if self._database.has_worker_path:
            self._chores.append(RenewalSweeper(renewals, renewer))
        self.execute = ExecuteAction(
            ledger=PostgresExecutionLedger(self._database),
            refresh=self._refresh,
            oauth=self.oauth,
            http=self._http,
            schema=schema,
            handlers=registry,
            rate_guard=RateGuard(self._rates),
            sockets=self._sockets,
        )
        self._catalog = CatalogService(self.unit_of_work, schema, config_schema, registry)
        self._imports = OrganizationImports(
            self.unit_of_work, ImportService(preparation(registry)), self._http
        )
        self._preview = Preview(self.unit_of_work, schema, registry)
        self.connections = ConnectionService(
            unit_of_work=self.unit_of_work,
            vault=vault,
            execute=self.execute,
            token_endpoint=token_endpoint,
            config=connection_config,
            discovery=discovery,
            environment=environment,
            clock=system_clock,
            revocation=Revocation(token_endpoint, environment),
        )
        self._connect_links = ConnectLinkService(
            unit_of_work=self.unit_of_work,
            links=PostgresConnectLinks(self._database),
            oauth=self.oauth,
            connections=self.connections,
            config=connection_config,
            attempts=AttemptGuard(self._attempts),
            public_url=settings.public_url,
        )

    @asynccontextmanager
    async def running(self, *, maintenance: bool = True) -> AsyncIterator["Gateway"]:
        """Opens what it stands on; in the end finishes what is under way in the background, and closes.

        `maintenance` keeps the chores of a server going meanwhile.
        """
        await self._database.open()
        chores = [asyncio.create_task(chore.run()) for chore in self._chores] if maintenance else []
        try:
            yield self
        finally:
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await self._refresh.finish()
            await self.connections.finish()
            await self._background.finish()
            self._hasher.close()
            await self._http.close()
            await self._sockets.close()
            await self._issuer_http.close()
            await self._attempts.close()
            await self._rates.close()
            await self._database.close()

    def end_streams(self) -> None:
        """Ends the answers that would go on for ever, as the process is about to stop."""
        self._streams.end()

    def app(self, lifespan: ASGIApp | None = None) -> ASGIApp:
        """The HTTP API. `lifespan` is told when the server starts and stops."""
        services = Services(
            unit_of_work=self.unit_of_work,
            reading=unit_of_work_factory(self._database, reading=True),
            authenticator=self.authenticator,
            accounts=self.accounts,
            outside_sign_in=OutsideSignIn(
                self._sign_in_providers(),
                self.accounts,
                AttemptGuard(self._attempts),
                public_url=self._settings.public_url,
            ),
            tenancy=self._tenancy,
            oauth=self.oauth,
            oauth_clients=self._oauth_clients,
            connections=self.connections,
            connect_links=self._connect_links,
            catalog=self._catalog,
            imports=self._imports,
            preview=self._preview,
            readiness=PostgresReadiness(self._database),
            registry=new_registry(),
            public_url=self._settings.public_url,
            streams=self._streams,
        )
        execute = execute_route(
            self.authenticator,
            self.execute,
            public_url=self._settings.public_url,
            max_upload_bytes=self._settings.max_upload_bytes,
        )
        return create_app(services, {EXECUTE_PATH: execute}, lifespan=lifespan)

    def _sign_in_providers(self) -> list[OpenIdProvider]:
        settings = self._settings
        if settings.oidc_issuer is None or settings.oidc_client_id is None:
            return []
        client = OAuthClient(settings.oidc_client_id, _revealed(settings.oidc_client_secret))
        return [
            OpenIdProvider(
                self._issuer_http, issuer=settings.oidc_issuer, client=client, name=settings.oidc_name
            )
        ]

    def _verifier(self) -> OutsideTokenVerifier | None:
        settings = self._settings
        if settings.jwt_jwks_url is None:
            return None
        return JwksVerifier(
            self._issuer_http,
            settings.jwt_jwks_url,
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
        )


def _mailer(settings: Settings) -> Mailer | None:
    url = _revealed(settings.smtp_url)
    if url is None:
        return None
    try:
        return SmtpMailer(smtp_server(url, public_url=settings.public_url))
    except ValueError as error:
        raise SettingsError(f"PORTWAY_SMTP_URL: {error}") from None


def _rate_limiter(settings: Settings) -> OpenRateLimiter:
    try:
        return rate_limiter(_revealed(settings.redis_url))
    except ValueError as error:
        raise SettingsError(f"PORTWAY_REDIS_URL: {error}") from None


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
